//! Importing from other trackers: beads with every kind of line once, and a real export if one is available; the others in
//! `sources` and `backlog_md`; their past in `past`; mappings and updates in `mapping`; hostile files in `hostile`.

mod backlog_md;
mod boards;
mod hostile;
mod mapping;
mod milestones;
mod past;
mod sources;

use std::io::BufReader;
use std::path::Path;

use callboard::db::{Db, pool};
use callboard::domain::accounts::Caller;
use callboard::domain::import::sources::beads;
use callboard::domain::import::{
    Batch, Board, BoardColumn, Files, Format, Mapping, Outcome, UnknownPeople, board_of, plan, run,
};
use callboard::domain::operators::operator;
use callboard::domain::workflows::Category;
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::harness;

struct Fixture {
    client: Client,
    db: Db,
    caller: Caller,
    _test: harness::TestDb,
}

async fn fixture(hint: &str) -> Fixture {
    let test = harness::database(hint).await;
    let pool = pool::pool(&test.url, 4, std::time::Duration::from_secs(60)).expect("a pool");
    let db = Db::new(pool);
    let caller = operator(&db, None).await.expect("an operator");
    Fixture { client: harness::connect(&test.url).await, db, caller, _test: test }
}

impl Fixture {
    /// Imports as mapped by default; people become agents.
    async fn import(&self, workflow: &str, batch: Batch) -> Outcome {
        self.import_with(workflow, batch, &Mapping::default(), UnknownPeople::NewAgents, false).await
    }

