//! A folder of Backlog.md: its tasks, and documents that are broken.

use callboard::domain::import::{Files, Format, NamedFile};

use super::fixture_file;
use super::sources::{references, ticket, time};

#[test]
fn backlog_md() {
    let batch = fixture_file("backlog");
    assert_eq!(batch.format, Format::BacklogMd);
    let mut found = references(&batch);
    found.sort_unstable();
    assert_eq!(found, ["task-1", "task-1.1", "task-2", "task-3"]);
    let first = ticket(&batch, "task-1");
    assert_eq!(
        (first.state.as_str(), first.priority.as_deref(), first.assignee.as_deref()),
        ("In Progress", Some("high"), Some("ada"))
    );
    assert!(first.description.contains("Read the harbour's file.") && first.description.contains("- [x] #1 Reads it"));
    assert!(!first.description.contains("<!--") && first.description.ends_with("Also assigned: bo"));
    assert_eq!(
        (time(first.created_at), &first.tags[..], first.milestone.as_deref()),
        ("2025-05-01T09:00:00Z".to_owned(), &["parser".to_owned()][..], Some("m-1"))
    );
    let part = ticket(&batch, "task-1.1");
    assert_eq!(
        (part.parent.as_deref(), &part.blocked_by),
        (Some("task-1"), &vec!["task-1".to_owned(), "task-2".to_owned()])
    );
    assert_eq!(part.tags, ["parser", "error, messages"]);
    assert_eq!(ticket(&batch, "task-3").state, "Archived");
    assert_eq!(time(part.due_at), "2025-06-01T00:00:00Z");
    assert_eq!(["other documents", "files"].map(|kind| batch.not_taken.count(kind)), [1, 1]);
}

#[test]
fn broken_documents_of_backlog_md_are_named() {
    let file = |name: &str, text: &str| NamedFile { name: name.to_owned(), bytes: text.as_bytes().to_vec() };
    let files = Files {
        list: vec![
            file("tasks/a.md", "---\nid: task-1\ntitle: One\nstatus: Done\nmilestone: m-1\n---\n"),
            file("tasks/b.md", "---\nid: task-2\ntitle: Two\nstatus: Done\n"),
            file("tasks/c.md", "---\nid: task-3\nstatus: Done\n---\n"),
            file("tasks/d.md", "---\nid: task-4\ntitle Four\nstatus: Done\n---\n"),
            file("tasks/e.md", "Only text.\n"),
            file("milestones/m-1 - Spring.md", "---\nid: m-1\ntitle: Spring\n---\n"),
            file("README.md", "# Backlog\n"),
        ],
        others: Vec::new(),
    };
    let batch = Format::BacklogMd.read(&files).expect("a batch");
    assert_eq!(
        batch.bad.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "line 1 of tasks/b.md begins a front matter that no line of --- ends, so it is no task",
            "line 1 of tasks/c.md begins a front matter without title, so the document is no task",
            "line 3 of tasks/d.md is no `name: value` of a front matter, so the document is no task",
            "line 1 of tasks/e.md has no front matter between lines of ---, so it is no task",
        ]
    );
    assert_eq!((batch.not_taken.count("other documents"), batch.not_taken.count("invalid lines")), (2, 4));
    assert_eq!(ticket(&batch, "task-1").milestone.as_deref(), Some("Spring"));
}
