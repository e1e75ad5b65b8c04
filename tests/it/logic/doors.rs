//! What the doors of other systems' clients rely on: names of tickets, words for columns, what engines tell,
//! and work that is run elsewhere.

use serde_json::{Value, json};

use super::desk::Desk;

async fn tell(desk: &Desk, ticket: &str, mut told: Value) -> Value {
    let event = told["event"].take();
    desk.ok("record_ticket_event", json!({"ticket": ticket, "event": event, "payload": told})).await
}

#[tokio::test]
async fn words_for_columns() {
    let desk = Desk::open("words").await;
    let mean = async |workflow: &str, word: &str, standing: Option<&str>| {
        let arguments = json!({"workflow": workflow, "word": word, "standing_in": standing});
        desk.ok("find_column_for_word", arguments).await.as_str().map(str::to_owned)
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
        let made = desk.ok("create_workflow", json!({"name": "Board", "template": template})).await;
        let id = made["id"].as_str().expect("an id").to_owned();
        assert_eq!(mean(&id, word, *standing).await.as_deref(), *column, "{template}: {word} from {standing:?}");
    }
}

#[tokio::test]
async fn tickets_by_their_keys() {
    let desk = Desk::open("keys").await;
    let first = desk.ticket("First").await;
    let locate = async |caller: &str, ticket: &str| {
        desk.call(
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
        [("owner", "TKT-2"), ("stranger", "TKT-1"), ("stranger", first.as_str()), ("owner", "nonsense")]
    {
        assert_eq!(locate(caller, name).await.expect_err("absent").0, "CB404", "{caller} {name}");
    }
    // A key that two workflows have needs the workflow, unless one of them is the caller's own.
    let other = desk.ok("create_workflow", json!({"name": "Other"})).await;
    let elsewhere = desk.ticket_with("Elsewhere", json!({"workflow": other["id"]})).await;
    let refusal = locate("owner", "TKT-1").await.expect_err("two of them");
    assert_eq!((refusal.0.as_str(), &refusal.2["field"]), ("CB422", &json!("ticket_id")));
    let named = json!({"ticket": "TKT-1", "required": "viewer", "workflow": other["id"]});
    assert_eq!(desk.ok("authorize_ticket_by_key", named).await["ticket_id"], json!(elsewhere));
    desk.client
        .execute("insert into default_workflows (actor_id, workflow_id) values ('owner', $1)", &[&other["id"].as_str()])
        .await
        .expect("a default");
    assert_eq!(locate("owner", "TKT-1").await.expect("the own"), json!(elsewhere));
    assert_eq!(desk.ok("find_default_workflow", json!({})).await, other["id"]);
    assert_eq!(desk.ok("find_default_workflow", json!({"caller": "stranger"})).await, Value::Null);
    let made = desk.ok("resolve_room", json!({"caller": "stranger", "room": null})).await;
    assert_eq!(desk.ok("resolve_room", json!({"caller": "stranger", "room": null})).await, made);
    assert_eq!(desk.ok("resolve_room", json!({"room": "ticket:TKT-1"})).await, json!(format!("ticket:{}", elsewhere)));
    assert_eq!(desk.ok("resolve_room", json!({"room": "job:any"})).await, "job:any");
}

#[tokio::test]
async fn what_engines_tell() {
    let desk = Desk::open("engines").await;
    let ticket = desk.ticket("Told about").await;
    // Assigned, and assigned again: the second time nothing changes, and it is told all the same.
    let assigned = json!({"event": "state_change", "state": "assigned", "agentId": "forge"});
    assert_eq!(tell(&desk, &ticket, assigned.clone()).await["moved"], false);
    tell(&desk, &ticket, assigned).await;
    tell(&desk, &ticket, json!({"event": "state_change", "state": "in_progress", "message": "Go", "vmId": 7})).await;
    tell(&desk, &ticket, json!({"event": "state_change", "state": "in_progress"})).await;
    tell(&desk, &ticket, json!({"event": "progress", "message": "Only words", "metadata": {"a": 1}})).await;
    tell(&desk, &ticket, json!({"event": "pr_created", "pr_url": "https://git.example/1", "branch": "b"})).await;
    tell(&desk, &ticket, json!({"event": "activity", "message": "A line", "metadata": {"b": null}})).await;
    assert_eq!(
        desk.changes(&ticket).await,
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
    let rows = desk
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
    let rows = desk.client.query("select event, metadata from ticket_activities order by id", &[]).await.expect("rows");
    let kept: Vec<(String, Value)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(
        kept[2..],
        [
            ("progress".to_owned(), json!({"metadata": {"a": 1}})),
            ("pr_created".to_owned(), json!({})),
            ("activity".to_owned(), json!({"b": null})),
        ]
    );
    // Nothing of it clings to what the same session does next.
    desk.ok("change_status", json!({"ticket": ticket, "new_status": "review"})).await;
    let row = desk
        .client
        .query_one("select metadata from history where ticket_id = $1 order by seq desc limit 1", &[&ticket])
        .await;
    assert!(row.expect("a row").get::<_, Value>(0).get("reported").is_none());
    // Boards that ask for the reason of a move get the message.
    let settings = json!({"settings": {"require_comments_on_status_change": true}});
    desk.ok("set_board", json!({"config": settings})).await;
    assert_eq!(tell(&desk, &ticket, json!({"event": "state_change", "state": "in_progress"})).await["moved"], true);
    // People that are not there cannot be assigned; it is told, and the answer says why.
    let told =
        tell(&desk, &ticket, json!({"event": "state_change", "state": "assigned", "assigneeId": "user-nobody"})).await;
    assert!(told["notice"].as_str().is_some_and(|notice| notice.contains("assigned_agent_id")), "{told}");
    for who in ["viewer", "stranger"] {
        let told = json!({"caller": who, "ticket": ticket, "event": "progress", "payload": {"phase": "x"}});
        assert_eq!(desk.refused("record_ticket_event", told).await, if who == "viewer" { "CB403" } else { "CB404" });
    }
    // A row typed by hand is told too.
    desk.client
        .execute(
            "insert into ticket_activities (ticket_id, workflow_id, event, message) values ($1, $2, 'activity', 'By hand')",
            &[&ticket, &desk.workflow],
        )
        .await
        .expect("a row");
    assert_eq!(desk.changes(&ticket).await.last().map(String::as_str), Some("activity"));
    desk.streams_are_gapless().await;
}

#[tokio::test]
async fn work_that_is_run_elsewhere() {
    let desk = Desk::open("elsewhere").await;
    let create =
        json!({"title": "Outside", "description": "Run by others", "type": null, "stages": ["todo", "review"]});
    let made = desk.ok("create_adw", create).await;
    let (job, ticket) = (made["adw_id"].clone(), made["ticket_id"].as_str().expect("a ticket").to_owned());
    let tell = |status: &str| json!({"job": job, "status": status, "message": null});
    // A blocked ticket keeps its work from beginning.
    let blocker = desk.ticket("In the way").await;
    desk.ok("set_blockers", json!({"ticket": ticket, "blocked_by_ticket_ids": [blocker]})).await;
    assert_eq!(desk.refused("set_adw_status", tell("in_progress")).await, "CB409");
    desk.ok("set_blockers", json!({"ticket": ticket, "blocked_by_ticket_ids": []})).await;
    assert_eq!(desk.ok("set_adw_status", tell("in_progress")).await["attempts"], 1);
    assert_eq!(desk.card(&ticket).await["status"], "todo");
    // Somebody else does not end it, and telling again is no new attempt.
    let theirs = json!({"caller": "member", "job": job, "status": "completed", "message": null});
    assert_eq!(desk.refused("set_adw_status", theirs).await, "CB409");
    assert_eq!(desk.ok("set_adw_status", tell("in_progress")).await["attempts"], 1);
    assert_eq!(desk.ok("set_adw_status", tell("failed")).await["error"], "It failed.");
    assert_eq!(desk.ok("set_adw_status", tell("failed")).await["status"], "failed");
    assert_eq!(desk.ok("set_adw_status", tell("started")).await["job_status"], "queued");
    assert_eq!(desk.ok("set_adw_status", tell("cancelled")).await["status"], "cancelled");
    assert_eq!(desk.ok("set_adw_status", tell("queued")).await["job_status"], "queued");
    assert_eq!(desk.ok("set_adw_status", tell("completed")).await["status"], "completed");
    assert_eq!(desk.card(&ticket).await["is_resolved"], true);
    assert_eq!(desk.refused("set_adw_status", tell("started now")).await, "CB422");
    desk.streams_are_gapless().await;
}
