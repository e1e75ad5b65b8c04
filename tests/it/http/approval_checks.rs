//! Checks that agents report with a request, for the person who decides.

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, open, service_client, signed_in_user, text};

#[tokio::test]
async fn reported_checks_are_shown_and_replaced() {
    let server = open("checks").await;
    let base = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let robot = service_client(&server, "robot", &["read", "write"]).await;
    add_member(&base.owner, &base.workflow, &robot, "member").await;
    let ticket = base.ticket("Fix the sign-in").await;

    let checks =
        json!([{"name": " cargo test ", "status": "running"}, {"name": "lint", "status": "skipped", "url": null}]);
    let body = json!({"ticket_id": ticket, "checks": checks});
    let asked = robot.post("/api/tickets/request-review", body).await.ok();
    let path = format!("/api/approvals/{}", text(&asked, "approval_id"));
    let shown = base.owner.get(&path).await.ok();
    let expected = json!([{"name": "cargo test", "status": "running", "details": "", "url": null},
        {"name": "lint", "status": "skipped", "details": "", "url": null}]);
    assert_eq!(shown["checks"], expected);

    // Once the run has ended, the pending review gets the result, and open pages see that by the stream.
    let ended = json!([{"name": "cargo test", "status": "failed", "details": "1 failed\nmoves::reorder", "url": "https://ci.example.com/7"}]);
    let again = robot.post("/api/tickets/request-review", json!({"ticket_id": ticket, "checks": ended})).await.ok();
    assert_eq!(again["approval_id"], asked["approval_id"]);
    assert_eq!(base.owner.get(&path).await.ok()["checks"], ended);
    // Without checks, those that are there stay.
    robot.post("/api/tickets/request-review", json!({"ticket_id": ticket})).await.ok();
    let list = base.owner.get(&format!("/api/approvals?workflow_id={}", base.workflow)).await.ok();
    assert_eq!(list["approvals"][0]["checks"], ended);
    let events = base.owner.get(&format!("/api/workflows/{}/events?since=0", base.workflow)).await.ok();
    let all = events["events"].as_array().expect("events").iter();
    let seen: Vec<&Value> = all.filter(|event| event["type"] == "ticket_pending_review").collect();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1]["data"]["approval"]["checks"], ended);

    // Questions about a workflow take them too.
    let question = json!({"workflow_id": base.workflow, "question": "Ship it?", "checks": ended});
    assert_eq!(robot.post("/api/approvals", question).await.expect(202)["checks"], ended);
    let plain = json!({"workflow_id": base.workflow, "question": "And now?"});
    assert_eq!(robot.post("/api/approvals", plain).await.expect(202)["checks"], json!([]));
}

#[tokio::test]
async fn broken_checks_name_their_place_and_change_nothing() {
    let server = open("broken_checks").await;
    let base = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let ticket = base.ticket("Fix the sign-in").await;
    let good = json!({"name": "lint", "status": "passed"});
    let broken = |change: Value| {
        let mut check = good.clone();
        super::fixtures::merge(&mut check, &change);
        json!([good, check])
    };
    let many: Vec<Value> = std::iter::repeat_n(good.clone(), 51).collect();
    for (checks, field) in [
        (broken(json!({"name": " "})), "checks[1].name"),
        (broken(json!({"name": "n".repeat(201)})), "checks[1].name"),
        (broken(json!({"details": "d".repeat(5001)})), "checks[1].details"),
        (broken(json!({"url": "javascript:alert(1)"})), "checks[1].url"),
        (broken(json!({"url": ""})), "checks[1].url"),
        (broken(json!({"status": "green"})), "checks[1].status"),
        (broken(json!({"name": 7})), "checks[1].name"),
        (json!([{"status": "passed"}]), "checks[0].name"),
        (json!({"name": "lint"}), "checks"),
        (Value::from(many), "checks"),
    ] {
        for (path, body) in [
            ("/api/tickets/request-review", json!({"ticket_id": ticket, "checks": checks})),
            ("/api/approvals", json!({"ticket_id": ticket, "question": "Ship it?", "checks": checks})),
        ] {
            let refused = base.owner.post(path, body).await;
            assert_eq!(refused.json["errors"][0]["field"], field, "{path}: {}", refused.json);
            assert!(matches!(refused.status, 400 | 422), "{}", refused.json);
        }
    }
    let list = base.owner.get(&format!("/api/approvals?workflow_id={}", base.workflow)).await.ok();
    assert_eq!(list["approvals"], json!([]));
}
