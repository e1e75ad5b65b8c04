//! Resident memory of a server: after its start, with many sockets and after them, after many wrong sign-ins, and with the
//! embedding model.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{Http, fault};
use super::processes::{self, memory, settled_memory};
use super::results::{Better, Run};
use super::server_process::{Database, EMAIL, PASSWORD, ServerProcess};
use super::socket_clients::{SocketClients, Target};
use super::test_server::{TestServer, raise_open_files};
use crate::{Error, Result};

/// MB of an idle server aimed at.
const AIM: f64 = 80.0;
/// MB of an idle server with the embedding model aimed at.
const AIM_WITH_MODEL: f64 = 200.0;
/// KB of an idle socket aimed at.
const AIM_OF_SOCKET: f64 = 27.0;
/// Open files besides the sockets.
const OTHER_FILES: usize = 500;
/// Sign-ins at once.
const PARALLEL: usize = 32;
/// Tickets that the model embeds.
const EMBEDDED: u64 = 10;
/// Time limit for that.
const EMBEDDING_TIMEOUT: Duration = Duration::from_secs(60);

/// What to do to the server.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Sockets to open.
    pub sockets: usize,
    /// Wrong sign-ins.
    pub sign_ins: usize,
    /// The longest time that memory may take to settle.
    pub settling: Duration,
}

/// Measures a server of its own on the same database.
pub async fn run(server: &TestServer, scale: Scale, run: &mut Run) -> Result<()> {
    run.group("Resident memory of the server");
    if !processes::are_measurable() {
        eprintln!("  skipped: this system has no /proc");
        return Ok(());
    }
    let steady = scale.settling / 2;
    let measured = server.spawn_second(server.runtime_dir(), "none")?;
    measured.ready().await?;
    let pid = measured.pid();
    let start = settled_memory(pid, steady.min(Duration::from_secs(10)), scale.settling).await;
    run.add("after the start, without the model", "", "MB", Better::Lower, &[start]).aim(AIM);

    let sockets = scale.sockets.min(raise_open_files().saturating_sub(OTHER_FILES));
    if sockets < scale.sockets {
        eprintln!("  {sockets} sockets instead of {}: the limit of open files is too low (ulimit -Hn)", scale.sockets);
    }
    eprintln!("  {sockets} sockets");
    let target = Target { address: measured.address.clone(), ..server.target(&server.quiet) };
    let clients = SocketClients::start()?;
    // The first sockets cause allocations that others do not repeat.
    let first = sockets.min(100);
    clients.open(&target, first).await?;
    let before = memory(pid).unwrap_or_default();
    clients.open(&target, sockets - first).await?;
    let open = settled_memory(pid, Duration::from_secs(2), Duration::from_secs(15)).await;
    run.add(&format!("with {sockets} sockets"), "", "MB", Better::Lower, &[open]);
    if sockets > first {
        let each = (open - before).max(0.0) * 1024.0 / (sockets - first) as f64;
        run.add("each idle socket", "", "KB", Better::Lower, &[each]).aim(AIM_OF_SOCKET);
    }
    drop(clients);
    eprintln!("  after the sockets");
    let closed = settled_memory(pid, steady, scale.settling).await;
    run.add(&format!("after {sockets} sockets were closed"), "", "MB", Better::Lower, &[closed]).aim(AIM);

    eprintln!("  {} wrong sign-ins", scale.sign_ins);
    let highest = wrong_sign_ins(&measured, scale.sign_ins).await?;
    run.add(&format!("highest during {} wrong sign-ins", scale.sign_ins), "", "MB", Better::Lower, &[highest]);
    let after = settled_memory(pid, steady, scale.settling).await;
    run.add(&format!("after {} wrong sign-ins", scale.sign_ins), "", "MB", Better::Lower, &[after]).aim(AIM);
    measured.stop().await;

    if server.runtime_dir().join("all-minilm-l6-v2").exists() {
        with_model(server, scale, run).await?;
    } else {
        eprintln!("  without the embedding model: its files are missing (make setup)");
    }
    Ok(())
}

/// Signs in with a wrong password; returns the highest memory seen meanwhile.
async fn wrong_sign_ins(server: &ServerProcess, count: usize) -> Result<f64> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..PARALLEL.min(count) {
        let (address, next) = (server.address.clone(), next.clone());
        tasks.push(tokio::spawn(async move {
            let mut http = Http::open(&address).await?;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, Error>(());
                }
                let body = json!({"email": EMAIL, "password": format!("wrong password {number}")}).to_string();
                let (status, answer) = http.request("POST", "/api/auth/login", "", &body).await?;
                if ![401, 429, 503].contains(&status) {
                    let answer = String::from_utf8_lossy(answer);
                    return Err(fault(format!("a wrong sign-in returned {status}: {answer}")));
                }
            }
        }));
    }
    let mut highest = 0.0f64;
    while tasks.iter().any(|task| !task.is_finished()) {
        highest = highest.max(memory(server.pid()).unwrap_or_default());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for task in tasks {
        task.await.map_err(|error| Error::Internal(error.to_string()))??;
    }
    Ok(highest)
}

/// The memory of a server with the model in a folder of its own, after it has embedded some tickets.
async fn with_model(server: &TestServer, scale: Scale, run: &mut Run) -> Result<()> {
    eprintln!("  with the model");
    let folder = server.folder().join("model");
    let measured = ServerProcess::start(server.runtime_dir(), Database::Folder(&folder), "local")?;
    let (mut http, _) = measured.ready().await?;
    let body = json!({"email": EMAIL, "password": PASSWORD}).to_string();
    let session: Value = http.json("POST", "/api/auth/login", "", &body).await?;
    let token = session["access"].as_str().unwrap_or_default().to_owned();
    let body = json!({"name": "Benchmark"}).to_string();
    let workflow: Value = http.json("POST", "/api/workflows", &token, &body).await?;
    for number in 0..EMBEDDED {
        let description = "A ticket of typical length, with words that a model has to look at one by one. ".repeat(8);
        let body =
            json!({"workflow_id": workflow["id"], "title": format!("Ticket {number}"), "description": description});
        let _: Value = http.json("POST", "/api/tickets/create", &token, &body.to_string()).await?;
    }
    let deadline = Instant::now() + EMBEDDING_TIMEOUT;
    loop {
        let ready: Value = http.json("GET", "/ready", "", "").await?;
        let embedded = ready["embeddings"]["models"][0]["embedded"].as_u64().unwrap_or_default();
        if embedded >= EMBEDDED {
            break;
        }
        if Instant::now() > deadline {
            eprintln!("  the model has embedded only {embedded} of {EMBEDDED} tickets");
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let pid = measured.pid();
    run.add("with the model, after embedding", "", "MB", Better::Lower, &[memory(pid).unwrap_or_default()]);
    let idle = settled_memory(pid, scale.settling / 2, scale.settling).await;
    run.add("with the model, idle", "", "MB", Better::Lower, &[idle]).aim(AIM_WITH_MODEL);
    measured.stop().await;
    Ok(())
}
