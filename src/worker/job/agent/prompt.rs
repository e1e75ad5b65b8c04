//! What an agent is asked to do: the job's prompt, the stage's text, and what it needs to know about the job.

use serde_json::Value;

use crate::domain::jobs::Job;
use crate::worker::acp::shorten;
use crate::worker::config::{AgentOptions, Step};

/// The longest description of a ticket, in bytes.
const MAX_TICKET_BYTES: usize = 50_000;
/// The longest payload of a job, in bytes.
const MAX_PAYLOAD_BYTES: usize = 20_000;

/// What a prompt is made of.
pub(super) struct Prompt<'a> {
    pub(super) job: &'a Job,
    pub(super) step: &'a Step,
    pub(super) options: &'a AgentOptions,
    /// The ticket's title and description.
    pub(super) ticket: Option<(String, String)>,
    /// Approvals that people have decided.
    pub(super) answers: &'a [Value],
}

impl Prompt<'_> {
    /// The prompt of a new session. `interrupted`: an earlier attempt has worked on the stage.
    pub(super) fn begin(&self, interrupted: bool) -> String {
        let mut parts = vec![format!("# {}", self.job.summary.title)];
        parts.push(self.job.initial_prompt.clone());
        parts.extend(self.options.prompt.clone());
        parts.push(self.context());
        if interrupted {
            parts.push(
                "An earlier attempt at this was interrupted. Look at the state of the directory before you go on."
                    .to_owned(),
            );
        }
        parts.push(self.answers());
        parts.push(
            "A line of your messages that begins with `@callboard` is an instruction: `@callboard commit <sha> \"message\"` \
             states the commit that you made, `@callboard progress 40 \"text\"` sets the progress."
                .to_owned(),
        );
        join(parts)
    }

    /// The prompt of a session that is resumed.
    pub(super) fn resume(&self) -> String {
        let interrupted =
            "The program that ran you was interrupted. Go on with the task where you stopped; a tool call \
                           that had not ended has to be repeated."
                .to_owned();
        join(vec![interrupted, self.answers()])
    }

    fn context(&self) -> String {
        let summary = &self.job.summary;
        let mut lines = vec![format!("Callboard job {} (attempt {}).", self.job.id, summary.attempt)];
        if let Some(stage) = &self.step.stage {
            let all = summary.stages.join(", ");
            lines.push(if summary.stages.len() > 1 {
                format!("You work on its stage {stage} only; its stages are {all}.")
            } else {
                format!("You work on its stage {stage}.")
            });
        }
        if let Some((title, description)) = &self.ticket {
            let key = self.job.ticket_key.as_deref().unwrap_or("ticket");
            lines.push(format!("It is for {key}: {title}"));
            if !description.trim().is_empty() && description.trim() != self.job.initial_prompt.trim() {
                lines.push(format!("\n{}", shorten(description.trim(), MAX_TICKET_BYTES)));
            }
        }
        if self.job.payload.as_object().is_some_and(|payload| !payload.is_empty()) {
            let payload = serde_json::to_string_pretty(&self.job.payload).unwrap_or_default();
            lines.push(format!("\nIts payload:\n```json\n{}\n```", shorten(&payload, MAX_PAYLOAD_BYTES)));
        }
        lines.join("\n")
    }

    fn answers(&self) -> String {
        let lines: Vec<String> = self.answers.iter().filter_map(answer_line).collect();
        if lines.is_empty() {
            return String::new();
        }
        format!("People have decided:\n{}", lines.join("\n"))
    }
}

/// A decided approval as a line; `None` if it expired or was withdrawn.
fn answer_line(approval: &Value) -> Option<String> {
    let text = |name: &str| approval[name].as_str().filter(|text| !text.trim().is_empty());
    let decision = match (text("status")?, text("answer")) {
        ("answered", Some(answer)) => answer,
        (status @ ("approved" | "rejected"), _) => status,
        _ => return None,
    };
    let reason = text("reason").map(|reason| format!(" ({reason})")).unwrap_or_default();
    Some(format!("- {}: {}{reason}", shorten(text("question")?, 2000), shorten(decision, 10_000)))
}

fn join(parts: Vec<String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn decisions_are_listed_and_others_are_not() {
        let line = |value: Value| answer_line(&value);
        assert_eq!(
            line(json!({"status": "answered", "question": "Which?", "answer": "blue", "reason": "nicer"})).as_deref(),
            Some("- Which?: blue (nicer)")
        );
        assert_eq!(line(json!({"status": "rejected", "question": "Ship?"})).as_deref(), Some("- Ship?: rejected"));
        assert_eq!(line(json!({"status": "withdrawn", "question": "Ship?"})), None);
    }
}
