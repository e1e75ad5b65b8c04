//! Tenant isolation, generated from the list of tools: a call with ids of another tenant gets the same
//! response as a call with ids that do not exist, and changes nothing of the other tenant.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::agent::Agent;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};

/// Valid arguments for each tool; `$names` stand for resources of the tenant.
pub fn arguments(tool: &str) -> Value {
    match tool {
        "list_workflows" => json!({}),
        "get_board" | "get_ticket_stats" => json!({"workflow_id": "$workflow"}),
        "claim_ticket" => json!({"workflow_id": "$workflow", "ticket_types": ["task"]}),
        "get_tickets" => json!({"workflow_id": "$workflow", "limit": 5}),
        "search_tickets" => json!({"workflow_id": "$workflow", "query": "secret"}),
        "check_duplicate" => json!({"workflow_id": "$workflow", "title": "A secret plan"}),
        "get_ticket" => json!({"ticket_id": "$ticket"}),
        "related_tickets" => json!({"ticket_id": "$ticket"}),
        "get_commit_diff" => json!({"commit_sha": "abcdef12", "workflow_id": "$workflow"}),
        "create_ticket" => json!({"workflow_id": "$workflow", "title": "A title", "description": "A description.",
            "parent_ticket_id": "$ticket", "blocked_by_ticket_ids": ["$blocker"], "related_ticket_ids": ["$blocker"]}),
        "update_ticket" => json!({"ticket_id": "$ticket", "title": "Changed", "parent_ticket_id": "$blocker"}),
        "change_ticket_status" => json!({"ticket_id": "$ticket", "new_status": "todo"}),
        "add_ticket_comment" => json!({"ticket_id": "$ticket", "comment_text": "Hello.", "parent_id": "$comment"}),
        "resolve_ticket" => json!({"ticket_id": "$ticket", "resolution_comment": "It is done."}),
        "set_ticket_blockers" => json!({"ticket_id": "$ticket", "blocked_by_ticket_ids": ["$blocker"]}),
        "link_commit_to_ticket" => json!({"ticket_id": "$ticket", "commit_sha": "abcdef12"}),
        "claim_work" => json!({"workflow_id": "$workflow", "lease_seconds": 60}),
        "create_job" => json!({"workflow_id": "$workflow", "ticket_id": "$ticket", "initial_prompt": "Do it."}),
        "control_job" => json!({"job_id": "$job", "action": "pause"}),
        "whoami" | "list_members" => json!({"workflow_id": "$workflow"}),
        "wait_for_events" => json!({"wait": 0}),
        "get_job" => json!({"job_id": "$job"}),
        "list_jobs" => json!({"workflow_id": "$workflow", "ticket_id": "$ticket"}),
        "heartbeat" => json!({"job_id": "$job", "lease_token": "$lease"}),
        "report_progress" => json!({"job_id": "$job", "lease_token": "$lease", "progress": 10, "stage": "build"}),
        "post_message" => json!({"job_id": "$job", "lease_token": "$lease", "content": "Hello."}),
        "complete_job" => json!({"job_id": "$job", "lease_token": "$lease", "result": {}}),
        "fail_job" => json!({"job_id": "$job", "lease_token": "$lease", "error": "It broke."}),
        "release_job" => json!({"job_id": "$job", "lease_token": "$lease"}),
        "get_report" => json!({"workflow_id": "$workflow", "name": "throughput"}),
        "report_usage" => {
            json!({"job_id": "$job", "lease_token": "$lease", "model": "m", "input_tokens": 5, "output_tokens": 1})
        }
        "ask_human" => {
            json!({"workflow_id": "$workflow", "ticket_id": "$ticket", "job_id": "$job", "question": "May I?"})
        }
        "get_approval" => json!({"approval_id": "$approval"}),
        "list_approvals" => json!({"workflow_id": "$workflow", "ticket_id": "$ticket", "job_id": "$job"}),
        "decide_approval" => json!({"approval_id": "$approval", "decision": "approve"}),
        "request_clarification" => {
            json!({"ticket_id": "$ticket", "conflict_description": "It says yes and no at once."})
        }
        other => panic!("{other} is new: give it good arguments here, so that it is tried too"),
    }
}

pub(super) struct TestTenant {
    pub(super) agent: Agent,
    resources: Value,
}

