//! What an agent's day takes: calls, wrong calls and tokens, through the official clients of MCP. A script of the project's
//! tests lives the day against a server of its own, and `make test-mcp` requires that no call is wrong.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use super::results::{Better, Run};
use crate::{Error, Result};

/// The script, in the project's folder.
const SCRIPT: &str = "tests/conformance/day/measure.mjs";
/// The libraries that it uses; `make bench` installs them.
const MODULES: &str = "tests/conformance/node_modules";
/// The most tokens that a day with all tools should take.
const AIM: f64 = 25_000.0;

#[derive(Deserialize)]
struct Days {
    days: Vec<Day>,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Day {
    name: String,
    calls: f64,
    wrong: f64,
    list: f64,
    sent: f64,
    received: f64,
    total: f64,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    tokens: f64,
}

/// Measures the day. Without the script, as in an installed server, there is nothing to measure.
pub async fn run(runtime_dir: &Path, run: &mut Run) -> Result<()> {
    if !Path::new(SCRIPT).exists() || !Path::new(MODULES).exists() {
        eprintln!("agent-day is left out: it needs the project's folder, and npm --prefix tests/conformance ci");
        return Ok(());
    }
    run.group("Tokens of an agent's day");
    let fault = |why: String| Error::Setup(format!("{SCRIPT} failed: {why}"));
    let program: PathBuf = std::env::current_exe().map_err(|error| fault(error.to_string()))?;
    let runtime = std::path::absolute(runtime_dir).map_err(|error| fault(error.to_string()))?;
    let output = Command::new("node")
        .arg(SCRIPT)
        .env("CALLBOARD_BIN", program)
        .env("CALLBOARD_RUNTIME_DIR", runtime)
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| fault(error.to_string()))?;
    if !output.status.success() {
        return Err(fault(output.status.to_string()));
    }
    let measured: Days = serde_json::from_slice(&output.stdout).map_err(|error| fault(error.to_string()))?;
    for day in &measured.days {
        let columns = [("calls", day.calls), ("list", day.list), ("sent", day.sent), ("received", day.received)];
        for (column, value) in columns {
            run.add(&day.name, column, "count", Better::Lower, &[value]);
        }
        run.add(&day.name, "wrong calls", "count", Better::Lower, &[day.wrong]).aim(0.0);
        run.add(&day.name, "total", "count", Better::Lower, &[day.total]).aim(AIM);
    }
    run.group("Tokens of the list of tools");
    for group in &measured.groups {
        run.add(&group.name, "", "count", Better::Lower, &[group.tokens]);
    }
    Ok(())
}
