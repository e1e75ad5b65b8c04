//! Socket authentication, authorization, and the delay of revocation.

use std::time::{Duration, Instant};

use serde_json::json;

use super::fixtures::LiveFixture;
use super::socket::{Socket, SocketEvent};
use crate::harness;

/// The maximum delay of a revocation.
const MAX_REVOCATION_DELAY: Duration = Duration::from_secs(2);

#[tokio::test]
async fn foreign_origins_are_refused() {
    let fixture = LiveFixture::with("origins", &["--public-url", "https://board.example"]).await;
    let url = &fixture.server.url;
    let own = url.clone();
    for good in [own.as_str(), "https://board.example"] {
        assert!(Socket::try_open(url, &[("origin", good)]).await.is_ok(), "{good}");
    }
    assert!(Socket::try_open(url, &[]).await.is_ok(), "clients without an Origin header are accepted");
    for foreign in [
        "null",
        "https://evil.example",
        "https://board.example.evil.org",
        "http://board.example",
        "https://board.example:1234",
        &format!("{own}.evil.org"),
    ] {
        assert!(Socket::try_open(url, &[("origin", foreign)]).await.is_err(), "{foreign}");
    }
}

#[tokio::test]
async fn sockets_accept_each_credential() {
    let fixture = LiveFixture::open("signin").await;
    let workflow = fixture.workflow("ann", 1).await;
    let room = format!("workflow:{workflow}");
    let (_, token) = fixture.session("ann").await;
    let url = &fixture.server.url;

    let mut by_message = Socket::try_open(url, &[]).await.expect("a socket");
    by_message.until("connected").await;
    by_message.send(json!({"type": "auth", "token": token})).await;
    assert_eq!(by_message.until("authenticated").await["actor"], "ann");
    by_message.subscribe(&room, None).await;
    by_message.until("subscribed").await;

    let answer = fixture.server.bearer(&token).post("/api/auth/ws-ticket", json!({})).await.json;
    let protocols = format!("callboard.v1, callboard.ticket.{}", answer["ticket"].as_str().expect("a ticket"));
    let mut by_ticket = Socket::try_open(url, &[("sec-websocket-protocol", &protocols)]).await.expect("a socket");
    by_ticket.subscribe(&room, None).await;
    by_ticket.until("subscribed").await;
    assert!(
        Socket::try_open(url, &[("sec-websocket-protocol", &protocols)]).await.is_err(),
        "a socket ticket is single-use"
    );

    assert!(Socket::try_open(url, &[("authorization", "Bearer cb_nonsense")]).await.is_err());
    assert!(Socket::try_open(&format!("{url}/ws?token={token}"), &[]).await.is_err(), "tokens in URLs are rejected");
    let open = fixture.server.second_server(&["--ws-token-query", "true"]).await;
    let mut by_query = Socket::try_open(&format!("{}/ws?token={token}", open.url), &[]).await.expect("a socket");
    by_query.until("authenticated").await;

    for first in [json!({"type": "subscribe", "room": room}), json!({"type": "auth", "token": "x"})] {
        let mut anonymous = Socket::try_open(url, &[]).await.expect("a socket");
        anonymous.send(first).await;
        assert_eq!(anonymous.closed().await, 4001);
    }
}

