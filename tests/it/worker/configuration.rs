//! Errors of a worker that cannot start.

use super::{Worker, WorkerFixture};
use crate::harness::eventually;
use crate::rust_client::faulty_proxy::FaultyProxy;

const FILE: &str = "[jobs.task]\ncommand = 'true'";

/// The one-sentence error and the exit code.
async fn refusal(mut worker: Worker) -> (i32, String) {
    let code = worker.code().await;
    let output = worker.logged();
    (code, output.lines().last().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn configuration_errors_are_one_sentence() {
    let fixture = WorkerFixture::open("worker_words").await;
    let start = |key: Option<&str>, file: &str, flags: &[&str]| {
        Worker::start(fixture.folder.path(), &fixture.server.url, key, file, flags)
    };
    let key = fixture.agent.token.as_deref();
    let (code, output) = refusal(start(None, FILE, &[])).await;
    assert_eq!(code, 2);
    assert!(output.contains("set CALLBOARD_API_KEY or --key-file"), "{output}");
    let (code, output) = refusal(start(key, "nonsense = 1", &[])).await;
    assert!(code == 2 && output.contains("line 1") && output.contains("nonsense"), "{output}");
    let (code, output) = refusal(start(key, FILE, &["--key-file", "/is/not/there"])).await;
    assert!(code == 2 && output.contains("/is/not/there"), "{output}");
    let (code, _) = refusal(start(key, FILE, &["--concurrency", "0"])).await;
    assert_eq!(code, 2);
    let (code, _) = refusal(start(key, FILE, &["--once", "--drain"])).await;
    assert_eq!(code, 2);
    let (code, output) = refusal(start(Some("cb_wrong"), FILE, &["--once"])).await;
    assert!(code == 1 && output.contains("does not accept the key"), "{output}");
    let (code, output) = refusal(start(key, &format!("workflow = 'Nowhere'\n{FILE}"), &["--once"])).await;
    assert!(code == 1 && output.ends_with('.'), "{output}");
    let away = Worker::start(fixture.folder.path(), "http://127.0.0.1:1", key, FILE, &["--drain"]);
    let (code, output) = refusal(away).await;
    assert!(code == 1 && output.contains("http://127.0.0.1:1 cannot be reached"), "{output}");
    // A key may come from a file, and a run without jobs succeeds.
    std::fs::write(fixture.path("key"), format!("{}\n", key.expect("a key"))).expect("a file");
    let file = fixture.path("key").display().to_string();
    assert_eq!(start(None, FILE, &["--once", "--key-file", &file]).code().await, 0);
}

#[tokio::test]
async fn a_worker_waits_for_a_server_that_is_not_there_yet() {
    let fixture = WorkerFixture::open("worker_early").await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let url = format!("http://{address}");
    let file = format!("workflow = 'Delivery'\npoll_seconds = 0.2\n{FILE}");
    let worker = Worker::start(fixture.folder.path(), &url, fixture.agent.token.as_deref(), &file, &[]);
    eventually("it waits", async || worker.logged().contains("waiting for the server")).await;
    // The server comes up at that address, through a proxy.
    let _proxy = FaultyProxy::on(address, &fixture.server.url).await;
    let job = fixture.job(serde_json::json!({})).await;
    fixture.reaches(&job, "succeeded").await;
}
