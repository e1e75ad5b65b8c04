//! Claims on jobs. A claim gives its holder a lease and a token; whoever has lost the lease (it expired, or the
//! job went to somebody else) is refused with `lease_lost`, whatever it wants to write. All times are the
//! database's.

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
    /// Only of this workflow; of all the caller may write in where left out.
    pub workflow_id: Option<String>,
    /// Only of these types.
    #[schema(max_items = 50)]
    pub job_types: Option<Vec<String>>,
    /// What the worker calls itself.
    #[schema(max_length = 200)]
    pub worker: Option<String>,
    /// How long the claim holds without a heartbeat, 5 to 3600 seconds; 60 where left out.
    #[schema(minimum = 5, maximum = 3600)]
    pub lease_seconds: Option<f64>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// The answer to claiming; without a ready job, `job` and `lease_token` are null.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClaimedJob {
    /// Always true.
    pub success: bool,
    /// The job, in its first stage or the one it was in.
    pub job: Option<Job>,
    /// Proves the claim in every later write.
    pub lease_token: Option<String>,
    /// A sentence for a person.
    pub message: String,
}

/// `POST /api/jobs/{id}/heartbeat`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// From the claim.
    pub lease_token: String,
    /// How long the claim holds from now.
    #[schema(minimum = 5, maximum = 3600)]
    pub lease_seconds: Option<f64>,
    /// Percent, 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    pub progress: Option<f64>,
    /// What it is doing.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// What a worker must know.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeartbeatAnswer {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job_id: String,
    /// Where it stands.
    pub status: JobStatus,
    /// Stop, then confirm with `/cancelled`.
    pub cancel_requested: bool,
    /// Rest, but go on with heartbeats.
    pub pause_requested: bool,
    /// Until when the claim holds.
    #[schema(format = DateTime)]
    pub lease_expires_at: String,
    /// Questions of this job that people have decided, newest first.
    #[schema(value_type = Vec<Object>)]
    pub approvals: Vec<Value>,
}

/// `POST /api/jobs/{id}/release` and `/cancelled`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveBack {
    /// From the claim.
    pub lease_token: String,
    /// Why, for the transcript.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// The answer to giving a job back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GivenBack {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job: Job,
}
