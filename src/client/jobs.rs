//! Jobs: for those who ask for work, and for workers.

use serde_json::{Value, json};

use super::send::Again;
use super::tickets::part;
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
        self.post("/api/jobs", input, Again::Keyed).await
    }

    /// Creates a job; the same key with the same input is the same job, also after a restart.
    pub async fn create_job_once(&self, input: &CreateJob, key: &str) -> Result<Job> {
        self.create("/api/jobs", input, key).await
    }

    /// One job.
    pub async fn job(&self, id: &str) -> Result<Job> {
        self.get(&format!("/api/jobs/{}", part(id)), &[]).await
    }

    /// A page of jobs, newest first.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Jobs> {
        let given = [
            ("workflow_id", filter.workflow_id.clone()),
            ("ticket_id", filter.ticket_id.clone()),
            ("status", filter.statuses.as_ref().map(|all| all.join(","))),
            ("mine", filter.mine.then(|| "true".to_owned())),
            ("title", filter.title.clone()),
            ("limit", (filter.limit > 0).then(|| filter.limit.to_string())),
            ("cursor", filter.cursor.clone()),
        ];
        let query: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get("/api/jobs", &query).await
    }

    /// Does `continue`, `pause`, `resume`, `retry` or `cancel` to a job.
    pub async fn act_on_job(&self, id: &str, action: &str) -> Result<Job> {
        self.post(&format!("/api/jobs/{}/{}", part(id), part(action)), &json!({}), Again::Refused).await
    }

    /// Lines of a job's transcript after a place in it.
    pub async fn job_messages(&self, id: &str, kind: Option<&str>, after: i64, limit: i64) -> Result<Messages> {
        let mut query = vec![("job_id", id.to_owned()), ("after", after.to_string()), ("limit", limit.to_string())];
        query.extend(kind.map(|kind| ("kind", kind.to_owned())));
        self.get("/api/job-messages", &query).await
    }

    /// Adds a line to a transcript, as somebody who does not hold the job.
    pub async fn post_job_message(&self, input: &PostMessage) -> Result<Message> {
        self.post("/api/job-messages", input, Again::Refused).await
    }

    /// Takes the next ready job.
    pub async fn claim_job(&self, input: &ClaimJob) -> Result<ClaimedJob> {
        self.post("/api/jobs/claim", input, Again::Refused).await
    }

    /// Extends the lease, and tells what the worker must know. Tried once: the next one is never far.
    pub async fn heartbeat(&self, id: &str, input: &Heartbeat) -> Result<HeartbeatAnswer> {
        self.post(&format!("/api/jobs/{}/heartbeat", part(id)), input, Again::Refused).await
    }

    /// Enters a stage; the ticket goes along.
    pub async fn enter_stage(&self, id: &str, input: &EnterStage) -> Result<StageEntered> {
        self.post(&format!("/api/jobs/{}/stage", part(id)), input, Again::Safe).await
    }

    /// Notes progress.
    pub async fn report_progress(&self, id: &str, input: &ReportProgress) -> Result<ProgressReported> {
        self.post(&format!("/api/jobs/{}/progress", part(id)), input, Again::Safe).await
    }

    /// Adds lines to the transcript, as the holder.
    pub async fn post_messages(&self, id: &str, input: &PostMessages) -> Result<MessagesPosted> {
        self.post(&format!("/api/jobs/{}/messages", part(id)), input, Again::Refused).await
    }

    /// Ends the job with success; told twice, the answer is the same.
    pub async fn complete_job(&self, id: &str, input: &CompleteJob) -> Result<JobCompleted> {
        self.post(&format!("/api/jobs/{}/complete", part(id)), input, Again::Safe).await
    }

    /// Ends the attempt with failure; told twice, the answer is the same.
    pub async fn fail_job(&self, id: &str, input: &FailJob) -> Result<JobFailed> {
        self.post(&format!("/api/jobs/{}/fail", part(id)), input, Again::Safe).await
    }

    /// Gives the job back; the attempt does not count.
    pub async fn release_job(&self, id: &str, input: &ReleaseLease) -> Result<LeaseReleased> {
        self.post(&format!("/api/jobs/{}/release", part(id)), input, Again::Refused).await
    }

    /// Confirms that a job that was to be cancelled has stopped.
    pub async fn confirm_cancelled(&self, id: &str, input: &ReleaseLease) -> Result<LeaseReleased> {
        self.post(&format!("/api/jobs/{}/cancelled", part(id)), input, Again::Refused).await
    }

    /// Apps of a workflow, without their documents.
    pub async fn apps(&self, workflow: Option<&str>) -> Result<Apps> {
        let query: Vec<_> = workflow.map(|id| ("workflow_id", id.to_owned())).into_iter().collect();
        self.get("/api/apps", &query).await
    }

    /// What a job has specified.
    pub async fn app_of_job(&self, job: &str) -> Result<App> {
        self.get(&format!("/api/apps/by-job/{}", part(job)), &[]).await
    }

    /// Stores what a job has specified.
    pub async fn put_app(&self, job: &str, input: &NewApp) -> Result<App> {
        self.call(reqwest::Method::PUT, &format!("/api/apps/by-job/{}", part(job)), input, Again::Safe).await
    }

    /// Where a workflow's stream is now.
    pub async fn end_of_stream(&self, workflow: &str) -> Result<Cursor> {
        let path = format!("/api/workflows/{}/events", part(workflow));
        let answer = self.get::<Value>(&path, &[("since", "0".to_owned()), ("limit", "1".to_owned())]).await;
        let at = match answer {
            // Where the first events are gone, the refusal says where the last ones are.
            Err(Error::Refused(problem)) if problem.code == "resync" => Value::Object(problem.extra),
            answer => answer?,
        };
        let cursor = at["epoch"].as_str().zip(at["last_seq"].as_i64());
        let (epoch, seq) = cursor.ok_or_else(|| Error::Unexpected("the end of a stream has no number".to_owned()))?;
        Ok(Cursor { epoch: epoch.to_owned(), seq })
    }
}
