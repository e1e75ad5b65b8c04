//! Options of stages that an agent works on over the Agent Client Protocol (ACP).

use serde::Deserialize;

use super::{Config, JobConfig, StageConfig, Step};

/// What a command is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// A command whose exit status decides.
    #[default]
    Command,
    /// An agent that speaks the Agent Client Protocol on its standard input and output.
    Acp,
}

/// How an agent's requests for permission are decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permissions {
    /// People decide.
    #[default]
    Ask,
    /// All are allowed.
    Allow,
    /// All are rejected.
    Deny,
}

/// How the agent of a stage is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentOptions {
    /// Text that follows the job's prompt.
    pub prompt: Option<String>,
    /// Who decides its requests for permission.
    pub permissions: Permissions,
    /// Whether the agent gets Callboard's MCP server, with the worker's key.
    pub mcp: bool,
    /// The way in which the agent signs in before its session starts.
    pub auth_method: Option<String>,
}

impl Config {
    /// The options of a stage's agent; `None` if it is a command.
    pub(super) fn agent_options(&self, job: &JobConfig, stage: Option<&StageConfig>) -> Option<AgentOptions> {
        let kind = stage.map_or(job.kind, |stage| stage.kind);
        (kind == StageKind::Acp).then(|| AgentOptions {
            prompt: stage.and_then(|stage| stage.prompt.clone()).or_else(|| job.prompt.clone()),
            permissions: stage.and_then(|stage| stage.permissions).or(job.permissions).unwrap_or_default(),
            mcp: stage.and_then(|stage| stage.mcp).or(job.mcp).unwrap_or(self.pass_key),
            auth_method: stage.and_then(|stage| stage.auth_method.clone()).or_else(|| job.auth_method.clone()),
        })
    }

    /// Every agent of the file with its place there, as steps to run.
    pub fn agents(&self) -> Vec<(String, Step)> {
        let mut found = Vec::new();
        for (kind, job) in &self.jobs {
            for stage in &job.stage {
                let step = self.step(job, Some(stage.name.clone()), &stage.command, Some(stage));
                found.push((format!("jobs.{kind}, stage {}", stage.name), step));
            }
            if let Some(command) = &job.command {
                found.push((format!("jobs.{kind}"), self.step(job, None, command, None)));
            }
        }
        found.retain(|(_, step)| step.agent.is_some());
        found
    }
}

/// The first option of agents that a job type or stage states although it has no agent, as a sentence.
pub(super) fn misplaced_option(kind: &str, job: &JobConfig) -> Option<String> {
    let first = |given: [(&'static str, bool); 4]| given.into_iter().find(|(_, given)| *given).map(|(name, _)| name);
    let mut agents = job.kind == StageKind::Acp && job.command.is_some();
    for stage in &job.stage {
        agents |= stage.kind == StageKind::Acp;
        let name = first([
            ("prompt", stage.prompt.is_some()),
            ("permissions", stage.permissions.is_some()),
            ("mcp", stage.mcp.is_some()),
            ("auth_method", stage.auth_method.is_some()),
        ]);
        if let (StageKind::Command, Some(name)) = (stage.kind, name) {
            return Some(format!("jobs.{kind}, stage {}: {name} needs kind = \"acp\"", stage.name));
        }
    }
    let name = first([
        ("prompt", job.prompt.is_some()),
        ("permissions", job.permissions.is_some()),
        ("mcp", job.mcp.is_some()),
        ("auth_method", job.auth_method.is_some()),
    ]);
    name.filter(|_| !agents).map(|name| format!("jobs.{kind}: {name} needs a command or stage with kind = \"acp\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_agents_are_inherited_and_belong_to_agents() {
        let config = Config::parse(
            r#"
            [jobs.task]
            command = "make all"
            permissions = "deny"
            prompt = "Be brief."
            [[jobs.task.stage]]
            name = "build"
            kind = "acp"
            command = ["an-agent", "--acp"]
            permissions = "allow"
            mcp = true
            [[jobs.task.stage]]
            name = "test"
            command = "make test"
            "#,
        )
        .expect("a config");
        let steps = config.steps("task", &["build".into(), "test".into(), "other".into()]).expect("steps");
        let options = steps[0].agent.clone().expect("an agent");
        assert_eq!((options.permissions, options.mcp), (Permissions::Allow, true));
        assert_eq!(options.prompt.as_deref(), Some("Be brief."));
        assert!(steps[1].agent.is_none() && steps[2].agent.is_none());
        assert_eq!(steps[1].progress, (100.0 / 3.0, 200.0 / 3.0));
        assert_eq!(config.agents().len(), 1);
        for (text, part) in [
            ("[[jobs.a.stage]]\nname = 'b'\ncommand = 'x'\nmcp = true", "stage b: mcp needs"),
            ("[jobs.a]\ncommand = 'x'\nprompt = 'y'", "prompt needs"),
            ("[jobs.a]\ncommand = 'x'\nkind = 'other'", "unknown variant"),
        ] {
            let error = Config::parse(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
    }
}
