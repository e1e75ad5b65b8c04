//! `worker.toml`: the command for each stage of each job type.

mod agent;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use self::agent::{AgentOptions, Permissions, StageKind};
use crate::{Error, Result};

/// The settings of a worker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The name that boards show.
    pub name: String,
    /// Claim only jobs of this workflow (id or name).
    pub workflow: Option<String>,
    /// Maximum number of concurrent jobs.
    pub concurrency: usize,
    /// Duration of a lease without a heartbeat.
    pub lease_seconds: f64,
    /// Poll interval for new jobs when no event arrives.
    pub poll_seconds: f64,
    /// How long running stages may continue after the worker was asked to stop.
    pub grace_seconds: f64,
    /// Delay between SIGTERM and SIGKILL.
    pub kill_seconds: f64,
    /// Working directory of commands, relative to the file.
    pub directory: PathBuf,
    /// Time limit of a stage; 0 for no limit.
    pub timeout_seconds: f64,
    /// Environment variables of every command.
    pub environment: BTreeMap<String, String>,
    /// Texts to redact from transcripts, besides the key.
    pub redact: Vec<String>,
    /// Whether commands receive the API key as CALLBOARD_API_KEY.
    pub pass_key: bool,
    /// Exit codes after which the job is not retried.
    pub no_retry_codes: Vec<i32>,
    /// Settings by job type; `*` is the fallback.
    pub jobs: BTreeMap<String, JobConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: format!("worker-{}", std::process::id()),
            workflow: None,
            concurrency: 1,
            lease_seconds: 60.0,
            poll_seconds: 15.0,
            grace_seconds: 10.0,
            kill_seconds: 5.0,
            directory: PathBuf::from("."),
            timeout_seconds: 3600.0,
            environment: BTreeMap::new(),
            redact: Vec::new(),
            pass_key: false,
            no_retry_codes: Vec::new(),
            jobs: BTreeMap::new(),
        }
    }
}

/// The commands of a job type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobConfig {
    /// The command for stages that are not listed, and for jobs without stages.
    pub command: Option<CommandSpec>,
    /// What the command is.
    pub kind: StageKind,
    /// Text that follows the job's prompt, for an agent; for its stages too.
    pub prompt: Option<String>,
    /// Who decides the requests of an agent for permission; for its stages too.
    pub permissions: Option<Permissions>,
    /// Whether an agent gets Callboard's MCP server; for its stages too.
    pub mcp: Option<bool>,
    /// The way in which an agent signs in; for its stages too.
    pub auth_method: Option<String>,
    /// Working directory. Defaults to the worker's.
    pub directory: Option<PathBuf>,
    /// Time limit of a stage. Defaults to the worker's.
    pub timeout_seconds: Option<f64>,
    /// Exit codes after which the job is not retried.
    pub no_retry_codes: Option<Vec<i32>>,
    /// The stages in order. A job without stages goes through these.
    pub stage: Vec<StageConfig>,
}

/// The command of one stage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageConfig {
    /// The name of the stage.
    pub name: String,
    /// The command.
    pub command: CommandSpec,
    /// What the command is.
    #[serde(default)]
    pub kind: StageKind,
    /// Text that follows the job's prompt, for an agent.
    pub prompt: Option<String>,
    /// Who decides the requests of an agent for permission. Defaults to the job type's.
    pub permissions: Option<Permissions>,
    /// Whether an agent gets Callboard's MCP server. Defaults to the job type's.
    pub mcp: Option<bool>,
    /// The way in which an agent signs in. Defaults to the job type's.
    pub auth_method: Option<String>,
    /// Working directory. Defaults to the job type's.
    pub directory: Option<PathBuf>,
    /// Time limit. Defaults to the job type's.
    pub timeout_seconds: Option<f64>,
    /// Exit codes after which the job is not retried.
    pub no_retry_codes: Option<Vec<i32>>,
    /// Environment variables of its command.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// A command: a shell command line, or a program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum CommandSpec {
    /// A command line for `sh -c`.
    Shell(String),
    /// A program with its arguments.
    Program(Vec<String>),
}

