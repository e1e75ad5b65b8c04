//! Two tenants. Generated from the description: whatever ids of the other's a stranger puts into a call,
//! the answer is the one for ids that do not exist, and nothing of the other's changes.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::example_requests::{Recipe, World, recipes};
use super::fixtures::{open, redact};
use super::spec::{Operation, Spec};
use crate::client::{Answer, Server};

/// Where an id is not meant to be secret, and why.
const TOLD: &[(&str, &str, &str)] = &[
    (
        "PUT /api/workflows/{id}/members/{actor}",
        "/path/actor",
        "an owner takes in whoever exists, by id or e-mail address",
    ),
    ("POST /api/invites/accept", "/body/invite", "an invitation is for whoever holds it"),
    ("POST /api/auth/register", "/body/invite", "an invitation is for whoever holds it"),
    ("GET /api/agents", "/query/cursor", "it is compared with ids, not looked up"),
    ("GET /api/approvals", "/query/cursor", "it is compared with ids, not looked up"),
];

#[tokio::test]
async fn the_others_ids_look_absent() {
    let server = open("tenants").await;
    let operations = Spec::of(&server).await.operations();
    let victim = World::build(&server, "victim").await;
    let mut wrong = String::new();
    let mut tried = 0;
    let mut fresh: Option<World> = None;
    for operation in &operations {
        let before = everything(&server, &victim).await;
        for recipe in recipes(operation) {
            for choice in choices(operation, &recipe) {
                let mut answers = Vec::new();
                for absent in [false, true] {
                    tried += 1;
                    let id = |name: &str| match absent {
                        false => victim.things[name].clone(),
                        true => other_than(&victim.things[name]),
                    };
                    let stranger = match fresh.take() {
                        Some(stranger) => stranger,
                        None => World::build(&server, &format!("stranger{tried}")).await,
                    };
                    let answer = ask(&stranger, operation, &recipe, &choice, &id).await;
                    // What a call has changed would show in the next answer.
                    if operation.method == Method::GET || answer.starts_with('4') {
                        fresh = Some(stranger);
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

/// Each place of a recipe that names a thing alone, then all of them.
fn choices(operation: &Operation, recipe: &Recipe) -> Vec<Vec<(String, String)>> {
    let mut places = places(recipe);
    places.retain(|(place, _)| !TOLD.iter().any(|(name, at, _)| *name == operation.name && at == place));
    let mut choices: Vec<Vec<(String, String)>> = places.iter().map(|place| vec![place.clone()]).collect();
    if places.len() > 1 {
        choices.push(places);
    }
    choices
}

/// The victim's own calls succeed: the recipes above are good ones.
#[tokio::test]
async fn every_recipe_works_for_its_owner() {
    let server = open("recipes").await;
    let mut wrong = String::new();
    for (number, operation) in Spec::of(&server).await.operations().iter().enumerate() {
        for (nth, recipe) in recipes(operation).into_iter().filter(|recipe| recipe.succeeds).enumerate() {
            let world = World::build(&server, &format!("owner{number}-{nth}")).await;
            let answer = world.client.send(world.request(operation, &recipe)).await;
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

/// Every place of a recipe that names a thing: its pointer and the thing's name.
fn places(recipe: &Recipe) -> Vec<(String, String)> {
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
    walk(&recipe.path, "/path", &mut found);
    walk(&recipe.query, "/query", &mut found);
    walk(&recipe.body.clone().unwrap_or_default(), "/body", &mut found);
    found
}

/// The stranger's call with other ids at some places; what it was told, without those ids and without
/// what differs between any two calls.
async fn ask(
    stranger: &World,
    operation: &Operation,
    recipe: &Recipe,
    places: &[(String, String)],
    id: &(dyn Fn(&str) -> String + Sync),
) -> String {
    let mut whole = json!({"path": recipe.path, "query": recipe.query, "body": recipe.body});
    let mut ids = Vec::new();
    for (place, name) in places {
        let other = id(name);
        *whole.pointer_mut(place).expect("a place") = json!(other);
        ids.push(other);
    }
    let body = whole["body"].take();
    let spoiled = Recipe {
        path: whole["path"].take(),
        query: whole["query"].take(),
        body: (!body.is_null()).then_some(body),
        succeeds: false,
    };
    let Answer { status, json, headers } = stranger.client.send(stranger.request(operation, &spoiled)).await;
    let mut told = format!("{:?} {json}", headers.get("etag"));
    for id in &ids {
        told = told.replace(id.as_str(), "[id]");
    }
    // Numbers count on from call to call; keys and ranks are made anew each time.
    let mut plain = String::new();
    for word in redact(&told).split_inclusive(['"', ',', ' ']) {
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

/// An id of the same shape that names nothing.
fn other_than(id: &str) -> String {
    id.chars()
        .enumerate()
        .map(|(place, c)| match c {
            // Prefixes like `user-` say what it is.
            _ if id.contains('-') && place < id.find('-').expect("a hyphen") => c,
            c if c.is_ascii_digit() => char::from(b'0' + fastrand::u8(0..10)),
            'a'..='f' => char::from(b'a' + fastrand::u8(0..6)),
            c => c,
        })
        .collect()
}

/// Everything that belongs to a tenant, as text: every table that has a `workflow_id`, and its people,
/// keys, sessions.
async fn everything(server: &Server, world: &World) -> String {
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
    let people: Vec<&str> = ["actor", "member", "agent"].iter().map(|name| world.things[*name].as_str()).collect();
    server.sql(&query, &[&world.things["workflow"], &people]).await[0].get(0)
}
