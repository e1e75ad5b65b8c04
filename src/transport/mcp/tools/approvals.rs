//! Tools that ask people questions, and that show and decide them on behalf of people.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::read::page_size;
use super::ticket::text_part;
use super::{ADDS, Access, Answer, Call, LIST, STRING, Tool, value, workflow_of_key};
use crate::domain::approvals::reviews::{self, RequestClarification};
use crate::domain::approvals::{
    self, Approval, ApprovalFilter, ApprovalKind, ApprovalState, Decide, Decision, RequestApproval,
};
use crate::domain::history::own;
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

/// Maximum long-poll time, in seconds.
const MAX_WAIT: u64 = 30;

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "ask_human",
        description: "Asks people about a job, ticket or workflow (one id) without waiting. The answer comes by heartbeat, \
            wait_for_events or get_approval.",
        access: ADDS,
        schema: schema::of::<RequestApproval>,
        shows: &[
            ("job_id", ""),
            ("ticket_id", ""),
            ("workflow_id", ""),
            ("question", "In full."),
            ("context", "Background."),
            ("options", "Answers to offer."),
            ("blocks_job", "The job waits."),
            ("checks", "Test runs and the like: name, status."),
        ],
        returns: &[("approval_id", STRING)],
        run: ask,
    },
    Tool {
        name: "get_approval",
        description: "How a question stands, with answer and reason. Cut texts: part with offset.",
        access: Access::Read,
        schema: schema::of::<GetArguments>,
        shows: &[
            ("approval_id", "The question."),
            ("wait", "Seconds, 0 to 30."),
            ("part", "One text whole."),
            ("offset", ""),
        ],
        returns: &[],
        run: get,
    },
    Tool {
        name: "list_approvals",
        description: "Questions to people, newest first.",
        access: Access::Read,
        schema: schema::of::<ListArguments>,
        shows: &[
            ("workflow_id", ""),
            ("ticket_id", ""),
            ("job_id", ""),
            ("status", "Any of."),
            ("mine", "Yours only."),
            ("cursor", ""),
        ],
        returns: &[("approvals", LIST)],
        run: list,
    },
    Tool {
        name: "decide_approval",
        description: "Decides what somebody else asked, only if a person gave you their decision.",
        access: Access::Decide,
        schema: schema::of::<DecideArguments>,
        shows: &[
            ("approval_id", "The question."),
            ("decision", "For a review approve or reject."),
            ("answer", "In words."),
            ("reason", "Why."),
        ],
        returns: &[("approval_id", STRING)],
        run: decide,
    },
    Tool {
        name: "request_clarification",
        description: "Says on a ticket what is unclear; people answer there.",
        access: ADDS,
        schema: || schema::with(schema::of::<RequestClarification>(), "workflow_id", workflow_of_key()),
        shows: &[
            ("ticket_id", ""),
            ("workflow_id", ""),
            ("conflict_description", "20+ characters."),
            ("potential_solutions", "To choose from."),
        ],
        returns: &[("approval_id", STRING)],
        run: clarify,
    },
];

/// A text of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Text {
    /// The question.
    Question,
    /// The context.
    Context,
    /// The answer.
    Answer,
    /// The reason.
    Reason,
}

/// Which question, and how long to wait for it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GetArguments {
    /// The question, as ask_human answered it.
    approval_id: String,
    /// Seconds to wait for a decision, 0 to 30. Defaults to 0.
    #[schema(minimum = 0, maximum = 30)]
    wait: Option<u64>,
    /// Only this text, in full.
    part: Option<Text>,
    /// With part: the character to start at.
    #[schema(minimum = 0)]
    offset: Option<usize>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// Which questions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ListArguments {
    /// In this workflow. Defaults to all of your workflows.
    workflow_id: Option<String>,
    /// About this ticket.
    ticket_id: Option<String>,
    /// Asked in this job.
    job_id: Option<String>,
    /// In one of these states.
    status: Option<Vec<ApprovalState>>,
    /// Of one of these kinds.
    kind: Option<Vec<ApprovalKind>>,
    /// Only those you asked.
    mine: Option<bool>,
    /// 1 to 100. Defaults to 20.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// `next_cursor` of the previous answer.
    cursor: Option<String>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// How to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Reject,
    /// In words.
    Answer,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecideArguments {
    /// The question.
    approval_id: String,
    /// approve, reject or answer; reviews are approved or rejected.
    decision: Verdict,
    /// The answer as text; required to answer.
    #[schema(max_length = 20_000)]
    answer: Option<String>,
    /// Why.
    #[schema(max_length = 20_000)]
    reason: Option<String>,
    /// A comment for the ticket.
    #[schema(max_length = 100_000)]
    comment: Option<String>,
    /// The acting agent, if the caller may act for others.
    agent_id: Option<String>,
}

/// Texts of a question, and the characters of each that are shown with it; get_approval reads the rest.
const TEXTS: [(&str, usize); 4] = [("question", 2000), ("context", 2000), ("answer", 8000), ("reason", 4000)];

