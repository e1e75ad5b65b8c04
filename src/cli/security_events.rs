//! `callboard security-events`: lists who signed in, made keys, changed members, exported.

use clap::Args;
use console::Style;

use super::output::{self, Cell};
use super::remote::{RemoteArgs, WorkflowArgs};
use crate::domain::security_events::{SecurityEvent, SecurityEventFilter};
use crate::domain::times;
use crate::{Error, Result};

/// Events per request.
const PAGE: u32 = 200;

/// Flags of `callboard security-events`.
#[derive(Debug, Args)]
pub struct SecurityEventsArgs {
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow, by id or name. Required unless you are an administrator.
    #[arg(long, short, env = "CALLBOARD_WORKFLOW", value_name = "WORKFLOW")]
    pub workflow: Option<String>,
    /// A kind, e.g. sign_in_failed; repeatable.
    #[arg(long = "kind", value_name = "KIND")]
    pub kinds: Vec<String>,
    /// Events by or about this actor, by id.
    #[arg(long, value_name = "ID")]
    pub actor: Option<String>,
    /// Events from this time on, e.g. 2026-05-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Events before this time.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Maximum number of results.
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

/// Runs `callboard security-events`.
pub async fn command(args: SecurityEventsArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    let workflow_id = match &args.workflow {
        Some(_) => Some(WorkflowArgs { workflow: args.workflow.clone() }.find(&client).await?),
        None => None,
    };
    let filter = SecurityEventFilter {
        workflow_id,
        kinds: Some(args.kinds).filter(|kinds| !kinds.is_empty()),
        actor: args.actor,
        since: time("--since", args.since.as_deref())?,
        until: time("--until", args.until.as_deref())?,
    };
    let mut events: Vec<SecurityEvent> = Vec::new();
    let mut cursor = None;
    loop {
        let left = args.limit - u32::try_from(events.len()).unwrap_or(args.limit);
        let page = client.security_events(&filter, left.min(PAGE), cursor.as_deref()).await?;
        events.extend(page.events);
        cursor = page.next_cursor;
        if cursor.is_none() || events.len() >= args.limit as usize {
            break;
        }
    }
    if json {
        return output::json(&events);
    }
    if events.is_empty() {
        eprintln!("No security events.");
        return Ok(());
    }
    let rows = events.iter().map(|event| {
        let failed = event.outcome == "failed";
        let style = if failed { Style::new().yellow() } else { Style::new() };
        let name =
            |name: &Option<String>, id: &Option<String>| name.clone().or(id.clone()).unwrap_or_else(|| "-".into());
        [
            Cell::styled(output::time(Some(event.occurred_at)), Style::new().dim()),
            Cell::styled(event.kind.clone(), style),
            name(&event.actor_name, &event.actor_id).into(),
            event.address.clone().unwrap_or_else(|| "-".into()).into(),
            name(&event.subject_name, &event.subject_id).into(),
            details(event).into(),
        ]
    });
    output::table(["TIME", "EVENT", "BY", "FROM", "ABOUT", "DETAILS"], rows);
    Ok(())
}

fn time(flag: &str, given: Option<&str>) -> Result<Option<jiff::Timestamp>> {
    let read = |text: &str| {
        times::parse(text).ok_or_else(|| Error::Setup(format!("{flag} must be a time like 2026-05-01T00:00:00Z.")))
    };
    given.map(read).transpose()
}

/// The details as `name=value`, the workflow and the count of repeats.
fn details(event: &SecurityEvent) -> String {
    let value = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut parts: Vec<String> = event.workflow_name.iter().map(|name| format!("workflow={name}")).collect();
    parts.extend(event.details.iter().map(|(name, of)| format!("{name}={}", value(of))));
    if event.occurrences > 1 {
        parts.push(format!("times={}", event.occurrences));
    }
    parts.join(" ")
}
