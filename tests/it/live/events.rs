//! Events and boards for clients without sockets.

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::LiveFixture;
use crate::client::Client;

/// Reads an event stream until it has received `count` messages: (id, message).
async fn read(client: &Client, path: &str, last: Option<&str>, count: usize) -> Vec<(String, Value)> {
    let mut request = client.request(Method::GET, path).header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut body = answer.bytes_stream();
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(20), body.next()).await.expect("in time");
        text.push_str(std::str::from_utf8(&chunk.expect("a chunk").expect("a chunk")).expect("text"));
    }
    let message = |part: &str| {
        let (id, data) = part.strip_prefix("id: ")?.split_once("\ndata: ")?;
        Some((id.to_owned(), serde_json::from_str(data).expect("JSON")))
    };
    text.split("\n\n").filter_map(message).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_stream_replays_and_continues() {
    let fixture = LiveFixture::open("sse").await;
    let workflow = fixture.workflow("ann", 4).await;
    let (id, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let path = format!("/api/workflows/{workflow}/events");

    let all = read(&ann, &format!("{path}?since=0"), None, 4).await;
    assert_eq!(all.iter().map(|(_, event)| event["seq"].as_i64()).collect::<Vec<_>>(), [1, 2, 3, 4].map(Some));
    let resumed = read(&ann, &path, Some(&all[1].0), 2).await;
    assert_eq!(resumed, all[2..4]);
    let foreign = read(&ann, &path, Some("elsewhere:2"), 1).await;
    assert_eq!(foreign[0].1["type"], "resync");

    // Live from now on, and closed when the key is revoked.
    let live = tokio::spawn({
        let (ann, path) = (ann.clone(), path.clone());
        async move { read(&ann, &path, None, 2).await }
    });
    crate::harness::eventually("it listens", async || !fixture.server.live.rooms.watched().is_empty()).await;
    let mut writes = 0;
    while !live.is_finished() {
        fixture
            .run(
                "update tickets set spent_minutes = spent_minutes + 1 where number = 1 and workflow_id = $1",
                &workflow,
            )
            .await;
        writes += 1;
        assert!(writes < 3000);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let event = live.await.expect("a reader");
    assert_eq!(event.len(), 2);
    let request = ann.request(Method::GET, &path).header("accept", "text/event-stream");
    let mut open = request.send().await.expect("an answer").bytes_stream();
    fixture.run("update api_keys set revoked_at = now() where id = $1", &id).await;
    let end = async { while open.next().await.is_some_and(|chunk| chunk.is_ok()) {} };
    tokio::time::timeout(std::time::Duration::from_secs(5), end).await.expect("the stream ends");
    crate::harness::eventually("no client is connected", async || fixture.server.live.rooms.clients().is_empty()).await;
}

#[tokio::test]
async fn events_and_boards_are_paged() {
    let fixture = LiveFixture::open("pages").await;
    let workflow = fixture.workflow("ann", 7).await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let path = format!("/api/workflows/{workflow}/events");
    let head = fixture.head(&workflow).await;
    let (mut seqs, mut since) = (Vec::new(), 0);
    loop {
        let page = ann.get(&format!("{path}?since={since}&limit=3")).await.ok();
        let events = page["events"].as_array().expect("events");
        seqs.extend(events.iter().filter_map(|event| event["seq"].as_i64()));
        since = *seqs.last().expect("events");
        assert_eq!(page["last_seq"], head);
        if page["has_more"] == json!(false) {
            break;
        }
    }
    assert_eq!(seqs, (1..=head).collect::<Vec<_>>());
    for bad in ["since=-1", "since=x", "limit=0", "limit=1001", "limit=99999999999999999999", "other=1"] {
        assert!([400, 422].contains(&ann.get(&format!("{path}?{bad}")).await.status), "{bad}");
    }

    let board = ann.get(&format!("/api/board/{workflow}")).await;
    let etag = board.header("etag").expect("an ETag").to_owned();
    let board = board.ok();
    assert_eq!(etag, format!("W/\"{}:{head}\"", board["epoch"].as_str().expect("an epoch")));
    assert_eq!(board["tickets"].as_array().map(Vec::len), Some(7));
    assert_eq!((&board["workflow"]["role"], board["board_config"]["columns"].is_array()), (&json!("owner"), true));
    let again = |etag: String| {
        ann.send(ann.request(Method::GET, &format!("/api/board/{workflow}")).header("if-none-match", etag))
    };
    assert_eq!(again(etag.clone()).await.status, 304);
    fixture.run("update tickets set priority = 'low' where number = 1 and workflow_id = $1", &workflow).await;
    assert_eq!(again(etag).await.status, 200);
}
