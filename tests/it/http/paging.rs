//! Lists in pages: keyset cursors that hold while rows change, and that fit one list only.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, signed_in_user, text};

/// Every page of a list of tickets; `meanwhile` runs after the first one.
async fn walk(fixture: &TestWorkflow, query: &str, meanwhile: impl AsyncFn()) -> Vec<String> {
    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/tickets?workflow_id={}&limit=3&{query}&cursor={cursor}", fixture.workflow);
        let page = fixture.owner.get(&path).await.ok();
        assert_eq!(page["has_more"], json!(page["next_cursor"].is_string()));
        assert_eq!(page["total_count"], 11);
        keys.extend(page["tickets"].as_array().expect("tickets").iter().map(|card| text(card, "key")));
        if cursor.is_empty() {
            meanwhile().await;
        }
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return keys,
        }
    }
}

#[tokio::test]
async fn every_ticket_is_listed_once_while_tickets_change() {
    let server = open("paging").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let mut tickets = Vec::new();
    for n in 0..11 {
        let priority = ["low", "medium", "high", "critical"][n % 4];
        tickets.push(fixture.ticket_with(&format!("Ticket {n}"), json!({"priority": priority})).await);
    }
    let change = async |id: &str, updates: Value| {
        fixture.owner.post("/api/tickets/update", json!({"ticket_id": id, "updates": updates})).await.ok();
    };
    for (sort, order) in
        [("updated_at", "desc"), ("updated_at", "asc"), ("priority", "desc"), ("status", "asc"), ("rank", "asc")]
    {
        // Tickets of the first, of middle and of last pages change.
        let keys = walk(&fixture, &format!("sort_by={sort}&sort_order={order}"), async || {
            for n in [0, 1, 5, 10] {
                change(&tickets[n], json!({"priority": "critical"})).await;
                change(&tickets[n], json!({"priority": "low"})).await;
                if sort == "status" {
                    let body = json!({"ticket_id": tickets[n], "new_status": "todo"});
                    fixture.owner.post("/api/tickets/change-status", body).await.ok();
                }
            }
        })
        .await;
        let distinct: BTreeSet<&String> = keys.iter().collect();
        assert_eq!((keys.len(), distinct.len()), (11, 11), "{sort} {order}: {keys:?}");
    }
}

#[tokio::test]
async fn a_cursor_fits_one_list_and_outlives_its_row() {
    let server = open("cursors").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let (ann, workflow) = (&fixture.owner, &fixture.workflow);
    for n in 0..3 {
        fixture.ticket(&format!("Ticket {n}")).await;
    }
    let page = ann.get(&format!("/api/tickets?workflow_id={workflow}&limit=1")).await.ok();
    let cursor = text(&page, "next_cursor");
    assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{cursor}");
    let broken = format!("{}x", &cursor[..cursor.len() - 1]);
    for wrong in [
        format!("/api/tickets?workflow_id={workflow}&limit=1&sort_order=asc&cursor={cursor}"),
        format!("/api/tickets?workflow_id={workflow}&limit=1&sort_by=priority&cursor={cursor}"),
        format!("/api/tickets?workflow_id={workflow}&limit=1&priority=low&cursor={cursor}"),
        format!("/api/tickets?workflow_id={workflow}&cursor={broken}"),
        format!("/api/tickets?workflow_id={workflow}&cursor=1"),
        format!("/api/jobs?workflow_id={workflow}&cursor={cursor}"),
        format!("/api/apps?cursor={cursor}"),
        format!("/api/approvals?cursor={cursor}"),
        format!("/api/workflows?cursor={cursor}"),
        format!("/api/agents?cursor={cursor}"),
        format!("/api/security-events?workflow_id={workflow}&cursor={cursor}"),
    ] {
        let answer = ann.get(&wrong).await;
        assert_eq!(answer.json["errors"][0]["field"], "cursor", "{wrong}: {}", answer.json);
        assert_eq!(answer.refused(422), "invalid");
    }
    let both = format!("/api/tickets?workflow_id={workflow}&limit=1&offset=1&cursor={cursor}");
    assert_eq!(ann.get(&both).await.json["errors"][0]["field"], "offset");
    let skipped = ann.get(&format!("/api/tickets?workflow_id={workflow}&limit=1&offset=2")).await.ok();
    assert_eq!((skipped["total_count"].as_i64(), &skipped["has_more"]), (Some(3), &json!(false)));

    // Pages continue where they were, although the last row seen is renamed or gone.
    let mut jobs = Vec::new();
    for n in 0..3 {
        let body = json!({"workflow_id": workflow, "title": format!("Job {n}"), "initial_prompt": "Do it.", "with_ticket": true});
        jobs.insert(0, text(&ann.post("/api/jobs", body).await.created(), "job_id"));
    }
    let page = ann.get(&format!("/api/jobs?workflow_id={workflow}&limit=1")).await.ok();
    server.sql("delete from jobs where id = $1", &[&jobs[0]]).await;
    let rest = ann.get(&format!("/api/jobs?workflow_id={workflow}&cursor={}", text(&page, "next_cursor"))).await.ok();
    let rest: Vec<String> = rest["jobs"].as_array().expect("jobs").iter().map(|job| text(job, "job_id")).collect();
    assert_eq!(rest, jobs[1..]);
    let mut names = Vec::new();
    for name in ["Aa", "Bb", "Cc"] {
        names.push(text(&ann.post("/api/workflows", json!({"name": name})).await.created(), "id"));
    }
    let page = ann.get("/api/workflows?limit=1").await.ok();
    ann.patch(&format!("/api/workflows/{}", names[0]), json!({"name": "Zz"})).await.ok();
    let rest = ann.get(&format!("/api/workflows?cursor={}", text(&page, "next_cursor"))).await.ok();
    let rest: Vec<String> =
        rest["workflows"].as_array().expect("workflows").iter().map(|one| text(one, "name")).collect();
    assert!(rest.contains(&"Bb".to_owned()) && rest.contains(&"Cc".to_owned()), "{rest:?}");
}
