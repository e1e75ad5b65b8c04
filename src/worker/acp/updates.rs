//! What an agent reports while it works, as messages of the transcript. Chunks are joined, and tool calls are written
//! when they start and when they end.

use std::collections::HashMap;

use agent_client_protocol::v1::schema::{
    ContentBlock, Diff, EmbeddedResourceResource, MessageId, Plan, PlanEntryStatus, SessionNotification, SessionUpdate,
    ToolCall, ToolCallContent, ToolCallStatus, ToolCallUpdate,
};
use serde_json::{Value, json};

use super::{shorten, usage};
use crate::domain::jobs::messages::{Level, MessageKind, MessageRole};
use crate::domain::jobs::work::NewMessage;
use crate::worker::directives;
use crate::worker::output::{Output, storable};
use crate::worker::redact::Secrets;

/// The size at which joined chunks become a message.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// The longest output of a tool call in the transcript.
const MAX_TOOL_BYTES: usize = 8 * 1024;
/// The longest input of a tool call in a message's metadata.
const MAX_INPUT_BYTES: usize = 4 * 1024;
/// The most tool calls that are remembered; the oldest one is forgotten.
const MAX_TOOLS: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Agent,
    Thought,
}

#[derive(Debug)]
struct Tool {
    title: String,
    output: String,
    place: u64,
    written: bool,
}

/// Turns the updates of one session into output.
#[derive(Debug)]
pub(crate) struct Updates {
    secrets: Secrets,
    /// The agent's name, for its messages.
    pub(crate) sender: String,
    /// The session; updates of others are left out.
    pub(crate) session: Option<String>,
    speaker: Speaker,
    message: Option<MessageId>,
    text: String,
    tools: HashMap<String, Tool>,
    tools_seen: u64,
    plan: String,
    /// The last report of the context that is used, and the cost.
    pub(crate) usage: Value,
    /// The model, if an update has changed it.
    pub(crate) model: Option<String>,
}

