//! How names of another tracker become values of a board: a mapping that people can edit, proposed from the names.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Batch, Stage};
use super::names::{are_same_state, priority_of_name, stage_of_name, type_of_name};
use super::texts::{plain, type_id};
use crate::domain::tickets::Priority;
use crate::domain::workflows::{BoardConfig, Category, Member};
use crate::{Error, Result};

/// Creates an agent for a person. No actor has such an id.
pub const NEW_AGENT: &str = "(new agent)";

/// How names of the other tracker become values of the board. Names that are not given are mapped as proposed; names that do not
/// occur are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ImportMapping)]
pub struct Mapping {
    /// States to ids of columns.
    pub states: BTreeMap<String, String>,
    /// Types to ids of ticket types; one that the board lacks is added.
    pub types: BTreeMap<String, String>,
    /// Priorities.
    pub priorities: BTreeMap<String, Priority>,
    /// People to members, by id or e-mail address; null keeps the name as text.
    pub people: BTreeMap<String, Option<String>>,
}

/// Why a name is mapped as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MappedBy)]
pub enum How {
    /// By the mapping in the request or file.
    Given,
    /// The names are the same.
    Name,
    /// The names usually mean the same.
    Similar,
    /// The column is the first of the category that the state has.
    Category,
    /// The e-mail addresses are the same.
    Email,
    /// It is added to the board, or created.
    New,
    /// The name is kept as text: in a tag, a comment or the description.
    Text,
    /// Nothing is known about it; it gets the default.
    Unknown,
}

/// A name of the other tracker and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MappedName {
    /// The name there.
    pub name: String,
    /// How many tickets have it; of people, how often they are named.
    pub count: u64,
    /// The column, ticket type, priority or member here; null for a person that is kept as text.
    pub to: Option<String>,
    /// Why.
    pub how: How,
    /// Of a person: the e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// The whole mapping with its reasons; each list has the most frequent names first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MappedNames {
    /// States, mapped to columns.
    pub states: Vec<MappedName>,
    /// Types.
    pub types: Vec<MappedName>,
    /// Priorities.
    pub priorities: Vec<MappedName>,
    /// People.
    pub people: Vec<MappedName>,
}

impl MappedNames {
    /// The mapping alone.
    pub fn mapping(&self) -> Mapping {
        let texts = |list: &[MappedName]| -> BTreeMap<String, String> {
            list.iter().filter_map(|row| Some((row.name.clone(), row.to.clone()?))).collect()
        };
        Mapping {
            states: texts(&self.states),
            types: texts(&self.types),
            priorities: self
                .priorities
                .iter()
                .filter_map(|row| Some((row.name.clone(), priority_of_name(row.to.as_deref()?)?)))
                .collect(),
            people: self.people.iter().map(|row| (row.name.clone(), row.to.clone())).collect(),
        }
    }

    /// At most `max` names in each list.
    pub fn shortened(mut self, max: usize) -> Self {
        for list in [&mut self.states, &mut self.types, &mut self.priorities, &mut self.people] {
            list.truncate(max);
        }
        self
    }
}

/// What happens to people who are no members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownPeople {
    /// Their names are kept as text.
    Text,
    /// Agents are created for them.
    NewAgents,
}

/// What a mapping needs to know of a workflow.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// The columns, from the left.
    pub columns: Vec<BoardColumn>,
    /// The ids and names of the ticket types.
    pub types: Vec<(String, String)>,
    /// The column of new tickets.
    pub initial: String,
    /// The members.
    pub members: Vec<Member>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoardColumn {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// What it means for a ticket.
    pub category: Category,
}

