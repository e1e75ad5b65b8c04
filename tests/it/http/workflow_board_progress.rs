//! What programs report about the tasks of a workflow board: progress, specifications, and lists that are too long.

use serde_json::{Value, json};

use super::fixtures::open;
use super::listeners::listen;
use crate::client::Client;
use crate::live::socket::Socket;

fn task(id: &str) -> Value {
    json!({"adw_id": id, "issue_title": "Reported about", "issue_body": "Build what is asked for here.", "current_stage": "backlog"})
}

async fn report(client: &Client, id: &str, percent: Value) {
    let data = json!({"adw_id": id, "workflow_name": "w", "status": "in_progress", "message": "Half", "progress_percent": percent,
        "current_step": "Stage: Build"});
    client.post("/api/workflow-updates", json!({"type": "status_update", "data": data})).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_with_a_step_moves_the_card_and_is_sent() {
    let server = open("workflow_board_progress").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    board.client.post("/api/adws", task("progres1")).await.created();
    let token = std::fs::read_to_string(&board.key_file).expect("a key");
    let rows = server.sql("select workflow_id from tickets", &[]).await;
    let workflow: String = rows[0].get(0);
    let mut main = Socket::open(&server.url, token.trim()).await;
    main.subscribe(&format!("workflow:{workflow}"), None).await;
    main.until("snapshot").await;
    for percent in [50, 60] {
        report(&board.client, "progres1", json!(percent)).await;
        let event = main.until("ticket_progress").await;
        assert_eq!(event["data"]["activity"]["metadata"]["progress_percent"], percent);
    }
    assert_eq!(board.client.get("/api/adws/progres1").await.ok()["current_stage"], "build");
    let states =
        "select count(*) from history where stream_id = $1 and change_type in ('status_changed', 'ticket_state')";
    let rows = server.sql(states, &[&format!("workflow:{workflow}")]).await;
    assert_eq!(rows[0].get::<_, i64>(0), 1, "the step was news only once");
    // Its own sockets get it in their form.
    let mut socket = Socket::try_open(&format!("{}/ws/trigger", board.url), &[]).await.expect("a socket");
    socket.until("connection_ack").await;
    let update = loop {
        report(&board.client, "progres1", json!(70)).await;
        if let Some(crate::live::socket::SocketEvent::Message(message)) =
            socket.receive_within(std::time::Duration::from_secs(1)).await
            && message["type"] == "status_update"
        {
            break message["data"].clone();
        }
    };
    assert_eq!(
        (&update["adw_id"], &update["progress_percent"], &update["current_step"]),
        (&json!("progres1"), &json!(70), &json!("Stage: Build"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_of_the_job_that_the_program_holds_is_the_jobs() {
    let server = open("workflow_board_job_progress").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    let new = json!({"title": "Built elsewhere", "description": "Build it elsewhere, please.", "type": "built", "stages": ["plan", "build"]});
    let made = board.client.post("/v1/workflows/create", new).await.created();
    let adw = made["adw_id"].as_str().expect("an id").to_owned();
    let progress = async || board.client.get(&format!("/v1/workflows/{adw}")).await.ok()["progress_percent"].clone();
    // Nobody has begun, so it is only a report.
    report(&board.client, &adw, json!(10)).await;
    assert_eq!(progress().await, 0.0);
    let key = std::fs::read_to_string(&board.key_file).expect("a key");
    server.bearer(key.trim()).post("/api/jobs/claim", json!({"job_types": ["built"]})).await.ok();
    report(&board.client, &adw, json!(50)).await;
    assert_eq!(progress().await, 50.0);
    for wrong in [json!(150), json!("60"), Value::Null] {
        report(&board.client, &adw, wrong).await;
        assert_eq!(progress().await, 50.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reported_specification_is_the_plan() {
    let server = open("workflow_board_plan").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    board.client.post("/api/adws", task("planned1")).await.created();
    assert_eq!(board.client.get("/api/adws/planned1/plan").await.refused(404), "not_found");
    let spec = json!({"adw_id": "planned1", "spec_path": "specs/a.md", "message": null});
    board.client.post("/api/spec-created", spec).await.ok();
    let plan = board.client.get("/api/adws/planned1/plan").await.ok();
    assert_eq!(plan["plan_file"], "specs/a.md");
    assert!(plan["plan_content"].as_str().is_some_and(|text| text.contains("specs/a.md")), "{plan}");
    assert_eq!(board.client.get("/api/adws/planned1").await.ok()["plan_file"], "specs/a.md");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_stages_are_bounded() {
    let server = open("workflow_board_stages").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    let with = |id: &str, stages: Value| {
        let mut new = task(id);
        new["workflow_stages"] = stages;
        new
    };
    let many: Vec<String> = (0..10_000).map(|number| format!("s{number}")).collect();
    let refused = board.client.post("/api/adws", with("stages01", json!(many))).await.expect(422);
    assert_eq!(refused["detail"], "The field workflow_stages must have at most 50 entries.");
    let refused = board.client.post("/api/adws", with("stages01", json!(["x".repeat(65)]))).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "workflow_stages");
    board.client.post("/api/adws", with("stages01", json!(["plan", "build"]))).await.created();
    let path = "/api/adws/stages01";
    assert_eq!(board.client.patch(path, json!({"workflow_stages": many})).await.refused(422), "invalid");
    assert_eq!(board.client.get(path).await.ok()["workflow_stages"], json!(["plan", "build"]));
    // A trigger says so too, instead of leaving stages out.
    let mut socket = Socket::try_open(&format!("{}/ws/trigger", board.url), &[]).await.expect("a socket");
    let data = json!({"workflow_type": "adw_orchestrator", "adw_id": "stages01", "stages": &many[..60]});
    socket.send(json!({"type": "trigger_workflow", "data": data})).await;
    let error = socket.until("error").await;
    assert!(error["data"]["message"].as_str().is_some_and(|text| text.contains("at most 50")), "{error}");
}
