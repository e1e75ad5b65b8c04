//! Resources: boards, tickets and jobs under addresses of their own, to be read and watched.

use rmcp::model::{Resource as Listed, ResourceTemplate};
use serde_json::Value;

use crate::domain::history::Room;
use crate::domain::tickets::read as tickets;
use crate::domain::workflows;
use crate::transport::mcp::admission::RequestContext;
use crate::transport::mcp::budget;
use crate::transport::mcp::tools::{board, jobs, ticket};
use crate::{Error, Result};

/// What every resource is.
pub const KIND: &str = "application/json";
/// Boards on one page of the list.
const PAGE: i32 = 50;

/// What an address names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// `callboard://board/{workflow_id}`
    Board(String),
    /// `callboard://ticket/{id}`
    Ticket(String),
    /// `callboard://job/{id}`
    Job(String),
}

impl Resource {
    /// Reads an address; one of another form names nothing.
    pub fn parse(uri: &str) -> Result<Self> {
        let parts = uri.strip_prefix("callboard://").and_then(|rest| rest.split_once('/'));
        let sound = |id: &str| {
            !id.is_empty() && id.len() <= 200 && id.bytes().all(|b| b.is_ascii_graphic() && !b"/?#%".contains(&b))
        };
        match parts {
            Some(("board", id)) if sound(id) => Ok(Self::Board(id.to_owned())),
            Some(("ticket", id)) if sound(id) => Ok(Self::Ticket(id.to_owned())),
            Some(("job", id)) if sound(id) => Ok(Self::Job(id.to_owned())),
            _ => Err(Error::problem(
                404,
                "not_found",
                "There is no such resource; there are callboard://board/{workflow_id}, callboard://ticket/{id} and \
                 callboard://job/{id}.",
            )),
        }
    }

    /// The room in which its changes are told.
    pub fn room(&self) -> Room {
        match self {
            Self::Board(id) => Room::Workflow(id.clone()),
            Self::Ticket(id) => Room::Ticket(id.clone()),
            Self::Job(id) => Room::Job(id.clone()),
        }
    }

    /// What it holds now, for whoever may read it.
    pub async fn read(&self, context: &RequestContext) -> Result<Value> {
        let (db, caller) = (&context.state.db, &context.caller);
        let data = match self {
            Self::Board(id) => board::Board::read(db, caller, id).await?.glance(20),
            Self::Ticket(id) => ticket::overview(&tickets::get(db, caller, id, None).await?)?,
            Self::Job(id) => jobs::overview(db, caller, id).await?,
        };
        Ok(budget::cap(data))
    }
}

/// What may be put together from ids that tools answer.
pub fn templates() -> Vec<ResourceTemplate> {
    [
        (
            "callboard://board/{workflow_id}",
            "board",
            "A board",
            "Columns, rules and the first cards of a workflow's board.",
        ),
        ("callboard://ticket/{id}", "ticket", "A ticket", "A ticket by its id, with the newest of what hangs on it."),
        ("callboard://job/{id}", "job", "A job", "A job by its id, with the end of its transcript."),
    ]
    .into_iter()
    .map(|(uri, name, title, description)| {
        let template = ResourceTemplate::new(uri, name).with_title(title);
        template.with_description(format!("{description} Subscribe to hear of changes.")).with_mime_type(KIND)
    })
    .collect()
}

/// A page of the boards the caller can read, and where the next begins.
pub async fn listed(context: &RequestContext, cursor: Option<&str>) -> Result<(Vec<Listed>, Option<String>)> {
    let seen = workflows::list(&context.state.db, &context.caller, false, PAGE, cursor).await?;
    let boards = seen.workflows.into_iter().map(|workflow| {
        let about = match workflow.description.trim() {
            "" => "The board of this workflow.".to_owned(),
            text => budget::truncate(text, 200),
        };
        Listed::new(format!("callboard://board/{}", workflow.id), budget::truncate(&workflow.name, 100))
            .with_title(budget::truncate(&workflow.name, 100))
            .with_description(about)
            .with_mime_type(KIND)
    });
    Ok((boards.collect(), seen.next_cursor.filter(|_| seen.has_more)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(Resource::parse("callboard://ticket/ticket-1").ok(), Some(Resource::Ticket("ticket-1".into())));
        for bad in [
            "",
            "callboard://",
            "callboard://ticket/",
            "callboard://ticket/a/b",
            "callboard://ticket/a%2fb",
            "file:///etc/passwd",
            "callboard://user/1",
            "callboard://board/a b",
            "callboard://board/a\0",
            "ticket/1",
        ] {
            assert!(Resource::parse(bad).is_err(), "{bad}");
        }
    }
}
