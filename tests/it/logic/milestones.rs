//! Milestones and due dates: what is accepted, what is recorded, and what happens to tickets.

use serde_json::{Value, json};

use super::fixtures::Fixture;
use crate::harness;

/// Creates a milestone; returns its id.
async fn milestone(fixture: &Fixture, name: &str) -> String {
    let made = fixture.ok("create_milestone", json!({"name": name})).await;
    made["milestone_id"].as_str().expect("an id").to_owned()
}

/// The events of the workflow after number `after`: [type, field, old, new, description].
async fn events(fixture: &Fixture, after: i64) -> Value {
    let sql = "select coalesce(jsonb_agg(jsonb_build_array(change_type, field_name, old_value, new_value, change_description) order by seq), '[]')
                 from history where stream_id = 'workflow:' || $1 and seq > $2";
    fixture.client.query_one(sql, &[&fixture.workflow, &after]).await.expect("events").get(0)
}

async fn head(fixture: &Fixture) -> i64 {
    let sql = "select last_seq from streams where stream_id = 'workflow:' || $1";
    fixture.client.query_one(sql, &[&fixture.workflow]).await.expect("a stream").get(0)
}

/// The field that a refusal names.
async fn refused_field(fixture: &Fixture, function: &str, arguments: Value) -> Value {
    let (_, message, detail) = fixture.call(function, arguments.clone()).await.expect_err(&arguments.to_string());
    assert!(message.ends_with('.'), "{message}");
    detail["field"].clone()
}

