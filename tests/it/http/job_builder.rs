//! The language of a job builder's clients, at an address of its own.

use serde_json::{Value, json};

use super::fixtures::{open, signed_in_user, text};
use super::listeners::{TestListener, listen};
use crate::client::{Client, Server};
use crate::live::socket::{Socket, SocketEvent};

/// A client of the listener that is signed in as this one is at the server.
fn at(listener: &TestListener, who: &Client) -> Client {
    Client { url: listener.url.clone(), ..who.clone() }
}

async fn socket(listener: &TestListener, who: &Client, job: &str) -> Socket {
    let token = who.token.as_deref().expect("a token");
    Socket::try_open(&format!("{}/ws/jobs/{job}/?token={token}", listener.url), &[]).await.expect("a socket")
}

/// The next message of a kind.
async fn message(socket: &mut Socket, kind: &str) -> Value {
    let wait = async {
        loop {
            match socket.receive().await {
                SocketEvent::Message(message) if message["kind"] == kind => return message,
                SocketEvent::Message(_) => {}
                SocketEvent::Closed(code) => panic!("closed with {code} before {kind}"),
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("no {kind} came"))
}

/// A worker with the key of the listener's service.
fn worker(server: &Server, listener: &TestListener) -> Client {
    let key = std::fs::read_to_string(&listener.key_file).expect("a key");
    server.bearer(key.trim())
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_staying_signed_in() {
    let server = open("job_builder_auth").await;
    let builder = listen(&server, "job-builder=127.0.0.1:0,origin=http://localhost:8080").await;
    let who = json!({"email": "maker@example.org", "password": "correct horse", "name": "Maker", "unknown": 1});
    let made = builder.client.post("/api/auth/register/", who.clone()).await.created();
    assert!(made["access"].is_string() && made["refresh"].is_string(), "{made}");
    // A page of an allowed origin, which the main address refuses.
    let request = builder
        .client
        .request(reqwest::Method::POST, "/api/auth/login/")
        .header("origin", "http://localhost:8080")
        .json(&who);
    let signed_in = builder.client.send(request).await.ok();
    assert_eq!((&signed_in["user"]["email"], &signed_in["user"]["name"]), (&who["email"], &who["name"]));
    let wrong = builder.client.post("/auth/login", json!({"email": who["email"], "password": "wrong"})).await;
    assert!(wrong.json["detail"].as_str().is_some_and(|detail| !detail.is_empty()) && wrong.status == 401);
    let client = builder.client.with(signed_in["access"].as_str().expect("a token"));
    let me = client.get("/api/auth/me/").await.ok();
    assert_eq!((&me["id"], &me["email"], &me["name"]), (&made["user"]["id"], &who["email"], &who["name"]));
    // Two tabs refresh at once with one token, beside an expired one.
    let refresh = json!({"refresh": signed_in["refresh"]});
    let stale = builder.client.with("expired");
    let (one, two) = tokio::join!(
        stale.post("/api/auth/token/refresh/", refresh.clone()),
        stale.post("/api/auth/token/refresh/", refresh.clone())
    );
    let (one, two) = (one.ok(), two.ok());
    assert_eq!(one["refresh"], two["refresh"]);
    assert_eq!(
        stale.post("/api/auth/token/refresh/", json!({"refresh": "cbr_none"})).await.refused(401),
        "unauthenticated"
    );
    assert!(client.post("/api/auth/logout/", json!({"refresh": one["refresh"]})).await.ok()["detail"].is_string());
    assert_eq!(client.get("/api/auth/me/").await.refused(401), "unauthenticated");
    assert!(client.post("/api/auth/logout/", json!({})).await.ok()["detail"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_from_its_prompt_to_its_app_and_beyond() {
    let server = open("job_builder").await;
    let builder = listen(&server, "job-builder=127.0.0.1:0").await;
    let ann = at(&builder, &signed_in_user(&server, "ann").await);
    assert_eq!(ann.get("/api/jobs/").await.ok(), json!([]));
    let job = ann.post("/api/jobs/", json!({"prompt": "A shop for maps"})).await.created();
    let id = text(&job, "id");
    assert_eq!(
        (&job["status"], &job["is_paused"], &job["initial_prompt"]),
        (&json!("collecting"), &json!(false), &json!("A shop for maps"))
    );

    // The socket begins with the state, and the chat of the client comes back under both names.
    let mut socket = socket(&builder, &ann, &id).await;
    assert_eq!(message(&mut socket, "jobStatus").await["status"], "collecting");
    socket.send(json!({"kind": "chat", "content": "With old maps, please"})).await;
    let chat = message(&mut socket, "chat").await;
    assert_eq!(
        (&chat["role"], &chat["content"], &chat["jobId"]),
        (&json!("user"), &json!("With old maps, please"), &json!(id))
    );
    assert_eq!(message(&mut socket, "stageUpdate").await["content"], chat["content"]);
    for wrong in [
        json!({"kind": "chat"}),
        json!({"kind": "chat", "content": "  "}),
        json!({"kind": "chat", "content": "a\u{0}"}),
        json!({"kind": "dance"}),
        json!([]),
    ] {
        socket.send(wrong.clone()).await;
        assert!(message(&mut socket, "error").await["message"].is_string(), "{wrong}");
    }
    let lines = ann.get(&format!("/api/job-messages/?job_id={id}")).await.ok();
    assert_eq!((lines.as_array().map(Vec::len), &lines[0]["sender"]), (Some(1), &json!("ann")));

    // While it collects its prompt, a pause is a mark.
    ann.patch(&format!("/api/jobs/{id}/"), json!({"initial_prompt": "A shop for old maps"})).await.ok();
    let paused = ann
        .send(
            ann.request(reqwest::Method::POST, &format!("/api/jobs/{id}/pause/"))
                .header("content-type", "application/json"),
        )
        .await
        .ok();
    assert_eq!((&paused["is_paused"], &paused["status"]), (&json!(true), &json!("collecting")));
    assert_eq!(ann.get(&format!("/api/jobs/{id}/")).await.ok()["is_paused"], true);
    assert_eq!(ann.post(&format!("/api/jobs/{id}/resume/"), json!({})).await.ok()["is_paused"], false);
    let answer =
        ann.post(&format!("/api/jobs/{id}/continue/"), json!({"requirements": "It prints, too."})).await.expect(202);
    assert_eq!(answer["status"], "queued");
    let paused = ann.post(&format!("/api/jobs/{id}/pause/"), json!({})).await.ok();
    assert_eq!((&paused["is_paused"], &paused["status"]), (&json!(true), &json!("queued")));
    ann.post(&format!("/api/jobs/{id}/resume/"), json!({})).await.ok();

    // A worker builds it.
    let main = Client { url: server.url.clone(), ..ann.clone() };
    let claimed = main.post("/api/jobs/claim", json!({"worker": "w"})).await.ok();
    let token = claimed["lease_token"].clone();
    assert_eq!(claimed["job"]["initial_prompt"], "A shop for old maps\n\nIt prints, too.");
    main.post(&format!("/api/jobs/{id}/stage"), json!({"lease_token": token, "stage": "build"})).await.ok();
    let steps = json!({"lease_token": token, "messages": [{"kind": "step", "sender": "planner", "content": "Drew the pages"}, {"kind": "log", "content": "$ ls"}]});
    main.post(&format!("/api/jobs/{id}/messages"), steps).await.ok();
    let step = message(&mut socket, "agentDialogue").await;
    assert_eq!((&step["agent"], &step["message"]), (&json!("planner"), &json!("Drew the pages")));
    let detail = ann.get(&format!("/api/jobs/{id}/")).await.ok();
    assert_eq!((&detail["status"], &detail["steps"][0]["agent_name"]), (&json!("building"), &json!("planner")));
    assert_eq!(detail["messages"].as_array().map(Vec::len), Some(2));
    assert_eq!(ann.get(&format!("/api/apps/by-job/{id}/")).await.status, 204);
    let app = json!({"title": "Map shop", "spec": {"pages": 3}, "prd_markdown": "# Map shop"});
    main.post(&format!("/api/jobs/{id}/complete"), json!({"lease_token": token, "app": app})).await.ok();
    assert_eq!(message(&mut socket, "prdReady").await["spec"]["requirements"], "Map shop");
    let tickets = ann.get(&format!("/api/tickets/?job_id={id}")).await.ok();
    assert_eq!(
        (&tickets[0]["status"], &tickets[0]["type"], &tickets[0]["dependencies"]),
        (&json!("done"), &json!("task"), &json!([]))
    );
    let app = ann.get(&format!("/api/apps/by-job/{id}/")).await.ok();
    assert_eq!(
        (&ann.get("/api/apps/").await.ok()[0]["id"], &app["spec"]["requirements"]),
        (&app["id"], &json!("Map shop"))
    );
    assert_eq!(ann.get(&format!("/api/apps/{}/", text(&app, "id"))).await.ok()["prd_markdown"], "# Map shop");
    assert_eq!(ann.get("/api/jobs/?status=done").await.ok()[0]["id"], json!(id));

    // More is asked for: the same job starts over, and its ticket is open again.
    assert_eq!(ann.post(&format!("/api/jobs/{id}/continue/"), json!({})).await.refused(422), "invalid");
    ann.post(&format!("/api/jobs/{id}/continue/"), json!({"requirements": "Add PDF export"})).await.expect(202);
    let again = main.post("/api/jobs/claim", json!({"worker": "w"})).await.ok();
    assert_eq!(again["job"]["id"], json!(id));
    let stale = main.post(&format!("/api/jobs/{id}/complete"), json!({"lease_token": token})).await;
    assert_eq!(stale.refused(409), "lease_lost");
    assert_eq!(ann.get(&format!("/api/tickets/?job_id={id}")).await.ok()[0]["status"], "todo");

    // Files are with the worker.
    assert_eq!(
        ann.get(&format!("/api/jobs/{id}/files/structure/?path=/&limit=9")).await.ok(),
        json!({"structure": []})
    );
    let file = ann.get(&format!("/api/jobs/{id}/files/content/?path=/app/package.json")).await;
    assert!(file.json["detail"].as_str().is_some_and(|detail| detail.contains("not found")));
    assert_eq!(ann.delete("/api/jobs/purge/").await.refused(403), "forbidden");
    assert_eq!(ann.delete(&format!("/api/jobs/{id}/")).await.status, 204);
    // Not 4003, which the client takes for the end of its session.
    assert_eq!(socket.closed().await, 1000);
    assert_eq!(ann.get(&format!("/api/jobs/{id}/")).await.refused(404), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_worker_the_first_answer_in_the_chat_queues_the_job() {
    let server = open("job_builder_queue").await;
    let builder = listen(&server, "job-builder=127.0.0.1:0,auto_queue=simulated").await;
    let ann = at(&builder, &signed_in_user(&server, "ann").await);
    let job = ann.post("/jobs", json!({"prompt": "A board for a choir"})).await.created();
    assert_eq!(job["status"], "collecting");
    let (id, path) = (text(&job, "id"), format!("/api/jobs/{}", text(&job, "id")));
    let chat = async || ann.get(&format!("/job-messages?job_id={id}")).await.ok();

    // The system asks at once; meanwhile the prompt can be edited and the job paused.
    let asked = chat().await;
    assert_eq!((asked.as_array().map(Vec::len), &asked[0]["role"]), (Some(1), &json!("system")), "{asked}");
    ann.patch(&path, json!({"initial_prompt": "A board for two choirs"})).await.ok();
    assert_eq!(ann.post(&format!("{path}/pause"), json!({})).await.ok()["is_paused"], true);
    assert_eq!(ann.post(&format!("{path}/resume"), json!({})).await.ok()["status"], "collecting");
    let worker = worker(&server, &builder);
    let claim = json!({"job_types": ["simulated"]});
    assert_eq!(worker.post("/api/jobs/claim", claim.clone()).await.ok()["job"], Value::Null);

    // The answer becomes part of the prompt, is answered itself, and queues the job.
    let mut socket = socket(&builder, &ann, &id).await;
    socket.send(json!({"kind": "chat", "content": " With a calendar. "})).await;
    assert_eq!(message(&mut socket, "chat").await["content"], "With a calendar.");
    let reply = message(&mut socket, "chat").await;
    assert_eq!(reply["role"], "system", "{reply}");
    assert_eq!(ann.get(&path).await.ok()["status"], "queued");
    let claimed = worker.post("/api/jobs/claim", claim.clone()).await.ok();
    assert_eq!((&claimed["job"]["id"], &claimed["job"]["stages"]), (&job["id"], &json!(["plan", "build"])));
    assert_eq!(claimed["job"]["initial_prompt"], "A board for two choirs\n\nWith a calendar.");
    // Further lines are only lines.
    ann.post("/job-messages", json!({"job_id": id, "content": "Thank you"})).await.created();
    assert_eq!(ann.get(&path).await.ok()["initial_prompt"], claimed["job"]["initial_prompt"]);
    let failed = json!({"lease_token": claimed["lease_token"], "error": "It broke.", "retry": false});
    worker.post(&format!("{path}/fail"), failed).await.ok();
    let failed = ann.get(&path).await.ok();
    assert_eq!((&failed["status"], &failed["error_message"]), (&json!("failed"), &json!("It broke.")));
    ann.post(&format!("{path}/continue"), json!({"requirements": "Try again"})).await.expect(202);
    assert_eq!(ann.get(&path).await.ok()["status"], "queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_job_is_queued_when_it_resumes_and_starting_needs_no_answer() {
    let server = open("job_builder_paused").await;
    let builder = listen(&server, "job-builder=127.0.0.1:0,auto_queue=simulated").await;
    let ann = at(&builder, &signed_in_user(&server, "ann").await);
    let paused = text(&ann.post("/jobs", json!({"prompt": "A board for a choir"})).await.created(), "id");
    ann.post(&format!("/jobs/{paused}/pause"), json!({})).await.ok();
    ann.post("/job-messages", json!({"job_id": paused, "content": "With a calendar."})).await.created();
    assert_eq!(ann.get(&format!("/jobs/{paused}")).await.ok()["status"], "collecting");
    assert_eq!(ann.post(&format!("/jobs/{paused}/resume"), json!({})).await.ok()["status"], "queued");
    let started = text(&ann.post("/jobs", json!({"prompt": "A board for a band"})).await.created(), "id");
    ann.post(&format!("/jobs/{started}/continue"), json!({})).await.expect(202);
    assert_eq!(ann.get(&format!("/jobs/{started}")).await.ok()["status"], "queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_written_under_the_name_of_their_author() {
    let server = open("job_builder_lines").await;
    let builder = listen(&server, "job-builder=127.0.0.1:0").await;
    let ann = at(&builder, &signed_in_user(&server, "ann").await);
    let id = text(&ann.post("/jobs", json!({"prompt": "A board for a choir"})).await.created(), "id");
    let line = |role: Value| json!({"job_id": id, "content": "It is done.", "role": role, "sender": "callboard"});
    for role in ["system", "agent", "assistant", "boss"] {
        let refused = ann.post("/job-messages", line(json!(role))).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "role", "{refused}");
    }
    for role in [json!("user"), Value::Null] {
        let made = ann.post("/job-messages", line(role)).await.created();
        assert_eq!((&made["role"], &made["sender"]), (&json!("user"), &json!("ann")));
    }
    ann.post("/job-messages", json!({"job_id": id, "content": " "})).await.refused(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_see_nothing() {
    let server = open("job_builder_tenants").await;
    let builder = listen(&server, "job-builder=127.0.0.1:0").await;
    let ann = at(&builder, &signed_in_user(&server, "ann").await);
    let bob = at(&builder, &signed_in_user(&server, "bob").await);
    let id = text(&ann.post("/jobs", json!({"prompt": "A secret"})).await.created(), "id");
    for path in [
        format!("/jobs/{id}"),
        format!("/job-messages?job_id={id}"),
        format!("/tickets?job_id={id}"),
        format!("/apps/by-job/{id}"),
        format!("/jobs/{id}/files/structure"),
        "/apps/app-none".to_owned(),
    ] {
        assert_eq!(bob.get(&path).await.refused(404), "not_found", "{path}");
        assert_eq!(builder.client.get(&path).await.refused(401), "unauthenticated", "{path}");
    }
    for action in ["pause", "resume", "continue"] {
        assert_eq!(
            bob.post(&format!("/jobs/{id}/{action}"), json!({"requirements": "Mine"})).await.refused(404),
            "not_found"
        );
    }
    assert_eq!(bob.delete(&format!("/jobs/{id}")).await.refused(404), "not_found");
    assert_eq!(bob.get("/jobs").await.ok(), json!([]));
    assert_eq!(socket(&builder, &bob, &id).await.closed().await, 4003);
    assert_eq!(socket(&builder, &bob.with("nonsense"), &id).await.closed().await, 4001);
    for (body, status) in
        [(json!({}), 422), (json!({"prompt": " "}), 422), (json!({"prompt": 5}), 422), (json!([]), 422)]
    {
        assert_eq!(ann.post("/jobs", body.clone()).await.status, status, "{body}");
    }
    assert_eq!(ann.get("/tickets").await.refused(422), "invalid");
    assert_eq!(ann.get("/nothing").await.refused(404), "not_found");
}