/// A question without duplicate members, and with long texts truncated to a `share`th of their limit.
fn brief(mut data: Value, share: usize) -> Value {
    if let Some(members) = data.as_object_mut() {
        for repeated in ["id", "ticket_title", "asked_by_name"] {
            members.remove(repeated);
        }
        for (name, length) in TEXTS {
            if let Some(text) =
                members.get(name).and_then(Value::as_str).map(|text| budget::truncate(text, length / share))
            {
                members.insert(name.to_owned(), text.into());
            }
        }
        if let Some(options) = members.get_mut("options").and_then(Value::as_array_mut) {
            *options = budget::fit(std::mem::take(options), budget::RESPONSE_BUDGET / 4 / share).0;
        }
    }
    budget::compact(data)
}

/// A question in a list: the decision, shortened.
pub(super) fn glance(mut data: Value) -> Result<Value> {
    data["context"] = Value::Null;
    Ok(brief(data, 4))
}

fn shown(approval: &Approval) -> Result<Answer> {
    let (id, answer) = (&approval.approval_id, approval.answer.as_deref().unwrap_or(""));
    let line = match approval.status {
        ApprovalState::Pending => format!("{id} is not decided yet."),
        ApprovalState::Approved => "A person approved it.".to_owned(),
        ApprovalState::Rejected => "A person rejected it.".to_owned(),
        ApprovalState::Answered => format!("A person answered, in {} characters.", answer.chars().count()),
        ApprovalState::Expired => "The question expired without a decision.".to_owned(),
        ApprovalState::Withdrawn => "The question was withdrawn.".to_owned(),
    };
    Ok(Answer::new(line, brief(value(approval)?, 1)))
}

fn ask(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.name_workflow_of_key().await?;
        let (caller, input) = (call.caller()?, call.read::<RequestApproval>()?);
        // From before the question, so that no answer is too early for it. A key that may not read gets none.
        let cursor = own::now(&call.state.db, &caller).await.ok();
        let approval = approvals::request(&call.state.db, &caller, &input).await?;
        let data = json!({"approval_id": approval.approval_id, "status": approval.status, "ticket_id": approval.ticket_id,
            "job_id": approval.job_id, "expires_at": approval.expires_at, "cursor": cursor});
        let line = "Asked; go on. The answer comes by wait_for_events with this cursor, by heartbeat, or by get_approval \
            with wait = 30.";
        Ok(Answer::new(line, budget::compact(data)))
    })
}

fn get(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<GetArguments>()?;
        let wait = input.wait.unwrap_or(0);
        if wait > MAX_WAIT {
            return Err(Error::invalid("wait", format!("must be between 0 and {MAX_WAIT}")));
        }
        let (db, timeout) = (&call.state.db, Duration::from_secs(wait));
        let approval = call.state.decision_waits.wait(db, &call.caller, &input.approval_id, timeout).await?;
        let mut answer = shown(&approval)?;
        if let Some(text) = input.part {
            let name = name(&text);
            let whole = value(&approval)?;
            answer.data = text_part(whole[&name].as_str().unwrap_or(""), &name, input.offset.unwrap_or(0));
        }
        Ok(answer)
    })
}

fn list(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.name_workflow_of_key().await?;
        let input = call.read::<ListArguments>()?;
        let which = ApprovalFilter {
            workflow_id: input.workflow_id,
            ticket_id: input.ticket_id,
            job_id: input.job_id,
            status: input.status.map(|all| all.iter().map(name).collect()),
            kind: input.kind.map(|all| all.iter().map(name).collect()),
            mine: input.mine,
        };
        let limit = page_size(input.limit, 20, 100)?;
        let (db, caller, which, cursor) = (&call.state.db, &call.caller, &which, input.cursor.as_deref());
        let (found, more, next) = budget::fit_page(limit, |limit| async move {
            let page = approvals::list(db, caller, which, limit, cursor).await?;
            let found = page.approvals.iter().map(|approval| glance(value(approval)?));
            Ok((found.collect::<Result<_>>()?, page.has_more, page.next_cursor))
        })
        .await?;
        Ok(Answer::new(format!("{} questions.", found.len()), budget::page("approvals", found, more, next)))
    })
}

/// The name of an enum variant, as the database stores it.
fn name(word: &impl Serialize) -> String {
    value(word).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn decide(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let (caller, input) = (call.caller()?, call.read::<DecideArguments>()?);
        let decision = match input.decision {
            Verdict::Approve => Decision::Approve,
            Verdict::Reject => Decision::Reject,
            Verdict::Answer => Decision::Answer,
        };
        let words =
            Decide { answer: input.answer, reason: input.reason, comment: input.comment, agent_id: input.agent_id };
        let decided = approvals::decide(&call.state.db, &caller, &input.approval_id, decision, &words).await?;
        call.state.decision_waits.wake(&input.approval_id);
        shown(&decided)
    })
}

fn clarify(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_ticket_key().await?;
        let (caller, input) = (call.caller()?, call.read::<RequestClarification>()?);
        let asked = reviews::request_clarification(&call.state.db, &caller, &input).await?;
        let data = json!({"success": true, "ticket_id": asked.ticket_id, "approval_id": asked.approval_id,
            "comment_id": asked.comment_id, "status": "pending"});
        Ok(Answer::new(budget::truncate(&asked.message, 500), data))
    })
}
