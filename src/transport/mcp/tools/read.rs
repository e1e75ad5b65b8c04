//! Tools that list workflows and tickets.

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Access, Answer, Call, LIST, Tool, value};
use crate::domain::tickets::Priority;
use crate::domain::tickets::read::{self, Filters, SortBy, SortOrder};
use crate::domain::workflows;
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "list_workflows",
        description: "The workflows you see, with your role. Start here if you were given none.",
        access: Access::Read,
        schema: schema::of::<WorkflowsArguments>,
        shows: &[("cursor", "")],
        returns: &[("workflows", LIST)],
        run: workflows,
    },
    Tool {
        name: "get_tickets",
        description: "A workflow's tickets by filters, newest first, without descriptions. Your open work: \
            assigned_agent_id = your id, include_completed = false.",
        access: Access::Read,
        schema: schema::of::<ListArguments>,
        shows: &[
            ("workflow_id", ""),
            ("status", "Columns."),
            ("priority", "Any of."),
            ("assigned_agent_id", "Assignee."),
            ("tags", "Any of."),
            ("is_blocked", "Blocked?"),
            ("milestone_id", "Id or name."),
            ("include_completed", "Default true."),
            ("limit", ""),
            ("cursor", ""),
        ],
        returns: &[("tickets", LIST)],
        run: tickets,
    },
];

/// The page of workflows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkflowsArguments {
    /// Include archived ones. Defaults to false.
    include_archived: Option<bool>,
    /// 1 to 100. Defaults to 50.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// `next_cursor` of the previous answer.
    cursor: Option<String>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// Which tickets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ListArguments {
    /// The workflow.
    workflow_id: String,
    /// Any of these columns.
    status: Option<Vec<String>>,
    /// Any of these types.
    ticket_type: Option<Vec<String>>,
    /// Any of these priorities.
    priority: Option<Vec<Priority>>,
    /// Only tickets of this assignee.
    assigned_agent_id: Option<String>,
    /// Only unassigned tickets.
    unassigned: Option<bool>,
    /// At least one of these tags.
    tags: Option<Vec<String>>,
    /// Only blocked, or only unblocked tickets.
    is_blocked: Option<bool>,
    /// Only tickets of this milestone, by id or name.
    milestone_id: Option<String>,
    /// Only tickets without a milestone.
    without_milestone: Option<bool>,
    /// Due on this day or later, like `2026-01-31`.
    due_after: Option<String>,
    /// Due on this day or earlier.
    due_before: Option<String>,
    /// Only tickets that are open after their due day, or only the others.
    overdue: Option<bool>,
    /// Include resolved tickets. Defaults to true.
    include_completed: Option<bool>,
    /// created_at (default), updated_at, priority, status or due_on.
    sort_by: Option<SortBy>,
    /// asc or desc (default).
    sort_order: Option<SortOrder>,
    /// 1 to 100. Defaults to 25.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// Tickets to skip. Defaults to 0.
    #[schema(minimum = 0)]
    offset: Option<i32>,
    /// `next_cursor` of the previous answer.
    cursor: Option<String>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// A page size within its bounds.
pub(super) fn page_size(limit: Option<i32>, default: i32, max: i32) -> Result<i32> {
    let limit = limit.unwrap_or(default);
    match (1..=max).contains(&limit) {
        true => Ok(limit),
        false => Err(Error::invalid("limit", format!("must be between 1 and {max}"))),
    }
}

fn workflows(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<WorkflowsArguments>()?;
        let (archived, limit) = (input.include_archived.unwrap_or(false), page_size(input.limit, 50, 100)?);
        let (db, caller, cursor) = (&call.state.db, &call.caller, input.cursor.as_deref());
        let (listed, more, next) = budget::fit_page(limit, |limit| async move {
            let seen = workflows::list(db, caller, archived, limit, cursor).await?;
            let listed = seen.workflows.iter().map(|workflow| {
                let mut data = value(workflow)?;
                data["description"] = budget::truncate(&workflow.description, 300).into();
                for name in ["id", "time_zone", "provision_agents", "created_by", "created_at", "updated_at"] {
                    data[name] = Value::Null;
                }
                Ok(budget::compact(data))
            });
            Ok((listed.collect::<Result<_>>()?, seen.has_more, seen.next_cursor))
        })
        .await?;
        Ok(Answer::new(format!("{} workflows.", listed.len()), budget::page("workflows", listed, more, next)))
    })
}

fn tickets(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_filter_names().await?;
        let input = call.read::<ListArguments>()?;
        let offset = input.offset.unwrap_or(0);
        if offset < 0 {
            return Err(Error::invalid("offset", "must not be negative"));
        }
        let filters = Filters {
            status: input.status,
            priority: input.priority,
            ticket_type: input.ticket_type,
            assigned_agent_id: input.assigned_agent_id,
            unassigned: input.unassigned,
            tags: input.tags,
            is_blocked: input.is_blocked,
            milestone_id: input.milestone_id.filter(|named| !named.is_empty()),
            without_milestone: input.without_milestone,
            due_after: input.due_after.filter(|day| !day.is_empty()),
            due_before: input.due_before.filter(|day| !day.is_empty()),
            overdue: input.overdue,
            include_completed: input.include_completed,
            ..Filters::default()
        };
        let (by, order) = (input.sort_by.unwrap_or_default(), input.sort_order.unwrap_or_default());
        let limit = page_size(input.limit, 25, 100)?;
        let (db, caller, workflow, filters) = (&call.state.db, &call.caller, &input.workflow_id, &filters);
        let (cursor, total) = (input.cursor.as_deref(), &std::sync::atomic::AtomicI64::new(0));
        let (cards, more, next) = budget::fit_page(limit, |limit| async move {
            let page = read::list(db, caller, workflow, filters, by, order, limit, offset, cursor).await?;
            total.store(page.total_count, std::sync::atomic::Ordering::Relaxed);
            let cards = page.tickets.iter().map(|ticket| {
                let data = value(ticket)?;
                let mut shown = card(&data);
                shown["status"] = data["status"].clone();
                shown["updated_at"] = data["updated_at"].clone();
                Ok(budget::compact(shown))
            });
            Ok((cards.collect::<Result<_>>()?, page.has_more, page.next_cursor))
        })
        .await?;
        let (count, total) = (cards.len(), total.load(std::sync::atomic::Ordering::Relaxed));
        let mut data = budget::page("tickets", cards, more, next);
        data["total_count"] = json!(total);
        Ok(Answer::new(format!("{count} of {total} tickets."), data))
    })
}

/// A card with the members that people see on a board.
pub(super) fn card(card: &Value) -> Value {
    let names = [
        "ticket_id",
        "key",
        "title",
        "ticket_type",
        "priority",
        "assigned_agent_id",
        "tags",
        "blocked_by_ticket_ids",
        "is_resolved",
        "approval_status",
        "parent_ticket_id",
        "due_on",
        "milestone_id",
    ];
    let members = names.into_iter().map(|name| (name.to_owned(), card[name].clone()));
    let mut small = budget::compact(Value::Object(members.filter(|(_, value)| *value != json!(false)).collect()));
    small["title"] = budget::truncate(card["title"].as_str().unwrap_or(""), 200).into();
    small
}
