//! The conversation with an agent, from `initialize` to the end of its turn.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    AuthMethod, AuthenticateRequest, CancelNotification, HttpHeader, InitializeResponse, LoadSessionRequest, McpServer,
    McpServerHttp, NewSessionRequest, PromptRequest, ResumeSessionRequest, SessionId, StopReason,
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::ask::Permitter;
use super::prompt::Prompt;
use super::pump::Shared;
use crate::domain::jobs::messages::{Level, MessageKind};
use crate::worker::acp::connection::{Connection, InitializeError, describe, is_closed};
use crate::worker::acp::lines::AgentEvent;
use crate::worker::job::transcript::{Earlier, message};
use crate::worker::job::usage::UsageReporter;
use crate::worker::output::{self, Output};

/// How long an agent may take to sign in or to open a session, which starts its MCP servers.
const SESSION_TIMEOUT: Duration = Duration::from_secs(120);
/// The most prompts that pass on remarks of people in one stage.
const MAX_REMARK_PROMPTS: usize = 20;

/// Why a conversation did not end well.
#[derive(Debug)]
pub(super) enum Failure {
    /// A reason, and whether another attempt can succeed.
    Reason(String, bool),
    /// The agent has closed its output.
    Closed,
}

/// A conversation about one stage.
pub(super) struct Conversation<'a> {
    pub(super) connection: Connection,
    pub(super) permitter: Arc<Permitter>,
    pub(super) prompt: Prompt<'a>,
    /// The stage's directory, absolute.
    pub(super) directory: String,
    pub(super) earlier: &'a Earlier,
    /// Address and key of Callboard's MCP server, if the agent gets it.
    pub(super) mcp: Option<(String, String)>,
    pub(super) events: mpsc::Sender<AgentEvent>,
    pub(super) outputs: mpsc::Sender<Output>,
    pub(super) shared: Arc<Shared>,
    pub(super) usage: UsageReporter,
    pub(super) session: OnceLock<SessionId>,
}

