//! Which tickets an engine's workers get, and which updates its dashboard receives.

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member_of, open, service_client, signed_in_user, text};
use super::listeners::{TestListener, listen};
use crate::client::{Answer, Client, Server};
use crate::live::socket::Socket;

/// A dashboard's user with a workflow, and the engine's key in it.
struct Engine {
    listener: TestListener,
    ann: Client,
    work: TestWorkflow,
    forge: Client,
}

impl Engine {
    async fn start(server: &Server) -> Self {
        let listener = listen(server, "engine=127.0.0.1:0").await;
        let owner = signed_in_user(server, "ann").await;
        let work = TestWorkflow::of(&owner).await;
        let forge = service_client(server, "forge", &["read", "write", "act_for"]).await;
        add_member_of(&owner, &work.workflow, &forge, "member", &owner).await;
        let at = |who: &Client| Client { url: listener.url.clone(), ..who.clone() };
        Self { ann: at(&owner), forge: at(&forge), listener, work }
    }

    async fn ticket(&self, title: &str, more: Value) -> String {
        let mut body = json!({"title": title, "project_id": self.work.workflow});
        super::fixtures::merge(&mut body, &more);
        text(&self.ann.post("/tickets", body).await.created()["ticket"], "id")
    }

    async fn claim(&self, agent: &str, filter: Value) -> Answer {
        let body = json!({"agent_id": agent, "project_id": self.work.workflow, "ticket_filter": filter});
        self.forge.post("/claim", body).await
    }

    /// The title of the ticket that an agent gets; none if it gets nothing.
    async fn claimed(&self, agent: &str, filter: Value) -> Option<String> {
        let answer = self.claim(agent, filter).await;
        (answer.status != 204).then(|| text(&answer.ok()["ticket"], "title"))
    }

    async fn state(&self, id: &str) -> Value {
        self.ann.get(&format!("/tickets/{id}")).await.ok()["ticket"]["state"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_the_tickets_that_are_assigned_to_it_first() {
    let server = open("engine_claim_own").await;
    let engine = Engine::start(&server).await;
    engine.ticket("For anybody", json!({"state": "ready", "priority": "critical"})).await;
    let own = engine.ticket("For forge-v3", json!({"assignee_id": "forge-v3"})).await;
    engine.ann.put(&format!("/tickets/{own}"), json!({"state": "ready"})).await.ok();
    engine.ticket("For forge-v4", json!({"assignee_id": "forge-v4", "state": "ready"})).await;
    let claimed = engine.claim("forge-v3", json!("ready")).await.ok()["ticket"].clone();
    assert_eq!(
        (&claimed["id"], &claimed["state"], &claimed["assignee_id"]),
        (&json!(own), &json!("assigned"), &json!("forge-v3"))
    );
    // It holds that one, so it gets the next; what another has is not its.
    assert_eq!(engine.claimed("forge-v3", Value::Null).await.as_deref(), Some("For anybody"));
    assert_eq!(engine.claimed("forge-v3", json!("ready")).await, None);
    assert_eq!(engine.claimed("forge-v4", json!("")).await.as_deref(), Some("For forge-v4"));
    // Of two claims at once for one agent, one gets the ticket that was assigned before.
    engine.ticket("Once", json!({"assignee_id": "forge-v5", "state": "ready"})).await;
    let (one, two) = tokio::join!(engine.claimed("forge-v5", Value::Null), engine.claimed("forge-v5", Value::Null));
    assert_eq!([one, two].iter().flatten().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_tickets_in_the_state_that_it_works_on() {
    let server = open("engine_claim_filter").await;
    let engine = Engine::start(&server).await;
    let id = engine.ticket("To be built", json!({"state": "ready"})).await;
    engine.ticket("Ready too", json!({"state": "ready"})).await;
    assert_eq!(engine.claimed("sentinel", json!("in_review")).await, None);
    assert_eq!(engine.claimed("sentinel", json!("approved")).await, None);
    assert_eq!(engine.claimed("coder", json!("ready")).await.as_deref(), Some("To be built"));
    engine.forge.post("/status", json!({"ticket_id": id, "agent_id": "coder", "state": "in_progress"})).await.ok();
    assert_eq!(engine.claimed("other", json!("in_progress")).await, None, "the coder works on it");
    let done = json!({"ticket_id": id, "agent_id": "coder", "pr_url": "https://git.example/pr/1"});
    engine.forge.post("/complete", done).await.ok();
    // It was handed over: it does not go back to the queue with the coder's lease.
    assert_eq!(server.number("select count(*) from ticket_claims").await, 0);
    let reviewed = engine.claim("sentinel", json!("in_review")).await.ok()["ticket"].clone();
    assert_eq!(
        (&reviewed["id"], &reviewed["state"], &reviewed["assignee_id"]),
        (&json!(id), &json!("in_review"), &json!("sentinel"))
    );
    assert_eq!(engine.claimed("sentinel-2", json!("in_review")).await, None, "the sentinel reviews it");
    // Saying what is the case ends nothing.
    engine.forge.post("/status", json!({"ticket_id": id, "agent_id": "sentinel", "state": "in_review"})).await.ok();
    engine.forge.post(&format!("/tickets/{id}/heartbeat"), json!({"agent_id": "sentinel"})).await.ok();
    // A reviewer that goes silent leaves the ticket in review.
    server.sql("update ticket_claims set expires_at = now()", &[]).await;
    crate::harness::eventually("the lease ends", async || {
        server.sql("select logic.expire_ticket_leases()", &[]).await;
        server.number("select count(*) from ticket_claims").await == 0
    })
    .await;
    assert_eq!(engine.state(&id).await, "in_review");
    assert_eq!(engine.claimed("sentinel-2", json!("In_Review")).await.as_deref(), Some("To be built"));
    // A person's review is the person's.
    let hers = engine.ticket("She reviews", json!({"assignee_id": engine.ann.id, "state": "in_review"})).await;
    assert_eq!(engine.claimed("sentinel", json!("in_review")).await, None, "{hers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_carry_the_words_of_the_report() {
    let server = open("engine_words").await;
    let engine = Engine::start(&server).await;
    let id = engine.ticket("Talked about", json!({"state": "ready"})).await;
    let token = engine.ann.token.as_deref().expect("a token");
    let mut page = Socket::try_open(&format!("{}/ws?token={token}", engine.listener.url), &[]).await.expect("a socket");
    page.subscribe(&format!("ticket:{id}"), None).await;
    page.until("subscribed").await;
    let report = async |state: &str, message: &str| {
        let body =
            json!({"ticketId": id, "event": "state_change", "state": state, "phase": "starting", "message": message});
        engine.forge.post("/internal/ticket-event", body).await.ok()
    };
    for (state, message) in [("assigned", "The engine claims it"), ("in_progress", "Agent execution starting")] {
        report(state, message).await;
        loop {
            let update = page.until("ticket:update").await;
            if update["message"] == message {
                assert_eq!((&update["state"], &update["phase"]), (&json!(state), &json!("starting")));
                break;
            }
        }
    }
    let activity = engine.ann.get(&format!("/tickets/{id}/activity")).await.ok()["activity"].clone();
    let said: Vec<&str> =
        activity.as_array().expect("entries").iter().filter_map(|entry| entry["message"].as_str()).collect();
    assert!(said.contains(&"The engine claims it") && said.contains(&"Agent execution starting"), "{said:?}");
}
