//! Jobs as a tracker's tasks, and the agents that work on them.

use jiff::Timestamp;
use serde_json::{Value, json};

/// A task's status in the words of these clients.
fn status(row: &Value) -> &'static str {
    let is_blocked = row["blockers"].as_array().is_some_and(|blockers| !blockers.is_empty());
    match row["status"].as_str().unwrap_or_default() {
        "queued" if is_blocked => "blocked",
        "queued" => "queued",
        "running" | "paused" | "waiting" => "in_progress",
        "succeeded" => "done",
        "failed" | "cancelled" => "failed",
        _ => "pending",
    }
}

/// The statuses of jobs that a status of tasks stands for: none for all; an empty list if no task has it.
pub fn job_statuses(word: Option<&str>) -> Option<Vec<&'static str>> {
    Some(match word.unwrap_or("all") {
        "all" | "" => return None,
        "pending" => vec!["collecting"],
        "queued" | "blocked" => vec!["queued"],
        "assigned" | "in_progress" => vec!["running", "paused", "waiting"],
        "done" => vec!["succeeded"],
        "failed" => vec!["failed", "cancelled"],
        _ => Vec::new(),
    })
}

/// A task from `logic.tracker_task_json`.
pub fn task(row: &Value) -> Value {
    let priority = row["priority"].as_str().unwrap_or("medium");
    let agent = row["payload"]["created_by_agent_id"].as_str().or_else(|| row["created_by"].as_str());
    json!({
        "id": row["id"],
        "task_id": row["id"],
        "description": row["title"],
        "raw_description": row["initial_prompt"],
        "done_definition": row["payload"]["done_definition"].as_str().unwrap_or_default(),
        "status": status(row),
        "priority": if priority == "critical" { "high" } else { priority },
        "assigned_agent_id": row["agent_id"],
        "created_by_agent_id": agent,
        "parent_task_id": row["payload"]["parent_task_id"],
        "created_at": row["created_at"],
        "started_at": row["started_at"],
        "completed_at": row["finished_at"],
        "estimated_complexity": null,
        "phase_id": row["stage"],
        "phase_name": row["stage"],
        "phase_order": null,
        "workflow_id": row["workflow_id"],
        "ticket_id": row["ticket_id"],
        "completion_notes": row["progress_message"],
        "failure_reason": row["error"],
        "progress": row["progress"],
    })
}

/// Tasks.
pub fn tasks(rows: &Value) -> Vec<Value> {
    rows.as_array().into_iter().flatten().map(task).collect()
}

/// Everything about a task.
pub fn task_details(row: &Value) -> Value {
    let mut details = task(row);
    let agent = row["agent_id"].as_str().map(|id| {
        json!({"id": id, "status": if status(row) == "in_progress" { "working" } else { "idle" }, "cli_type": "callboard",
            "created_at": row["started_at"], "last_activity": row["heartbeat_at"]})
    });
    let ran = seconds(&row["started_at"], &row["finished_at"]);
    let more = json!({"enriched_description": row["initial_prompt"], "user_prompt": row["initial_prompt"], "system_prompt": null,
        "runtime_seconds": ran, "phase_info": null, "agent_info": agent, "parent_task": null, "child_tasks": [], "has_results": false,
        "validation_enabled": false, "related_task_ids": [], "related_tasks_details": [], "duplicated_tasks": [],
        "related_ticket_ids": row["ticket_id"].as_str().map(|id| vec![id]).unwrap_or_default()});
    for (name, value) in more.as_object().into_iter().flatten() {
        details[name] = value.clone();
    }
    details
}

/// Seconds from one time to another, or to now; 0 before the first.
fn seconds(from: &Value, to: &Value) -> i64 {
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    time(from).map_or(0, |from| (time(to).unwrap_or_else(Timestamp::now).as_second() - from.as_second()).max(0))
}

/// A blocked task with what blocks it.
pub fn blocked_task(row: &Value) -> Value {
    let blockers: Vec<&Value> = row["blockers"].as_array().into_iter().flatten().collect();
    let ids: Vec<&Value> = blockers.iter().map(|blocker| &blocker["ticket_id"]).collect();
    json!({"task_id": row["id"], "description": row["title"], "priority": row["priority"], "created_at": row["created_at"],
        "ticket_id": row["ticket_id"], "is_blocked": !blockers.is_empty(), "blocker_count": blockers.len(), "blocking_ticket_ids": ids,
        "blocking_tickets": blockers, "blockers": blockers, "phase_id": row["stage"], "workflow_id": row["workflow_id"]})
}

