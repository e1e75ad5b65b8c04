//! Leases on jobs. A claim returns a lease and its fencing token; writes with a token that is stale, because the lease
//! expired or another worker claimed the job, are rejected with `lease_lost`. All times are the database's.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Job, JobStatus};

#[cfg(feature = "server")]
pub use self::queries::*;

/// `POST /api/jobs/claim`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimJob {
    /// Only in this workflow. Defaults to all workflows in which the caller may write.
    pub workflow_id: Option<String>,
    /// Only of these types.
    #[schema(max_items = 50)]
    pub job_types: Option<Vec<String>>,
    /// The name of the worker.
    #[schema(max_length = 200)]
    pub worker: Option<String>,
    /// The lease without a heartbeat, 5 to 3600 seconds. Defaults to 60.
    #[schema(minimum = 5, maximum = 3600)]
    pub lease_seconds: Option<f64>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// The answer to a claim. `job` and `lease_token` are null if no job is ready.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClaimedJob {
    /// Always true.
    pub success: bool,
    /// The job, in its first stage or in the stage that an earlier attempt reached.
    pub job: Option<Job>,
    /// The fencing token; every later write needs it.
    pub lease_token: Option<String>,
    /// A sentence for a person.
    pub message: String,
}

/// `POST /api/jobs/{id}/heartbeat`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The token from the claim.
    pub lease_token: String,
    /// The new lease, counted from now, in seconds.
    #[schema(minimum = 5, maximum = 3600)]
    pub lease_seconds: Option<f64>,
    /// Percent, 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    pub progress: Option<f64>,
    /// What the worker is doing.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// The answer to a heartbeat: what the worker has to react to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeartbeatAnswer {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job_id: String,
    /// Its state.
    pub status: JobStatus,
    /// Stop, then confirm with `/cancelled`.
    pub cancel_requested: bool,
    /// Pause, and continue to send heartbeats.
    pub pause_requested: bool,
    /// When the lease expires.
    #[schema(format = DateTime)]
    pub lease_expires_at: String,
    /// Questions of this job that people have decided, newest first.
    #[schema(value_type = Vec<Object>)]
    pub approvals: Vec<Value>,
}

/// `POST /api/jobs/{id}/release` and `/cancelled`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseLease {
    /// The token from the claim.
    pub lease_token: String,
    /// Why, for the transcript.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// The answer to releasing a lease.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LeaseReleased {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job: Job,
}
