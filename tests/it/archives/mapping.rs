//! Import into a database that is in use: people are recognized, taken ids are replaced, and what was there stays as it was.

use super::{Source, export, import, text};
use crate::harness;

#[tokio::test]
async fn a_second_copy_gets_ids_of_its_own_everywhere() {
    let source = Source::open("archive_copy").await;
    source.add_events(6_000).await;
    let first = source.archive("first");
    let epoch = text(&source.client, "select logic.epoch()").await;
    let answer = import(&source.db, &source.path("first")).json();
    let copy = answer["imported"]["workflows"][0]["workflow_id"].as_str().expect("an id").to_owned();
    assert_ne!(copy, source.workflow);
    assert!(answer["imported"]["ids_replaced"].as_u64() > Some(20), "{answer}");
    assert_eq!((&answer["imported"]["people_created"], &answer["imported"]["people_found"]), (&0.into(), &3.into()));
    // The original did not change, and cursors into it hold.
    assert_eq!(source.archive("again"), first);
    assert_eq!(text(&source.client, "select logic.epoch()").await, epoch);
    assert_eq!(text(&source.client, "select logic.verify_streams() ->> 'broken'").await, "[]");
    // The copy names its own rows: with them named as in the original, its archive is the original's.
    export(&source.db, &["--workflow", &copy], &source.path("copy"));
    let mut lines = super::read(&std::fs::read(source.path("copy")).expect("a file"));
    let original = super::read(&first);
    let ids = regex(&serde_json::to_string(&original).expect("text"));
    let there = regex(&serde_json::to_string(&lines).expect("text"));
    // People are the same, and so is a definition that is the same.
    let people = |id: &&String| id.starts_with("user-") || id.starts_with("definition-");
    assert_eq!(
        ids.iter().filter(|id| !people(id)).filter(|id| there.contains(*id)).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "the copy still names rows of the original"
    );
    assert_eq!(ids.iter().filter(people).count(), there.iter().filter(people).count());
    assert_eq!(ids.len(), there.len());
    // Keys are the same.
    let keys = |all: &[(Option<String>, String, Vec<serde_json::Value>)]| -> Vec<String> {
        all.iter()
            .filter(|(_, section, _)| section == "tickets")
            .flat_map(|(_, _, rows)| rows.iter().map(|row| format!("{} {}", row["number"], row["title"])))
            .collect()
    };
    assert_eq!(keys(&lines), keys(&original));
    lines.clear();
}

/// Ids that Callboard makes, in a text.
fn regex(text: &str) -> std::collections::BTreeSet<String> {
    let mut found = std::collections::BTreeSet::new();
    for (at, _) in text.match_indices('-') {
        let start = text[..at].rfind(|c: char| !c.is_ascii_lowercase()).map_or(0, |before| before + 1);
        if let Some(id) = text.get(start..at + 37)
            && start < at
            && id[at - start + 1..].split('-').map(str::len).eq([8, 4, 4, 4, 12])
            && id[at - start + 1..].chars().all(|c| c == '-' || c.is_ascii_hexdigit())
        {
            found.insert(id.to_owned());
        }
    }
    found
}

#[tokio::test]
async fn people_are_those_with_the_same_address() {
    let source = Source::open("archive_people").await;
    source.archive("first");
    let target = harness::database("archive_people_target").await;
    let client = harness::connect(&target.url).await;
    client
        .batch_execute(
            "insert into actors (id, kind, name) values ('user-of-ann', 'user', 'Ann here'), ('stranger', 'user', 'Stranger');
             insert into users (actor_id, email, password_hash) values ('user-of-ann', 'Ann@Example.org', 'her-password'), ('stranger', 's@example.org', 'x');
             -- Another agent of the same name.
             insert into actors (id, kind, name, owner_id) values ('agent-x', 'agent', 'X of a stranger', 'stranger');
             select logic.create_workflow('stranger', 'Theirs');",
        )
        .await
        .expect("people");
    let answer = import(&target, &source.path("first")).json();
    assert_eq!(answer["imported"]["people_found"], 1, "{answer}");
    assert_eq!(answer["imported"]["people_renamed"], 2, "{answer}");
    // Ann owns it here, with the password that she has.
    let role = "select m.role from workflow_members m join workflows w on w.id = m.workflow_id and w.name = 'Work' where m.actor_id = 'user-of-ann'";
    assert_eq!(text(&client, role).await, "owner");
    assert_eq!(text(&client, "select password_hash from users where actor_id = 'user-of-ann'").await, "her-password");
    // Bob is new, and cannot sign in.
    assert_eq!(
        text(&client, "select password_hash like '$argon2id$%' from users where email = 'bob@example.org'").await,
        "t"
    );
    // The stranger's agent got nothing; what it would have done is another agent's, whom Ann owns.
    assert_eq!(text(&client, "select count(*) from workflow_members m where m.actor_id = 'agent-x'").await, "0");
    let agent = text(&client, "select id from actors where kind = 'agent' and owner_id = 'user-of-ann'").await;
    assert!(agent.starts_with("agent-x-"), "{agent}");
    for table in [
        "tickets where assigned_agent_id",
        "job_messages where agent_id",
        "jobs where claimed_by",
        "history where actor_id",
    ] {
        assert_eq!(text(&client, &format!("select count(*) > 0 from {table} = '{agent}'")).await, "t", "{table}");
        assert_eq!(text(&client, &format!("select count(*) from {table} = 'agent-x'")).await, "0", "{table}");
    }
    let metadata =
        "select count(*) from history where metadata::text like '%\"agent-x\"%' and change_type <> 'field_updated'";
    assert_eq!(text(&client, metadata).await, "0");
}