    async fn import_with(
        &self,
        workflow: &str,
        mut batch: Batch,
        mapping: &Mapping,
        people: UnknownPeople,
        update: bool,
    ) -> Outcome {
        let board = board_of(&self.db, &self.caller, workflow).await.expect("a board");
        let names = board.map(&batch, mapping, people).unwrap_or_else(|error| panic!("{error}"));
        let planned = plan(&mut batch, &board, &names.mapping());
        run(&self.db, &self.caller, workflow, &planned, update, false).await.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn json(&self, sql: &str) -> Value {
        self.client.query_one(&format!("select to_jsonb(x) from ({sql}) x"), &[]).await.expect(sql).get(0)
    }

    /// Columns of one imported ticket.
    async fn ticket(&self, reference: &str, columns: &str) -> Value {
        self.json(&format!("select {columns} from tickets t where external_ref = '{reference}'")).await
    }

    /// The stream has every sequence number from 1 on, once.
    async fn assert_gapless(&self) {
        let sql = "select bool_and(n = high and low = 1 and n = last_seq) as ok from
                   (select s.last_seq, count(*) as n, max(h.seq) as high, min(h.seq) as low
                      from streams s join history h using (stream_id) group by s.stream_id, s.last_seq) x";
        assert_eq!(self.json(sql).await, json!({ "ok": true }));
    }
}

/// A board as new workflows have it.
fn development() -> Board {
    let columns = [
        ("backlog", "Backlog", Category::Todo),
        ("todo", "To Do", Category::Todo),
        ("in_progress", "In Progress", Category::Active),
        ("review", "Code Review", Category::Active),
        ("testing", "Testing", Category::Active),
        ("done", "Done", Category::Done),
    ];
    let column =
        |(id, name, category): (&str, &str, _)| BoardColumn { id: id.to_owned(), name: name.to_owned(), category };
    let types = ["bug", "feature", "improvement", "task", "spike"].map(|id| (id.to_owned(), id.to_owned()));
    Board {
        columns: columns.into_iter().map(column).collect(),
        types: types.into(),
        initial: "backlog".to_owned(),
        members: Vec::new(),
    }
}

/// The content of a fixture, recognised and parsed.
fn fixture_file(name: &str) -> Batch {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name);
    let files = Files::of_path(&path, |_| ()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let format = Format::recognise(&files).unwrap_or_else(|| panic!("{name} is not recognised"));
    format.read(&files).unwrap_or_else(|error| panic!("{name} {error}"))
}

fn small_export() -> Batch {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/beads-small.jsonl");
    read(&file)
}

fn read(file: &Path) -> Batch {
    let file = std::fs::File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    beads::read(BufReader::new(file)).expect("read")
}

fn text(lines: &str) -> Batch {
    beads::read(lines.as_bytes()).expect("read")
}

#[test]
fn bad_lines_are_named_with_their_reason() {
    let mut batch = small_export();
    let bad: Vec<_> = batch.bad.iter().map(|bad| format!("{} {}", bad.line, bad.reason)).collect();
    assert_eq!(
        bad,
        [
            "8 is not JSON (EOF while parsing a string at column 35)",
            "9 has no id",
            "14 repeats the id cb-1 of line 1",
            "16 is a list, not an object",
        ]
    );
    // A bad value loses only itself.
    let warnings: Vec<_> = batch.warnings.iter().map(|value| format!("{} {}", value.line, value.reason)).collect();
    assert_eq!(
        warnings,
        [
            "10 has no title; its id is used",
            "11 has \"yesterday\" as created_at, not a time like 2026-01-31T12:00:00Z",
            "12 has \"high\" as priority, not a whole number from 0 to 4",
            "13 has a text as labels, not a list",
        ]
    );
    let skipped = ["tombstones", "lines of the type memory", "invalid lines"].map(|kind| batch.not_taken.count(kind));
    assert_eq!((batch.tickets.len(), skipped), (20, [1, 1, 4]));
    let names = development().map(&batch, &Mapping::default(), UnknownPeople::NewAgents).expect("names");
    assert!(names.states.iter().any(|state| state.name == "waiting for parts" && state.count == 1));
    let cycles = plan(&mut batch, &development(), &names.mapping()).cycles;
    let cycles: Vec<_> = cycles.iter().map(|c| (c.line, c.kind, c.from.as_str(), c.to.as_str())).collect();
    assert_eq!(
        cycles,
        [(19, "blocker", "cb-16", "cb-14"), (19, "blocker", "cb-16", "cb-16"), (26, "parent", "cb-23", "cb-22"),]
    );
}

#[test]
fn a_bad_value_keeps_the_rest_of_its_issue() {
    let batch = text(
        "{\"_type\":\"issue\",\"id\":\"a\",\"title\":7,\"status\":[],\"assignee\":{},\"estimated_minutes\":-1,\"labels\":[1,\"x\"],\
         \"closed_at\":\"0001-01-01T00:00:00Z\",\"comments\":[{\"text\":3},{\"text\":\"Kept\",\"created_at\":\"soon\"},4],\
         \"dependencies\":[{\"type\":\"blocks\"},{\"depends_on_id\":\"b\"}]}\n{\"_type\":\"memory\",\"value\":null}\n{\"id\":5}\n",
    );
    let (item, reasons) =
        (&batch.tickets[0], batch.warnings.iter().map(|value| value.reason.as_str()).collect::<Vec<_>>());
    assert_eq!((item.title.as_str(), item.state.as_str(), item.assignee.as_deref()), ("a", "open", None));
    assert_eq!((&item.tags, &item.blocked_by), (&vec!["x".to_owned()], &vec!["b".to_owned()]));
    assert_eq!(item.comments.iter().map(|comment| comment.text.as_str()).collect::<Vec<_>>(), ["Kept"]);
    for part in [
        "has a number as title, not a text",
        "has a list as status, not a text",
        "has an object as assignee, not a text",
        "has -1 as estimated_minutes, not a whole number from 0 to 10000000",
        "has a number in labels, not a text",
        "has a comment that has a number as text, not a text",
        "has a comment that has \"soon\" as created_at, not a time like 2026-01-31T12:00:00Z",
        "has a number in comments, not an object",
        "has a dependency that has no depends_on_id",
    ] {
        assert!(reasons.contains(&part), "{part}: {reasons:?}");
    }
    assert_eq!(batch.bad.iter().map(|bad| bad.reason.as_str()).collect::<Vec<_>>(), ["has a number as id, not a text"]);
}

#[test]
fn invalid_bytes_are_reported_and_do_not_stop_the_import() {
    let long = format!("{{\"id\":\"l\",\"title\":\"{}\"}}", "x".repeat(17 << 20));
    let mut bytes = b"\xef\xbb\xbf{\"id\":\"a\",\"title\":\"With a mark\"}\r\n\xff\xfe\n".to_vec();
    bytes.extend_from_slice(long.as_bytes());
    bytes.extend_from_slice(b"\n{\"id\":\"b\",\"title\":\"\\ud800\"}\n{\"id\":\"c\",\"title\":\"The last\"}");
    let batch = beads::read(bytes.as_slice()).expect("read");
    assert_eq!(batch.tickets.iter().map(|item| item.reference.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(batch.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(batch.bad[1].reason, "is longer than 16 MB");
}

#[tokio::test]
async fn every_kind_of_line_becomes_what_it_means() {
    let fixture = fixture("import_kinds").await;
    let outcome = fixture.import("Small tracker", small_export()).await;
    assert_eq!((outcome.imported, outcome.existing, outcome.comments), (20, 0, 3));
    // Reports need not read the events of the import.
    let stored = "select p.seq = s.last_seq as is_stored from streams s join reporting_progress p on s.stream_id = 'workflow:' || p.workflow_id";
    assert_eq!(fixture.json(stored).await, json!({"is_stored": true}));
    assert_eq!((outcome.blockers, outcome.parents, outcome.missing_links), (3, 4, 1));
    assert_eq!(outcome.types_added, ["epic", "merge-request"]);

    assert_eq!(
        fixture
            .ticket("cb-1", "number, priority, status, ticket_type, tags, created_by_agent_id, version, started_at")
            .await,
        json!({"number": 1, "priority": "critical", "status": "backlog", "ticket_type": "epic", "tags": ["release"],
               "created_by_agent_id": "beads/crew/dave", "version": 1, "started_at": null})
    );
    let second = fixture
        .ticket("cb-2", "number, status, assigned_agent_id, description, updated_at = '2026-01-03T23:30:00Z' as dated,
                 started_at = updated_at as started, is_resolved, parent_ticket_id = (select id from tickets where external_ref = 'cb-1') as child")
        .await;
    assert_eq!(
        second,
        json!({"number": 4, "status": "in_progress", "assigned_agent_id": "beads/crew/dave", "dated": true, "started": true,
               "is_resolved": false, "child": true,
               "description": "## Design\n\nOne line for each change.\n\n## Acceptance criteria\n\nEvery change is named.\n\n## Notes\n\nAsk Mara.\n\n## External reference\n\ngh-17"})
    );
    let blockers = "(select array_agg(b.external_ref) from logic.active_blockers k join tickets b on b.id = k.blocked_by_ticket_id where k.ticket_id = t.id) as blockers,
                    (select array_agg(b.external_ref) from ticket_blockers k join tickets b on b.id = k.blocked_by_ticket_id where k.ticket_id = t.id and k.released_at is not null) as resolved,
                    (select array_agg(r.external_ref) from tickets r where r.id = any (t.related_ticket_ids)) as related";
    assert_eq!(
        fixture.ticket("cb-3", blockers).await,
        json!({"blockers": ["cb-2"], "resolved": ["cb-4"], "related": ["cb-4"]})
    );
    assert_eq!(
        fixture.ticket("cb-4", "status, is_resolved, completed_at = '2026-01-05T17:00:00Z' as closed, resolved_at = completed_at as resolved,
                    (select c.comment_type || ': ' || c.comment_text from ticket_comments c where c.ticket_id = t.id) as comment,
                    (select a.name from actors a where a.id = t.assigned_agent_id) as assignee").await,
        json!({"status": "done", "is_resolved": true, "closed": true, "resolved": true,
               "comment": "resolution: The clock is faked now.", "assignee": "José Ñ"})
    );
    assert_eq!(
        fixture.ticket("cb-6", "(select jsonb_agg(jsonb_build_array(a.name, c.comment_text, c.created_at = '2026-01-08T08:00:00Z') order by c.created_at)
                     from ticket_comments c join actors a on a.id = c.agent_id where c.ticket_id = t.id) as comments").await,
        json!({"comments": [["mara", "Is this **still** open?", true], ["José Ñ", "Yes.", false]]})
    );
    assert_eq!(
        fixture.ticket("cb-17", "title, ticket_type").await,
        json!({"title": "x (cb-17)", "ticket_type": "merge-request"})
    );
    assert_eq!(
        fixture
            .ticket("cb-18", "char_length(title) as length, description like 'Long title%title' as kept, status")
            .await,
        json!({"length": 500, "kept": true, "status": "backlog"})
    );
    assert_eq!(
        fixture.ticket("cb-21", "title, description").await,
        json!({"title": "NUL  and 'quotes' \\ and emoji 🎉", "description": "ab"})
    );
    assert_eq!(
        fixture.ticket("cb-20", "estimate_minutes, is_resolved").await,
        json!({"estimate_minutes": 90, "is_resolved": false})
    );
    // Sorted by priority, then creation; a later ticket comes last.
    let order =
        "select string_agg(external_ref, ' ' order by rank, number) as refs from tickets where status = 'backlog'";
    assert_eq!(
        fixture.json(order).await,
        json!({"refs": "cb-1 cb-3 cb-6 cb-11 cb-12 cb-13 cb-14 cb-15 cb-16 cb-17 cb-18 cb-20 cb-21 cb-22 cb-23 cb-10 cb-19"})
    );
    let sql = format!(
        "select logic.create_ticket('{}', '{}', 'Made later', 'It stands behind the rest.')",
        fixture.caller.actor, outcome.workflow_id
    );
    fixture.client.batch_execute(&sql).await.expect("create");
    let last = "select title from tickets where status = 'backlog' order by rank desc limit 1";
    assert_eq!(fixture.json(last).await, json!({"title": "Made later"}));
    fixture.assert_gapless().await;
}

#[tokio::test]
async fn a_repeated_import_adds_only_new_lines() {
    let fixture = fixture("import_again").await;
    let first = fixture.import("Tracker", small_export()).await;
    let state = "select md5(string_agg(x::text, ' ' order by x::text)) as sum from
                 (select t::text from tickets t union all select c::text from ticket_comments c union all select b::text from boards b
                  union all select k::text from ticket_blockers k union all select s::text from streams s union all select a::text from actors a) x(x)";
    let before = fixture.json(state).await;
    let again = fixture.import(&first.workflow_id, small_export()).await;
    // Without a time, an item is not known to be newer.
    assert_eq!((again.imported, again.existing, again.newer, again.comments), (0, 20, 0, 0));
    let third = fixture.import("tracker", small_export()).await;
    assert_eq!((third.imported, third.workflow_id.as_str()), (0, first.workflow_id.as_str()));
    assert_eq!(fixture.json(state).await, before);

    let more = text(
        "{\"id\":\"cb-1\",\"title\":\"Another title\",\"updated_at\":\"2027-01-01T00:00:00Z\"}\n\
         {\"id\":\"cb-30\",\"title\":\"New here\",\"dependencies\":[{\"depends_on_id\":\"cb-1\",\"type\":\"blocks\"}]}",
    );
    let joined = fixture.import("Tracker", more).await;
    assert_eq!((joined.imported, joined.existing, joined.newer, joined.blockers), (1, 1, 1, 1));
    assert_eq!(fixture.ticket("cb-1", "title").await, json!({"title": "Plan the release"}));
    fixture.assert_gapless().await;
}

#[tokio::test]
async fn an_updating_import_carries_changes_over() {
    let fixture = fixture("import_update").await;
    let first = text(
        "{\"id\":\"a\",\"title\":\"Title a\",\"updated_at\":\"2026-01-01T00:00:00Z\"}\n\
         {\"id\":\"b\",\"title\":\"Title b\",\"updated_at\":\"2026-01-01T00:00:00Z\"}\n\
         {\"id\":\"c\",\"title\":\"Title c\",\"updated_at\":\"2026-01-01T00:00:00Z\"}\n",
    );
    let made = fixture.import("Tracker", first).await;
    fixture
        .client
        .batch_execute("update tickets set title = 'Changed here' where external_ref = 'c'")
        .await
        .expect("update");
    let second = || {
        text(
            "{\"id\":\"a\",\"title\":\"Title a, new\",\"status\":\"closed\",\"closed_at\":\"2026-02-01T00:00:00Z\",\
          \"updated_at\":\"2026-02-01T00:00:00Z\",\"assignee\":\"zed\",\"comments\":[{\"author\":\"zed\",\"text\":\"Done.\"}]}\n\
         {\"id\":\"b\",\"title\":\"Title b\",\"updated_at\":\"2026-01-01T00:00:00Z\"}\n\
         {\"id\":\"c\",\"title\":\"Title c, new\",\"updated_at\":\"2026-02-01T00:00:00Z\"}\n\
         {\"id\":\"d\",\"title\":\"Title d\",\"updated_at\":\"2026-02-01T00:00:00Z\"}\n",
        )
    };
    let update = async |batch: Batch| {
        let (mapping, people) = (Mapping::default(), UnknownPeople::NewAgents);
        let outcome = fixture.import_with(&made.workflow_id, batch, &mapping, people, true).await;
        (outcome.imported, outcome.existing, outcome.updated, outcome.kept, outcome.comments, outcome.agents)
    };
    assert_eq!(update(second()).await, (1, 3, 1, 1, 1, 1));
    assert_eq!(
        fixture
            .ticket(
                "a",
                "title, status, is_resolved, assigned_agent_id, completed_at = '2026-02-01T00:00:00Z' as closed"
            )
            .await,
        json!({"title": "Title a, new", "status": "done", "is_resolved": true, "assigned_agent_id": "zed", "closed": true})
    );
    assert_eq!(fixture.ticket("c", "title").await, json!({"title": "Changed here"}), "it changed here since");
    assert_eq!(update(second()).await, (0, 4, 0, 1, 0, 0));
    // Comments without any time are recognised too.
    let undated = || {
        text(
            "{\"id\":\"e\",\"title\":\"Title e\",\"status\":\"closed\",\"close_reason\":\"It works.\",\
          \"comments\":[{\"author\":\"zed\",\"text\":\"hello\"},{\"text\":\"bad time\",\"created_at\":\"x\"}]}\n",
        )
    };
    assert_eq!(update(undated()).await.4, 3);
    assert_eq!(update(undated()).await.4, 0);
    fixture.assert_gapless().await;
}

#[tokio::test]
async fn concurrent_imports_create_every_ticket_once() {
    let fixture = fixture("import_twice").await;
    let made = fixture.import("Tracker", text("{\"id\":\"cb-0\",\"title\":\"The first one\"}")).await;
    let (one, two) = tokio::join!(
        fixture.import(&made.workflow_id, small_export()),
        fixture.import(&made.workflow_id, small_export())
    );
    assert_eq!((one.imported + two.imported, one.existing + two.existing), (20, 20));
    fixture.assert_gapless().await;
}
