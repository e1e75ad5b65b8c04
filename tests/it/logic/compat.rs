//! The SQL functions behind the compatibility endpoints: ticket keys, column synonyms, engine reports
//! and externally run work.

use serde_json::{Value, json};

use super::fixtures::Fixture;

async fn report(fixture: &Fixture, ticket: &str, mut payload: Value) -> Value {
    let event = payload["event"].take();
    fixture.ok("record_ticket_event", json!({"ticket": ticket, "event": event, "payload": payload})).await
}

#[tokio::test]
async fn column_synonyms_are_resolved() {
    let fixture = Fixture::open("words").await;
    let mean = async |workflow: &str, word: &str, standing: Option<&str>| {
        let arguments = json!({"workflow": workflow, "word": word, "standing_in": standing});
        fixture.ok("find_column_for_word", arguments).await.as_str().map(str::to_owned)
    };
    let cases: &[(&str, &str, Option<&str>, Option<&str>)] = &[
        ("development", "in_progress", None, Some("in_progress")),
        ("development", "In Progress", None, Some("in_progress")),
        ("development", "CODE REVIEW", None, Some("review")),
        ("development", "in_review", Some("todo"), Some("review")),
        ("development", "running", Some("testing"), Some("testing")),
        ("development", "running", Some("review"), Some("in_progress")),
        ("development", "ready", Some("backlog"), Some("todo")),
        ("development", "completed", None, Some("done")),
        ("development", "failed", None, None),
        ("development", "whatever", None, None),
        ("sdlc", "in_progress", Some("idle"), Some("build")),
        ("sdlc", "in-progress", Some("plan"), Some("plan")),
        ("sdlc", "started", Some("errored"), Some("build")),
        ("sdlc", "done", None, Some("shipped")),
        ("sdlc", "failed", None, Some("errored")),
        ("security", "done", None, Some("fixed")),
        ("security", "done", Some("fp"), Some("fp")),
        ("security", "in_progress", None, Some("triaging")),
        ("research", "queued", None, Some("identified")),
        ("research", "cancelled", None, None),
    ];
    for (template, word, standing, column) in cases {
        let made = fixture.ok("create_workflow", json!({"name": "Board", "template": template})).await;
        let id = made["id"].as_str().expect("an id").to_owned();
        assert_eq!(mean(&id, word, *standing).await.as_deref(), *column, "{template}: {word} from {standing:?}");
    }
}

#[tokio::test]
async fn tickets_are_found_by_key() {
    let fixture = Fixture::open("keys").await;
    let first = fixture.ticket("First").await;
    let locate = async |caller: &str, ticket: &str| {
        fixture
            .call(
                "authorize_ticket_by_key",
                json!({"caller": caller, "ticket": ticket, "required": "viewer", "workflow": null}),
            )
            .await
            .map(|access| access["ticket_id"].clone())
    };
    for name in [first.as_str(), "TKT-1", "tkt-1", "#1", "1"] {
        assert_eq!(locate("owner", name).await.expect("found"), json!(first), "{name}");
    }
    assert_eq!(locate("viewer", "TKT-1").await.expect("found"), json!(first));
    for (caller, name) in
        [("owner", "TKT-2"), ("outsider", "TKT-1"), ("outsider", first.as_str()), ("owner", "nonsense")]
    {
        assert_eq!(locate(caller, name).await.expect_err("absent").0, "CB404", "{caller} {name}");
    }
    // A key used in two workflows requires the workflow, unless one is the caller's default.
    let other = fixture.ok("create_workflow", json!({"name": "Other"})).await;
    let elsewhere = fixture.ticket_with("Elsewhere", json!({"workflow": other["id"]})).await;
    let refusal = locate("owner", "TKT-1").await.expect_err("two of them");
    assert_eq!((refusal.0.as_str(), &refusal.2["field"]), ("CB422", &json!("ticket_id")));
    let named = json!({"ticket": "TKT-1", "required": "viewer", "workflow": other["id"]});
    assert_eq!(fixture.ok("authorize_ticket_by_key", named).await["ticket_id"], json!(elsewhere));
    fixture
        .client
        .execute("insert into default_workflows (actor_id, workflow_id) values ('owner', $1)", &[&other["id"].as_str()])
        .await
        .expect("a default");
    assert_eq!(locate("owner", "TKT-1").await.expect("the caller's ticket"), json!(elsewhere));
    assert_eq!(fixture.ok("find_default_workflow", json!({})).await, other["id"]);
    assert_eq!(fixture.ok("find_default_workflow", json!({"caller": "outsider"})).await, Value::Null);
    let made = fixture.ok("resolve_room", json!({"caller": "outsider", "room": null})).await;
    assert_eq!(fixture.ok("resolve_room", json!({"caller": "outsider", "room": null})).await, made);
    assert_eq!(
        fixture.ok("resolve_room", json!({"room": "ticket:TKT-1"})).await,
        json!(format!("ticket:{}", elsewhere))
    );
    assert_eq!(fixture.ok("resolve_room", json!({"room": "job:any"})).await, "job:any");
}

