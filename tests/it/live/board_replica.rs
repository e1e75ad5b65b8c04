//! A client-side replica of a board: a snapshot, then only `data.changes`.

use std::collections::BTreeMap;

use serde_json::Value;

/// See the module documentation.
#[derive(Debug, Default, Clone)]
pub struct BoardReplica {
    /// The epoch and seq reached.
    pub cursor: Option<(String, i64)>,
    /// The cards by ticket.
    pub cards: BTreeMap<String, Value>,
    /// The number of snapshots applied.
    pub snapshots: usize,
    /// The number of events applied.
    pub events: usize,
}

impl BoardReplica {
    /// Applies a message of the room; panics if the stream violates a guarantee.
    pub fn apply(&mut self, message: &Value) {
        match message["type"].as_str().expect("a type") {
            "snapshot" | "resync" => {
                self.cursor = Some((text(&message["epoch"]), message["seq"].as_i64().expect("a seq")));
                self.cards = cards(&message["board"]);
                self.snapshots += 1;
            }
            "subscribed" => {
                let (epoch, seq) = self.cursor.as_ref().expect("a snapshot or events before `subscribed`");
                assert_eq!((message["epoch"].as_str(), message["seq"].as_i64()), (Some(epoch.as_str()), Some(*seq)));
            }
            "connected" | "authenticated" | "pong" => {}
            "error" | "unsubscribed" => panic!("{message}"),
            _ => self.event(message),
        }
    }

    fn event(&mut self, event: &Value) {
        let (epoch, last) = self.cursor.as_mut().expect("a snapshot before events");
        assert_eq!(event["epoch"], epoch.as_str());
        assert_eq!(event["seq"], *last + 1, "a gap or duplicate after {last}: {event}");
        assert_eq!(event["prev"], *last);
        *last += 1;
        self.events += 1;
        let Some(id) = event["ticket_id"].as_str() else { return };
        match event["type"].as_str() {
            Some("ticket_deleted") => drop(self.cards.remove(id)),
            Some("ticket_created") => {
                let mut card = event["data"]["ticket"].clone();
                if let Some(card) = card.as_object_mut() {
                    card.remove("description");
                    self.cards.insert(id.to_owned(), Value::Object(card.clone()));
                }
            }
            _ => {}
        }
        let (Some(card), Some(changes)) = (self.cards.get_mut(id), event["data"]["changes"].as_object()) else {
            return;
        };
        for (field, value) in changes {
            if let Some(known) = card.get_mut(field) {
                *known = value.clone();
            }
        }
        // A merged ticket is on no board.
        if !card["merged_into_ticket_id"].is_null() {
            self.cards.remove(id);
        }
    }

    /// Compares the replica with a fresh board.
    pub fn assert_equals(&self, board: &Value) {
        let (epoch, seq) = self.cursor.as_ref().expect("a snapshot");
        assert_eq!((board["epoch"].as_str(), board["seq"].as_i64()), (Some(epoch.as_str()), Some(*seq)));
        let fresh = cards(board);
        assert_eq!(self.cards.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>());
        for (id, card) in &fresh {
            assert_eq!(normal(&self.cards[id]), normal(card), "the card of {id}");
        }
    }
}

/// The cards of a board by ticket.
pub fn cards(board: &Value) -> BTreeMap<String, Value> {
    let tickets = board["tickets"].as_array().expect("tickets");
    tickets.iter().map(|card| (text(&card["ticket_id"]), card.clone())).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A card with its times as instants: offsets depend on the writer's time zone.
pub fn normal(card: &Value) -> Value {
    let mut card = card.clone();
    for (field, value) in card.as_object_mut().expect("a card") {
        if field.ends_with("_at")
            && let Some(time) = value.as_str()
        {
            *value = time.parse::<jiff::Timestamp>().expect("a time").to_string().into();
        }
    }
    card
}
