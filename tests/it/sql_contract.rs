//! Every statement of `sql/queries` and every call made with `sql_fn!` fits the migrated schema, on both supported
//! versions of Postgres.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement};

use crate::harness;

/// Fewer registered calls than this mean that registration broke, not that calls were removed.
const MIN_CALLS: usize = 100;

fn read_queries(folder: &Path, into: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("sql/queries").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_queries(&path, into);
        } else {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/queries");
            let name = path.strip_prefix(root).expect("below sql/queries").display().to_string();
            into.insert(name, std::fs::read_to_string(&path).expect("read a query"));
        }
    }
}

/// `name: (type, …) -> column type, …` of each file.
async fn query_signatures(client: &Client) -> String {
    let mut files = BTreeMap::new();
    read_queries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/queries"), &mut files);
    let mut lines = Vec::new();
    for (name, sql) in files {
        assert!(sql.starts_with("-- "), "{name} opens with what it does");
        let statement = client.prepare(&sql).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let params = parameter_types(&statement);
        for place in 1..=params.len() {
            assert!(
                sql.lines().filter(|l| l.starts_with("--")).any(|l| l.contains(&format!("${place} "))),
                "{name}: the header names ${place}"
            );
        }
        let columns: Vec<_> =
            statement.columns().iter().map(|c| format!("{} {}", c.name(), c.type_().name())).collect();
        lines.push(format!("{name}: ({}) -> {}", params.join(", "), columns.join(", ")));
    }
    lines.join("\n")
}

/// `logic.name(parameter type, …) -> type` of each registered call, or its columns if the function returns several.
/// Postgres rejects a parameter name that the function does not have.
async fn call_signatures(client: &Client) -> String {
    let mut lines = BTreeSet::new();
    let mut calls = 0;
    for function in callboard::db::functions::registered() {
        calls += 1;
        let prepare = async |sql: &str| {
            client.prepare(sql).await.unwrap_or_else(|error| panic!("{sql} in {}: {error:?}", function.file))
        };
        let statement = prepare(function.statement()).await;
        let params: Vec<_> = std::iter::zip(function.parameters, parameter_types(&statement))
            .map(|(name, kind)| format!("{name} {kind}"))
            .collect();
        let result = match statement.columns() {
            [column] if *column.type_() == Type::RECORD => {
                let statement = prepare(function.row_statement()).await;
                let columns = statement.columns().iter().map(|c| format!("{} {}", c.name(), c.type_().name()));
                columns.collect::<Vec<_>>().join(", ")
            }
            [column] => column.type_().name().to_owned(),
            columns => panic!("{} has {} columns", function.statement(), columns.len()),
        };
        lines.insert(format!("logic.{}({}) -> {result}", function.name, params.join(", ")));
    }
    assert!(calls >= MIN_CALLS, "only {calls} calls are registered");
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

fn parameter_types(statement: &Statement) -> Vec<&str> {
    statement.params().iter().map(|kind| kind.name()).collect()
}

async fn assert_contract(url: &str) {
    let client = harness::connect(url).await;
    insta::assert_snapshot!("queries", query_signatures(&client).await);
    insta::assert_snapshot!("calls", call_signatures(&client).await);
}

#[tokio::test]
async fn statements_and_calls_fit_postgres_18() {
    assert_contract(&harness::database("contract").await.url).await;
}

#[tokio::test]
async fn statements_and_calls_fit_postgres_16() {
    assert_contract(&harness::database_of(16, "contract").await.url).await;
}
