//! Whom an assignee names.

use serde_json::{Value, json};

use super::fixtures::Fixture;

/// A session of an actor, as transports name it; `strict` is what MCP and the command line send.
fn caller(actor: &str, strict: bool) -> Value {
    json!(json!({"actor": actor, "strict": strict}).to_string())
}

async fn assigned(
    fixture: &Fixture,
    who: Value,
    ticket: &str,
    assignee: &str,
) -> Result<Value, (String, String, Value)> {
    let updates = json!({"assigned_agent_id": assignee});
    fixture.call("update_ticket", json!({"caller": who, "ticket": ticket, "updates": updates})).await?;
    Ok(fixture.card(ticket).await["assigned_agent_id"].clone())
}

#[tokio::test]
async fn an_assignee_names_a_member_before_it_names_an_agent() {
    let fixture = Fixture::open("assignees").await;
    let ticket = fixture.ticket("The work").await;
    let sql = "insert into users (actor_id, email, password_hash)
               select a.id, a.id || '@example.com', 'x' from actors a where a.kind = 'user';
               insert into actors (id, kind, name, is_admin) values ('root', 'user', 'Root', true);
               insert into actors (id, kind, name, owner_id) values ('elsewhere', 'agent', 'Elsewhere', 'outsider'),
                   ('builder', 'agent', 'Master builder', 'owner'), ('Member@example.com', 'agent', 'An old shadow', null)";
    fixture.client.batch_execute(sql).await.expect("actors");
    fixture.ok("set_member", json!({"actor": "builder", "role": "member"})).await;
    let owner = || caller("owner", false);

    // A member by id, e-mail address or name, also where an agent was created under the address.
    for (named, found) in [
        ("member", "member"),
        ("MEMBER@example.com", "member"),
        ("Member", "member"),
        ("viewer", "viewer"),
        ("Member@example.com", "member"),
        ("master Builder", "builder"),
        ("builder", "builder"),
    ] {
        assert_eq!(assigned(&fixture, owner(), &ticket, named).await.expect(named), found, "{named}");
    }
    let added =
        fixture.ok("set_member", json!({"caller": owner(), "actor": "Member@example.com", "role": "member"})).await;
    assert_eq!(added["actor_id"], "member", "and so for members");

    // No agent is made of an address or a person; whether there is an account makes no difference.
    let before: i64 = fixture.client.query_one("select count(*) from actors", &[]).await.expect("actors").get(0);
    let mut refusals = Vec::new();
    for named in ["outsider", "outsider@example.com", "nobody@example.com", "user-00000000", "root"] {
        let (code, message, detail) = assigned(&fixture, owner(), &ticket, named).await.expect_err(named);
        assert_eq!((code.as_str(), &detail["field"]), ("CB422", &json!("assigned_agent_id")), "{named}");
        refusals.push(message);
    }
    assert!(refusals.iter().all(|message| *message == refusals[0] && message.contains("member")), "{refusals:?}");
    let after: i64 = fixture.client.query_one("select count(*) from actors", &[]).await.expect("actors").get(0);
    assert_eq!(after, before);

    // An administrator assigns nobody who is not of the workflow, and reads why.
    for named in ["elsewhere", "outsider", "root"] {
        let (code, message, _) = assigned(&fixture, caller("root", false), &ticket, named).await.expect_err(named);
        assert_eq!(code, "CB422");
        assert!(message.contains("as a member first"), "{message}");
    }
    // For others a stranger's agent does not exist: the name becomes one of their own.
    let own = assigned(&fixture, owner(), &ticket, "elsewhere").await.expect("an own agent");
    assert!(own.as_str().is_some_and(|id| id.starts_with("elsewhere-")), "{own}");
}

#[tokio::test]
async fn strict_clients_get_names_that_are_like_the_unknown_one() {
    let fixture = Fixture::open("strict_assignees").await;
    let ticket = fixture.ticket("The work").await;
    fixture.ok("update_ticket", json!({"ticket": ticket, "updates": {"assigned_agent_id": "agent-builder"}})).await;
    let (code, message, detail) =
        assigned(&fixture, caller("owner", true), &ticket, "agent-bilder").await.expect_err("a typing error");
    assert_eq!((code.as_str(), &detail["suggestions"]), ("CB422", &json!(["agent-builder"])));
    assert!(message.ends_with("Similar: agent-builder."), "{message}");
    let (_, message, _) = assigned(&fixture, caller("owner", true), &ticket, "zzz").await.expect_err("nobody");
    assert!(message.ends_with('.'), "{message}");
    // Known names work, and new ones where the workflow provisions agents or the client always did.
    assert_eq!(
        assigned(&fixture, caller("owner", true), &ticket, "agent-builder").await.expect("known"),
        "agent-builder"
    );
    assert_eq!(assigned(&fixture, caller("owner", false), &ticket, "agent-7").await.expect("lenient"), "agent-7");
    fixture.ok("update_workflow", json!({"provision_agents": true})).await;
    assert_eq!(assigned(&fixture, caller("owner", true), &ticket, "agent-8").await.expect("provisioned"), "agent-8");
    // Two members of one name cannot be distinguished.
    fixture
        .client
        .batch_execute("update actors set name = 'Same' where id in ('member', 'viewer')")
        .await
        .expect("names");
    let (_, message, _) = assigned(&fixture, caller("owner", true), &ticket, "same").await.expect_err("ambiguous");
    assert!(message.contains("member, viewer"), "{message}");
}

#[tokio::test]
async fn nobody_acts_for_a_disabled_agent() {
    let fixture = Fixture::open("actdisabled").await;
    let agents = "insert into actors (id, kind, name, owner_id) values ('busy', 'agent', 'Busy', 'member');
        insert into actors (id, kind, name, owner_id, disabled_at) values ('resting', 'agent', 'Resting', 'member', now())";
    fixture.client.batch_execute(agents).await.expect("agents");
    fixture.ok("set_member", json!({"actor": "service", "role": "member"})).await;
    let acting = |agent: &str| {
        let caller = json!({"actor": "service", "for": agent}).to_string();
        json!({"caller": caller, "title": "By an agent"})
    };
    fixture.ok("create_ticket", acting("busy")).await;
    assert_eq!(fixture.refused("create_ticket", acting("resting")).await, "CB403");
    // Nor may it get work.
    let sql = "insert into workflow_members (workflow_id, actor_id, role) values ($1, 'resting', 'member')";
    fixture.client.execute(sql, &[&fixture.workflow]).await.expect("a member");
    let assigned = json!({"title": "For the resting one", "assigned_agent_id": "resting"});
    assert_eq!(fixture.refused("create_ticket", assigned).await, "CB422");
}