impl Updates {
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            sender: "agent".to_owned(),
            session: None,
            speaker: Speaker::Agent,
            message: None,
            text: String::new(),
            tools: HashMap::new(),
            tools_seen: 0,
            plan: String::new(),
            usage: Value::Null,
            model: None,
        }
    }

    /// Processes the parameters of one `session/update`. Kinds of updates that are not known are left out.
    pub(crate) fn apply(&mut self, params: Value) -> Vec<Output> {
        let model = usage::model_of(&params["update"]);
        let notification = match serde_json::from_value::<SessionNotification>(params) {
            Ok(notification) if self.session.as_deref() == Some(&*notification.session_id.0) => notification,
            Ok(_) => return Vec::new(),
            Err(error) => {
                tracing::debug!(%error, "an update of an agent is not understood");
                return Vec::new();
            }
        };
        match notification.update {
            SessionUpdate::AgentMessageChunk(chunk) => self.speak(Speaker::Agent, chunk.message_id, &chunk.content),
            SessionUpdate::AgentThoughtChunk(chunk) => self.speak(Speaker::Thought, chunk.message_id, &chunk.content),
            SessionUpdate::ToolCall(call) => self.tool_call(&call),
            SessionUpdate::ToolCallUpdate(update) => self.tool_update(&update),
            SessionUpdate::Plan(plan) => self.plan(&plan),
            SessionUpdate::UsageUpdate(usage) => {
                self.usage = json!({"used": usage.used, "size": usage.size, "cost": usage.cost});
                Vec::new()
            }
            _ => {
                self.model = model.or(self.model.take());
                Vec::new()
            }
        }
    }

    fn speak(&mut self, speaker: Speaker, message: Option<MessageId>, content: &ContentBlock) -> Vec<Output> {
        let mut out = Vec::new();
        if !self.text.is_empty() && (speaker != self.speaker || message != self.message) {
            out = self.flush();
        }
        self.speaker = speaker;
        self.message = message;
        self.text.push_str(&content_text(content));
        while self.text.len() > MAX_MESSAGE_BYTES + self.secrets.max_len() {
            out.extend(self.flush_part());
        }
        out
    }

    /// Everything that was said.
    pub(crate) fn flush(&mut self) -> Vec<Output> {
        let text = std::mem::take(&mut self.text);
        self.say(&text)
    }

    /// What was said, except for the beginning of a secret at the end, cut after a line if there is one.
    pub(crate) fn flush_part(&mut self) -> Vec<Output> {
        let mut end = self.text.floor_char_boundary(MAX_MESSAGE_BYTES);
        end = self.text[..end].rfind('\n').map_or(end, |line| line + 1);
        // Redacted as a whole, so that a secret is not cut.
        let complete = self.secrets.complete_len(&self.text[..end]);
        let end = if complete == 0 { end } else { complete };
        let rest = self.text.split_off(end);
        let text = std::mem::replace(&mut self.text, rest);
        self.say(&text)
    }

    /// Whether something was said that is not written yet.
    pub(crate) fn has_text(&self) -> bool {
        !self.text.is_empty()
    }

    fn say(&self, text: &str) -> Vec<Output> {
        let text = storable(&self.secrets.redact(text));
        if self.speaker == Speaker::Thought {
            return self.message(MessageKind::Log, &text, Some(Level::Debug), json!({"stream": "thought"}));
        }
        let mut out = Vec::new();
        let mut said = String::new();
        for line in text.split_inclusive('\n') {
            match directives::parse(line) {
                Some(Ok(directive)) => {
                    out.extend(self.message(MessageKind::Chat, &std::mem::take(&mut said), None, Value::Null));
                    out.push(Output::Directive(Ok(directive)));
                }
                // A sentence about directives is not one.
                _ => said.push_str(line),
            }
        }
        out.extend(self.message(MessageKind::Chat, &said, None, Value::Null));
        out
    }

    fn message(&self, kind: MessageKind, text: &str, level: Option<Level>, metadata: Value) -> Vec<Output> {
        let text = text.trim();
        if text.is_empty() {
            return Vec::new();
        }
        vec![Output::Message(NewMessage {
            kind,
            content: text.to_owned(),
            role: Some(if kind == MessageKind::Chat { MessageRole::Assistant } else { MessageRole::Agent }),
            sender: Some(self.sender.clone()),
            level,
            metadata: (!metadata.is_null()).then_some(metadata),
        })]
    }

    fn tool_call(&mut self, call: &ToolCall) -> Vec<Output> {
        let mut out = self.flush();
        out.extend(self.tool_update(&ToolCallUpdate::from(call.clone())));
        out
    }

    fn tool_update(&mut self, update: &ToolCallUpdate) -> Vec<Output> {
        let (id, fields) = (update.tool_call_id.0.to_string(), &update.fields);
        self.tools_seen += 1;
        if !self.tools.contains_key(&id) && self.tools.len() >= MAX_TOOLS {
            let oldest = self.tools.iter().min_by_key(|(_, tool)| tool.place).map(|(id, _)| id.clone());
            oldest.and_then(|id| self.tools.remove(&id));
        }
        let place = self.tools_seen;
        let tool = self.tools.entry(id.clone()).or_insert_with(|| Tool {
            title: "Tool".to_owned(),
            output: String::new(),
            place,
            written: false,
        });
        if let Some(title) = fields.title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
            tool.title = shorten(&self.secrets.redact(title), 500);
        }
        if let Some(content) = &fields.content {
            tool.output = shorten(&self.secrets.redact(&tool_text(content)), MAX_TOOL_BYTES);
        }
        let (title, output) = (tool.title.clone(), tool.output.clone());
        let ended = matches!(fields.status, Some(ToolCallStatus::Completed | ToolCallStatus::Failed));
        let start = !std::mem::replace(&mut tool.written, true);
        if ended {
            self.tools.remove(&id);
        }
        if !start && !ended {
            return Vec::new();
        }
        let failed = fields.status == Some(ToolCallStatus::Failed);
        let input = fields.raw_input.as_ref().filter(|input| input.to_string().len() <= MAX_INPUT_BYTES);
        let call = json!({"id": shorten(&id, 200), "kind": fields.kind, "status": fields.status, "name": fields.name,
            "paths": fields.locations.iter().flatten().take(20).map(|place| place.path.clone()).collect::<Vec<_>>(),
            "input": input});
        let text = match (ended, output.is_empty()) {
            (false, _) => title,
            (true, true) => format!("{title}: {}", if failed { "failed" } else { "completed" }),
            (true, false) => format!("{title}: {}\n{output}", if failed { "failed" } else { "completed" }),
        };
        let metadata = self.secrets.redact_json(&json!({"tool_call": call}));
        self.message(MessageKind::Step, &storable(&text), failed.then_some(Level::Warning), storable_json(metadata))
    }

    fn plan(&mut self, plan: &Plan) -> Vec<Output> {
        let entries = &plan.entries[..plan.entries.len().min(100)];
        let name = |content: &str| storable(&shorten(&self.secrets.redact(content), 500));
        let lines: Vec<String> = entries
            .iter()
            .map(|entry| {
                let mark = match entry.status {
                    PlanEntryStatus::Completed => 'x',
                    PlanEntryStatus::InProgress => '>',
                    _ => ' ',
                };
                format!("[{mark}] {}", name(&entry.content))
            })
            .collect();
        let text = lines.join("\n");
        if entries.is_empty() || text == self.plan {
            return Vec::new();
        }
        let done = entries.iter().filter(|entry| entry.status == PlanEntryStatus::Completed).count();
        let current = entries.iter().find(|entry| entry.status == PlanEntryStatus::InProgress);
        let current = current.map(|entry| name(&entry.content));
        let mut out = self.flush();
        out.extend(self.message(MessageKind::Log, &text, None, json!({"stream": "plan"})));
        out.push(Output::Plan(done as f64 / entries.len() as f64, current));
        self.plan = text;
        out
    }
}

