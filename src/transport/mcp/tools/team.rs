//! Tools about the agent and the people it works with: who it is, who is there, and what happened to its work.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Access, Answer, Call, LIST, STRING, Tool, value};
use crate::domain::accounts::sessions;
use crate::domain::history::own::{self, MAX_EVENTS};
use crate::domain::reports::{self, ReportQuery};
use crate::domain::tickets::read;
use crate::domain::workflows;
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

/// Longest and usual wait for events, in seconds. Clients give up on a call after a minute.
const MAX_WAIT: u64 = 50;
const USUAL_WAIT: u64 = 25;
/// The most rows of a report that are read for an answer.
const MAX_REPORT_ROWS: i32 = 200;

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "whoami",
        description: "Your id, name, kind, scopes; with workflow_id your role.",
        access: Access::Read,
        schema: schema::of::<WhoArguments>,
        shows: &[("workflow_id", "")],
        returns: &[("actor_id", STRING)],
        run: whoami,
    },
    Tool {
        name: "list_members",
        description: "Who works in a workflow: actor_id, name, kind, role.",
        access: Access::Read,
        schema: schema::of::<MembersArguments>,
        shows: &[("workflow_id", "")],
        returns: &[("members", LIST)],
        run: members,
    },
    Tool {
        name: "wait_for_events",
        description: "Waits until you are assigned a ticket or mentioned, your ticket is unblocked or your question \
            answered. Go on with cursor. missed: see get_tickets too.",
        access: Access::Read,
        schema: schema::of::<WaitArguments>,
        shows: &[("cursor", "Of the last answer."), ("events", "Only these."), ("wait", "Seconds, 0 to 50.")],
        returns: &[("events", LIST), ("cursor", STRING)],
        run: wait,
    },
];

/// The tool that counts tickets.
pub(super) const STATISTICS: &[Tool] = &[
    Tool {
        name: "get_ticket_stats",
        description: "Counts a workflow's tickets by status, type, priority and agent.",
        access: Access::Read,
        schema: schema::of::<StatsArguments>,
        shows: &[("workflow_id", "")],
        returns: &[("workflow_id", STRING)],
        run: stats,
    },
    Tool {
        name: "get_report",
        description: "A report on a workflow, e.g. throughput, cycle_times, time_in_status, blocked_time, workload; a wrong name lists all.",
        access: Access::Read,
        schema: schema::of::<ReportArguments>,
        shows: &[
            ("workflow_id", ""),
            ("name", "Its name."),
            ("from", "Day."),
            ("to", "Day."),
            ("unit", "day, week or month."),
        ],
        returns: &[("rows", LIST)],
        run: report,
    },
];

/// Where the caller's role is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhoArguments {
    /// The workflow.
    workflow_id: Option<String>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// Whose members.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MembersArguments {
    /// The workflow.
    workflow_id: String,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OwnEvent {
    /// A ticket was assigned to you.
    Assigned,
    /// A comment mentions you.
    Mentioned,
    /// Your ticket is no longer blocked.
    Unblocked,
    /// Your question was decided.
    Answered,
}

/// What to wait for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WaitArguments {
    /// The cursor of the last answer.
    cursor: Option<String>,
    /// Only these.
    events: Option<Vec<OwnEvent>>,
    /// Seconds to wait.
    #[schema(minimum = 0, maximum = 50)]
    wait: Option<u64>,
    /// The agent whose events are meant, if the caller may act for it.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// The workflow to count in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StatsArguments {
    /// The workflow.
    workflow_id: String,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// Which report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportArguments {
    /// The workflow.
    workflow_id: String,
    /// The report.
    name: String,
    /// The first day.
    from: Option<String>,
    /// The last day.
    to: Option<String>,
    /// The time zone in which days begin.
    tz: Option<String>,
    /// The length of a period.
    unit: Option<String>,
    /// What rows are split by.
    group: Option<String>,
    /// The milestone, for burndown and burn_up.
    milestone: Option<String>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

