//! Invalid requests to every endpoint, generated from the OpenAPI description. Expected: no server error,
//! always a problem document with a sentence that names the field, and no change of state.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use tokio::time::timeout;

use super::example_requests::{ExampleRequest, TestTenant, example_requests};
use super::fixtures::open;
use super::mutations::{QUERIES, mutations_of, raw, thorough};
use super::spec::{Operation, Spec, fields, put};
use crate::client::Answer;

/// Each request to one endpoint gets one in so many of the cases that are the same for all endpoints, and each next one
/// the following ones, so that all cases meet many endpoints.
const ROTATION: usize = 5;

/// Time limit for a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// A description of the invalid request, shown on failure.
struct Case {
    what: String,
    /// The field that the refusal must name.
    field: Option<String>,
    request: RequestBuilder,
}

#[tokio::test]
async fn invalid_bodies_get_problem_documents() {
    let seen = RefCell::new(BTreeSet::new());
    each("bodies", |tenant, operation, example| {
        let Some(schema) = &operation.body else { return Vec::new() };
        let good = tenant.fill(&example.body.clone().unwrap_or_else(|| json!({})));
        let plain = ExampleRequest { body: None, ..example.clone() };
        let send =
            |body: Vec<u8>| tenant.request(operation, &plain).header(CONTENT_TYPE, "application/json").body(body);
        let mut cases = Vec::new();
        for (number, (path, schema)) in fields(schema).into_iter().enumerate() {
            let name = path.rsplit('.').next().expect("a name").to_owned();
            let mut values = mutations_of(&schema);
            // A schema already tested in full at another endpoint gets a short test here.
            let first = seen.borrow_mut().insert(format!("{name} {schema}"));
            if !first && !thorough() {
                values.truncate(4);
            }
            for (what, value) in values {
                let mut body = good.clone();
                put(&mut body, &path, value);
                cases.push(Case {
                    what: format!("{path} = {what}"),
                    field: Some(name.clone()),
                    request: send(body.to_string().into_bytes()),
                });
            }
            if number > 0 && !thorough() {
                continue;
            }
            // Values that JSON cannot represent are written into the raw text.
            for (what, text) in raw() {
                let mut body = good.clone();
                put(&mut body, &path, Some(json!("\u{1}here\u{1}")));
                let whole = body.to_string();
                let (head, tail) = whole.split_once("\"\\u0001here\\u0001\"").expect("the place");
                let body = [head.as_bytes(), &text, tail.as_bytes()].concat();
                cases.push(Case { what: format!("{path} = {what}"), field: None, request: send(body) });
            }
        }
        let mut more = good.clone();
        more["no_such_field"] = json!(1);
        cases.push(Case {
            what: "an unknown field".to_owned(),
            field: Some("no_such_field".to_owned()),
            request: send(more.to_string().into_bytes()),
        });
        for body in [
            "",
            " ",
            "null",
            "[]",
            "{}",
            "\"x\"",
            "5",
            "true",
            "{",
            "{\"a\":}",
            "NaN",
            "{'a': 1}",
            "{}{}",
            "\u{feff}{}",
            "{\"a\": 1, \"a\": 2}",
            "-",
            "[[[[[[",
            "\u{0}",
            "{\"\\u0000\": 1}",
            "{\"a\": 1e999999}",
        ] {
            cases.push(Case { what: format!("body {body:?}"), field: None, request: send(body.into()) });
        }
        cases.push(Case { what: "bytes".to_owned(), field: None, request: send(vec![0xff, 0xfe, 0x00]) });
        cases.push(Case { what: "too much".to_owned(), field: None, request: send(vec![b' '; 3 << 20]) });
        let text = good.to_string();
        for kind in [
            "text/plain",
            "application/xml",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "json",
            "",
        ] {
            let request = tenant.request(operation, &plain).header(CONTENT_TYPE, kind).body(text.clone());
            cases.push(Case { what: format!("as {kind:?}"), field: None, request });
        }
        let squeezed = send(text.clone().into_bytes()).header("Content-Encoding", "gzip");
        cases.push(Case { what: "as gzip".to_owned(), field: None, request: squeezed });
        cases
    })
    .await;
}