impl CommandSpec {
    /// The argument vector, program first.
    pub fn argv(&self) -> Vec<String> {
        match self {
            Self::Shell(text) => vec!["sh".to_owned(), "-c".to_owned(), text.clone()],
            Self::Program(words) => words.clone(),
        }
    }
}

/// A stage with its resolved settings.
#[derive(Debug, Clone)]
pub struct Step {
    /// The stage; none for jobs without stages.
    pub stage: Option<String>,
    /// The argument vector, program first.
    pub argv: Vec<String>,
    /// Working directory.
    pub directory: PathBuf,
    /// Time limit.
    pub timeout: Option<Duration>,
    /// Exit codes after which the job is not retried.
    pub no_retry_codes: Vec<i32>,
    /// Environment variables of its command.
    pub environment: BTreeMap<String, String>,
    /// How the agent is used, if the command is one.
    pub agent: Option<AgentOptions>,
    /// The job's progress when the stage begins and ends, in percent.
    pub progress: (f64, f64),
}

impl Config {
    /// Reads and validates the file.
    pub fn read(file: &Path) -> Result<Self> {
        let invalid =
            |why: String| Error::Setup(format!("The worker's settings file {} is invalid: {why}.", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| invalid(error.to_string()))?;
        let mut config = Self::parse(&text).map_err(invalid)?;
        if config.directory.is_relative() {
            let beside = file.parent().unwrap_or(Path::new("")).join(&config.directory);
            config.directory = std::path::absolute(&beside).map_err(|error| invalid(error.to_string()))?;
        }
        Ok(config)
    }

    /// Parses and validates the text of a file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("{place}{}", error.message().trim().replace('\n', ", "))
        })?;
        let durations = [config.poll_seconds, config.grace_seconds, config.kill_seconds, config.timeout_seconds];
        let all_timeouts = config.jobs.values().flat_map(|job| {
            job.timeout_seconds.into_iter().chain(job.stage.iter().filter_map(|stage| stage.timeout_seconds))
        });
        if durations.into_iter().chain(all_timeouts).any(|seconds| !(0.0..=31_536_000.0).contains(&seconds)) {
            return Err("a duration is out of range: it must be between 0 and 31536000 seconds".to_owned());
        }
        if !(5.0..=3600.0).contains(&config.lease_seconds) {
            return Err("lease_seconds must be between 5 and 3600".to_owned());
        }
        if !(1..=256).contains(&config.concurrency) {
            return Err("concurrency must be between 1 and 256".to_owned());
        }
        if config.jobs.is_empty() {
            return Err("it has no commands: add a table [jobs.TYPE]".to_owned());
        }
        for (kind, job) in &config.jobs {
            let runs = job.command.iter().chain(job.stage.iter().map(|stage| &stage.command));
            if runs.clone().next().is_none() {
                return Err(format!("jobs.{kind} has neither a command nor a stage"));
            }
            if runs.into_iter().any(|run| run.argv().first().is_none_or(String::is_empty)) {
                return Err(format!("jobs.{kind} has an empty command"));
            }
            if let Some(why) = agent::misplaced_option(kind, job) {
                return Err(why);
            }
        }
        Ok(config)
    }

    /// The poll interval.
    pub fn poll(&self) -> Duration {
        Duration::from_secs_f64(self.poll_seconds.max(0.2))
    }

    /// Resolves the steps of a job from its type and stages; the error is shown to users.
    pub fn steps(&self, kind: &str, stages: &[String]) -> Result<Vec<Step>, String> {
        let job = self.jobs.get(kind).or_else(|| self.jobs.get("*"));
        let job = job.ok_or_else(|| format!("This worker has no commands for the job type {kind}."))?;
        if stages.is_empty() && job.stage.is_empty() {
            let run =
                job.command.as_ref().ok_or_else(|| format!("This worker has no command for the job type {kind}."))?;
            return Ok(vec![self.step(job, None, run, None)]);
        }
        let own: Vec<String> = job.stage.iter().map(|stage| stage.name.clone()).collect();
        let names = if stages.is_empty() { &own } else { stages };
        let share = 100.0 / names.len() as f64;
        names
            .iter()
            .enumerate()
            .map(|(place, name)| {
                let stage = job.stage.iter().find(|stage| stage.name == *name);
                let run = stage.map(|stage| &stage.command).or(job.command.as_ref());
                let run = run.ok_or_else(|| format!("This worker has no command for the stage {name} of {kind}."))?;
                let progress = (share * place as f64, share * (place + 1) as f64);
                Ok(Step { progress, ..self.step(job, Some(name.clone()), run, stage) })
            })
            .collect()
    }

    fn step(&self, job: &JobConfig, name: Option<String>, spec: &CommandSpec, stage: Option<&StageConfig>) -> Step {
        let directory = stage.and_then(|stage| stage.directory.clone()).or_else(|| job.directory.clone());
        let timeout = stage.and_then(|stage| stage.timeout_seconds).or(job.timeout_seconds);
        let timeout = Duration::from_secs_f64(timeout.unwrap_or(self.timeout_seconds));
        let codes = stage.and_then(|stage| stage.no_retry_codes.as_ref()).or(job.no_retry_codes.as_ref());
        let mut environment = self.environment.clone();
        environment.extend(stage.map(|stage| stage.environment.clone()).unwrap_or_default());
        Step {
            stage: name,
            argv: spec.argv(),
            directory: self.directory.join(directory.unwrap_or_default()),
            timeout: (!timeout.is_zero()).then_some(timeout),
            no_retry_codes: codes.unwrap_or(&self.no_retry_codes).clone(),
            environment,
            agent: self.agent_options(job, stage),
            progress: (0.0, 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        concurrency = 2
        no_retry_codes = [64]
        [environment]
        A = "1"
        [jobs.task]
        command = "make all"
        timeout_seconds = 9
        [[jobs.task.stage]]
        name = "plan"
        command = ["./plan", "a b"]
        directory = "plans"
        timeout_seconds = 0
        [[jobs.task.stage]]
        name = "build"
        command = "make"
    "#;

    #[test]
    fn a_stage_without_a_command_uses_the_one_of_its_job_type() {
        let config = Config::parse(FILE).expect("a config");
        let steps = config.steps("task", &["plan".into(), "ship".into()]).expect("steps");
        assert_eq!(steps[0].argv, ["./plan", "a b"]);
        assert!(steps[0].directory.ends_with("plans") && steps[0].timeout.is_none());
        assert_eq!(steps[1].argv, ["sh", "-c", "make all"]);
        assert_eq!((steps[1].timeout, steps[1].no_retry_codes.as_slice()), (Some(Duration::from_secs(9)), &[64][..]));
        let own = config.steps("task", &[]).expect("steps");
        assert_eq!(own.iter().filter_map(|step| step.stage.as_deref()).collect::<Vec<_>>(), ["plan", "build"]);
        assert!(config.steps("other", &[]).expect_err("unknown").contains("other"));
    }

    #[test]
    fn invalid_settings_are_rejected_with_their_line() {
        for (text, part) in [
            ("", "no commands"),
            ("lease_seconds = 1\n[jobs.a]\ncommand = 'x'", "lease_seconds"),
            ("\nnonsense = 1", "line 2"),
            ("[jobs.a]", "neither"),
            ("[jobs.a]\ncommand = []", "empty"),
            ("timeout_seconds = -1\n[jobs.a]\ncommand = 'x'", "range"),
        ] {
            let error = Config::parse(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
    }
}
