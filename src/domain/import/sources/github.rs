//! GitHub issues: the JSON of the REST API and of `gh issue list --json`. A file may also hold the comments and the events of
//! the repository (`issues/comments`, `issues/events`) and its milestones, before or after the issues.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{json_time, one_text};
use crate::domain::import::dates::Dates;
use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::json::{self, Object, each_object, get, number, objects, text};
use crate::domain::import::milestones::Milestone;
use crate::domain::import::model::{Batch, Comment, Move, Stage, Ticket};
use crate::domain::import::names::stage_of_name;

/// Reads an export.
pub fn read(files: &Files) -> Result<Batch, String> {
    let mut batch = Batch::new(Format::Github);
    let content = one_text(files, &mut batch)?;
    let mut loose = Loose::default();
    let mut line = 0;
    each_object(&content, |object| {
        line += 1;
        if object.contains_key("issue_url") && object.contains_key("body") {
            loose.comment(&mut batch, line, &object);
        } else if object.contains_key("event") {
            loose.event(&mut batch, &object);
        } else if object.contains_key("open_issues") && object.contains_key("due_on") {
            let milestone = milestone(&mut batch, line, &object);
            batch.describe_milestone(milestone);
        } else if object.contains_key("number") {
            issue(&mut batch, &mut loose, line, &object);
        } else {
            batch.reject(line, "is no issue, comment, event or milestone");
        }
    })?;
    loose.attach(&mut batch);
    Ok(batch)
}

/// What the file says about issues outside of their objects, by the issue's reference.
#[derive(Default)]
struct Loose {
    comments: HashMap<String, Vec<Comment>>,
    moves: HashMap<String, Vec<(Timestamp, bool)>>,
    /// How many comments an issue has, if they are not in its object.
    announced: HashMap<String, u64>,
}

impl Loose {
    fn comment(&mut self, batch: &mut Batch, line: u64, object: &Object) {
        let Some(reference) = text(object, &["issue_url"]).and_then(|url| reference_of(&url)) else {
            return batch.reject(line, "is a comment of an unknown issue");
        };
        let comment = comment(batch, line, object);
        self.comments.entry(reference).or_default().push(comment);
    }

    fn event(&mut self, batch: &mut Batch, object: &Object) {
        let kind = text(object, &["event"]).unwrap_or_default();
        let at = text(object, &["created_at"]).and_then(|at| Dates::default().read(&at));
        let issue = get(object, &["issue"]).and_then(Value::as_object);
        let reference = issue.and_then(|issue| text(issue, &["html_url", "url"])).and_then(|url| reference_of(&url));
        match (kind.as_str(), at, reference) {
            ("closed" | "reopened", Some(at), Some(reference)) => {
                self.moves.entry(reference).or_default().push((at, kind == "closed"));
            }
            _ => batch.not_taken.add("events", "only closing and reopening are taken", &kind),
        }
    }

    fn attach(mut self, batch: &mut Batch) {
        for (reference, comments) in self.comments {
            self.announced.remove(&reference);
            match batch.find(&reference) {
                Some(ticket) => ticket.comments.extend(comments),
                None => batch.not_taken.add_many(
                    "comments of other issues",
                    "their issue is not in the file",
                    &reference,
                    comments.len() as u64,
                ),
            }
        }
        let mut announced: Vec<_> = self.announced.into_iter().collect();
        announced.sort();
        for (reference, count) in announced {
            let how = "the file holds only their number; add the output of `gh api --paginate repos/OWNER/REPO/issues/comments`";
            batch.not_taken.add_many("comments", how, &reference, count);
        }
        for (reference, mut steps) in self.moves {
            steps.sort();
            let Some(ticket) = batch.find(&reference) else { continue };
            let closed = if ticket.stage == Some(Stage::Done) { ticket.state.clone() } else { "closed".to_owned() };
            let open = if ticket.stage == Some(Stage::Done) { "open".to_owned() } else { ticket.state.clone() };
            let name = |is_closed| if is_closed { &closed } else { &open };
            ticket.moves = steps
                .into_iter()
                .map(|(at, is_closed)| Move { from: name(!is_closed).clone(), to: name(is_closed).clone(), at })
                .collect();
        }
    }
}