/// An agent from `logic.list_tracker_agents`.
pub fn agent(row: &Value) -> Value {
    let held = &row["task"];
    let state = match (row["disabled"] == true || row["disabled_at"].is_string(), held.is_object()) {
        (true, _) => "terminated",
        (_, true) => "working",
        _ => "idle",
    };
    let current = held.is_object().then(|| {
        json!({"id": held["id"], "description": held["title"], "status": status(held), "priority": held["priority"],
            "started_at": held["started_at"], "runtime_seconds": seconds(&held["started_at"], &Value::Null)})
    });
    json!({"id": row["id"], "name": row["name"], "status": state, "cli_type": row["kind"], "current_task_id": held["id"],
        "tmux_session_name": null, "health_check_failures": 0, "created_at": row["created_at"],
        "last_activity": if held["heartbeat_at"].is_null() { &row["created_at"] } else { &held["heartbeat_at"] }, "current_task": current})
}

/// Agents.
pub fn agents(rows: &Value) -> Vec<Value> {
    rows.as_array().into_iter().flatten().map(agent).collect()
}

/// The queue: tasks that wait for a worker, the most urgent first, then the oldest.
pub fn queue(rows: &Value, agents: &[Value]) -> Value {
    let mut waiting: Vec<&Value> = rows.as_array().into_iter().flatten().collect();
    let urgency = |row: &Value| ["critical", "high", "medium", "low"].iter().position(|word| row["priority"] == *word);
    waiting.sort_by_key(|row| (urgency(row), row["created_at"].as_str().unwrap_or_default().to_owned()));
    let active = agents.iter().filter(|agent| agent["status"] == "working").count();
    let queued = waiting.iter().enumerate().map(|(place, row)| {
        json!({"task_id": row["id"], "description": row["title"], "priority": row["priority"], "priority_boosted": row["priority"] == "critical",
            "queue_position": place + 1, "queued_at": row["queued_at"], "phase_id": row["stage"]})
    });
    json!({"active_agents": active, "max_concurrent_agents": agents.len(), "queued_tasks_count": waiting.len(),
        "queued_tasks": queued.collect::<Vec<_>>(), "slots_available": agents.len() - active, "at_capacity": active == agents.len()})
}

/// A finding about an agent, as the analysis of its guardian: what to steer, and why. Nobody measures how far it is on course, so
/// its score is null.
pub fn analysis(finding: &Value) -> Value {
    let focus: Vec<&str> = ["key", "title"].iter().filter_map(|name| finding[*name].as_str()).collect();
    json!({"id": finding["finding_id"], "agent_id": finding["agent_id"], "timestamp": finding["opened_at"],
        "current_phase": finding["status"], "phase_changed": false, "trajectory_aligned": false, "alignment_score": null,
        "progress_assessment": finding["message"], "trajectory_summary": finding["message"], "needs_steering": true,
        "steering_type": finding["kind"], "steering_recommendation": finding["suggestion"]["message"],
        "accumulated_goal": finding["title"], "current_focus": focus.join(" "), "session_duration": null, "conversation_length": null})
}

/// Tasks and agents as nodes, and who made and who does what as edges.
pub fn graph(rows: &Value, agents: &[Value]) -> Value {
    let mut nodes: Vec<Value> = agents
        .iter()
        .map(|agent| json!({"id": format!("agent_{}", agent["id"].as_str().unwrap_or_default()), "type": "agent", "label": agent["name"], "data": agent}))
        .collect();
    let known = |id: &Value| agents.iter().any(|agent| agent["id"] == *id);
    let mut edges = Vec::new();
    for task in tasks(rows) {
        let node = format!("task_{}", task["id"].as_str().unwrap_or_default());
        for (kind, name) in [("assigned", "assigned_agent_id"), ("created", "created_by_agent_id")] {
            if known(&task[name]) {
                let source = format!("agent_{}", task[name].as_str().unwrap_or_default());
                edges.push(json!({"id": format!("{kind}_{node}"), "source": source, "target": node, "label": kind, "type": kind}));
            }
        }
        nodes.push(json!({"id": node, "type": "task", "label": task["description"], "data": task}));
    }
    json!({"nodes": nodes, "edges": edges, "phases": {}, "timestamp": Timestamp::now()})
}

