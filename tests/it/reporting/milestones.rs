//! Burndown and burn-up of milestones beside figures computed by hand, which later changes leave as they are.

use serde_json::{Value, json};

use super::{refresh, rows, tickets};
use crate::harness;
use crate::logic::fixtures::Fixture;

/// Five tickets in the milestone `M` of the week from Monday, the 17th of March 2025, to Friday, the 21st:
///
///   P1  3 points, added on the 17th at 10:00, done 18th 09:00, reopened 20th 10:00, done 20th 15:00
///   P2  5 points, added on the 17th at 10:00; 8 points from the 19th at 09:00; done 20th 09:00
///   P3  without points, added on the 17th at 10:00, taken out on the 19th at 12:00
///   P4  2 points, created and added on the 18th at 12:00, deleted on the 21st at 09:00
///   P5  1 point, added on the 22nd at 09:00, after the due day; the milestone is closed on the 23rd
const PLAN: &str = "
    insert into milestones (id, workflow_id, name, starts_on, due_on, created_at)
    select 'M', id, 'Week 12', '2025-03-17', '2025-03-21', '2025-03-14 09:00+00' from workflows where name = 'Work';
    select pg_temp.create_ticket('17 09:00', 'P1', 3);
    select pg_temp.create_ticket('17 09:00', 'P2', 5);
    select pg_temp.create_ticket('17 09:00', 'P3');
    select pg_temp.at('17 10:00', $$update tickets set milestone_id = 'M' where id in ('P1', 'P2', 'P3')$$);
    select pg_temp.move('18 09:00', 'P1', 'done');
    select pg_temp.create_ticket('18 12:00', 'P4', 2);
    select pg_temp.at('18 12:00', $$update tickets set milestone_id = 'M' where id = 'P4'$$);
    select pg_temp.at('19 09:00', $$update tickets set story_points = 8 where id = 'P2'$$);
    select pg_temp.at('19 12:00', $$update tickets set milestone_id = null where id = 'P3'$$);
    select pg_temp.move('20 09:00', 'P2', 'done');
    select pg_temp.move('20 10:00', 'P1', 'in_progress');
    select pg_temp.move('20 15:00', 'P1', 'done');
    select pg_temp.at('21 09:00', $$select logic.delete_ticket('owner', 'P4')$$);
    select pg_temp.create_ticket('22 09:00', 'P5', 1);
    select pg_temp.at('22 09:00', $$update tickets set milestone_id = 'M' where id = 'P5'$$);
    update milestones set closed_at = '2025-03-23 09:00+00' where id = 'M';";

async fn planned(hint: &str) -> Fixture {
    let fixture = tickets(hint).await;
    for statement in PLAN.split_inclusive(";\n") {
        fixture.client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    fixture
}

const BURNDOWN: &str = "select * from reporting.burndown('M')";

/// The burndown by hand. The ideal lines fall from the 3 tickets and 8 points of the 17th in four days.
fn by_hand() -> Value {
    let rows = [
        // day, tickets: scope, completed, remaining, ideal; points likewise.
        (17, [3.0, 0.0, 3.0, 3.0], [8.0, 0.0, 8.0, 8.0]),
        // P4 came, P1 is done.
        (18, [4.0, 1.0, 3.0, 2.25], [10.0, 3.0, 7.0, 6.0]),
        // P3 left, P2 has 8 points: 3 + 8 + 2.
        (19, [3.0, 1.0, 2.0, 1.5], [13.0, 3.0, 10.0, 4.0]),
        // P2 is done, and P1 again.
        (20, [3.0, 2.0, 1.0, 0.75], [13.0, 11.0, 2.0, 2.0]),
        // P4 is deleted.
        (21, [2.0, 2.0, 0.0, 0.0], [11.0, 11.0, 0.0, 0.0]),
        // P5 came.
        (22, [3.0, 2.0, 1.0, 0.0], [12.0, 11.0, 1.0, 0.0]),
        (23, [3.0, 2.0, 1.0, 0.0], [12.0, 11.0, 1.0, 0.0]),
    ];
    let row = |(day, tickets, points): &(i32, [f64; 4], [f64; 4])| {
        json!({"day": format!("2025-03-{day}"), "scope_tickets": tickets[0], "completed_tickets": tickets[1],
            "remaining_tickets": tickets[2], "ideal_tickets": tickets[3], "scope_points": points[0],
            "completed_points": points[1], "remaining_points": points[2], "ideal_points": points[3]})
    };
    numbers(&rows.iter().map(row).collect::<Value>())
}

/// All numbers as floating point, so that 3 is 3.0.
fn numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), numbers(member))).collect(),
        other => other.clone(),
    }
}

