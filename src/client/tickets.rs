//! Tickets, boards, workflows and search.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Client, Result};
use crate::compat::stages::{MoveToStage, StageMoved};
use crate::domain::comments::{AddComment, Commented};
use crate::domain::commits::references::{CommitsLinked, NewCommits};
use crate::domain::past_boards::BoardChanges;
use crate::domain::search::{SearchAnswer, SearchTickets};
use crate::domain::tickets::Done;
use crate::domain::tickets::change::{BlockersSet, CreateTicket, Created, SetBlockers, UpdateTicket, Updated};
use crate::domain::tickets::deleted::DeletedTickets;
use crate::domain::tickets::moves::{
    ChangeStatus, Claim, Claimed, CommitLinked, LinkCommit, ResolveTicket, Resolved, StatusChanged,
};
use crate::domain::tickets::read::{
    ChangePage, CommentPage, CommitPage, Filters, StatsAnswer, TicketDetail, TicketList,
};
use crate::domain::workflows::{CreateWorkflow, MemberList, Workflow, WorkflowList};

impl Client {
    /// Creates a ticket.
    pub async fn create_ticket(&self, input: &CreateTicket) -> Result<Created> {
        self.post("/api/tickets/create", input).await
    }

    /// Changes fields of a ticket.
    pub async fn update_ticket(&self, input: &UpdateTicket) -> Result<Updated> {
        self.post("/api/tickets/update", input).await
    }

    /// Moves a ticket to another column.
    pub async fn move_ticket(&self, input: &ChangeStatus) -> Result<StatusChanged> {
        self.post("/api/tickets/change-status", input).await
    }

    /// Moves a ticket (id or key) to a column, given by id, name or a common stage name. Fails with `blocked` if the
    /// ticket is blocked.
    pub async fn move_to_stage(&self, ticket: &str, input: &MoveToStage) -> Result<StageMoved> {
        self.call(reqwest::Method::PUT, &format!("/api/tickets/{}/stage", path_segment(ticket)), input).await
    }

    /// Comments on a ticket.
    pub async fn comment(&self, input: &AddComment) -> Result<Commented> {
        self.post("/api/tickets/comment", input).await
    }

    /// Resolves a ticket.
    pub async fn resolve_ticket(&self, input: &ResolveTicket) -> Result<Resolved> {
        self.post("/api/tickets/resolve", input).await
    }

    /// Claims the next ready ticket.
    pub async fn claim_ticket(&self, input: &Claim) -> Result<Claimed> {
        self.post("/api/tickets/claim", input).await
    }

    /// Sets the tickets that block a ticket.
    pub async fn set_blockers(&self, input: &SetBlockers) -> Result<BlockersSet> {
        self.post("/api/tickets/set-blockers", input).await
    }

    /// Links a commit to a ticket.
    pub async fn link_commit(&self, input: &LinkCommit) -> Result<CommitLinked> {
        self.post("/api/tickets/link-commit", input).await
    }

    /// Links commits to the tickets that their messages name.
    pub async fn link_commits(&self, input: &NewCommits) -> Result<CommitsLinked> {
        self.post("/api/internal/commits", input).await
    }

    /// Deletes a ticket; it can be restored.
    pub async fn delete_ticket(&self, ticket: &str) -> Result<Done> {
        self.call(reqwest::Method::DELETE, &format!("/api/tickets/{}", path_segment(ticket)), &json!(null)).await
    }

    /// Restores a deleted ticket, by id, or by key in a workflow.
    pub async fn restore_ticket(&self, ticket: &str, workflow: Option<&str>) -> Result<Done> {
        let within = workflow.map(|id| format!("?workflow_id={}", path_segment(id))).unwrap_or_default();
        self.post(&format!("/api/tickets/{}/restore{within}", path_segment(ticket)), &json!({})).await
    }

    /// A page of a workflow's deleted tickets, those deleted last first; `limit` is at most 200.
    pub async fn deleted_tickets(&self, workflow: &str, limit: i32, cursor: Option<&str>) -> Result<DeletedTickets> {
        let mut query = vec![("limit", limit.to_string())];
        query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        self.get(&format!("/api/workflows/{}/deleted-tickets", path_segment(workflow)), &query).await
    }

    /// A ticket with its newest comments, commits and changes and its relations, by id, or by key in a workflow.
    pub async fn ticket(&self, ticket: &str, workflow: Option<&str>) -> Result<TicketDetail> {
        let query: Vec<_> = workflow.map(|id| ("workflow_id", id.to_owned())).into_iter().collect();
        self.get(&format!("/api/tickets/{}", path_segment(ticket)), &query).await
    }

    /// A page of a ticket's comments: the newest, or those before a cursor; `limit` is at most 200.
    pub async fn ticket_comments(&self, ticket: &str, limit: i32, cursor: Option<&str>) -> Result<CommentPage> {
        self.ticket_page(ticket, "comments", limit, cursor).await
    }

    /// A page of a ticket's changes: the newest, or those before a cursor; `limit` is at most 200.
    pub async fn ticket_history(&self, ticket: &str, limit: i32, cursor: Option<&str>) -> Result<ChangePage> {
        self.ticket_page(ticket, "history", limit, cursor).await
    }

    /// A page of a ticket's commits: the newest, or those before a cursor; `limit` is at most 200.
    pub async fn ticket_commits(&self, ticket: &str, limit: i32, cursor: Option<&str>) -> Result<CommitPage> {
        self.ticket_page(ticket, "commits", limit, cursor).await
    }

