//! Mappings as given, and imports that update: what changed there, here, and in both places.

use callboard::domain::import::{Batch, Files, Format, How, Mapping, NEW_AGENT, UnknownPeople};
use serde_json::json;

use super::{development, fixture, fixture_file};

fn linear(rows: &str) -> Batch {
    let text = format!("ID,Team,Title,Status,Priority,Assignee,Labels,Estimate,Description\n{rows}");
    let files = Files::of_bytes("linear.csv", text.into_bytes()).expect("files");
    Format::recognise(&files).expect("recognised").read(&files).expect("read")
}

#[tokio::test]
async fn names_are_mapped_as_given() {
    let fixture = fixture("import_mapping").await;
    let mapping: Mapping = serde_json::from_value(json!({
        "states": {"Parked": "testing", "Nowhere": "done"},
        "types": {},
        "priorities": {"Urgent": "low"},
        "people": {"grace@port.example": NEW_AGENT, "Intern": null},
    }))
    .expect("a mapping");
    let made = fixture.import_with("Port", fixture_file("linear.csv"), &mapping, UnknownPeople::NewAgents, false).await;
    assert_eq!((made.imported, made.agents), (5, 2));
    let sql = "select jsonb_object_agg(external_ref, jsonb_build_array(status, priority, assigned_agent_id is not null)) as at from tickets";
    assert_eq!(
        fixture.json(sql).await,
        json!({"at": {"PORT-1": ["done", "high", true], "PORT-2": ["review", "low", true], "PORT-3": ["todo", "medium", false],
                      "PORT-4": ["done", "low", false], "PORT-5": ["testing", "medium", false]}})
    );
    // The intern is kept as text.
    assert_eq!(
        fixture.ticket("PORT-4", "created_by_agent_id, description").await,
        json!({"created_by_agent_id": null, "description": "Created by Intern in Linear."})
    );
}

#[test]
fn a_mapping_names_columns_types_and_members() {
    let batch = fixture_file("linear.csv");
    let refused = |mapping: serde_json::Value| {
        let mapping: Mapping = serde_json::from_value(mapping).expect("a mapping");
        let error = development().map(&batch, &mapping, UnknownPeople::Text).expect_err("refused");
        let problem = error.as_problem();
        (problem.status, problem.errors[0].field.clone(), problem.detail)
    };
    let (status, field, detail) = refused(json!({"states": {"Parked": "garage"}}));
    assert_eq!((status, field.as_str()), (422, "mapping.states"));
    assert!(detail.contains("\"garage\"") && detail.contains("in_progress"), "{detail}");
    assert_eq!(refused(json!({"types": {"Bug": "no spaces"}})).1, "mapping.types");
    assert_eq!(refused(json!({"people": {"Intern": "nobody"}})).1, "mapping.people");
    assert_eq!(refused(json!({"people": {"Intern": NEW_AGENT}})).1, "mapping.people");
    assert!(serde_json::from_value::<Mapping>(json!({"columns": {}})).is_err());
}

#[test]
fn people_are_found_by_address_and_name() {
    let mut board = development();
    let member = |id: &str, name: &str, email: Option<&str>| {
        serde_json::from_value(
            json!({"actor_id": id, "name": name, "kind": "user", "email": email, "role": "member", "added_at": ""}),
        )
        .expect("a member")
    };
    board.members =
        vec![member("user-1", "A. Lovelace", Some("Ada@port.example")), member("intern", "The intern", None)];
    let names = board.map(&fixture_file("linear.csv"), &Mapping::default(), UnknownPeople::Text).expect("names");
    let mut people: Vec<_> = names.people.iter().map(|row| (row.name.as_str(), row.to.as_deref(), row.how)).collect();
    people.sort_by_key(|(name, ..)| *name);
    assert_eq!(
        people,
        [
            ("Intern", Some("intern"), How::Name),
            ("ada@port.example", Some("user-1"), How::Email),
            ("grace@port.example", None, How::Text),
        ]
    );
}

#[tokio::test]
async fn an_update_takes_what_changed_there_and_keeps_what_changed_here() {
    let fixture = fixture("import_three_ways").await;
    let import = async |rows: &str, update: bool| {
        let made = fixture.import_with("Port", linear(rows), &Mapping::default(), UnknownPeople::Text, update).await;
        (made.imported, made.existing, made.updated, made.kept)
    };
    // Without any time in the file.
    let first = "A,T,Title a,Todo,Low,,x,1,Text\nB,T,Title b,Todo,Low,,x,1,Text\nC,T,Title c,Todo,Low,,x,1,Text\n";
    assert_eq!(import(first, false).await, (3, 0, 0, 0));
    // A changes there; B changes here; C changes in both places, in the title to different and in the priority to the same.
    fixture
        .client
        .batch_execute(
            "update tickets set title = 'B here', status = 'review' where external_ref = 'B';
             update tickets set title = 'C here', priority = 'high' where external_ref = 'C'",
        )
        .await
        .expect("changed");
    let second = "A,T,Title a2,In Progress,High,grace,\"x, y\",3,Text 2\nB,T,Title b,Todo,Low,,x,1,Text\nC,T,Title c2,Todo,High,,x,2,Text\n";
    assert_eq!(import(second, false).await, (0, 3, 0, 0), "known tickets are skipped");
    assert_eq!(import(second, true).await, (0, 3, 2, 1));
    let fields = "title, status, priority, tags, story_points, left(description, 6) as text";
    assert_eq!(
        fixture.ticket("A", fields).await,
        json!({"title": "Title a2", "status": "in_progress", "priority": "high", "story_points": 3, "text": "Text 2",
               "tags": ["x", "y", "team:T", "assignee:grace"]})
    );
    assert_eq!(
        fixture.ticket("B", "title, status, priority").await,
        json!({"title": "B here", "status": "review", "priority": "low"})
    );
    assert_eq!(
        fixture.ticket("C", "title, priority, story_points").await,
        json!({"title": "C here", "priority": "high", "story_points": 2})
    );
    // Again nothing changes, and the conflict is still counted.
    let before = fixture.json("select md5(string_agg(t::text, '' order by t.id)) as sum from tickets t").await;
    assert_eq!(import(second, true).await, (0, 3, 0, 1));
    assert_eq!(fixture.json("select md5(string_agg(t::text, '' order by t.id)) as sum from tickets t").await, before);
    // What was changed here is given up: the source wins again.
    fixture
        .client
        .batch_execute("update tickets set title = 'Title c' where external_ref = 'C'")
        .await
        .expect("changed");
    assert_eq!(import(second, true).await, (0, 3, 1, 0));
    assert_eq!(fixture.ticket("C", "title").await, json!({"title": "Title c2"}));
    fixture.assert_gapless().await;
}