impl TestTenant {
    pub(super) async fn build(server: &crate::client::Server, name: &str) -> Self {
        let owner = signed_in_user(server, name).await;
        let fixture = TestWorkflow::of(&owner).await;
        let ticket = fixture.ticket("A secret").await;
        let agent = Agent::open_session(&owner).await;
        let job =
            json!({"workflow_id": fixture.workflow, "ticket_id": ticket, "initial_prompt": "A secret.", "queue": true});
        let job = agent.call_ok("create_job", job).await;
        let held = agent.call_ok("claim_work", json!({"workflow_id": fixture.workflow, "kind": "job"})).await;
        assert_eq!(held["job_id"], job["job_id"]);
        // Requested by a helper, so that the owner may decide.
        let helper = service_client(server, &format!("helper-{name}"), &["*"]).await;
        server.sql("update actors set owner_id = $1 where id = $2", &[&owner.id, &helper.id]).await;
        let member = format!("/api/workflows/{}/members/{}", fixture.workflow, helper.id);
        owner.put(&member, json!({"role": "member"})).await.ok();
        let question = json!({"ticket_id": ticket, "question": "A secret?"});
        let approval = Agent::open_session(&helper).await.call_ok("ask_human", question).await;
        let resources = json!({"workflow": fixture.workflow, "ticket": ticket, "blocker": fixture.ticket("Before it").await,
            "comment": fixture.comment(&ticket, "Secret words.").await, "job": job["job_id"], "lease": held["lease_token"],
            "approval": approval["approval_id"]});
        Self { agent, resources }
    }

    /// The arguments with ids of this tenant, except for one given id.
    pub(super) fn filled(&self, tool: &str, other: Option<(&str, &str)>) -> Value {
        fn walk(value: &mut Value, fill: &dyn Fn(&str) -> Value) {
            match value {
                Value::String(text) => {
                    if let Some(name) = text.strip_prefix('$') {
                        *value = fill(name);
                    }
                }
                Value::Array(items) => items.iter_mut().for_each(|item| walk(item, fill)),
                Value::Object(members) => members.values_mut().for_each(|member| walk(member, fill)),
                _ => {}
            }
        }
        let mut whole = arguments(tool);
        walk(&mut whole, &|name| match other {
            Some((which, id)) if which == name => json!(id),
            _ => self.resources[name].clone(),
        });
        whole
    }
}

#[tokio::test]
async fn ids_of_another_tenant_look_absent_to_every_tool() {
    let server = open("mcptenants").await;
    let (victim, outsider) = (TestTenant::build(&server, "victim").await, TestTenant::build(&server, "outsider").await);
    let everything = async || {
        let workflow = text(&victim.resources, "workflow");
        let query =
            "select (select string_agg(to_jsonb(t)::text, '|' order by t.id) from tickets t where t.workflow_id = $1)
            || (select count(*)::text from history h where h.workflow_id = $1)
            || (select count(*)::text from ticket_comments c where c.workflow_id = $1)
            || (select count(*)::text from usage_reports u where u.workflow_id = $1)
            || (select string_agg(to_jsonb(j)::text, '|' order by j.id) from jobs j where j.workflow_id = $1)
            || (select string_agg(to_jsonb(a)::text, '|' order by a.id) from approvals a where a.workflow_id = $1)";
        server.sql(query, &[&workflow]).await[0].get::<_, String>(0)
    };
    let before = everything().await;
    let (mut wrong, mut tried) = (String::new(), 0);
    for tool in outsider.agent.tools().await {
        for name in ["workflow", "ticket", "blocker", "comment", "job", "approval"] {
            if !arguments(&tool).to_string().contains(&format!("${name}")) {
                continue;
            }
            tried += 1;
            let theirs = text(&victim.resources, name);
            let (kind, _) = theirs.split_once('-').expect("a kind");
            let absent = format!("{kind}-{}", uuid::Uuid::now_v7());
            let mut response = Vec::new();
            for id in [&theirs, &absent] {
                let result = outsider.agent.call(&tool, outsider.filled(&tool, Some((name, id)))).await;
                response.push(result.to_string().replace(id.as_str(), "[id]"));
                // A filter without matches is not an error; it must find nothing.
                let empty = tool.starts_with("list_")
                    && result["structuredContent"]
                        .as_object()
                        .is_some_and(|data| data.values().any(|v| *v == json!([])));
                if result["isError"] != true && !empty {
                    let _ = writeln!(wrong, "{tool} with another's {name}: {result}");
                }
            }
            if response[0] != response[1] {
                let _ = writeln!(wrong, "{tool} {name}\n  theirs: {}\n  absent: {}", response[0], response[1]);
            }
        }
    }
    assert!(tried >= 40, "only {tried} were tried");
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(everything().await, before);
    let seen = outsider.agent.call_ok("list_workflows", json!({})).await;
    assert_eq!(seen["workflows"].as_array().map(Vec::len), Some(1));
}

/// The owner's own calls succeed, so the arguments above are valid.
#[tokio::test]
async fn every_tool_works_for_its_owner() {
    let server = open("mcpowners").await;
    let mut wrong = String::new();
    let tools = TestTenant::build(&server, "first").await.agent.tools().await;
    for (number, tool) in tools.iter().enumerate() {
        let tenant = TestTenant::build(&server, &format!("owner{number}")).await;
        let result = tenant.agent.call(tool, tenant.filled(tool, None)).await;
        if result["isError"] == false {
            wrong.push_str(&super::agent::mismatch(tool, &result["structuredContent"]));
        }
        let expected = if tool == "get_commit_diff" { "not_found" } else { "" };
        if result["structuredContent"]["code"].as_str().unwrap_or("") != expected {
            let _ = writeln!(wrong, "{tool}: {result}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
