//! Archives over REST: for owners and administrators of the workflow, and the same bytes as from the command line.

use std::io::Read;

use serde_json::json;

use crate::harness;
use crate::http::fixtures::{self, TestWorkflow, add_member, signed_in_user};

#[tokio::test]
async fn owners_download_the_archive_that_the_command_writes() {
    let server = fixtures::open("archive_download").await;
    let owner = signed_in_user(&server, "owner").await;
    let work = TestWorkflow::of(&owner).await;
    let ticket = work.ticket("A ticket").await;
    work.comment(&ticket, "A comment of some length").await;
    let path = format!("/api/workflows/{}/archive", work.workflow);
    let (member, outsider) = (signed_in_user(&server, "member").await, signed_in_user(&server, "outsider").await);
    add_member(&owner, &work.workflow, &member, "member").await;
    assert_eq!(member.get(&path).await.status, 403);
    assert_eq!(outsider.get(&path).await.status, 404);
    assert_eq!(owner.get("/api/workflows/workflow-nowhere/archive").await.status, 404);
    let token = owner.token.clone().expect("a token");
    let answer = owner.http.get(format!("{}{path}", server.url)).bearer_auth(token).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/gzip");
    let bytes = answer.bytes().await.expect("the whole body");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("archive");
    super::export(&server.db, &["--workflow", &work.workflow], &file);
    assert!(std::fs::read(&file).expect("a file") == bytes);
    let events = owner.get(&format!("/api/security-events?workflow_id={}", work.workflow)).await.ok();
    assert!(
        events["events"].as_array().is_some_and(|all| all.iter().any(|event| event["kind"] == "export")),
        "{events}"
    );

    let target = harness::database("archive_download_target").await;
    assert!(super::import(&target, &file).ok);
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(bytes.as_ref()).read_to_string(&mut text).expect("text");
    assert!(text.lines().last().is_some_and(|line| line.starts_with("{\"sha256\":")), "{text}");
    assert!(
        owner
            .post(
                "/api/tickets/create",
                json!({"workflow_id": work.workflow, "title": "Another", "description": "A description."})
            )
            .await
            .status
            < 300
    );
}
