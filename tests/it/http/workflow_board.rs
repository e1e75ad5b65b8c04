//! The language of a workflow board's clients, at an address of its own.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::open;
use super::listeners::{TestListener, listen};
use crate::live::socket::{Socket, SocketEvent};

fn task(id: &str, title: &str) -> Value {
    json!({"adw_id": id, "issue_title": title, "issue_body": "Build what is asked for here.", "issue_class": "feature",
        "current_stage": "backlog", "status": "pending", "workflow_name": "adw_plan_build_iso", "branch_name": "work", "data_source": "kanban"})
}

/// A socket that receives the events of a task: the client does not learn when its socket has entered the room, so lines are sent until one arrives.
async fn socket(board: &TestListener, id: &str) -> Socket {
    let mut socket = Socket::try_open(&format!("{}/ws/trigger", board.url), &[]).await.expect("a socket");
    socket.until("connection_ack").await;
    for _ in 0..20 {
        let line = json!({"type": "workflow_log", "data": {"adw_id": id, "message": "Is anybody there?"}});
        board.client.post("/api/workflow-updates", line).await.ok();
        if let Some(SocketEvent::Message(message)) = socket.receive_within(Duration::from_secs(2)).await {
            assert_eq!(message["type"], "workflow_log");
            return socket;
        }
    }
    panic!("the socket receives nothing");
}

