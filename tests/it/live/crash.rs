//! The whole product under faults: the server is killed, Postgres is killed, and a recorder compares what
//! was acknowledged with what is there.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::mirror::Mirror;
use super::socket::{Heard, Socket};
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
enum Fate {
    Acknowledged,
    Refused,
    Unknown,
}

struct Recorder {
    http: reqwest::Client,
    base: String,
    token: String,
    workflow: String,
    log: Mutex<HashMap<String, Fate>>,
    stop: AtomicBool,
}

impl Recorder {
    async fn write(self: Arc<Self>, writer: usize) {
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            number += 1;
            let mark = format!("mark {writer}-{number}");
            // Every tenth is one that must be refused.
            let description = if number % 10 == 0 { "short" } else { "Long enough to be taken" };
            let body = json!({"workflow_id": self.workflow, "title": mark, "description": description});
            let request =
                self.http.post(format!("{}/api/tickets/create", self.base)).bearer_auth(&self.token).json(&body);
            let fate = match request.send().await.map(|answer| answer.status().as_u16()) {
                Ok(200..=299) => Fate::Acknowledged,
                Ok(400..=499) => Fate::Refused,
                _ => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Fate::Unknown
                }
            };
            self.log.lock().expect("the log").insert(mark, fate);
        }
    }

    async fn follow(self: Arc<Self>, head: Arc<AtomicI64>) -> Mirror {
        let mut mirror = Mirror::default();
        let bearer = format!("Bearer {}", self.token);
        loop {
            let done = head.load(Ordering::Relaxed);
            if done > 0 && mirror.cursor.as_ref().is_some_and(|(_, seq)| *seq >= done) {
                return mirror;
            }
            let Ok(mut socket) = Socket::try_open(&self.base, &[("authorization", &bearer)]).await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let since = mirror.cursor.clone();
            let since = since.as_ref().map(|(epoch, seq)| json!({"epoch": epoch, "seq": seq}));
            let wish = json!({"type": "subscribe", "room": format!("workflow:{}", self.workflow), "since": since});
            if socket.try_say(wish).await.is_err() {
                continue;
            }
            loop {
                match socket.within(Duration::from_millis(200)).await {
                    Some(Heard::Message(message)) => mirror.take(&message),
                    Some(Heard::Closed(_)) => break,
                    None if head.load(Ordering::Relaxed) > 0 => break,
                    None => {}
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_comes_twice() {
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
    let acknowledged =
        || recorder.log.lock().expect("the log").values().filter(|fate| **fate == Fate::Acknowledged).count();
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
    harness::eventually("it goes on after all", async || acknowledged() >= before + 60).await;
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
        let mirror =
            tokio::time::timeout(Duration::from_secs(30), follower).await.expect("in time").expect("a follower");
        assert_eq!(mirror.snapshots, 1, "the same life of the database: nobody had to start anew");
        mirror.assert_equals(&board);
    }
    // History against the recorder's log.
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
    for (mark, fate) in recorder.log.lock().expect("the log").iter() {
        let times = seen.get(mark).copied().unwrap_or(0);
        counts[*fate as usize] += 1;
        match fate {
            Fate::Acknowledged => assert_eq!(times, 1, "{mark} was acknowledged"),
            Fate::Refused => assert_eq!(times, 0, "{mark} was refused"),
            Fate::Unknown => assert!(times <= 1, "{mark} came {times} times"),
        }
    }
    println!("acknowledged, refused, unknown: {counts:?}");
}
