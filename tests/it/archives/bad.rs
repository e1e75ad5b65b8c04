//! Archives that are refused, with a sentence and without any change.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{Source, command, counts, forge, import, read, text};
use crate::harness;

type Sections = Vec<(Option<String>, String, Vec<Value>)>;

/// A database into which nothing comes.
struct Target {
    db: harness::TestDb,
    client: tokio_postgres::Client,
    before: String,
    file: tempfile::NamedTempFile,
}

impl Target {
    async fn open(hint: &str) -> Self {
        let db = harness::database(hint).await;
        let client = harness::connect(&db.url).await;
        client
            .batch_execute(
                "insert into actors (id, kind, name, is_admin) values ('callboard', 'service', 'Callboard', true), ('owner', 'user', 'Owner', false);
                 insert into workflows (id, name) values ('workflow-other', 'Other')",
            )
            .await
            .expect("somebody else's workflow");
        let other = "select logic.create_ticket('callboard', (logic.create_workflow('callboard', 'Third') ->> 'id'), 'Their ticket', 'Secret of theirs')";
        client.batch_execute(other).await.expect("a ticket");
        let before = counts(&client).await;
        Self { db, client, before, file: tempfile::NamedTempFile::new().expect("a file") }
    }

    async fn refuses(&self, bytes: &[u8], part: &str) {
        std::fs::write(self.file.path(), bytes).expect("write");
        let outcome = import(&self.db, self.file.path());
        assert!(
            !outcome.ok && outcome.out.is_empty() && outcome.err.contains(part),
            "not {part:?}: {}{}",
            outcome.out,
            outcome.err
        );
        assert_eq!(counts(&self.client).await, self.before, "{}", outcome.err);
    }
}