async fn burndown(fixture: &Fixture) -> Value {
    numbers(&rows(fixture, BURNDOWN).await)
}

#[tokio::test]
async fn burndown_and_burn_up_are_as_computed_by_hand() {
    let fixture = planned("burndown").await;
    assert_eq!(burndown(&fixture).await, by_hand());
    let up = rows(&fixture, "select * from reporting.burn_up('M') where day = '2025-03-19'").await;
    assert_eq!(
        numbers(&up),
        numbers(
            &json!([{"day": "2025-03-19", "scope_tickets": 3, "scope_points": 13, "completed_tickets": 1, "completed_points": 3}])
        )
    );
    // In Auckland, 13 hours ahead, P4 was added on the 19th at 01:00, and the milestone was closed on the 23rd too.
    let days = "select day, scope_tickets, completed_tickets from reporting.burn_up('M', 'Pacific/Auckland') where day < '2025-03-20'";
    assert_eq!(
        rows(&fixture, days).await,
        json!([
            {"day": "2025-03-17", "scope_tickets": 3, "completed_tickets": 0},
            {"day": "2025-03-18", "scope_tickets": 3, "completed_tickets": 1},
            {"day": "2025-03-19", "scope_tickets": 4, "completed_tickets": 1},
        ])
    );
    // As it is now: P1, P2 and P5.
    let now = "select milestone, starts_on, due_on, is_overdue, tickets, completed, story_points, completed_points, without_points
                 from reporting.milestones where workflow_id = $W";
    assert_eq!(
        rows(&fixture, now).await,
        json!([{"milestone": "Week 12", "starts_on": "2025-03-17", "due_on": "2025-03-21", "is_overdue": false, "tickets": 3,
            "completed": 2, "story_points": 12, "completed_points": 11, "without_points": 0}])
    );
    let stays = "select ticket_id, story_points, added_at, removed_at, ended_by from reporting.milestone_tickets
                  where workflow_id = $W and milestone_id = 'M' and ticket_id in ('P2', 'P4') order by ticket_id, added_at";
    assert_eq!(
        rows(&fixture, stays).await,
        json!([
            {"ticket_id": "P2", "story_points": 5, "added_at": "2025-03-17T10:00:00+00:00", "removed_at": "2025-03-19T09:00:00+00:00",
             "ended_by": "field_updated"},
            {"ticket_id": "P2", "story_points": 8, "added_at": "2025-03-19T09:00:00+00:00", "removed_at": null, "ended_by": null},
            {"ticket_id": "P4", "story_points": 2, "added_at": "2025-03-18T12:00:00+00:00", "removed_at": "2025-03-21T09:00:00+00:00",
             "ended_by": "deleted"},
        ])
    );
}

