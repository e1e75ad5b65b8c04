//! `callboard watch` prints events of a workflow live, one per line; `callboard board` prints the current board.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::pin::pin;

use clap::Args;
use console::Style;
use futures_util::StreamExt;
use jiff::Timestamp;
use lru::LruCache;
use serde_json::Value;

use super::changes::moment;
use super::output::{self, bold, dim, line, one_line};
use super::remote::{MemberNames, RemoteArgs, WorkflowArgs};
use super::tickets::priority_style;
use crate::client::watch::Event;
use crate::client::{Client, Cursor, Update};
use crate::domain::tickets::Card;
use crate::domain::workflows::Column;
use crate::{Error, Result};

/// Size of the cache of ticket keys and titles.
const CACHED_TICKETS: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");
/// Maximum number of cards to print per column.
const MAX_CARDS: usize = 12;

/// Flags of `callboard watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Only events of this ticket. Defaults to the whole workflow.
    pub ticket: Option<String>,
    /// Number of past events to print first.
    #[arg(long, short = 'n', default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub last: u16,
    /// Start after this sequence number.
    #[arg(long, value_name = "SEQ", conflicts_with = "last")]
    pub since: Option<i64>,
    /// Only these event types, comma-separated, e.g. status_changed,comment_added.
    #[arg(long, value_delimiter = ',', value_name = "TYPES")]
    pub events: Option<Vec<String>>,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
}

/// Flags of `callboard board`.
#[derive(Debug, Args)]
pub struct BoardArgs {
    /// Show it as it was at this time: RFC 3339, e.g. 2026-01-31T12:00:00Z, or a date, which begins at midnight here.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<Timestamp>,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
}

/// Data of a workflow for printing events.
struct Board {
    columns: Vec<Column>,
    cards: LruCache<String, (String, String)>,
    names: MemberNames,
}

impl Board {
    async fn read(client: &Client, workflow: &str, at: Option<Timestamp>) -> Result<(Self, Vec<Card>)> {
        let mut board = read(client, workflow, at).await?;
        let unexpected =
            |error: serde_json::Error| Error::Setup(format!("The server's board cannot be parsed: {error}."));
        let cards: Vec<Card> = serde_json::from_value(board["tickets"].take()).map_err(unexpected)?;
        let columns: Vec<Column> =
            serde_json::from_value(board["board_config"]["columns"].take()).map_err(unexpected)?;
        let mut known = LruCache::new(CACHED_TICKETS);
        for card in &cards {
            known.put(card.ticket_id.clone(), (card.key.clone(), card.title.clone()));
        }
        Ok((Self { columns, cards: known, names: MemberNames::of(client, workflow).await? }, cards))
    }

    fn column<'a>(&'a self, id: &'a str) -> &'a str {
        self.columns.iter().find(|column| column.id == id).and_then(|column| column.name.as_deref()).unwrap_or(id)
    }

    /// Key and title of an event's ticket, from the event, the cache or the server.
    async fn ticket(&mut self, client: &Client, event: &Event) -> (String, String) {
        let Some(id) = event.ticket_id.as_deref() else { return ("-".to_owned(), String::new()) };
        let (ticket, changes) = (&event.data["ticket"], &event.data["changes"]);
        let mut card = match (ticket["key"].as_str(), ticket["title"].as_str(), self.cards.get(id)) {
            (Some(key), Some(title), _) => (key.to_owned(), title.to_owned()),
            (_, _, Some(known)) => known.clone(),
            _ => match client.ticket(id, None).await {
                Ok(found) => (found.fields.card.key, found.fields.card.title),
                Err(_) => ("(gone)".to_owned(), String::new()),
            },
        };
        if let Some(title) = changes["title"].as_str() {
            title.clone_into(&mut card.1);
        }
        self.cards.put(id.to_owned(), card.clone());
        card
    }
}