/// A content block as text; what is no text is named.
pub(crate) fn content_text(content: &ContentBlock) -> String {
    match content {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => format!("[image: {}]", image.mime_type),
        ContentBlock::Audio(audio) => format!("[audio: {}]", audio.mime_type),
        ContentBlock::ResourceLink(link) => format!("[{}]({})", link.name, link.uri),
        ContentBlock::Resource(resource) => match &resource.resource {
            EmbeddedResourceResource::TextResourceContents(text) => text.text.clone(),
            _ => "[resource]".to_owned(),
        },
        _ => "[content]".to_owned(),
    }
}

/// What a tool call has returned, as text.
fn tool_text(content: &[ToolCallContent]) -> String {
    let texts: Vec<String> = content
        .iter()
        .take(50)
        .filter_map(|content| match content {
            ToolCallContent::Content(content) => Some(content_text(&content.content)),
            ToolCallContent::Diff(diff) => Some(diff_summary(diff)),
            _ => None,
        })
        .collect();
    texts.join("\n").trim().to_owned()
}

/// The path of a changed file and its numbers of lines.
pub(crate) fn diff_summary(diff: &Diff) -> String {
    let lines = |text: &str| text.lines().count();
    let path = diff.path.display();
    match &diff.old_text {
        Some(old) => format!("{path}: {} lines become {}", lines(old), lines(&diff.new_text)),
        None => format!("{path}: new, {} lines", lines(&diff.new_text)),
    }
}

