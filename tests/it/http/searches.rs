//! Saved and recent searches over HTTP.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, open, redacted, signed_in_user, text};

fn names(answer: &Value) -> Vec<String> {
    answer["searches"].as_array().expect("searches").iter().map(|search| text(search, "name")).collect()
}

#[tokio::test]
async fn saved_searches_are_created_listed_changed_and_deleted() {
    let server = open("searches").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let ann = &fixture.owner;
    fixture.ticket_with("Login times out", json!({"priority": "high"})).await;
    fixture.ticket_with("Another matter", json!({"priority": "low"})).await;
    let body = json!({"workflow_id": fixture.workflow, "name": " Urgent logins ", "query": "login",
        "filters": {"priority": ["high"], "created_after": "2020-01-31"}});
    let made = ann.post("/api/searches", body.clone()).await.created();
    let mut shown = redacted(&made);
    shown["epoch"] = json!("[epoch]");
    assert_json_snapshot!("saved", shown);
    let path = format!("/api/searches/{}", text(&made, "search_id"));
    assert_eq!(ann.get(&path).await.ok(), made);
    let list = format!("/api/searches?workflow_id={}", fixture.workflow);
    assert_eq!(ann.get(&list).await.ok()["searches"], json!([made]));
    let found = ann.get(&format!("{path}/results?limit=5")).await.ok();
    assert_eq!(found["results"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["results"][0]["title"], "Login times out");
    // A duplicate name, case-insensitive.
    let mut again = body.clone();
    again["name"] = json!("URGENT LOGINS");
    assert_eq!(ann.post("/api/searches", again).await.refused(409), "conflict");
    let changed =
        ann.patch(&path, json!({"name": "Low ones", "query": "", "filters": {"priority": ["low"]}})).await.ok();
    assert_eq!((&changed["name"], &changed["query"]), (&json!("Low ones"), &json!("")));
    assert_eq!(changed["search_type"], made["search_type"]);
    // Without query words the filters alone decide.
    let found = ann.get(&format!("{path}/results")).await.ok();
    assert_eq!((&found["total_found"], &found["results"][0]["title"]), (&json!(1), &json!("Another matter")));
    assert_eq!(ann.delete(&path).await.status, 204);
    assert_eq!(ann.get(&path).await.refused(404), "not_found");
    assert_eq!(ann.get(&list).await.ok()["searches"], json!([]));
}

#[tokio::test]
async fn bad_searches_are_refused_by_name() {
    let server = open("badsearches").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let ann = &fixture.owner;
    let good = json!({"workflow_id": fixture.workflow, "name": "Fine", "query": "words"});
    let kept = text(&ann.post("/api/searches", good.clone()).await.created(), "search_id");
    for (field, change) in [
        ("name", json!({"name": " "})),
        ("name", json!({"name": "x".repeat(101)})),
        ("query", json!({"query": " "})),
        ("query", json!({"query": "x".repeat(1001)})),
        ("search_type", json!({"search_type": "psychic"})),
        ("filters.created_after", json!({"filters": {"created_after": "yesterday"}})),
        ("filters.priority", json!({"filters": {"priority": ["urgent"]}})),
    ] {
        let mut body = good.clone();
        for (name, value) in change.as_object().expect("an object") {
            body[name] = value.clone();
        }
        for answer in [ann.post("/api/searches", body).await, ann.patch(&format!("/api/searches/{kept}"), change).await]
        {
            assert!(
                answer.json["errors"][0]["field"].as_str().is_some_and(|at| at.starts_with(field)),
                "{}",
                answer.json
            );
            assert_eq!(answer.status, 422);
        }
    }
    for n in 2..=100 {
        let mut body = good.clone();
        body["name"] = json!(format!("Number {n}"));
        ann.post("/api/searches", body).await.created();
    }
    let mut body = good.clone();
    body["name"] = json!("One too many");
    assert_eq!(ann.post("/api/searches", body).await.refused(409), "conflict");
}

#[tokio::test]
async fn shared_searches_are_visible_to_all_members() {
    let server = open("shared").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let (ann, bob, eve) = (&fixture.owner, signed_in_user(&server, "bob").await, signed_in_user(&server, "eve").await);
    let members = format!("/api/workflows/{}/members", fixture.workflow);
    add_member(ann, &fixture.workflow, &bob, "member").await;
    let body =
        |name: &str, shared| json!({"workflow_id": fixture.workflow, "name": name, "query": "words", "shared": shared});
    let private = text(&ann.post("/api/searches", body("Private", false)).await.created(), "search_id");
    let shared = text(&ann.post("/api/searches", body("Shared", true)).await.created(), "search_id");
    let bobs = text(&bob.post("/api/searches", body("Shared", true)).await.created(), "search_id");
    let list = format!("/api/searches?workflow_id={}", fixture.workflow);
    assert_eq!(names(&ann.get(&list).await.ok()), ["Private", "Shared", "Shared"]);
    assert_eq!(names(&bob.get(&list).await.ok()), ["Shared", "Shared"]);
    assert_eq!(eve.get(&list).await.refused(404), "not_found");
    let path = |id: &str| format!("/api/searches/{id}");
    for id in [&private, &shared] {
        assert_eq!(eve.get(&path(id)).await.refused(404), "not_found");
    }
    assert_eq!(bob.get(&path(&private)).await.refused(404), "not_found");
    assert_eq!(bob.delete(&path(&private)).await.refused(404), "not_found");
    bob.get(&path(&shared)).await.ok();
    assert_eq!(bob.patch(&path(&shared), json!({"name": "Taken over"})).await.refused(403), "forbidden");
    assert_eq!(bob.delete(&path(&shared)).await.refused(403), "forbidden");
    // A workflow owner may change shared searches.
    ann.patch(&path(&bobs), json!({"name": "Renamed"})).await.ok();
    ann.delete(&path(&bobs)).await;
    assert_eq!(bob.get(&path(&bobs)).await.refused(404), "not_found");
    // A viewer may save searches, but not share them.
    ann.put(&format!("{members}/{}", bob.id), json!({"role": "viewer"})).await.ok();
    bob.post("/api/searches", body("Of a viewer", false)).await.created();
    assert_eq!(bob.post("/api/searches", body("For all", true)).await.refused(403), "forbidden");
    // A removed member loses access to the workflow's searches.
    ann.delete(&format!("{members}/{}", bob.id)).await;
    assert_eq!(bob.get(&path(&shared)).await.refused(404), "not_found");
}

#[tokio::test]
async fn recent_searches_are_the_twenty_newest_each_once() {
    let server = open("recent").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let ann = &fixture.owner;
    let path = format!("/api/searches/recent?workflow_id={}", fixture.workflow);
    let note = async |query: String| {
        let body = json!({"workflow_id": fixture.workflow, "query": query, "search_type": "keyword"});
        ann.post("/api/searches/recent", body).await.ok()
    };
    for n in 0..25 {
        note(format!("number {n}")).await;
    }
    let answer = note("Number 10".to_owned()).await;
    assert_eq!(answer, ann.get(&path).await.ok());
    let kept: Vec<String> =
        answer["searches"].as_array().expect("searches").iter().map(|one| text(one, "query")).collect();
    assert_eq!((kept.len(), kept[0].as_str(), kept[1].as_str()), (20, "Number 10", "number 24"));
    assert_eq!(kept.iter().filter(|query| query.eq_ignore_ascii_case("number 10")).count(), 1);
    let empty = json!({"workflow_id": fixture.workflow, "query": ""});
    assert_eq!(ann.post("/api/searches/recent", empty).await.refused(422), "invalid");
    assert_eq!(ann.delete(&path).await.status, 204);
    assert_eq!(ann.get(&path).await.ok(), json!({"searches": []}));
}

#[tokio::test]
async fn search_results_export_as_a_file() {
    let server = open("found").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let ann = &fixture.owner;
    fixture.ticket_with("=HYPERLINK(\"https://evil.example\") login", json!({"tags": ["a,b"]})).await;
    let commented = fixture.ticket("Another login, \"quoted\"").await;
    fixture.comment(&commented, "Said on it").await;
    fixture.ticket("Something else").await;
    for n in 0..60 {
        fixture.ticket_with(&format!("One of many {n}"), json!({"priority": "low"})).await;
    }
    let take = async |more: Value| {
        let mut body = json!({"workflow_id": fixture.workflow, "query": "login", "search_type": "keyword"});
        super::fixtures::merge(&mut body, &more);
        ann.post("/api/tickets/search/export", body).await
    };
    let csv = take(json!({"format": "csv"})).await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"tickets.csv\""));
    let table = csv.ok();
    let table = table.as_str().expect("text");
    assert_eq!(table.matches("\r\n").count(), 3, "{table}");
    assert!(table.contains("\"'=HYPERLINK(") && table.contains("\"Another login, \"\"quoted\"\"\""), "{table}");
    let json = take(json!({"format": "json"})).await.ok();
    let order: Vec<String> = json["tickets"].as_array().expect("tickets").iter().map(|one| text(one, "key")).collect();
    let body = json!({"workflow_id": fixture.workflow, "query": "login", "search_type": "keyword"});
    let found = ann.post("/api/tickets/search", body).await.ok();
    let searched: Vec<String> =
        found["results"].as_array().expect("results").iter().map(|one| text(one, "key")).collect();
    assert_eq!(order, searched, "best match first");
    assert!(json.to_string().contains("Said on it"));
    let markdown = take(json!({"format": "markdown", "limit": 1})).await;
    assert_eq!(markdown.header("content-disposition"), Some("attachment; filename=\"tickets.md\""));
    assert_eq!(markdown.ok().as_str().expect("text").matches("\n### ").count(), 1);
    let many = take(json!({"format": "json", "query": "", "filters": {"priority": ["low"]}})).await.ok();
    assert_eq!(many["tickets"].as_array().map(Vec::len), Some(60), "more than a page of results");
    for (field, more) in [
        ("format", json!({"format": "pdf"})),
        ("limit", json!({"format": "csv", "limit": 1001})),
        ("query", json!({"format": "csv", "query": " "})),
    ] {
        let answer = take(more).await;
        assert_eq!(answer.json["errors"][0]["field"], field, "{}", answer.json);
        assert_eq!(answer.refused(422), "invalid");
    }
    let eve = signed_in_user(&server, "eve").await;
    let body = json!({"workflow_id": fixture.workflow, "query": "login", "format": "csv"});
    assert_eq!(eve.post("/api/tickets/search/export", body).await.refused(404), "not_found");
}