#[tokio::test]
async fn invalid_queries_get_problem_documents() {
    each("queries", |tenant, operation, example| {
        let mut cases = Vec::new();
        let mut names = operation.query.clone();
        names.push("no_such_parameter".to_owned());
        for name in &names {
            // Endpoints without parameters ignore the query.
            let few = if operation.query.is_empty() && !thorough() { 2 } else { QUERIES.len() };
            for value in &QUERIES[..few] {
                let mut mutated = example.clone();
                drop(mutated.query.as_object_mut().expect("a query").remove(name));
                let (url, request) = (format!("{name}={value}"), tenant.request(operation, &mutated));
                let request = with_query(request, &url);
                cases.push(Case { what: url.chars().take(60).collect(), field: None, request });
            }
        }
        for raw in ["=", "&&&", "%", "%zz=1", "a=b=c", "workflow_id=a&workflow_id=b", "%00=1", "%ff=1"] {
            let request = with_query(tenant.request(operation, example), raw);
            cases.push(Case { what: format!("?{raw}"), field: None, request });
        }
        cases
    })
    .await;
}

#[tokio::test]
async fn invalid_paths_and_headers_get_problem_documents() {
    let long = "x".repeat(5000);
    each("paths", |tenant, operation, example| {
        let mut cases = Vec::new();
        for name in &operation.parts {
            for value in [
                "%00",
                "%FF",
                "a%00b",
                "%F0%9F%94%A5",
                "%27",
                "0",
                "null",
                "%20",
                "%09",
                "~",
                "%25",
                "%2e%2e%2f",
                "*",
                &long,
            ] {
                let mut mutated = operation.clone();
                mutated.path = operation.path.replace(&format!("{{{name}}}"), value);
                let what = format!("{name} = {}", value.chars().take(20).collect::<String>());
                cases.push(Case { what, field: None, request: tenant.request(&mutated, example) });
            }
        }
        for (header, value) in [
            ("X-Agent-ID", ""),
            ("X-Agent-ID", "a b"),
            ("X-Agent-ID", "\u{e9}"),
            ("X-Agent-ID", "nobody-we-know"),
            ("Idempotency-Key", ""),
            ("Idempotency-Key", "\u{e9}"),
            ("If-None-Match", "\"\""),
            ("If-None-Match", ",,,"),
            ("Authorization", "Bearer"),
            ("Authorization", "Basic eDp5"),
            ("Accept", "text/nonsense;q=9"),
            ("Accept-Encoding", "nonsense"),
            ("Origin", "null"),
            ("Cookie", "callboard_refresh=x; callboard_refresh=y"),
            ("Range", "bytes=0-0"),
            ("Expect", "200-maybe"),
        ] {
            let request = tenant.request(operation, example).header(header, value);
            cases.push(Case { what: format!("{header}: {value}"), field: None, request });
        }
        cases
    })
    .await;
}

