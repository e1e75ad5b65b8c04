//! Decides an agent's requests for permission: as the settings say, by what people have decided before, or by asking.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent_client_protocol::RequestCancellation;
use agent_client_protocol::v1::schema::{RequestPermissionOutcome, RequestPermissionRequest};
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::client::Client;
use crate::domain::approvals::{Approval, ApprovalFilter, ApprovalState, RequestApproval, Withdraw};
use crate::domain::jobs::messages::{Level, MessageKind};
use crate::worker::WorkerContext;
use crate::worker::acp::permissions::{Question, Verdict, cancelled};
use crate::worker::config::Permissions;
use crate::worker::job::lease::{Control, HeartbeatTrigger, Lease};
use crate::worker::job::transcript::{Earlier, message};
use crate::worker::output::{self, Output};
use crate::worker::redact::Secrets;

/// How long one request for a decision waits.
const WAIT_SECONDS: u32 = 25;
/// The pause before a failed request is repeated.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Decides the requests for permission of one stage.
pub(super) struct Permitter {
    client: Client,
    job: String,
    token: String,
    control: watch::Sender<Control>,
    heartbeat: HeartbeatTrigger,
    secrets: Secrets,
    permissions: Permissions,
    outputs: mpsc::Sender<Output>,
    /// Approvals of earlier attempts that the agent has not received.
    earlier: Mutex<Vec<Approval>>,
    cancelled: watch::Sender<bool>,
    refused: AtomicBool,
    remarks: Mutex<Vec<String>>,
}

impl Permitter {
    pub(super) async fn new(
        context: &WorkerContext,
        lease: &Lease,
        permissions: Permissions,
        outputs: mpsc::Sender<Output>,
        earlier: &Earlier,
    ) -> Self {
        let filter = ApprovalFilter { job_id: Some(lease.job.clone()), ..ApprovalFilter::default() };
        let mut approvals = Vec::new();
        if permissions == Permissions::Ask {
            match context.client.approvals(&filter, 100).await {
                Ok(found) => approvals = found.approvals,
                Err(error) => tracing::warn!(job = lease.job, %error, "earlier questions of a job cannot be read"),
            }
        }
        approvals.retain(|approval| {
            let ended = matches!(approval.status, ApprovalState::Expired | ApprovalState::Withdrawn);
            approval.blocks_job && !ended && !earlier.received.contains(&approval.id)
        });
        Self {
            client: context.client.clone(),
            job: lease.job.clone(),
            token: lease.token.clone(),
            control: lease.control.clone(),
            heartbeat: lease.heartbeat.clone(),
            secrets: context.redact.clone(),
            permissions,
            outputs,
            earlier: Mutex::new(approvals),
            cancelled: watch::channel(false).0,
            refused: AtomicBool::new(false),
            remarks: Mutex::default(),
        }
    }

    /// Ends all questions that are open: the stage has to end.
    pub(super) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Whether a request was rejected, or not decided.
    pub(super) fn has_refused(&self) -> bool {
        self.refused.load(Ordering::SeqCst)
    }

