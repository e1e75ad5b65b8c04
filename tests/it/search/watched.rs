//! A saved search that matches by meaning, with the real model.

use serde_json::json;

use super::{embedded, server_with_local_model};
use crate::harness::eventually;
use crate::http::fixtures::{TestWorkflow, signed_in_user, text};

#[tokio::test]
async fn a_watched_search_matches_by_meaning() {
    let server = server_with_local_model("watchedmeaning").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    let body = json!({"workflow_id": fixture.workflow, "name": "Locked out", "query": "people cannot sign in", "notify": true});
    let search = text(&fixture.owner.post("/api/searches", body).await.created(), "search_id");
    eventually("the query has its vector", async || {
        server.number("select count(*) from saved_searches where vector is not null and model_id is not null").await
            == 1
    })
    .await;
    let near = fixture
        .ticket_with("Users are unable to log in", json!({"description": "The password form refuses everybody."}))
        .await;
    fixture.ticket_with("The chart has the wrong colours", json!({"description": "Far too much green in it."})).await;
    embedded(&server).await;
    let path = format!("/api/searches/{search}/events?since=0");
    eventually("the similar ticket is reported", async || fixture.owner.get(&path).await.ok()["last_seq"] == 1).await;
    eventually("the rest is looked at", async || server.number("select count(*) from search_match_queue").await == 0)
        .await;
    let page = fixture.owner.get(&path).await.ok();
    assert_eq!(page["events"].as_array().map(Vec::len), Some(1), "{page}");
    assert_eq!(page["events"][0]["data"]["ticket"]["ticket_id"], near.as_str());
}
