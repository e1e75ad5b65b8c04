//! Administration: people, security events, and the whole server. No tenant is an administrator, so most of these refuse.

use serde_json::{Value, json};

/// An example request for an operation of administrators.
pub fn find(name: &str) -> Option<Value> {
    Some(match name {
        "POST /api/auth/password-reset" => {
            json!({"closed": true, "body": {"token": "none", "password": "short", "token_mode": "json"}})
        }
        "GET /api/security-events" => json!({"query": {"workflow_id": "$workflow", "kind": "export,member_added",
            "actor": "$actor", "since": "2020-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z", "limit": "10",
            "cursor": ""}}),
        "GET /api/server" => json!({"closed": true}),
        "GET /api/server/agents" => json!({"closed": true, "query": {"owner_id": "$actor", "search": "ci",
            "limit": "10", "cursor": ""}}),
        "GET /api/server/webhooks" => json!({"closed": true, "query": {"state": "failing", "limit": "10",
            "cursor": ""}}),
        "PATCH /api/server/registration" => json!({"closed": true, "body": {"registration": "invite"}}),
        "GET /api/users" => json!({"closed": true, "query": {"search": "ada", "limit": "10", "cursor": ""}}),
        "POST /api/users/{id}/disable"
        | "POST /api/users/{id}/enable"
        | "GET /api/users/{id}/sessions"
        | "DELETE /api/users/{id}/sessions" => json!({"closed": true, "path": {"id": "$actor"}}),
        "POST /api/users/{id}/password-reset" => json!({"closed": true, "path": {"id": "$actor"},
            "body": {"expires_in_hours": 5, "revoke_keys": true}}),
        _ => return None,
    })
}