    async fn ticket_page<T: serde::de::DeserializeOwned>(
        &self,
        ticket: &str,
        part: &str,
        limit: i32,
        cursor: Option<&str>,
    ) -> Result<T> {
        let mut query = vec![("limit", limit.to_string())];
        query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        self.get(&format!("/api/tickets/{}/{part}", path_segment(ticket)), &query).await
    }

    /// A page of a workflow's tickets, after the `next_cursor` of the previous page; `limit` is at most 200.
    pub async fn tickets(
        &self,
        workflow: &str,
        filters: &Filters,
        limit: i32,
        cursor: Option<&str>,
    ) -> Result<TicketList> {
        let mut query = vec![("workflow_id", workflow.to_owned()), ("limit", limit.to_string())];
        query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        let join = |words: &Option<Vec<String>>| words.as_ref().map(|words| words.join(","));
        let priority =
            filters.priority.as_ref().map(|all| all.iter().map(|p| p.as_str()).collect::<Vec<_>>().join(","));
        let parameters = [
            ("status", join(&filters.status)),
            ("priority", priority),
            ("ticket_type", join(&filters.ticket_type)),
            ("assigned_agent_id", filters.assigned_agent_id.clone()),
            ("unassigned", filters.unassigned.map(|yes| yes.to_string())),
            ("is_blocked", filters.is_blocked.map(|yes| yes.to_string())),
            ("include_completed", filters.include_completed.map(|yes| yes.to_string())),
            ("created_after", filters.created_after.clone()),
            ("created_before", filters.created_before.clone()),
            ("tz", filters.tz.clone()),
            ("silent_minutes", filters.silent_minutes.map(|minutes| minutes.to_string())),
            ("milestone_id", filters.milestone_id.clone()),
            ("without_milestone", filters.without_milestone.map(|yes| yes.to_string())),
            ("due_after", filters.due_after.clone()),
            ("due_before", filters.due_before.clone()),
            ("overdue", filters.overdue.map(|yes| yes.to_string())),
        ];
        // One parameter for each, because a tag may contain a comma.
        query.extend(filters.tags.iter().flatten().map(|tag| ("tag", tag.clone())));
        query.extend(parameters.into_iter().filter_map(|(name, value)| Some((name, value?))));
        self.get("/api/tickets", &query).await
    }

    /// Searches tickets by keyword, by meaning or both.
    pub async fn search(&self, input: &SearchTickets) -> Result<SearchAnswer> {
        self.post("/api/tickets/search", input).await
    }

    /// Statistics of a workflow's tickets.
    pub async fn ticket_stats(&self, workflow: &str) -> Result<StatsAnswer> {
        self.get(&format!("/api/tickets/stats/{}", path_segment(workflow)), &[]).await
    }

    /// The board as the dashboard draws it: every card of columns that are not done, and the last 200 of each done column.
    pub async fn board(&self, workflow: &str) -> Result<Value> {
        self.get(&format!("/api/board/{}", path_segment(workflow)), &[]).await
    }

    /// The board as it was at a time, in the same shape, with `at`.
    pub async fn board_at(&self, workflow: &str, at: Timestamp) -> Result<Value> {
        self.get(&format!("/api/board/{}", path_segment(workflow)), &[("at", at.to_string())]).await
    }

    /// How the board changed from one time to another, or to now: the tickets that came, left, or have other values.
    pub async fn board_changes(&self, workflow: &str, from: Timestamp, to: Option<Timestamp>) -> Result<BoardChanges> {
        let mut query = vec![("from", from.to_string())];
        query.extend(to.map(|to| ("to", to.to_string())));
        self.get(&format!("/api/board/{}/changes", path_segment(workflow)), &query).await
    }

    /// Creates a workflow.
    pub async fn create_workflow(&self, input: &CreateWorkflow) -> Result<Workflow> {
        self.post("/api/workflows", input).await
    }

    /// One workflow with its board.
    pub async fn workflow(&self, id: &str) -> Result<Workflow> {
        self.get(&format!("/api/workflows/{}", path_segment(id)), &[]).await
    }

    /// All workflows of the caller.
    pub async fn workflows(&self) -> Result<Vec<Workflow>> {
        let mut found = Vec::new();
        let mut cursor = None::<String>;
        loop {
            let query: Vec<_> = cursor.take().map(|cursor| ("cursor", cursor)).into_iter().collect();
            let page: WorkflowList = self.get("/api/workflows", &query).await?;
            found.extend(page.workflows);
            match page.next_cursor {
                Some(next) if page.has_more => cursor = Some(next),
                _ => return Ok(found),
            }
        }
    }

    /// Finds a workflow by its id or name.
    pub async fn find_workflow(&self, name: &str) -> Result<Workflow> {
        match self.workflow(name).await {
            Err(error) if error.problem().is_some_and(|problem| matches!(problem.status, 404 | 422)) => {
                let found = self.workflows().await?.into_iter().find(|workflow| workflow.name == name);
                found.ok_or(error)
            }
            other => other,
        }
    }

    /// The members of a workflow.
    pub async fn members(&self, workflow: &str) -> Result<MemberList> {
        self.get(&format!("/api/workflows/{}/members", path_segment(workflow)), &[]).await
    }
}

/// Percent-encodes a text as one path segment.
pub(super) fn path_segment(text: &str) -> String {
    // In a path a space is %20; a plus sign would stay literal.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
