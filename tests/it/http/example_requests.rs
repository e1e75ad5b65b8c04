//! Valid example requests for each endpoint. Generated tests take them and mutate them.
//! An endpoint without an example fails these tests, so every endpoint is covered.

mod administration;
mod approvals;
mod compat;
mod imports;
mod invitations;
mod jobs;
mod milestones;
mod reports;

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, signed_in_user, text};
use super::spec::Operation;
use crate::client::{Client, Server};

/// A valid request: `$names` stand for the resources of a [`TestTenant`]. Some endpoints need what no test
/// has (a password, a one-time link); they are called anyway and must refuse.
#[derive(Debug, Clone)]
pub struct ExampleRequest {
    /// The path parameters, by name.
    pub path: Value,
    /// The query parameters, by name.
    pub query: Value,
    /// The body.
    pub body: Option<Value>,
    /// Whether the unchanged call succeeds.
    pub succeeds: bool,
}

/// The example request for an operation, and a second one where one cannot cover everything.
///
/// # Panics
/// If there is none: add one with each new endpoint.
pub fn example_requests(operation: &Operation) -> Vec<ExampleRequest> {
    let Some(whole) = find(&operation.name) else {
        panic!(
            "{} is new: add a good request for it to tests/it/http/example_requests.rs, so that it is tried too.",
            operation.name
        );
    };
    let part = |name: &str| whole.get(name).cloned().unwrap_or_else(|| json!({}));
    let example = ExampleRequest {
        path: part("path"),
        query: part("query"),
        body: whole.get("body").cloned(),
        succeeds: whole.get("closed").is_none(),
    };
    for name in &operation.parts {
        assert!(example.path.get(name).is_some(), "{}: example_requests.rs lacks the path's {name}", operation.name);
    }
    for name in &operation.query {
        let needed = is_id(name) && example.query.get(name).is_none();
        assert!(!needed, "{}: example_requests.rs lacks the query's {name}", operation.name);
    }
    let also = whole.get("also").map(|body| ExampleRequest { body: Some(body.clone()), ..example.clone() });
    let all: Vec<ExampleRequest> = std::iter::once(example).chain(also).collect();
    for (path, _) in operation.body.iter().flat_map(super::spec::fields) {
        let pointer = format!("/{}", path.replace("[]", "/0").replace('.', "/"));
        let name = path.rsplit('.').next().expect("a name");
        let given =
            all.iter().any(|example| example.body.as_ref().is_some_and(|body| body.pointer(&pointer).is_some()));
        let needed = is_id(name.trim_end_matches("[]")) && !path.contains("board_config");
        assert!(given || !needed, "{}: example_requests.rs lacks {path}", operation.name);
    }
    all
}

/// Whether a parameter name denotes the id of an owned resource.
fn is_id(name: &str) -> bool {
    const OTHERS: &[&str] = &["id", "actor", "before", "after", "cursor", "workflows", "mentions", "invite"];
    name.ends_with("_id") || name.ends_with("_ids") || OTHERS.contains(&name)
}

