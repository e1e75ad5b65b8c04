//! A Trello board as JSON: cards, lists, checklists, members, and the newest 1,000 actions, which hold comments and moves.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{json_time, one_text};
use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::json::{self, Object, get, list, objects, text, texts};
use crate::domain::import::model::{Batch, Comment, Move, Ticket};
use crate::domain::import::texts::add_section;

/// The state of cards that are archived, or whose list is.
const ARCHIVED: &str = "Archived";

/// Reads an export.
pub fn read(files: &Files) -> Result<Batch, String> {
    let mut batch = Batch::new(Format::Trello);
    let content = one_text(files, &mut batch)?;
    let whole: Value =
        serde_json::from_str(content.trim_start_matches('\u{feff}')).map_err(|error| json::sentence(&error))?;
    let board = whole.as_object().ok_or("is no board")?;
    let context = Context::of(&mut batch, board);
    for (place, card) in objects(board, "cards").enumerate() {
        let ticket = self::card(&mut batch, &context, place as u64 + 1, card);
        batch.add(ticket);
    }
    if list(board, "actions").len() >= 1000 {
        batch.not_taken.add(
            "older activity",
            "Trello exports the newest 1,000 actions; older comments and moves are not in the file",
            "",
        );
    }
    Ok(batch)
}

/// What the board says outside of its cards.
struct Context {
    /// Lists by id: the name, and whether it is archived.
    lists: HashMap<String, (String, bool)>,
    /// People by id, as keys of the batch.
    members: HashMap<String, String>,
    checklists: HashMap<String, Vec<String>>,
    activity: HashMap<String, Activity>,
    /// Custom fields by id: the name, and the options by id.
    fields: HashMap<String, (String, HashMap<String, String>)>,
    /// Ids of cards by the short ones in addresses.
    short_ids: HashMap<String, String>,
}

#[derive(Default)]
struct Activity {
    author: Option<String>,
    created_at: Option<Timestamp>,
    comments: Vec<Comment>,
    moves: Vec<Move>,
}

impl Context {
    fn of(batch: &mut Batch, board: &Object) -> Self {
        let mut context = Self {
            lists: HashMap::new(),
            members: HashMap::new(),
            checklists: HashMap::new(),
            activity: HashMap::new(),
            fields: HashMap::new(),
            short_ids: objects(board, "cards")
                .filter_map(|card| text(card, &["shortLink"]).zip(text(card, &["id"])))
                .collect(),
        };
        for list in objects(board, "lists") {
            let (id, name) = (text(list, &["id"]).unwrap_or_default(), text(list, &["name"]).unwrap_or_default());
            context.lists.insert(id, (name, list.get("closed") == Some(&Value::Bool(true))));
        }
        for member in objects(board, "members") {
            if let Some(id) = text(member, &["id"])
                && let Some(name) = text(member, &["fullName", "username"])
            {
                context.members.insert(id, name);
            }
        }
        for checklist in objects(board, "checklists") {
            let mut section = format!("### {}\n\n", text(checklist, &["name"]).unwrap_or_default());
            for item in objects(checklist, "checkItems") {
                let mark = if text(item, &["state"]).as_deref() == Some("complete") { "x" } else { " " };
                section.push_str(&format!("- [{mark}] {}\n", text(item, &["name"]).unwrap_or_default()));
            }
            context.checklists.entry(text(checklist, &["idCard"]).unwrap_or_default()).or_default().push(section);
        }
        for field in objects(board, "customFields") {
            let options = objects(field, "options").filter_map(|option| {
                Some((text(option, &["id"])?, option.get("value")?.get("text")?.as_str()?.to_owned()))
            });
            let id = text(field, &["id"]).unwrap_or_default();
            context.fields.insert(id, (text(field, &["name"]).unwrap_or_default(), options.collect()));
        }
        for (place, action) in objects(board, "actions").enumerate() {
            context.action(batch, place as u64 + 1, action);
        }
        context
    }

    fn list_name(&self, data: &Object, name: &str) -> Option<String> {
        let list = data.get(name)?.as_object()?;
        let known = text(list, &["id"]).and_then(|id| self.lists.get(&id)).map(|(name, _)| name.clone());
        known.or_else(|| text(list, &["name"]))
    }

