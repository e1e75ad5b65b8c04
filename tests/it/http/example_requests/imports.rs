//! Imports of files.

use serde_json::{Value, json};

/// An example request for an operation on imports.
pub fn find(name: &str) -> Option<Value> {
    Some(match name {
        "POST /api/workflows/{id}/import/preview" | "POST /api/workflows/{id}/import" => {
            json!({"path": {"id": "$workflow"}, "body": {"file_name": "linear.csv",
                "content": "ID,Team,Title,Status\nA-1,A,First one,Todo\n", "content_base64": Value::Null, "format": "linear",
                "mapping": {"states": {"Todo": "todo"}, "types": {"Bug": "bug"}, "priorities": {"Urgent": "critical"},
                    "people": {"Ada": Value::Null}}, "update": false, "strict": false, "dry_run": false}})
        }
        "GET /api/workflows/{id}/import" => json!({"path": {"id": "$workflow"}}),
        _ => return None,
    })
}
