//! Reading: lists, one ticket, search, statistics, the board's configuration.

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::domain::commits::{self, CommitDiff, FileLines, LinesQuery};
use crate::domain::search::{self, SearchAnswer, SearchTickets};
use crate::domain::tickets::Priority;
use crate::domain::tickets::read::{self, Filters, SortBy, SortOrder, StatsAnswer, TicketDetail, TicketList};
use crate::domain::workflows::{self, BoardConfigAnswer};
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result, ServiceConfig, path_query};
use crate::{Error, Result as CoreResult};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(find)
        .service(list)
        .service(list_again)
        .service(board_config)
        .service(stats)
        .service(commit_diff)
        .service(commit_file_lines)
        .service(get_one);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// The workflow. Required, except with `job_id`.
    #[param(min_length = 1)]
    workflow_id: Option<String>,
    /// Only the ticket of this job.
    job_id: Option<String>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
    /// Columns, comma-separated.
    status: Option<String>,
    /// Types, comma-separated.
    ticket_type: Option<String>,
    /// low, medium, high, critical; comma-separated.
    priority: Option<String>,
    /// Only tickets of this assignee.
    assigned_agent_id: Option<String>,
    /// Only unassigned tickets.
    unassigned: Option<bool>,
    /// Tags, comma-separated; tickets with at least one of them.
    tags: Option<String>,
    /// A tag, which may contain commas; repeatable. Added to `tags`.
    #[serde(default, deserialize_with = "path_query::repeated")]
    #[param(style = Form, explode)]
    tag: Vec<String>,
    /// Created at this time or later: RFC 3339, or a date.
    created_after: Option<String>,
    /// Created at this time or earlier: RFC 3339, or a date, the whole of which is included.
    created_before: Option<String>,
    /// The time zone of dates. Defaults to the workflow's.
    tz: Option<String>,
    /// Only open tickets whose assigned agent did nothing about them for so many minutes.
    #[param(minimum = 0, maximum = 525_600)]
    silent_minutes: Option<f64>,
    /// Only tickets of this milestone, by id or name.
    milestone_id: Option<String>,
    /// Only tickets without a milestone.
    without_milestone: Option<bool>,
    /// Due on this day or later, like `2026-01-31`.
    #[param(format = Date)]
    due_after: Option<String>,
    /// Due on this day or earlier.
    #[param(format = Date)]
    due_before: Option<String>,
    /// Only tickets that are open after their due day (`true`), or only the others.
    overdue: Option<bool>,
    /// Only blocked, or only unblocked tickets.
    is_blocked: Option<bool>,
    /// Whether to include resolved tickets. Defaults to true.
    include_completed: Option<bool>,
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
    /// Tickets to skip. Defaults to 0. Rows repeat or go missing while tickets change; `cursor` does not have that.
    #[param(minimum = 0)]
    offset: Option<i32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
    /// created_at (default), updated_at, priority, status (order of the columns), rank (order on the board) or due_on
    /// (tickets without a due date last).
    #[param(inline)]
    sort_by: Option<SortBy>,
    /// asc or desc (default).
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

impl ListQuery {
    fn filters(&self) -> CoreResult<Filters> {
        let split = |text: &Option<String>| {
            text.as_ref().map(|l| l.split(',').map(|s| s.trim().to_owned()).collect::<Vec<_>>())
        };
        let priority =
            split(&self.priority).map(|all| all.iter().map(|one| parse_priority(one)).collect()).transpose()?;
        Ok(Filters {
            status: split(&self.status),
            priority,
            ticket_type: split(&self.ticket_type),
            assigned_agent_id: self.assigned_agent_id.clone(),
            unassigned: self.unassigned,
            tags: Some(split(&self.tags).unwrap_or_default().into_iter().chain(self.tag.clone()).collect())
                .filter(|tags: &Vec<String>| !tags.is_empty()),
            created_after: self.created_after.clone(),
            created_before: self.created_before.clone(),
            tz: self.tz.clone(),
            silent_minutes: self.silent_minutes,
            milestone_id: self.milestone_id.clone(),
            without_milestone: self.without_milestone,
            due_after: self.due_after.clone(),
            due_before: self.due_before.clone(),
            overdue: self.overdue,
            is_blocked: self.is_blocked,
            include_completed: self.include_completed,
        })
    }
}

fn parse_priority(text: &str) -> CoreResult<Priority> {
    serde_json::from_value(text.into())
        .map_err(|_| Error::invalid("priority", "must be one of low, medium, high, critical"))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct InWorkflow {
    /// The workflow. Required to name a ticket by its key; limits the lookup of a commit to its repository.
    workflow_id: Option<String>,
}

async fn page(state: &AppState, auth: &Auth, query: &ListQuery) -> Result<Reply<TicketList>> {
    let (limit, offset) = (query.limit.unwrap_or(50), query.offset.unwrap_or(0));
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 200").into());
    }
    if offset < 0 {
        return Err(Error::invalid("offset", "must not be negative").into());
    }
    if let Some(job) = &query.job_id {
        return Ok(Reply::ok(read::of_job(&state.db, &auth.caller(), job).await?));
    }
    let (by, order) = (query.sort_by.unwrap_or_default(), query.sort_order.unwrap_or_default());
    let workflow = query.workflow_id.as_ref().ok_or_else(|| Error::invalid("workflow_id", "is required"))?;
    let (filters, cursor) = (query.filters()?, query.cursor.as_deref());
    let page = read::list(&state.db, &auth.caller(), workflow, &filters, by, order, limit, offset, cursor).await?;
    Ok(Reply::ok(page))
}

