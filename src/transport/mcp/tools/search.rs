//! Tools that search tickets.

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Access, Answer, BOOLEAN, Call, LIST, Tool, value, workflow_of_key};
use crate::Result;
use crate::domain::search::similar::{self, CheckDuplicate};
use crate::domain::search::{self, SearchTickets};
use crate::transport::mcp::{budget, schema};

pub(super) const TOOLS: &[Tool] = &[Tool {
    name: "search_tickets",
    description: "Finds tickets by words and meaning, best first. Search before you create. `notice`: only words were \
            compared.",
    access: Access::Read,
    schema: schema::of::<SearchTickets>,
    shows: &[
        ("workflow_id", ""),
        ("query", "Words, \"phrase\", -without."),
        ("search_type", "Default hybrid."),
        ("filters", "Narrows it."),
        ("limit", ""),
    ],
    returns: &[("results", LIST)],
    run: find,
}];

/// Tools that compare tickets.
pub(super) const SIMILAR: &[Tool] = &[
    Tool {
        name: "related_tickets",
        description: "What resembles a ticket, and how they are linked.",
        access: Access::Read,
        schema: || schema::with(schema::of::<RelatedArguments>(), "workflow_id", workflow_of_key()),
        shows: &[("ticket_id", ""), ("workflow_id", "")],
        returns: &[("related", LIST)],
        run: related,
    },
    Tool {
        name: "check_duplicate",
        description: "Compares a draft with a workflow's tickets: duplicate_of says the same, similar_tickets are near. \
            meaning_checked false: by titles only.",
        access: Access::Read,
        schema: schema::of::<CheckDuplicate>,
        shows: &[("workflow_id", ""), ("title", "Of the draft."), ("description", "Of the draft.")],
        returns: &[("is_duplicate", BOOLEAN)],
        run: check,
    },
];

/// The ticket, and how many results.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RelatedArguments {
    /// The ticket: its id, or its key with workflow_id.
    ticket_id: String,
    /// 1 to 50. Defaults to 5.
    #[schema(minimum = 1, maximum = 50)]
    limit: Option<i32>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

fn find(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_filter_names().await?;
        let input = call.read::<SearchTickets>()?;
        let found = search::tickets(&call.state.db, &call.state.embeddings, &call.caller, &input).await?;
        let line = format!("{} found for {:?}.", found.total_found, budget::truncate(&input.query, 80));
        let mut data = value(&found)?;
        let results = data["results"].as_array_mut().map(std::mem::take).unwrap_or_default();
        let results = results.into_iter().map(|mut result| {
            if let Some(members) = result.as_object_mut() {
                members.remove("highlighted_title");
                let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                let (preview, description) = (unmarked(&text("preview")), budget::truncate(&text("description"), 300));
                // A description that is whole contains it.
                let repeats = description.contains(&preview.replace("**", ""));
                members.insert("preview".to_owned(), if repeats { Value::Null } else { preview.into() });
                members.insert("description".to_owned(), description.into());
                members.remove("created_at");
            }
            budget::compact(result)
        });
        let (results, count) = budget::fit(results.collect(), budget::RESPONSE_BUDGET);
        if count < found.results.len() {
            data["truncated"] = json!(format!("Only {count} fit here; ask for a smaller limit or narrower filters."));
        }
        for name in ["success", "query", "search_time_ms"] {
            data[name] = Value::Null;
        }
        let mut data = budget::compact(data);
        data["results"] = json!(results);
        Ok(Answer::new(line, data))
    })
}

/// An HTML preview as plain text, with matches between asterisks.
fn unmarked(html: &str) -> String {
    html.replace("<mark>", "**")
        .replace("</mark>", "**")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn related(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_ticket_key().await?;
        let input = call.read::<RelatedArguments>()?;
        let found = similar::related(&call.state.db, &call.caller, &input.ticket_id, input.limit).await?;
        let line = format!("{} tickets resemble it.", found.related.len());
        let mut data = value(&found)?;
        let related = found.related.iter().map(|one| Ok(budget::compact(value(one)?))).collect::<Result<Vec<_>>>()?;
        data["related"] = json!(budget::fit(related, budget::RESPONSE_BUDGET).0);
        Ok(Answer::new(line, data))
    })
}

fn check(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<CheckDuplicate>()?;
        let found = similar::check_duplicate(&call.state.db, &call.state.embeddings, &call.caller, &input).await?;
        let line = match &found.duplicate_of {
            Some(same) => format!("{} says the same: {}", same.key, budget::truncate(&same.title, 200)),
            None if found.meaning_checked => "No ticket says the same.".to_owned(),
            None => "No ticket has the same title, but not all were compared in meaning.".to_owned(),
        };
        Ok(Answer::new(line, budget::compact(value(&found)?)))
    })
}