/// The numbers of the dashboard from `logic.get_tracker_overview`.
pub fn dashboard(overview: &Value) -> Value {
    let sum = |name: &str| -> i64 {
        overview["workflows"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, counts)| counts[name].as_i64().unwrap_or(0))
            .sum()
    };
    let recent: Vec<Value> = overview["recent"].as_array().into_iter().flatten().enumerate().map(|(place, row)| {
        json!({"id": place + 1, "type": row["type"], "message": row["message"], "agent_id": row["agent_id"], "timestamp": row["timestamp"]})
    }).collect();
    json!({"active_agents": sum("agents"), "running_tasks": sum("running"), "queued_tasks": sum("queued"), "total_memories": 0,
        "recent_activity": recent, "stuck_agents": overview["silent"].as_i64().unwrap_or(0), "failed_tasks_today": sum("failed_today"), "timestamp": Timestamp::now()})
}

/// The state of the whole: what nobody measures here is empty.
pub fn system() -> Value {
    json!({"timestamp": Timestamp::now(), "system_health": null, "phase_distribution": [], "latest_conductor_analysis": null,
        "recent_steering_events": [], "agent_alignments": [], "metrics_history": []})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_agents_queue_and_graph() {
        let row = |id: &str, status: &str, priority: &str, blockers: Value| {
            json!({"id": id, "title": "Do it", "initial_prompt": "Do it well.", "status": status, "priority": priority, "blockers": blockers,
                "payload": {"done_definition": "It is done", "created_by_agent_id": "agent-1"}, "agent_id": null, "created_by": "service",
                "workflow_id": "w", "ticket_id": "ticket-1", "stage": null, "created_at": "2026-11-21T10:00:00Z", "queued_at": "2026-11-21T10:00:00Z",
                "started_at": null, "finished_at": null, "error": null, "progress": 0, "progress_message": ""})
        };
        let blocker = json!([{"ticket_id": "ticket-2", "title": "First", "status": "todo", "priority": "low", "is_resolved": false}]);
        let mut running = row("job-2", "running", "critical", json!([]));
        running["agent_id"] = "agent-1".into();
        running["started_at"] = "2026-11-21T10:00:00Z".into();
        running["finished_at"] = "2026-11-21T10:00:09Z".into();
        let rows =
            json!([row("job-1", "queued", "low", blocker), running, row("job-3", "cancelled", "high", json!([]))]);
        let actors = json!([{"id": "agent-1", "name": "One", "kind": "agent", "created_at": "2026-11-21T09:00:00Z", "task": null},
            {"id": "agent-2", "name": "Two", "kind": "agent", "created_at": "2026-11-21T09:00:00Z", "disabled_at": "2026-11-21T09:30:00Z", "task": null}]);
        let agents = agents(&actors);
        let mut graph = graph(&rows, &agents);
        graph["timestamp"] = Value::Null;
        let overview = json!({"workflows": {"a": {"agents": 1, "running": 2, "queued": 1, "failed_today": 0}, "b": {"agents": 1}},
            "recent": [{"seq": 9, "type": "created", "message": "Created TKT-1.", "agent_id": "a", "timestamp": "2026-11-21T10:00:00Z"}]});
        let mut numbers = dashboard(&overview);
        numbers["timestamp"] = Value::Null;
        let finding = json!({"finding_id": "finding-1", "kind": "stuck", "agent_id": "agent-1", "key": "TKT-2", "title": "Two", "status": "build",
            "message": "TKT-2 has not changed.", "suggestion": {"message": "Ask One about it."}, "opened_at": "2026-11-21T10:00:00Z"});
        insta::with_settings!({sort_maps => true}, {
            insta::assert_json_snapshot!(json!({"tasks": tasks(&rows), "details": task_details(&rows[1]), "blocked": blocked_task(&rows[0]),
                "agents": agents, "queue": queue(&rows, &agents), "graph": graph, "dashboard": numbers,
                "analysis": analysis(&finding)}))
        });
    }

    #[test]
    fn statuses_have_words_on_both_sides() {
        assert_eq!(job_statuses(None), None);
        assert_eq!(job_statuses(Some("done")), Some(vec!["succeeded"]));
        assert_eq!(job_statuses(Some("duplicated")), Some(Vec::new()));
        assert_eq!(agent(&json!({"id": "a", "task": {"id": "job-1", "status": "running"}}))["status"], "working");
    }
}
