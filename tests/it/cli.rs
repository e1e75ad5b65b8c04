//! The command line, run as a user would run it.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness;

pub struct CommandOutput {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl CommandOutput {
    pub fn json(&self) -> Value {
        assert!(self.ok, "{}", self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// One sentence on stderr, nothing on stdout.
    #[track_caller]
    pub fn refuses(&self, part: &str) {
        assert!(!self.ok && self.out.is_empty() && self.err.contains(part), "{}{}", self.out, self.err);
        assert!(self.err.lines().count() == 1 && self.err.ends_with(".\n"), "{}", self.err);
    }
}

pub fn run(url: &str, input: &str, arguments: &[&str]) -> CommandOutput {
    let mut child = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(arguments)
        .env_remove("CALLBOARD_CONFIG")
        .env("DATABASE_URL", url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start callboard");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("write");
    let output = child.wait_with_output().expect("run callboard");
    CommandOutput {
        ok: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[tokio::test]
async fn users_keys_and_workflows_are_created_and_listed() {
    let test = harness::database("cli").await;
    let call = |arguments: &[&str]| run(&test.url, "", arguments);
    assert!(
        run(&test.url, "a long password\n", &["user", "create", "Boss@Example.com", "--admin", "--password-stdin"]).ok
    );
    run(&test.url, "short\n", &["user", "create", "x@example.com", "--password-stdin"]).refuses("password");
    assert!(call(&["user", "create", "worker@example.com"]).out.trim().len() == 20);
    call(&["user", "create", "worker@example.com"]).refuses("exists already");
    let users = call(&["user", "list", "--json"]).json();
    assert_eq!((users[0]["email"].as_str(), users[0]["is_admin"].as_bool()), (Some("boss@example.com"), Some(true)));
    assert!(call(&["user", "reset-password", "worker@example.com"]).ok);
    call(&["user", "reset-password", "nobody@example.com"]).refuses("nobody@example.com");

    let made = call(&["workflow", "create", "Front desk", "--template", "research"]);
    assert!(made.ok && made.out.starts_with("workflow-"), "{}", made.err);
    call(&["workflow", "create", "Odd", "--template", "none"]).refuses("template");
    let key = call(&["key", "create", "--actor", "agent-x", "--scopes", "read,write", "--workflow", "front desk"]);
    assert!(key.ok && key.out.starts_with("cb_") && key.out.lines().count() == 1, "{}{}", key.out, key.err);
    call(&["key", "create", "--actor", "agent-y", "--workflow", "nowhere"]).refuses("nowhere");
    call(&["key", "create", "--actor", "agent-y", "--scopes", "fly"]).refuses("scopes");
    let keys = call(&["key", "list", "--json"]).json();
    assert_eq!(keys[0]["actor_id"], "agent-x");
    assert!(call(&["key", "revoke", keys[0]["id"].as_str().expect("an id")]).ok);
    assert_eq!(call(&["key", "list", "--json"]).json(), serde_json::json!([]));
    assert!(call(&["workflow", "add-member", "Front desk", "worker@example.com", "--role", "viewer"]).ok);
    let members = call(&["workflow", "members", "Front desk"]).out;
    assert!(members.contains("agent-x") && members.contains("worker@example.com"), "{members}");
    assert!(call(&["workflow", "list"]).out.contains("Front desk"));
}

#[tokio::test]
async fn files_are_imported_and_every_line_is_accounted_for() {
    let test = harness::database("cli_import").await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/beads-small.jsonl");
    let import =
        |flags: &[&str]| run(&test.url, "", &[&["import", "beads", file, "--workflow", "Tracker"], flags].concat());
    let strict = import(&["--strict"]);
    assert!(
        !strict.ok
            && strict.err.contains("Nothing is imported")
            && strict.err.contains("Line 9 has no id.")
            && strict.err.contains("Line 12 has \"high\" as priority"),
        "{}",
        strict.err
    );
    assert_eq!(run(&test.url, "", &["workflow", "list", "--json"]).json(), serde_json::json!([]));

    let output = import(&[]);
    assert!(!output.ok, "bad lines make exit code 1");
    for part in [
        "20  tickets imported",
        "1  lines of the type memory: they hold no issue",
        "1  tombstones: deleted tickets are skipped",
        "4  invalid lines:",
        "4  invalid values:",
        "2  ticket types added",
        "(epic, merge-request)",
    ] {
        assert!(output.out.contains(part), "{part}: {}", output.out);
    }
    assert!(output.err.contains("Line 26: cb-22 as parent of cb-23 would create a cycle"), "{}", output.err);
    assert!(import(&[]).out.contains("20  imported before, left as they are"));

    let exported = run(&test.url, "", &["export", "json", "--workflow", "Tracker"]).json();
    assert_eq!(exported["tickets"].as_array().map(Vec::len), Some(20));
    assert_eq!(exported["tickets"][3]["external_ref"], "cb-2");
    let table = run(&test.url, "", &["export", "csv", "--workflow", "Tracker"]).out;
    assert!(table.starts_with("\u{feff}key,title,status,"), "{table}");
    let plain = run(&test.url, "", &["export", "csv", "--workflow", "Tracker", "--no-bom"]).out;
    assert_eq!(table.strip_prefix('\u{feff}'), Some(plain.as_str()));
    assert!(table.contains("\r\nTKT-4,Write the changelog,in_progress,feature,high,beads/crew/dave,"), "{table}");
    let document = run(&test.url, "", &["export", "markdown", "--workflow", "Tracker"]).out;
    assert!(document.contains("## backlog") && document.contains("> **mara**"), "{document}");
    run(&test.url, "", &["export", "csv", "--workflow", "Nowhere"]).refuses("Nowhere");

    let good = run(
        &test.url,
        "{\"id\":\"x-1\",\"title\":\"By pipe\"}\n",
        &["import", "beads", "-", "--workflow", "Tracker", "--json"],
    );
    assert_eq!(good.json()["outcome"]["imported"], 1);
    // Without a time, nobody knows whether the file or the ticket is newer; --update takes the file's text.
    let undated = |flags: &[&str]| {
        let line = "{\"id\":\"x-1\",\"title\":\"By another pipe\"}\n";
        run(&test.url, line, &[&["import", "beads", "-", "--workflow", "Tracker"], flags].concat()).out
    };
    let again = undated(&[]);
    assert!(again.contains("1  imported before, left as they are") && !again.contains("newer"), "{again}");
    assert!(undated(&["--update"]).contains("1  tickets updated"));
    run(&test.url, "", &["import", "beads", "/nowhere", "--workflow", "T"]).refuses("/nowhere");
    run(&test.url, "{\"id\":\"x\",\"title\":\"abc\"}", &["import", "beads", "-", "--workflow", "T", "--as", "nobody"])
        .refuses("nobody");
}

#[tokio::test]
async fn a_file_of_another_tracker_is_previewed_mapped_and_imported() {
    let test = harness::database("cli_import_linear").await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import/linear.csv");
    let folder = tempfile::tempdir().expect("a folder");
    let mapping = folder.path().join("mapping.json").to_string_lossy().into_owned();
    let import = |flags: &[&str]| run(&test.url, "", &[&["import", file, "--workflow", "Port"], flags].concat());
    let tried = import(&["--dry-run", "--save-mapping", &mapping]);
    assert!(tried.ok && tried.err.contains("This looks like a Linear CSV export."), "{}{}", tried.out, tried.err);
    for part in ["STATE", "Parked", "unknown; the default", "5  tickets imported", "column Initiatives"] {
        assert!(tried.out.contains(part), "{part}: {}", tried.out);
    }
    assert_eq!(run(&test.url, "", &["workflow", "list", "--json"]).json(), serde_json::json!([]), "it is undone");
    let text = std::fs::read_to_string(&mapping).expect("a mapping");
    assert!(text.contains("\"Parked\": \"backlog\""), "{text}");
    std::fs::write(&mapping, text.replace("\"Parked\": \"backlog\"", "\"Parked\": \"testing\"")).expect("written");
    let done = import(&["--mapping", &mapping, "--json", "--from", "linear"]).json();
    assert_eq!(done["outcome"]["imported"], 5);
    let exported = run(&test.url, "", &["export", "json", "--workflow", "Port"]).json();
    assert_eq!(exported["tickets"][4]["status"], "testing");
    let again = import(&["--mapping", &mapping, "--update"]).out;
    assert!(again.contains("5  imported before, left as they are"), "{again}");
    assert!(import(&["--mapping", "/nowhere"]).err.contains("/nowhere"));
}

#[tokio::test]
async fn verify_finds_a_sequence_gap() {
    let test = harness::database("cli_verify").await;
    assert!(run(&test.url, "", &["workflow", "create", "Desk"]).ok);
    let input = "{\"id\":\"a\",\"title\":\"One ticket\"}\n{\"id\":\"b\",\"title\":\"Two tickets\"}\n";
    assert!(run(&test.url, input, &["import", "beads", "-", "--workflow", "Desk"]).ok);
    let whole = run(&test.url, "", &["verify"]);
    assert!(whole.ok && whole.out.contains("all complete"), "{}", whole.out);
    assert!(run(&test.url, "", &["maintenance", "restored"]).err.contains("new epoch"));
    assert!(run(&test.url, "", &["maintenance", "prune", "--months", "2"]).ok);
    harness::connect(&test.url).await.batch_execute("delete from history where seq = 1").await.expect("make a gap");
    let broken = run(&test.url, "", &["verify"]);
    assert!(!broken.ok && broken.out.contains("incomplete") && broken.err.contains("expected"), "{}", broken.out);
}

#[tokio::test]
async fn settings_errors_are_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("callboard.toml");
    let path = file.to_str().expect("a plain path");
    run("", "", &["migrate", "--config", path]).refuses("cannot be read");
    std::fs::write(&file, "listen = \n").expect("write");
    run("", "", &["migrate", "--config", path]).refuses("line 1");
    std::fs::write(&file, "lissten = 'x'\n").expect("write");
    run("", "", &["migrate", "--config", path]).refuses("unknown key lissten");
    let data = folder.path().join("data");
    run("", "", &["database-url", "--data-dir", data.to_str().expect("a path")]).refuses("callboard serve");
    run("postgres://nobody@127.0.0.1:1/x", "", &["migrate"]).refuses("refuses the connection");
    run("not a url", "", &["migrate"]).refuses("DATABASE_URL");
}

#[tokio::test]
async fn a_command_starts_its_own_postgres() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let runtime = harness::runtime_dir();
    std::fs::write(
        folder.path().join("callboard.toml"),
        format!("data_dir = '{}'\nruntime_dir = '{}'\n", data.display(), runtime.display()),
    )
    .expect("write");
    let config = folder.path().join("callboard.toml");
    let config = config.to_str().expect("a path");
    assert!(run("", "", &["--config", config, "workflow", "create", "Kept"]).ok);
    let listed = run("", "", &["--config", config, "workflow", "list"]);
    assert!(listed.out.contains("Kept"), "{}{}", listed.out, listed.err);
    assert!(!data.join("postgres/postmaster.pid").exists(), "clean shutdown");
}
