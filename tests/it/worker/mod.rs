//! The worker as a separate process against a real server: execution, reporting, and cleanup when it
//! is stopped or killed.

mod acp;
mod acp_ends;
mod adw_inbox;
mod configuration;
mod control;
mod failures;
mod inbox;
mod network_faults;
mod stages;
mod usage;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::client::{Client, Server};
use crate::harness::eventually;
use crate::http::fixtures::{merge, open, service_client, signed_in_user, text};

/// A delivery board, its owner, a worker key, and a working directory for commands.
struct WorkerFixture {
    server: Server,
    owner: Client,
    agent: Client,
    workflow: String,
    folder: tempfile::TempDir,
}

impl WorkerFixture {
    async fn open(hint: &str) -> Self {
        let server = open(hint).await;
        let owner = signed_in_user(&server, "owner").await;
        let agent = service_client(&server, "builder", &["read", "write"]).await;
        let made = owner.post("/api/workflows", json!({"name": "Delivery", "template": "sdlc"})).await.created();
        let workflow = text(&made, "id");
        let path = format!("/api/workflows/{workflow}/members/builder");
        owner.put(&path, json!({"role": "member"})).await.ok();
        Self { server, owner, agent, workflow, folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The trimmed text of a file written by a command; empty if there is none.
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default().trim().to_owned()
    }

    /// Waits until a command has written a file; returns the text.
    async fn written(&self, name: &str) -> String {
        eventually(name, async || !self.read(name).is_empty()).await;
        self.read(name)
    }

    /// The process ids written by commands, one per line.
    fn processes(&self, name: &str) -> Vec<u32> {
        self.read(name).lines().map(|line| line.trim().parse().expect("a process id")).collect()
    }

    /// Queues a job with its own ticket; returns the job.
    async fn job(&self, more: Value) -> Value {
        let mut body = json!({"workflow_id": self.workflow, "title": "Build it", "initial_prompt": "Please build it.",
            "queue": true, "with_ticket": true});
        merge(&mut body, &more);
        self.owner.post("/api/jobs", body).await.created()
    }

    async fn get(&self, job: &Value) -> Value {
        self.owner.get(&format!("/api/jobs/{}", text(job, "id"))).await.ok()
    }

    /// Waits until a job has a status; returns the job.
    async fn reaches(&self, job: &Value, status: &str) -> Value {
        let mut found = Value::Null;
        eventually(&format!("the job is {status}"), async || {
            found = self.get(job).await;
            found["status"] == status
        })
        .await;
        found
    }

    async fn act(&self, job: &Value, action: &str) {
        self.owner.post(&format!("/api/jobs/{}/{action}", text(job, "id")), json!({})).await.ok();
    }

    /// Updates columns of a job directly, e.g. to simulate elapsed time.
    async fn set(&self, job: &Value, assignments: &str) {
        self.server.sql(&format!("update jobs set {assignments} where id = $1"), &[&text(job, "id")]).await;
    }

    async fn ticket(&self, job: &Value) -> Value {
        self.owner.get(&format!("/api/tickets/{}", text(job, "ticket_id"))).await.ok()
    }

    /// The columns of a job's ticket, in order.
    async fn columns(&self, job: &Value) -> Vec<String> {
        let mut columns: Vec<(i64, String)> = self.ticket(job).await["history"]
            .as_array()
            .expect("a history")
            .iter()
            .filter(|event| event["change_type"] == "status_changed")
            .map(|event| (event["seq"].as_i64().expect("a number"), text(event, "new_value")))
            .collect();
        columns.sort();
        columns.into_iter().map(|(_, column)| column).collect()
    }

    /// The messages of a transcript, in order.
    async fn transcript(&self, job: &Value, kind: &str) -> Vec<Value> {
        let mut lines = Vec::new();
        let mut after = 0;
        loop {
            let path = format!("/api/job-messages?job_id={}&kind={kind}&after={after}&limit=200", text(job, "id"));
            let page = self.owner.get(&path).await.ok();
            lines.extend(page["messages"].as_array().expect("messages").iter().cloned());
            if page["has_more"] == false {
                return lines;
            }
            after = lines.last().and_then(|line| line["order"].as_i64()).expect("an order");
        }
    }

    /// The text of a transcript.
    async fn transcript_text(&self, job: &Value, kind: &str) -> String {
        let lines = self.transcript(job, kind).await;
        lines.iter().map(|line| text(line, "content")).collect::<Vec<_>>().join("\n")
    }

    /// Starts a worker in the folder with this configuration file.
    fn worker(&self, config: &str, flags: &[&str]) -> Worker {
        Worker::start(self.folder.path(), &self.server.url, self.agent.token.as_deref(), config, flags)
    }
}

/// A running worker; killed when dropped.
struct Worker {
    child: Child,
    log: PathBuf,
}

impl Worker {
    fn start(folder: &Path, url: &str, key: Option<&str>, config: &str, flags: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = folder.join(format!("worker-{number}.toml"));
        std::fs::write(&file, config).expect("a worker's file");
        let log = folder.join(format!("worker-{number}.log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
        command.arg("worker").arg("--config").arg(file).args(flags).env("CALLBOARD_URL", url);
        match key {
            Some(key) => command.env("CALLBOARD_API_KEY", key),
            None => command.env_remove("CALLBOARD_API_KEY"),
        };
        let child = command
            .env("CALLBOARD_LOG", "info")
            .env_remove("CALLBOARD_CONFIG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .expect("start the worker");
        Self { child, log }
    }

    fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        // SAFETY: signals a child of this test that has not been reaped.
        unsafe { libc::kill(pid, signal) };
    }

    /// Waits until the worker exits.
    async fn ends(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the worker ends", async || {
            status = self.child.try_wait().expect("a status");
            status.is_some()
        })
        .await;
        status.expect("a status")
    }

    /// Waits for the exit code of the worker.
    async fn code(&mut self) -> i32 {
        let status = self.ends().await;
        status.code().unwrap_or_else(|| panic!("{status}: {}", self.logged()))
    }

    fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.logged());
        }
    }
}

/// The state letter of a process: R, S, T (stopped)…; `None` if it is gone or a zombie.
fn state(process: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let state = stat.rsplit_once(") ")?.1.chars().next()?;
    (!matches!(state, 'Z' | 'X')).then_some(state)
}

/// Waits until processes are gone.
async fn gone(processes: &[u32]) {
    assert!(!processes.is_empty());
    eventually("the processes are gone", async || processes.iter().all(|process| state(*process).is_none())).await;
}