impl Conversation<'_> {
    /// Works on the stage until the agent ends its turn.
    pub(super) async fn run(&self) -> Result<(), Failure> {
        let agent = self.connection.initialize().await.map_err(|error| match error {
            InitializeError::Closed => Failure::Closed,
            InitializeError::Reason(why) => Failure::Reason(why, true),
        })?;
        if let Some(info) = &agent.agent_info {
            self.shared.set_sender(info.title.as_deref().unwrap_or(&info.name));
        }
        self.sign_in(&agent).await?;
        let (session, mut text) = self.open_session(&agent).await?;
        self.begin(Some(session.clone()), false).await?;
        let _ = self.session.set(session.clone());
        for _ in 0..MAX_REMARK_PROMPTS {
            let request = PromptRequest::new(session.clone(), vec![text.into()]);
            let answered = self.connection.agent().send_request(request).block_task().await;
            self.flush().await;
            self.report_usage().await;
            let stop = answered.map_err(|error| self.error("The agent cannot work on the prompt", &error))?.stop_reason;
            let remarks = self.permitter.take_remarks();
            if matches!(stop, StopReason::EndTurn | StopReason::Cancelled) && !remarks.is_empty() {
                text = remarks.join("\n");
                continue;
            }
            return self.end(&session, stop).await;
        }
        Err(Failure::Reason("The agent asked for permission again and again.".to_owned(), false))
    }

    /// Reports what a turn has used.
    async fn report_usage(&self) {
        let Some(report) = self.shared.take_report() else { return };
        if let Err(why) = self.usage.report(report).await {
            self.note(why, Some(Level::Warning), Value::Null).await;
        }
    }

    /// Asks the agent to stop, and ends its questions.
    pub(super) fn cancel(&self) {
        self.permitter.cancel();
        if let Some(session) = self.session.get() {
            let _ = self.connection.agent().send_notification(CancelNotification::new(session.clone()));
        }
    }

    async fn sign_in(&self, agent: &InitializeResponse) -> Result<(), Failure> {
        let Some(method) = &self.prompt.options.auth_method else { return Ok(()) };
        if !agent.auth_methods.iter().any(|offered| *offered.id().0 == **method) {
            let why = format!("The agent has no way to sign in named {method}; {}.", auth_methods(agent));
            return Err(Failure::Reason(why, false));
        }
        let request = self.connection.agent().send_request(AuthenticateRequest::new(method.clone())).block_task();
        let answered = self.in_time(request).await?;
        answered.map(drop).map_err(|error| self.error("The agent cannot sign in", &error))
    }

    /// Opens the session of an earlier attempt, or a new one; returns it with the first prompt.
    async fn open_session(&self, agent: &InitializeResponse) -> Result<(SessionId, String), Failure> {
        let servers = self.mcp_servers(agent).await;
        let earlier = self.earlier.sessions.get(&self.prompt.step.stage);
        let earlier = earlier.filter(|(_, directory)| *directory == self.directory);
        if let Some((id, _)) = earlier {
            match self.resume(agent, SessionId::new(id.as_str()), servers.clone()).await? {
                true => {
                    self.note(format!("The agent resumes its session {id}."), None, Value::Null).await;
                    return Ok((SessionId::new(id.as_str()), self.prompt.resume()));
                }
                false => {
                    let text = format!("The agent cannot resume its session {id}; it starts a new one.");
                    self.note(text, Some(Level::Warning), Value::Null).await;
                }
            }
        }
        let request = NewSessionRequest::new(&self.directory).mcp_servers(servers);
        let opened = self.in_time(self.connection.agent().send_request(request).block_task()).await?;
        let session = opened.map_err(|error| self.session_error(agent, &error))?.session_id;
        let name = self.shared.sender();
        let metadata = json!({"acp": {"session": &*session.0, "directory": self.directory}});
        let started = format!("{name} starts the session {}.", session.0);
        // Before the agent begins, so that the next attempt finds its session.
        output::write(message(MessageKind::Step, started, Some(metadata)), &self.outputs).await;
        Ok((session, self.prompt.begin(earlier.is_some())))
    }

    /// Resumes a session; returns false if the agent cannot.
    async fn resume(
        &self,
        agent: &InitializeResponse,
        id: SessionId,
        servers: Vec<McpServer>,
    ) -> Result<bool, Failure> {
        let capabilities = &agent.agent_capabilities;
        if capabilities.session_capabilities.resume.is_some() {
            let request = ResumeSessionRequest::new(id, &self.directory).mcp_servers(servers);
            let resumed = self.in_time(self.connection.agent().send_request(request).block_task()).await?;
            return self.resumed(resumed.map(drop));
        }
        if capabilities.load_session {
            // What the agent repeats of the session is in the transcript already.
            self.begin(None, true).await?;
            let request = LoadSessionRequest::new(id, &self.directory).mcp_servers(servers);
            let loaded = self.in_time(self.connection.agent().send_request(request).block_task()).await?;
            return self.resumed(loaded.map(drop));
        }
        Ok(false)
    }

    fn resumed(&self, answered: Result<(), Error>) -> Result<bool, Failure> {
        match answered {
            Ok(()) => Ok(true),
            Err(error) if is_closed(&error) => Err(self.error("The agent cannot resume its session", &error)),
            Err(error) => {
                tracing::debug!(error = describe(&error), "an agent cannot resume a session");
                Ok(false)
            }
        }
    }

    async fn mcp_servers(&self, agent: &InitializeResponse) -> Vec<McpServer> {
        let Some((url, key)) = &self.mcp else { return Vec::new() };
        if !agent.agent_capabilities.mcp_capabilities.http {
            let text = "The agent cannot use MCP servers over HTTP, so Callboard's tools are not available to it.";
            self.note(text.to_owned(), Some(Level::Warning), Value::Null).await;
            return Vec::new();
        }
        let header = HttpHeader::new("Authorization", format!("Bearer {key}"));
        vec![McpServer::Http(McpServerHttp::new("callboard", url).headers(vec![header]))]
    }

    async fn end(&self, session: &SessionId, stop: StopReason) -> Result<(), Failure> {
        if stop != StopReason::Cancelled {
            let name = self.shared.sender();
            let stop = serde_json::to_value(stop).unwrap_or_default();
            let mut metadata = json!({"acp": {"session": &*session.0, "stop_reason": &stop}});
            if let Some(usage) = self.shared.take_usage() {
                metadata["acp"]["usage"] = usage;
            }
            let text = format!("{name} ended its turn ({}).", stop.as_str().unwrap_or("unknown"));
            self.note(text, None, metadata).await;
        }
        let refused = self.permitter.has_refused();
        let why = match stop {
            StopReason::EndTurn => return Ok(()),
            StopReason::MaxTokens => "The agent reached its limit of tokens.",
            StopReason::MaxTurnRequests => "The agent reached its limit of requests in a turn.",
            StopReason::Refusal => "The agent refused to go on.",
            StopReason::Cancelled if refused => "The agent stopped because it was not permitted to go on.",
            StopReason::Cancelled => "The agent stopped its turn.",
            _ => "The agent stopped for a reason that the worker does not know.",
        };
        let retry = !refused && stop != StopReason::Refusal;
        Err(Failure::Reason(why.to_owned(), retry))
    }

    /// Begins to write the updates of a session, or to leave out what an agent repeats.
    async fn begin(&self, session: Option<SessionId>, replay: bool) -> Result<(), Failure> {
        if let Some(session) = session {
            self.shared.set_session(&session.0);
        }
        self.events.send(AgentEvent::Replay(replay)).await.map_err(|_| Failure::Closed)
    }

    /// Waits until everything that the agent has sent was passed on.
    async fn flush(&self) {
        let (sender, passed_on) = oneshot::channel();
        if self.events.send(AgentEvent::Flush(sender)).await.is_ok() {
            let _ = passed_on.await;
        }
    }

    async fn note(&self, text: String, level: Option<Level>, metadata: Value) {
        let mut step = message(MessageKind::Step, text, (!metadata.is_null()).then_some(metadata));
        step.level = level;
        let _ = self.outputs.send(Output::Message(step)).await;
    }

    async fn in_time<T>(&self, request: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::time::timeout(SESSION_TIMEOUT, request).await.map_err(|_| {
            let seconds = SESSION_TIMEOUT.as_secs();
            Failure::Reason(format!("The agent did not open a session within {seconds} s."), true)
        })
    }

    /// The failure for an error: how the agent broke the protocol, that it ended, or what it states.
    fn error(&self, what: &str, error: &Error) -> Failure {
        match self.connection.fault() {
            Some(fault) => Failure::Reason(fault.to_owned(), true),
            None if is_closed(error) => Failure::Closed,
            None => Failure::Reason(format!("{what}: {}.", describe(error)), true),
        }
    }

    fn session_error(&self, agent: &InitializeResponse, error: &Error) -> Failure {
        if error.code == agent_client_protocol::ErrorCode::AUTH_REQUIRED {
            let why = format!("The agent is not signed in: {}; {}.", describe(error), auth_methods(agent));
            return Failure::Reason(why, false);
        }
        self.error("The agent cannot open a session", error)
    }
}

/// The ways to sign in that an agent offers, as a part of a sentence.
fn auth_methods(agent: &InitializeResponse) -> String {
    let all: Vec<String> =
        agent.auth_methods.iter().take(20).map(|method: &AuthMethod| method.id().0.to_string()).collect();
    if all.is_empty() { "it offers none".to_owned() } else { format!("it offers {}", all.join(", ")) }
}