    /// Takes what people wrote with their decisions, for the agent.
    pub(super) fn take_remarks(&self) -> Vec<String> {
        std::mem::take(&mut self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides a request.
    pub(super) async fn decide(
        self: Arc<Self>,
        request: RequestPermissionRequest,
        cancellation: RequestCancellation,
    ) -> RequestPermissionOutcome {
        let question = Question::of(&request, &self.secrets);
        let (verdict, approval) = match self.permissions {
            Permissions::Allow => (question.preset(true), None),
            Permissions::Deny => (question.preset(false), None),
            Permissions::Ask => self.ask(&question, &cancellation).await,
        };
        self.refused.fetch_or(!verdict.allowed, Ordering::SeqCst);
        if let Some(remark) = &verdict.remark {
            let mut remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
            remarks.push(format!("About “{}”, a person wrote: {remark}", question.title));
        }
        let by = approval.as_ref().and_then(|approval| approval.decided_by_name.clone());
        let by = by.map(|name| format!(" ({name})")).unwrap_or_default();
        let text = format!("Permission for “{}”: {}{by}", question.title, verdict.label);
        let mut step = message(MessageKind::Step, text, None);
        step.level = (!verdict.allowed).then_some(Level::Warning);
        if let Some(approval) = approval {
            // Before the agent receives the decision, so that it is used once.
            step.metadata = Some(json!({"acp": {"approval": approval.id}}));
            output::write(step, &self.outputs).await;
        } else {
            let _ = self.outputs.send(Output::Message(step)).await;
        }
        verdict.outcome
    }

    async fn ask(&self, question: &Question, cancellation: &RequestCancellation) -> (Verdict, Option<Approval>) {
        let mut stop = self.cancelled.subscribe();
        let decided = tokio::select! {
            decided = self.decision(question) => Some(decided),
            _ = stop.wait_for(|cancelled| *cancelled) => Some(Err("cancelled".to_owned())),
            () = cancellation.cancelled() => None,
        };
        let Some(decided) = decided else {
            self.withdraw(question).await;
            return (cancelled("no longer needed"), None);
        };
        match decided {
            Ok(approval) => match question.verdict(&approval) {
                Some(verdict) => (verdict, Some(approval)),
                None => (cancelled("not decided"), None),
            },
            Err(why) => (cancelled(&why), None),
        }
    }

    /// Waits for the decision of people, after asking them unless they were asked before.
    async fn decision(&self, question: &Question) -> Result<Approval, String> {
        let mut approval = match self.take_earlier(question) {
            Some(earlier) => earlier,
            None => self.request(question).await?,
        };
        // From now on the job waits, and its time limit too.
        self.heartbeat.now().await;
        while approval.status == ApprovalState::Pending {
            match self.client.approval(&approval.id, Some(WAIT_SECONDS)).await {
                Ok(read) => approval = read,
                Err(error) if error.is_temporary() => tokio::time::sleep(RETRY_INTERVAL).await,
                Err(error) => return Err(format!("not decided: {error}")),
            }
        }
        self.heartbeat.now().await;
        Ok(approval)
    }

    async fn request(&self, question: &Question) -> Result<Approval, String> {
        let ask = RequestApproval {
            job_id: Some(self.job.clone()),
            question: question.question.clone(),
            context: Some(question.context.clone()),
            options: (!question.answers.is_empty()).then(|| question.answers.clone()),
            blocks_job: Some(true),
            lease_token: Some(self.token.clone()),
            ..RequestApproval::default()
        };
        let client = self.client.with_idempotency_key(&uuid::Uuid::now_v7().to_string());
        loop {
            match client.ask(&ask).await {
                Ok(asked) => return Ok(asked),
                Err(error) if error.is_temporary() => tokio::time::sleep(RETRY_INTERVAL).await,
                Err(error) => {
                    if error.code() == Some("lease_lost") {
                        self.control.send_replace(Control::LeaseLost);
                    }
                    return Err(format!("people cannot be asked: {error}"));
                }
            }
        }
    }

    fn take_earlier(&self, question: &Question) -> Option<Approval> {
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let place = earlier.iter().position(|approval| question.is_asked_by(approval))?;
        Some(earlier.swap_remove(place))
    }

    /// Withdraws the pending question that the agent no longer needs to have decided.
    async fn withdraw(&self, question: &Question) {
        let pending = Some(vec!["pending".to_owned()]);
        let filter = ApprovalFilter { job_id: Some(self.job.clone()), status: pending, ..ApprovalFilter::default() };
        let Ok(found) = self.client.approvals(&filter, 100).await else { return };
        if let Some(asked) = found.approvals.iter().find(|approval| question.is_asked_by(approval)) {
            let reason = Some("The agent no longer needs it.".to_owned());
            let input = Withdraw { reason, ..Withdraw::default() };
            if let Err(error) = self.client.withdraw(&asked.id, &input).await {
                tracing::warn!(job = self.job, %error, "a question cannot be withdrawn");
            }
        }
    }
}
