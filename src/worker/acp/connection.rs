//! A connection to an agent, on the protocol's crate.

use std::sync::Arc;
use std::time::Duration;

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::schema::{
    ClientCapabilities, FileSystemCapabilities, Implementation, InitializeRequest, InitializeResponse,
    ReadTextFileRequest, ReadTextFileResponse, RequestPermissionOutcome, RequestPermissionRequest,
    RequestPermissionResponse, WriteTextFileRequest, WriteTextFileResponse,
};
use agent_client_protocol::v1::{ConnectionTo, Responder};
use agent_client_protocol::{Agent, BoxFuture, Error, Lines, RequestCancellation};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::files::Files;
use super::lines::{self, AgentEvent, LineState};

/// How long an agent may take to answer `initialize`.
const INITIALIZE_TIMEOUT: Duration = Duration::from_secs(30);

/// Decides a request for permission; the second argument resolves when the agent no longer needs the decision.
pub(crate) type Decide = Arc<
    dyn Fn(RequestPermissionRequest, RequestCancellation) -> BoxFuture<'static, RequestPermissionOutcome> + Send + Sync,
>;

/// Why an agent could not be initialized.
#[derive(Debug)]
pub(crate) enum InitializeError {
    /// It has closed its output.
    Closed,
    /// A sentence.
    Reason(String),
}

/// A running connection; dropping it closes the agent's input.
pub(crate) struct Connection {
    agent: ConnectionTo<Agent>,
    state: LineState,
    driver: JoinHandle<()>,
}

impl Connection {
    /// Starts a connection on an agent's pipes. What needs no response goes to `events`.
    pub(crate) async fn open(
        (stdin, stdout): (impl AsyncWrite + Send + Unpin + 'static, impl AsyncRead + Send + Unpin + 'static),
        files: Files,
        decide: Decide,
        events: mpsc::Sender<AgentEvent>,
    ) -> Result<Self, String> {
        let state = LineState::default();
        let lines = Lines::new(lines::outgoing(stdin, state.clone()), lines::incoming(stdout, events, state.clone()));
        let (connected, connection) = oneshot::channel();
        let (reading, writing) = (files.clone(), files);
        let driver = tokio::spawn(async move {
            let ended = agent_client_protocol::Client
                .v1()
                .name("callboard")
                .on_receive_request(
                    async move |request: RequestPermissionRequest,
                                responder: Responder<RequestPermissionResponse>,
                                agent: ConnectionTo<Agent>| {
                        let decision = decide(request, responder.cancellation());
                        agent.spawn(async move {
                            let _ = responder.respond(RequestPermissionResponse::new(decision.await));
                            Ok(())
                        })
                    },
                    agent_client_protocol::on_receive_request!(),
                )
                .on_receive_request(
                    async move |request: ReadTextFileRequest,
                                responder: Responder<ReadTextFileResponse>,
                                agent: ConnectionTo<Agent>| {
                        let files = reading.clone();
                        agent.spawn(async move {
                            let read = move || files.read(&request.path, request.line, request.limit);
                            let _ =
                                responder.respond_with_result(off_thread(read).await.map(ReadTextFileResponse::new));
                            Ok(())
                        })
                    },
                    agent_client_protocol::on_receive_request!(),
                )
                .on_receive_request(
                    async move |request: WriteTextFileRequest,
                                responder: Responder<WriteTextFileResponse>,
                                agent: ConnectionTo<Agent>| {
                        let files = writing.clone();
                        agent.spawn(async move {
                            let write = move || files.write(&request.path, &request.content);
                            let written = off_thread(write).await.map(|()| WriteTextFileResponse::new());
                            let _ = responder.respond_with_result(written);
                            Ok(())
                        })
                    },
                    agent_client_protocol::on_receive_request!(),
                )
                .connect_with(lines, async move |agent: ConnectionTo<Agent>| {
                    let _ = connected.send(agent);
                    // Runs until the connection is dropped.
                    std::future::pending::<Result<(), Error>>().await
                })
                .await;
            if let Err(error) = ended {
                tracing::debug!(%error, "the connection to an agent ended");
            }
        });
        match connection.await {
            Ok(agent) => Ok(Self { agent, state, driver }),
            Err(_) => Err("The connection to the agent could not be started.".to_owned()),
        }
    }

    /// The agent, for requests and notifications.
    pub(crate) fn agent(&self) -> &ConnectionTo<Agent> {
        &self.agent
    }

    /// How the agent has broken the protocol, as a sentence.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.state.fault()
    }

    /// Agrees with the agent on the protocol's version and what each side can do.
    pub(crate) async fn initialize(&self) -> Result<InitializeResponse, InitializeError> {
        // Terminals are not offered: agents run commands in their own process group, which ends with the stage.
        let files = FileSystemCapabilities::new().read_text_file(true).write_text_file(true);
        let request = InitializeRequest::new(ProtocolVersion::V1)
            .client_capabilities(ClientCapabilities::new().fs(files))
            .client_info(Implementation::new("callboard", env!("CARGO_PKG_VERSION")).title("Callboard".to_owned()));
        let answered = tokio::time::timeout(INITIALIZE_TIMEOUT, self.agent.send_request(request).block_task()).await;
        let seconds = INITIALIZE_TIMEOUT.as_secs();
        let answer = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if is_closed(&error) => {
                return Err(self
                    .fault()
                    .map_or(InitializeError::Closed, |fault| InitializeError::Reason(fault.to_owned())));
            }
            Ok(Err(error)) => {
                let why = format!("The agent cannot be initialized: {}.", describe(&error));
                return Err(InitializeError::Reason(why));
            }
            Err(_) => {
                return Err(InitializeError::Reason(format!(
                    "The agent did not answer within {seconds} s. Does its command speak the Agent Client Protocol?"
                )));
            }
        };
        if answer.protocol_version != ProtocolVersion::V1 {
            return Err(InitializeError::Reason(format!(
                "The agent speaks version {} of the Agent Client Protocol; this worker speaks version 1.",
                answer.protocol_version
            )));
        }
        Ok(answer)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Runs file access on a thread that may block; the error goes to the agent.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()));
    done.map_err(|why| {
        let mut error = Error::invalid_params();
        error.message = why;
        error
    })
}

/// Whether an error means that the agent has closed its output.
pub(crate) fn is_closed(error: &Error) -> bool {
    agent_client_protocol::is_incoming_transport_closed(error) || agent_client_protocol::is_connection_terminated(error)
}

/// An error of the agent, on one line.
pub(crate) fn describe(error: &Error) -> String {
    let data = match &error.data {
        Some(serde_json::Value::String(text)) => format!(": {text}"),
        Some(data) if !data.is_null() => format!(": {data}"),
        _ => String::new(),
    };
    super::shorten(&format!("{}{data}", error.message.trim_end_matches('.')), 2000)
}
