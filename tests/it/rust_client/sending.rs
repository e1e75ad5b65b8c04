//! Retry rules of the client, and its error types.

use callboard::client::{Client, Credential, Error, Outcome, Tokens};
use callboard::domain::comments::AddComment;
use callboard::domain::jobs::CreateJob;
use callboard::domain::tickets::change::{CreateTicket, SetBlockers};
use callboard::domain::tickets::moves::ChangeStatus;
use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::client_for;
use super::faulty_proxy::FaultyProxy;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user};

fn ticket(workflow: &str, title: &str) -> CreateTicket {
    CreateTicket { title: title.into(), description: "A description.".into(), ..CreateTicket::in_workflow(workflow) }
}

fn to(status: &str, ticket: &str) -> ChangeStatus {
    serde_json::from_value(json!({"ticket_id": ticket, "new_status": status})).expect("a move")
}

#[tokio::test]
async fn creates_with_lost_responses_are_retried_and_happen_once() {
    let server = open("sdk_once").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let proxy = FaultyProxy::to(&server.url).await;
    let client = client_for(&fixture.owner, &proxy.url);
    proxy.drop_responses(2);
    let made = client.create_ticket(&ticket(&fixture.workflow, "Once")).await.expect("a ticket");
    assert_eq!((proxy.responses_to_drop(), made.key.as_str()), (0, "TKT-1"));
    proxy.drop_responses(1);
    let comment: AddComment =
        serde_json::from_value(json!({"ticket_id": made.ticket_id, "comment_text": "Once, too"})).expect("a comment");
    client.comment(&comment).await.expect("a comment");
    proxy.drop_responses(1);
    let input =
        CreateJob { ticket_id: Some(made.ticket_id.clone()), title: Some("Once".into()), ..CreateJob::default() };
    let job = client.create_job_once(&input, "a key of my own").await.expect("a job");
    assert_eq!(client.create_job_once(&input, "a key of my own").await.expect("the job").id, job.id);
    for (what, table) in [("a ticket", "tickets"), ("a comment", "ticket_comments"), ("a job", "jobs")] {
        assert_eq!(server.number(&format!("select count(*) from {table}")).await, 1, "{what}");
    }
}

#[tokio::test]
async fn writes_with_lost_responses_happen_once_and_say_what_is_known() {
    let server = open("sdk_twice").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let made = fixture.ticket("Moves").await;
    let proxy = FaultyProxy::to(&server.url).await;
    let client = client_for(&fixture.owner, &proxy.url);
    proxy.drop_responses(1);
    client.move_ticket(&to("todo", &made)).await.expect("the stored answer");
    assert_eq!(proxy.responses_to_drop(), 0);
    // All attempts are lost: it was carried out, but the client cannot know.
    proxy.drop_responses(1000);
    let once = client.with_idempotency_key("move");
    let error = once.move_ticket(&to("in_progress", &made)).await.expect_err("lost");
    assert!(matches!(error, Error::Unreachable { .. }) && error.is_temporary(), "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(error.to_string().contains(&proxy.url), "{error}");
    let moved = fixture.read(&made).await;
    assert_eq!(moved["status"], "in_progress");
    proxy.drop_responses(0);
    assert_eq!(once.move_ticket(&to("in_progress", &made)).await.expect("the stored answer").old_status, "todo");
    assert_eq!(fixture.read(&made).await["version"], moved["version"]);
    // A refused connection has no effect on the server, so it is retried.
    proxy.disconnect();
    let moved = client.clone();
    let (ticket, url) = (made.clone(), server.url.clone());
    let moving = tokio::spawn(async move { moved.create_ticket(&super::sending::ticket(&ticket, "x")).await });
    proxy.redirect_to(&url);
    let refused = moving.await.expect("a task").expect_err("the workflow is none");
    assert_eq!(refused.problem().map(|problem| problem.status), Some(404), "{refused}");
}

#[tokio::test]
async fn errors_are_typed() {
    let server = open("sdk_problems").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let client = client_for(&fixture.owner, &server.url);
    let error = client.create_ticket(&ticket(&fixture.workflow, "")).await.expect_err("no title");
    let problem = error.problem().expect("a problem");
    assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "title"));
    assert!(error.to_string().ends_with('.') && !error.is_temporary());
    let error = client.ticket("TKT-9", Some(&fixture.workflow)).await.expect_err("none");
    assert_eq!((error.problem().map(|problem| problem.status), error.code()), (Some(404), Some("not_found")));
    let (first, second) = (fixture.ticket("First").await, fixture.ticket("Second").await);
    let blocked = SetBlockers { blocked_by_ticket_ids: vec![first], ..blockers(&second) };
    client.set_blockers(&blocked).await.expect("blocked");
    let answer = client.move_ticket(&to("in_progress", &second)).await;
    let received = answer.map(|moved| moved.message).unwrap_or_else(|error| error.to_string());
    assert!(received.contains("TKT-1"), "{received}");
    let outsider = Client::new(&server.url, Credential::None).expect("a client");
    assert_eq!(
        outsider.workflows().await.expect_err("unauthenticated").problem().map(|problem| problem.status),
        Some(401)
    );
    assert!(matches!(Client::new("ftp://example.org", Credential::None), Err(Error::Unusable(_))));
}

