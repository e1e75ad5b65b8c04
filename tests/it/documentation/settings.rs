//! docs/settings.md lists every setting of the server, and no other.

use std::collections::BTreeSet;
use std::process::Command;

use super::blocks::read;

/// The environment variables that `callboard serve --help` names.
fn offered() -> BTreeSet<String> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_callboard")).args(["serve", "--help"]).output().expect("run callboard");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let names = help.split("[env: ").skip(1).map(|rest| rest.split(['=', ']']).next().unwrap_or_default().to_owned());
    names.collect()
}

/// The variables in the first column of the tables.
fn listed() -> BTreeSet<String> {
    let text = read("docs/settings.md");
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(|row| row.split('|').next());
    let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')).map(str::to_owned).collect()
}

#[test]
fn every_setting_is_documented() {
    let (offered, listed) = (offered(), listed());
    assert!(!offered.is_empty(), "the help names no variable");
    assert_eq!(offered.difference(&listed).collect::<Vec<_>>(), [""; 0], "not in docs/settings.md");
    assert_eq!(listed.difference(&offered).collect::<Vec<_>>(), [""; 0], "not a setting");
}
