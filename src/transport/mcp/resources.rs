//! Resources: boards, tickets and jobs by URI, for reading and subscribing.

use rmcp::model::{Resource as Listed, ResourceTemplate};
use serde_json::Value;

use crate::domain::history::Room;
use crate::domain::tickets::read as tickets;
use crate::domain::workflows;
use crate::transport::mcp::budget;
use crate::transport::mcp::context::RequestContext;
use crate::transport::mcp::tools::{board, jobs, ticket};
use crate::{Error, Result};

/// The MIME type of every resource.
pub const MIME_TYPE: &str = "application/json";
/// Boards on one page of the list.
const PAGE_SIZE: i32 = 50;

/// A resource, parsed from its URI.
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
    /// Parses a URI; an unknown form is refused with 404.
    pub fn parse(uri: &str) -> Result<Self> {
        let parts = uri.strip_prefix("callboard://").and_then(|rest| rest.split_once('/'));
        let valid = |id: &str| {
            !id.is_empty() && id.len() <= 200 && id.bytes().all(|b| b.is_ascii_graphic() && !b"/?#%".contains(&b))
        };
        match parts {
            Some(("board", id)) if valid(id) => Ok(Self::Board(id.to_owned())),
            Some(("ticket", id)) if valid(id) => Ok(Self::Ticket(id.to_owned())),
            Some(("job", id)) if valid(id) => Ok(Self::Job(id.to_owned())),
            _ => Err(Error::problem(
                404,
                "not_found",
                "There is no such resource; the available ones are callboard://board/{workflow_id}, callboard://ticket/{id} and \
                 callboard://job/{id}.",
            )),
        }
    }

    /// The room with its events.
    pub fn room(&self) -> Room {
        match self {
            Self::Board(id) => Room::Workflow(id.clone()),
            Self::Ticket(id) => Room::Ticket(id.clone()),
            Self::Job(id) => Room::Job(id.clone()),
        }
    }

    /// The current content, if the caller can read it.
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

/// URI templates for ids that tools return.
pub fn templates() -> Vec<ResourceTemplate> {
    [
        (
            "callboard://board/{workflow_id}",
            "board",
            "A board",
            "Columns, rules and the first cards of a workflow's board.",
        ),
        (
            "callboard://ticket/{id}",
            "ticket",
            "A ticket",
            "A ticket by its id, with its newest comments, changes and links.",
        ),
        ("callboard://job/{id}", "job", "A job", "A job by its id, with the end of its transcript."),
    ]
    .into_iter()
    .map(|(uri, name, title, description)| {
        let template = ResourceTemplate::new(uri, name).with_title(title);
        template
            .with_description(format!("{description} Subscribe to be notified of changes."))
            .with_mime_type(MIME_TYPE)
    })
    .collect()
}

/// A page of the boards that the caller can read, and the cursor of the next one.
pub async fn listed(context: &RequestContext, cursor: Option<&str>) -> Result<(Vec<Listed>, Option<String>)> {
    let seen = workflows::list(&context.state.db, &context.caller, false, PAGE_SIZE, cursor).await?;
    let boards = seen.workflows.into_iter().map(|workflow| {
        let about = match workflow.description.trim() {
            "" => "The board of this workflow.".to_owned(),
            text => budget::truncate(text, 200),
        };
        Listed::new(format!("callboard://board/{}", workflow.id), budget::truncate(&workflow.name, 100))
            .with_title(budget::truncate(&workflow.name, 100))
            .with_description(about)
            .with_mime_type(MIME_TYPE)
    });
    Ok((boards.collect(), seen.next_cursor.filter(|_| seen.has_more)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_uris_parse() {
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