fn blockers(ticket: &str) -> SetBlockers {
    serde_json::from_value(json!({"ticket_id": ticket, "blocked_by_ticket_ids": []})).expect("blockers")
}

#[tokio::test]
async fn retry_after_is_honoured_and_gateway_errors_are_repeated_with_the_same_key() {
    let server = MockServer::start().await;
    let busy = json!({"type": "about:blank", "title": "Busy", "status": 503, "code": "unavailable", "detail": "Busy."});
    let answer = |status: u16| ResponseTemplate::new(status);
    let moved = json!({"success": true, "message": "Moved.", "old_status": "a", "new_status": "b", "blocked": false,
        "blocking_ticket_ids": [], "version": 2, "resolved": false, "reopened": false, "unblocked_tickets": []});
    let change = || Mock::given(method("POST")).and(path("/api/tickets/change-status"));
    let busy = answer(503).set_body_json(&busy).insert_header("retry-after", "0");
    change().respond_with(busy).up_to_n_times(2).expect(2).mount(&server).await;
    change().respond_with(answer(200).set_body_json(&moved)).up_to_n_times(1).mount(&server).await;
    // After a gateway error the outcome is unknown, so every repetition has the same key.
    change().respond_with(answer(502)).expect(5).mount(&server).await;
    let client = Client::new(&server.uri(), Credential::key("cb_x")).expect("a client");
    let done = client.move_ticket(&to("b", "ticket-1")).await;
    assert!(done.is_ok() || matches!(done, Err(Error::Unexpected(_))), "{done:?}");
    let error = client.move_ticket(&to("b", "ticket-1")).await.expect_err("a gateway");
    assert_eq!((error.problem().map(|problem| problem.status), error.outcome()), (Some(502), Outcome::Unknown));
    let requests = server.received_requests().await.expect("requests");
    let keys: Vec<_> = requests.iter().map(|request| request.headers.get("idempotency-key").expect("a key")).collect();
    let lost = &keys[keys.len() - 5..];
    assert!(lost.iter().all(|key| *key == lost[0]) && keys[0] != lost[0], "{keys:?}");
}

#[tokio::test]
async fn an_expired_access_token_is_refreshed_once() {
    let server = crate::client::server_with("sdk_tokens", &["--request-rate", "1000000"], Vec::new()).await;
    let user = server.user("ann").await;
    let tokens = Tokens { access: "ended".into(), refresh: user.refresh.clone() };
    let client = Client::new(&server.url, Credential::Tokens(tokens)).expect("a client");
    let all: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let client = client.clone();
                async move { client.me().await }
            })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.expect("a task").expect("an answer")["user"]["email"], "ann@example.org");
    }
    let now = client.tokens().await.expect("tokens");
    assert!(now.access != "ended" && now.refresh != user.refresh);
    let signed = Client::sign_in(&server.url, "ann@example.org", "correct horse").await.expect("a sign-in");
    assert!(signed.tokens().await.is_some_and(|tokens| tokens.refresh.is_some()));
}