fn find(name: &str) -> Option<Value> {
    let fields = json!({
        "title": "Changed", "description": "Changed as well.", "priority": "high", "ticket_type": "bug",
        "assigned_agent_id": "$actor", "parent_ticket_id": "$parent", "tags": ["t"], "blocked_by_ticket_ids": ["$blocker"],
        "related_task_ids": ["JIRA-1"], "related_ticket_ids": ["$other"], "story_points": 1.5, "estimate_minutes": 5,
        "spent_minutes": 5, "due_on": "2999-01-31", "milestone_id": "$milestone",
    });
    let list = json!({"query": {"workflow_id": "$workflow", "job_id": "$held", "agent_id": "someone", "status": "backlog,todo",
        "ticket_type": "task", "priority": "low,high", "assigned_agent_id": "$actor", "unassigned": "false", "tags": "t",
        "is_blocked": "false", "milestone_id": "$milestone", "without_milestone": "false", "due_after": "2020-01-01",
        "due_before": "2999-12-31", "overdue": "false", "include_completed": "true", "limit": "10", "offset": "0", "cursor": "", "sort_by": "priority",
        "sort_order": "asc"}});
    let board = json!({"name": "Board", "columns": [
            {"id": "backlog", "name": "Backlog", "order": 0, "color": "#123456", "wip_limit": 50, "category": "todo",
             "ticket_count": 3, "previous_id": "backlog"},
            {"id": "todo"}, {"id": "in_progress"}, {"id": "review"}, {"id": "testing"}, {"id": "done"}],
        "ticket_types": [{"id": "task", "name": "Task", "icon": "x", "color": "#123456"}, {"id": "bug"}],
        "default_ticket_type": "task", "initial_status": "backlog",
        "settings": {"auto_assign": false, "require_comments_on_status_change": false, "allow_reopen": true,
                     "track_time": true, "wip_policy": "warn", "human_review": false},
        "transitions": [{"from": "backlog", "to": "todo"}]});
    let mut update = fields.clone();
    update["ticket_id"] = json!("$ticket");
    update["agent_id"] = Value::Null;
    update["update_comment"] = json!("Why.");
    update["version"] = Value::Null;
    let mut create = fields.clone();
    create.as_object_mut()?.remove("spent_minutes");
    create["workflow_id"] = json!("$workflow");
    create["agent_id"] = Value::Null;
    create["initial_status"] = json!("todo");
    let filters = json!({"status": ["backlog"], "priority": ["low"], "ticket_type": ["task"], "assigned_agent_id": "$actor",
        "unassigned": false, "tags": ["t"], "created_after": "2020-01-01", "created_before": "2999-01-01T00:00:00Z",
        "is_blocked": false, "include_completed": true, "milestone_id": "$milestone", "without_milestone": false,
        "due_after": "2020-01-01", "due_before": "2999-12-31", "overdue": false});
    let refresh = json!({"closed": true, "body": {"refresh": "cbr_none"}});
    Some(match name {
        "GET /health"
        | "GET /ready"
        | "GET /api/auth/options"
        | "GET /api/agent-setup"
        | "GET /api/board-templates"
        | "GET /api/import-formats"
        | "GET /api/auth/me"
        | "GET /api/auth/sessions"
        | "DELETE /api/auth/sessions"
        | "POST /api/auth/ws-ticket" => {
            json!({})
        }
        // With a credential, only for administrators.
        "GET /metrics" => json!({"closed": true}),
        "POST /api/auth/register" => json!({"closed": true, "body": {"email": "x@example.org", "password": "short",
            "name": "X", "invite": "$invite", "token_mode": "json"}}),
        "POST /api/auth/login" => {
            json!({"closed": true, "body": {"email": "x@example.org", "password": "wrong", "token_mode": "json"}})
        }
        "POST /api/auth/token/refresh" | "POST /api/auth/logout" => refresh,
        "POST /api/auth/password" => {
            json!({"closed": true, "body": {"current_password": "wrong", "new_password": "correct horse",
                "revoke_keys": true}})
        }
        "POST /api/auth/setup" => json!({"closed": true, "body": {"token": "none", "email": "x@example.org",
            "password": "short", "name": "X", "token_mode": "json"}}),
        "DELETE /api/auth/sessions/{id}" => json!({"path": {"id": "$session"}}),
        "GET /api/keys" => json!({"query": {"actor_id": "$agent"}}),
        "POST /api/keys" => json!({"body": {"name": "A key", "actor_id": "$agent", "scopes": ["read"],
            "expires_at": "2999-01-01T00:00:00Z", "workflows": ["$workflow"]}}),
        "DELETE /api/keys/{id}" => json!({"path": {"id": "$key"}}),
        "GET /api/agents" => json!({"query": {"limit": "10", "cursor": ""}}),
        "POST /api/agents" => {
            json!({"body": {"id": Value::Null, "kind": "agent", "name": "New", "workflows": ["$workflow"]}})
        }
        "PATCH /api/agents/{id}" => json!({"path": {"id": "$agent"}, "body": {"name": "Renamed", "disabled": false}}),
        "GET /api/agents/{id}/memberships" => json!({"path": {"id": "$agent"}}),
        "GET /api/workflows" => json!({"query": {"include_archived": "true", "limit": "10", "cursor": ""}}),
        "POST /api/workflows" => json!({"body": {"name": "New", "description": "Fresh", "template": "development",
            "board_config": board, "agent_id": Value::Null}}),
        "GET /api/workflows/{id}"
        | "GET /api/workflows/{id}/archive"
        | "DELETE /api/workflows/{id}"
        | "POST /api/workflows/{id}/restore"
        | "GET /api/workflows/{id}/members" => json!({"path": {"id": "$workflow"}}),
        "PATCH /api/workflows/{id}" => json!({"path": {"id": "$workflow"}, "body": {"name": "Renamed",
            "description": "Changed", "ticket_tracking": true, "repository_path": Value::Null, "provision_agents": false}}),
        "PUT /api/workflows/{id}/board" => {
            json!({"path": {"id": "$workflow"}, "body": {"board_config": board, "moves": {"gone": "todo"}}})
        }
        "POST /api/workflows/{id}/ticket-tracking" => {
            json!({"path": {"id": "$workflow"}, "body": {"enabled": true, "board_config": board}})
        }
        "PUT /api/workflows/{id}/members/{actor}" => {
            json!({"path": {"id": "$workflow", "actor": "$member"}, "body": {"role": "viewer"}})
        }
        "DELETE /api/workflows/{id}/members/{actor}" => json!({"path": {"id": "$workflow", "actor": "$member"}}),
        "GET /api/workflows/{id}/events" => json!({"path": {"id": "$workflow"}, "query": {"since": "0", "limit": "5"}}),
        "GET /api/searches/{id}/events" => json!({"path": {"id": "$search"}, "query": {"since": "0", "limit": "5"}}),
        // Without a WebSocket handshake the request is refused.
        "GET /ws" => json!({"closed": true, "query": {"token": "none", "workflow_id": "$workflow"}}),
        "GET /ws/jobs/{id}" | "GET /ws/workflows/{id}" => {
            json!({"closed": true, "path": {"id": "$draft"}, "query": {"token": "none"}})
        }
        "GET /api/tickets/board-config/{workflow_id}" => json!({"path": {"workflow_id": "$workflow"}}),
        "GET /api/board/{workflow_id}" => {
            json!({"path": {"workflow_id": "$workflow"}, "query": {"at": jiff::Timestamp::now()}})
        }
        "GET /api/board/{workflow_id}/changes" => {
            let now = jiff::Timestamp::now();
            json!({"path": {"workflow_id": "$workflow"}, "query": {"from": now, "to": now}})
        }
        "GET /api/tickets/stats/{workflow_id}" => {
            json!({"path": {"workflow_id": "$workflow"}, "query": {"tz": "Europe/Berlin"}})
        }
        "GET /api/tickets" | "GET /api/tickets/get" => list,
        "POST /api/tickets/create" => json!({"body": create}),
        "POST /api/tickets/update" => {
            let nested = json!({"ticket_id": "$ticket", "agent_id": Value::Null, "updates": fields});
            json!({"body": update, "also": nested})
        }
        "POST /api/tickets/change-status" => json!({"body": {"ticket_id": "$ticket", "agent_id": Value::Null,
            "new_status": "todo", "comment": "Because of this.", "commit_sha": "abcdef", "version": Value::Null,
            "position": {"before": "$other", "after": Value::Null}}}),
        "POST /api/tickets/comment" => json!({"body": {"ticket_id": "$ticket", "agent_id": Value::Null,
            "comment_text": "Well.", "comment_type": "general", "mentions": ["$actor"], "attachments": ["a.txt"],
            "parent_id": "$comment"}}),
        "POST /api/tickets/search" => json!({"body": {"workflow_id": "$workflow", "agent_id": Value::Null,
            "query": "ticket", "search_type": "hybrid", "limit": 5, "include_comments": true, "filters": filters}}),
        "POST /api/tickets/search/export" => json!({"body": {"workflow_id": "$workflow", "agent_id": Value::Null,
            "query": "ticket", "search_type": "hybrid", "limit": 5, "include_comments": true, "filters": filters,
            "format": "csv"}}),
        "POST /api/tickets/check-duplicate" => json!({"body": {"workflow_id": "$workflow", "agent_id": Value::Null,
            "title": "A ticket like this", "description": "Filed before?", "tags": ["t"], "limit": 5}}),
        "GET /api/tickets/{id}/related" => json!({"path": {"id": "$ticket"}, "query": {"limit": "5"}}),
        "GET /api/tickets/{id}/comments" | "GET /api/tickets/{id}/history" | "GET /api/tickets/{id}/commits" => {
            json!({"path": {"id": "$ticket"}, "query": {"limit": "5", "cursor": ""}})
        }
        "POST /api/tickets/resolve" => json!({"body": {"ticket_id": "$ticket", "agent_id": Value::Null,
            "resolution_comment": "All is well now.", "resolution": Value::Null, "commit_sha": "abcdef"}}),
        "POST /api/tickets/merge" => json!({"body": {"ticket_id": "$ticket", "into_ticket_id": "$other",
            "comment": "The same again.", "agent_id": Value::Null}}),
        "POST /api/tickets/unmerge" => json!({"body": {"ticket_id": "$merged", "agent_id": Value::Null}}),
        "POST /api/tickets/link-commit" => json!({"body": {"ticket_id": "$ticket", "agent_id": Value::Null,
            "commit_sha": "abcdef", "commit_message": "Fix"}}),
        "POST /api/tickets/claim" => json!({"body": {"workflow_id": "$workflow", "agent_id": Value::Null,
            "ticket_types": ["task"], "tags": ["t"], "priorities": ["low"]}}),
        "POST /api/tickets/reorder" => {
            json!({"body": {"ticket_id": "$ticket", "agent_id": Value::Null, "before": "$other", "after": Value::Null}})
        }
        "POST /api/tickets/set-blockers" => {
            json!({"body": {"ticket_id": "$ticket", "agent_id": Value::Null, "blocked_by_ticket_ids": ["$blocker"]}})
        }
        "POST /api/tickets/bulk-update" => json!({"body": {"workflow_id": "$workflow", "agent_id": Value::Null,
            "ticket_ids": ["$ticket", "$other"], "updates": fields, "new_status": "todo", "comment": "All of them."}}),
        "GET /api/tickets/{id}" => json!({"path": {"id": "$ticket"}, "query": {"workflow_id": "$workflow"}}),
        "DELETE /api/tickets/{id}" => json!({"path": {"id": "$ticket"}}),
        "POST /api/tickets/{id}/restore" => {
            json!({"path": {"id": "$deleted"}, "query": {"workflow_id": "$workflow"}})
        }
        "GET /api/workflows/{id}/deleted-tickets" => {
            json!({"path": {"id": "$workflow"}, "query": {"limit": "10", "cursor": ""}})
        }
        "GET /api/tickets/commit-diff/{commit_sha}" | "GET /api/tickets/commit-diff/{sha}" => json!({"closed": true,
            "path": {"sha": "abcdef", "commit_sha": "abcdef"}, "query": {"workflow_id": "$workflow"}}),
        "GET /api/tickets/commit-diff/{sha}/lines" => json!({"closed": true, "path": {"sha": "abcdef"},
            "query": {"workflow_id": "$workflow", "path": "a", "first_line": "1", "last_line": "20"}}),
        "GET /api/searches" | "GET /api/searches/recent" | "DELETE /api/searches/recent" => {
            json!({"query": {"workflow_id": "$workflow"}})
        }
        "POST /api/searches" => json!({"body": {"workflow_id": "$workflow", "name": "Mine", "query": "ticket",
            "search_type": "hybrid", "filters": filters, "include_comments": true, "shared": true, "notify": true}}),
        "POST /api/searches/recent" => json!({"body": {"workflow_id": "$workflow", "query": "ticket",
            "search_type": "keyword", "filters": filters}}),
        "GET /api/searches/{id}" | "DELETE /api/searches/{id}" => json!({"path": {"id": "$search"}}),
        "PATCH /api/searches/{id}" => json!({"path": {"id": "$search"}, "body": {"name": "Other", "query": "other",
            "search_type": "semantic", "filters": filters, "include_comments": false, "shared": true, "notify": true}}),
        "GET /api/searches/{id}/results" => json!({"path": {"id": "$search"}, "query": {"limit": "5"}}),
        "PATCH /api/comments/{id}" => json!({"path": {"id": "$comment"}, "body": {"comment_text": "Changed"}}),
        "DELETE /api/comments/{id}" => json!({"path": {"id": "$comment"}}),
        "PUT /api/comments/{id}/reactions/{emoji}" | "DELETE /api/comments/{id}/reactions/{emoji}" => {
            json!({"path": {"id": "$comment", "emoji": "👍"}})
        }
        _ => {
            let others = [
                administration::find,
                invitations::find,
                jobs::find,
                compat::find,
                approvals::find,
                milestones::find,
                reports::find,
                imports::find,
            ];
            return others.iter().find_map(|find| find(name));
        }
    })
}

