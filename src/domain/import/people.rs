//! Actor ids for the names of people in other trackers. Invalid characters are replaced, and a hash of the whole name
//! keeps replaced names distinct.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::accounts::is_actor_id;

/// A person that an import names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The actor's id.
    pub id: String,
    /// The name as it was written.
    pub name: String,
}

/// The people that an import names, each once.
#[derive(Debug, Default)]
pub struct People(BTreeMap<String, Person>);

impl People {
    /// The id for a name; none for a blank one.
    pub fn id_of(&mut self, name: &str) -> Option<String> {
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        let person = self
            .0
            .entry(name.to_owned())
            .or_insert_with(|| Person { id: actor_id(name), name: name.chars().take(200).collect() });
        Some(person.id.clone())
    }

    /// All people.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.0.values()
    }
}

/// `beads/crew/dave` stays as it is; `José Ñ` becomes `Jos-1c291ca3`.
fn actor_id(name: &str) -> String {
    // An e-mail address names a person, so no agent has one as its id.
    if is_actor_id(name) && !name.contains('@') {
        return name.to_owned();
    }
    let mut id = String::new();
    for character in name.chars().take(100) {
        if character.is_ascii_alphanumeric() || (!id.is_empty() && "_./:+".contains(character)) {
            id.push(character);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    let start = match id.trim_end_matches('-') {
        "" => "agent",
        id => id,
    };
    format!("{start}-{:08x}", crc32fast::hash(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_valid_and_distinct() {
        let mut people = People::default();
        assert_eq!(people.id_of("beads/crew/dave").as_deref(), Some("beads/crew/dave"));
        assert_eq!(people.id_of("  "), None);
        let long = "x".repeat(300);
        let names = ["José Ñ", "Jose\u{301} N", "Jos/é", "名前", "!!!", "a b", "a  b", long.as_str(), "<script>"];
        let ids: Vec<_> = names.iter().filter_map(|name| people.id_of(name)).collect();
        assert!(ids.iter().all(|id| is_actor_id(id)), "{ids:?}");
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len(), "{ids:?}");
        assert!(people.iter().all(|person| person.name.chars().count() <= 200));
    }
}
