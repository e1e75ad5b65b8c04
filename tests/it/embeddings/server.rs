//! A server with the local model: tickets become searchable by meaning, and no request waits for it.

use std::time::Duration;

use callboard::domain::embeddings::Absent;
use serde_json::json;

use crate::client::{Server, server_with};
use crate::harness::eventually;
use crate::http::fixtures::{TestWorkflow, signed_in_user};

/// A generous time limit.
const TIMEOUT: Duration = Duration::from_secs(20);

async fn is_working(server: &Server) {
    eventually("the model is in use", async || server.state.embeddings.status().state == "working").await;
}

async fn server_with_local_model(hint: &str) -> Server {
    let runtime = crate::harness::runtime_dir();
    let flags = [
        "--request-rate",
        "1000000",
        "--embedding-provider",
        "local",
        "--runtime-dir",
        runtime.to_str().expect("a path"),
    ];
    server_with(hint, &flags, Vec::new()).await
}

#[tokio::test]
async fn tickets_are_embedded_and_queries_have_vectors_of_the_same_model() {
    let server = server_with_local_model("local").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    is_working(&server).await;
    let ticket = fixture.ticket_with("Users cannot sign in", json!({"description": "The form says no."})).await;
    fixture.ticket_with("The chart has the wrong colours", json!({"description": "Too much green."})).await;
    // Whether it is embedded at once depends on a free core.
    server.state.embeddings.embed_now(&ticket, Duration::from_millis(300)).await;
    server.state.db.wake_due_work();
    eventually("everything is embedded", async || server.number("select count(*) from ticket_embeddings").await == 2)
        .await;
    let query = server.state.embeddings.query("login does  not work ", TIMEOUT).await.expect("a vector");
    let again = server.state.embeddings.query("login does not work", Duration::ZERO).await.expect("stored");
    assert_eq!(query, again);
    let nearest = server
        .sql(
            "select ticket_id from ticket_embeddings where model_id = $1 order by embedding <=> $2 limit 1",
            &[&query.model, &query.vector],
        )
        .await;
    assert_eq!(nearest[0].get::<_, String>(0), ticket);
    let draft = server.state.embeddings.document("Sign-in is broken", TIMEOUT).await.expect("a vector");
    assert_eq!(draft.model, query.model);
    assert_eq!(server.number("select count(*) from embedding_queue").await, 0);

    // The progress is reported.
    let anonymous = server.anonymous();
    eventually("/ready has counted", async || {
        anonymous.get("/ready").await.ok()["embeddings"]["models"][0]["embedded"] == 2
    })
    .await;
    let received = &anonymous.get("/ready").await.ok()["embeddings"];
    assert_eq!((&received["provider"], &received["state"]), (&json!("local"), &json!("working")));
    let model = json!({"model_id": query.model, "model": "local/all-MiniLM-L6-v2", "dimensions": 384, "state": "serving",
        "serving": true, "embedded": 2, "total": 2, "queued": 0, "failed": 0, "oldest": null});
    assert_eq!(received["models"], json!([model]));
    let metrics = anonymous.get("/metrics").await.json.as_str().expect("text").to_owned();
    let line = r#"callboard_embeddings{model="local/all-MiniLM-L6-v2",state="embedded"}"#;
    assert!(metrics.contains(line), "{metrics}");
    let json = |arguments: &[&str]| {
        let output = callboard(&server, arguments);
        serde_json::from_str::<serde_json::Value>(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
    };
    assert_eq!(json(&["embeddings", "status", "--json"]), json!([model]));
    let table = callboard(&server, &["embeddings", "status"]);
    assert!(table.contains("local/all-MiniLM-L6-v2  384         serving  2/2"), "{table}");
    assert_eq!(json(&["embeddings", "retry", "--json"]), json!({"retried": 0}));
    assert_eq!(json(&["embeddings", "status", "--watch", "--json"]), model, "nothing to wait for");
}

/// The output of a command.
fn callboard(server: &Server, arguments: &[&str]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(arguments)
        .env("DATABASE_URL", &server.db.url)
        .output()
        .expect("run callboard");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn without_a_model_the_server_runs_and_reports_why() {
    let nowhere = tempfile::tempdir().expect("a folder");
    let path = nowhere.path().to_str().expect("a path");
    let flags = ["--embedding-provider", "local", "--runtime-dir", path];
    let server = server_with("missing", &flags, Vec::new()).await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    let ticket = fixture.ticket("A ticket").await;
    eventually("the change is reported", async || server.state.embeddings.status().state == "failing").await;
    let absent = server.state.embeddings.query("a ticket", TIMEOUT).await.expect_err("no model");
    assert!(matches!(&absent, Absent::Failing(why) if why.contains("make setup")), "{absent}");
    assert!(!server.state.embeddings.embed_now(&ticket, TIMEOUT).await);
    server.anonymous().get("/ready").await.ok();
    // The model is used once it has been fetched, without a restart.
    let model = crate::harness::runtime_dir().join("all-minilm-l6-v2");
    std::os::unix::fs::symlink(
        std::fs::canonicalize(model).expect("the model"),
        nowhere.path().join("all-minilm-l6-v2"),
    )
    .expect("a link");
    eventually("the ticket is embedded", async || server.number("select count(*) from ticket_embeddings").await == 1)
        .await;
}

#[tokio::test]
async fn disabled_embeddings_do_no_work() {
    let server = server_with("off", &["--embedding-provider", "none"], Vec::new()).await;
    let absent = server.state.embeddings.query("a ticket", TIMEOUT).await.expect_err("no provider");
    assert_eq!(absent, Absent::Off);
    assert_eq!(server.state.embeddings.status().state, "off");
}
