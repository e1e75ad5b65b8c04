//! The tool that reports what a model used.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{ADDS, Answer, BOOLEAN, Call, Tool, value, workflow_of_key};
use crate::domain::usage::{self, ReportUsage, UsageSource};
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

pub(super) const TOOLS: &[Tool] = &[Tool {
    name: "report_usage",
    description: "What your work cost. Leave out what you do not know. A report_id is counted once.",
    access: ADDS,
    schema: schema_of_arguments,
    shows: &[
        ("job_id", ""),
        ("lease_token", ""),
        ("ticket_id", "Without a job."),
        ("model", "Its name."),
        ("input_tokens", "Not cached."),
        ("output_tokens", "With reasoning."),
        ("cache_read_tokens", "Cached input."),
        ("cache_write_tokens", "Newly cached."),
        ("cost", "Decimal, 0.0125."),
        ("currency", "USD, EUR…"),
    ],
    returns: &[("counted", BOOLEAN)],
    run: report,
}];

/// The body of the endpoints, and what is in their paths. An amount is shown as text, because clients' models accept one type.
fn schema_of_arguments() -> serde_json::Map<String, Value> {
    let id = |description: &str| json!({"type": "string", "description": description});
    let mut arguments = schema::of::<ReportUsage>();
    for (name, kind) in [
        ("job_id", id("The job.")),
        ("ticket_id", id("The ticket, if it is of no job.")),
        ("workflow_id", workflow_of_key()),
        ("cost", id("A decimal number, e.g. 0.0125.")),
    ] {
        arguments = schema::with(arguments, name, kind);
    }
    arguments
}

fn report(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let given = |call: &Call<'_>, name: &str| call.arguments.contains_key(name);
        let of_job = match (given(&call, "job_id"), given(&call, "ticket_id")) {
            (true, false) => true,
            (false, true) => false,
            _ => return Err(Error::invalid("job_id", "or ticket_id must be given, one of the two")),
        };
        call.name_workflow_of_key().await?;
        let id = call.take(if of_job { "job_id" } else { "ticket_id" })?;
        let workflow = match given(&call, "workflow_id") {
            true => Some(call.take("workflow_id")?),
            false => None,
        };
        let (caller, mut input) = (call.caller()?, call.read::<ReportUsage>()?);
        input.source = Some(UsageSource::Mcp);
        let db = &call.state.db;
        let reported = match of_job {
            true => usage::report_for_job(db, &caller, &id, &input).await?,
            false => usage::report_for_ticket(db, &caller, &id, workflow.as_deref(), &input).await?,
        };
        let line = if reported.counted { "Counted." } else { "It was counted already." };
        Ok(Answer::new(line, budget::compact(value(&reported)?)))
    })
}
