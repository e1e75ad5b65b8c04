//! Rules for `migrations/` and `sql/`.

use super::source::files;

/// refinery skips a file with another name silently.
#[test]
fn migrations_are_named_so_that_refinery_finds_them() {
    let mut numbers = Vec::new();
    for file in files("migrations", ".sql") {
        let name = file.path.rsplit('/').next().expect("a name");
        let (number, rest) = name.strip_prefix('V').and_then(|n| n.split_once("__")).expect("V###__name.sql");
        assert!(number.len() == 3 && !rest.is_empty(), "{name}: V###__name.sql");
        numbers.push(number.parse::<usize>().expect("a number"));
    }
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "numbered without gaps");
}

/// `logic` is dropped and rebuilt, which a table that calls it would prevent.
#[test]
fn tables_do_not_depend_on_the_schema_logic() {
    let mut statements = 0;
    for file in files("migrations", ".sql") {
        for line in file.text.lines().filter(|line| !line.trim_start().starts_with("--")) {
            statements += usize::from(line.contains("create table"));
            assert!(!line.contains("logic."), "{}: {line}", file.path);
        }
    }
    assert!(statements > 20, "only {statements} tables were found");
}

/// Law 8 of sql/README.md.
#[test]
fn files_that_create_triggers_state_their_lock_order() {
    let mut looked_at = 0;
    for file in files("sql/logic", ".sql") {
        if file.text.contains("create trigger") || file.text.contains("create constraint trigger") {
            looked_at += 1;
            let opening: Vec<&str> = file.text.lines().take_while(|line| line.starts_with("--")).collect();
            assert!(
                opening.iter().any(|line| line.contains("Lock order:")),
                "{}: the opening comment has no line \"Lock order: …\"",
                file.path
            );
        }
    }
    assert!(looked_at > 5, "only {looked_at} files with triggers were found");
}