fn issue(batch: &mut Batch, loose: &mut Loose, line: u64, object: &Object) {
    let number = text(object, &["number"]).unwrap_or_default();
    let url = text(object, &["html_url", "url"]);
    let reference = url.as_deref().and_then(reference_of).unwrap_or_else(|| format!("#{number}"));
    if object.contains_key("pull_request") || url.as_deref().is_some_and(|url| url.contains("/pull/")) {
        return batch.not_taken.add("pull requests", "only issues are imported", &reference);
    }
    let (state, stage) = state(object);
    let labels = labels(batch, line, object);
    let kind = text(object, &["type", "issueType"]).or_else(|| {
        let known = ["bug", "enhancement", "feature", "task", "question", "documentation"];
        labels.iter().map(|label| label.to_lowercase()).find(|label| known.contains(&label.as_str()))
    });
    let mut people: Vec<String> = objects(object, "assignees").filter_map(|user| person(batch, user)).collect();
    if people.is_empty() {
        people.extend(get(object, &["assignee"]).and_then(Value::as_object).and_then(|user| person(batch, user)));
    }
    let author = get(object, &["user", "author"]).and_then(Value::as_object).and_then(|user| person(batch, user));
    let mut description = text(object, &["body"]).unwrap_or_default();
    super::add_further_people(&mut description, people.iter().skip(1));
    let mut tags = labels;
    let milestone = match get(object, &["milestone"]) {
        Some(Value::Object(said)) => {
            let milestone = milestone(batch, line, said);
            batch.milestone(milestone, &mut tags)
        }
        _ => batch.milestone_named(text(object, &["milestone"]).as_deref(), &mut tags),
    };
    let comments: Vec<Comment> = objects(object, "comments").map(|object| comment(batch, line, object)).collect();
    if let Some(count) = object.get("comments").and_then(Value::as_u64).filter(|count| *count > 0) {
        loose.announced.insert(reference.clone(), count);
    }
    let reactions = get(object, &["reactions"]).and_then(|value| value.get("total_count")).and_then(Value::as_u64);
    let reactions = reactions.unwrap_or_else(|| {
        objects(object, "reactionGroups").filter_map(|group| group.get("users")?.get("totalCount")?.as_u64()).sum()
    });
    if reactions > 0 {
        batch.not_taken.add_many("reactions", "reactions of issues are not imported", &reference, reactions);
    }
    let parent = get(object, &["parent_issue_url", "parent"]).and_then(|value| link(value, &reference));
    let ticket = Ticket {
        line,
        title: text(object, &["title"]).unwrap_or_default(),
        description,
        state,
        stage,
        ticket_type: kind,
        author,
        assignee: people.into_iter().next(),
        tags,
        milestone,
        created_at: json_time(batch, line, object, &["created_at", "createdAt"]),
        updated_at: json_time(batch, line, object, &["updated_at", "updatedAt"]),
        closed_at: json_time(batch, line, object, &["closed_at", "closedAt"]).filter(|_| stage == Some(Stage::Done)),
        parent,
        blocked_by: links(object, "blockedBy", &reference),
        blocks: links(object, "blocking", &reference),
        comments,
        url,
        reference,
        ..Ticket::default()
    };
    batch.add(ticket);
}

/// The labels. A value that is none is reported.
fn labels(batch: &mut Batch, line: u64, object: &Object) -> Vec<String> {
    let Some(value) = get(object, &["labels"]) else { return Vec::new() };
    let Some(list) = value.as_array() else {
        batch.warn(line, format!("has {} as labels, not a list", json::kind(value)));
        return Vec::new();
    };
    let mut labels = Vec::new();
    for label in list {
        match json::as_text(label) {
            Some(name) => labels.push(name),
            None => batch.warn(line, format!("has {} in labels, not a name", json::kind(label))),
        }
    }
    labels
}

fn milestone(batch: &mut Batch, line: u64, object: &Object) -> Milestone {
    let closed_at = json_time(batch, line, object, &["closed_at", "closedAt"]);
    let state = text(object, &["state"]).map(|state| state.to_lowercase());
    Milestone {
        name: text(object, &["title"]).unwrap_or_default(),
        description: text(object, &["description"]).unwrap_or_default(),
        due_at: json_time(batch, line, object, &["due_on", "dueOn"]),
        is_closed: state.map(|state| state == "closed").or(closed_at.map(|_| true)),
        closed_at,
        ..Milestone::default()
    }
}

/// The state, with the reason of closing; the column of a project if the issue is open and in one. A state that GitHub does not have
/// is mapped by its name like those of other trackers, and reported.
fn state(object: &Object) -> (String, Option<Stage>) {
    let state = text(object, &["state"]).unwrap_or_default().to_lowercase();
    let reason = text(object, &["state_reason", "stateReason"]).unwrap_or_default().to_lowercase();
    if state == "closed" {
        let state = match reason.as_str() {
            "not_planned" => "closed as not planned",
            "duplicate" => "closed as duplicate",
            _ => "closed",
        };
        return (state.to_owned(), Some(Stage::Done));
    }
    if state != "open" {
        return (state, None);
    }
    let column = objects(object, "projectItems").find_map(|item| text(item, &["status"]));
    match column {
        // An issue that is still open is not done, whatever its column is called.
        Some(column) if stage_of_name(&column) != Some(Stage::Done) => (column, None),
        _ => ("open".to_owned(), Some(Stage::Open)),
    }
}

fn comment(batch: &mut Batch, line: u64, object: &Object) -> Comment {
    let author = get(object, &["user", "author"]).and_then(Value::as_object).and_then(|user| person(batch, user));
    let created_at = json_time(batch, line, object, &["created_at", "createdAt"]);
    Comment { author, text: text(object, &["body"]).unwrap_or_default(), is_resolution: false, created_at }
}

fn person(batch: &mut Batch, user: &Object) -> Option<String> {
    let login = text(user, &["login"])?;
    batch.people.note_with(&login, text(user, &["email"]).as_deref())
}

/// `owner/repo#12` for the address of an issue, of a page or of the API.
fn reference_of(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next()?.split("://").nth(1)?;
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let parts = match parts.as_slice() {
        ["repos", rest @ ..] | ["api", "v3", "repos", rest @ ..] | rest => rest,
    };
    match parts {
        [owner, repository, "issues", number] if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(format!("{owner}/{repository}#{number}"))
        }
        _ => None,
    }
}

/// The issue that a value names: an address, or an object with one or with a number in the same repository.
fn link(value: &Value, of: &str) -> Option<String> {
    match value {
        Value::String(url) => reference_of(url),
        Value::Object(object) => text(object, &["html_url", "url"]).and_then(|url| reference_of(&url)).or_else(|| {
            let repository = of.split('#').next().unwrap_or_default();
            number(object, &["number"]).map(|number| format!("{repository}#{number}"))
        }),
        _ => None,
    }
}

/// The issues of a list, or of the nodes of a connection.
fn links(object: &Object, name: &str, of: &str) -> Vec<String> {
    let Some(value) = object.get(name) else { return Vec::new() };
    let list = value.as_array().or_else(|| value.get("nodes").and_then(Value::as_array));
    list.into_iter().flatten().filter_map(|value| link(value, of)).collect()
}