/// Searches the tickets of a workflow.
#[utoipa::path(tag = "Tickets", request_body = SearchTickets, responses((status = 200, body = SearchAnswer)))]
#[post("/api/tickets/search")]
async fn find(state: web::Data<AppState>, auth: Auth, Json(input): Json<SearchTickets>) -> Result<Reply<SearchAnswer>> {
    Ok(Reply::ok(search::tickets(&state.db, &state.embeddings, &auth.caller(), &input).await?))
}

/// Tickets of a workflow, filtered, sorted, paged.
#[utoipa::path(tag = "Tickets", params(ListQuery), responses((status = 200, body = TicketList)))]
#[get("/api/tickets")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(query): Query<ListQuery>) -> Result<Reply<TicketList>> {
    page(&state, &auth, &query).await
}

/// The same as `GET /api/tickets`.
#[utoipa::path(tag = "Tickets", params(ListQuery), responses((status = 200, body = TicketList)))]
#[get("/api/tickets/get")]
async fn list_again(
    state: web::Data<AppState>,
    auth: Auth,
    Query(query): Query<ListQuery>,
) -> Result<Reply<TicketList>> {
    page(&state, &auth, &query).await
}

/// The board's configuration.
#[utoipa::path(tag = "Tickets", responses((status = 200, body = BoardConfigAnswer)))]
#[get("/api/tickets/board-config/{workflow_id}")]
async fn board_config(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<BoardConfigAnswer>> {
    Ok(Reply::ok(workflows::board_config(&state.db, &auth.caller(), &id).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct StatsQuery {
    /// The time zone in which days begin and end, like `Europe/Berlin`. Defaults to the workflow's.
    #[param(max_length = 64)]
    tz: Option<String>,
}

/// Statistics of a workflow.
#[utoipa::path(tag = "Tickets", params(StatsQuery), responses((status = 200, body = StatsAnswer)))]
#[get("/api/tickets/stats/{workflow_id}")]
async fn stats(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<StatsQuery>,
) -> Result<Reply<StatsAnswer>> {
    Ok(Reply::ok(read::stats(&state.db, &auth.caller(), &id, query.tz.as_deref()).await?))
}

/// The diff of a commit, from the git repository of a workflow that the caller can read.
#[utoipa::path(tag = "Commits", params(InWorkflow), responses((status = 200, body = CommitDiff)))]
#[get("/api/tickets/commit-diff/{sha}")]
async fn commit_diff(
    state: web::Data<AppState>,
    auth: Auth,
    Path(sha): Path<String>,
    Query(query): Query<InWorkflow>,
) -> Result<Reply<CommitDiff>> {
    let workflow = query.workflow_id.as_deref();
    Ok(Reply::ok(commits::diff(&state.db, &state.config, &auth.caller(), &sha, workflow).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct FileLinesQuery {
    /// The workflow whose repository has the commit. Defaults to any that the caller can read.
    workflow_id: Option<String>,
    /// The path of a text file that the commit changed.
    path: String,
    /// The number of the first line, from 1.
    #[param(minimum = 1)]
    first_line: u64,
    /// The number of the last line; at most 1,000 lines.
    #[param(minimum = 1)]
    last_line: u64,
}

/// Lines of a file that a commit changed, as the file is after it, to show more around a change.
#[utoipa::path(tag = "Commits", params(FileLinesQuery), responses((status = 200, body = FileLines)))]
#[get("/api/tickets/commit-diff/{sha}/lines")]
async fn commit_file_lines(
    state: web::Data<AppState>,
    auth: Auth,
    Path(sha): Path<String>,
    Query(query): Query<FileLinesQuery>,
) -> Result<Reply<FileLines>> {
    let (workflow_id, lines) = (query.workflow_id.as_deref(), (query.first_line, query.last_line));
    let query = LinesQuery { workflow_id, path: &query.path, lines };
    Ok(Reply::ok(commits::lines(&state.db, &state.config, &auth.caller(), &sha, &query).await?))
}

/// Everything about one ticket, by id, or by key with `workflow_id`. The ETag is its version.
#[utoipa::path(tag = "Tickets", params(InWorkflow), responses(
    (status = 200, body = TicketDetail),
    (status = 304, description = "Nothing has changed since the ETag in If-None-Match")))]
#[get("/api/tickets/{id}")]
async fn get_one(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<InWorkflow>,
) -> Result<Reply<TicketDetail>> {
    let detail = read::get(&state.db, &auth.caller(), &id, query.workflow_id.as_deref()).await?;
    let etag = format!("W/\"{}:{}\"", detail.fields.card.version, detail.history.last().map_or(0, |entry| entry.seq));
    Ok(Reply::ok(detail).etag(etag))
}
