//! Each source on a file in the shape of its exporter: tickets, links, people, comments, times, and what is not taken.

use callboard::domain::import::{Batch, Files, Format, How, Mapping, NamedFile, Stage, Ticket, UnknownPeople, plan};

use super::{development, fixture_file};

pub(super) fn ticket<'a>(batch: &'a Batch, reference: &str) -> &'a Ticket {
    let found = batch.tickets.iter().find(|ticket| ticket.reference == reference);
    found.unwrap_or_else(|| panic!("no {reference} among {:?}", references(batch)))
}

pub(super) fn references(batch: &Batch) -> Vec<&str> {
    batch.tickets.iter().map(|ticket| ticket.reference.as_str()).collect()
}

pub(super) fn time(at: Option<jiff::Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// The column that each state is proposed, with the reason.
fn columns(batch: &Batch) -> Vec<(String, String, How)> {
    let names = development().map(batch, &Mapping::default(), UnknownPeople::Text).expect("names");
    let mut rows: Vec<_> =
        names.states.into_iter().map(|row| (row.name, row.to.unwrap_or_default(), row.how)).collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    rows
}

fn row(state: &str, column: &str, how: How) -> (String, String, How) {
    (state.to_owned(), column.to_owned(), how)
}

#[test]
fn github_over_the_api() {
    let batch = fixture_file("github-rest.json");
    assert_eq!(batch.format, Format::Github);
    assert_eq!(
        references(&batch),
        ["harbour/tides#1", "harbour/tides#2", "harbour/tides#4", "harbour/tides#5", "harbour/tides#6"]
    );
    let first = ticket(&batch, "harbour/tides#1");
    assert_eq!(
        (first.state.as_str(), first.stage, first.ticket_type.as_deref()),
        ("closed", Some(Stage::Done), Some("bug"))
    );
    assert_eq!((first.author.as_deref(), first.assignee.as_deref()), (Some("marit"), Some("ole")));
    assert!(
        first.description.contains("<details>zone</details>") && first.description.ends_with("Also assigned: marit")
    );
    assert_eq!((&first.tags[..], first.milestone.as_deref()), (&["bug".to_owned(), "P1".to_owned()][..], Some("v1.2")));
    assert_eq!(
        (time(first.created_at), time(first.closed_at)),
        ("2025-03-03T08:00:00Z".into(), "2025-03-12T16:30:00Z".into())
    );
    let comments: Vec<_> =
        first.comments.iter().map(|c| (c.author.as_deref(), c.text.as_str(), time(c.created_at))).collect();
    assert_eq!(
        comments,
        [
            (Some("ole"), "It is the zone of the harbour.", "2025-03-04T07:00:00Z".to_owned()),
            (Some("marit"), "Fixed in 1.2, thanks :tada:", "2025-03-12T16:29:00Z".to_owned()),
        ]
    );
    assert_eq!(ticket(&batch, "harbour/tides#2").parent.as_deref(), Some("harbour/tides#4"));
    assert_eq!(ticket(&batch, "harbour/tides#4").ticket_type.as_deref(), Some("Epic"));
    assert_eq!(ticket(&batch, "harbour/tides#5").state, "closed as not planned");
    let moves: Vec<_> =
        ticket(&batch, "harbour/tides#6").moves.iter().map(|m| (m.from.as_str(), m.to.as_str())).collect();
    assert_eq!(moves, [("open", "closed"), ("closed", "open"), ("open", "closed")]);
    let lost = ["pull requests", "reactions", "comments", "events"].map(|kind| batch.not_taken.count(kind));
    assert_eq!(lost, [1, 2, 1, 1], "the comment of #5 is announced, but not in the file");
}

#[test]
fn github_over_the_command_line() {
    let batch = fixture_file("github-cli.json");
    assert_eq!(references(&batch), ["harbour/gate#31", "harbour/gate#30", "harbour/gate#29"]);
    let first = ticket(&batch, "harbour/gate#31");
    assert_eq!((first.state.as_str(), first.stage), ("In Progress", None));
    assert_eq!(first.blocked_by, ["harbour/gate#30"]);
    assert_eq!(first.comments.len(), 1);
    assert_eq!(ticket(&batch, "harbour/gate#30").parent.as_deref(), Some("harbour/gate#31"));
    assert_eq!(
        columns(&batch),
        [
            row("In Progress", "in_progress", How::Name),
            row("closed as not planned", "done", How::Category),
            row("open", "backlog", How::Category),
        ]
    );
}

#[test]
fn linear() {
    let batch = fixture_file("linear.csv");
    assert_eq!((batch.format, references(&batch).len()), (Format::Linear, 5));
    let first = ticket(&batch, "PORT-1");
    assert_eq!(
        (first.title.as_str(), first.stage, first.story_points),
        ("Berth plan, week view", Some(Stage::Done), Some(3.0))
    );
    assert_eq!(first.description, "# Goal\n\nOne row a berth.\n- [ ] \"print\"");
    assert_eq!(first.tags, ["Feature", "UI", "team:Port", "project:Berths", "cycle:Cycle 7"]);
    assert_eq!(time(first.started_at), "2025-02-04T09:00:00Z");
    let second = ticket(&batch, "PORT-2");
    assert_eq!((second.title.as_str(), second.parent.as_deref()), ("=Formula in a title", Some("PORT-1")));
    assert_eq!(second.blocked_by, ["PORT-3"]);
    assert_eq!(ticket(&batch, "PORT-3").related, ["PORT-1", "PORT-99"]);
    let fourth = ticket(&batch, "PORT-4");
    assert_eq!((fourth.stage, time(fourth.closed_at)), (Some(Stage::Done), "2025-02-18T09:00:00Z".to_owned()));
    assert_eq!(
        batch.warnings.iter().map(|warning| warning.reason.as_str()).collect::<Vec<_>>(),
        ["has \"soon\" as Updated, not a time"]
    );
    assert_eq!(batch.tickets.iter().filter(|ticket| ticket.due_at.is_some()).count(), 1);
    assert_eq!(
        columns(&batch),
        [
            row("Canceled", "done", How::Category),
            row("Done", "done", How::Name),
            row("In Review", "review", How::Similar),
            row("Parked", "backlog", How::Unknown),
            row("Todo", "todo", How::Name),
        ]
    );
}

#[test]
fn jira() {
    // The second one has a byte order mark, UTF-16, semicolons and the newer names of columns.
    for name in ["jira.csv", "jira-excel.csv"] {
        let batch = fixture_file(name);
        assert_eq!(
            (batch.format, references(&batch)),
            (Format::Jira, vec!["FER-1", "FER-2", "FER-3", "FER-4", "FER-5"]),
            "{name}"
        );
        let first = ticket(&batch, "FER-1");
        assert_eq!((first.stage, time(first.started_at)), (Some(Stage::Active), "2025-02-05T09:00:00Z".to_owned()));
        assert_eq!(
            (first.description.as_str(), &first.tags[..]),
            ("h2. Goal\n\n* {{one}} page", &["timetable".to_owned(), "web".to_owned()][..])
        );
        let second = ticket(&batch, "FER-2");
        assert_eq!(second.title, "Winter; summer, and \"holidays\"");
        assert_eq!(
            (time(second.created_at), time(second.closed_at)),
            ("2025-02-03T10:00:00Z".into(), "2025-02-13T15:04:00Z".into())
        );
        assert_eq!(
            (second.estimate_minutes, second.spent_minutes, second.story_points),
            (Some(120), Some(90), Some(5.0))
        );
        assert_eq!((second.parent.as_deref(), second.assignee.as_deref()), (Some("FER-1"), Some("Bo Lind")));
        assert_eq!(second.tags, ["component:Web", "sprint:Sprint 2"]);
        assert!(second.description.contains("[plan.png](https://ferry.example/attachment/1/plan.png)"));
        let comments: Vec<_> = second.comments.iter().map(|c| (c.author.as_deref(), c.text.as_str())).collect();
        assert_eq!(comments, [(Some("Bo Lind"), "Ready; please look"), (Some("Ada Berg"), "Good.")]);
        let third = ticket(&batch, "FER-3");
        assert_eq!((&third.blocked_by, third.parent.as_deref()), (&vec!["FER-1".to_owned()], Some("FER-1")));
        assert_eq!(time(third.created_at), "2025-02-04T00:30:00Z");
        let fourth = ticket(&batch, "FER-4");
        assert_eq!((&fourth.blocked_by, &fourth.related), (&vec!["FER-3".to_owned()], &vec!["FER-2".to_owned()]));
        assert!(ticket(&batch, "FER-5").tags.contains(&"resolution:Won't Do".to_owned()));
        assert_eq!(batch.not_taken.count("column Custom field (Severity)"), 1);
        assert_eq!(batch.tickets.iter().filter(|ticket| ticket.due_at.is_some()).count(), 1);
        assert_eq!(batch.not_taken.count("encoding"), u64::from(name == "jira-excel.csv"));
        assert!(columns(&batch).contains(&row("Ready to Sail", "backlog", How::Category)), "{:?}", columns(&batch));
    }
}

#[test]
fn trello() {
    let batch = fixture_file("trello.json");
    assert_eq!((batch.format, batch.tickets.len()), (Format::Trello, 4));
    let first = &batch.tickets[0];
    assert_eq!((first.title.as_str(), first.state.as_str()), ("Paint the hull", "Done"));
    assert_eq!(time(first.created_at), "2025-03-03T08:00:00Z");
    assert_eq!((first.author.as_deref(), first.assignee.as_deref()), (Some("Ada Berg"), Some("Ada Berg")));
    for part in [
        "- [x] First\n- [ ] Second",
        "- Size: Large\n- Litres: 4",
        "[colours.pdf](https://trello.example/colours.pdf)",
        "Also assigned: Bo Lind",
    ] {
        assert!(first.description.contains(part), "{part}: {}", first.description);
    }
    assert_eq!(
        (&first.tags[..], &first.related),
        (&["hull".to_owned(), "blue".to_owned()][..], &vec![batch.tickets[1].reference.clone()])
    );
    let moves: Vec<_> = first.moves.iter().map(|m| (m.to.as_str(), m.at.to_string())).collect();
    assert_eq!(
        moves,
        [
            ("Doing", "2025-03-05T12:00:00Z".to_owned()),
            ("Done", "2025-03-07T12:00:00Z".to_owned()),
            ("Doing", "2025-03-10T12:00:00Z".to_owned()),
            ("Done", "2025-03-13T12:00:00Z".to_owned()),
        ]
    );
    assert_eq!(
        first.comments.iter().map(|c| (c.author.as_deref(), c.text.as_str())).collect::<Vec<_>>(),
        [(Some("Bo Lind"), "Second coat is **dry**.")]
    );
    // Without an action, the id of a card tells when it was made.
    assert_eq!(time(batch.tickets[3].created_at), "2025-03-05T09:00:00Z");
    assert_eq!((batch.tickets[2].state.as_str(), batch.tickets[2].moves.len()), ("Archived", 1));
    assert_eq!(batch.not_taken.count("attached files"), 1);
    assert_eq!(time(batch.tickets[0].due_at), "2025-03-20T12:00:00Z");
}

#[test]
fn invalid_values_name_their_file() {
    let file = |name: &str, text: &str| NamedFile { name: name.to_owned(), bytes: text.as_bytes().to_vec() };
    let bad = |files: Vec<NamedFile>| {
        let batch = Format::recognise(&Files { list: files.clone(), others: Vec::new() })
            .expect("a format")
            .read(&Files { list: files, others: Vec::new() })
            .expect("a batch");
        batch.warnings.iter().chain(&batch.bad).map(ToString::to_string).collect::<Vec<_>>()
    };
    let task = |created: &str| format!("---\nid: task-1\ntitle: One\nstatus: Done\ncreated_date: {created}\n---\n");
    assert_eq!(
        bad(vec![file("tasks/a.md", &task("2025-05-01")), file("tasks/b.md", &task("soon"))]),
        [
            "line 5 of tasks/b.md has \"soon\" as created_date, not a time",
            "line 1 of tasks/b.md repeats the id task-1 of another file",
        ]
    );
    let issues = "ID,Team,Title,Status,Created\nA-1,A,One,Todo,soon\n";
    assert_eq!(bad(vec![file("a.csv", issues)]), ["line 2 has \"soon\" as Created, not a time"]);
    assert_eq!(
        bad(vec![file("a.csv", issues), file("b.csv", issues)]),
        ["line 2 of a.csv has \"soon\" as Created, not a time"]
    );
    // What is no object costs only itself.
    let mixed =
        r#"[{"number": 1, "title": "One", "state": "open", "html_url": "https://github.com/a/b/issues/1"}, 7, "x"]"#;
    assert_eq!(
        bad(vec![file("a.json", mixed)]),
        ["line 2 is no issue, comment, event or milestone", "line 3 is no issue, comment, event or milestone"]
    );
    // A file that was cut inside of a quote.
    let cut = "ID,Team,Title,Status,Created\nA-1,A,\"One,Todo,2025-05-01\nA-2,A,Two,Todo,2025-05-01\n";
    let found = bad(vec![file("a.csv", cut)]);
    assert!(found.iter().any(|line| line.contains("the last quote of the table is not closed")), "{found:?}");
}

#[test]
fn task_master() {
    let batch = fixture_file("task-master.json");
    assert_eq!(batch.format, Format::TaskMaster);
    let mut found = references(&batch);
    found.sort_unstable();
    assert_eq!(found, ["master/1", "master/1.1", "master/1.2", "master/2", "master/3", "night-mode/1"]);
    assert_eq!(
        ticket(&batch, "master/1").description,
        "Start it.\n\n## Details\n\nUse the template.\n\n## Test strategy\n\nIt builds."
    );
    let part = ticket(&batch, "master/1.2");
    assert_eq!((part.parent.as_deref(), &part.blocked_by), (Some("master/1"), &vec!["master/1.1".to_owned()]));
    assert_eq!(ticket(&batch, "master/2").blocked_by, ["master/1", "master/1.2"]);
    assert_eq!(ticket(&batch, "night-mode/1").tags, ["tag:night-mode"]);
    assert_eq!(batch.not_taken.count("field complexityScore"), 1);
    assert_eq!(
        columns(&batch),
        [
            row("deferred", "backlog", How::Similar),
            row("done", "done", How::Name),
            row("in-progress", "in_progress", How::Name),
            row("pending", "backlog", How::Category),
            row("review", "review", How::Name),
        ]
    );
}

#[test]
fn plane_as_json_and_as_csv() {
    for name in ["plane.json", "plane.csv"] {
        let batch = fixture_file(name);
        assert_eq!((batch.format, references(&batch)), (Format::Plane, vec!["LIT-1", "LIT-2", "LIT-3"]), "{name}");
        let first = ticket(&batch, "LIT-1");
        assert_eq!(
            (first.stage, first.story_points, time(first.closed_at)),
            (Some(Stage::Done), Some(5.0), "2025-02-14T12:00:00Z".to_owned())
        );
        assert_eq!((first.author.as_deref(), first.assignee.as_deref()), (Some("Bo Lind"), Some("Ada Berg")));
        assert_eq!(time(first.due_at), "2025-02-20T00:00:00Z");
        assert_eq!(first.tags, ["pier", "cycle:Cycle 1"]);
        assert!(first.description.contains("[Plan](https://lights.example/plan)"));
        assert_eq!(
            first.comments.iter().map(|c| (c.text.as_str(), time(c.created_at))).collect::<Vec<_>>(),
            [("It shines.", "2025-02-14T11:00:00Z".to_owned())]
        );
        let second = ticket(&batch, "LIT-2");
        assert_eq!(
            (second.parent.as_deref(), &second.blocked_by, &second.related),
            (Some("LIT-1"), &vec!["LIT-3".to_owned()], &vec!["LIT-1".to_owned()])
        );
        assert_eq!(batch.not_taken.count("field attachment_count"), 1);
    }
}

#[test]
fn vibe_kanban_from_the_cloud_and_from_a_local_server() {
    let batch = fixture_file("vibe-kanban");
    assert_eq!((batch.format, references(&batch)), (Format::VibeKanban, vec!["VIB-1", "VIB-2", "VIB-3"]));
    let first = ticket(&batch, "VIB-1");
    assert_eq!((first.priority.as_deref(), first.assignee.as_deref()), (Some("Urgent"), Some("Ada Berg")));
    assert!(
        first.description.contains("Also assigned: Bo Lind")
            && first.description.contains("https://github.com/harbour/pilots/pull/4 (Merged)")
    );
    assert_eq!(first.comments.len(), 1);
    assert_eq!(ticket(&batch, "VIB-2").parent.as_deref(), Some("VIB-1"));
    assert_eq!(ticket(&batch, "VIB-3").blocked_by, ["VIB-1"]);
    assert_eq!(
        batch.people.iter().find(|person| person.name == "Bo Lind").and_then(|person| person.email.as_deref()),
        Some("bo@port.example")
    );
    assert_eq!(batch.tickets.iter().filter(|ticket| ticket.due_at.is_some()).count(), 1);

    let batch = fixture_file("vibe-kanban-tasks.json");
    assert_eq!(references(&batch), ["0b8e-1", "0b8e-2"]);
    assert_eq!(columns(&batch), [row("cancelled", "done", How::Category), row("inreview", "review", How::Similar)]);
}

#[test]
fn redmine_and_open_project() {
    let batch = fixture_file("redmine.csv");
    assert_eq!((batch.format, references(&batch)), (Format::Redmine, vec!["redmine-12", "redmine-13", "redmine-14"]));
    let first = ticket(&batch, "redmine-12");
    assert_eq!(
        (time(first.created_at), time(first.updated_at)),
        ("2025-02-10T09:00:00Z".into(), "2025-02-14T15:04:00Z".into())
    );
    assert_eq!((first.estimate_minutes, first.spent_minutes), (Some(150), Some(90)));
    assert_eq!((&first.blocked_by, &first.related), (&vec!["redmine-13".to_owned()], &vec!["redmine-14".to_owned()]));
    assert_eq!((&first.tags.join(" ")[..], first.milestone.as_deref()), ("project:Lock category:Gate", Some("1.0")));
    assert_eq!(ticket(&batch, "redmine-13").parent.as_deref(), Some("redmine-12"));
    assert_eq!(ticket(&batch, "redmine-14").stage, Some(Stage::Done));

    let german = fixture_file("redmine-german.csv");
    assert_eq!((german.tickets[0].title.as_str(), german.not_taken.count("encoding")), ("Größe", 1));

    let batch = fixture_file("openproject.csv");
    assert_eq!((batch.format, references(&batch)), (Format::OpenProject, vec!["openproject-41", "openproject-42"]));
    let first = ticket(&batch, "openproject-41");
    assert_eq!((first.story_points, first.estimate_minutes, first.spent_minutes), (Some(8.0), Some(960), Some(120)));
    assert_eq!(ticket(&batch, "openproject-42").parent.as_deref(), Some("openproject-41"));
}

#[test]
fn people_who_are_no_members_stay_as_text() {
    let mut batch = fixture_file("linear.csv");
    let names = development().map(&batch, &Mapping::default(), UnknownPeople::Text).expect("names");
    assert!(names.people.iter().all(|person| person.how == How::Text && person.to.is_none()));
    let items = plan(&mut batch, &development(), &names.mapping()).items;
    let second = items.iter().find(|item| item.reference == "PORT-2").expect("PORT-2");
    assert_eq!((second.assignee.as_deref(), second.author.as_deref()), (None, None));
    assert!(second.tags.contains(&"assignee:grace@port.example".to_owned()));
    assert!(second.description.ends_with("Created by ada@port.example in Linear."), "{}", second.description);
}
