//! `callboard serve`: puts the house together and runs it until it is told to stop.

use crate::config::Config;
use crate::{Error, Result};

/// Runs the server until SIGTERM or ctrl-c; with `demo`, simulated agents work on a demo workflow.
pub async fn run(_config: Config, _demo: bool) -> Result<()> {
    Err(Error::Setup("This build has no server in it yet.".to_owned()))
}
