//! Tools for commits. Diffs can be long: they are paged by file, and each in excerpts.

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Access, Answer, Call, SETS, STRING, Tool, value, workflow_of_key};
use crate::domain::accounts::Caller;
use crate::domain::commits::{self, CommitDiff, FileDiff};
use crate::domain::tickets::moves::{self, LinkCommit};
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

/// Maximum characters of a file's diff in an overview, and when the file is requested.
const OVERVIEW_LENGTH: usize = 3000;
const FILE_LENGTH: usize = 20_000;

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "link_commit_to_ticket",
        description: "Links a commit to a ticket, so that people can read its diff there.",
        access: SETS,
        schema: || schema::with(schema::of::<LinkCommit>(), "workflow_id", workflow_of_key()),
        shows: &[("ticket_id", ""), ("workflow_id", ""), ("commit_sha", "Hex digits.")],
        returns: &[("ticket_id", STRING)],
        run: link,
    },
    Tool {
        name: "get_commit_diff",
        description: "What a commit of an attached repository changed. One file whole: path, offset.",
        access: Access::Read,
        schema: schema::of::<DiffArguments>,
        shows: &[("commit_sha", "Hex digits."), ("path", "One file."), ("offset", ""), ("cursor", "")],
        returns: &[],
        run: diff,
    },
];

/// The commit, and which part of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DiffArguments {
    /// 4 to 64 hexadecimal digits.
    commit_sha: String,
    /// Look in this workflow's repository only.
    workflow_id: Option<String>,
    /// Only this file, in full.
    path: Option<String>,
    /// With `path`: the character of its diff to start at.
    #[schema(minimum = 0)]
    offset: Option<usize>,
    /// `next_cursor` of the previous answer.
    cursor: Option<String>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// The data of a commit from the workflow's repository, if it has one with that commit.
pub(super) async fn described(
    call: &Call<'_>,
    caller: &Caller,
    ticket: &str,
    sha: Option<&str>,
) -> Result<Option<Value>> {
    match sha {
        Some(sha) => commits::describe(&call.state.db, &call.state.config, caller, ticket, sha).await,
        None => Ok(None),
    }
}

fn link(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_ticket_key().await?;
        let (caller, input) = (call.caller()?, call.read::<LinkCommit>()?);
        let git = described(&call, &caller, &input.ticket_id, Some(&input.commit_sha)).await?;
        Answer::with_message(&moves::link_commit(&call.state.db, &caller, &input, git).await?)
    })
}

fn diff(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<DiffArguments>()?;
        let from = budget::parse_offset(input.cursor.as_deref())?;
        let (db, config) = (&call.state.db, &call.state.config);
        let mut found =
            commits::diff(db, config, &call.caller, &input.commit_sha, input.workflow_id.as_deref()).await?;
        let files = std::mem::take(&mut found.files);
        let (total, sha) = (found.total_files, found.commit_sha.get(..12).unwrap_or(&found.commit_sha).to_owned());
        if let Some(path) = &input.path {
            let file = files
                .iter()
                .find(|file| file.path == *path)
                .ok_or_else(|| Error::problem(404, "not_found", format!("The commit {sha} does not change {path}.")))?;
            let data = file_part(file, input.offset.unwrap_or(0), FILE_LENGTH)?;
            return Ok(Answer::new(format!("The diff of {path} in {sha}."), data));
        }
        let parts =
            files.iter().skip(from).map(|file| file_part(file, 0, OVERVIEW_LENGTH)).collect::<Result<Vec<_>>>()?;
        let (listed, count) = budget::fit(parts, budget::RESPONSE_BUDGET);
        let mut data = head(&found)?;
        data["files"] = json!(listed);
        if from + count < files.len() {
            data["next_cursor"] = json!((from + count).to_string());
        }
        Ok(Answer::new(format!("{sha} changes {total} files; {count} of them here."), data))
    })
}

/// The commit without its files and without duplicate members.
fn head(found: &CommitDiff) -> Result<Value> {
    let mut data = value(found)?;
    if let Some(members) = data.as_object_mut() {
        for twice in ["message", "timestamp", "files_changed", "insertions", "deletions"] {
            members.remove(twice);
        }
    }
    data["commit_message"] = budget::truncate(&found.commit_message, 4000).into();
    Ok(data)
}

/// A file with an excerpt of its diff.
fn file_part(file: &FileDiff, offset: usize, length: usize) -> Result<Value> {
    let (text, next) = budget::excerpt(&file.diff, offset, length);
    let mut data = value(&FileDiff { diff: text.to_owned(), ..file.clone() })?;
    data["truncated"] = json!(file.truncated || next.is_some() || offset > 0);
    if let Some(next) = next {
        data["next_offset"] = json!(next);
    }
    Ok(budget::compact(data))
}