#[tokio::test]
async fn damaged_cut_foreign_and_huge_files_are_refused() {
    let source = Source::open("archive_bad").await;
    let good = source.archive("good");
    let target = Target::open("archive_bad_target").await;
    let mut plain = Vec::new();
    std::io::copy(&mut flate2::read::MultiGzDecoder::new(good.as_slice()), &mut plain).expect("text");
    // Cut off anywhere, compressed or not.
    for part in [good.len() / 3, good.len() - 1, good.len() - 40] {
        target.refuses(&good[..part], "Nothing was imported").await;
    }
    let last_line = plain[..plain.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("lines") + 1;
    target.refuses(&plain[..last_line], "was cut off after chunk").await;
    target.refuses(&plain[..last_line + 10], "was cut off after chunk").await;
    // A changed byte.
    for at in [plain.len() / 3, plain.len() / 2, last_line - 5, plain.len() - 20] {
        let mut changed = plain.clone();
        changed[at] = if changed[at] == b'5' { b'6' } else { b'5' };
        target.refuses(&changed, "damaged or was changed").await;
    }
    let mut changed = good.clone();
    changed[good.len() / 2] ^= 0x10;
    target.refuses(&changed, "Nothing was imported").await;
    let mut longer = plain.clone();
    longer.extend(b"{}\n");
    target.refuses(&longer, "something follows its last line").await;
    // Other files.
    for foreign in [&b""[..], b"\x1f\x8b", b"hello", br#"{"id": "bd-1", "title": "An issue"}"#, &[0xff; 4000]] {
        target.refuses(foreign, "not an archive of Callboard").await;
    }
    target.refuses(b"{\"callboard_archive\": 1, \"schema\": 1}\n", "was cut off after chunk 0").await;
    target.refuses(b"{\"callboard_archive\": 7, \"schema\": 1}\n", "a newer Callboard").await;
    target.refuses(&forge(9_999, &read(&good)), "made by a newer Callboard").await;
    target.refuses(&forge(1, &[]), "manifest").await;
    // Files that would grow.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(b"{\"callboard_archive\": 1, \"schema\": 1}\n").expect("write");
    (0..64).for_each(|_| bomb.write_all(&[b' '; 1 << 20]).expect("write"));
    target.refuses(&bomb.finish().expect("a file"), "a line has more than 16 MiB").await;
    let header =
        json!({"chunk": 1, "workflow": null, "section": "people", "lines": 1_000_000_000_000_u64, "sha256": ""});
    target
        .refuses(format!("{{\"callboard_archive\": 1, \"schema\": 1}}\n{header}\n").as_bytes(), "1 to 5000 lines")
        .await;
    // Another one than was expected; and only a look.
    std::fs::write(target.file.path(), &good).expect("write");
    let file = target.file.path().to_str().expect("a path");
    command(&target.db, &["import", "archive", file, "--sha256", &"0".repeat(64)])
        .refuses("not the one that was given");
    assert!(command(&target.db, &["import", "archive", file, "--check"]).out.contains("history"));
    assert_eq!(counts(&target.client).await, target.before);
    command(&target.db, &["import", "archive", "/nowhere/archive"]).refuses("cannot be read");
    command(&target.db, &["import", "archive", "/dev/null"]).refuses("is not a file");
}

/// Anybody can write an archive whose hashes are right.
#[tokio::test]
async fn forged_rows_are_refused() {
    let source = Source::open("archive_forged").await;
    let good = read(&source.archive("good"));
    let schema: i64 = text(&source.client, "select logic.get_archive_schema()").await.parse().expect("a number");
    let target = Target::open("archive_forged_target").await;
    let theirs = text(&target.client, "select id from tickets").await;
    let workflow = text(&target.client, "select workflow_id from tickets").await;
    let change = |section: &str, change: &dyn Fn(&mut Vec<Value>)| -> Vec<u8> {
        let mut sections: Sections = good.clone();
        let rows = &mut sections.iter_mut().find(|(_, name, _)| name == section).expect("the section").2;
        change(rows);
        forge(schema, &sections)
    };
    // Rows of another workflow, or that refer to one.
    target
        .refuses(&change("tickets", &|rows| rows[0]["workflow_id"] = json!(workflow)), "belongs to another workflow")
        .await;
    target
        .refuses(&change("streams", &|rows| rows[0]["workflow_id"] = json!(workflow)), "belongs to another workflow")
        .await;
    target
        .refuses(
            &change("ticket_comments", &|rows| rows[0]["ticket_id"] = json!(theirs)),
            "belongs to another workflow",
        )
        .await;
    target
        .refuses(&change("approvals", &|rows| rows[0]["ticket_id"] = json!(theirs)), "belongs to another workflow")
        .await;
    target
        .refuses(
            &change("tickets", &|rows| rows[0]["related_ticket_ids"] = json!([theirs])),
            "belongs to another workflow",
        )
        .await;
    target
        .refuses(&change("history", &|rows| rows[0]["ticket_id"] = json!(theirs)), "belongs to another workflow")
        .await;
    target
        .refuses(
            &change("history", &|rows| rows[0]["stream_id"] = json!(format!("workflow:{workflow}"))),
            "numbers of the stream",
        )
        .await;
    target
        .refuses(
            &change("history_bases", &|rows| rows[0]["stream_id"] = json!("workflow:nowhere")),
            "section history_bases cannot be imported",
        )
        .await;
    let elsewhere = format!("workflow:{workflow}");
    target
        .refuses(
            &change("history_bases", &|rows| rows[0]["stream_id"] = json!(elsewhere)),
            "belongs to another workflow",
        )
        .await;
    let job_of = change("job_stage_counts", &|rows| rows[0]["job_id"] = json!("job-of-nobody"));
    target.refuses(&job_of, "section job_stage_counts cannot be imported").await;
    // History with holes, repeats or other numbers.
    target.refuses(&change("history", &|rows| drop(rows.remove(3))), "numbers of the stream").await;
    target.refuses(&change("history", &|rows| rows[3]["seq"] = json!(9_000)), "numbers of the stream").await;
    target
        .refuses(
            &change("history", &|rows| {
                rows.pop();
            }),
            "numbers of the stream",
        )
        .await;
    target.refuses(&change("streams", &|rows| rows[0]["last_seq"] = json!(5_000_000)), "numbers of the stream").await;
    // Values that no table takes, and fields that none has.
    target.refuses(&change("tickets", &|rows| rows[0]["priority"] = json!("urgent")), "tickets_priority").await;
    target
        .refuses(&change("tickets", &|rows| rows[0]["number"] = json!("one")), "section tickets cannot be imported")
        .await;
    target.refuses(&change("tickets", &|rows| rows[0]["number"] = json!(4_000)), "ticket counter").await;
    target
        .refuses(&change("tickets", &|rows| rows[0]["title"] = json!("a\u{0}b")), "section tickets cannot be imported")
        .await;
    target.refuses(&change("tickets", &|rows| rows[0] = json!([1])), "is not a JSON object").await;
    target.refuses(&change("webhooks", &|rows| rows[0]["secret"] = json!("theirs")), "has the field secret").await;
    target.refuses(&change("people", &|rows| rows[0]["is_admin"] = json!(true)), "has the field is_admin").await;
    target.refuses(&change("people", &|rows| rows[1]["kind"] = json!("agent")), "whose kind does not fit its id").await;
    target
        .refuses(
            &change("workflow_members", &|rows| rows[0]["actor_id"] = json!("owner-of-nothing")),
            "section workflow_members cannot be imported",
        )
        .await;
    target
        .refuses(&change("tickets", &|rows| rows[0]["status"] = json!("nowhere")), "section tickets cannot be imported")
        .await;
    // Values that tables take, and that nobody can mean.
    let itself = change("tickets", &|rows| rows[0]["parent_ticket_id"] = rows[0]["id"].clone());
    target
        .refuses(&itself, "Line 1 of the archive's section tickets is not valid: parent_ticket_id must not lead")
        .await;
    let circle = change("tickets", &|rows| {
        rows[0]["parent_ticket_id"] = rows[1]["id"].clone();
        rows[1]["parent_ticket_id"] = rows[0]["id"].clone();
    });
    target.refuses(&circle, "of the archive's section tickets is not valid: parent_ticket_id must not lead").await;
    for (section, row, field, value, rule) in [
        ("tickets", 1, "created_at", json!("290000-01-01T00:00:00+00:00"), "must be a time of the years 1 to 9999"),
        ("tickets", 0, "completed_at", json!("infinity"), "must be a time of the years 1 to 9999"),
        ("tickets", 0, "number", json!(-4), "must not be negative"),
        ("history", 2, "changed_at", json!("290000-01-01T00:00:00+00:00"), "must be a time of the years 1 to 9999"),
        ("history", 2, "changed_at", json!("9998-01-01T00:00:00+00:00"), "must not be in the future"),
        ("history", 0, "seq", json!(-1), "must not be negative"),
        ("streams", 0, "pruned_seq", json!(-7), "must not be negative"),
        ("board_columns", 1, "position", json!(-1), "must not be negative"),
        ("milestones", 0, "due_on", json!("20260-01-01"), "must be a time of the years 1 to 9999"),
    ] {
        let said = format!("Line {} of the archive's section {section} is not valid: {field} {rule}", row + 1);
        target.refuses(&change(section, &|rows| rows[row][field] = value.clone()), &said).await;
    }
    let said = change("history", &|rows| {
        let event = rows.iter_mut().find(|row| row["change_type"] == "created").expect("a creation");
        event["metadata"]["ticket"]["created_at"] = json!("soon");
    });
    target.refuses(&said, "metadata.ticket.created_at must be a time of the years 1 to 9999").await;
    // Missing parts, and more than there is.
    for gone in ["boards", "streams", "workflows", "ticket_counters"] {
        let sections: Sections = good.iter().filter(|(_, section, _)| section != gone).cloned().collect();
        target.refuses(&forge(schema, &sections), "").await;
    }
    let mut sections = good.clone();
    sections.push((sections[0].0.clone(), "api_keys".to_owned(), vec![json!({"id": "k"})]));
    target.refuses(&forge(schema, &sections), "has a section api_keys").await;
    let mut sections = good.clone();
    sections.push(sections[3].clone());
    target.refuses(&forge(schema, &sections), "comes twice").await;
    // The unchanged rows are fine, as are columns that are older than their versions.
    let good = change("board_column_versions", &|rows| rows[0]["valid_from"] = json!("-infinity"));
    std::fs::write(target.file.path(), good).expect("write");
    assert!(import(&target.db, target.file.path()).ok);
}

/// What is there can leave, and nobody takes it for an archive that can come back.
#[tokio::test]
async fn an_export_of_incomplete_history_says_where_it_is_incomplete() {
    let source = Source::open("archive_gaps").await;
    let stream = format!("workflow:{}", source.workflow);
    let last = text(&source.client, &format!("select last_seq from streams where stream_id = '{stream}'")).await;
    let file = source.path("gaps");
    let file = file.to_str().expect("a path");
    let export = || command(&source.db, &["export", "archive", "--workflow", &source.workflow, "--output", file]);
    assert!(export().ok);
    for seq in [last.as_str(), "4", "1"] {
        let delete = format!("delete from history where stream_id = '{stream}' and seq = {seq}");
        source.client.batch_execute(&delete).await.expect("delete");
        std::fs::remove_file(file).expect("remove the archive");
        let outcome = export();
        let named = outcome.err.contains(&format!("{stream}: number {seq} is missing"));
        assert!(!outcome.ok && named && outcome.err.contains("cannot be imported"), "{}", outcome.err);
        assert!(command(&source.db, &["import", "archive", file, "--check"]).ok, "the archive is not whole");
    }
    let target = Target::open("archive_gaps_target").await;
    target.refuses(&std::fs::read(file).expect("the archive"), "numbers of the stream").await;
}
