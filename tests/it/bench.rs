//! `callboard bench` from end to end, as short as it can be. Its numbers are not judged.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

struct Output {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Output {
    /// One sentence on stderr, nothing on stdout.
    #[track_caller]
    fn refuses(&self, part: &str) {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        assert!(self.out.is_empty() && self.err.contains(part), "{}{}", self.out, self.err);
        assert!(self.err.lines().count() == 1 && self.err.ends_with(".\n"), "{}", self.err);
    }
}

async fn bench(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("bench")
        .args(arguments)
        .env_remove("CALLBOARD_CONFIG")
        .kill_on_drop(true)
        .output()
        .await
        .expect("run callboard bench");
    Output {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).expect("the saved file")).expect("JSON")
}

fn write(file: &Path, value: &Value) {
    std::fs::write(file, value.to_string()).expect("write a file");
}

/// The measurements of a column, with a check that each holds all its fields.
fn column<'a>(run: &'a Value, group: &str, column: &str) -> Vec<&'a Value> {
    let all = run["measurements"].as_array().expect("measurements");
    let found: Vec<&Value> = all.iter().filter(|one| one["group"] == group && one["column"] == column).collect();
    assert!(!found.is_empty(), "{group}: {column} is missing in {run}");
    for one in &found {
        assert!(one["value"].is_f64() && one["unit"].is_string() && one["name"].is_string(), "{one}");
        assert!(one["better"] == "higher" || one["better"] == "lower", "{one}");
    }
    found
}

#[tokio::test]
async fn a_short_run_prints_a_page_and_saves_what_a_later_one_is_compared_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = folder.path().join("new folder/2026-01-01.json");
    let size = ["--seconds", "1", "--rounds", "1", "--clients", "2", "--fan-out-sockets", "10", "--idle-seconds", "1"];
    let few =
        ["--quick", "--sockets", "20", "--sign-ins", "5", "--only", "start,idle,writes,jobs,fan-out,memory,statistics"];
    let path = first.to_string_lossy();
    let arguments = [&size[..], &few[..], &["--save", &path]].concat();
    let done = bench(&arguments).await;
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);

    let run = read(&first);
    assert_eq!((&run["schema"], &run["callboard"]), (&json!(1), &json!(env!("CARGO_PKG_VERSION"))));
    assert!(run["cores"].as_u64() > Some(0) && run["postgres"].is_string() && run["date"].is_string(), "{run}");
    for group in ["Status changes, 20 workflows", "Status changes, one workflow"] {
        for name in ["REST/s", "function/s", "bare/s", "bare + NOTIFY/s", "function/bare", "REST/function"] {
            let one = column(&run, group, name)[0];
            assert!(
                one["value"].as_f64() > Some(0.0) && one["repetitions"].as_array().expect("all").len() == 1,
                "{one}"
            );
        }
    }
    for name in ["REST/s", "function/s", "bare/s", "function/bare"] {
        assert!(column(&run, "Creations, 20 workflows", name)[0]["value"].as_f64() > Some(0.0));
        assert!(column(&run, "Changes of a stage, 20 workflows", name)[0]["value"].as_f64() > Some(0.0));
    }
    assert!(column(&run, "Jobs claimed and completed by 16 workers", "REST/s")[0]["value"].as_f64() > Some(0.0));
    // Each report, and over 90 days and a year each that has a range.
    let reports = "Reports beside 10,000 rows of history";
    let (month, year) = (column(&run, reports, "30 days ms"), column(&run, reports, "a year ms"));
    assert!(month.len() > 30 && year.len() > 20 && month.len() > year.len(), "{} and {}", month.len(), year.len());
    // Every socket received every event, in order.
    for one in column(&run, "Fan-out to 10 sockets", "lost") {
        assert_eq!(one["value"], json!(0.0), "{one}");
    }
    for one in column(&run, "Fan-out to 10 sockets", "bytes") {
        assert!(one["value"].as_f64() > Some(420.0), "a message holds the title: {one}");
    }
    for title in ["Status changes, 20 workflows", "Fan-out to 10 sockets", "aims are met"] {
        assert!(done.out.contains(title), "{}", done.out);
    }

    // Compared with itself nothing has changed; an older run that was half as fast makes this one better.
    let other = folder.path().join("new folder/2025-01-01.json");
    write(&other, &run);
    let compared = bench(&["compare", &other.to_string_lossy(), &path]).await;
    assert!(compared.out.contains("0 better, 0 worse"), "{}{}", compared.out, compared.err);
    let mut slower = run.clone();
    for one in slower["measurements"].as_array_mut().expect("measurements") {
        if one["column"] == "function/s" {
            one["value"] = json!(one["value"].as_f64().expect("a rate") / 100.0);
            one["repetitions"] = json!([one["value"]]);
        }
    }
    for one in slower["measurements"].as_array_mut().expect("measurements").iter_mut().rev().take(1) {
        one["name"] = json!("something else");
    }
    write(&other, &slower);
    // The two newest files of a folder, by their names.
    let newest = bench(&["compare", "--folder", &first.parent().expect("its folder").to_string_lossy()]).await;
    assert_eq!(newest.code, Some(0), "{}", newest.err);
    assert!(newest.out.contains("better") && !newest.out.contains("WORSE"), "{}", newest.out);
    assert!(newest.out.contains("only in the new one") && newest.out.contains("only in the old one"), "{}", newest.out);
}

#[tokio::test]
async fn what_is_no_result_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.json");
    let name = file.to_string_lossy();
    bench(&["compare", &name, &name]).await.refuses("cannot be read");
    std::fs::write(&file, "{\"schema\": 1, \"measure").expect("write");
    bench(&["compare", &name, &name]).await.refuses("holds no results of `callboard bench`");
    write(&file, &json!({"schema": 1, "measurements": []}));
    bench(&["compare", &name, &name]).await.refuses("missing field");
    write(&file, &json!({"schema": 99}));
    bench(&["compare", &name, &name]).await.refuses("its format is 99");
    bench(&["compare", "--folder", &folder.path().to_string_lossy()]).await.refuses("fewer than two results");
    bench(&["--only", "writes,nonsense"]).await.refuses("No benchmark is named nonsense");
}