impl Board {
    /// A board by its configuration.
    pub fn new(config: &BoardConfig, members: Vec<Member>) -> Self {
        let columns = config.columns.iter().flatten().map(|column| BoardColumn {
            id: column.id.clone(),
            name: column.name.clone().unwrap_or_else(|| column.id.clone()),
            category: column.category.unwrap_or(Category::Todo),
        });
        let columns: Vec<BoardColumn> = columns.collect();
        let types =
            config.ticket_types.iter().flatten().map(|kind| (kind.id.clone(), kind.name.clone().unwrap_or_default()));
        let first = columns.first().map(|column| column.id.clone()).unwrap_or_default();
        Self { types: types.collect(), initial: config.initial_status.clone().unwrap_or(first), columns, members }
    }

    /// The column of this id.
    pub fn column(&self, id: &str) -> Option<&BoardColumn> {
        self.columns.iter().find(|column| column.id == id)
    }

    /// Maps all names of an import: as given, else as proposed.
    pub fn map(&self, batch: &Batch, given: &Mapping, unknown: UnknownPeople) -> Result<MappedNames> {
        self.check(given)?;
        let mut states: BTreeMap<&str, (u64, Option<Stage>)> = BTreeMap::new();
        let (mut types, mut priorities) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
        for ticket in &batch.tickets {
            let state = states.entry(&ticket.state).or_default();
            state.0 += 1;
            state.1 = state.1.or(ticket.stage);
            for step in &ticket.moves {
                states.entry(&step.from).or_default();
                states.entry(&step.to).or_default();
            }
            for (counts, name) in [(&mut types, &ticket.ticket_type), (&mut priorities, &ticket.priority)] {
                if let Some(name) = name {
                    *counts.entry(name.as_str()).or_default() += 1;
                }
            }
        }
        let row = |name: &str, count: u64, (to, how): (Option<String>, How)| MappedName {
            name: name.to_owned(),
            count,
            to,
            how,
            email: None,
        };
        let mut names = MappedNames {
            states: states
                .into_iter()
                .map(|(name, (count, stage))| match given.states.get(name) {
                    Some(column) => row(name, count, (Some(column.clone()), How::Given)),
                    None => row(name, count, self.propose_column(name, stage)),
                })
                .collect(),
            types: types
                .into_iter()
                .map(|(name, count)| match given.types.get(name) {
                    Some(id) => row(name, count, (Some(id.clone()), How::Given)),
                    None => row(name, count, self.propose_type(name)),
                })
                .collect(),
            priorities: priorities
                .into_iter()
                .map(|(name, count)| match (given.priorities.get(name), priority_of_name(name)) {
                    (Some(priority), _) => row(name, count, (Some(priority.as_str().to_owned()), How::Given)),
                    (None, Some(priority)) => row(name, count, (Some(priority.as_str().to_owned()), How::Similar)),
                    (None, None) => row(name, count, (Some("medium".to_owned()), How::Unknown)),
                })
                .collect(),
            people: self.map_people(batch, given, unknown)?,
        };
        for list in [&mut names.states, &mut names.types, &mut names.priorities, &mut names.people] {
            list.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.name.cmp(&other.name)));
        }
        Ok(names)
    }

    fn check(&self, given: &Mapping) -> Result<()> {
        if let Some((name, column)) = given.states.iter().find(|(_, column)| self.column(column).is_none()) {
            let known: Vec<_> = self.columns.iter().map(|column| column.id.as_str()).collect();
            let rule = format!(
                "must name columns of the board: {name:?} is mapped to {column:?}; there are {}",
                known.join(", ")
            );
            return Err(Error::invalid("mapping.states", rule));
        }
        let is_id = |id: &str| type_id(id).is_some_and(|clean| clean.eq_ignore_ascii_case(id));
        if let Some((name, id)) = given.types.iter().find(|(_, id)| !is_id(id)) {
            let rule = format!("must have ids of 1 to 50 letters, digits or _ . -: {name:?} is mapped to {id:?}");
            return Err(Error::invalid("mapping.types", rule));
        }
        Ok(())
    }

    /// A column named like the state if it fits the state's progress; one whose name usually means the same; the initial
    /// column, or the first of the category.
    fn propose_column(&self, state: &str, stage: Option<Stage>) -> (Option<String>, How) {
        let fits = |column: &&BoardColumn| stage.is_none_or(|stage| stage_of(column.category) == stage);
        let named = |column: &&BoardColumn| [&column.id, &column.name].iter().any(|name| plain(name) == plain(state));
        let alike = |column: &&BoardColumn| [&column.id, &column.name].iter().any(|name| are_same_state(state, name));
        if let Some(column) = self.columns.iter().filter(fits).find(named) {
            return (Some(column.id.clone()), How::Name);
        }
        if let Some(column) = self.columns.iter().filter(fits).find(alike) {
            return (Some(column.id.clone()), How::Similar);
        }
        let known = stage.or_else(|| stage_of_name(state));
        let first = |stage| {
            self.columns.iter().find(|column| stage_of(column.category) == stage).map(|column| column.id.clone())
        };
        match known {
            Some(Stage::Open) => (Some(self.initial.clone()), How::Category),
            Some(stage) => match first(stage) {
                Some(column) => (Some(column), How::Category),
                None => (Some(self.initial.clone()), How::Unknown),
            },
            None => (Some(self.initial.clone()), How::Unknown),
        }
    }

    fn propose_type(&self, name: &str) -> (Option<String>, How) {
        let find =
            |name: &str| self.types.iter().find(|(id, title)| plain(id) == plain(name) || plain(title) == plain(name));
        if let Some((id, _)) = find(name) {
            return (Some(id.clone()), How::Name);
        }
        if let Some((id, _)) = type_of_name(name).and_then(find) {
            return (Some(id.clone()), How::Similar);
        }
        // A name without letters gets the default type.
        match type_id(name) {
            Some(id) => (Some(id), How::New),
            None => (None, How::Unknown),
        }
    }

    fn map_people(&self, batch: &Batch, given: &Mapping, unknown: UnknownPeople) -> Result<Vec<MappedName>> {
        let mut by_name: HashMap<String, &Member> = HashMap::new();
        let mut by_email: HashMap<String, &Member> = HashMap::new();
        for member in &self.members {
            by_name.insert(plain(&member.name), member);
            by_email.extend(member.email.as_ref().map(|email| (email.to_lowercase(), member)));
        }
        for member in &self.members {
            by_name.insert(plain(&member.actor_id), member);
        }
        let mut rows = Vec::new();
        for person in batch.people.iter() {
            let email = person.email.as_ref();
            let (to, how) = match given.people.get(&person.name) {
                Some(None) => (None, How::Given),
                Some(Some(to)) if to == NEW_AGENT && unknown == UnknownPeople::NewAgents => {
                    (Some(to.clone()), How::Given)
                }
                Some(Some(to)) => {
                    let member = self
                        .members
                        .iter()
                        .find(|member| member.actor_id == *to)
                        .or(by_email.get(&to.to_lowercase()).copied());
                    let member = member.ok_or_else(|| {
                        let rule = format!("must name members of the workflow: {:?} is mapped to {to:?}", person.name);
                        Error::invalid("mapping.people", rule)
                    })?;
                    (Some(member.actor_id.clone()), How::Given)
                }
                None => match (email.and_then(|email| by_email.get(email)), by_name.get(&plain(&person.name)), unknown)
                {
                    (Some(member), _, _) => (Some(member.actor_id.clone()), How::Email),
                    (None, Some(member), _) if !plain(&person.name).is_empty() => {
                        (Some(member.actor_id.clone()), How::Name)
                    }
                    (_, _, UnknownPeople::NewAgents) => (Some(NEW_AGENT.to_owned()), How::New),
                    _ => (None, How::Text),
                },
            };
            rows.push(MappedName { name: person.name.clone(), count: person.count, to, how, email: email.cloned() });
        }
        Ok(rows)
    }
}

/// The progress that a column's category means.
pub fn stage_of(category: Category) -> Stage {
    match category {
        Category::Todo => Stage::Open,
        Category::Active => Stage::Active,
        Category::Done => Stage::Done,
    }
}
