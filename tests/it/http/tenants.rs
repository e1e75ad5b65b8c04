//! Tenant isolation, generated from the API description: a call with ids of another tenant gets the same
//! response as a call with ids that do not exist, and changes nothing of the other tenant.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::example_requests::{ExampleRequest, TestTenant, example_requests};
use super::fixtures::{open, redact};
use super::spec::{Operation, Spec};
use crate::client::{Answer, Server};

/// Parameters whose ids are not secret, and why.
const PUBLIC_IDS: &[(&str, &str, &str)] = &[
    ("POST /api/invites/accept", "/body/invite", "an invitation is a bearer token"),
    ("POST /api/invites/look-up", "/body/invite", "an invitation is a bearer token"),
    ("POST /api/auth/register", "/body/invite", "an invitation is a bearer token"),
];

#[tokio::test]
async fn ids_of_another_tenant_look_absent() {
    let server = open("tenants").await;
    let operations = Spec::of(&server).await.operations();
    let victim = TestTenant::build(&server, "victim").await;
    // Else the server does it in the background, which looks like a change.
    server.sql("select logic.refresh_reporting($1)", &[&victim.resources["workflow"]]).await;
    let mut wrong = String::new();
    let mut tried = 0;
    let mut fresh: Option<TestTenant> = None;
    for operation in &operations {
        let before = everything(&server, &victim).await;
        for example in example_requests(operation) {
            for choice in choices(operation, &example) {
                let mut answers = Vec::new();
                for absent in [false, true] {
                    tried += 1;
                    let id = |name: &str| match absent {
                        false => victim.resources[name].clone(),
                        true => other_than(&victim.resources[name]),
                    };
                    let outsider = match fresh.take() {
                        Some(outsider) => outsider,
                        None => TestTenant::build(&server, &format!("outsider{tried}")).await,
                    };
                    let answer = ask(&outsider, operation, &example, &choice, &id).await;
                    // A change by one call would show in the next response.
                    if operation.method == Method::GET || answer.starts_with('4') {
                        fresh = Some(outsider);
                    }
                    answers.push(answer);
                }
                if answers[0] != answers[1] {
                    let at: Vec<&str> = choice.iter().map(|(place, _)| place.as_str()).collect();
                    let (name, at) = (&operation.name, at.join(" "));
                    let _ = writeln!(wrong, "{name} {at}\n  the other's: {}\n  absent: {}", answers[0], answers[1]);
                }
            }
        }
        if everything(&server, &victim).await != before {
            let _ = writeln!(wrong, "{} changed what is the other's", operation.name);
        }
    }
    assert!(tried > 120, "only {tried} calls were tried");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Each resource reference of an example request alone, then all of them.
fn choices(operation: &Operation, example: &ExampleRequest) -> Vec<Vec<(String, String)>> {
    let mut places = places(example);
    places.retain(|(place, _)| !PUBLIC_IDS.iter().any(|(name, at, _)| *name == operation.name && at == place));
    let mut choices: Vec<Vec<(String, String)>> = places.iter().map(|place| vec![place.clone()]).collect();
    if places.len() > 1 {
        choices.push(places);
    }
    choices
}

/// The owner's own calls succeed, so the example requests are valid.
#[tokio::test]
async fn every_example_request_works_for_its_owner() {
    let server = open("example_requests").await;
    let mut wrong = String::new();
    // A tenant serves many calls. Only what a fresh one is refused is wrong, because earlier calls may have deleted what it takes.
    let mut used: Option<TestTenant> = None;
    for (number, operation) in Spec::of(&server).await.operations().iter().enumerate() {
        for (nth, example) in example_requests(operation).into_iter().filter(|example| example.succeeds).enumerate() {
            let mut tried = None;
            if let Some(tenant) = used.take() {
                let answer = tenant.client.send(tenant.request(operation, &example)).await;
                tried = (answer.status < 300).then_some((tenant, answer));
            }
            let (tenant, answer) = match tried {
                Some(tried) => tried,
                None => {
                    let tenant = TestTenant::build(&server, &format!("owner{number}-{nth}")).await;
                    let answer = tenant.client.send(tenant.request(operation, &example)).await;
                    (tenant, answer)
                }
            };
            used = Some(tenant);
            if answer.status >= 300 {
                let _ = writeln!(wrong, "{}: {} {}", operation.name, answer.status, answer.json);
            }
            if !operation.statuses.contains(&answer.status) {
                let _ = writeln!(wrong, "{}: {} is not described", operation.name, answer.status);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Every resource reference of an example request: its pointer and the resource name.
fn places(example: &ExampleRequest) -> Vec<(String, String)> {
    fn walk(value: &Value, pointer: &str, found: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) => {
                found.extend(text.strip_prefix('$').map(|name| (pointer.to_owned(), name.to_owned())));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| walk(item, &format!("{pointer}/{n}"), found));
            }
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| walk(value, &format!("{pointer}/{name}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&example.path, "/path", &mut found);
    walk(&example.query, "/query", &mut found);
    walk(&example.body.clone().unwrap_or_default(), "/body", &mut found);
    found
}

/// The outsider's call with replaced ids; returns the response without those ids and without
/// values that differ between any two calls.
async fn ask(
    outsider: &TestTenant,
    operation: &Operation,
    example: &ExampleRequest,
    places: &[(String, String)],
    id: &(dyn Fn(&str) -> String + Sync),
) -> String {
    let mut whole = json!({"path": example.path, "query": example.query, "body": example.body});
    let mut ids = Vec::new();
    for (place, name) in places {
        let other = id(name);
        *whole.pointer_mut(place).expect("a place") = json!(other);
        ids.push(other);
    }
    let body = whole["body"].take();
    let mutated = ExampleRequest {
        path: whole["path"].take(),
        query: whole["query"].take(),
        body: (!body.is_null()).then_some(body),
        succeeds: false,
    };
    let Answer { status, json, headers } = outsider.client.send(outsider.request(operation, &mutated)).await;
    let mut response = format!("{:?} {json}", headers.get("etag"));
    for id in &ids {
        response = response.replace(id.as_str(), "[id]");
    }
    // Numbers increase from call to call; keys and ranks are generated each time.
    let mut plain = String::new();
    for word in redact(&response).split_inclusive(['"', ',', ' ']) {
        let long = word.len() > 30
            && word.trim_end_matches(['"', ',', ' ']).bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        plain.push_str(if long { "[made]" } else { word });
    }
    plain = plain.replace(|c: char| c.is_ascii_digit(), "#");
    while plain.contains("##") {
        plain = plain.replace("##", "#");
    }
    format!("{status} {plain}")
}

/// An id of the same shape that does not exist.
fn other_than(id: &str) -> String {
    id.chars()
        .enumerate()
        .map(|(place, c)| match c {
            // Prefixes like `user-` give the kind.
            _ if id.contains('-') && place < id.find('-').expect("a hyphen") => c,
            c if c.is_ascii_digit() => char::from(b'0' + fastrand::u8(0..10)),
            'a'..='f' => char::from(b'a' + fastrand::u8(0..6)),
            c => c,
        })
        .collect()
}

/// All data of a tenant as text: every table with a `workflow_id`, and its users,
/// keys and sessions.
async fn everything(server: &Server, tenant: &TestTenant) -> String {
    let tables = server
        .sql(
            "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workflow_id'
              where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1",
            &[],
        )
        .await;
    let mut query = "select coalesce(string_agg(t, E'\\n' order by t), '') from (
        select to_jsonb(w)::text as t from workflows w where id = $1
        union all select to_jsonb(a)::text from actors a where a.id = any ($2) or a.owner_id = any ($2)
        union all select (to_jsonb(s) - 'last_used_at')::text from sessions s where s.actor_id = any ($2)
        union all select (to_jsonb(k) - 'last_used_at')::text from api_keys k where k.actor_id = any ($2)"
        .to_owned();
    assert!(tables.len() > 8, "tables of a workflow");
    for table in tables {
        let table: String = table.get(0);
        let _ =
            write!(query, " union all select '{table} ' || to_jsonb(x)::text from {table} x where x.workflow_id = $1");
    }
    query.push_str(") x");
    let people: Vec<&str> = ["actor", "member", "agent"].iter().map(|name| tenant.resources[*name].as_str()).collect();
    server.sql(&query, &[&tenant.resources["workflow"], &people]).await[0].get(0)
}