/// Runs `callboard watch` until it is interrupted.
pub async fn watch(args: WatchArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    let workflow = args.workflow.find(&client).await?;
    let (mut board, _) = Board::read(&client, &workflow, None).await?;
    let mut cursor = client.end_of_stream(&workflow).await?;
    let room = match &args.ticket {
        Some(ticket) => format!("ticket:{}", args.workflow.ticket(&client, ticket).await?),
        None => format!("workflow:{workflow}"),
    };
    let (last, end) = (usize::from(args.last), cursor.seq);
    cursor.seq = match (args.since, &args.ticket) {
        (Some(since), _) => since.clamp(0, end),
        // The last events of the workflow may include only few of the ticket.
        (None, Some(_)) if last > 0 => 0,
        (None, _) => end - i64::from(args.last).min(end),
    };
    eprintln!("Watching {room}; press ctrl-c to stop.");
    let mut room = client.watch(&room, Some(cursor));
    // Past events are buffered until the server reports that the subscription is live; with --since all are printed.
    let mut past = args.since.is_none().then(VecDeque::new);
    // Created once, so that a signal that arrives while a line is printed is not lost.
    let (mut interrupted, mut reader_closed) = (pin!(super::interrupted()), pin!(output::reader_closed()));
    loop {
        let update = tokio::select! {
            update = room.next() => update,
            () = &mut interrupted => return Ok(()),
            () = &mut reader_closed => return Ok(()),
        };
        match update {
            None => return Ok(()),
            Some(update) => match update? {
                Update::Event(event) => {
                    if args.events.as_ref().is_some_and(|kinds| !kinds.contains(&event.kind)) {
                        continue;
                    }
                    match past.as_mut() {
                        Some(past) => {
                            past.push_back(event);
                            if past.len() > last {
                                past.pop_front();
                            }
                        }
                        None => print(&client, &mut board, &event, json).await?,
                    }
                }
                Update::Live(_) => {
                    for event in past.take().unwrap_or_default() {
                        print(&client, &mut board, &event, json).await?;
                    }
                }
                Update::Resync(Cursor { seq, .. }, _) | Update::Snapshot(Cursor { seq, .. }, _) => {
                    eprintln!("Events before {seq} are no longer available.");
                }
            },
        }
    }
}

async fn print(client: &Client, board: &mut Board, event: &Event, json: bool) -> Result<()> {
    if json {
        return output::json(&event.raw);
    }
    let (key, title) = board.ticket(client, event).await;
    let Some(text) = describe(event, board) else { return Ok(()) };
    let who = board.names.name(event.agent_id.as_deref().unwrap_or("-"));
    line(format!(
        "{}  {:<8} {}  {} {}",
        dim(&output::clock(&event.timestamp)),
        bold(&key),
        style(&event.kind).apply_to(one_line(&text)),
        dim(&title.chars().take(60).collect::<String>()),
        dim(&format!("({who})")),
    ));
    Ok(())
}

