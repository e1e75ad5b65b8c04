//! Addresses that speak the language of another system's clients: who may call them, as whom, and how they are set up.

use std::net::TcpListener;
use std::path::PathBuf;

use actix_web::dev::ServerHandle;
use callboard::compat::listener::Listener;
use callboard::transport::http::listeners;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::fixtures::{open, signed_in_user};
use crate::client::{Client, Server, config};

/// A listener beside a test's server.
pub struct TestListener {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// A client without a credential.
    pub client: Client,
    /// Where its key was written, if the settings name no file.
    pub key_file: PathBuf,
    handle: ServerHandle,
    _folder: tempfile::TempDir,
}

impl Drop for TestListener {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// Opens a listener as `--compat` would, e.g. `stage-board=127.0.0.1:0,auto_queue=demo`.
pub async fn listen(server: &Server, flag: &str) -> TestListener {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = config(&["--compat", flag]).compat.remove(0);
    let socket = TcpListener::bind(settings.listen).expect("a port");
    let url = format!("http://{}", socket.local_addr().expect("an address"));
    let listener = Listener::prepare(settings, folder.path(), &server.state.db).await.expect("a listener");
    let running = listeners::serve(socket, server.state.clone(), server.live.clone(), listener).expect("serve");
    let handle = running.handle();
    tokio::spawn(running);
    let client = Client::anonymous(url.clone());
    let key_file = folder.path().join(format!("compat/{}.key", flag.split('=').next().unwrap_or_default()));
    TestListener { url, client, key_file, handle, _folder: folder }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_a_credential_are_made_with_the_key_of_the_listener() {
    let server = open("listener_key").await;
    let admin = server.user("ann").await;
    let board = listen(&server, "stage-board=127.0.0.1:0").await;
    let made = board.client.post("/tickets", json!({"title": "From the stage board"})).await.created();
    assert_eq!(made["stage"], "idle");
    // The work is in a workflow of its own, done by a service of its own.
    let rows = server.sql("select created_by_agent_id from tickets where id = $1", &[&made["id"].as_str()]).await;
    assert_eq!(rows[0].get::<_, String>(0), "compat-stage-board");
    // A credential of the request comes first: she has no board.
    let mut ann = board.client.clone();
    ann.token.clone_from(&admin.token);
    assert_eq!(ann.get("/tickets").await.ok(), json!([]));
    assert_eq!(board.client.get("/api/tickets").await.ok()[0]["id"], made["id"]);
    // A second start uses the key that the first one made.
    let again = listen(&server, &format!("stage-board=127.0.0.1:0,key_file={}", board.key_file.display())).await;
    assert_eq!(again.client.get("/tickets").await.ok()[0]["id"], made["id"]);
    let keys = server.sql("select count(*) from api_keys where actor_id = 'compat-stage-board'", &[]).await;
    assert_eq!(keys[0].get::<_, i64>(0), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_are_refused() {
    let server = open("listener_origin").await;
    let board = listen(&server, "stage-board=127.0.0.1:0,origin=http://localhost:5173").await;
    let send = async |method: Method, headers: &[(&str, &str)]| {
        let mut request = reqwest::Client::new().request(method, format!("{}/tickets", board.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    };
    let own = board.url.clone();
    for allowed in ["http://localhost:5173", own.as_str()] {
        let answer = send(Method::GET, &[("origin", allowed)]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{allowed}");
        assert_eq!(answer.headers()["access-control-allow-origin"], allowed);
        assert_eq!(answer.headers()["access-control-allow-credentials"], "true");
        let preflight = [
            ("origin", allowed),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "x-agent-id"),
        ];
        let answer = send(Method::OPTIONS, &preflight).await;
        assert_eq!(answer.status(), StatusCode::OK, "{allowed}");
        assert_eq!(answer.headers()["access-control-allow-headers"], "x-agent-id");
    }
    for foreign in [
        "https://evil.example",
        "null",
        "http://localhost:5173.evil.example",
        "http://localhost:51730",
        "http://localhost",
    ] {
        let answer = send(Method::GET, &[("origin", foreign)]).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{foreign}");
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!(problem["code"], "foreign_origin");
    }
    // A name that somebody else made point here.
    let answer = send(Method::GET, &[("host", "rebound.example")]).await;
    let problem: Value = answer.json().await.expect("a problem");
    assert_eq!(problem["code"], "foreign_host");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_workflow_must_exist_when_its_key_is_made() {
    let server = open("listener_workflow").await;
    let folder = tempfile::tempdir().expect("a folder");
    let settings = config(&["--compat", "tracker=127.0.0.1:0,workflow=Nowhere"]).compat.remove(0);
    let error = Listener::prepare(settings, folder.path(), &server.state.db).await.expect_err("refused");
    assert!(error.to_string().contains("Nowhere"), "{error}");
    // A key file that holds something else is named.
    std::fs::write(folder.path().join("a.key"), "two words").expect("a file");
    let mut settings = config(&["--compat", "tracker=127.0.0.1:0"]).compat.remove(0);
    settings.key_file = Some(folder.path().join("a.key"));
    let error = Listener::prepare(settings, folder.path(), &server.state.db).await.expect_err("refused");
    assert!(error.to_string().contains("a.key"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_of_known_paths_are_answered_with_405() {
    let server = open("listener_methods").await;
    for (client, method, path, allowed) in [
        ("stage-board", Method::DELETE, "/tickets", "GET, HEAD, POST"),
        ("stage-board", Method::POST, "/api/tickets/ticket-1/stage", "PUT"),
        ("job-builder", Method::PUT, "/api/jobs/job-1/", "GET, HEAD, PATCH, DELETE"),
        ("engine", Method::DELETE, "/api/tickets/TKT-1", "GET, HEAD, PUT, PATCH"),
        ("tracker", Method::PUT, "/api/tickets/comment", "GET, HEAD, POST"),
        ("tracker", Method::DELETE, "/api/tasks", "GET, HEAD"),
        ("workflow-board", Method::GET, "/api/stage-event", "POST"),
        ("workflow-board", Method::PUT, "/adws/ab12cd34", "GET, HEAD, PATCH, DELETE"),
        ("workflow-board", Method::POST, "/health", "GET, HEAD"),
    ] {
        let listener = listen(&server, &format!("{client}=127.0.0.1:0")).await;
        let answer =
            reqwest::Client::new().request(method, format!("{}{path}", listener.url)).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{client} {path}");
        assert_eq!(answer.headers()["allow"], allowed, "{client} {path}");
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!(problem["code"], "method_not_allowed");
        let unknown =
            reqwest::Client::new().post(format!("{}/api/nowhere", listener.url)).send().await.expect("an answer");
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND, "{client}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_name_the_fields_of_the_client() {
    let server = open("listener_fields").await;
    let ann = signed_in_user(&server, "ann").await;
    let (title, long, endless) = ("x".repeat(600), "x".repeat(70_000), "x".repeat(210_000));
    for (client, path, body, field) in [
        ("stage-board", "/tickets", json!({"title": "A ticket", "model": long}), "model"),
        (
            "stage-board",
            "/tickets",
            json!({"title": "A ticket", "content_user_request_prompt": endless}),
            "content_user_request_prompt",
        ),
        ("engine", "/api/tickets", json!({"title": "A ticket", "assignee_id": "nobody@example.org"}), "assignee_id"),
        ("engine", "/api/tickets", json!({"title": "A ticket", "acceptance_criteria": long}), "acceptance_criteria"),
        ("tracker", "/api/tickets/create", json!({"title": title, "description": "Long enough."}), "title"),
        ("workflow-board", "/api/adws", json!({"adw_id": "ab12cd34", "issue_title": title}), "issue_title"),
        ("workflow-board", "/api/v1/workflows/create", json!({"title": title, "description": "Long enough."}), "title"),
    ] {
        let listener = listen(&server, &format!("{client}=127.0.0.1:0")).await;
        let caller = if client == "engine" {
            Client { url: listener.url.clone(), ..ann.clone() }
        } else {
            listener.client.clone()
        };
        let problem = caller.post(path, body).await.expect(422);
        assert_eq!(problem["errors"][0]["field"], field, "{client} {path}: {problem}");
        let detail = problem["detail"].as_str().expect("a sentence");
        assert!(detail.contains(&format!("The field {field} ")), "{client}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_workflow_is_the_operators() {
    let server = open("listener_named_workflow").await;
    let operator = server.admin("ann").await;
    let stranger = signed_in_user(&server, "bob").await;
    let make =
        async |who: &Client| who.post("/api/workflows", json!({"name": "Website"})).await.created()["id"].clone();
    let (own, _) = (make(&operator).await, make(&stranger).await);
    let builder = listen(&server, "job-builder=127.0.0.1:0,workflow=Website").await;
    let at = |who: &Client| Client { url: builder.url.clone(), ..who.clone() };
    // The first caller has a workflow of that name, but is no member of the operator's.
    at(&stranger).post("/jobs", json!({"prompt": "Mine"})).await.refused(404);
    let made = at(&operator).post("/jobs", json!({"prompt": "A page"})).await.created();
    let rows = server.sql("select workflow_id from jobs where id = $1", &[&made["id"].as_str()]).await;
    assert_eq!(rows[0].get::<_, String>(0), own.as_str().expect("an id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_is_named_after_the_key_was_made_admits_the_service() {
    let server = open("listener_named_later").await;
    let operator = server.admin("ann").await;
    let first = listen(&server, "stage-board=127.0.0.1:0").await;
    first.client.post("/tickets", json!({"title": "In the workflow that was made"})).await.created();
    let later = operator.post("/api/workflows", json!({"name": "Website"})).await.created()["id"].clone();
    let flag = format!("stage-board=127.0.0.1:0,workflow=Website,key_file={}", first.key_file.display());
    let second = listen(&server, &flag).await;
    let made = second.client.post("/tickets", json!({"title": "In the one that was named"})).await.created();
    let rows = server.sql("select workflow_id from tickets where id = $1", &[&made["id"].as_str()]).await;
    assert_eq!(rows[0].get::<_, String>(0), later.as_str().expect("an id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_see_and_revoke_the_keys_of_listeners() {
    let server = open("listener_keys").await;
    let operator = server.admin("ann").await;
    let bob = signed_in_user(&server, "bob").await;
    let board = listen(&server, "stage-board=127.0.0.1:0").await;
    let keys = operator.get("/api/keys").await.ok()["keys"].clone();
    assert_eq!((&keys[0]["actor_id"], &keys[0]["actor_name"]), (&json!("compat-stage-board"), &json!("Stage board")));
    assert_eq!(bob.get("/api/keys").await.ok()["keys"], json!([]));
    let path = format!("/api/keys/{}", keys[0]["id"].as_str().expect("an id"));
    bob.delete(&path).await.refused(404);
    board.client.get("/tickets").await.ok();
    assert_eq!(operator.delete(&path).await.status, 204);
    board.client.get("/tickets").await.refused(401);
    assert_eq!(operator.get("/api/keys").await.ok()["keys"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_joins_other_workflows_works_in_its_own() {
    let server = open("listener_own_workflow").await;
    let operator = server.admin("ann").await;
    let first = listen(&server, "stage-board=127.0.0.1:0").await;
    // As a key that was made before its workflow was remembered.
    server.sql("delete from default_workflows", &[]).await;
    let made = operator.post("/api/workflows", json!({"name": "Website"})).await.created();
    let path = format!("/api/workflows/{}/members/compat-stage-board", made["id"].as_str().expect("an id"));
    operator.put(&path, json!({"role": "member"})).await.ok();
    let again = listen(&server, &format!("stage-board=127.0.0.1:0,key_file={}", first.key_file.display())).await;
    again.client.post("/tickets", json!({"title": "On the board"})).await.created();
    assert_eq!(again.client.get("/tickets").await.ok().as_array().map(Vec::len), Some(1));
    let rows = server.sql("select w.name from tickets t join workflows w on w.id = t.workflow_id", &[]).await;
    assert_eq!(rows[0].get::<_, String>(0), "Stage board");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_describe_themselves() {
    let server = open("listener_description").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    let document = board.client.get("/openapi.json").await.ok();
    assert_eq!(document["paths"]["/adws/{id}"]["get"]["parameters"][0]["name"], "id");
    assert!(document["paths"]["/adws"]["post"]["requestBody"].is_object());
    assert!(document["paths"].get("/tickets").is_none(), "of another client");
    for path in ["/docs", "/docs/", "/docs/swagger-ui.css"] {
        let answer = reqwest::get(format!("{}{path}", board.url)).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    board.client.get("/docs/nothing").await.refused(404);
}
