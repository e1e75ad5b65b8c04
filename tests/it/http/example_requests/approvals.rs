//! Example requests for approvals, reviews, webhooks and commits.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Server;
use crate::http::fixtures::TestWorkflow;

/// The result of a check that is sent along with a question.
fn check() -> Value {
    json!({"name": "tests", "status": "passed", "details": "All of them.", "url": "https://ci.example.com/1"})
}

/// The example request for an operation of approvals, reviews, webhooks or commits.
pub fn find(name: &str) -> Option<Value> {
    Some(match name {
        "POST /api/tickets/request-review" => json!({"body": {"ticket_id": "$reviewed", "comment": "Look at this.",
            "checks": [check()], "agent_id": Value::Null}}),
        "POST /api/tickets/approve" => json!({"body": {"ticket_id": "$reviewed", "comment": "Look at this.",
            "agent_id": Value::Null}}),
        "POST /api/tickets/reject" => json!({"body": {"ticket_id": "$reviewed", "rejection_reason": "Not now.",
            "comment": "Sorry.", "agent_id": Value::Null}}),
        "POST /api/tickets/request-clarification" => json!({"body": {"ticket_id": "$ticket", "agent_id": Value::Null,
            "conflict_description": "The two requirements contradict each other.", "context": "Seen today.",
            "potential_solutions": ["Take the first."]}}),
        "GET /api/tickets/pending-review-count" => json!({"query": {"workflow_id": "$workflow"}}),
        "POST /api/approvals" => json!({"body": {"workflow_id": "$workflow", "ticket_id": "$ticket", "job_id": "$job",
            "kind": "question", "question": "Which one?", "context": "There are two.", "options": ["a", "b"],
            "checks": [check()], "blocks_job": true, "expires_in_seconds": 86400, "lease_token": Value::Null,
            "agent_id": Value::Null}}),
        "GET /api/approvals" => json!({"query": {"workflow_id": "$workflow", "ticket_id": "$ticket", "job_id": "$job",
            "status": "pending,answered", "kind": "question", "mine": "false", "limit": "10", "cursor": ""}}),
        "GET /api/approvals/{id}" => json!({"path": {"id": "$approval"}, "query": {"wait": "0"}}),
        "POST /api/approvals/{id}/approve" | "POST /api/approvals/{id}/reject" | "POST /api/approvals/{id}/answer" => {
            json!({"path": {"id": "$approval"}, "body": {"answer": "The first.", "reason": "It is better.",
                "comment": "Decided.", "agent_id": Value::Null}})
        }
        "POST /api/approvals/{id}/withdraw" => {
            json!({"path": {"id": "$approval"}, "body": {"reason": "No longer needed.", "agent_id": Value::Null}})
        }
        "POST /api/webhooks" => json!({"body": {"workflow_id": "$workflow", "url": "https://93.184.216.34/hook",
            "events": ["app_ready"], "secret": "a-secret-of-our-own-making", "refusal_attempts": 5}}),
        "GET /api/webhooks" => json!({"query": {"workflow_id": "$workflow"}}),
        "GET /api/webhooks/{id}"
        | "DELETE /api/webhooks/{id}"
        | "POST /api/webhooks/{id}/test"
        | "POST /api/webhooks/{id}/resume" => json!({"path": {"id": "$webhook"}}),
        "PATCH /api/webhooks/{id}" => json!({"path": {"id": "$webhook"}, "body": {"url": "https://93.184.216.34/other",
            "events": ["app_ready"], "active": false, "refusal_attempts": 5}}),
        "POST /api/webhooks/{id}/rotate-secret" => json!({"path": {"id": "$webhook"},
            "body": {"secret": "another-secret-of-our-own", "overlap_seconds": 60}}),
        "GET /api/webhooks/{id}/dead-letters" => {
            json!({"path": {"id": "$webhook"}, "query": {"limit": "5", "cursor": ""}})
        }
        "POST /api/webhooks/{id}/dead-letters/{dead_letter_id}/replay"
        | "DELETE /api/webhooks/{id}/dead-letters/{dead_letter_id}" => {
            json!({"path": {"id": "$webhook", "dead_letter_id": "$letter"}})
        }
        "GET /api/webhooks/{id}/deliveries" => {
            json!({"path": {"id": "$webhook"}, "query": {"limit": "5", "cursor": ""}})
        }
        "POST /api/internal/commits" => {
            json!({"body": {"workflow_id": "$workflow", "agent_id": null, "repository": "toy",
            "commits": [{"sha": "abcdef0123", "message": "Fix TKT-1", "author": "Mara", "timestamp": "2026-03-01T12:00:00+02:00",
                "url": "https://git.example/c/abcdef0123", "files_changed": 1, "insertions": 2, "deletions": 3,
                "files": ["a.txt"], "replaces": ["fedcba9876"]}]}})
        }
        _ => return None,
    })
}

/// A job with a member's question, a ticket pending review, and a webhook.
pub async fn create_resources(
    server: &Server,
    fixture: &TestWorkflow,
    member: &str,
    resources: &mut BTreeMap<String, String>,
) {
    let (job, approval) = (format!("job-{}", uuid::Uuid::now_v7()), format!("approval-{}", uuid::Uuid::now_v7()));
    server
        .sql(
            "with held as (update tickets set approval_status = 'pending_review' where id = $5),
                  made as (insert into jobs (id, workflow_id, ticket_id, title, status) values ($1, $2, $3, 'A job', 'queued'))
             insert into approvals (id, workflow_id, ticket_id, kind, question, asked_by) values ($4, $2, $3, 'question', 'Well?', $6)",
            &[&job, &fixture.workflow, &resources["ticket"], &approval, &resources["reviewed"], &member],
        )
        .await;
    // Its address is unreachable, and it is disabled.
    let webhook = format!("webhook-{}", uuid::Uuid::now_v7());
    server
        .sql(
            "insert into webhooks (id, workflow_id, url, secret, active, disabled_reason, last_seq)
             values ($1, $2, 'http://127.0.0.1:9/', 'a-secret-of-our-own-making', false, 'off.', 0)",
            &[&webhook, &fixture.workflow],
        )
        .await;
    let letter = format!("letter-{}", uuid::Uuid::now_v7());
    server
        .sql(
            "insert into webhook_dead_letters (id, webhook_id, workflow_id, message_id, event_type, seq, attempts)
             values ($1, $2, $3, 'msg_1', 'ticket_created', 1, 3)",
            &[&letter, &webhook, &fixture.workflow],
        )
        .await;
    resources.insert("letter".to_owned(), letter);
    resources.insert("webhook".to_owned(), webhook);
    resources.insert("job".to_owned(), job);
    resources.insert("approval".to_owned(), approval);
}
