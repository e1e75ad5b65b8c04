//! Crash tests of the whole product: the server and Postgres are killed, and a recorder compares the
//! acknowledged writes with the stored ones.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::board_replica::BoardReplica;
use super::socket::{Socket, SocketEvent};
use crate::harness;

const EMAIL: &str = "admin@example.org";
const PASSWORD: &str = "correct horse battery";

/// The real server; killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn start(folder: &Path, port: u16, http: &reqwest::Client) -> Process {
    let child = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .arg("serve")
        .env_remove("DATABASE_URL")
        .env("CALLBOARD_LISTEN", format!("127.0.0.1:{port}"))
        .env("CALLBOARD_DATA_DIR", folder)
        .env("CALLBOARD_RUNTIME_DIR", harness::runtime_dir())
        .env("CALLBOARD_ADMIN_EMAIL", EMAIL)
        .env("CALLBOARD_ADMIN_PASSWORD", PASSWORD)
        .env("CALLBOARD_LOG", "error")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start the server");
    let process = Process(child);
    let ready = format!("http://127.0.0.1:{port}/ready");
    harness::eventually("the server is ready", async || {
        http.get(&ready).send().await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    process
}

/// Children of a process.
fn children(pid: u32) -> Vec<i32> {
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let list = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    found
}

fn kill(pid: i32) {
    // SAFETY: a signal to a process of this test's own family.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum WriteOutcome {
    Acknowledged,
    Refused,
    Unknown,
}

struct Recorder {
    http: reqwest::Client,
    base: String,
    token: String,
    workflow: String,
    log: Mutex<HashMap<String, WriteOutcome>>,
    stop: AtomicBool,
}

impl Recorder {
    async fn write(self: Arc<Self>, writer: usize) {
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            number += 1;
            let mark = format!("mark {writer}-{number}");
            // Every tenth request must be refused.
            let description = if number % 10 == 0 { "short" } else { "Long enough to be taken" };
            let body = json!({"workflow_id": self.workflow, "title": mark, "description": description});
            let request =
                self.http.post(format!("{}/api/tickets/create", self.base)).bearer_auth(&self.token).json(&body);
            let outcome = match request.send().await.map(|answer| answer.status().as_u16()) {
                Ok(200..=299) => WriteOutcome::Acknowledged,
                Ok(400..=499) => WriteOutcome::Refused,
                _ => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    WriteOutcome::Unknown
                }
            };
            self.log.lock().expect("the log").insert(mark, outcome);
        }
    }

    async fn follow(self: Arc<Self>, head: Arc<AtomicI64>) -> BoardReplica {
        let mut board_replica = BoardReplica::default();
        let bearer = format!("Bearer {}", self.token);
        loop {
            let done = head.load(Ordering::Relaxed);
            if done > 0 && board_replica.cursor.as_ref().is_some_and(|(_, seq)| *seq >= done) {
                return board_replica;
            }
            let Ok(mut socket) = Socket::try_open(&self.base, &[("authorization", &bearer)]).await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let since = board_replica.cursor.clone();
            let since = since.as_ref().map(|(epoch, seq)| json!({"epoch": epoch, "seq": seq}));
            let wish = json!({"type": "subscribe", "room": format!("workflow:{}", self.workflow), "since": since});
            if socket.try_send(wish).await.is_err() {
                continue;
            }
            loop {
                match socket.receive_within(Duration::from_millis(200)).await {
                    Some(SocketEvent::Message(message)) => board_replica.apply(&message),
                    Some(SocketEvent::Closed(_)) => break,
                    None if head.load(Ordering::Relaxed) > 0 => break,
                    None => {}
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_are_stored_exactly_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client");
    let base = format!("http://127.0.0.1:{port}");
    let mut server = start(folder.path(), port, &http).await;
    let answer = http.post(format!("{base}/api/auth/login")).json(&json!({"email": EMAIL, "password": PASSWORD}));
    let answer: Value = answer.send().await.expect("an answer").json().await.expect("JSON");
    let token = answer["access"].as_str().expect("a token").to_owned();
    let answer = http.post(format!("{base}/api/workflows")).bearer_auth(&token).json(&json!({"name": "Storm"}));
    let answer: Value = answer.send().await.expect("an answer").json().await.expect("JSON");
    let workflow = answer["id"].as_str().expect("an id").to_owned();
    let recorder = Arc::new(Recorder {
        http: http.clone(),
        base: base.clone(),
        token: token.clone(),
        workflow: workflow.clone(),
        log: Mutex::default(),
        stop: AtomicBool::new(false),
    });
    let head = Arc::new(AtomicI64::new(0));
    let followers: Vec<_> = (0..3).map(|_| tokio::spawn(recorder.clone().follow(head.clone()))).collect();
    let writers: Vec<_> = (0..6).map(|n| tokio::spawn(recorder.clone().write(n))).collect();
    let acknowledged = || {
        recorder.log.lock().expect("the log").values().filter(|outcome| **outcome == WriteOutcome::Acknowledged).count()
    };
    for fault in ["server", "backend", "server", "postmaster", "server"] {
        let before = acknowledged();
        harness::eventually("writes are acknowledged", async || acknowledged() >= before + 60).await;
        let postmaster = children(server.0.id());
        match fault {
            "server" => {
                server = {
                    drop(server);
                    start(folder.path(), port, &http).await
                }
            }
            "backend" => children(postmaster[0] as u32).last().copied().into_iter().for_each(kill),
            _ => kill(postmaster[0]),
        }
    }
    let before = acknowledged();
    harness::eventually("the job continues", async || acknowledged() >= before + 60).await;
    recorder.stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer");
    }
    let board: Value = http
        .get(format!("{base}/api/board/{workflow}"))
        .bearer_auth(&token)
        .send()
        .await
        .expect("a board")
        .json()
        .await
        .expect("JSON");
    head.store(board["seq"].as_i64().expect("a seq"), Ordering::Relaxed);
    for follower in followers {
        let board_replica =
            tokio::time::timeout(Duration::from_secs(30), follower).await.expect("in time").expect("a follower");
        assert_eq!(board_replica.snapshots, 1, "same epoch: no second snapshot expected");
        board_replica.assert_equals(&board);
    }
    // Compares the history with the recorder's log.
    let mut seen: HashMap<String, usize> = HashMap::new();
    let (mut since, mut more) = (0, true);
    while more {
        let page: Value = http
            .get(format!("{base}/api/workflows/{workflow}/events?since={since}"))
            .bearer_auth(&token)
            .send()
            .await
            .expect("events")
            .json()
            .await
            .expect("JSON");
        for event in page["events"].as_array().expect("events") {
            since += 1;
            assert_eq!(event["seq"], since);
            if let Some(title) = event["data"]["ticket"]["title"].as_str() {
                *seen.entry(title.to_owned()).or_default() += 1;
            }
        }
        more = page["has_more"] == json!(true);
    }
    let mut counts = [0; 3];
    for (mark, outcome) in recorder.log.lock().expect("the log").iter() {
        let times = seen.get(mark).copied().unwrap_or(0);
        counts[*outcome as usize] += 1;
        match outcome {
            WriteOutcome::Acknowledged => assert_eq!(times, 1, "{mark} was acknowledged"),
            WriteOutcome::Refused => assert_eq!(times, 0, "{mark} was refused"),
            WriteOutcome::Unknown => assert!(times <= 1, "{mark} is stored {times} times"),
        }
    }
    println!("acknowledged, refused, unknown: {counts:?}");
}
