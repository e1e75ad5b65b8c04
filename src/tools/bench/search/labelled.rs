//! Queries of which it is known what they ought to find.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::dataset::Stock;
use crate::tools::bench::test_server::House;
use crate::{Error, Result};

/// A query and the tickets that answer it.
pub struct Query {
    /// What is typed.
    pub text: String,
    /// The tickets that ought to be found.
    pub relevant: Vec<String>,
    /// The ticket that the query was made from, which counts neither way.
    pub besides: Option<String>,
}

/// Queries of one kind over one workflow.
pub struct Set {
    /// What they are.
    pub name: String,
    /// Where they are asked.
    pub workflow: String,
    /// The queries.
    pub queries: Vec<Query>,
}

/// All sets; of titles one of `every`.
pub async fn sets(house: &House, stock: &Stock, files: &[PathBuf], every: usize) -> Result<Vec<Set>> {
    let mut sets = vec![titles(house, stock, every).await?, links(house, stock).await?];
    for file in files {
        sets.extend(from_file(house, stock, file).await?);
    }
    sets.retain(|set| !set.queries.is_empty());
    Ok(sets)
}

/// A ticket's title finds the ticket, in which it does not stand any more. Titles that several tickets
/// have, and tickets whose description says next to nothing, cannot be asked for.
async fn titles(house: &House, stock: &Stock, every: usize) -> Result<Set> {
    let rows = house
        .sql
        .query(
            "select t.title, u.id
               from tickets t
               join tickets u on u.workflow_id = $2 and u.external_ref = t.external_ref
              where t.workflow_id = $1 and char_length(t.description) >= 40
                and not exists (select from tickets o where o.workflow_id = $1 and o.title = t.title and o.id <> t.id)
              order by t.number",
            &[&stock.workflow, &stock.untitled],
        )
        .await?;
    let query = |row: &tokio_postgres::Row| Query { text: row.get(0), relevant: vec![row.get(1)], besides: None };
    Ok(Set {
        name: "titles, which no ticket has any more".to_owned(),
        workflow: stock.untitled.clone(),
        queries: rows.iter().step_by(every).map(query).collect(),
    })
}

/// A ticket's title finds what people linked it to: related tickets, duplicates, parent and children.
async fn links(house: &House, stock: &Stock) -> Result<Set> {
    let rows = house
        .sql
        .query(
            "with links as (
                 select t.id as one, t.parent_ticket_id as other from tickets t
                  where t.workflow_id = $1 and t.parent_ticket_id is not null
                 union
                 select t.id, u.id from tickets t cross join unnest(t.related_ticket_ids) u (id) where t.workflow_id = $1
             ), linked as (select one, other from links union select other, one from links)
             select t.title, array_agg(b.other order by b.other), t.id
               from linked b join tickets t on t.id = b.one
              where b.other <> b.one
                and not exists (select from tickets o where o.workflow_id = $1 and o.title = t.title and o.id <> t.id)
              group by t.id, t.title, t.number order by t.number",
            &[&stock.workflow],
        )
        .await?;
    let query = |row: &tokio_postgres::Row| Query { text: row.get(0), relevant: row.get(1), besides: Some(row.get(2)) };
    Ok(Set {
        name: "links, by title".to_owned(),
        workflow: stock.workflow.clone(),
        queries: rows.iter().map(query).collect(),
    })
}

/// Queries somebody wrote down; each `kind` is a set of its own.
async fn from_file(house: &House, stock: &Stock, file: &Path) -> Result<Vec<Set>> {
    #[derive(Deserialize)]
    struct Written {
        query: String,
        relevant: Vec<String>,
        kind: Option<String>,
    }
    let refuse = |why: String| Error::Setup(format!("The queries of {} cannot be read: {why}.", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| refuse(error.to_string()))?;
    let written: Vec<Written> = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    let stem = file.file_stem().map_or_else(|| "queries".into(), |stem| stem.to_string_lossy().into_owned());
    let mut kinds: BTreeMap<String, Vec<Query>> = BTreeMap::new();
    for entry in written {
        let rows = house
            .sql
            .query(
                "select id from tickets where workflow_id = $1 and external_ref = any ($2)",
                &[&stock.workflow, &entry.relevant],
            )
            .await?;
        let relevant: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if !relevant.is_empty() {
            let name = entry.kind.map_or_else(|| stem.clone(), |kind| format!("{stem}: {kind}"));
            kinds.entry(name).or_default().push(Query { text: entry.query, relevant, besides: None });
        }
    }
    let set = |(name, queries)| Set { name, workflow: stock.workflow.clone(), queries };
    Ok(kinds.into_iter().map(set).collect())
}