/// A short description of an event; `None` for an event that another one implies.
fn describe(event: &Event, board: &Board) -> Option<String> {
    let data = &event.data;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let first = |value: &Value| text(value).lines().next().unwrap_or_default().chars().take(100).collect::<String>();
    let job = &data["job"];
    let approval = &data["approval"];
    Some(match event.kind.as_str() {
        "ticket_created" => format!("created in {}", board.column(&text(&data["ticket"]["status"]))),
        "status_changed" => {
            format!("{} → {}", board.column(&text(&data["old_status"])), board.column(&text(&data["new_status"])))
        }
        "comment_added" => format!("comment: {}", first(&data["comment"]["comment_text"])),
        "ticket_updated" if data["field"] == "rank" => "moved within its column".to_owned(),
        "ticket_updated" if data["field"] == "due_on" => match data["new_value"].as_str() {
            Some(day) => format!("due {day}"),
            None => "no longer due".to_owned(),
        },
        "milestone_created" | "milestone_deleted" => {
            format!("milestone {} {}", first(&data["milestone"]["name"]), &event.kind["milestone_".len()..])
        }
        "milestone_updated" => {
            let field = text(&data["field"]).replace('_', " ");
            format!("milestone {}: {field} changed", first(&data["milestone"]["name"]))
        }
        "ticket_updated" => format!("{} changed", text(&data["field"]).replace('_', " ")),
        "ticket_assigned" => match data["new_agent_id"].as_str() {
            Some(id) => format!("assigned to {}", board.names.name(id)),
            None => "unassigned".to_owned(),
        },
        "ticket_blocked" => "blocked".to_owned(),
        "ticket_unblocked" => "unblocked".to_owned(),
        "ticket_resolved" => "resolved".to_owned(),
        "ticket_reopened" => "reopened".to_owned(),
        "ticket_deleted" => "deleted".to_owned(),
        "ticket_pending_review" => "pending review".to_owned(),
        "ticket_approved" => "approved".to_owned(),
        "ticket_rejected" => format!("rejected: {}", first(&approval["reason"])),
        "job_status" => format!("job {}: {}", text(&job["status"]), first(&job["title"])),
        "job_stage" => format!("job entered {}", text(&data["to_stage"])),
        "job_progress" => format!(
            "job {}% {}",
            data["progress"],
            first(data.get("message").unwrap_or(&data["job"]["progress_message"]))
        ),
        "job_message" => format!("job message: {}", first(&data["message"]["content"])),
        "usage_reported" => match data["report"]["cost"].as_str() {
            Some(cost) => format!("usage reported: {cost} {}", text(&data["report"]["currency"])),
            None => "usage reported".to_owned(),
        },
        "app_ready" => format!("specification: {}", first(&data["app"]["title"])),
        "ticket_clarification_requested" | "approval_requested" => {
            format!("question: {}", first(&approval["question"]))
        }
        kind if kind.starts_with("approval_") => {
            let answer = if approval["answer"].is_null() { &approval["reason"] } else { &approval["answer"] };
            format!("question {}: {}", &kind["approval_".len()..], first(answer))
        }
        kind => kind.replace('_', " "),
    })
}

fn style(kind: &str) -> Style {
    match kind {
        "ticket_created" | "ticket_resolved" | "ticket_approved" => Style::new().green(),
        "status_changed" | "job_stage" => Style::new().cyan(),
        "ticket_blocked" | "ticket_pending_review" | "approval_requested" | "ticket_clarification_requested" => {
            Style::new().yellow()
        }
        "ticket_deleted" | "ticket_rejected" => Style::new().red(),
        _ => Style::new(),
    }
}

/// The board, now or as it was.
async fn read(client: &Client, workflow: &str, at: Option<Timestamp>) -> Result<Value> {
    Ok(match at {
        Some(at) => client.board_at(workflow, at).await?,
        None => client.board(workflow).await?,
    })
}

/// Runs `callboard board`.
pub async fn board(args: BoardArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    let workflow = args.workflow.find(&client).await?;
    if json {
        return output::json(&read(&client, &workflow, args.at).await?);
    }
    let (board, mut cards) = Board::read(&client, &workflow, args.at).await?;
    cards.sort_by(|one, other| one.rank.cmp(&other.rank).then(one.number.cmp(&other.number)));
    for column in &board.columns {
        let here: Vec<&Card> = cards.iter().filter(|card| card.status == column.id).collect();
        let limit = column.wip_limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
        line(format!("{} {}", bold(board.column(&column.id)), dim(&format!("{}{limit}", here.len()))));
        for card in here.iter().take(MAX_CARDS) {
            let mut facts = Vec::new();
            facts.extend(card.assigned_agent_id.as_deref().map(|id| board.names.name(id).to_owned()));
            facts.extend(card.is_blocked.then(|| "blocked".to_owned()));
            facts.extend(card.due_on.as_ref().filter(|_| !card.is_resolved).map(|day| format!("due {day}")));
            let facts = if facts.is_empty() { String::new() } else { format!("({})", facts.join(", ")) };
            let title = priority_style(card.priority).apply_to(one_line(&card.title));
            line(format!("  {:<8} {title} {}", bold(&card.key), dim(&facts)));
        }
        if here.len() > MAX_CARDS {
            line(dim(&format!("  and {} more", here.len() - MAX_CARDS)));
        }
    }
    Ok(())
}
