//! Reports about imported tickets equal figures that are computed from the file alone, by other code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use callboard::domain::import::{Mapping, UnknownPeople};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, civil};
use serde_json::{Value, json};

use super::{Fixture, fixture, fixture_file};

/// A ticket's life: created, then moved to columns of these categories.
struct Life {
    created: Timestamp,
    moves: Vec<(Timestamp, &'static str)>,
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name)).expect(name)
}

fn day(at: Timestamp) -> civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn monday(day: civil::Date) -> civil::Date {
    day - Span::new().days(i64::from(day.weekday().to_monday_zero_offset()))
}

/// How many tickets were completed in each week.
fn weekly(lives: &[Life]) -> BTreeMap<String, u64> {
    let mut weeks = BTreeMap::new();
    for (at, _) in lives.iter().flat_map(|life| &life.moves).filter(|(_, category)| *category == "done") {
        *weeks.entry(monday(day(*at)).to_string()).or_default() += 1;
    }
    weeks
}

/// How many tickets stand in columns of each category at the end of each day. Trackers hold tickets that were closed before they were
/// created; these are done from then on.
fn flow(lives: &[Life], first: civil::Date, last: civil::Date) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    let mut today = first;
    while today <= last {
        for life in lives {
            let category = match life.moves.iter().rfind(|(at, _)| day(*at) <= today) {
                Some((_, category)) => category,
                None if day(life.created) <= today => "todo",
                None => continue,
            };
            *counts.entry((today.to_string(), category.to_owned())).or_default() += 1;
        }
        today = today.tomorrow().expect("a day");
    }
    counts
}

