//! Invitations: links for people without an account, and those that members answer.

use serde_json::{Value, json};

/// An example request for an operation about invitations.
pub fn find(name: &str) -> Option<Value> {
    Some(match name {
        "POST /api/invites" => json!({"body": {"email": "y@example.org", "workflow_id": "$workflow", "role": "member",
            "expires_in_hours": 5}}),
        "GET /api/membership-invitations" => json!({}),
        "POST /api/membership-invitations/{id}/accept" | "POST /api/membership-invitations/{id}/decline" => {
            json!({"path": {"id": "$invited"}})
        }
        "GET /api/workflows/{id}/invitations" => json!({"path": {"id": "$workflow"}}),
        "DELETE /api/workflows/{id}/invitations/{invitation}" => {
            json!({"path": {"id": "$workflow", "invitation": "$sent"}})
        }
        "GET /api/workflows/{id}/invite-links" => json!({"path": {"id": "$workflow"}}),
        "DELETE /api/workflows/{id}/invite-links/{invite}" => json!({"path": {"id": "$workflow", "invite": "$link"}}),
        "POST /api/invites/accept" | "POST /api/invites/look-up" => json!({"body": {"invite": "$invite"}}),
        _ => return None,
    })
}