/// Sends the cases of every operation and collects the faults of the responses.
async fn each(hint: &str, cases: impl Fn(&TestTenant, &Operation, &ExampleRequest) -> Vec<Case>) {
    let server = open(hint).await;
    let watch = StateWatch::open(&server.db.url).await;
    let mut wrong = String::new();
    let mut refused = 0;
    let mut tried = 0;
    let mut turn = 0;
    let mut fresh: Option<TestTenant> = None;
    let operations = Spec::of(&server).await.operations();
    // Missing example requests fail before anything is sent.
    operations.iter().for_each(|operation| drop(example_requests(operation)));
    for operation in &operations {
        for example in example_requests(operation) {
            let tenant = match fresh.take() {
                Some(tenant) => tenant,
                None => TestTenant::build(&server, &format!("owner{tried}")).await,
            };
            let mut changed = false;
            let mut state = watch.state().await;
            turn += 1;
            for (number, case) in cases(&tenant, operation, &example).into_iter().enumerate() {
                if case.field.is_none() && !(number + turn).is_multiple_of(ROTATION) && !thorough() {
                    continue;
                }
                let Ok(answer) = timeout(RESPONSE_TIMEOUT, tenant.client.send(case.request)).await else {
                    let _ = writeln!(wrong, "{}, {}: never answered", operation.name, case.what);
                    continue;
                };
                tried += 1;
                let now = watch.state().await;
                let mut faults = faults_of(&answer, operation, case.field.as_deref().filter(|_| example.succeeds));
                changed |= now != state;
                if answer.status >= 400 {
                    refused += 1;
                    if now != state {
                        let _ = write!(faults, " changed something: {state} became {now};");
                    }
                }
                state = now;
                if !faults.is_empty() {
                    let response: String = answer.json.to_string().chars().take(400).collect();
                    let _ =
                        writeln!(wrong, "{}, {}: {} {response}\n   {faults}", operation.name, case.what, answer.status);
                }
            }
            fresh = (!changed).then_some(tenant);
        }
    }
    assert!(refused > 200, "only {refused} calls were refused");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The faults of a response to an invalid request.
fn faults_of(answer: &Answer, operation: &Operation, field: Option<&str>) -> String {
    let mut faults = String::new();
    if answer.status >= 500 {
        faults.push_str(" a fault of the server;");
    }
    if !operation.statuses.contains(&answer.status) {
        faults.push_str(" not described;");
    }
    if answer.status < 400 {
        return faults;
    }
    let problem = &answer.json;
    if answer.header("content-type") != Some("application/problem+json") || problem["status"] != answer.status {
        faults.push_str(" no problem document;");
    }
    let detail = problem["detail"].as_str().unwrap_or_default();
    if !detail.ends_with('.') || detail.len() < 10 || !detail.starts_with(char::is_uppercase) {
        faults.push_str(" no full sentence;");
    }
    if ["type", "title", "code"].iter().any(|member| problem[member].as_str().is_none_or(str::is_empty)) {
        faults.push_str(" a member is missing;");
    }
    // Internal terms must not appear in a response.
    let words =
        ["struct", "i32", "i64", "u32", "f64", "variant", "SQLSTATE", "relation", "deserialize", "Option", "Err("];
    if let Some(word) = detail.split(|c: char| !c.is_alphanumeric() && c != '(').find(|word| words.contains(word)) {
        let _ = write!(faults, " says {word};");
    }
    if field.is_some() && problem["code"] == "malformed_json" {
        faults.push_str(" it was JSON;");
    }
    if problem["code"] == "invalid" {
        let named: Vec<&str> =
            problem["errors"].as_array().into_iter().flatten().filter_map(|e| e["field"].as_str()).collect();
        if named.is_empty() {
            faults.push_str(" names no field;");
        }
        if let Some(field) = field
            && !named.iter().any(|name| name.contains(field.trim_end_matches("[]")))
        {
            let _ = write!(faults, " does not name {field};");
        }
    }
    faults
}

/// Appends to the query of a request.
fn with_query(request: RequestBuilder, more: &str) -> RequestBuilder {
    let (client, request) = request.build_split();
    let mut request = request.expect("a request");
    let query = request.url().query().map_or_else(|| more.to_owned(), |query| format!("{query}&{more}"));
    request.url_mut().set_query(Some(&query));
    RequestBuilder::from_parts(client, request)
}

/// Counts and sums that change with any write a call could make. That no worker takes a job, and
/// other findings, are no call's doing, but that of the time that passes.
const STATE: &str = "
    select concat_ws(' ', (select sum(last_seq) from streams where stream_id like 'workflow:%')
            - (select count(*) from history where stream_id like 'workflow:%' and field_name in ('no_worker', 'finding')),
        (select count(*) || max(updated_at)::text from workflows),
        (select count(*) from actors), (select count(*) from api_keys where revoked_at is null),
        (select count(*) from sessions where revoked_at is null), (select count(*) from invites where used_at is null),
        (select md5(count(*) || string_agg(role, '' order by workflow_id, actor_id)) from workflow_members),
        (select count(*) from idempotency_keys), (select count(*) from ws_tickets), (select max(updated_at) from boards),
        (select sum(version) from tickets), (select count(*) from comment_reactions))";

/// A connection with the prepared statement, which runs twice for each of thousands of requests.
struct StateWatch {
    client: tokio_postgres::Client,
    statement: tokio_postgres::Statement,
}

impl StateWatch {
    async fn open(url: &str) -> Self {
        let client = crate::harness::connect(url).await;
        // Without it, every state reads all of history.
        let index = "create index on history (stream_id) where field_name in ('no_worker', 'finding')";
        client.batch_execute(index).await.expect("an index");
        let statement = client.prepare(STATE).await.expect("the statement");
        Self { client, statement }
    }

    async fn state(&self) -> String {
        self.client.query_one(&self.statement, &[]).await.expect("the state").get(0)
    }
}