/// JSON as Postgres can store it, which has no NUL in texts.
fn storable_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(&text)),
        Value::Array(items) => items.into_iter().map(storable_json).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (storable(&name), storable_json(value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::config::Config;
    use crate::worker::directives::Directive;

    fn updates() -> Updates {
        let mut updates = Updates::new(Secrets::new("cb_0123456789", &Config::default(), std::iter::empty()));
        updates.session = Some("s".to_owned());
        updates
    }

    fn chunk(text: &str) -> Value {
        json!({"sessionId": "s", "update": {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}})
    }

    fn texts(out: Vec<Output>) -> Vec<String> {
        out.into_iter()
            .map(|output| match output {
                Output::Message(message) => message.content,
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn chunks_are_joined_and_secrets_across_them_are_redacted() {
        let mut updates = updates();
        for part in ["The key is cb_01234", "56789, and\n", "more"] {
            assert!(updates.apply(chunk(part)).is_empty());
        }
        assert_eq!(texts(updates.flush_part()), ["The key is [redacted], and"]);
        assert_eq!(texts(updates.flush()), ["more"]);
        updates.apply(chunk("it begins cb_0123"));
        assert_eq!(texts(updates.flush_part()), ["it begins"]);
        updates.apply(chunk("456789."));
        assert_eq!(texts(updates.flush()), ["[redacted]."]);
        // A long message is written in parts, and no secret is cut.
        let mut out = updates.apply(chunk(&"x".repeat(MAX_MESSAGE_BYTES - 5)));
        out.extend(updates.apply(chunk(&format!("cb_0123456789{}", "y".repeat(100)))));
        out.extend(updates.flush());
        let all = texts(out);
        assert!(all.len() == 2 && all.concat().contains("[redacted]yyy"), "{}", all.len());
    }

    #[test]
    fn lines_of_messages_are_directives_and_other_sessions_are_left_out() {
        let mut updates = updates();
        updates.apply(chunk("Done.\n@callboard commit abcd1234 \"Fix\"\n@callboard is a word\n"));
        let out = updates.flush();
        assert_eq!(out.len(), 3, "{out:?}");
        assert!(matches!(&out[1], Output::Directive(Ok(Directive::Commit(sha, _))) if sha == "abcd1234"));
        let mut other = chunk("no");
        other["sessionId"] = json!("other");
        assert!(updates.apply(other).is_empty() && !updates.has_text());
        assert!(updates.apply(json!({"sessionId": "s", "update": {"sessionUpdate": "from_the_future"}})).is_empty());
    }

    #[test]
    fn tool_calls_are_written_twice_and_plans_when_they_change() {
        let mut updates = updates();
        let call = |kind: &str, more: Value| {
            let mut update = json!({"sessionUpdate": kind, "toolCallId": "1"});
            update.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            json!({"sessionId": "s", "update": update})
        };
        updates.apply(chunk("first"));
        assert_eq!(texts(updates.apply(call("tool_call", json!({"title": "Run make"})))), ["first", "Run make"]);
        assert!(updates.apply(call("tool_call_update", json!({"status": "in_progress"}))).is_empty());
        let output = json!([{"type": "content", "content": {"type": "text", "text": "ok cb_0123456789"}},
            {"type": "diff", "path": "/a", "oldText": "1\n2", "newText": "1"}]);
        let ended = updates.apply(call("tool_call_update", json!({"status": "completed", "content": output})));
        assert_eq!(texts(ended), ["Run make: completed\nok [redacted]\n/a: 2 lines become 1"]);
        let plan = json!({"sessionId": "s", "update": {"sessionUpdate": "plan", "entries": [
            {"content": "a", "priority": "low", "status": "completed"}, {"content": "b", "priority": "low", "status": "in_progress"}]}});
        let out = updates.apply(plan.clone());
        assert!(matches!(&out[1], Output::Plan(done, Some(text)) if *done == 0.5 && text == "b"), "{out:?}");
        assert_eq!(texts(out)[0], "[x] a\n[>] b");
        assert!(updates.apply(plan).is_empty());
    }
}
