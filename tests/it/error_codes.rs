//! Errors by name: `sql/logic` and `ERROR_CODES` agree on codes, and functions raise and handle only known ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use callboard::error::ERROR_CODES;

use crate::harness;

#[tokio::test]
async fn codes_in_sql_equal_codes_in_rust() {
    let db = harness::database("error_codes").await;
    let client = harness::connect(&db.url).await;
    let rows = client.query("select state, http_status, name from logic.error_codes", &[]).await.expect("the codes");
    let in_sql: BTreeSet<(String, i32, String)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let in_rust: BTreeSet<(String, i32, String)> = ERROR_CODES
        .iter()
        .map(|(state, status, code)| ((*state).to_owned(), i32::from(*status), (*code).to_owned()))
        .collect();
    assert!(!in_sql.is_empty(), "the view logic.error_codes has no rows");
    assert_eq!((rows.len(), ERROR_CODES.len()), (in_sql.len(), in_rust.len()), "no code twice");
    assert_eq!(in_sql, in_rust);
    let names: BTreeSet<_> = in_sql.iter().map(|(.., name)| name).collect();
    let states: BTreeSet<_> = in_sql.iter().map(|(state, ..)| state).collect();
    assert_eq!((names.len(), states.len()), (in_sql.len(), in_sql.len()), "each name has one SQLSTATE");
}

/// The names in calls like `logic.fail('not_found', …)` and `logic.is_error(sqlstate, 'not_found')`, with the file of
/// one such call.
fn used_names(folder: &Path, into: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("read sql/logic").flatten() {
        let path = entry.path();
        if path.is_dir() {
            used_names(&path, into);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("read a file");
        for call in ["logic.fail(", "logic.is_error(sqlstate, "] {
            for arguments in text.split(call).skip(1) {
                if let Some(name) = arguments.strip_prefix('\'').and_then(|rest| rest.split('\'').next()) {
                    into.insert(name.to_owned(), path.display().to_string());
                }
            }
        }
    }
}

#[test]
fn functions_raise_and_handle_only_known_errors() {
    let mut names = BTreeMap::new();
    used_names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/logic"), &mut names);
    assert!(names.len() > 10, "few names were found: {names:?}");
    for (name, file) in names {
        assert!(ERROR_CODES.iter().any(|(.., code)| *code == name), "{file} uses the unknown error {name}");
    }
}

#[tokio::test]
async fn an_unknown_error_name_fails_loudly() {
    let db = harness::database("error_names").await;
    let client = harness::connect(&db.url).await;
    for name in ["'no_such_error'", "'CB404'", "null"] {
        let error = client.execute(&format!("select logic.fail({name}, 'A sentence.')"), &[]).await.expect_err("fails");
        assert_eq!(error.code().map(|code| code.code()), Some("XX000"), "{name}: {error:?}");
    }
}
