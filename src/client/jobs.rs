//! Jobs: methods for requesters and for workers.

use serde_json::{Value, json};

use super::send::{Repeat, body_of, decode};
use super::tickets::path_segment;
use super::{Client, Cursor, Error, Result};
use crate::domain::apps::{App, Apps};
use crate::domain::jobs::leases::{ClaimJob, ClaimedJob, Heartbeat, HeartbeatAnswer, LeaseReleased, ReleaseLease};
use crate::domain::jobs::messages::{Message, Messages, PostMessage};
use crate::domain::jobs::work::{
    CompleteJob, EnterStage, FailJob, JobCompleted, JobFailed, MessagesPosted, NewApp, PostMessages, ProgressReported,
    ReportProgress, StageEntered,
};
use crate::domain::jobs::{CreateJob, Job, JobFilter, Jobs};

impl Client {
    /// Creates a job.
    pub async fn create_job(&self, input: &CreateJob) -> Result<Job> {
        self.post("/api/jobs", input).await
    }

    /// Creates a job with a given idempotency key; repeating the call with the same input returns the same job.
    pub async fn create_job_once(&self, input: &CreateJob, key: &str) -> Result<Job> {
        self.with_idempotency_key(key).create_job(input).await
    }

    /// One job.
    pub async fn job(&self, id: &str) -> Result<Job> {
        self.get(&format!("/api/jobs/{}", path_segment(id)), &[]).await
    }

    /// A page of jobs, newest first.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Jobs> {
        let parameters = [
            ("workflow_id", filter.workflow_id.clone()),
            ("ticket_id", filter.ticket_id.clone()),
            ("status", filter.statuses.as_ref().map(|all| all.join(","))),
            ("mine", filter.mine.then(|| "true".to_owned())),
            ("title", filter.title.clone()),
            ("limit", (filter.limit > 0).then(|| filter.limit.to_string())),
            ("cursor", filter.cursor.clone()),
        ];
        let query: Vec<_> = parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get("/api/jobs", &query).await
    }

    /// Applies an action to a job: `continue`, `pause`, `resume`, `retry` or `cancel`.
    pub async fn act_on_job(&self, id: &str, action: &str) -> Result<Job> {
        self.post(&format!("/api/jobs/{}/{}", path_segment(id), path_segment(action)), &json!({})).await
    }

    /// A page of a job's transcript, after the message with the number `after`.
    pub async fn job_messages(&self, id: &str, kind: Option<&str>, after: i64, limit: i64) -> Result<Messages> {
        let mut query = vec![("job_id", id.to_owned()), ("after", after.to_string()), ("limit", limit.to_string())];
        query.extend(kind.map(|kind| ("kind", kind.to_owned())));
        self.get("/api/job-messages", &query).await
    }

    /// Adds a message to a transcript without holding the job's lease.
    pub async fn post_job_message(&self, input: &PostMessage) -> Result<Message> {
        self.post("/api/job-messages", input).await
    }

    /// Claims the next ready job.
    pub async fn claim_job(&self, input: &ClaimJob) -> Result<ClaimedJob> {
        self.post("/api/jobs/claim", input).await
    }

    /// Extends the lease; returns pending requests and answers. It has no idempotency key: a second heartbeat changes nothing
    /// more, and its answer is newer.
    pub async fn heartbeat(&self, id: &str, input: &Heartbeat) -> Result<HeartbeatAnswer> {
        let path = format!("/api/jobs/{}/heartbeat", path_segment(id));
        decode(&self.send(reqwest::Method::POST, &path, Some(body_of(input)?), Repeat::Freely).await?)
    }

    /// Enters a stage; the job's ticket moves to the matching column.
    pub async fn enter_stage(&self, id: &str, input: &EnterStage) -> Result<StageEntered> {
        self.post(&format!("/api/jobs/{}/stage", path_segment(id)), input).await
    }

    /// Reports progress.
    pub async fn report_progress(&self, id: &str, input: &ReportProgress) -> Result<ProgressReported> {
        self.post(&format!("/api/jobs/{}/progress", path_segment(id)), input).await
    }

    /// Adds messages to the transcript under the job's lease.
    pub async fn post_messages(&self, id: &str, input: &PostMessages) -> Result<MessagesPosted> {
        self.post(&format!("/api/jobs/{}/messages", path_segment(id)), input).await
    }

    /// Completes the job; idempotent.
    pub async fn complete_job(&self, id: &str, input: &CompleteJob) -> Result<JobCompleted> {
        self.post(&format!("/api/jobs/{}/complete", path_segment(id)), input).await
    }

    /// Fails the attempt; idempotent.
    pub async fn fail_job(&self, id: &str, input: &FailJob) -> Result<JobFailed> {
        self.post(&format!("/api/jobs/{}/fail", path_segment(id)), input).await
    }

    /// Releases the job; the attempt does not count.
    pub async fn release_job(&self, id: &str, input: &ReleaseLease) -> Result<LeaseReleased> {
        self.post(&format!("/api/jobs/{}/release", path_segment(id)), input).await
    }

    /// Confirms that the worker has stopped a cancelled job.
    pub async fn confirm_cancelled(&self, id: &str, input: &ReleaseLease) -> Result<LeaseReleased> {
        self.post(&format!("/api/jobs/{}/cancelled", path_segment(id)), input).await
    }

    /// The apps of a workflow, without their documents.
    pub async fn apps(&self, workflow: Option<&str>) -> Result<Apps> {
        let query: Vec<_> = workflow.map(|id| ("workflow_id", id.to_owned())).into_iter().collect();
        self.get("/api/apps", &query).await
    }

    /// The app of a job.
    pub async fn app_of_job(&self, job: &str) -> Result<App> {
        self.get(&format!("/api/apps/by-job/{}", path_segment(job)), &[]).await
    }

    /// Stores the app of a job.
    pub async fn put_app(&self, job: &str, input: &NewApp) -> Result<App> {
        self.call(reqwest::Method::PUT, &format!("/api/apps/by-job/{}", path_segment(job)), input).await
    }

    /// The cursor at the end of a workflow's stream.
    pub async fn end_of_stream(&self, workflow: &str) -> Result<Cursor> {
        let path = format!("/api/workflows/{}/events", path_segment(workflow));
        let answer = self.get::<Value>(&path, &[("since", "0".to_owned()), ("limit", "1".to_owned())]).await;
        let end = match answer {
            // If the first events were pruned, the `resync` problem carries the end of the stream.
            Err(Error::Refused(problem)) if problem.code == "resync" => Value::Object(problem.extra),
            answer => answer?,
        };
        let cursor = end["epoch"].as_str().zip(end["last_seq"].as_i64());
        let (epoch, seq) =
            cursor.ok_or_else(|| Error::Unexpected("the end of the stream has no epoch or number".to_owned()))?;
        Ok(Cursor { epoch: epoch.to_owned(), seq })
    }
}
