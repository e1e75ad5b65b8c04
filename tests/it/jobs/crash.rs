//! Two hundred jobs and sixteen workers that are killed, or suspended past their leases and resumed.
//! Every job finishes, its effects happen once, and writes with a stale lease token are rejected.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, server_with};
use crate::http::fixtures::{service_client, signed_in_user, text};

const JOBS: usize = 200;
const WORKERS: usize = 16;
/// The shortest permitted lease, in seconds.
const LEASE: u64 = 5;
/// The storm fails if no job finishes for so long. Its whole duration depends on the machine.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// Not a test: a worker killed and suspended by the test below. It records each acknowledged or refused end.
#[tokio::test]
#[ignore = "run by another test"]
async fn helper_worker() {
    let setting = |name: &str| std::env::var(name).ok();
    let (Some(url), Some(key), Some(workflow), Some(log)) =
        (setting("STORM_URL"), setting("STORM_KEY"), setting("STORM_WORKFLOW"), setting("STORM_LOG"))
    else {
        return;
    };
    let client = Client::anonymous(url).with(&key);
    let mut log = std::fs::File::options().create(true).append(true).open(log).expect("a log");
    let mut number = 0;
    loop {
        let claim = json!({"workflow_id": workflow, "lease_seconds": LEASE, "worker": std::process::id().to_string()});
        let claimed = client.post("/api/jobs/claim", claim).await.ok();
        if claimed["job"].is_null() {
            // Idle workers poll at an interval.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        number += 1;
        let job = text(&claimed["job"], "id");
        let sha = format!("{:08x}{number:08x}", std::process::id());
        let end = work(&client, &job, &text(&claimed, "lease_token"), &sha).await;
        writeln!(log, "{} {job} {sha}", if end { "done" } else { "refused" }).expect("a line");
    }
}

/// Runs two stages with output, then completes the job; returns whether the end was accepted. A refusal must be
/// a lost lease.
async fn work(client: &Client, job: &str, token: &str, sha: &str) -> bool {
    for stage in ["plan", "build"] {
        let steps = [
            ("stage", json!({"lease_token": token, "stage": stage})),
            ("messages", json!({"lease_token": token, "messages": [{"kind": "log", "content": sha}]})),
        ];
        for (path, body) in steps {
            let answer = client.post(&format!("/api/jobs/{job}/{path}"), body).await;
            if answer.status != 200 {
                assert_eq!(answer.refused(409), "lease_lost");
                return false;
            }
            // Simulated work.
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }
    let end = json!({"lease_token": token, "commit_sha": sha, "result": {"sha": sha}});
    let answer = client.post(&format!("/api/jobs/{job}/complete"), end).await;
    if answer.status != 200 {
        assert_eq!(answer.refused(409), "lease_lost");
        return false;
    }
    true
}

struct Worker {
    child: Child,
    log: PathBuf,
}

impl Worker {
    fn start(url: &str, key: &str, workflow: &str, log: PathBuf) -> Self {
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "--nocapture", "jobs::crash::helper_worker"])
            .env("STORM_URL", url)
            .env("STORM_KEY", key)
            .env("STORM_WORKFLOW", workflow)
            .env("STORM_LOG", &log)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a worker");
        Self { child, log }
    }

    fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        // SAFETY: signals a child of this test that has not been reaped.
        unsafe { libc::kill(pid, signal) };
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The records of the workers: lines of (word, job, commit).
fn notes(folder: &Path) -> Vec<(String, String, String)> {
    let mut notes = Vec::new();
    for file in std::fs::read_dir(folder).expect("the logs") {
        let content = std::fs::read_to_string(file.expect("a log").path()).expect("a text");
        for line in content.lines() {
            let mut words = line.split(' ').map(str::to_owned);
            if let (Some(word), Some(job), Some(sha)) = (words.next(), words.next(), words.next()) {
                notes.push((word, job, sha));
            }
        }
    }
    notes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_job_finishes_once_despite_killed_and_suspended_workers() {
    let server = server_with("storm", &["--request-rate", "1000000"], Vec::new()).await;
    let owner = signed_in_user(&server, "owner").await;
    let workflow =
        text(&owner.post("/api/workflows", json!({"name": "Storm", "template": "sdlc"})).await.created(), "id");
    let key = service_client(&server, "storm-worker", &["read", "write"]).await;
    owner.put(&format!("/api/workflows/{workflow}/members/{}", key.id), json!({"role": "member"})).await.ok();
    for number in 0..JOBS {
        let job = json!({"workflow_id": workflow, "with_ticket": true, "title": format!("Job {number}"), "max_attempts": 100,
            "initial_prompt": "Work that is interrupted", "stages": ["plan", "build"], "queue": true});
        owner.post("/api/jobs", job).await.created();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let credential = key.token.clone().expect("a key");
    let mut started = 0;
    let mut start = || {
        started += 1;
        Worker::start(&server.url, &credential, &workflow, folder.path().join(format!("{started}.log")))
    };
    let mut workers: Vec<Worker> = (0..WORKERS).map(|_| start()).collect();
    let mut frozen: Vec<(Worker, Instant)> = Vec::new();
    let (mut kills, mut freezes) = (0, 0);
    let (mut unfinished, mut progressed) = (JOBS as i64, Instant::now());
    let open = format!("select count(*) from jobs where workflow_id = '{workflow}' and status <> 'succeeded'");
    let mut turn = 0_usize;
    loop {
        let now = server.number(&open).await;
        if now == 0 {
            break;
        }
        if now < unfinished {
            (unfinished, progressed) = (now, Instant::now());
        }
        assert!(progressed.elapsed() < STALLED_AFTER, "{unfinished} jobs do not finish");
        // Skips the delay between attempts.
        server.sql("update jobs set not_before = now() where status = 'queued' and not_before > now()", &[]).await;
        turn += 1;
        let victim = (turn * 7) % workers.len();
        if turn.is_multiple_of(3) {
            if freezes < 24 {
                let worker = std::mem::replace(&mut workers[victim], start());
                worker.signal(libc::SIGSTOP);
                frozen.push((worker, Instant::now()));
                freezes += 1;
            }
        } else if kills < 48 {
            drop(std::mem::replace(&mut workers[victim], start()));
            kills += 1;
        }
        // Workers suspended for longer than a lease resume and continue their stale work.
        while frozen.first().is_some_and(|(_, since)| since.elapsed() > Duration::from_secs(LEASE + 1)) {
            let (worker, _) = frozen.remove(0);
            worker.signal(libc::SIGCONT);
            workers.push(worker);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for (worker, _) in frozen.drain(..) {
        worker.signal(libc::SIGCONT);
        workers.push(worker);
    }
    // All workers finish: nothing is in progress, and stale writes were rejected.
    crate::harness::eventually("late workers were refused", async || {
        notes(folder.path()).iter().any(|(word, ..)| word == "refused")
    })
    .await;
    let logs: HashSet<PathBuf> = workers.iter().map(|worker| worker.log.clone()).collect();
    assert_eq!(logs.len(), workers.len());
    drop(workers);
    assert!(kills >= 10 && freezes >= 5, "{kills} kills, {freezes} freezes");

    let mut ends: HashMap<String, String> = HashMap::new();
    for (word, job, sha) in notes(folder.path()) {
        if word == "done" {
            assert_eq!(ends.insert(job.clone(), sha), None, "{job} was acknowledged twice");
        }
    }
    // Each job ended once, with the result of its last lease holder, even if that worker died before recording it.
    let rows = server
        .sql(
            "select j.id, j.commit_sha, j.result ->> 'sha', t.status, t.is_resolved,
                    array(select c.commit_sha from ticket_commits c where c.ticket_id = t.id) as commits,
                    (select count(*) from history h where h.stream_id = 'job:' || j.id and h.change_type = 'job_status' and h.new_value = 'succeeded'),
                    (select count(*) from history h where h.ticket_id = t.id and h.change_type = 'resolved'),
                    (select count(*) from ticket_comments c where c.ticket_id = t.id and c.comment_type = 'resolution')
               from jobs j join tickets t on t.id = j.ticket_id where j.workflow_id = $1",
            &[&workflow],
        )
        .await;
    assert_eq!(rows.len(), JOBS);
    for row in rows {
        let (job, sha, result): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(sha, result);
        assert_eq!(ends.get(&job).unwrap_or(&sha), &sha, "{job} has the acknowledged result");
        assert_eq!((row.get::<_, String>(3), row.get::<_, bool>(4)), ("shipped".to_owned(), true));
        assert_eq!(row.get::<_, Vec<String>>(5), [sha]);
        assert_eq!([6, 7, 8].map(|column| row.get::<_, i64>(column)), [1, 1, 1], "{job}");
    }
    let streams: Value =
        serde_json::from_str(server.sql("select logic.verify_streams()::text", &[]).await[0].get(0)).expect("JSON");
    assert_eq!((&streams["broken"], &streams["strays"]), (&json!([]), &json!(0)));
    println!("{kills} kills, {freezes} freezes, {} ends noted", ends.len());
}