    fn action(&mut self, batch: &mut Batch, line: u64, action: &Object) {
        let Some(data) = get(action, &["data"]).and_then(Value::as_object) else { return };
        let card = data.get("card").and_then(Value::as_object);
        let Some(id) = card.and_then(|card| text(card, &["id"])) else { return };
        let kind = text(action, &["type"]).unwrap_or_default();
        let person = get(action, &["memberCreator"])
            .and_then(Value::as_object)
            .and_then(|user| text(user, &["fullName", "username"]));
        let person =
            person.or_else(|| text(action, &["idMemberCreator"]).and_then(|id| self.members.get(&id).cloned()));
        let at = json_time(batch, line, action, &["date"]);
        let (before, after) = (self.list_name(data, "listBefore"), self.list_name(data, "listAfter"));
        let list = self.list_name(data, "list");
        let activity = self.activity.entry(id).or_default();
        match kind.as_str() {
            "createCard" | "copyCard" | "convertToCardFromCheckItem" | "emailCard" => {
                activity.author = person.and_then(|name| batch.people.note(&name));
                activity.created_at = at;
            }
            "commentCard" | "copyCommentCard" => {
                let author = person.and_then(|name| batch.people.note(&name));
                let text = text(data, &["text"]).unwrap_or_default();
                activity.comments.push(Comment { author, text, is_resolution: false, created_at: at });
            }
            "updateCard" => {
                let was_closed = data.get("old").and_then(|old| old.get("closed")).and_then(Value::as_bool);
                let step = match (before, after, was_closed, list) {
                    (Some(from), Some(to), _, _) => Some((from, to)),
                    (_, _, Some(false), Some(list)) => Some((list, ARCHIVED.to_owned())),
                    (_, _, Some(true), Some(list)) => Some((ARCHIVED.to_owned(), list)),
                    _ => None,
                };
                activity.moves.extend(step.zip(at).map(|((from, to), at)| Move { from, to, at }));
            }
            _ => {}
        }
    }
}

fn card(batch: &mut Batch, context: &Context, line: u64, card: &Object) -> Ticket {
    let id = text(card, &["id"]).unwrap_or_default();
    let (list, is_list_archived) =
        text(card, &["idList"]).and_then(|id| context.lists.get(&id)).cloned().unwrap_or_default();
    let is_archived = card.get("closed") == Some(&Value::Bool(true)) || is_list_archived;
    let people: Vec<String> = texts(card, "idMembers")
        .iter()
        .filter_map(|id| context.members.get(id))
        .filter_map(|name| batch.people.note(name))
        .collect();
    let activity = context.activity.get(&id);
    let updated_at = json_time(batch, line, card, &["dateLastActivity"]);
    let mut related = Vec::new();
    let description = description(batch, context, card, &id, people.get(1..).unwrap_or_default(), &mut related);
    let due_at = json_time(batch, line, card, &["due"]);
    if let Some(start) = text(card, &["start"]) {
        batch.not_taken.add("planned starts", "Callboard has no field for it", &start);
    }
    let tags = objects(card, "labels").filter_map(|label| text(label, &["name", "color"])).collect();
    Ticket {
        line,
        title: text(card, &["name"]).unwrap_or_default(),
        description,
        state: if is_archived { ARCHIVED.to_owned() } else { list },
        author: activity.and_then(|activity| activity.author.clone()),
        assignee: people.into_iter().next(),
        tags,
        // The first eight digits of an id are when it was made, in seconds.
        created_at: activity
            .and_then(|activity| activity.created_at)
            .or_else(|| Timestamp::from_second(i64::from_str_radix(id.get(..8)?, 16).ok()?).ok()),
        updated_at,
        due_at,
        related,
        comments: activity.map(|activity| activity.comments.clone()).unwrap_or_default(),
        moves: activity.map(|activity| activity.moves.clone()).unwrap_or_default(),
        url: text(card, &["shortUrl", "url"]),
        reference: id,
        ..Ticket::default()
    }
}

/// The text with checklists, custom fields and the addresses of attachments; cards among these are related.
fn description(
    batch: &mut Batch,
    context: &Context,
    card: &Object,
    id: &str,
    further: &[String],
    related: &mut Vec<String>,
) -> String {
    let mut whole = text(card, &["desc"]).unwrap_or_default();
    add_section(
        &mut whole,
        "Checklists",
        &context.checklists.get(id).map(|lists| lists.join("\n")).unwrap_or_default(),
    );
    let mut lines = String::new();
    for item in objects(card, "customFieldItems") {
        let Some((name, options)) = text(item, &["idCustomField"]).and_then(|id| context.fields.get(&id)) else {
            continue;
        };
        let option = text(item, &["idValue"]).and_then(|id| options.get(&id).cloned());
        let value = option.or_else(|| item.get("value")?.as_object()?.values().find_map(json::as_text));
        lines.push_str(&value.map(|value| format!("- {name}: {value}\n")).unwrap_or_default());
    }
    add_section(&mut whole, "Custom fields", &lines);
    let mut lines = String::new();
    for attachment in objects(card, "attachments") {
        let (name, url) =
            (text(attachment, &["name"]).unwrap_or_default(), text(attachment, &["url"]).unwrap_or_default());
        if attachment.get("isUpload") == Some(&Value::Bool(true)) {
            batch.not_taken.add(
                "attached files",
                "their addresses are in the description; the files stay in Trello",
                &name,
            );
        }
        let short = url.split("trello.com/c/").nth(1).and_then(|rest| rest.split('/').next());
        related.extend(short.and_then(|short| context.short_ids.get(short)).cloned());
        lines.push_str(&format!("- [{name}]({url})\n"));
    }
    add_section(&mut whole, "Attachments", &lines);
    super::add_further_people(&mut whole, further.iter());
    whole
}
