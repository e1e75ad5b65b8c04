//! Whose share of the connections a call uses, and in which lane: its workflow where the parameters name one, else its
//! caller.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use lru::LruCache;
use tokio_postgres::types::{IsNull, Type};

use super::functions::{FunctionCall, SqlFunction};
use super::gate::Lane;

/// Workflows of rows that are remembered.
const MAX_REMEMBERED: NonZeroUsize = NonZeroUsize::new(16_384).expect("not zero");

/// Parameters that name a row of a workflow by its id.
const ROWS: [&str; 7] = ["ticket", "job", "approval", "comment", "message", "webhook", "search"];

/// What a call names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A workflow, by its id.
    Workflow(String),
    /// A row of a workflow, by its id.
    Row(String),
    /// Neither.
    None,
}

/// The lane of a function.
pub(super) fn lane(function: &SqlFunction) -> Lane {
    if function.is_read() { Lane::Read } else { Lane::Write }
}

/// What the parameters of a call name.
pub(super) fn subject(call: &FunctionCall<'_>) -> Subject {
    if let Some(workflow) = text(call, "workflow") {
        return Subject::Workflow(workflow);
    }
    if let Some(room) = text(call, "room") {
        return match room.split_once(':') {
            Some(("workflow", id)) => Subject::Workflow(id.to_owned()),
            Some((_, id)) => Subject::Row(id.to_owned()),
            None => Subject::None,
        };
    }
    ROWS.iter().find_map(|name| text(call, name)).map_or(Subject::None, Subject::Row)
}

/// The tenant of a call that names no workflow: its actor, or the server itself.
pub(super) fn caller(call: &FunctionCall<'_>) -> String {
    #[derive(serde::Deserialize)]
    struct Claim {
        actor: String,
    }
    let Some(caller) = text(call, "caller") else { return "server".to_owned() };
    let actor = match caller.starts_with('{') {
        true => serde_json::from_str::<Claim>(&caller).map(|claim| claim.actor).unwrap_or_default(),
        false => caller,
    };
    format!("actor:{actor}")
}

/// The value of a text parameter; `None` if it is absent, null or of another type.
fn text(call: &FunctionCall<'_>, name: &str) -> Option<String> {
    let at = call.function.parameters.iter().position(|parameter| *parameter == name)?;
    let mut bytes = BytesMut::new();
    match call.params.get(at)?.to_sql_checked(&Type::TEXT, &mut bytes) {
        Ok(IsNull::No) => String::from_utf8(bytes.into()).ok(),
        _ => None,
    }
}

/// The workflows of rows, so that a busy server does not ask for each again.
pub(super) struct Workflows(Mutex<LruCache<String, Arc<str>>>);

impl Default for Workflows {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_REMEMBERED)))
    }
}

impl Workflows {
    /// The remembered workflow of a row.
    pub fn get(&self, row: &str) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(row).cloned()
    }

    /// Remembers the workflow of a row.
    pub fn put(&self, row: String, workflow: Arc<str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(row, workflow);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql_fn;

    #[test]
    fn a_call_is_attributed_to_its_workflow_or_its_caller() {
        let (caller, none) = (r#"{"actor":"ada","for":"agent-1","key":"k"}"#.to_owned(), None::<String>);
        let named = sql_fn!(list_tickets(caller: caller, workflow: "workflow-1", filters: none));
        assert_eq!(subject(&named), Subject::Workflow("workflow-1".to_owned()));
        assert_eq!(lane(named.function), Lane::Read);
        let row = sql_fn!(update_ticket(caller: caller, ticket: "ticket-1", version: 7_i64));
        assert_eq!(subject(&row), Subject::Row("ticket-1".to_owned()));
        assert_eq!(lane(row.function), Lane::Write);
        let room = sql_fn!(board_snapshot(caller: caller, room: "workflow:w"));
        assert_eq!(subject(&room), Subject::Workflow("w".to_owned()));
        let neither = sql_fn!(claim_job(caller: caller, workflow: none));
        assert_eq!((subject(&neither), super::caller(&neither)), (Subject::None, "actor:ada".to_owned()));
        assert_eq!(super::caller(&sql_fn!(expire_leases(max_jobs: 1_i64))), "server");
    }
}
