//! Requests for permission as questions to people, and decisions as outcomes for the agent.

use agent_client_protocol::v1::schema::{
    PermissionOption, PermissionOptionKind, RequestPermissionOutcome, RequestPermissionRequest,
    SelectedPermissionOutcome, ToolCallContent,
};
use serde_json::Value;

use super::shorten;
use super::updates::{content_text, diff_summary};
use crate::domain::approvals::{Approval, ApprovalState};
use crate::worker::output::storable;
use crate::worker::redact::Secrets;

/// The longest text of a request that people see, in bytes.
const MAX_CONTEXT_BYTES: usize = 20_000;
/// The longest title or name of an option, in bytes.
const MAX_NAME_BYTES: usize = 500;
/// The most options that are offered.
const MAX_OPTIONS: usize = 50;

/// A request for permission as a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// What the agent wants to do, in a few words.
    pub(crate) title: String,
    /// The question.
    pub(crate) question: String,
    /// What people need to know to decide it, Markdown.
    pub(crate) context: String,
    /// The answers, in the order of the agent's options.
    pub(crate) answers: Vec<String>,
    options: Vec<PermissionOption>,
}

/// What a decision means for the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The outcome that the agent receives.
    pub(crate) outcome: RequestPermissionOutcome,
    /// Whether the agent may go on with what it asked for.
    pub(crate) allowed: bool,
    /// What the outcome is called.
    pub(crate) label: String,
    /// What a person wrote besides choosing an option.
    pub(crate) remark: Option<String>,
}

impl Question {
    /// The question that a request puts to people. The same request gives the same question.
    pub(crate) fn of(request: &RequestPermissionRequest, secrets: &Secrets) -> Self {
        let clean = |text: &str, max| storable(&shorten(&secrets.redact(text), max));
        let fields = &request.tool_call.fields;
        let title = fields.title.as_deref().map(str::trim).filter(|title| !title.is_empty()).unwrap_or("Use a tool");
        let title = clean(title, MAX_NAME_BYTES);
        let mut parts = Vec::new();
        let paths: Vec<String> =
            fields.locations.iter().flatten().take(20).map(|place| place.path.display().to_string()).collect();
        if !paths.is_empty() {
            parts.push(format!("Files: {}", paths.join(", ")));
        }
        if let Some(input) = fields.raw_input.as_ref().filter(|input| !is_empty(input)) {
            parts.push(format!("```json\n{}\n```", serde_json::to_string_pretty(input).unwrap_or_default()));
        }
        parts.extend(fields.content.iter().flatten().take(20).filter_map(|content| match content {
            ToolCallContent::Content(content) => Some(content_text(&content.content)),
            ToolCallContent::Diff(diff) => Some(diff_summary(diff)),
            _ => None,
        }));
        let options: Vec<PermissionOption> = request.options.iter().take(MAX_OPTIONS).cloned().collect();
        let mut answers: Vec<String> = Vec::new();
        for option in &options {
            let mut name = clean(option.name.trim(), MAX_NAME_BYTES);
            if name.is_empty() || answers.contains(&name) {
                name = format!("{name} ({})", clean(&option.option_id.0, MAX_NAME_BYTES)).trim().to_owned();
            }
            answers.push(name);
        }
        Self {
            question: format!("May the agent do this: {title}"),
            context: clean(&parts.join("\n\n"), MAX_CONTEXT_BYTES),
            title,
            answers,
            options,
        }
    }

    /// Whether an approval asks this question.
    pub(crate) fn is_asked_by(&self, approval: &Approval) -> bool {
        // The database trims texts and lists.
        approval.question.trim() == self.question.trim()
            && approval.context.trim() == self.context.trim()
            && approval.options == self.answers
    }

    /// The verdict if every request is allowed or rejected without asking.
    pub(crate) fn preset(&self, allow: bool) -> Verdict {
        let kinds = if allow {
            [PermissionOptionKind::AllowOnce, PermissionOptionKind::AllowAlways]
        } else {
            [PermissionOptionKind::RejectOnce, PermissionOptionKind::RejectAlways]
        };
        let found = kinds.iter().find_map(|kind| self.options.iter().position(|option| option.kind == *kind));
        found.map_or_else(|| cancelled("cancelled"), |place| self.select(place))
    }

