//! Following a room over servers that go and lines that break.

use std::time::Duration;

use callboard::client::{Cursor, Error, Update, Watch};
use futures_util::StreamExt;
use serde_json::json;

use super::line::Line;
use super::sdk;
use crate::harness;
use crate::http::fixtures::{Desk, open, person, service};

/// The next thing that a watcher is told.
async fn next(watch: &mut Watch) -> Result<Update, Error> {
    let update = tokio::time::timeout(Duration::from_secs(30), watch.next()).await;
    update.expect("an update within half a minute").expect("the stream goes on")
}

/// Reads until live; answers the numbers of the events that came before.
async fn until_live(watch: &mut Watch) -> (Vec<i64>, Cursor) {
    let mut numbers = Vec::new();
    loop {
        match next(watch).await.expect("an update") {
            Update::Event(event) => numbers.push(event.seq),
            Update::Live(cursor) => return (numbers, cursor),
            Update::Snapshot(..) => {}
            Update::Resync(..) => panic!("nothing was lost"),
        }
    }
}

/// Reads events until one has this number.
async fn events_up_to(watch: &mut Watch, last: i64) -> Vec<i64> {
    let mut numbers = Vec::new();
    while numbers.last().is_none_or(|seq| *seq < last) {
        match next(watch).await.expect("an update") {
            Update::Event(event) => numbers.push(event.seq),
            Update::Live(..) => {}
            other => panic!("not expected: {other:?}"),
        }
    }
    numbers
}

#[tokio::test]
async fn a_watcher_misses_nothing_and_hears_nothing_twice_while_servers_go_and_lines_break() {
    let server = open("sdk_watch").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    let line = Line::to(&server.url).await;
    let client = sdk(&desk.owner, &line.url);
    let mut watch = client.watch(&format!("workflow:{}", desk.workflow), None);
    let (before, start) = until_live(&mut watch).await;
    assert_eq!(before, [] as [i64; 0], "it begins with a snapshot");
    let mut heard = Vec::new();
    let end = async || client_end(&desk).await;
    for round in 0..4 {
        desk.ticket(&format!("Live {round}")).await;
        heard.extend(events_up_to(&mut watch, end().await).await);
        line.cut();
        // Said while nobody could hear it.
        for number in 0..5 {
            desk.ticket(&format!("Unheard {round} {number}")).await;
        }
        line.lead_to(&server.url);
        heard.extend(events_up_to(&mut watch, end().await).await);
    }
    // The server goes; another takes its place on the same database.
    let other = server.beside(&["--request-rate", "1000000"]).await;
    line.cut();
    let desk = Desk { owner: other.bearer(desk.owner.token.as_deref().expect("a token")), workflow: desk.workflow };
    desk.ticket("In between").await;
    line.lead_to(&other.url);
    desk.ticket("After").await;
    let last = client_end(&desk).await;
    heard.extend(events_up_to(&mut watch, last).await);
    assert_eq!(heard, (start.seq + 1..=last).collect::<Vec<_>>());
    // A new process goes on from a cursor that it had kept.
    let kept = Cursor { epoch: start.epoch.clone(), seq: start.seq + 3 };
    let kept: Cursor = serde_json::from_str(&serde_json::to_string(&kept).expect("text")).expect("a cursor");
    let mut again = client.watch(&format!("workflow:{}", desk.workflow), Some(kept));
    let (caught_up, _) = until_live(&mut again).await;
    assert_eq!(caught_up, (start.seq + 4..=last).collect::<Vec<_>>());
}

/// The last number of the stream.
async fn client_end(desk: &Desk) -> i64 {
    sdk(&desk.owner, &desk.owner.url).end_of_stream(&desk.workflow).await.expect("a cursor").seq
}

#[tokio::test]
async fn what_cannot_be_resumed_is_said() {
    let server = open("sdk_resync").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    desk.ticket("There").await;
    let client = sdk(&desk.owner, &server.url);
    let other_life = Cursor { epoch: "another".into(), seq: 1 };
    let mut watch = client.watch(&format!("workflow:{}", desk.workflow), Some(other_life));
    let Ok(Update::Resync(cursor, board)) = next(&mut watch).await else { panic!("a resync") };
    assert_eq!((board["tickets"][0]["title"].as_str(), cursor.seq), (Some("There"), client_end(&desk).await));
}

#[tokio::test]
async fn a_room_that_may_not_be_watched_ends_with_the_reason() {
    let server = open("sdk_rooms").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    let stranger = person(&server, "stranger").await;
    let mut watch = sdk(&stranger, &server.url).watch(&format!("workflow:{}", desk.workflow), None);
    let error = next(&mut watch).await.expect_err("not theirs");
    assert_eq!(error.problem().map(|problem| problem.status), Some(404), "{error}");
    assert!(watch.next().await.is_none());

    // A key that is revoked while somebody watches.
    let program = service(&server, "watcher", &["read"]).await;
    let path = format!("/api/workflows/{}/members/watcher", desk.workflow);
    desk.owner.put(&path, json!({"role": "viewer"})).await.ok();
    let mut watch = sdk(&program, &server.url).watch(&format!("workflow:{}", desk.workflow), None);
    until_live(&mut watch).await;
    server.sql("update api_keys set revoked_at = now()", &[]).await;
    let mut ended = None;
    harness::eventually("the room ends", async || {
        if let Err(error) = next(&mut watch).await {
            ended = Some(error);
        }
        ended.is_some()
    })
    .await;
    let status = ended.as_ref().and_then(|error| error.problem()).map(|problem| problem.status);
    assert!(matches!(status, Some(401 | 403)), "{ended:?}");
}