/// A user with one resource of each kind, by the names used in the example requests.
#[derive(Clone)]
pub struct TestTenant {
    /// The owner.
    pub client: Client,
    /// The ids of the resources.
    pub resources: BTreeMap<String, String>,
}

impl TestTenant {
    /// Creates a user with one resource of each kind.
    pub async fn build(server: &Server, name: &str) -> Self {
        let client = signed_in_user(server, name).await;
        let member = signed_in_user(server, &format!("{name}-member")).await;
        let fixture = TestWorkflow::of(&client).await;
        add_member(&client, &fixture.workflow, &member, "member").await;
        let asked = signed_in_user(server, &format!("{name}-asked")).await;
        let path = format!("/api/workflows/{}/members/{}", fixture.workflow, asked.id);
        let sent = text(&client.put(&path, json!({"role": "member"})).await.expect(202), "invitation_id");
        let theirs = TestWorkflow::of(&asked).await;
        let path = format!("/api/workflows/{}/members/{}", theirs.workflow, client.id);
        let invited = text(&asked.put(&path, json!({"role": "viewer"})).await.expect(202), "invitation_id");
        let mut resources = BTreeMap::new();
        for name in ["parent", "blocker", "other", "ticket", "deleted", "merged", "reviewed"] {
            resources.insert(name.to_owned(), fixture.ticket(&format!("The {name} ticket")).await);
        }
        client.delete(&format!("/api/tickets/{}", resources["deleted"])).await.ok();
        let merge = json!({"ticket_id": resources["merged"], "into_ticket_id": resources["other"]});
        client.post("/api/tickets/merge", merge).await.ok();
        resources.insert("comment".to_owned(), fixture.comment(&resources["ticket"], "Somebody's words").await);
        resources.extend(
            jobs::create_resources(&client, &fixture, &resources["other"])
                .await
                .into_iter()
                .map(|(name, id)| (name.to_owned(), id)),
        );
        let milestone = format!("/api/workflows/{}/milestones", fixture.workflow);
        let milestone = text(&client.post(&milestone, json!({"name": "Version 1"})).await.created(), "milestone_id");
        let search = json!({"workflow_id": fixture.workflow, "name": "Kept", "query": "ticket"});
        let search = text(&client.post("/api/searches", search).await.created(), "search_id");
        approvals::create_resources(server, &fixture, &member.id, &mut resources).await;
        let agent = client.post("/api/agents", json!({"name": "An agent"})).await.created();
        let key = client.post("/api/keys", json!({"name": "A key", "actor_id": agent["id"], "scopes": ["read"]})).await;
        let invite = json!({"workflow_id": fixture.workflow, "role": "member"});
        let invite = client.post("/api/invites", invite).await.created();
        let session = format!("session-{}", uuid::Uuid::now_v7());
        server
            .sql(
                "insert into sessions (id, actor_id, expires_at) values ($1, $2, now() + interval '1 day')",
                &[&session, &client.id],
            )
            .await;
        for (name, id) in [
            ("workflow", fixture.workflow),
            ("actor", client.id.clone()),
            ("member", member.id),
            ("agent", text(&agent, "id")),
            ("key", text(&key.created(), "id")),
            ("invite", text(&invite, "invite")),
            ("link", text(&invite, "invite_id")),
            ("session", session),
            ("sent", sent),
            ("invited", invited),
            ("search", search),
            ("milestone", milestone),
        ] {
            resources.insert(name.to_owned(), id);
        }
        Self { client, resources }
    }

    /// Builds the example request, with ids of this tenant in place of `$names`.
    pub fn request(&self, operation: &Operation, example: &ExampleRequest) -> RequestBuilder {
        let mut path = operation.path.clone();
        for (name, value) in example.path.as_object().expect("parts") {
            let part = self.fill(value);
            path = path.replace(&format!("{{{name}}}"), &encode(part.as_str().expect("a text")));
        }
        let query = self.fill(&example.query);
        let pairs: Vec<String> = query
            .as_object()
            .expect("a query")
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value.as_str().expect("a text"))))
            .collect();
        if !pairs.is_empty() {
            path = format!("{path}?{}", pairs.join("&"));
        }
        let request = self.client.request(Method::clone(&operation.method), &path);
        match &example.body {
            Some(body) => request.json(&self.fill(body)),
            None => request,
        }
    }

    /// A value with ids of this tenant in place of `$names`.
    pub fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix('$').and_then(|name| self.resources.get(name)) {
                Some(id) => json!(id),
                None => value.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect(),
            other => other.clone(),
        }
    }
}

/// Percent-encodes everything but letters, digits and `-_.`.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b if b.is_ascii_alphanumeric() || b"-_.".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}
