//! Writers of every kind: single and bulk updates, savepoints, rollbacks, transactions that stay open,
//! higher isolation, comments, blockers, functions and plain SQL.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_postgres::{Client, Error};

use crate::harness;

/// Writes at random to the workflows until `stop` is set; returns the number of committed transactions.
pub async fn write(url: String, seed: u64, workflows: Vec<String>, stop: Arc<AtomicBool>) -> usize {
    let mut random = fastrand::Rng::with_seed(seed);
    let client = harness::connect(&url).await;
    client.batch_execute("set lock_timeout = '10s'; set timezone = 'Asia/Tokyo'").await.expect("settings");
    let mut committed = 0;
    while !stop.load(Ordering::Relaxed) {
        let workflow = random.choice(&workflows).expect("a workflow").clone();
        match transaction(&client, &mut random, &workflow, &workflows).await {
            Ok(()) => committed += 1,
            Err(error) => {
                let code = error.code().map_or("", |code| code.code());
                // Deadlock, serialization failure, lock timeout, a milestone that is gone or exists, and domain rules.
                let expected = ["40001", "40P01", "55P03", "23503", "23505"].contains(&code) || code.starts_with("CB");
                assert!(expected, "{error:?}");
                client.batch_execute("rollback").await.expect("rollback");
            }
        }
    }
    committed
}

async fn transaction(client: &Client, random: &mut fastrand::Rng, workflow: &str, all: &[String]) -> Result<(), Error> {
    const COLUMNS: [&str; 6] = ["backlog", "todo", "in_progress", "review", "testing", "done"];
    let w = format!("workflow_id = '{workflow}'");
    let n = random.u32(1..60);
    let column = COLUMNS[random.usize(..COLUMNS.len())];
    let priority = ["low", "medium", "high", "critical"][random.usize(..4)];
    let one = format!("{w} and number = {n}");
    let move_one = format!("update tickets set status = '{column}' where {one}");
    let sql = match random.u32(..100) {
        0..14 => move_one,
        14..17 => format!("update tickets set estimate_minutes = {n} where {w} and number % 2 = 0"),
        17..24 => format!("update tickets set title = 'It''s {{new}} \"{n}\" \\ {}' where {one}", random.u32(..)),
        24..28 => format!("update tickets set tags = '{{a,\"b {n}\"}}', story_points = {n}.5 where {one}"),
        28..33 => format!("update tickets set priority = '{priority}' where {w} and number % 7 = {}", n % 7),
        33..36 => format!("update tickets set status = '{column}', priority = '{priority}' where {w} and number % 9 = {}", n % 9),
        36..40 => format!("update tickets set spent_minutes = spent_minutes + 1 where {one}"),
        40..48 => format!(
            "insert into ticket_comments (id, ticket_id, workflow_id, agent_id, comment_text)
             select logic.new_id('comment'), id, workflow_id, 'ann', 'Seen {n}' from tickets where {w} and number % 11 = {}",
            n % 11
        ),
        48..51 => format!(
            "update ticket_comments set deleted_at = now() where id = (select id from ticket_comments where {w} and deleted_at is null limit 1)"
        ),
        51..56 => format!("insert into tickets (workflow_id, title, description) values ('{workflow}', 'Another one', 'Made by a writer')"),
        56..60 => format!(
            "insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
             select a.id, b.id, a.workflow_id from tickets a join tickets b on b.{w} and b.number = {} where a.{w} and a.number = {n}
             on conflict do nothing",
            n + 1 + random.u32(..20)
        ),
        60..62 => format!("delete from ticket_blockers where ctid in (select ctid from ticket_blockers where {w} limit 3)"),
        62 => format!(
            "select logic.merge_tickets('ann', a.id, b.id) from tickets a join tickets b on b.{w} and b.number = {} where a.{w} and a.number = {n}",
            1 + (n + random.u32(1..20)) % 60
        ),
        63 => match random.bool() {
            true => format!("select logic.unmerge_ticket('ann', t.id) from tickets t where t.{w} and t.merged_into_ticket_id is not null and t.deleted_at is null limit 2"),
            false => format!("update tickets set merged_into_ticket_id = case when merged_into_ticket_id is null then (
                select o.id from tickets o where o.{w} and o.number = {}) end where {one}", 61 + random.u32(..9)),
        },
        64 => format!("update tickets set deleted_at = case when deleted_at is null then now() end where {one}"),
        65 => match random.u32(..5) {
            0 => format!("insert into milestones (workflow_id, name, due_on) values ('{workflow}', 'Version {}', date '2026-01-01' + {n})", random.u32(..)),
            1 => format!("delete from milestones where id = (select id from milestones where {w} order by random() limit 1)"),
            2 => format!("select logic.delete_milestone('ann', id) from milestones where {w} order by random() limit 1"),
            _ => format!("update milestones set name = name || '.{n}', starts_on = date '2025-12-01' + {n},
                closed_at = case when closed_at is null then now() end where id = (select id from milestones where {w} order by random() limit 1)"),
        },
        66 => format!("update tickets set due_on = date '2026-01-01' + {n}, milestone_id = (select id from milestones where {w} order by random() limit 1) where {w} and number % 5 = {}", n % 5),
        67 => format!("update tickets set due_on = null, milestone_id = (select max(id) from milestones where {w}) where {one}"),
        68..70 => format!("begin; {move_one}; savepoint a; update tickets set title = 'Never seen' where {w}; rollback to a; update tickets set priority = '{priority}' where {one}; commit"),
        70..74 => format!("begin; update tickets set title = 'Never seen either' where {w} and number < 20; rollback"),
        74..79 => format!("begin isolation level repeatable read; {move_one}; commit"),
        79..81 => format!("begin isolation level serializable; update tickets set priority = '{priority}' where {one}; commit"),
        81..84 => {
            let other = random.choice(all).expect("a workflow");
            format!("update tickets set priority = '{priority}' where workflow_id in ('{workflow}', '{other}') and number in ({n}, {})", n + 1)
        }
        84..90 => format!("select logic.change_status('ann', id, '{column}') from tickets where {one} and deleted_at is null"),
        90..95 => format!("select logic.add_comment('ann', id, 'A comment made by the function') from tickets where {one} and deleted_at is null"),
        95..97 => format!("update tickets set assigned_agent_id = case when assigned_agent_id is null then 'bob' end where {one}"),
        97 if random.bool() => {
            // Gets its transaction id long before it writes, and commits long after transactions with later ids.
            client.batch_execute("begin; select pg_current_xact_id()").await?;
            tokio::time::sleep(Duration::from_millis(random.u64(200..1000))).await;
            format!("{move_one}; commit")
        }
        98 if random.u32(..4) == 0 => {
            client.batch_execute(&format!("begin; update tickets set spent_minutes = spent_minutes + 1 where {one}")).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            format!("update tickets set priority = '{priority}' where {one}; commit")
        }
        _ => format!("update tickets set estimate_minutes = {n} where {w} and number % 3 = 0"),
    };
    client.batch_execute(&sql).await
}
