//! Passes on what an agent reports to the transcript, in order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::domain::usage::{Cumulative, Money, ReportUsage};
use crate::worker::acp::lines::AgentEvent;
use crate::worker::acp::updates::Updates;
use crate::worker::acp::usage;
use crate::worker::output::{Line, Output, storable};
use crate::worker::redact::Secrets;

/// How long an agent has to be silent before the beginning of its message is written.
const IDLE_AFTER: Duration = Duration::from_secs(3);

/// What the conversation states and learns.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sender: String,
    session: Option<String>,
    usage: Value,
    context: Value,
    model: Option<String>,
    /// Tokens that were not reported yet.
    unreported: ReportUsage,
    reported_cost: Option<Money>,
}

impl Shared {
    pub(super) fn set_sender(&self, name: &str) {
        self.lock().sender = name.chars().take(200).collect();
    }

    /// The name of the agent.
    pub(super) fn sender(&self) -> String {
        let sender = self.lock().sender.clone();
        if sender.trim().is_empty() { "The agent".to_owned() } else { sender }
    }

    pub(super) fn set_session(&self, id: &str) {
        self.lock().session = Some(id.to_owned());
    }

    /// The tokens of the turn, and the context in use, as far as the agent stated them.
    pub(super) fn take_usage(&self) -> Option<Value> {
        let mut state = self.lock();
        let (turn, context) = (std::mem::take(&mut state.usage), state.context.clone());
        (!turn.is_null() || !context.is_null()).then(|| json!({"turn": turn, "context": context}))
    }

    /// Keeps what the updates say about the context, the cost and the model.
    fn set_context(&self, updates: &Updates) {
        let mut state = self.lock();
        state.context = updates.usage.clone();
        state.model = updates.model.clone().or(state.model.take());
    }

    /// Keeps the tokens of a turn.
    fn add_turn(&self, turn: &Value, secrets: &Secrets) {
        let mut state = self.lock();
        usage::add_turn(&mut state.unreported, turn);
        state.usage = secrets.redact_json(turn);
    }

    /// What was used since the last report. Tokens are added up, the cost is that of the session so far.
    pub(super) fn take_report(&self) -> Option<ReportUsage> {
        let mut state = self.lock();
        let mut report = std::mem::take(&mut state.unreported);
        if let Some(cost) =
            usage::cost_of(&state.context["cost"]).filter(|cost| state.reported_cost.as_ref() != Some(cost))
        {
            state.reported_cost = Some(cost.clone());
            (report.cost, report.currency) = (Some(cost.amount), Some(cost.currency));
            report.cumulative = Some(Cumulative::Cost);
            report.session = state.session.as_ref().map(|id| id.chars().take(200).collect());
        }
        let is_empty = report == ReportUsage::default();
        report.model = state.model.clone();
        (!is_empty).then_some(report)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes on events until they end or nobody takes the output.
pub(super) async fn run(
    mut events: mpsc::Receiver<AgentEvent>,
    outputs: mpsc::Sender<Output>,
    shared: Arc<Shared>,
    secrets: Secrets,
) {
    let mut updates = Updates::new(secrets.clone());
    let mut replays = false;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = tokio::time::sleep(IDLE_AFTER), if updates.has_text() => {
                if send(&outputs, updates.flush_part()).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let (out, passed_on) = match event {
            None => {
                let _ = send(&outputs, updates.flush()).await;
                return;
            }
            Some(AgentEvent::Update(_)) if replays => continue,
            Some(AgentEvent::Update(params)) => {
                let out = updates.apply(params);
                shared.set_context(&updates);
                (out, None)
            }
            Some(AgentEvent::Usage(turn)) => {
                shared.add_turn(&turn, &secrets);
                continue;
            }
            Some(AgentEvent::Model(model)) => {
                shared.lock().model = Some(storable(&secrets.redact(&model)));
                continue;
            }
            Some(AgentEvent::Stray(text)) => {
                let text = storable(&secrets.redact(&text));
                (vec![Output::Line(Line { text, error: false })], None)
            }
            Some(AgentEvent::Replay(on)) => {
                replays = on;
                updates.sender = shared.sender();
                updates.session = shared.lock().session.clone();
                continue;
            }
            Some(AgentEvent::Flush(sender)) => (updates.flush(), Some(sender)),
        };
        if send(&outputs, out).await.is_err() {
            return;
        }
        drop(passed_on);
    }
}

async fn send(outputs: &mpsc::Sender<Output>, out: Vec<Output>) -> Result<(), ()> {
    for output in out {
        outputs.send(output).await.map_err(|_| ())?;
    }
    Ok(())
}