#[tokio::test]
async fn past_figures_stay_as_they_were() {
    for stored in [false, true] {
        let fixture = planned(&format!("burned_{stored}")).await;
        if stored {
            // Two events at a time, so that a time in the milestone is open at each end.
            while refresh(&fixture, 2).await > 0 {
                assert_eq!(burndown(&fixture).await, by_hand());
            }
        }
        fixture
            .client
            .batch_execute("insert into milestones (id, workflow_id, name) select 'N', id, 'Week 13' from workflows where name = 'Work'")
            .await
            .expect("another milestone");
        fixture.ok("delete_ticket", json!({"ticket": "P2"})).await;
        fixture
            .ok("update_ticket", json!({"ticket": "P1", "updates": {"milestone_id": "N", "story_points": 100}}))
            .await;
        fixture.ok("change_status", json!({"ticket": "P5", "new_status": "done"})).await;
        fixture.ok("merge_tickets", json!({"ticket": "P5", "into_ticket": "P3"})).await;
        fixture.client.execute("delete from tickets where id = 'P4'", &[]).await.expect("removed for good");
        fixture
            .client
            .execute("update board_columns set id = 'finished' where id = 'done'", &[])
            .await
            .expect("renamed");
        fixture.ok("update_milestone", json!({"milestone": "M", "changes": {"name": "The week before"}})).await;
        for _ in 0..2 {
            assert_eq!(burndown(&fixture).await, by_hand());
            refresh(&fixture, 1000).await;
        }
        // What came back is in it again from then on, not before.
        fixture.ok("restore_ticket", json!({"ticket": "P2"})).await;
        assert_eq!(burndown(&fixture).await, by_hand());
        let open = "select ticket_id from reporting.milestone_tickets where workflow_id = $W and removed_at is null order by 1";
        assert_eq!(rows(&fixture, open).await, json!([{"ticket_id": "P1"}, {"ticket_id": "P2"}]));
    }
}

#[tokio::test]
async fn days_to_come_have_only_the_ideal_line() {
    let fixture = Fixture::open("burn_ahead").await;
    fixture
        .client
        .batch_execute(
            "insert into milestones (id, workflow_id, name, starts_on, due_on)
             select n.id, w.id, n.id, (now() at time zone 'UTC')::date + n.starts, (now() at time zone 'UTC')::date + n.due
               from workflows w, (values ('ahead', 0, 2), ('open', null, null), ('past', null, -2), ('day', 0, 0), ('far', -20000, 1000000)) n (id, starts, due)",
        )
        .await
        .expect("milestones");
    for (title, points) in [("One", 4), ("Two", 2)] {
        fixture.ticket_with(title, json!({"milestone": "ahead", "story_points": points})).await;
    }
    let figures =
        "select remaining_tickets, ideal_tickets, remaining_points, ideal_points from reporting.burndown('ahead')";
    assert_eq!(
        rows(&fixture, figures).await,
        json!([
            {"remaining_tickets": 2, "ideal_tickets": 2, "remaining_points": 6, "ideal_points": 6},
            {"remaining_tickets": null, "ideal_tickets": 1, "remaining_points": null, "ideal_points": 3},
            {"remaining_tickets": null, "ideal_tickets": 0, "remaining_points": null, "ideal_points": 0},
        ])
    );
    for (id, days, ideal) in [("open", 1, json!(null)), ("past", 3, json!(0)), ("day", 1, json!(0))] {
        fixture.ticket_with("Another one", json!({"milestone": id})).await;
        let sql = format!("select count(*) as days, max(ideal_tickets) as ideal from reporting.burndown('{id}')");
        assert_eq!(rows(&fixture, &sql).await, json!([{"days": days, "ideal": ideal}]), "{id}");
    }
    assert_eq!(rows(&fixture, "select count(*) from reporting.burn_up('far')").await, json!([{"count": 3661}]));
    assert_eq!(rows(&fixture, "select * from reporting.burndown('none')").await, json!([]));
    // The role of analysts reads it.
    let reader = harness::connect(&fixture.db.url).await;
    reader.batch_execute("set session authorization callboard_reporting").await.expect("the role");
    for sql in [
        "select * from reporting.burndown('ahead')",
        "select * from reporting.milestones",
        "select * from reporting.milestone_tickets",
    ] {
        assert!(!reader.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).is_empty(), "{sql}");
    }
}