#[tokio::test]
async fn engine_reports_are_recorded() {
    let fixture = Fixture::open("engines").await;
    let ticket = fixture.ticket("Reported on").await;
    // A repeated assignment changes nothing and is still recorded.
    let assigned = json!({"event": "state_change", "state": "assigned", "agentId": "forge"});
    assert_eq!(report(&fixture, &ticket, assigned.clone()).await["moved"], false);
    report(&fixture, &ticket, assigned).await;
    report(&fixture, &ticket, json!({"event": "state_change", "state": "in_progress", "message": "Go", "vmId": 7}))
        .await;
    report(&fixture, &ticket, json!({"event": "state_change", "state": "in_progress"})).await;
    report(&fixture, &ticket, json!({"event": "progress", "message": "Only words", "metadata": {"a": 1}})).await;
    report(&fixture, &ticket, json!({"event": "pr_created", "pr_url": "https://git.example/1", "branch": "b"})).await;
    report(&fixture, &ticket, json!({"event": "activity", "message": "A line", "metadata": {"b": null}})).await;
    assert_eq!(
        fixture.changes(&ticket).await,
        [
            "created",
            "assigned",
            "ticket_state",
            "status_changed",
            "ticket_state",
            "ticket_progress",
            "pr_created",
            "activity"
        ]
    );
    let rows = fixture
        .client
        .query(
            "select metadata -> 'reported' from history where ticket_id = $1 and metadata ? 'reported' order by seq",
            &[&ticket],
        )
        .await
        .expect("history");
    let reported: Vec<Value> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        reported,
        [json!({"state": "assigned", "agentId": "forge"}), json!({"state": "in_progress", "message": "Go", "vmId": 7})]
    );
    let rows =
        fixture.client.query("select event, metadata from ticket_activities order by id", &[]).await.expect("rows");
    let kept: Vec<(String, Value)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(
        kept[2..],
        [
            ("progress".to_owned(), json!({"metadata": {"a": 1}})),
            ("pr_created".to_owned(), json!({})),
            ("activity".to_owned(), json!({"b": null})),
        ]
    );
    // The reported metadata does not leak into the session's next statement.
    fixture.ok("change_status", json!({"ticket": ticket, "new_status": "review"})).await;
    let row = fixture
        .client
        .query_one("select metadata from history where ticket_id = $1 order by seq desc limit 1", &[&ticket])
        .await;
    assert!(row.expect("a row").get::<_, Value>(0).get("reported").is_none());
    // The message serves as the comment on boards that require one for moves.
    let settings = json!({"settings": {"require_comments_on_status_change": true}});
    fixture.ok("set_board", json!({"config": settings})).await;
    assert_eq!(
        report(&fixture, &ticket, json!({"event": "state_change", "state": "in_progress"})).await["moved"],
        true
    );
    // Unknown users cannot be assigned; the report is recorded, and the response says why.
    let report_result =
        report(&fixture, &ticket, json!({"event": "state_change", "state": "assigned", "assigneeId": "user-nobody"}))
            .await;
    assert!(
        report_result["notice"].as_str().is_some_and(|notice| notice.contains("assigned_agent_id")),
        "{report_result}"
    );
    for who in ["viewer", "outsider"] {
        let report_result = json!({"caller": who, "ticket": ticket, "event": "progress", "payload": {"phase": "x"}});
        assert_eq!(
            fixture.refused("record_ticket_event", report_result).await,
            if who == "viewer" { "CB403" } else { "CB404" }
        );
    }
    // A row inserted by hand emits an event too.
    fixture.client
        .execute(
            "insert into ticket_activities (ticket_id, workflow_id, event, message) values ($1, $2, 'activity', 'By hand')",
            &[&ticket, &fixture.workflow],
        )
        .await
        .expect("a row");
    assert_eq!(fixture.changes(&ticket).await.last().map(String::as_str), Some("activity"));
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn external_work_is_tracked_by_status() {
    let fixture = Fixture::open("elsewhere").await;
    let create =
        json!({"title": "Outside", "description": "Run by others", "type": null, "stages": ["todo", "review"]});
    let made = fixture.ok("create_adw", create).await;
    let (job, ticket) = (made["adw_id"].clone(), made["ticket_id"].as_str().expect("a ticket").to_owned());
    let report = |status: &str| json!({"job": job, "status": status, "message": null});
    // A blocked ticket prevents the start of its work.
    let blocker = fixture.ticket("In the way").await;
    fixture.ok("set_blockers", json!({"ticket": ticket, "blocked_by_ticket_ids": [blocker]})).await;
    assert_eq!(fixture.refused("set_adw_status", report("in_progress")).await, "CB409");
    fixture.ok("set_blockers", json!({"ticket": ticket, "blocked_by_ticket_ids": []})).await;
    assert_eq!(fixture.ok("set_adw_status", report("in_progress")).await["attempts"], 1);
    assert_eq!(fixture.card(&ticket).await["status"], "todo");
    // Another member cannot end it, and a repeated report is not a new attempt.
    let theirs = json!({"caller": "member", "job": job, "status": "completed", "message": null});
    assert_eq!(fixture.refused("set_adw_status", theirs).await, "CB409");
    assert_eq!(fixture.ok("set_adw_status", report("in_progress")).await["attempts"], 1);
    assert_eq!(fixture.ok("set_adw_status", report("failed")).await["error"], "It failed.");
    assert_eq!(fixture.ok("set_adw_status", report("failed")).await["status"], "failed");
    assert_eq!(fixture.ok("set_adw_status", report("started")).await["job_status"], "queued");
    assert_eq!(fixture.ok("set_adw_status", report("cancelled")).await["status"], "cancelled");
    assert_eq!(fixture.ok("set_adw_status", report("queued")).await["job_status"], "queued");
    assert_eq!(fixture.ok("set_adw_status", report("completed")).await["status"], "completed");
    assert_eq!(fixture.card(&ticket).await["is_resolved"], true);
    assert_eq!(fixture.refused("set_adw_status", report("started now")).await, "CB422");
    fixture.streams_are_gapless().await;
}
