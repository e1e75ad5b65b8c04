//! Jobs: their rules, their room, and their guarantees when workers die.

mod crash;
mod outcomes;
mod queue;
mod room;
mod tickets;
mod usage;
mod values;

use serde_json::{Value, json};

use crate::logic::fixtures::Fixture;

/// A delivery board with a ticket and a queued job.
struct JobFixture {
    base: Fixture,
    ticket: String,
}

impl JobFixture {
    async fn open(hint: &str) -> Self {
        let base = Fixture::open(hint).await;
        let workflow = base.ok("create_workflow", json!({"name": "Delivery", "template": "sdlc"})).await;
        let base = Fixture { workflow: text(&workflow, "id"), ..base };
        for role in ["member", "viewer"] {
            base.ok("set_member", json!({"actor": role, "role": role})).await;
        }
        let ticket = base.ticket("The work").await;
        Self { base, ticket }
    }

    /// Queues a job for the ticket.
    async fn job(&self, more: Value) -> String {
        let mut input = json!({"ticket": self.ticket, "title": "Build it", "initial_prompt": "Please", "queue": true,
            "stages": ["plan", "build", "review"]});
        for (name, value) in more.as_object().expect("an object") {
            input[name] = value.clone();
        }
        text(&self.base.ok("create_job", input).await, "id")
    }

    /// Claims a job; returns its id and lease token.
    async fn claim(&self) -> (String, String) {
        let claimed = self.base.ok("claim_job", json!({"worker": "w"})).await;
        (text(&claimed["job"], "id"), text(&claimed, "lease_token"))
    }

    async fn status(&self) -> String {
        text(&self.base.card(&self.ticket).await, "status")
    }

    async fn get(&self, job: &str) -> Value {
        self.base.ok("get_job", json!({"job": job})).await
    }

    /// Updates columns of a job directly, e.g. to simulate elapsed time.
    async fn set(&self, job: &str, assignments: &str) {
        let sql = format!("update jobs set {assignments} where id = $1");
        self.base.client.execute(&sql, &[&job]).await.expect("an update");
    }

    /// The text of the system lines in a transcript.
    async fn notes(&self, job: &str) -> Vec<String> {
        let page = self.base.ok("list_job_messages", json!({"job": job})).await;
        let notes = page["messages"].as_array().expect("messages").iter().filter(|line| line["role"] == "system");
        notes.map(|line| text(line, "content")).collect()
    }
}

/// A member that must be a string.
#[track_caller]
fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("{member} in {value}")).to_owned()
}