/// The data of the next message of a kind.
async fn said(socket: &mut Socket, kind: &str) -> Value {
    socket.until(kind).await["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn long_texts_are_cut_in_the_list_and_survive_an_edit() {
    let server = open("workflow_board_long").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    let client = &board.client;
    let mut long = task("testadw1", "The first");
    long["issue_body"] = "Build it. ".repeat(10_000).trim_end().into();
    client.post("/api/adws", long.clone()).await.created();
    let listed = client.get("/api/adws").await.ok()["adws"][0]["issue_body"].clone();
    let shown = listed.as_str().expect("a text");
    assert!(shown.len() < 33_000 && shown.contains("(cut in this list"), "{}", shown.len());
    assert_eq!(client.get("/api/adws/testadw1").await.ok()["issue_body"], long["issue_body"]);
    // The client sends what it knows with every edit.
    let edited = client.patch("/api/adws/testadw1", json!({"issue_title": "Renamed", "issue_body": listed})).await.ok();
    assert_eq!((&edited["issue_title"], &edited["issue_body"]), (&json!("Renamed"), &long["issue_body"]));
    let refused = client.patch("/api/adws/testadw1", json!({"issue_body": format!("{shown} And more.")})).await;
    assert_eq!(refused.refused(422), "invalid");
    let whole = client.patch("/api/adws/testadw1", json!({"issue_body": "Something shorter."})).await.ok();
    assert_eq!(whole["issue_body"], "Something shorter.");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_keep_the_id_and_fields_of_their_client() {
    let server = open("workflow_board").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    let client = &board.client;
    assert_eq!(client.get("/api/adws").await.ok(), json!({"adws": [], "total_count": 0}));
    let made = client.post("/api/adws", task("testadw1", "The first")).await.created();
    let wanted = json!({"adw_id": "testadw1", "issue_title": "The first", "issue_body": "Build what is asked for here.",
        "issue_class": "feature", "current_stage": "backlog", "status": "pending", "workflow_name": "adw_plan_build_iso",
        "branch_name": "work", "issue_number": null, "is_stuck": false});
    for (name, value) in wanted.as_object().expect("fields") {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(client.get("/api/adws/testadw1").await.ok(), made);
    assert_eq!(client.post("/api/adws", task("testadw1", "Again")).await.refused(409), "conflict");
    // Short texts come back as they were.
    let short =
        client.post("/adws", json!({"adw_id": "ab12cd34", "issue_title": "X", "issue_body": "Go"})).await.created();
    assert_eq!((&short["issue_title"], &short["issue_body"]), (&json!("Task X"), &json!("Go")));
    for (id, status) in [("short", 400), ("test@123", 400), ("zzzz9999", 404)] {
        assert_eq!(client.get(&format!("/api/adws/{id}")).await.status, status, "{id}");
        assert_eq!(client.patch(&format!("/api/adws/{id}"), json!({"status": "pending"})).await.status, status, "{id}");
        assert_eq!(client.delete(&format!("/api/adws/{id}")).await.status, status, "{id}");
    }
    for body in [json!({}), json!([]), json!({"adw_id": 5})] {
        assert_eq!(client.post("/api/adws", body).await.refused(422), "invalid");
    }
    assert_eq!(client.post("/api/adws", json!({"adw_id": "x", "issue_title": "Bad id"})).await.status, 400);
    assert_eq!(client.post("/api/adws", json!({"adw_id": "badstage", "current_stage": "nowhere"})).await.status, 422);
    // Both APIs lead to the same tasks.
    let job = client
        .post(
            "/api/v1/workflows/create",
            json!({"title": "Test", "description": "Test task", "type": "feature", "stages": ["plan"]}),
        )
        .await
        .created();
    let list = client.get("/api/adws/list").await.ok();
    assert_eq!((&list["total_count"], &list["adws"][0]["adw_id"]), (&json!(3), &job["adw_id"]));
    let id = job["adw_id"].as_str().expect("an id");
    assert_eq!(client.get(&format!("/api/adws/{id}")).await.ok()["issue_title"], "Test");
    assert_eq!(client.get(&format!("/api/v1/workflows/{id}")).await.ok()["status"], "started");
    assert_eq!(client.get("/api/adws?status=completed").await.ok()["total_count"], 0);
    // Another tenant sees none of it.
    let ann = client.with(server.user("ann").await.token.as_deref().expect("a token"));
    assert_eq!(ann.get("/api/adws").await.ok()["total_count"], 0);
    assert_eq!(ann.get("/api/adws/testadw1").await.refused(404), "not_found");
    assert_eq!(
        ann.post("/api/stage-event", json!({"adw_id": "testadw1", "to_stage": "build"})).await.refused(404),
        "not_found"
    );
    assert_eq!(client.get("/health").await.ok(), json!({"status": "healthy"}));
    assert_eq!(client.get("/api/health").await.ok()["adw_count"], 3);
    assert_eq!(client.get("/").await.ok()["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_allocated_once() {
    let server = open("workflow_board_numbers").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    let client = &board.client;
    let mut numbers = Vec::new();
    for place in 1..=3 {
        let number = client
            .post("/api/issues/allocate", json!({"issue_title": "T", "project_id": "default"}))
            .await
            .created()["issue_number"]
            .clone();
        let mut new = task(&format!("number0{place}"), "Numbered");
        new["issue_number"] = number.clone();
        assert_eq!(client.post("/api/adws", new).await.created()["issue_number"], number);
        numbers.push(number);
    }
    assert_eq!(numbers, [1, 2, 3]);
    let rows = server.sql("select number from tickets order by number", &[]).await;
    assert_eq!(rows.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>(), [1, 2, 3]);
    let mut new = task("number99", "Far ahead");
    new["issue_number"] = json!(999);
    assert_eq!(client.post("/api/adws", new).await.created()["issue_number"], 999);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_moves_and_deletion() {
    let server = open("workflow_board_changes").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    let client = &board.client;
    client.post("/api/adws", task("testadw4", "To be changed")).await.created();
    let mut socket = socket(&board, "testadw4").await;
    let path = "/api/adws/testadw4";
    let changed = client
        .patch(path, json!({"current_stage": "plan", "status": "in_progress", "branch_name": "other"}))
        .await
        .ok();
    assert_eq!(
        (&changed["current_stage"], &changed["status"], &changed["branch_name"]),
        (&json!("plan"), &json!("in_progress"), &json!("other"))
    );
    let moved = said(&mut socket, "stage_transition").await;
    assert_eq!(
        (&moved["adw_id"], &moved["from_stage"], &moved["to_stage"]),
        (&json!("testadw4"), &json!("backlog"), &json!("plan"))
    );
    assert_eq!(moved["workflow_name"], "adw_plan_build_iso");
    // The client follows a transition with the same stage.
    assert_eq!(client.patch(path, json!({"current_stage": "plan"})).await.ok()["current_stage"], "plan");
    let edited =
        client.patch(path, json!({"issue_title": "Edited", "issue_body": "Now", "issue_class": "bug"})).await.ok();
    assert_eq!(
        (&edited["issue_title"], &edited["issue_body"], &edited["issue_class"]),
        (&json!("Edited"), &json!("Now"), &json!("bug"))
    );
    for stage in ["build", "test", "review", "document", "ready-to-merge", "errored"] {
        assert_eq!(client.patch(path, json!({"current_stage": stage})).await.ok()["current_stage"], stage);
    }
    let done = client
        .patch(
            path,
            json!({"current_stage": "completed", "status": "completed", "completed_at": "2026-11-21T10:00:00Z"}),
        )
        .await
        .ok();
    assert_eq!((&done["status"], done["completed_at"].is_string()), (&json!("completed"), true));
    assert_eq!(client.get("/api/adws?status=completed").await.ok()["total_count"], 1);
    assert_eq!(client.patch(path, json!({"current_stage": "nowhere"})).await.status, 422);
    let added = client
        .post(&format!("{path}/activity"), json!({"event_type": "log_entry", "event_data": {"a": 1}}))
        .await
        .created();
    assert_eq!(added["event_type"], "log_entry");
    let activities = client.get(&format!("{path}/activity")).await.ok();
    assert_eq!(activities["activities"][0]["event_type"], "created");
    for body in [json!([]), json!("x"), json!(5), json!({})] {
        assert_eq!(client.post(&format!("{path}/activity"), body).await.refused(422), "invalid");
    }
    // Both of the client's deletions succeed.
    for _ in 0..2 {
        let gone = client.delete(path).await.ok();
        assert_eq!((&gone["success"], &gone["adw_id"]), (&json!(true), &json!("testadw4")));
    }
    let event = said(&mut socket, "system_log").await;
    assert_eq!(event["context"], json!({"event_type": "worktree_deleted", "adw_id": "testadw4"}));
    assert_eq!(client.get(path).await.refused(404), "not_found");
    assert_eq!(client.get("/api/adws").await.ok()["total_count"], 0);
    let again = client.post("/api/adws", task("testadw4", "The same id")).await;
    assert!(again.json["detail"].as_str().is_some_and(|detail| detail.contains("deleted")), "{}", again.json);
    assert_eq!(again.refused(409), "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_queues_one_job_and_its_work_is_shown() {
    let server = open("workflow_board_trigger").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0,auto_queue=simulated").await;
    let client = &board.client;
    client.post("/api/adws", task("trigger1", "To be built")).await.created();
    let mut socket = socket(&board, "trigger1").await;
    socket.send(json!({"type": "ping"})).await;
    socket.until("pong").await;
    let trigger = |id: &str| {
        json!({"type": "trigger_workflow", "data": {"workflow_type": "adw_orchestrator", "adw_id": id, "issue_number": "1", "issue_type": "feature",
            "issue_json": {"title": "To be built", "body": "As it says."}, "stages": ["plan", "implement"], "model_set": "base"}})
    };
    socket.send(trigger("trigger1")).await;
    let answer = said(&mut socket, "trigger_response").await;
    assert_eq!(
        (&answer["status"], &answer["adw_id"], &answer["workflow_name"]),
        (&json!("accepted"), &json!("trigger1"), &json!("adw_orchestrator"))
    );
    assert_eq!(client.get("/api/adws/trigger1").await.ok()["current_stage"], "plan");
    // Twice is one job; a trigger before its task makes the task.
    socket.send(trigger("trigger1")).await;
    assert_eq!(said(&mut socket, "trigger_response").await["status"], "accepted");
    socket.send(trigger("trigger2")).await;
    assert_eq!(said(&mut socket, "trigger_response").await["adw_id"], "trigger2");
    let rows = server.sql("select job_type, array_to_string(stages, ',') from jobs", &[]).await;
    let jobs: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(jobs, vec![("simulated".to_owned(), "plan,build".to_owned()); 2]);
    assert_eq!(client.get("/api/adws").await.ok()["total_count"], 2);
    for bad in [
        json!({"type": "trigger_workflow", "data": {"adw_id": "x"}}),
        json!({"type": "trigger_workflow"}),
        json!({"type": "dance"}),
    ] {
        socket.send(bad).await;
        assert!(said(&mut socket, "error").await["message"].is_string());
    }
    // A worker takes it.
    let key = std::fs::read_to_string(&board.key_file).expect("a key");
    let worker = server.bearer(key.trim());
    let claimed = worker.post("/api/jobs/claim", json!({"job_types": ["simulated"]})).await.ok();
    let job = claimed["job"]["id"].as_str().expect("a job").to_owned();
    let token = claimed["lease_token"].clone();
    loop {
        let update = said(&mut socket, "status_update").await;
        if update["status"] == "in_progress" {
            assert_eq!(update["adw_id"], "trigger1");
            break;
        }
    }
    let line = json!({"lease_token": token, "messages": [{"kind": "step", "content": "Reading the spec"}]});
    worker.post(&format!("/api/jobs/{job}/messages"), line).await.ok();
    let event = said(&mut socket, "workflow_log").await;
    assert_eq!(
        (&event["message"], &event["level"], &event["adw_id"]),
        (&json!("Reading the spec"), &json!("INFO"), &json!("trigger1"))
    );
    worker.post(&format!("/api/jobs/{job}/stage"), json!({"lease_token": token, "stage": "build"})).await.ok();
    let moved = said(&mut socket, "stage_transition").await;
    assert_eq!((&moved["to_stage"], &moved["adw_id"]), (&json!("build"), &json!("trigger1")));
    let logs = client.get("/api/stage-logs/trigger1/plan").await.ok();
    assert_eq!((&logs["logs"][0]["message"], &logs["has_streaming_logs"]), (&json!("Reading the spec"), &json!(true)));
    worker.post(&format!("/api/jobs/{job}/complete"), json!({"lease_token": token})).await.ok();
    loop {
        if said(&mut socket, "status_update").await["status"] == "completed" {
            break;
        }
    }
    // What is built waits to be merged, which is a job too.
    assert_eq!(client.get("/api/adws/trigger1").await.ok()["current_stage"], "ready-to-merge");
    socket
        .send(json!({"type": "trigger_workflow", "data": {"workflow_type": "adw_merge_iso", "adw_id": "trigger1"}}))
        .await;
    assert_eq!(said(&mut socket, "trigger_response").await["message"], "The work is queued.");
    client.delete("/api/adws/trigger2").await.ok();
    let claimed = worker.post("/api/jobs/claim", json!({"job_types": ["simulated"]})).await.ok();
    let job = claimed["job"]["id"].as_str().expect("a job").to_owned();
    worker.post(&format!("/api/jobs/{job}/complete"), json!({"lease_token": claimed["lease_token"]})).await.ok();
    assert_eq!(client.get("/api/adws/trigger1").await.ok()["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_recorded_and_published() {
    let server = open("workflow_board_reports").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    let client = &board.client;
    client.post("/api/adws", task("report01", "Reported about")).await.created();
    let mut socket = socket(&board, "report01").await;
    let event = json!({"adw_id": "report01", "workflow_name": "w", "from_stage": "backlog", "to_stage": "plan", "message": "Begun"});
    assert_eq!(client.post("/api/stage-event", event).await.ok()["status"], "success");
    let moved = said(&mut socket, "stage_transition").await;
    assert_eq!((&moved["to_stage"], &moved["message"]), (&json!("plan"), &json!("Begun")));
    let event = json!({"adw_id": "report01", "event_type": "stage_completed", "stage_name": "plan", "next_stage": "build", "previous_stage": null});
    client.post("/api/stage-event", event).await.ok();
    assert_eq!(said(&mut socket, "stage_transition").await["to_stage"], "build");
    let update = |kind: &str, data: Value| client.post("/api/workflow-updates", json!({"type": kind, "data": data}));
    update(
        "workflow_log",
        json!({"adw_id": "report01", "workflow_name": "w", "message": "A line", "level": "SUCCESS"}),
    )
    .await
    .ok();
    let event = said(&mut socket, "workflow_log").await;
    assert_eq!((&event["message"], &event["level"]), (&json!("A line"), &json!("SUCCESS")));
    update("status_update", json!({"adw_id": "report01", "status": "in_progress", "message": "Half", "progress_percent": 50, "current_step": null})).await.ok();
    let event = said(&mut socket, "status_update").await;
    assert_eq!(
        (&event["status"], &event["progress_percent"], &event["message"]),
        (&json!("in_progress"), &json!(50), &json!("Half"))
    );
    for (kind, body) in [
        ("agent-state-update", json!({"event_type": "thinking", "data": {"content": "Hm", "duration_ms": null}})),
        ("workflow-phase-transition", json!({"phase_from": "build", "phase_to": "test", "metadata": {}})),
        ("agent-output-chunk", json!({"agent_role": "planner", "content": "Output"})),
        ("screenshot-available", json!({"screenshot_path": "a.png"})),
        ("spec-created", json!({"spec_path": "specs/a.md"})),
    ] {
        let mut body = body;
        body["adw_id"] = "report01".into();
        assert_eq!(client.post(&format!("/api/{kind}"), body).await.status, 200, "{kind}");
    }
    assert_eq!(client.get("/api/adws/report01").await.ok()["current_stage"], "test");
    update("status_update", json!({"adw_id": "report01", "status": "failed", "message": "It broke"})).await.ok();
    assert_eq!(client.get("/api/adws/report01").await.ok()["status"], "errored");
    assert_eq!(update("workflow_log", json!({"message": "whose?"})).await.refused(422), "invalid");
    assert_eq!(update("workflow_log", json!({"adw_id": "nobody00", "message": "x"})).await.refused(404), "not_found");
    let understood = client
        .post("/api/clarify", json!({"task_id": 1, "description": "Build it", "adw_id": "report01", "feedback": null}))
        .await
        .ok();
    assert_eq!((&understood["understanding"], &understood["questions"]), (&json!("Build it"), &json!([])));
    assert_eq!(client.get("/api/adws/report01/plan").await.ok()["plan_file"], "specs/a.md");
    assert_eq!(client.get("/api/agent-state/report01").await.ok()["adw_id"], "report01");
}