/// A fault of the server says nothing about a credential.
#[tokio::test]
async fn a_socket_that_signs_in_while_the_database_is_away_may_try_again() {
    let fixture = LiveFixture::open("away").await;
    let (_, key) = fixture.key("ann").await;
    let name: String = fixture.sql.query_one("select current_database()::text", &[]).await.expect("a name").get(0);
    let admin = harness::connect(harness::postgres().await.url()).await;
    let mut socket = Socket::try_open(&fixture.server.url, &[]).await.expect("a socket");
    socket.until("connected").await;
    admin
        .batch_execute(&format!("alter database {name} with allow_connections false"))
        .await
        .expect("no new connections");
    admin
        .execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", &[&name])
        .await
        .expect("end the connections");
    socket.send(json!({"type": "auth", "token": key})).await;
    assert_eq!(socket.closed().await, 1013);

    admin.batch_execute(&format!("alter database {name} with allow_connections true")).await.expect("back");
    harness::eventually("the server signs in again", async || {
        let mut again = Socket::try_open(&fixture.server.url, &[]).await.expect("a socket");
        again.send(json!({"type": "auth", "token": key})).await;
        loop {
            match again.receive().await {
                SocketEvent::Message(message) if message["type"] == "authenticated" => return true,
                SocketEvent::Message(_) => {}
                SocketEvent::Closed(code) => {
                    assert_eq!(code, 1013);
                    return false;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn rooms_of_other_tenants_look_absent() {
    let fixture = LiveFixture::open("tenants").await;
    let workflow = fixture.workflow("ann", 1).await;
    let ticket: String = fixture.sql.query_one("select id from tickets", &[]).await.expect("a ticket").get(0);
    let mut bob = fixture.socket("bob").await;
    for (room, absent) in [
        (format!("workflow:{workflow}"), "workflow:workflow-0".to_owned()),
        (format!("ticket:{ticket}"), "ticket:ticket-0".to_owned()),
        ("job:1".to_owned(), "nonsense".to_owned()),
    ] {
        let mut answers = Vec::new();
        for room in [&room, &absent] {
            for since in [None, Some(("x", 3))] {
                bob.subscribe(room, since).await;
                let error = bob.until("error").await.to_string();
                answers.push(error.replace(room.as_str(), "ROOM"));
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(answers[0].contains("not_found"));
    }
    let (_, key) = fixture.key("bob").await;
    let bob = fixture.server.bearer(&key);
    for path in ["/api/board/ID", "/api/workflows/ID/events"] {
        let theirs = bob.get(&path.replace("ID", &workflow)).await.json.to_string().replace(&workflow, "ID");
        let missing = bob.get(&path.replace("ID", "workflow-0")).await.json.to_string().replace("workflow-0", "ID");
        assert_eq!(theirs, missing);
    }
    let stream = bob
        .send(
            bob.request(reqwest::Method::GET, &format!("/api/workflows/{workflow}/events"))
                .header("accept", "text/event-stream"),
        )
        .await;
    assert_eq!(stream.refused(404), "not_found");
}

#[tokio::test]
async fn a_revoked_credential_gets_no_more_events() {
    let fixture = LiveFixture::open("revoked").await;
    let workflow = fixture.workflow("ann", 3).await;
    let room = format!("workflow:{workflow}");
    for what in ["key", "session", "actor"] {
        let (id, credential) = if what == "session" { fixture.session("ann").await } else { fixture.key("ann").await };
        let mut socket = Socket::open(&fixture.server.url, &credential).await;
        socket.subscribe(&room, None).await;
        socket.until("subscribed").await;
        let statement = match what {
            "key" => "update api_keys set revoked_at = now() where id = $1",
            "session" => "update sessions set revoked_at = now() where id = $1",
            _ => "update actors set disabled_at = now() where id = (select actor_id from api_keys where id = $1)",
        };
        fixture.run(statement, &id).await;
        let revoked = Instant::now();
        let mut late = 0;
        let code = loop {
            fixture.run("update tickets set spent_minutes = spent_minutes + 1 where workflow_id = $1", &workflow).await;
            assert!(revoked.elapsed() < Duration::from_secs(10), "{what}: never closed");
            // All messages received so far.
            let mut closed = None;
            while let Some(event) = socket.receive_within(Duration::from_millis(10)).await {
                match event {
                    SocketEvent::Closed(code) => closed = Some(code),
                    SocketEvent::Message(_) => late += usize::from(revoked.elapsed() > MAX_REVOCATION_DELAY),
                }
                if closed.is_some() {
                    break;
                }
            }
            if let Some(code) = closed {
                break code;
            }
        };
        assert_eq!((code, late), (4001, 0), "{what}");
        assert!(revoked.elapsed() < MAX_REVOCATION_DELAY, "{what}: {:?}", revoked.elapsed());
    }
}

#[tokio::test]
async fn a_removed_member_is_unsubscribed() {
    let fixture = LiveFixture::open("removed").await;
    let workflow = fixture.workflow("ann", 1).await;
    let own = fixture.workflow("bob", 1).await;
    let ticket: String = fixture
        .sql
        .query_one("select id from tickets where workflow_id = $1", &[&workflow])
        .await
        .expect("a ticket")
        .get(0);
    fixture.run("select logic.set_member('ann', $1, 'bob', 'viewer')", &workflow).await;
    let mut bob = fixture.socket("bob").await;
    for room in [format!("workflow:{workflow}"), format!("ticket:{ticket}"), format!("workflow:{own}")] {
        bob.subscribe(&room, None).await;
        bob.until("subscribed").await;
    }
    fixture.run("select logic.remove_member('ann', $1, 'bob')", &workflow).await;
    let removed = Instant::now();
    let mut rooms = [bob.until("unsubscribed").await, bob.until("unsubscribed").await];
    assert!(removed.elapsed() < MAX_REVOCATION_DELAY, "{:?}", removed.elapsed());
    rooms.sort_by_key(|message| message["room"].to_string());
    assert_eq!(rooms[0]["room"], format!("ticket:{ticket}"));
    assert_eq!(rooms[1]["room"], format!("workflow:{workflow}"));
    fixture.run("update tickets set priority = 'high' where workflow_id = $1", &workflow).await;
    fixture.run("update tickets set priority = 'high' where workflow_id = $1", &own).await;
    let SocketEvent::Message(next) = bob.receive().await else { panic!("closed") };
    assert_eq!(next["workflow_id"], own.as_str(), "unexpected event after the loss of access: {next}");
    bob.subscribe(&format!("workflow:{workflow}"), None).await;
    assert_eq!(bob.until("error").await["code"], "not_found");
}

#[tokio::test]
async fn tokens_expire_on_open_sockets_and_are_renewed_in_place() {
    let fixture = LiveFixture::with("expiry", &["--access-token-seconds", "4"]).await;
    let workflow = fixture.workflow("ann", 1).await;
    let room = format!("workflow:{workflow}");
    let (session, token) = fixture.session("ann").await;
    let opened = Instant::now();
    let mut left = Socket::open(&fixture.server.url, &token).await;
    let mut renewed = Socket::open(&fixture.server.url, &token).await;
    renewed.subscribe(&room, None).await;
    renewed.until("subscribed").await;
    assert!(renewed.until("reauthenticate").await["expires_in"].as_u64().is_some_and(|seconds| seconds <= 2));
    let fresh = fixture.server.state.accounts.tokens().issue("ann", &session).expect("a token");
    renewed.send(json!({"type": "auth", "token": fresh})).await;
    renewed.until("authenticated").await;
    assert_eq!(left.closed().await, 4001);
    assert!(opened.elapsed() > Duration::from_secs(2));
    fixture.run("update tickets set priority = 'low' where workflow_id = $1", &workflow).await;
    renewed.until("ticket_updated").await;
    // A socket cannot switch to another actor.
    let (_, other) = fixture.session("bob").await;
    renewed.send(json!({"type": "auth", "token": other})).await;
    assert_eq!(renewed.closed().await, 4001);
}
