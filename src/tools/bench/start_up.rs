//! The time from starting a server with its own Postgres to the first 200 of `/ready`, and the size of the program.

use std::time::Duration;

use super::results::{Better, Run};
use super::server_process::{Database, ServerProcess};
use super::test_server::TestServer;
use crate::{Error, Result};

/// Starts on a folder that exists.
const STARTS: usize = 3;

/// Measures in a folder of its own.
pub async fn run(server: &TestServer, run: &mut Run) -> Result<()> {
    run.group("Start and size");
    let folder = server.folder().join("start-up");
    let start = async || -> Result<f64> {
        let started = ServerProcess::start(server.runtime_dir(), Database::Folder(&folder), "none")?;
        let (_, time): (_, Duration) = started.ready().await?;
        started.stop().await;
        Ok(time.as_secs_f64())
    };
    let empty = start().await?;
    let mut existing = Vec::new();
    for _ in 0..STARTS {
        existing.push(start().await?);
    }
    run.add("start to ready, existing folder", "", "s", Better::Lower, &existing);
    run.add("start to ready, empty folder", "", "s", Better::Lower, &[empty]);
    let program = std::env::current_exe().and_then(std::fs::metadata);
    let bytes = program.map_err(|error| Error::Setup(format!("The size of the program is unknown: {error}.")))?.len();
    run.add("size of the program", "", "MB", Better::Lower, &[bytes as f64 / 1024.0 / 1024.0]);
    Ok(())
}
