//! Following a room across server restarts and broken connections.

use std::time::Duration;

use callboard::client::{Cursor, Error, Update, Watch};
use futures_util::StreamExt;
use serde_json::json;

use super::client_for;
use super::faulty_proxy::FaultyProxy;
use crate::harness;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user};

/// The next item of a watch.
async fn next(watch: &mut Watch) -> Result<Update, Error> {
    let update = tokio::time::timeout(Duration::from_secs(30), watch.next()).await;
    update.expect("an update within half a minute").expect("the stream goes on")
}

/// Reads until live; returns the sequence numbers of the earlier events.
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

/// Reads events up to this sequence number.
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
async fn a_watch_gets_each_event_once_across_restarts_and_disconnects() {
    let server = open("sdk_watch").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let proxy = FaultyProxy::to(&server.url).await;
    let client = client_for(&fixture.owner, &proxy.url);
    let mut watch = client.watch(&format!("workflow:{}", fixture.workflow), None);
    let (before, start) = until_live(&mut watch).await;
    assert_eq!(before, [] as [i64; 0], "starts with a snapshot");
    let mut seen = Vec::new();
    let end = async || client_end(&fixture).await;
    for round in 0..4 {
        fixture.ticket(&format!("Live {round}")).await;
        seen.extend(events_up_to(&mut watch, end().await).await);
        proxy.disconnect();
        // Written while the client was disconnected.
        for number in 0..5 {
            fixture.ticket(&format!("Unheard {round} {number}")).await;
        }
        proxy.redirect_to(&server.url);
        seen.extend(events_up_to(&mut watch, end().await).await);
    }
    // The server stops; another takes over on the same database.
    let other = server.second_server(&["--request-rate", "1000000"]).await;
    proxy.disconnect();
    let fixture = TestWorkflow {
        owner: other.bearer(fixture.owner.token.as_deref().expect("a token")),
        workflow: fixture.workflow,
    };
    fixture.ticket("In between").await;
    proxy.redirect_to(&other.url);
    fixture.ticket("After").await;
    let last = client_end(&fixture).await;
    seen.extend(events_up_to(&mut watch, last).await);
    assert_eq!(seen, (start.seq + 1..=last).collect::<Vec<_>>());
    // A new process resumes from a stored cursor.
    let kept = Cursor { epoch: start.epoch.clone(), seq: start.seq + 3 };
    let kept: Cursor = serde_json::from_str(&serde_json::to_string(&kept).expect("text")).expect("a cursor");
    let mut again = client.watch(&format!("workflow:{}", fixture.workflow), Some(kept));
    let (caught_up, _) = until_live(&mut again).await;
    assert_eq!(caught_up, (start.seq + 4..=last).collect::<Vec<_>>());
}

/// The last number of the stream.
async fn client_end(fixture: &TestWorkflow) -> i64 {
    client_for(&fixture.owner, &fixture.owner.url).end_of_stream(&fixture.workflow).await.expect("a cursor").seq
}

#[tokio::test]
async fn an_unusable_cursor_is_reported() {
    let server = open("sdk_resync").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    fixture.ticket("There").await;
    let client = client_for(&fixture.owner, &server.url);
    let other_life = Cursor { epoch: "another".into(), seq: 1 };
    let mut watch = client.watch(&format!("workflow:{}", fixture.workflow), Some(other_life));
    let Ok(Update::Resync(cursor, board)) = next(&mut watch).await else { panic!("a resync") };
    assert_eq!((board["tickets"][0]["title"].as_str(), cursor.seq), (Some("There"), client_end(&fixture).await));
}

#[tokio::test]
async fn a_forbidden_room_ends_with_the_reason() {
    let server = open("sdk_rooms").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let outsider = signed_in_user(&server, "outsider").await;
    let mut watch = client_for(&outsider, &server.url).watch(&format!("workflow:{}", fixture.workflow), None);
    let error = next(&mut watch).await.expect_err("not theirs");
    assert_eq!(error.problem().map(|problem| problem.status), Some(404), "{error}");
    assert!(watch.next().await.is_none());

    // A key revoked during a watch.
    let program = service_client(&server, "watcher", &["read"]).await;
    let path = format!("/api/workflows/{}/members/watcher", fixture.workflow);
    fixture.owner.put(&path, json!({"role": "viewer"})).await.ok();
    let mut watch = client_for(&program, &server.url).watch(&format!("workflow:{}", fixture.workflow), None);
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
