//! Queries with known relevant tickets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::dataset::Dataset;
use crate::tools::bench::test_server::TestServer;
use crate::{Error, Result};

/// A query and its relevant tickets.
pub struct Query {
    /// The query text.
    pub text: String,
    /// The tickets that should be found.
    pub relevant: Vec<String>,
    /// The ticket that the query was derived from; it is ignored in the results.
    pub ignored: Option<String>,
}

/// Queries of one kind over one workflow.
pub struct Set {
    /// A description of the queries.
    pub name: String,
    /// The workflow to search.
    pub workflow: String,
    /// The queries.
    pub queries: Vec<Query>,
}

/// All query sets; every `every`th title is used.
pub async fn sets(server: &TestServer, dataset: &Dataset, files: &[PathBuf], every: usize) -> Result<Vec<Set>> {
    let mut sets = vec![titles(server, dataset, every).await?, links(server, dataset).await?];
    for file in files {
        sets.extend(from_file(server, dataset, file).await?);
    }
    sets.retain(|set| !set.queries.is_empty());
    Ok(sets)
}

/// Searches for a ticket by its title in a copy without titles. Duplicate titles and tickets with a very short
/// description are skipped.
async fn titles(server: &TestServer, dataset: &Dataset, every: usize) -> Result<Set> {
    let rows = server
        .sql
        .query(
            "select t.title, u.id
               from tickets t
               join tickets u on u.workflow_id = $2 and u.external_ref = t.external_ref
              where t.workflow_id = $1 and char_length(t.description) >= 40
                and not exists (select from tickets o where o.workflow_id = $1 and o.title = t.title and o.id <> t.id)
              order by t.number",
            &[&dataset.workflow, &dataset.untitled],
        )
        .await?;
    let query = |row: &tokio_postgres::Row| Query { text: row.get(0), relevant: vec![row.get(1)], ignored: None };
    Ok(Set {
        name: "titles, in a copy without titles".to_owned(),
        workflow: dataset.untitled.clone(),
        queries: rows.iter().step_by(every).map(query).collect(),
    })
}

/// Searches by a ticket's title for its linked tickets: related, duplicates, parent and children.
async fn links(server: &TestServer, dataset: &Dataset) -> Result<Set> {
    let rows = server
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
            &[&dataset.workflow],
        )
        .await?;
    let query = |row: &tokio_postgres::Row| Query { text: row.get(0), relevant: row.get(1), ignored: Some(row.get(2)) };
    Ok(Set {
        name: "links, by title".to_owned(),
        workflow: dataset.workflow.clone(),
        queries: rows.iter().map(query).collect(),
    })
}

/// Reads labelled queries from a file; each `kind` becomes a set.
async fn from_file(server: &TestServer, dataset: &Dataset, file: &Path) -> Result<Vec<Set>> {
    #[derive(Deserialize)]
    struct Written {
        query: String,
        relevant: Vec<String>,
        kind: Option<String>,
    }
    let unreadable = |why: String| Error::Setup(format!("The queries of {} cannot be read: {why}.", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    let written: Vec<Written> = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    let stem = file.file_stem().map_or_else(|| "queries".into(), |stem| stem.to_string_lossy().into_owned());
    let mut kinds: BTreeMap<String, Vec<Query>> = BTreeMap::new();
    for entry in written {
        let rows = server
            .sql
            .query(
                "select id from tickets where workflow_id = $1 and external_ref = any ($2)",
                &[&dataset.workflow, &entry.relevant],
            )
            .await?;
        let relevant: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if !relevant.is_empty() {
            let name = entry.kind.map_or_else(|| stem.clone(), |kind| format!("{stem}: {kind}"));
            kinds.entry(name).or_default().push(Query { text: entry.query, relevant, ignored: None });
        }
    }
    let set = |(name, queries)| Set { name, workflow: dataset.workflow.clone(), queries };
    Ok(kinds.into_iter().map(set).collect())
}
