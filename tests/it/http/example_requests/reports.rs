//! Reports, findings and Home.

use serde_json::{Value, json};

/// An example request for an operation on reports, findings or Home.
pub fn find(name: &str) -> Option<Value> {
    Some(match name {
        "GET /api/reports" => json!({}),
        "GET /api/reports/{name}" => {
            json!({"path": {"name": "cycle_times"}, "query": {"workflow_id": "$workflow", "from": "2026-01-01",
            "to": "2026-01-31", "tz": "Europe/Berlin", "unit": "week", "group": "agent", "limit": "100", "format": "json", "bom": "true"}})
        }
        "GET /api/workflows/{id}/findings" => {
            json!({"path": {"id": "$workflow"}, "query": {"kind": "stuck,blocked", "limit": "10"}})
        }
        "PATCH /api/workflows/{id}/finding-thresholds" => {
            json!({"path": {"id": "$workflow"}, "body": {"stuck_minutes": 60,
            "blocked_minutes": 60, "unassigned_minutes": 30, "duplicate_similarity": 0.8, "max_open_tickets": 5,
            "silent_minutes": 30, "without_worker_minutes": 5}})
        }
        "GET /api/workflows/{id}/finding-thresholds" => json!({"path": {"id": "$workflow"}}),
        "GET /api/home" => json!({"query": {"workflow_id": "$workflow", "limit": "10"}}),
        "POST /api/home/visited" => json!({"body": {"epoch": Value::Null,
            "workflows": [{"workflow_id": "$workflow", "seq": 1}], "handled": true, "items": ["$ticket"]}}),
        _ => return None,
    })
}
