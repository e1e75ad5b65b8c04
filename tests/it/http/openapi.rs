//! The API description is complete, documented, and equal to the reviewed one.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::fixtures::open;
use super::spec::Spec;

/// The committed document; `UPDATE_OPENAPI=1 cargo test --test it http::openapi` rewrites it.
const COMMITTED: &str = "tests/it/snapshots/openapi.json";

#[tokio::test]
async fn the_committed_description_is_the_served_one() {
    let server = open("drift").await;
    let served = serde_json::to_string_pretty(&Spec::of(&server).await.doc).expect("JSON") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(COMMITTED);
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &served).expect("write the description");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = served.lines().zip(committed.lines()).position(|(a, b)| a != b);
    assert!(
        served == committed,
        "{COMMITTED} is not what the server says (first difference in line {:?}); run `UPDATE_OPENAPI=1 cargo test --test it http::openapi` \
         and look at what changed.",
        differs.map(|line| line + 1)
    );
}

#[tokio::test]
async fn every_operation_is_described_in_full() {
    let server = open("described").await;
    let spec = Spec::of(&server).await;
    assert!(spec.doc["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")));
    for member in ["title", "version", "description"] {
        assert!(spec.doc["info"][member].as_str().is_some_and(|text| !text.is_empty()), "info.{member}");
    }
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (method, path, operation) in spec.documents() {
        let name = format!("{method} {path}");
        let mut check = |good: bool, what: &str| {
            if !good {
                wrong.push(format!("{name}: {what}"));
            }
        };
        let words = |value: &Value| value.as_str().is_some_and(|text| text.trim().len() > 3);
        check(words(&operation["summary"]), "has no summary");
        check(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1 && words(&tags[0])), "has no tag");
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        check(!id.is_empty() && !ids.contains_key(&id), "has no id of its own");
        ids.insert(id, path.to_owned());
        let responses = operation["responses"].as_object().expect("responses");
        check(responses.keys().any(|status| status < &"400".to_owned()), "says nothing of success");
        check(responses.contains_key("429") && responses.contains_key("503"), "says nothing of refusals");
        let open = operation["security"]
            .as_array()
            .is_some_and(|needed| needed.iter().any(|one| *one == serde_json::json!({})));
        check(
            open || ["401", "403"].iter().all(|status| responses.contains_key(*status)),
            "says nothing of 401 and 403",
        );
        for (status, response) in responses {
            check(words(&response["description"]), &format!("does not describe {status}"));
            let problem = &response["content"]["application/problem+json"]["schema"];
            check(
                status.as_str() < "400" || status == "503" || problem.is_object(),
                &format!("{status} is no problem document"),
            );
        }
        let declared: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        for part in parts {
            check(declared.contains(&part), &format!("does not declare {part}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ids.len() > 40, "only {} operations", ids.len());
}

/// What client generators stumble over: null defaults, which they send and which clear fields; `allOf`, whose parts they
/// fail to join; members that are required and nullable; names of operations that are no function names.
#[tokio::test]
async fn generators_understand_the_description() {
    fn walk(value: &Value, at: &str, wrong: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if members.get("default").is_some_and(Value::is_null) {
                    wrong.push(format!("{at} has a null default"));
                }
                if members.contains_key("allOf") {
                    wrong.push(format!("{at} has allOf"));
                }
                let is_null = |schema: &Value| {
                    schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
                        || schema["oneOf"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one["type"] == "null"))
                };
                for name in value["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value["properties"].get(name).is_none_or(is_null) {
                        wrong.push(format!("{at} requires {name}, which is missing or nullable"));
                    }
                }
                members.iter().for_each(|(name, member)| walk(member, &format!("{at}/{name}"), wrong));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, at, wrong)),
            _ => {}
        }
    }
    let server = open("generators").await;
    let spec = Spec::of(&server).await;
    let mut wrong = Vec::new();
    walk(&spec.doc, "", &mut wrong);
    let mut ids = std::collections::HashMap::new();
    for (method, path, operation) in spec.documents() {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let camel = id.starts_with(|c: char| c.is_ascii_lowercase()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if !camel || !id.contains(|c: char| c.is_ascii_uppercase()) {
            wrong.push(format!("{method} {path}: {id:?} is no verb with a noun"));
        }
        ids.insert(format!("{method} {path}"), id);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (operation, id) in [
        ("POST /api/tickets/update", "updateTicket"),
        ("GET /api/tickets", "listTickets"),
        ("GET /api/tickets/{id}", "getTicket"),
        ("POST /api/jobs/claim", "claimJob"),
    ] {
        assert_eq!(ids[operation], id);
    }
}

#[tokio::test]
async fn references_resolve() {
    fn walk(value: &Value, doc: &Value, lost: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str)
                    && doc.pointer(reference.trim_start_matches('#')).is_none()
                {
                    lost.push(reference.to_owned());
                }
                members.values().for_each(|member| walk(member, doc, lost));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, doc, lost)),
            _ => {}
        }
    }
    let server = open("references").await;
    let doc = Spec::of(&server).await.doc;
    let mut lost = Vec::new();
    walk(&doc, &doc, &mut lost);
    assert!(lost.is_empty(), "{lost:?}");
}

#[tokio::test]
async fn the_docs_page_needs_nothing_from_outside() {
    let server = open("docs_page").await;
    let anonymous = server.anonymous();
    let page = anonymous.get("/docs/").await.ok();
    let page = page.as_str().expect("a page").to_owned();
    let mut assets = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        assets.extend(page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()));
    }
    assert!(assets.len() > 4, "{assets:?}");
    for asset in assets {
        assert!(!asset.contains("//"), "{asset} is loaded from another host");
        let path = format!("/docs/{}", asset.trim_start_matches("/docs/").trim_start_matches("./"));
        assert_eq!(anonymous.get(&path).await.status, 200, "{path}");
    }
    let setup = anonymous.get("/docs/swagger-initializer.js").await.ok();
    let setup = setup.as_str().expect("a script");
    assert!(setup.contains("/openapi.json") && !setup.contains("http"), "{setup}");
    let policy = anonymous.get("/docs/").await.header("content-security-policy").expect("a policy").to_owned();
    assert!(policy.contains("default-src 'self'") && policy.contains("script-src 'self'"), "{policy}");
    assert_eq!(anonymous.get("/docs/nothing.js").await.refused(404), "not_found");
}
