//! Milestones of other trackers: they become milestones here, and updates carry over what changed there.

use callboard::domain::import::{Batch, Files, Format, Mapping, UnknownPeople, plan};
use serde_json::{Value, json};

use super::{development, fixture};

fn issue(number: u32, milestone: Value) -> Value {
    json!({"number": number, "title": format!("Issue {number}"), "state": "open", "milestone": milestone,
           "html_url": format!("https://github.com/harbour/tides/issues/{number}"), "created_at": "2025-03-01T08:00:00Z"})
}

fn github(issues: &Value) -> Batch {
    let files = Files::of_bytes("issues.json", issues.to_string().into_bytes()).expect("files");
    Format::Github.read(&files).expect("read")
}

fn spring(due_on: &str) -> Value {
    json!({"number": 1, "title": "Spring", "description": "Tides", "state": "open", "due_on": due_on, "closed_at": null})
}

#[tokio::test]
async fn milestones_of_github_become_milestones_with_their_days() {
    let fixture = fixture("import_milestones").await;
    let import = async |issues: Value, update: bool| {
        let (mapping, people) = (Mapping::default(), UnknownPeople::Text);
        let made = fixture.import_with("Tides", github(&issues), &mapping, people, update).await;
        (made.imported, made.updated, made.milestones, made.milestones_updated)
    };
    let closed = json!({"title": "Winter", "state": "closed", "due_on": null, "closed_at": "2025-02-28T08:00:00Z"});
    let first = json!([
        issue(1, spring("2025-04-30T07:00:00Z")),
        issue(2, spring("2025-04-30T07:00:00Z")),
        issue(3, closed),
        issue(4, Value::Null)
    ]);
    assert_eq!(import(first.clone(), false).await, (4, 0, 2, 0));
    let all = "select jsonb_agg(jsonb_build_object('name', m.name, 'about', m.description, 'due', m.due_on, 'closed', m.closed_at is not null,
                  'tickets', (select jsonb_agg(t.number order by t.number) from tickets t where t.milestone_id = m.id)) order by m.name) as m from milestones m";
    assert_eq!(
        fixture.json(all).await,
        json!({"m": [{"name": "Spring", "about": "Tides", "due": "2025-04-30", "closed": false, "tickets": [1, 2]},
                     {"name": "Winter", "about": "", "due": null, "closed": true, "tickets": [3]}]})
    );
    // Tickets were in their milestones from their creation on.
    let since = "select count(*) as n from logic.flow_spans s where s.kind = 'milestone' and s.started_at = '2025-03-01T08:00:00Z'";
    assert_eq!(fixture.json(since).await, json!({"n": 3}));
    // An update moves the day, the fourth issue comes, the second leaves; a rename here stays.
    fixture
        .client
        .batch_execute("update milestones set name = 'Spring tide' where name = 'Spring'")
        .await
        .expect("renamed");
    let later = spring("2025-05-15T07:00:00Z");
    let second = json!([issue(1, later.clone()), issue(2, Value::Null), issue(4, later.clone())]);
    assert_eq!(import(second.clone(), true).await, (0, 2, 0, 1));
    assert_eq!(
        fixture.json(all).await["m"][0],
        json!({"name": "Spring tide", "about": "Tides", "due": "2025-05-15", "closed": false, "tickets": [1, 4]})
    );
    assert_eq!(import(second, true).await, (0, 0, 0, 0));
    // A day that was changed here stays.
    fixture
        .client
        .batch_execute("update milestones set due_on = '2025-06-01' where name = 'Spring tide'")
        .await
        .expect("changed");
    assert_eq!(import(json!([issue(1, spring("2025-07-01T07:00:00Z"))]), true).await, (0, 0, 0, 0));
    assert_eq!(fixture.json(all).await["m"][0]["due"], json!("2025-06-01"));
    fixture.assert_gapless().await;
}

#[tokio::test]
async fn an_update_names_what_was_deleted_here() {
    let fixture = fixture("import_gone").await;
    let issues = json!([issue(1, Value::Null), issue(2, Value::Null)]);
    let import = async |issues: &Value| {
        let (mapping, people) = (Mapping::default(), UnknownPeople::Text);
        fixture.import_with("Tides", github(issues), &mapping, people, true).await
    };
    assert_eq!(import(&issues).await.gone_count, 0);
    fixture.client.batch_execute("update tickets set deleted_at = now() where number = 2").await.expect("deleted");
    let mut changed = issues;
    changed[1]["title"] = json!("Changed there");
    changed[1]["comments"] = json!([{"author": {"login": "ole"}, "body": "Late."}]);
    let made = import(&changed).await;
    assert_eq!((made.updated, made.comments, made.gone_count), (0, 0, 1));
    let gone: Vec<_> =
        made.gone.iter().map(|one| (one.reference.as_str(), one.key.as_str(), one.reason.as_str())).collect();
    assert_eq!(gone, [("harbour/tides#2", "TKT-2", "deleted")]);
    assert_eq!(fixture.ticket("harbour/tides#2", "title").await, json!({"title": "Issue 2"}));
}

#[test]
fn what_github_does_not_have_is_reported() {
    let mut odd = issue(1, Value::Null);
    odd["state"] = json!("frozen");
    odd["labels"] = json!("bug");
    let mut other = issue(2, Value::Null);
    other["labels"] = json!([7, null, {"name": "tides"}]);
    let batch = github(&json!([odd, other]));
    let names = development().map(&batch, &Mapping::default(), UnknownPeople::Text).expect("names");
    let unknown: Vec<_> =
        names.states.iter().filter(|row| row.how == callboard::domain::import::How::Unknown).collect();
    assert_eq!(unknown.iter().map(|row| (row.name.as_str(), row.count)).collect::<Vec<_>>(), [("frozen", 1)]);
    let warnings: Vec<_> = batch.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["line 1 has a text as labels, not a list", "line 2 has null in labels, not a name"]);
}

#[test]
fn the_plan_lists_milestones_of_the_file() {
    let described =
        json!({"number": 1, "title": "Spring", "state": "open", "open_issues": 1, "due_on": "2025-04-30T07:00:00Z"});
    let unused = json!({"number": 2, "title": "Summer", "state": "open", "open_issues": 0, "due_on": null});
    let mut batch = github(&json!([issue(1, json!({"title": "Spring"})), described, unused]));
    let names = development().map(&batch, &Mapping::default(), UnknownPeople::Text).expect("names");
    let planned = plan(&mut batch, &development(), &names.mapping());
    let list: Vec<_> = planned
        .milestones
        .iter()
        .map(|one| (one.name.as_str(), one.tickets, one.due_at.map(|at| at.to_string())))
        .collect();
    assert_eq!(list, [("Spring", 1, Some("2025-04-30T07:00:00Z".to_owned()))]);
    assert_eq!(batch.not_taken.count("milestones without tickets"), 1);
}
