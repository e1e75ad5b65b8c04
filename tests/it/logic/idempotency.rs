//! The gate of idempotency keys: one change for a key, and no answer for a caller that has lost access.

use serde_json::{Value, json};
use tokio_postgres::Client;

use super::fixtures::Fixture;
use crate::harness;

/// Calls `logic.function(caller, arguments…)` under a key, as the server does. `hash` stands for the request's content.
async fn keyed(client: &Client, caller: &str, key: &str, hash: &[u8], call: &str) -> Result<Value, String> {
    let function = call.split('(').next().expect("a function");
    let statement = format!(
        "select coalesce(logic.find_idempotent_answer($1, $2, $3, '{function}#1'),
                         logic.store_idempotent_answer($2, '{function}#1', logic.{call}, 'a note'))"
    );
    match client.query_one(&statement, &[&caller, &key, &hash]).await {
        Ok(row) => Ok(row.get::<_, tokio_postgres::types::Json<Value>>(0).0),
        Err(error) => Err(error.code().expect("a SQLSTATE").code().to_owned()),
    }
}

#[tokio::test]
async fn the_same_idempotency_key_creates_one_ticket() {
    let fixture = Fixture::open("idempotency").await;
    let call = format!("create_ticket($1, '{}', 'Only once', 'However often it is sent')", fixture.workflow);
    let tries = (0..50).map(|_| async {
        let client = harness::connect(&fixture.db.url).await;
        keyed(&client, "owner", "k", b"one", &call).await.expect("an answer")
    });
    let answers = futures_util::future::join_all(tries).await;
    assert!(answers.iter().all(|made| made["answer"] == answers[0]["answer"]), "{answers:?}");
    assert_eq!(answers.iter().filter(|made| made["replayed"] == true).count(), 49);
    assert!(answers.iter().all(|made| made["note"] == "a note"));
    // Another request under the same key, and the same key of another caller.
    assert_eq!(keyed(&fixture.client, "owner", "k", b"two", &call).await, Err("CB009".to_owned()));
    let other = keyed(&fixture.client, "member", "k", b"one", &call).await.expect("another ticket");
    assert_ne!(other["answer"]["ticket_id"], answers[0]["answer"]["ticket_id"]);
    // A refused call stores nothing.
    let bad = format!("create_ticket($1, '{}', 'x', 'Too short a title')", fixture.workflow);
    assert_eq!(keyed(&fixture.client, "owner", "k2", b"one", &bad).await, Err("CB422".to_owned()));
    keyed(&fixture.client, "owner", "k2", b"two", &call).await.expect("the key is free");
    let counted: i64 = fixture.client.query_one("select count(*) from tickets", &[]).await.expect("count").get(0);
    assert_eq!(counted, 3);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn an_answer_is_not_repeated_for_a_caller_that_lost_access() {
    let fixture = Fixture::open("idempotency_access").await;
    let (client, workflow) = (&fixture.client, &fixture.workflow);
    let call = format!("create_ticket($1, '{workflow}', 'Only once', 'However often it is sent')");
    let role = async |role: &str| {
        let set = "select logic.set_member('owner', $1, 'member', $2)";
        client.execute(set, &[workflow, &role]).await.expect("a role");
    };
    let first = keyed(client, "member", "k", b"one", &call).await.expect("a ticket");
    role("viewer").await;
    assert_eq!(keyed(client, "member", "k", b"one", &call).await, Err("CB403".to_owned()));
    client.execute("select logic.remove_member('owner', $1, 'member')", &[workflow]).await.expect("removed");
    assert_eq!(keyed(client, "member", "k", b"one", &call).await, Err("CB404".to_owned()));
    role("member").await;
    assert_eq!(keyed(client, "member", "k", b"one", &call).await.expect("a member again")["answer"], first["answer"]);
    // The rights that a call gives up itself are not required of its repetition.
    let leave = format!("remove_member($1, '{workflow}', 'member')");
    let left = keyed(client, "member", "leave", b"one", &leave).await.expect("left");
    let again = keyed(client, "member", "leave", b"one", &leave).await.expect("the same answer");
    assert_eq!((&again["answer"], &again["replayed"]), (&left["answer"], &json!(true)));
    // A disabled actor, and an administrator no more.
    client.execute("update actors set is_admin = true where id = 'outsider'", &[]).await.expect("an administrator");
    keyed(client, "outsider", "k", b"one", &call).await.expect("a ticket");
    client.execute("update actors set is_admin = false where id = 'outsider'", &[]).await.expect("none");
    assert_eq!(keyed(client, "outsider", "k", b"one", &call).await, Err("CB403".to_owned()));
    client.execute("update actors set disabled_at = now() where id = 'outsider'", &[]).await.expect("disabled");
    assert_eq!(keyed(client, "outsider", "k", b"one", &call).await, Err("CB401".to_owned()));
    // A narrower credential of the same actor.
    client
        .batch_execute(
            "insert into api_keys (id, actor_id, name, secret_hash, scopes) values
                ('wide', 'member', 'a', '\\x01', '{read,write}'), ('narrow', 'member', 'b', '\\x02', '{read}')",
        )
        .await
        .expect("keys");
    role("member").await;
    let with = |key: &str| json!({"actor": "member", "key": key}).to_string();
    keyed(client, &with("wide"), "scoped", b"one", &call).await.expect("a ticket");
    assert_eq!(keyed(client, &with("narrow"), "scoped", b"one", &call).await, Err("CB403".to_owned()));
    keyed(client, &with("wide"), "scoped", b"one", &call).await.expect("the same answer");
}

#[tokio::test]
async fn a_repeated_claim_returns_the_same_lease_while_it_is_valid() {
    let fixture = Fixture::open("idempotency_claim").await;
    let (client, workflow) = (&fixture.client, &fixture.workflow);
    for prompt in ["One", "Two"] {
        let job = json!({"initial_prompt": prompt, "queue": true, "with_ticket": true});
        fixture.ok("create_job", job).await;
    }
    let (any, here) = ("claim_job($1)", format!("claim_job($1, '{workflow}')"));
    let first = keyed(client, "member", "k", b"one", any).await.expect("a claim")["answer"].clone();
    assert!(first["lease_token"].is_string(), "{first}");
    assert_eq!(keyed(client, "member", "k", b"one", any).await.expect("the claim")["answer"], first);
    let second = keyed(client, "member", "k2", b"one", &here).await.expect("a claim")["answer"].clone();
    assert_ne!(second["job"]["id"], first["job"]["id"]);
    let nothing = keyed(client, "member", "k3", b"one", any).await.expect("an answer")["answer"].clone();
    assert_eq!(nothing["job"], Value::Null);
    let running: i64 =
        client.query_one("select count(*) from jobs where status = 'running'", &[]).await.expect("count").get(0);
    assert_eq!(running, 2);
    // A claim that named no workflow is bound to that of its job.
    client.execute("select logic.remove_member('owner', $1, 'member')", &[workflow]).await.expect("removed");
    assert_eq!(keyed(client, "member", "k", b"one", any).await, Err("CB404".to_owned()));
    client.execute("select logic.set_member('owner', $1, 'member', 'member')", &[workflow]).await.expect("added");
    // A lease that has ended is not handed out again.
    client.execute("update jobs set lease_expires_at = now() - interval '1 second'", &[]).await.expect("expired");
    assert_eq!(keyed(client, "member", "k", b"one", any).await, Err("CB007".to_owned()));
    assert_eq!(keyed(client, "member", "k2", b"one", &here).await, Err("CB007".to_owned()));
    assert_eq!(keyed(client, "member", "k3", b"one", any).await.expect("no job")["answer"], nothing);
}

#[tokio::test]
async fn a_repeated_claim_of_a_ticket_is_refused_once_its_lease_has_ended() {
    let fixture = Fixture::open("idempotency_ticket_claim").await;
    let client = &fixture.client;
    fixture.ticket("Waits for an agent").await;
    let leased = format!("claim_ticket($1, '{}', lease_seconds => 60)", fixture.workflow);
    let first = keyed(client, "member", "k", b"one", &leased).await.expect("a claim")["answer"].clone();
    assert!(first["lease_expires_at"].is_string(), "{first}");
    assert_eq!(keyed(client, "member", "k", b"one", &leased).await.expect("the claim")["answer"], first);
    let nothing = keyed(client, "member", "none", b"one", &leased).await.expect("an answer")["answer"].clone();
    assert_eq!(nothing["ticket"], Value::Null);
    // The lease expires, and another agent claims the ticket.
    client.execute("update ticket_claims set expires_at = now() - interval '1 second'", &[]).await.expect("expired");
    assert_eq!(keyed(client, "member", "k", b"one", &leased).await, Err("CB007".to_owned()));
    client.execute("select logic.expire_ticket_leases()", &[]).await.expect("ended");
    let other = keyed(client, "owner", "k", b"one", &leased).await.expect("another claim")["answer"].clone();
    assert_eq!(other["ticket_id"], first["ticket_id"]);
    assert_eq!(keyed(client, "member", "k", b"one", &leased).await, Err("CB007".to_owned()));
    assert_eq!(keyed(client, "member", "none", b"one", &leased).await.expect("none")["answer"], nothing);
}

#[tokio::test]
async fn answers_of_an_older_version_are_repeated_and_old_keys_forgotten() {
    let fixture = Fixture::open("idempotency_older").await;
    let client = &fixture.client;
    client
        .execute(
            "insert into idempotency_keys (actor_id, key, request_hash, response)
             values ('owner', 'old', '\\x00', '{\"ticket_id\": \"ticket-1\"}')",
            &[],
        )
        .await
        .expect("a stored answer");
    let call = format!("create_ticket($1, '{}', 'Only once', 'However often it is sent')", fixture.workflow);
    let answer = keyed(client, "owner", "old", b"one", &call).await.expect("the stored answer");
    assert_eq!(answer["answer"], json!({"ticket_id": "ticket-1"}));
    keyed(client, "owner", "new", b"one", &call).await.expect("a ticket");
    client.execute("update idempotency_keys set created_at = now() - interval '25 hours'", &[]).await.expect("aged");
    client.execute("select logic.run_maintenance(12)", &[]).await.expect("housekeeping");
    let kept: i64 = client.query_one("select count(*) from idempotency_keys", &[]).await.expect("count").get(0);
    assert_eq!(kept, 0);
}