fn whoami(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<WhoArguments>()?;
        let (db, me) = (&call.state.db, sessions::me(&call.state.db, &call.caller).await?);
        let mut data = json!({"actor_id": me.user.id, "name": me.user.name, "kind": me.user.kind,
            "is_admin": me.user.is_admin, "scopes": me.scopes, "acting_for": me.acting_for});
        if let Some(workflow) = &input.workflow_id {
            let workflow = workflows::get(db, &call.caller, workflow).await?;
            data["workflow_id"] = json!(workflow.id);
            data["role"] = json!(workflow.role);
        }
        let line = format!("You are {} ({}).", budget::truncate(&me.user.name, 100), me.user.id);
        Ok(Answer::new(line, budget::compact(data)))
    })
}

fn members(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<MembersArguments>()?;
        let found = workflows::members(&call.state.db, &call.caller, &input.workflow_id).await?.members;
        let total = found.len();
        let listed = found.iter().map(|member| {
            json!({"actor_id": member.actor_id, "name": budget::truncate(&member.name, 100), "kind": member.kind,
                "role": member.role})
        });
        let (listed, count) = budget::fit(listed.collect(), budget::RESPONSE_BUDGET);
        let line = format!("{count} of {total} members.");
        Ok(Answer::new(line, json!({"members": listed, "total_count": total})))
    })
}

fn wait(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let (caller, input) = (call.caller()?, call.read::<WaitArguments>()?);
        let seconds = input.wait.unwrap_or(USUAL_WAIT);
        if seconds > MAX_WAIT {
            return Err(Error::invalid("wait", format!("must be between 0 and {MAX_WAIT}")));
        }
        let kinds = input.events.map(|all| all.iter().map(name).collect::<Vec<_>>());
        let (db, timeout) = (&call.state.db, Duration::from_secs(seconds));
        let found = own::wait(db, &caller, input.cursor, kinds.as_deref(), timeout).await?;
        let read = found.events.len();
        let events = found.events.into_iter().map(budget::compact).collect();
        let (events, count) = budget::fit(events, budget::RESPONSE_BUDGET);
        let missed = found.missed || count < read;
        let line = match (events.len(), missed) {
            (_, true) => format!("{} events; more happened than is listed.", events.len()),
            (0, _) => "Nothing happened yet; call again with the cursor.".to_owned(),
            (some, _) => format!("{some} of at most {MAX_EVENTS} events."),
        };
        Ok(Answer::new(line, json!({"events": events, "cursor": found.cursor, "missed": missed})))
    })
}

/// The name of an event, as the database knows it.
fn name(event: &OwnEvent) -> String {
    value(event).ok().and_then(|word: Value| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn stats(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<StatsArguments>()?;
        let counted = read::stats(&call.state.db, &call.caller, &input.workflow_id, None).await?;
        let line = format!(
            "{} tickets, {} resolved, {} blocked.",
            counted.stats.total_tickets, counted.stats.resolved_count, counted.stats.blocked_count
        );
        Ok(Answer::new(line, json!({"workflow_id": counted.workflow_id, "stats": counted.stats})))
    })
}

fn report(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<ReportArguments>()?;
        let query = ReportQuery {
            workflow_id: input.workflow_id,
            from: input.from,
            to: input.to,
            tz: input.tz,
            unit: input.unit,
            group: input.group,
            milestone: input.milestone,
            limit: Some(MAX_REPORT_ROWS),
        };
        let (_, found) = reports::read_whole(&call.state.db, &call.caller, &input.name, &query, &[]).await?;
        let found = found.ok_or_else(|| Error::Internal("a report has no body".to_owned()))?;
        let rows = found.rows.into_iter().map(|row| budget::compact(Value::Object(row))).collect::<Vec<_>>();
        let total = rows.len();
        let (rows, count) = budget::fit(rows, budget::RESPONSE_BUDGET);
        let has_more = found.has_more || count < total;
        let line = match (has_more, found.from, found.to) {
            (true, ..) => {
                format!("{}: the first {count} rows; a shorter range or a longer unit has fewer.", found.title)
            }
            (false, Some(from), Some(to)) => format!("{}, {from} to {to}: {count} rows.", found.title),
            _ => format!("{}: {count} rows.", found.title),
        };
        Ok(Answer::new(line, json!({"rows": rows, "has_more": has_more, "time_zone": found.time_zone})))
    })
}