async fn rows(fixture: &Fixture, sql: &str) -> Vec<Value> {
    let found = fixture.json(&format!("select coalesce(jsonb_agg(to_jsonb(y)), '[]') as list from ({sql}) y")).await;
    found["list"].as_array().cloned().unwrap_or_default()
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

/// Compares the reports with the file, before and after they are stored.
async fn compare(fixture: &Fixture, workflow: &str, lives: &[Life]) {
    let first = monday(lives.iter().map(|life| day(life.created)).min().expect("tickets"));
    let last = lives.iter().flat_map(|life| life.moves.iter().map(|(at, _)| day(*at)).chain([day(life.created)])).max();
    let last = monday(last.expect("tickets")) + Span::new().days(6);
    for _ in 0..2 {
        let sql = format!(
            "select period::text as week, completed from reporting.throughput('{workflow}', '{first}', '{last}', unit => 'week') where completed > 0"
        );
        let reported: BTreeMap<_, _> = rows(fixture, &sql)
            .await
            .iter()
            .map(|row| (text(row, "week"), row["completed"].as_u64().unwrap_or(0)))
            .collect();
        assert_eq!(reported, weekly(lives));
        let sql = format!(
            "select day::text, status_category, sum(tickets)::bigint as tickets
               from reporting.cumulative_flow('{workflow}', '{first}', '{last}') group by 1, 2 having sum(tickets) > 0"
        );
        let reported: BTreeMap<_, _> = rows(fixture, &sql)
            .await
            .iter()
            .map(|row| ((text(row, "day"), text(row, "status_category")), row["tickets"].as_u64().unwrap_or(0)))
            .collect();
        let expected = flow(lives, first, last);
        // Only the days that differ: there may be hundreds.
        let differing: Vec<_> = reported.iter().filter(|(day, n)| expected.get(day) != Some(n)).collect();
        let expected: Vec<_> = expected.iter().filter(|(day, n)| reported.get(day) != Some(n)).collect();
        assert_eq!(differing, expected);
        fixture.json(&format!("select logic.refresh_reporting('{workflow}', 1000000)")).await;
    }
    fixture.assert_gapless().await;
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[tokio::test]
async fn a_linear_export_brings_its_past() {
    let fixture = fixture("import_past_linear").await;
    let made =
        fixture.import_with("Port", fixture_file("linear.csv"), &Mapping::default(), UnknownPeople::Text, false).await;
    assert_eq!((made.imported, made.blockers, made.parents, made.missing_links), (5, 1, 1, 1));
    let content = bytes("linear.csv");
    let mut table = csv::Reader::from_reader(content.as_slice());
    let names = table.headers().expect("headers").clone();
    let lives: Vec<Life> = table
        .records()
        .map(|record| {
            let record = record.expect("a row");
            let cell =
                |name: &str| record.get(names.iter().position(|other| other == name).expect(name)).unwrap_or_default();
            let filled = |name: &str| Some(cell(name)).filter(|cell| !cell.is_empty()).map(at);
            let mut moves: Vec<_> = filled("Started").map(|at| (at, "active")).into_iter().collect();
            moves.extend(filled("Completed").or(filled("Canceled")).map(|at| (at, "done")));
            Life { created: at(cell("Created")), moves }
        })
        .collect();
    compare(&fixture, &made.workflow_id, &lives).await;
}

#[tokio::test]
async fn a_trello_board_brings_its_moves() {
    let fixture = fixture("import_past_trello").await;
    let made =
        fixture.import_with("Boat", fixture_file("trello.json"), &Mapping::default(), UnknownPeople::Text, false).await;
    assert_eq!((made.imported, made.comments, made.related), (4, 1, 1));
    let board: Value = serde_json::from_slice(&bytes("trello.json")).expect("JSON");
    let list = |name: &str| board[name].as_array().cloned().unwrap_or_default();
    let category = |list: &Value| match list["name"].as_str() {
        Some("Doing") => "active",
        Some("Done") => "done",
        _ => "todo",
    };
    let lives: Vec<Life> = list("cards")
        .iter()
        .map(|card| {
            let id = card["id"].as_str().unwrap_or_default();
            let seconds = i64::from_str_radix(&id[..8], 16).expect("a time");
            let mut moves: Vec<(Timestamp, &str)> = Vec::new();
            for action in list("actions").iter().rev().filter(|action| action["data"]["card"]["id"] == id) {
                let when = at(action["date"].as_str().unwrap_or_default());
                if action["data"]["listAfter"].is_object() {
                    moves.push((when, category(&action["data"]["listAfter"])));
                } else if action["data"]["old"]["closed"] == false {
                    moves.push((when, "done"));
                }
            }
            Life { created: Timestamp::from_second(seconds).expect("a time"), moves }
        })
        .collect();
    compare(&fixture, &made.workflow_id, &lives).await;
    // The hull was done twice, and its stays are known, not estimated.
    let sql = format!(
        "select s.status, s.is_estimated from reporting.stays s join reporting.tickets t using (workflow_id, ticket_id)
          where s.workflow_id = '{}' and t.title = 'Paint the hull' order by s.entered_at",
        made.workflow_id
    );
    let stays: Vec<_> =
        rows(&fixture, &sql).await.iter().map(|row| (text(row, "status"), row["is_estimated"] == true)).collect();
    let known = |status: &str| (status.to_owned(), false);
    assert_eq!(stays, [known("todo"), known("in_progress"), known("done"), known("in_progress"), known("done")]);
    let hull =
        "select started_at = '2025-03-05T12:00:00Z' as started, completed_at = '2025-03-13T12:00:00Z' as completed,
                custom_fields #>> '{imported,url}' as url from tickets where title = 'Paint the hull'";
    assert_eq!(
        fixture.json(hull).await,
        json!({"started": true, "completed": true, "url": "https://trello.com/c/short1"})
    );
}

#[tokio::test]
async fn github_issues_bring_closings_and_reopenings() {
    let fixture = fixture("import_past_github").await;
    let made = fixture
        .import_with("Tides", fixture_file("github-rest.json"), &Mapping::default(), UnknownPeople::Text, false)
        .await;
    assert_eq!((made.imported, made.parents), (5, 1));
    let content = String::from_utf8(bytes("github-rest.json")).expect("text");
    let documents: Vec<Value> =
        serde_json::Deserializer::from_str(&content).into_iter::<Value>().collect::<Result<_, _>>().expect("JSON");
    let objects: Vec<&Value> = documents.iter().filter_map(Value::as_array).flatten().collect();
    let lives: Vec<Life> = objects
        .iter()
        .filter(|object| object["number"].is_number() && object["pull_request"].is_null())
        .map(|issue| {
            let events = objects.iter().filter(|event| event["issue"]["number"] == issue["number"]);
            let mut moves: Vec<_> = events
                .filter_map(|event| match event["event"].as_str()? {
                    "closed" => Some((at(event["created_at"].as_str()?), "done")),
                    "reopened" => Some((at(event["created_at"].as_str()?), "todo")),
                    _ => None,
                })
                .collect();
            if moves.is_empty() {
                moves.extend(issue["closed_at"].as_str().map(|closed| (at(closed), "done")));
            }
            Life { created: at(issue["created_at"].as_str().unwrap_or_default()), moves }
        })
        .collect();
    compare(&fixture, &made.workflow_id, &lives).await;
}

#[tokio::test]
async fn a_real_export_brings_its_past() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/beads-issues.jsonl");
    if !file.exists() {
        return;
    }
    let content = std::fs::read_to_string(&file).expect("text");
    beads_bring_their_past("import_past_real", &content).await;
}

#[tokio::test]
async fn tickets_closed_before_they_were_created_are_done_from_then_on() {
    let issue = |id: &str, created: &str, closed: &str| {
        let (status, closed) = if closed.is_empty() { ("open", Value::Null) } else { ("closed", json!(closed)) };
        json!({"id": id, "title": id, "status": status, "created_at": created, "updated_at": created, "closed_at": closed})
            .to_string()
    };
    let content = [
        issue("cb-1", "2025-11-03T10:00:00Z", ""),
        issue("cb-2", "2025-11-05T10:00:00Z", "2025-11-04T09:00:00Z"),
        issue("cb-3", "2025-11-20T10:00:00Z", "2025-11-06T09:00:00-08:00"),
        issue("cb-4", "2025-11-06T10:00:00Z", "2025-11-18T09:00:00Z"),
    ];
    beads_bring_their_past("import_past_backwards", &content.join("\n")).await;
}

/// Compares the reports about an imported export of beads with its lines.
async fn beads_bring_their_past(hint: &str, content: &str) {
    let fixture = fixture(hint).await;
    let made = fixture.import("Beads", super::text(content)).await;
    let issues = content.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let lives: Vec<Life> = issues
        .filter(|issue| issue["status"] != "tombstone")
        .map(|issue| {
            let time = |name: &str| issue[name].as_str().map(at);
            let created = time("created_at").expect("created");
            let updated = time("updated_at").map_or(created, |updated| updated.max(created));
            let moves = match issue["status"].as_str() {
                Some("closed") => vec![(time("closed_at").unwrap_or(updated), "done")],
                Some("in_progress" | "hooked") => vec![(updated, "active")],
                _ => Vec::new(),
            };
            Life { created, moves }
        })
        .collect();
    assert_eq!(lives.len() as u64, made.imported);
    compare(&fixture, &made.workflow_id, &lives).await;
}
