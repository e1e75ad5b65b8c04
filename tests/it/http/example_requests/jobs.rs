//! Example requests for jobs, their transcripts and apps.

use serde_json::{Value, json};

use crate::client::Client;
use crate::http::fixtures::{TestWorkflow, text};

/// The example request for a job operation.
pub fn find(name: &str) -> Option<Value> {
    let lease = |more: Value| {
        let mut body = json!({"lease_token": "$lease", "agent_id": null});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"path": {"id": "$held"}, "body": body})
    };
    let spec = json!({"title": "An app", "spec": {"pages": []}, "prd_markdown": "# An app"});
    let mut usage = json!({"model": "m", "input_tokens": 5, "output_tokens": 5, "cache_read_tokens": 5, "cache_write_tokens": 5,
        "cost": "0.5", "currency": "USD", "report_id": null, "session": "s", "cumulative": "none", "source": "api"});
    Some(match name {
        "POST /api/jobs" => {
            json!({"body": {"workflow_id": "$workflow", "ticket_id": "$ticket", "agent_id": null, "title": "Work",
            "initial_prompt": "Do it.", "job_type": "task", "stages": ["plan", "build"], "priority": "high", "payload": {"a": 1},
            "max_attempts": 2, "queue": true, "with_ticket": false, "delay_seconds": 1}})
        }
        "GET /api/jobs" => {
            json!({"query": {"workflow_id": "$workflow", "ticket_id": "$ticket", "status": "queued,running",
            "mine": "true", "title": "a", "limit": "10", "cursor": ""}})
        }
        "GET /api/jobs/{id}" | "DELETE /api/jobs/{id}" => json!({"path": {"id": "$draft"}}),
        "PATCH /api/jobs/{id}" => {
            json!({"path": {"id": "$draft"}, "body": {"agent_id": null, "title": "Other", "initial_prompt": "Do that.",
            "priority": "low", "payload": {}, "stages": ["plan"]}})
        }
        "POST /api/jobs/purge" | "DELETE /api/jobs/purge" => json!({"closed": true}),
        "POST /api/jobs/{id}/continue" | "POST /api/jobs/{id}/cancel" => {
            json!({"path": {"id": "$draft"}, "body": {"agent_id": null, "reason": "Because."}})
        }
        "POST /api/jobs/{id}/pause" | "POST /api/jobs/{id}/resume" => {
            json!({"path": {"id": "$held"}, "body": {"agent_id": null, "reason": null}})
        }
        "POST /api/jobs/{id}/retry" => json!({"path": {"id": "$ended"}, "body": {"agent_id": null, "reason": null}}),
        "POST /api/jobs/claim" => {
            json!({"body": {"workflow_id": "$workflow", "job_types": ["task"], "worker": "w", "lease_seconds": 3600,
            "agent_id": null}})
        }
        "POST /api/jobs/{id}/heartbeat" => lease(json!({"lease_seconds": 3600, "progress": 10, "message": "On it"})),
        "POST /api/jobs/{id}/stage" => lease(json!({"stage": "build", "message": "Building"})),
        "POST /api/jobs/{id}/progress" => lease(json!({"progress": 10, "message": "On it"})),
        "POST /api/jobs/{id}/messages" => {
            lease(json!({"messages": [{"kind": "log", "content": "a line", "role": "agent", "sender": "me",
            "level": "info", "metadata": {}}]}))
        }
        "POST /api/jobs/{id}/complete" => {
            lease(json!({"result": {"ok": true}, "commit_sha": "abcdef12", "commit_message": "Done",
            "resolution_comment": "All of it is done.", "app": spec}))
        }
        "POST /api/jobs/{id}/fail" => lease(json!({"error": "It broke", "retry": true})),
        "POST /api/jobs/{id}/release" => lease(json!({"reason": "Going home"})),
        "POST /api/jobs/{id}/cancelled" => {
            json!({"closed": true, "path": {"id": "$held"}, "body": {"lease_token": "$lease",
            "reason": null, "agent_id": null}})
        }
        "GET /api/jobs/{id}/usage" => json!({"path": {"id": "$held"}}),
        "GET /api/tickets/{id}/usage" => json!({"path": {"id": "$ticket"}}),
        "GET /api/usage" => {
            json!({"query": {"workflow_id": "$workflow", "agent_id": "someone", "first_day": "2026-01-01", "last_day": "2026-01-31",
            "tz": "Europe/Berlin", "group_by": "day", "limit": "10"}})
        }
        "POST /api/jobs/{id}/usage" => lease(usage),
        "POST /api/tickets/{id}/usage" => {
            usage["agent_id"] = Value::Null;
            usage["lease_token"] = Value::Null;
            json!({"path": {"id": "$ticket"}, "body": usage})
        }
        "GET /api/jobs/{id}/events" => json!({"path": {"id": "$draft"}, "query": {"since": "0", "limit": "5"}}),
        "GET /api/job-messages" => {
            json!({"query": {"job_id": "$held", "kind": "chat,log", "after": "0", "before": "100", "limit": "5"}})
        }
        "POST /api/job-messages" => {
            json!({"body": {"job_id": "$draft", "content": "Hello", "message": null, "kind": "chat", "role": "user",
            "sender": "Me", "level": "info", "metadata": {}, "agent_id": null}})
        }
        "DELETE /api/job-messages/{id}" => json!({"path": {"id": "$job_message"}}),
        "GET /api/apps" => json!({"query": {"workflow_id": "$workflow", "limit": "5", "cursor": ""}}),
        "GET /api/apps/{id}" => json!({"path": {"id": "$app"}}),
        "GET /api/apps/by-job/{job_id}" => json!({"path": {"job_id": "$held"}}),
        "PUT /api/apps/by-job/{job_id}" => json!({"path": {"job_id": "$held"}, "body": spec}),
        _ => return None,
    })
}

/// A collecting job, an ended one, and a running one with its lease, a message and an app.
pub async fn create_resources(client: &Client, fixture: &TestWorkflow, ticket: &str) -> Vec<(&'static str, String)> {
    let job = |title: &str, queue: bool| {
        json!({"workflow_id": fixture.workflow, "ticket_id": ticket, "title": title, "initial_prompt": "Do it.", "queue": queue,
            "stages": ["plan", "build"]})
    };
    let held = text(&client.post("/api/jobs", job("Under way", true)).await.created(), "id");
    let claimed =
        client.post("/api/jobs/claim", json!({"workflow_id": fixture.workflow, "lease_seconds": 3600})).await.ok();
    let message = client.post("/api/job-messages", json!({"job_id": held, "content": "A line"})).await.created();
    let app = client.put(&format!("/api/apps/by-job/{held}"), json!({"spec": {}})).await.ok();
    let ended = text(&client.post("/api/jobs", job("Ended", false)).await.created(), "id");
    client.post(&format!("/api/jobs/{ended}/cancel"), json!({})).await.ok();
    let collecting = text(&client.post("/api/jobs", job("Collecting", false)).await.created(), "id");
    vec![
        ("draft", collecting),
        ("ended", ended),
        ("held", held),
        ("lease", text(&claimed, "lease_token")),
        ("job_message", text(&message, "id")),
        ("app", text(&app, "id")),
    ]
}