#[tokio::test]
async fn a_milestone_is_created_changed_closed_and_deleted() {
    let fixture = Fixture::open("milestones").await;
    let from = head(&fixture).await;
    let made = fixture
        .ok(
            "create_milestone",
            json!({"name": "  Version 1 ", "starts_on": "2026-01-05", "due_on": "2026-01-31", "caller": "member"}),
        )
        .await;
    assert_eq!(
        (&made["name"], &made["starts_on"], &made["due_on"]),
        (&json!("Version 1"), &json!("2026-01-05"), &json!("2026-01-31"))
    );
    assert_eq!(
        (&made["is_closed"], &made["created_by"], &made["ticket_count"]),
        (&json!(false), &json!("member"), &json!(0))
    );
    let id = made["milestone_id"].as_str().expect("an id").to_owned();
    let change =
        async |changes: Value| fixture.ok("update_milestone", json!({"milestone": id, "changes": changes})).await;
    change(json!({"name": "Version 1.0", "due_on": null})).await;
    let closed = change(json!({"is_closed": true})).await;
    assert_eq!((&closed["is_closed"], closed["closed_at"].is_string()), (&json!(true), true));
    let again = change(json!({"is_closed": true, "name": "Version 1.0"})).await;
    assert_eq!(again["closed_at"], closed["closed_at"], "the second time changes nothing");
    change(json!({"is_closed": false})).await;
    let deleted = fixture.ok("delete_milestone", json!({"milestone": id})).await;
    assert_eq!((&deleted["tickets"], &deleted["message"]), (&json!(0), &json!("Deleted the milestone Version 1.0.")));
    assert_eq!(fixture.refused("delete_milestone", json!({"milestone": id})).await, "CB404", "twice");
    let closed_at = json!(closed["closed_at"].as_str().map(|at| at.replace('T', " ").replace("+00:00", "+00")));
    assert_eq!(
        events(&fixture, from).await,
        json!([
            ["milestone_created", null, null, "Version 1", "Created the milestone Version 1."],
            ["milestone_updated", "due_on", "2026-01-31", null, "The milestone Version 1.0 has no due day."],
            [
                "milestone_updated",
                "name",
                "Version 1",
                "Version 1.0",
                "Renamed the milestone Version 1 to Version 1.0."
            ],
            ["milestone_updated", "closed_at", null, closed_at, "Closed the milestone Version 1.0."],
            ["milestone_updated", "closed_at", closed_at, null, "Reopened the milestone Version 1.0."],
            ["milestone_deleted", null, "Version 1.0", null, "Deleted the milestone Version 1.0."],
        ])
    );
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn milestones_that_break_a_rule_are_refused() {
    let fixture = Fixture::open("milestone_rules").await;
    let id = milestone(&fixture, "Beta").await;
    let from = head(&fixture).await;
    for (arguments, field) in [
        (json!({"name": ""}), "name"),
        (json!({"name": "\u{200b} \u{2063}"}), "name"),
        (json!({"name": "two\nlines"}), "name"),
        (json!({"name": "x".repeat(201)}), "name"),
        (json!({"name": "bETA"}), "name"),
        (json!({"name": "A", "description": "x".repeat(2001)}), "description"),
        (json!({"name": "A", "due_on": "2026-02-30"}), "due_on"),
        (json!({"name": "A", "due_on": "2026-1-3"}), "due_on"),
        (json!({"name": "A", "due_on": "tomorrow"}), "due_on"),
        (json!({"name": "A", "due_on": "infinity"}), "due_on"),
        (json!({"name": "A", "starts_on": "1899-12-31"}), "starts_on"),
        (json!({"name": "A", "starts_on": "2026-01-31T12:00:00Z"}), "starts_on"),
        (json!({"name": "A", "starts_on": "2026-02-01", "due_on": "2026-01-31"}), "due_on"),
    ] {
        assert_eq!(refused_field(&fixture, "create_milestone", arguments.clone()).await, field, "{arguments}");
    }
    let other = milestone(&fixture, "Gamma").await;
    for (changes, field) in [
        (json!({"name": "beta"}), "name"),
        (json!({"due_on": "2026-13-01"}), "due_on"),
        (json!({"starts_on": "2026-02-01", "due_on": "2026-01-31"}), "due_on"),
    ] {
        let arguments = json!({"milestone": other, "changes": changes});
        assert_eq!(refused_field(&fixture, "update_milestone", arguments).await, field, "{changes}");
    }
    assert_eq!(head(&fixture).await, from + 1, "nothing else was recorded");
    // Roles: viewers read, members plan, owners delete; for others nothing is there.
    assert_eq!(fixture.refused("create_milestone", json!({"caller": "viewer", "name": "V"})).await, "CB403");
    assert_eq!(fixture.refused("delete_milestone", json!({"caller": "member", "milestone": id})).await, "CB403");
    assert_eq!(fixture.ok("get_milestone", json!({"caller": "viewer", "milestone": id})).await["name"], "Beta");
    for (function, arguments) in [
        ("get_milestone", json!({"milestone": id})),
        ("update_milestone", json!({"milestone": id, "changes": {"name": "Mine"}})),
        ("delete_milestone", json!({"milestone": id})),
        ("list_milestones", json!({})),
        ("create_milestone", json!({"name": "Mine"})),
    ] {
        let mut arguments = arguments;
        arguments["caller"] = json!("outsider");
        assert_eq!(fixture.refused(function, arguments).await, "CB404", "{function}");
    }
    // Their number is bounded.
    fixture
        .client
        .execute(
            "insert into milestones (workflow_id, name) select $1, 'Number ' || n from generate_series(1, 298) n",
            &[&fixture.workflow],
        )
        .await
        .expect("many");
    assert_eq!(fixture.refused("create_milestone", json!({"name": "One more"})).await, "CB409");
    assert_eq!(fixture.ok("list_milestones", json!({})).await["milestones"].as_array().map(Vec::len), Some(300));
    fixture.ok("archive_workflow", json!({"archived": true})).await;
    assert_eq!(
        fixture.refused("update_milestone", json!({"milestone": id, "changes": {"name": "Late"}})).await,
        "CB409"
    );
}

#[tokio::test]
async fn tickets_are_planned_by_name_or_id_and_every_change_is_recorded() {
    let fixture = Fixture::open("planned").await;
    let (beta, gamma) = (milestone(&fixture, "Beta 1").await, milestone(&fixture, "Gamma").await);
    let ticket =
        fixture.ticket_with("Renew the certificate", json!({"due_on": "2026-03-01", "milestone": "beta-1"})).await;
    let card = fixture.card(&ticket).await;
    assert_eq!((&card["due_on"], &card["milestone_id"]), (&json!("2026-03-01"), &json!(beta)));
    let from = head(&fixture).await;
    let update =
        async |updates: Value| fixture.call("update_ticket", json!({"ticket": ticket, "updates": updates})).await;
    let changed = update(json!({"due_on": "2026-03-02", "milestone_id": gamma})).await.expect("changed");
    assert_eq!((&changed["fields_updated"], &changed["version"]), (&json!(["due_on", "milestone_id"]), &json!(2)));
    let same = update(json!({"due_on": "2026-03-02", "milestone_id": "GAMMA"})).await.expect("the same");
    assert_eq!((&same["fields_updated"], &same["version"]), (&json!([]), &json!(2)));
    for (updates, field) in [
        (json!({"due_on": "2026-02-30"}), "due_on"),
        (json!({"due_on": "0044-03-15"}), "due_on"),
        (json!({"due_on": "soon"}), "due_on"),
        (json!({"milestone_id": "Delta"}), "milestone_id"),
        (json!({"milestone_id": "milestone-00000000-0000-7000-8000-000000000000"}), "milestone_id"),
    ] {
        assert_eq!(update(updates.clone()).await.expect_err("refused").2["field"], field, "{updates}");
    }
    // A milestone of another workflow looks absent, also to somebody who may read both; psql is refused by the foreign key.
    let elsewhere: String = fixture
        .client
        .query_one(
            "select logic.create_milestone('owner', logic.create_workflow('owner', 'Elsewhere') ->> 'id', 'Delta') ->> 'milestone_id'",
            &[],
        )
        .await
        .expect("another workflow")
        .get(0);
    let (_, message, _) = update(json!({"milestone_id": elsewhere})).await.expect_err("refused");
    assert!(message.contains("the open ones are Beta 1, Gamma"), "{message}");
    let sql = "update tickets set milestone_id = $1 where id = $2";
    let error = fixture.client.execute(sql, &[&elsewhere, &ticket]).await.expect_err("refused");
    assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some("tickets_milestone"));
    let error = fixture.client.execute("update tickets set due_on = '1850-01-01' where id = $1", &[&ticket]).await;
    assert_eq!(error.expect_err("refused").as_db_error().and_then(|error| error.constraint()), Some("tickets_due_on"));
    // What is typed in psql is recorded too.
    fixture.client.execute("update tickets set due_on = null where id = $1", &[&ticket]).await.expect("cleared");
    update(json!({"milestone_id": ""})).await.expect("cleared");
    assert_eq!(
        events(&fixture, from).await,
        json!([
            ["field_updated", "due_on", "2026-03-01", "2026-03-02", "Due on 2026-03-02."],
            ["field_updated", "milestone_id", beta, gamma, "Added to the milestone Gamma."],
            ["field_updated", "due_on", "2026-03-02", null, "No longer due on a day."],
            ["field_updated", "milestone_id", gamma, null, "Taken out of the milestone Gamma."],
        ])
    );
    let detail = fixture.ok("get_ticket", json!({"ticket": ticket})).await;
    assert_eq!((&detail["milestone"], &detail["due_on"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_closed_milestone_keeps_its_tickets_and_takes_no_more() {
    let fixture = Fixture::open("closed_milestone").await;
    let id = milestone(&fixture, "Beta").await;
    let inside = fixture.ticket_with("Inside", json!({"milestone": id, "story_points": 3})).await;
    let outside = fixture.ticket("Outside").await;
    fixture.ok("resolve_ticket", json!({"ticket": inside, "resolution_comment": "It is done and checked."})).await;
    fixture.ok("update_milestone", json!({"milestone": id, "changes": {"is_closed": true}})).await;
    let put = json!({"ticket": outside, "updates": {"milestone_id": "Beta"}});
    assert_eq!(refused_field(&fixture, "update_ticket", put.clone()).await, "milestone_id");
    let new = json!({"title": "Another one", "milestone": "Beta"});
    assert_eq!(refused_field(&fixture, "create_ticket", new).await, "milestone_id");
    let kept = json!({"ticket": inside, "updates": {"milestone_id": "Beta", "story_points": 5}});
    assert_eq!(fixture.ok("update_ticket", kept).await["fields_updated"], json!(["story_points"]));
    let read = fixture.ok("get_milestone", json!({"milestone": id})).await;
    let figures = ["ticket_count", "resolved_count", "story_points", "resolved_points"].map(|name| read[name].clone());
    assert_eq!(json!(figures), json!([1, 1, 5, 5]));
    assert_eq!(fixture.ok("list_milestones", json!({"include_closed": false})).await["milestones"], json!([]));
    fixture.ok("update_milestone", json!({"milestone": id, "changes": {"is_closed": false}})).await;
    fixture.ok("update_ticket", put).await;
}

#[tokio::test]
async fn deleting_a_milestone_takes_its_tickets_out_of_it() {
    let fixture = Fixture::open("deleted_milestone").await;
    for typed in [false, true] {
        let id = milestone(&fixture, "Beta").await;
        let (one, gone) = (
            fixture.ticket_with("One", json!({"milestone": id})).await,
            fixture.ticket_with("Gone", json!({"milestone": id})).await,
        );
        fixture.ok("delete_ticket", json!({"ticket": gone})).await;
        let from = head(&fixture).await;
        if typed {
            fixture.client.execute("delete from milestones where id = $1", &[&id]).await.expect("deleted");
        } else {
            assert_eq!(fixture.ok("delete_milestone", json!({"milestone": id})).await["tickets"], 2);
        }
        assert_eq!(fixture.card(&one).await["milestone_id"], Value::Null);
        let kinds: Vec<Value> = events(&fixture, from)
            .await
            .as_array()
            .expect("events")
            .iter()
            .map(|e| json!([e[0], e[1], e[2]]))
            .collect();
        let left = json!(["field_updated", "milestone_id", id]);
        let deleted = json!(["milestone_deleted", null, "Beta"]);
        // In psql the foreign key takes them out of it afterwards.
        assert_eq!(json!(kinds), if typed { json!([deleted, left, left]) } else { json!([left, left, deleted]) });
        // It does not come back with its ticket.
        fixture.ok("restore_ticket", json!({"ticket": gone})).await;
        assert_eq!(fixture.card(&gone).await["milestone_id"], Value::Null);
    }
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn lists_filter_and_sort_by_due_date_and_milestone() {
    let fixture = Fixture::open("due_lists").await;
    let beta = milestone(&fixture, "Beta").await;
    let today: String =
        fixture.client.query_one("select (now() at time zone 'UTC')::date::text", &[]).await.expect("today").get(0);
    for (title, more) in [
        ("Late", json!({"due_on": "2020-01-01", "milestone": "Beta"})),
        ("Today", json!({"due_on": today})),
        ("Far", json!({"due_on": "2999-01-01"})),
        ("Never", json!({"milestone": "Beta"})),
        ("Done late", json!({"due_on": "2020-01-02", "initial_status": "done"})),
    ] {
        fixture.ticket_with(title, more).await;
    }
    let list = async |filters: Value, order: &str| {
        let arguments = json!({"filters": filters, "sort_by": "due_on", "sort_order": order});
        let found = fixture.ok("list_tickets", arguments).await;
        let titles: Vec<Value> =
            found["tickets"].as_array().expect("tickets").iter().map(|card| card["title"].clone()).collect();
        assert_eq!(found["total_count"], titles.len());
        json!(titles)
    };
    // Those without a due date are last in both orders.
    assert_eq!(list(json!({}), "asc").await, json!(["Late", "Done late", "Today", "Far", "Never"]));
    assert_eq!(list(json!({}), "desc").await, json!(["Far", "Today", "Done late", "Late", "Never"]));
    assert_eq!(list(json!({"overdue": true}), "asc").await, json!(["Late"]));
    assert_eq!(list(json!({"overdue": false}), "asc").await, json!(["Done late", "Today", "Far", "Never"]));
    // Today is over where it is tomorrow already.
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
        let sql = "select (now() at time zone $1)::date > $2::text::date";
        let is_over: bool = fixture.client.query_one(sql, &[&zone, &today]).await.expect("a zone").get(0);
        let expected = if is_over { json!(["Late", "Today"]) } else { json!(["Late"]) };
        assert_eq!(list(json!({"overdue": true, "tz": zone}), "asc").await, expected, "{zone}");
    }
    assert_eq!(list(json!({"due_before": today}), "asc").await, json!(["Late", "Done late", "Today"]));
    assert_eq!(list(json!({"due_after": today, "due_before": "2999-01-01"}), "asc").await, json!(["Today", "Far"]));
    for named in ["Beta", "beta", beta.as_str()] {
        assert_eq!(list(json!({"milestone_id": named}), "asc").await, json!(["Late", "Never"]));
    }
    assert_eq!(
        list(json!({"without_milestone": true, "include_completed": false}), "asc").await,
        json!(["Today", "Far"])
    );
    assert_eq!(
        refused_field(&fixture, "list_tickets", json!({"filters": {"milestone_id": "Delta"}})).await,
        "milestone_id"
    );
    // Pages go on where they ended, although tickets change.
    for order in ["asc", "desc"] {
        let (mut seen, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let arguments = json!({"sort_by": "due_on", "sort_order": order, "max_rows": 2, "cursor": cursor});
            let page = fixture.ok("list_tickets", arguments).await;
            seen.extend(page["tickets"].as_array().expect("tickets").iter().map(|card| card["title"].clone()));
            cursor = page["next_cursor"].clone();
            if cursor.is_null() {
                break;
            }
            // What was read gets another date, and the last one its first; both stay in their places.
            for (title, day) in [(seen[0].as_str().expect("a title"), "2500-06-01"), ("Never", "2000-01-01")] {
                let sql = "update tickets set due_on = $1::text::date where title = $2";
                fixture.client.execute(sql, &[&day, &title]).await.expect("changed");
            }
        }
        assert_eq!(seen.len(), 5, "{seen:?}");
        assert_eq!(seen.last(), Some(&json!("Never")), "{order}: {seen:?}");
        for (title, day) in [("Late", Some("2020-01-01")), ("Far", Some("2999-01-01")), ("Never", None)] {
            let sql = "update tickets set due_on = $1::text::date where title = $2";
            fixture.client.execute(sql, &[&day, &title]).await.expect("as before");
        }
    }
}

#[tokio::test]
async fn a_bulk_update_plans_many_tickets_or_none() {
    let fixture = Fixture::open("bulk_plan").await;
    let id = milestone(&fixture, "Beta").await;
    let tickets = [fixture.ticket("One").await, fixture.ticket("Two").await];
    let update = json!({"ticket_ids": tickets, "updates": {"milestone_id": "Beta", "due_on": "2026-05-01"}});
    assert_eq!(fixture.ok("bulk_update_tickets", update).await["updated"], 2);
    let wrong = json!({"ticket_ids": tickets, "updates": {"due_on": "2026-05-02", "milestone_id": "Delta"}});
    assert_eq!(refused_field(&fixture, "bulk_update_tickets", wrong).await, "milestone_id");
    for ticket in &tickets {
        let card = fixture.card(ticket).await;
        assert_eq!((&card["milestone_id"], &card["due_on"]), (&json!(id), &json!("2026-05-01")));
    }
    let export = fixture.ok("export_tickets", json!({})).await;
    assert_eq!(
        (&export["tickets"][0]["milestone"], &export["tickets"][0]["due_on"]),
        (&json!("Beta"), &json!("2026-05-01"))
    );
}

/// One of two names wins, and a ticket is never left in a milestone that is gone.
#[tokio::test]
async fn concurrent_changes_agree() {
    let fixture = Fixture::open("milestone_races").await;
    let clients = [harness::connect(&fixture.db.url).await, harness::connect(&fixture.db.url).await];
    for round in 0..10 {
        let create = format!(
            "select logic.create_milestone('owner', '{}', 'Round {round}') ->> 'milestone_id'",
            fixture.workflow
        );
        let (one, two) = tokio::join!(clients[0].query_one(&create, &[]), clients[1].query_one(&create, &[]));
        let made: Vec<_> = [one, two].into_iter().flatten().collect();
        assert_eq!(made.len(), 1, "one of them");
        let id: String = made[0].get(0);
        let ticket = fixture.ticket(&format!("Ticket of round {round}")).await;
        let put = format!("select logic.update_ticket('owner', '{ticket}', '{{\"milestone_id\": \"{id}\"}}')");
        let delete = format!("select logic.delete_milestone('owner', '{id}')");
        let (put, deleted) = tokio::join!(clients[0].query_one(&put, &[]), clients[1].query_one(&delete, &[]));
        // A ticket that comes too late is refused; a deadlock would be repeated by the server.
        let is_expected = |error: &tokio_postgres::Error| {
            error.code().is_some_and(|code| ["23503", "40P01", "CB422"].contains(&code.code()))
        };
        assert!(put.is_ok() || put.as_ref().err().is_some_and(is_expected), "{put:?}");
        assert!(deleted.is_ok() || deleted.as_ref().err().is_some_and(is_expected), "{deleted:?}");
        let left = "select count(*) from tickets t where t.milestone_id is not null and not exists (select from milestones m where m.id = t.milestone_id)";
        assert_eq!(fixture.client.query_one(left, &[]).await.expect("a count").get::<_, i64>(0), 0);
    }
    fixture.streams_are_gapless().await;
}
