//! Jobs: their rules, their room, and what holds when workers die.

mod ends;
mod queue;
mod room;
mod storm;

use serde_json::{Value, json};

use crate::logic::fixtures::Desk;

/// A delivery board with a ticket and a queued job on it.
struct Bench {
    desk: Desk,
    ticket: String,
}

impl Bench {
    async fn open(hint: &str) -> Self {
        let desk = Desk::open(hint).await;
        let workflow = desk.ok("create_workflow", json!({"name": "Delivery", "template": "sdlc"})).await;
        let desk = Desk { workflow: text(&workflow, "id"), ..desk };
        for role in ["member", "viewer"] {
            desk.ok("set_member", json!({"actor": role, "role": role})).await;
        }
        let ticket = desk.ticket("The work").await;
        Self { desk, ticket }
    }

    /// A queued job of the ticket.
    async fn job(&self, more: Value) -> String {
        let mut input = json!({"ticket": self.ticket, "title": "Build it", "initial_prompt": "Please", "queue": true,
            "stages": ["plan", "build", "review"]});
        for (name, value) in more.as_object().expect("an object") {
            input[name] = value.clone();
        }
        text(&self.desk.ok("create_job", input).await, "id")
    }

    /// Claims; answers the job and its token.
    async fn claim(&self) -> (String, String) {
        let claimed = self.desk.ok("claim_job", json!({"worker": "w"})).await;
        (text(&claimed["job"], "id"), text(&claimed, "lease_token"))
    }

    async fn status(&self) -> String {
        text(&self.desk.card(&self.ticket).await, "status")
    }

    async fn get(&self, job: &str) -> Value {
        self.desk.ok("get_job", json!({"job": job})).await
    }

    /// Sets columns of a job behind the rules' back, e.g. to make time pass.
    async fn set(&self, job: &str, assignments: &str) {
        let sql = format!("update jobs set {assignments} where id = $1");
        self.desk.client.execute(&sql, &[&job]).await.expect("an update");
    }

    /// The text of the system's lines in a transcript.
    async fn notes(&self, job: &str) -> Vec<String> {
        let page = self.desk.ok("list_job_messages", json!({"job": job})).await;
        let notes = page["messages"].as_array().expect("messages").iter().filter(|line| line["role"] == "system");
        notes.map(|line| text(line, "content")).collect()
    }
}

/// A member that must be a text.
#[track_caller]
fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("{member} in {value}")).to_owned()
}
