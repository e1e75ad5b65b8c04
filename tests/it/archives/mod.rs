//! Archives: what comes out of a database goes into another one as it was, and nothing else does.

mod bad;
mod coverage;
mod download;
mod mapping;
mod resume;
mod roundtrip;

use std::path::{Path, PathBuf};

use callboard::domain::archive::{Chunk, Encoder, Limits, Part, Reader};
use serde_json::Value;
use tokio_postgres::Client;

use crate::cli::{CommandOutput, run};
use crate::harness::{self, TestDb};

/// A database with the workflow of `fixture.sql`, and a folder for files.
pub struct Source {
    pub db: TestDb,
    pub client: Client,
    pub workflow: String,
    pub folder: tempfile::TempDir,
}

impl Source {
    pub async fn open(hint: &str) -> Self {
        let db = harness::database(hint).await;
        let client = harness::connect(&db.url).await;
        let mut statement = String::new();
        // Each statement is a transaction of its own, as changes through the API are.
        for line in include_str!("fixture.sql").lines() {
            statement.extend([line, "\n"]);
            if line.ends_with(';') {
                client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
                statement.clear();
            }
        }
        let workflow = text(&client, "select id from workflows").await;
        Self { db, client, workflow, folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The archive of the workflow.
    pub fn archive(&self, name: &str) -> Vec<u8> {
        export(&self.db, &["--workflow", &self.workflow], &self.path(name));
        std::fs::read(self.path(name)).expect("an archive")
    }

    /// Adds events to the workflow's history, three to a transaction.
    pub async fn add_events(&self, count: i64) {
        self.client
            .execute(
                "with
                 -- The stream's new end.
                 grown as (update streams set last_seq = last_seq + $1 where stream_id like 'workflow:%' returning *)
                 insert into history (stream_id, seq, workflow_id, change_type, change_description, actor_id, xid, changed_at)
                 select s.stream_id, s.last_seq - $1 + g, s.workflow_id, 'field_updated', 'Changed.', 'agent-x',
                        (100 + (s.last_seq - $1 + g) / 3)::text::xid8, '2026-01-01Z'::timestamptz + g * interval '1 minute'
                   from grown s, generate_series(1, $1) g",
                &[&count],
            )
            .await
            .expect("events");
    }
}

pub fn command(db: &TestDb, arguments: &[&str]) -> CommandOutput {
    run(&db.url, "", arguments)
}

/// Writes an archive; returns what the command says.
#[track_caller]
pub fn export(db: &TestDb, what: &[&str], file: &Path) -> String {
    let file = file.to_str().expect("a path");
    let outcome = command(db, &[&["export", "archive", "--output", file], what].concat());
    assert!(outcome.ok, "{}", outcome.err);
    outcome.err
}

pub fn import(db: &TestDb, file: &Path) -> CommandOutput {
    command(db, &["import", "archive", file.to_str().expect("a path"), "--json"])
}

/// The first value of a query.
pub async fn text(client: &Client, sql: &str) -> String {
    client
        .query_one(&format!("select (x.*)::text from ({sql}) x (value) limit 1"), &[])
        .await
        .map(|row| row.get::<_, Option<String>>(0).unwrap_or_default())
        .map(|value| value.trim_matches(['(', ')', '"']).to_owned())
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

/// The rows of an archive, as (workflow, section, rows).
pub fn read(bytes: &[u8]) -> Vec<(Option<String>, String, Vec<Value>)> {
    let mut reader = Reader::open(bytes, Limits { max_bytes: u64::MAX }).expect("an archive");
    let mut sections: Vec<(Option<String>, String, Vec<Value>)> = Vec::new();
    while let Part::Chunk(Chunk { header, rows }) = reader.next_part().expect("a whole archive") {
        let rows = rows.lines().map(|row| serde_json::from_str(row).expect("a row"));
        match sections.last_mut() {
            Some((workflow, section, all)) if *workflow == header.workflow && *section == header.section => {
                all.extend(rows)
            }
            _ => sections.push((header.workflow, header.section, rows.collect())),
        }
    }
    sections
}

/// An archive of these rows with right hashes, as anybody can make one.
pub fn forge(schema: i64, sections: &[(Option<String>, String, Vec<Value>)]) -> Vec<u8> {
    let (mut encoder, mut bytes) = Encoder::begin(schema).expect("a beginning");
    for (workflow, section, rows) in sections {
        for part in rows.chunks(5000) {
            let text: String = part.iter().map(|row| format!("{row}\n")).collect();
            let chunk = encoder.chunk(workflow.as_deref(), section, text.as_bytes(), part.len() as u64);
            bytes.extend(chunk.expect("a chunk"));
        }
    }
    bytes.extend(encoder.finish().expect("an end").0);
    bytes
}

/// How many rows each table of a database has that an import could write.
pub async fn counts(client: &Client) -> String {
    let tables = "actors users workflows workflow_members boards board_columns streams history tickets ticket_comments jobs \
                  job_messages reporting_spans webhooks security_events";
    let counts: Vec<String> =
        tables.split_whitespace().map(|table| format!("(select count(*) from {table})")).collect();
    text(client, &format!("select concat_ws(' ', {})", counts.join(", "))).await
}
