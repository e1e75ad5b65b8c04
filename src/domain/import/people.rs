//! The people that an import names, and actor ids for those that it creates. Invalid characters are replaced, and a hash of
//! the whole name keeps replaced names distinct.

use std::collections::BTreeMap;

use serde::Serialize;

use super::texts::cut;
use crate::domain::accounts::is_actor_id;

/// A person of another tracker.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The name as it was written.
    pub name: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// How often a ticket or comment names the person.
    pub count: u64,
}

/// An agent to create for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewAgent {
    /// The actor's id.
    pub id: String,
    /// The name as it was written.
    pub name: String,
}

/// The people that an import names, by name.
#[derive(Debug, Default)]
pub struct People(BTreeMap<String, Person>);

impl People {
    /// Notes that a person is named, e.g. `Ada`, `ada@example.org` or `Ada <ada@example.org>`; returns the key. None for a
    /// blank name.
    pub fn note(&mut self, name: &str) -> Option<String> {
        let name = name.replace('\0', "");
        let name = name.trim().trim_start_matches('@').trim();
        if name.is_empty() {
            return None;
        }
        if let Some((before, email)) = name.strip_suffix('>').and_then(|name| name.rsplit_once('<'))
            && is_email(email)
        {
            let name = if before.trim().is_empty() { email } else { before.trim() };
            return self.note_with(name, Some(email));
        }
        self.note_with(name, Some(name).filter(|name| is_email(name)))
    }

    /// The same with an e-mail address from another field.
    pub fn note_with(&mut self, name: &str, email: Option<&str>) -> Option<String> {
        let name = cut(name.trim(), 200);
        if name.is_empty() {
            return None;
        }
        let person = self.0.entry(name.clone()).or_insert_with(|| Person { name: name.clone(), ..Person::default() });
        person.count += 1;
        if person.email.is_none() {
            person.email = email.map(|email| email.trim().to_lowercase()).filter(|email| is_email(email));
        }
        Some(name)
    }

    /// The e-mail address of a person, from a list of people in the file.
    pub fn learn_email(&mut self, name: &str, email: &str) {
        if let Some(person) = self.0.get_mut(name.trim())
            && person.email.is_none()
            && is_email(email.trim())
        {
            person.email = Some(email.trim().to_lowercase());
        }
    }

    /// All people.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.0.values()
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace))
}

/// `beads/crew/dave` stays as it is; `José Ñ` becomes `Jos-1c291ca3`.
pub fn actor_id(name: &str) -> String {
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
        assert_eq!(actor_id("beads/crew/dave"), "beads/crew/dave");
        let long = "x".repeat(300);
        let names = ["José Ñ", "Jose\u{301} N", "Jos/é", "名前", "!!!", "a b", "a  b", long.as_str(), "<script>"];
        let ids: Vec<_> = names.iter().map(|name| actor_id(name)).collect();
        assert!(ids.iter().all(|id| is_actor_id(id)), "{ids:?}");
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len(), "{ids:?}");
    }

    #[test]
    fn addresses_are_found_in_names() {
        let mut people = People::default();
        assert_eq!(people.note("  "), None);
        assert_eq!(people.note("Ada Lovelace <Ada@Example.org>").as_deref(), Some("Ada Lovelace"));
        assert_eq!(people.note("@ada").as_deref(), Some("ada"));
        assert_eq!(people.note("grace@example.org").as_deref(), Some("grace@example.org"));
        let emails: Vec<_> = people.iter().map(|person| person.email.as_deref()).collect();
        assert_eq!(emails, [Some("ada@example.org"), None, Some("grace@example.org")]);
    }
}
