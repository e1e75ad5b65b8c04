//! Invite links: what a holder of one learns before having an account, and how owners list and withdraw them.

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, signed_in_user, text};
use crate::client::{Client, Server};

async fn look_up(server: &Server, invite: &Value) -> Value {
    server.anonymous().post("/api/invites/look-up", json!({"invite": invite["invite"]})).await.ok()
}

async fn invite(owner: &Client, workflow: &str, more: Value) -> Value {
    let mut body = json!({"workflow_id": workflow, "role": "viewer"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    owner.post("/api/invites", body).await.created()
}

#[tokio::test]
async fn the_holder_of_a_link_learns_what_it_is_for_and_nothing_more() {
    let server = open("invite_offer").await;
    let ada = signed_in_user(&server, "ada").await;
    let bob = signed_in_user(&server, "bob").await;
    let fixture = TestWorkflow::of(&ada).await;
    let link = invite(&ada, &fixture.workflow, json!({"email": "bob@example.org"})).await;

    let offer = look_up(&server, &link).await;
    assert_eq!((&offer["state"], &offer["workflow_id"]), (&json!("open"), &json!(fixture.workflow)));
    assert_eq!((&offer["role"], &offer["invited_by_name"]), (&json!("viewer"), &json!("ada")));
    assert!(offer["workflow_name"].is_string() && offer["expires_at"].is_string());
    assert_eq!(offer["email_hint"], "b…@example.org");
    assert_eq!(offer.as_object().expect("an object").len(), 7, "{offer}");
    server.anonymous().post("/api/invites/look-up", json!({"invite": "unknown"})).await.refused(404);

    let refused = ada.post("/api/invites/accept", json!({"invite": link["invite"]})).await;
    assert!(refused.json.to_string().contains("is for another e-mail address"), "{:?}", refused.json);
    refused.refused(422);
    bob.post("/api/invites/accept", json!({"invite": link["invite"]})).await.ok();
    assert_eq!(look_up(&server, &link).await["state"], "used");
    let again = bob.post("/api/invites/accept", json!({"invite": link["invite"]})).await;
    assert!(again.json.to_string().contains("was used already"), "{:?}", again.json);

    let expired = invite(&ada, &fixture.workflow, json!({})).await;
    let sql = "update invites set created_at = now() - interval '2 days', expires_at = now() - interval '1 day' where used_at is null";
    server.sql(sql, &[]).await;
    let offer = look_up(&server, &expired).await;
    assert_eq!((&offer["state"], &offer["invited_by_name"]), (&json!("expired"), &json!("ada")));

    // Its sender leaves the workflow, so that nobody may join by the link.
    let orphan = invite(&ada, &fixture.workflow, json!({})).await;
    ada.put(&format!("/api/workflows/{}/members/{}", fixture.workflow, bob.id), json!({"role": "owner"})).await.ok();
    ada.delete(&format!("/api/workflows/{}/members/{}", fixture.workflow, ada.id)).await;
    let offer = look_up(&server, &orphan).await;
    assert_eq!(offer["state"], "unauthorized");
    assert_eq!((&offer["workflow_name"], &offer["invited_by_name"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn owners_list_the_links_of_their_workflow_and_withdraw_them() {
    let server = open("invite_links").await;
    let ada = signed_in_user(&server, "ada").await;
    let bob = signed_in_user(&server, "bob").await;
    let fixture = TestWorkflow::of(&ada).await;
    let path = format!("/api/workflows/{}/invite-links", fixture.workflow);
    let used = invite(&ada, &fixture.workflow, json!({"role": "member"})).await;
    bob.post("/api/invites/accept", json!({"invite": used["invite"]})).await.ok();
    let open = invite(&ada, &fixture.workflow, json!({})).await;

    bob.get(&path).await.refused(403);
    let listed = ada.get(&path).await.ok();
    let links = listed["links"].as_array().expect("a list");
    let states: Vec<_> = links.iter().map(|link| (text(link, "invite_id"), text(link, "state"))).collect();
    assert_eq!(states, [(text(&open, "invite_id"), "open".to_owned()), (text(&used, "invite_id"), "used".to_owned())]);
    assert!(!listed.to_string().contains(open["invite"].as_str().expect("text")), "the secret is shown once");

    let one = |link: &Value| format!("{path}/{}", text(link, "invite_id"));
    bob.delete(&one(&open)).await.refused(403);
    ada.delete(&one(&used)).await.refused(404);
    assert_eq!(ada.delete(&one(&open)).await.status, 204);
    ada.delete(&one(&open)).await.refused(404);
    let withdrawn = &ada.get(&path).await.ok()["links"][0];
    assert_eq!((&withdrawn["state"], &withdrawn["expires_at"]), (&json!("withdrawn"), &open["expires_at"]));
    assert!(withdrawn["withdrawn_at"].is_string(), "{withdrawn}");
    let events = ada
        .get(&format!("/api/security-events?workflow_id={}&kind=invite_link_withdrawn", fixture.workflow))
        .await
        .ok();
    assert_eq!(
        (events["events"].as_array().map(Vec::len), &events["events"][0]["actor_id"]),
        (Some(1), &json!(ada.id))
    );
    let offer = look_up(&server, &open).await;
    assert_eq!((&offer["state"], &offer["workflow_id"]), (&json!("withdrawn"), &Value::Null));
    let carol = signed_in_user(&server, "carol").await;
    carol.post("/api/invites/accept", json!({"invite": open["invite"]})).await.refused(422);
}
