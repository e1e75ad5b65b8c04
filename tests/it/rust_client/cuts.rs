//! Connections that break at random, before or after the server has carried a request out: every effect happens once.
//! `CALLBOARD_CUT_ROUNDS` sets the number of rounds.

use callboard::client::{Client, Outcome, Result};
use callboard::domain::jobs::CreateJob;
use callboard::domain::jobs::leases::ClaimJob;
use callboard::domain::jobs::work::{CompleteJob, NewMessage, PostMessages};
use callboard::domain::tickets::change::CreateTicket;
use callboard::domain::tickets::moves::{ChangeStatus, Claim};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client_for;
use super::faulty_proxy::FaultyProxy;
use crate::client;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user};

/// Reads that break, of a thousand. A request is at least one read of either side, so about every fourth attempt is lost.
const CUTS: usize = 140;
/// Rounds that run at the same time.
const LANES: usize = 8;

fn rounds() -> usize {
    std::env::var("CALLBOARD_CUT_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(40)
}

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("an input")
}

/// Repeats a write under one key until it is answered, as a careful program does when even the client's retries are used up.
async fn until_answered<T>(client: &Client, write: impl AsyncFn(&Client) -> Result<T>) -> T {
    let client = client.with_idempotency_key(&uuid::Uuid::now_v7().to_string());
    loop {
        match write(&client).await {
            Ok(answer) => return answer,
            Err(error) => assert!(error.is_temporary() || error.outcome() == Outcome::Done, "{error:?}"),
        }
    }
}

/// Sends JSON as a script with curl would: the same key until there is an answer.
async fn post(who: &client::Client, path: &str, key: &str, body: &Value) -> Value {
    loop {
        let request = who.request(reqwest::Method::POST, path).header("Idempotency-Key", key).json(body);
        if let Ok(response) = request.send().await
            && response.status().is_success()
            && let Ok(answer) = response.json().await
        {
            return answer;
        }
    }
}

/// One round: a ticket, its comment, move and claim; a job from its queue to its end.
async fn round(client: &Client, raw: &client::Client, workflow: &str, number: usize) {
    let tag = format!("round-{number}");
    let ticket = CreateTicket {
        title: format!("Round {number}"),
        description: "A description.".into(),
        tags: Some(vec![tag.clone()]),
        ..CreateTicket::in_workflow(workflow)
    };
    let made = until_answered(client, async |client| client.create_ticket(&ticket).await).await;
    let comment = json!({"ticket_id": made.ticket_id, "comment_text": "Said once"});
    post(raw, "/api/tickets/comment", &format!("comment {number}"), &comment).await;
    let input: ChangeStatus = read(json!({"ticket_id": made.ticket_id, "new_status": "todo", "comment": "Moved once"}));
    until_answered(client, async |client| client.move_ticket(&input).await).await;
    let wanted: Claim = read(json!({"workflow_id": workflow, "tags": [tag]}));
    let claimed = until_answered(client, async |client| client.claim_ticket(&wanted).await).await;
    assert_eq!(claimed.ticket_id.as_ref(), Some(&made.ticket_id));
    let job = CreateJob { ticket_id: Some(made.ticket_id), queue: Some(true), ..CreateJob::default() };
    until_answered(client, async |client| client.create_job(&job).await).await;
    let wanted = ClaimJob { workflow_id: Some(workflow.into()), ..ClaimJob::default() };
    let (job, lease_token) = loop {
        let answer = until_answered(client, async |client| client.claim_job(&wanted).await).await;
        if let (Some(job), Some(token)) = (answer.job, answer.lease_token) {
            break (job, token);
        }
    };
    let line: NewMessage = read(json!({"kind": "log", "content": "Printed once"}));
    let lines = PostMessages { lease_token: lease_token.clone(), messages: vec![line], agent_id: None };
    until_answered(client, async |client| client.post_messages(&job.id, &lines).await).await;
    let end = CompleteJob { lease_token, ..CompleteJob::default() };
    until_answered(client, async |client| client.complete_job(&job.id, &end).await).await;
}

#[tokio::test]
async fn every_effect_happens_once_in_random_cuts() {
    let server = open("cuts").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let proxy = FaultyProxy::to(&server.url).await;
    proxy.cut_at_random(CUTS);
    let client = client_for(&fixture.owner, &proxy.url);
    let raw = client::Client::anonymous(proxy.url.clone()).with(fixture.owner.token.as_deref().expect("a token"));
    let rounds = rounds();
    let lanes = (0..LANES).map(async |lane| {
        for number in (lane..rounds).step_by(LANES) {
            round(&client, &raw, &fixture.workflow, number).await;
        }
    });
    futures_util::future::join_all(lanes).await;
    let total = i64::try_from(rounds).expect("a number");
    for (what, count) in [
        ("tickets", "tickets"),
        ("assigned tickets", "tickets where assigned_agent_id is not null"),
        ("comments", "ticket_comments where comment_text = 'Said once'"),
        ("moves", "history where change_type = 'status_changed' and new_value = 'todo' and ticket_id is not null"),
        ("jobs", "jobs"),
        ("jobs that succeeded at once", "jobs where status = 'succeeded' and attempt = 1"),
        ("lines", "job_messages where content = 'Printed once'"),
    ] {
        assert_eq!(server.number(&format!("select count(*) from {count}")).await, total, "{what}");
    }
}

#[tokio::test]
async fn commands_happen_once_in_random_cuts() {
    let server = open("cuts_cli").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let proxy = FaultyProxy::to(&server.url).await;
    proxy.cut_at_random(CUTS);
    let home = tempfile::tempdir().expect("a folder");
    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_callboard"));
        command
            .args(arguments)
            .env("CALLBOARD_URL", &proxy.url)
            .env("CALLBOARD_WORKFLOW", &fixture.workflow)
            .env("CALLBOARD_API_KEY", fixture.owner.token.as_deref().expect("a token"))
            .env("XDG_CONFIG_HOME", home.path())
            .env_remove("CALLBOARD_CONFIG")
            .stdin(std::process::Stdio::null());
        let output = command.output().await.expect("run callboard");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let total = (rounds() / 8).max(3);
    let (mut done, mut lost) = (0_i64, 0_i64);
    for number in 0..total {
        match run(&["ticket", "create", &format!("Round {number}"), "-d", "A description."]).await {
            (true, _) => done += 1,
            // Five attempts can all be cut; then the command says that it does not know.
            (false, error) => {
                lost += 1;
                assert!(error.contains("cannot be reached") || error.contains("may have been carried out"), "{error}");
            }
        }
    }
    let made = server.number("select count(*) from tickets").await;
    assert!((done..=done + lost).contains(&made), "{done} tickets were reported, {lost} are unknown, {made} exist");
    let titles = server.number("select count(distinct title) from tickets").await;
    assert_eq!(titles, made, "no ticket was created twice");
}
