//! Every statement of `sql/queries` fits the migrated schema, on both supported ends of Postgres.

use std::collections::BTreeMap;
use std::path::Path;

use crate::harness;

fn queries(folder: &Path, into: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("sql/queries").flatten() {
        let path = entry.path();
        if path.is_dir() {
            queries(&path, into);
        } else {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/queries");
            let name = path.strip_prefix(root).expect("below sql/queries").display().to_string();
            into.insert(name, std::fs::read_to_string(&path).expect("read a query"));
        }
    }
}

async fn signatures(url: &str) -> String {
    let client = harness::connect(url).await;
    let mut all = BTreeMap::new();
    queries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/queries"), &mut all);
    let mut lines = Vec::new();
    for (name, sql) in all {
        assert!(sql.starts_with("-- "), "{name} opens with what it does");
        let statement = client.prepare(&sql).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let params: Vec<_> = statement.params().iter().map(|t| t.name()).collect();
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

#[tokio::test]
async fn queries_fit_postgres_18() {
    let db = harness::database("contract").await;
    insta::assert_snapshot!("queries", signatures(&db.url).await);
}

#[tokio::test]
async fn queries_fit_postgres_16() {
    let db = harness::database_of(16, "contract").await;
    insta::assert_snapshot!("queries", signatures(&db.url).await);
}