    /// What a decision means; `None` while it is pending.
    pub(crate) fn verdict(&self, approval: &Approval) -> Option<Verdict> {
        let reason = approval.reason.clone().filter(|reason| !reason.trim().is_empty());
        let with_reason = |verdict: Verdict| Verdict { remark: reason.clone(), ..verdict };
        Some(match approval.status {
            ApprovalState::Pending => return None,
            ApprovalState::Approved => with_reason(self.preset(true)),
            ApprovalState::Rejected => with_reason(self.preset(false)),
            ApprovalState::Expired => cancelled("expired"),
            ApprovalState::Withdrawn => cancelled("withdrawn"),
            ApprovalState::Answered => {
                let answer = approval.answer.as_deref().unwrap_or_default().trim();
                match self.find(answer) {
                    Some(place) => with_reason(self.select(place)),
                    // A text of its own is no permission; the agent receives it afterwards.
                    None => Verdict { remark: Some(answer.to_owned()), ..self.preset(false) },
                }
            }
        })
    }

    fn find(&self, answer: &str) -> Option<usize> {
        let named = self.answers.iter().position(|name| name.trim().eq_ignore_ascii_case(answer));
        named.or_else(|| self.options.iter().position(|option| &*option.option_id.0 == answer))
    }

    fn select(&self, place: usize) -> Verdict {
        let option = &self.options[place];
        Verdict {
            outcome: RequestPermissionOutcome::Selected(SelectedPermissionOutcome::new(option.option_id.clone())),
            allowed: matches!(option.kind, PermissionOptionKind::AllowOnce | PermissionOptionKind::AllowAlways),
            label: self.answers[place].clone(),
            remark: None,
        }
    }
}

/// The verdict without a choice.
pub(crate) fn cancelled(why: &str) -> Verdict {
    Verdict { outcome: RequestPermissionOutcome::Cancelled, allowed: false, label: why.to_owned(), remark: None }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::worker::config::Config;

    fn question(options: Value) -> Question {
        let request = json!({"sessionId": "s", "options": options, "toolCall": {"toolCallId": "1", "title": "Run rm cb_0123456789",
            "rawInput": {"command": "rm"}, "locations": [{"path": "/a"}]}});
        let request = serde_json::from_value(request).expect("a request");
        Question::of(&request, &Secrets::new("cb_0123456789", &Config::default(), std::iter::empty()))
    }

    fn options() -> Value {
        json!([{"optionId": "y", "name": "Allow", "kind": "allow_once"}, {"optionId": "a", "name": "Allow", "kind": "allow_always"},
            {"optionId": "n", "name": "Reject", "kind": "reject_once"}])
    }

    fn approval(status: &str, answer: Option<&str>, reason: Option<&str>) -> Approval {
        serde_json::from_value(json!({"id": "a", "approval_id": "a", "workflow_id": "w", "kind": "question",
            "question": "May the agent do this: Run rm [redacted]", "context": "Files: /a\n\n```json\n{\n  \"command\": \"rm\"\n}\n```",
            "options": ["Allow", "Allow (a)", "Reject"], "blocks_job": true, "status": status, "answer": answer, "reason": reason,
            "created_at": "2026-01-01T00:00:00Z"}))
        .expect("an approval")
    }

    #[test]
    fn decisions_become_outcomes() {
        let asked = question(options());
        assert!(asked.is_asked_by(&approval("pending", None, None)), "{asked:?}");
        assert_eq!(asked.verdict(&approval("pending", None, None)), None);
        let chosen = |status, answer, reason| {
            let verdict = asked.verdict(&approval(status, answer, reason)).expect("a verdict");
            let id = match &verdict.outcome {
                RequestPermissionOutcome::Selected(selected) => selected.option_id.0.to_string(),
                _ => "cancelled".to_owned(),
            };
            (id, verdict.allowed, verdict.remark)
        };
        assert_eq!(chosen("answered", Some("allow"), None), ("y".into(), true, None));
        assert_eq!(chosen("answered", Some("Allow (a)"), Some("go")), ("a".into(), true, Some("go".into())));
        assert_eq!(chosen("answered", Some("n"), None), ("n".into(), false, None));
        assert_eq!(chosen("answered", Some("Use mv"), None), ("n".into(), false, Some("Use mv".into())));
        assert_eq!(chosen("approved", None, None), ("y".into(), true, None));
        assert_eq!(chosen("rejected", None, Some("no")), ("n".into(), false, Some("no".into())));
        assert_eq!(chosen("expired", None, None), ("cancelled".into(), false, None));
        let other = question(json!([{"optionId": "y", "name": "", "kind": "allow_always"}]));
        assert_eq!(other.answers, ["(y)"]);
        assert!(other.preset(true).allowed && !other.preset(false).allowed);
        assert!(!other.is_asked_by(&approval("pending", None, None)));
    }
}
