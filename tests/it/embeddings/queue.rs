//! The queue: what puts a ticket into it, and that nothing is lost or stored that should not be.

use serde_json::json;

use super::fixtures::*;
use crate::harness;
use crate::logic::fixtures::Desk;

#[tokio::test]
async fn what_is_made_or_reworded_is_queued_and_the_rest_is_not() {
    for major in [16, 18] {
        let desk = Desk::on(harness::database_of(major, "queued").await).await;
        let early = desk.ticket("Before any model").await;
        assert_eq!(waiting(&desk).await, 0, "nobody wants vectors");
        let model = register(&desk, "one").await;
        let late = desk.ticket("After the model").await;
        let mut both = [early.clone(), late.clone()];
        both.sort();
        assert_eq!(ids(&claim(&desk, model).await), both);
        assert!(ids(&claim(&desk, model).await).is_empty(), "they are taken");
        desk.client.batch_execute("update embedding_queue set not_before = '-infinity'").await.expect("lapse");
        assert_eq!(drain(&desk, model).await, 2);
        assert_eq!(number(&desk, "select count(*) from ticket_embeddings where part = 0").await, 2);

        for change in [json!({"priority": "high"}), json!({"story_points": 3})] {
            desk.ok("update_ticket", json!({"ticket": late, "updates": change})).await;
        }
        assert_eq!(waiting(&desk).await, 0, "its words are the same");
        for change in
            [json!({"title": "Another title"}), json!({"description": "Another text"}), json!({"tags": ["a"]})]
        {
            desk.ok("update_ticket", json!({"ticket": late, "updates": change})).await;
        }
        let claimed = claim(&desk, model).await;
        assert_eq!(ids(&claimed), std::slice::from_ref(&late));
        assert_eq!(tickets(&claimed)[0]["texts"], json!(["Another title\nAnother title\na\nAnother text"]));
        assert_eq!(store(&desk, model, &claimed).await, 1);
        // And back: the queue sees a change, the claim that there is none.
        desk.client
            .batch_execute("update tickets set title = title || '!'; update tickets set title = rtrim(title, '!')")
            .await
            .expect("edit");
        let claimed = claim(&desk, model).await;
        assert_eq!((ids(&claimed).len(), claimed["dropped"].as_i64()), (0, Some(2)));
        assert_eq!(waiting(&desk).await, 0);
    }
}

#[tokio::test]
async fn comments_count_every_fifth_time_and_when_the_ticket_moves() {
    let desk = Desk::open("comments").await;
    let model = register(&desk, "one").await;
    let (ticket, quiet) = (desk.ticket("Talked about").await, desk.ticket("Not talked about").await);
    drain(&desk, model).await;
    let comment = async |text: String| desk.ok("add_comment", json!({"ticket": ticket, "comment_text": text})).await;
    for n in 1..5 {
        comment(format!("remark {n}")).await;
        assert_eq!(waiting(&desk).await, 0);
    }
    comment("remark 5".to_owned()).await;
    let claimed = claim(&desk, model).await;
    let text = tickets(&claimed)[0]["texts"][0].as_str().expect("a text").to_owned();
    assert!(text.ends_with("remark 1\nremark 2\nremark 3\nremark 4\nremark 5"), "{text}");
    store(&desk, model, &claimed).await;

    // A move alone changes no words; with a comment since, it is an occasion.
    let move_to = async |ticket: &str, status: &str| {
        desk.ok("change_status", json!({"ticket": ticket, "new_status": status, "comment": "moved"})).await;
    };
    desk.client
        .execute("update tickets set status = 'todo' where id = any ($1)", &[&[&ticket, &quiet].as_slice()])
        .await
        .expect("move");
    assert_eq!(waiting(&desk).await, 0);
    comment("remark 6".to_owned()).await;
    assert_eq!(waiting(&desk).await, 0);
    move_to(&ticket, "in_progress").await;
    let claimed = claim(&desk, model).await;
    assert_eq!(ids(&claimed), std::slice::from_ref(&ticket));
    let text = tickets(&claimed)[0]["texts"][0].as_str().expect("a text");
    assert!(text.contains("remark 6") && !text.contains("remark 1\n"), "{text}");
    store(&desk, model, &claimed).await;

    // What is taken back is no longer found by its words.
    let id: String = desk
        .client
        .query_one("select id from ticket_comments where comment_text = 'remark 6'", &[])
        .await
        .expect("it")
        .get(0);
    desk.ok("delete_comment", json!({"comment": id})).await;
    let claimed = claim(&desk, model).await;
    assert!(!tickets(&claimed)[0]["texts"][0].as_str().expect("a text").contains("remark 6"));
}

#[tokio::test]
async fn what_is_deleted_is_found_nowhere_and_comes_back_when_restored() {
    let desk = Desk::open("deleted").await;
    let model = register(&desk, "one").await;
    let ticket = desk.ticket("Here today").await;
    let count = "select (select count(*) from ticket_search) + (select count(*) from ticket_embeddings)";
    drain(&desk, model).await;
    assert_eq!(number(&desk, count).await, 2);
    desk.ok("delete_ticket", json!({"ticket": ticket})).await;
    assert_eq!((number(&desk, count).await, waiting(&desk).await), (0, 0));
    desk.client.batch_execute("update tickets set title = 'Reworded while gone'").await.expect("edit");
    assert_eq!((number(&desk, count).await, waiting(&desk).await), (0, 0));
    desk.ok("restore_ticket", json!({"ticket": ticket})).await;
    assert_eq!(drain(&desk, model).await, 1);
    assert_eq!(number(&desk, count).await, 2);

    // A vector that comes back after the ticket was deleted, and after it was restored too.
    desk.client.batch_execute("update tickets set title = 'Once more'").await.expect("edit");
    let stale = claim(&desk, model).await;
    desk.ok("delete_ticket", json!({"ticket": ticket})).await;
    assert_eq!(store(&desk, model, &stale).await, 0);
    desk.ok("restore_ticket", json!({"ticket": ticket})).await;
    assert_eq!(store(&desk, model, &stale).await, 0);
    assert_eq!((waiting(&desk).await, number(&desk, "select count(*) from ticket_embeddings").await), (1, 0));
}

#[tokio::test]
async fn a_change_during_the_work_leaves_the_ticket_in_the_queue() {
    let desk = Desk::open("meanwhile").await;
    let model = register(&desk, "one").await;
    let ticket = desk.ticket("First").await;
    let first = claim(&desk, model).await;
    desk.ok("update_ticket", json!({"ticket": ticket, "updates": {"title": "Second"}})).await;
    assert!(ids(&claim(&desk, model).await).is_empty(), "somebody works on it");
    assert_eq!(store(&desk, model, &first).await, 1);
    let second = claim(&desk, model).await;
    assert!(tickets(&second)[0]["texts"][0].as_str().expect("a text").starts_with("Second"));
    assert_eq!(store(&desk, model, &second).await, 1);
    assert_eq!(waiting(&desk).await, 0);
}

#[tokio::test]
async fn a_worker_that_died_is_replaced_and_one_that_wakes_late_is_refused() {
    let desk = Desk::open("lease").await;
    let model = register(&desk, "one").await;
    desk.ticket("Somebody's work").await;
    let lost = desk.ok("claim_embeddings", json!({"model": model, "max_tickets": 1, "lease_seconds": 0.0})).await;
    assert_eq!(ids(&lost).len(), 1);
    let again = claim(&desk, model).await;
    assert_eq!(ids(&again), ids(&lost));
    assert_eq!(store(&desk, model, &lost).await, 0, "its lease was taken over");
    assert_eq!(store(&desk, model, &again).await, 1);
    assert_eq!(store(&desk, model, &again).await, 0, "once is enough");
}

#[tokio::test]
async fn failures_wait_longer_and_longer_and_a_change_or_an_operator_ends_the_wait() {
    let desk = Desk::open("failures").await;
    let model = register(&desk, "one").await;
    let ticket = desk.ticket("Cannot be embedded").await;
    let fail = async || {
        let claimed = claim(&desk, model).await;
        assert_eq!(ids(&claimed).len(), 1);
        let arguments = json!({"model": model, "lease": claimed["lease"], "tickets": [ticket], "why": "Refused."});
        assert_eq!(desk.ok("fail_embeddings", arguments).await, 1);
        number(&desk, "select extract(epoch from not_before - clock_timestamp())::int8 from embedding_queue").await
    };
    let first = fail().await;
    assert!((5..=16).contains(&first), "{first}");
    assert!(ids(&claim(&desk, model).await).is_empty());
    let progress = desk.ok("embedding_progress", json!({})).await;
    assert_eq!(
        (&progress[0]["failed"], &progress[0]["queued"], &progress[0]["embedded"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(desk.ok("retry_embeddings", json!({})).await, 1);
    fail().await;
    desk.client.batch_execute("update embedding_queue set attempts = 30, not_before = '-infinity'").await.expect("age");
    let late = fail().await;
    assert!((2600..=4600).contains(&late), "{late}");
    desk.ok("update_ticket", json!({"ticket": ticket, "updates": {"title": "Can be embedded"}})).await;
    assert_eq!(drain(&desk, model).await, 1);

    // No fault of the ticket: it may be taken at once, and nothing is counted against it.
    desk.ticket("Another").await;
    let claimed = claim(&desk, model).await;
    desk.ok("release_embeddings", json!({"model": model, "lease": claimed["lease"], "tickets": ids(&claimed)})).await;
    assert_eq!(number(&desk, "select attempts from embedding_queue").await, 0);
    assert_eq!(drain(&desk, model).await, 1);
}

#[tokio::test]
async fn vectors_of_another_size_are_never_stored() {
    let desk = Desk::open("sizes").await;
    let model = register(&desk, "one").await;
    desk.ticket("A ticket").await;
    let claimed = claim(&desk, model).await;
    assert_eq!(store_as(&desk, model, &claimed, "[1,2]").await, Err("CB409".to_owned()));
    assert_eq!(store_as(&desk, model, &claimed, "[1,2,3]").await, Ok(1));
    assert_eq!(
        desk.refused("register_embedding_model", json!({"model_name": "one", "model_dimensions": 4})).await,
        "CB409"
    );
}

#[tokio::test]
async fn a_new_model_is_built_beside_the_old_one_and_takes_over() {
    for major in [16, 18] {
        let desk = Desk::on(harness::database_of(major, "models").await).await;
        let old = register(&desk, "old").await;
        for n in 0..3 {
            desk.ticket(&format!("Ticket {n}")).await;
        }
        drain(&desk, old).await;
        let state = async |model: i64| {
            let row = desk.client.query_opt("select state from embedding_models where id = $1", &[&model]).await;
            row.expect("a query").map_or("gone".to_owned(), |row| row.get::<_, String>(0))
        };
        assert_eq!(state(old).await, "serving", "the first serves at once");
        let new = register(&desk, "new").await;
        assert_eq!(register(&desk, "new").await, new, "again changes nothing");
        assert_eq!((state(old).await, state(new).await), ("serving".into(), "building".into()));
        assert_eq!(desk.ok("maintain_embedding_models", json!({})).await["promoted"], json!(null));
        // Both are kept up while one is built.
        let ticket = desk.ticket("Meanwhile").await;
        assert_eq!((drain(&desk, old).await, drain(&desk, new).await), (1, 4));
        // One that cannot be embedded does not keep the rest waiting for ever.
        desk.ok("update_ticket", json!({"ticket": ticket, "updates": {"title": "Refused again and again"}})).await;
        desk.client
            .batch_execute("update embedding_queue set attempts = 4, last_error = 'Refused.', not_before = 'infinity'")
            .await
            .expect("age");
        assert_eq!(desk.ok("maintain_embedding_models", json!({})).await["promoted"], json!("new"));
        assert_eq!((state(old).await, state(new).await), ("retired".into(), "serving".into()));
        assert_eq!(
            number(&desk, "select count(*) from ticket_embeddings").await,
            8,
            "others may still ask the old one"
        );
        desk.client
            .batch_execute(
                "update embedding_models set serving_since = now() - interval '2 minutes' where state = 'serving'",
            )
            .await
            .expect("age");
        for _ in 0..6 {
            desk.ok("maintain_embedding_models", json!({"max_removed": 2})).await;
        }
        assert_eq!(
            (state(old).await.as_str(), number(&desk, "select count(*) from ticket_embeddings").await),
            ("gone", 4)
        );
        let indexes = "select count(*) from pg_class where relname = 'ticket_embeddings_model_' || ";
        assert_eq!(number(&desk, &format!("{indexes}{old}")).await, 0);
        assert_eq!(number(&desk, &format!("{indexes}{new}")).await, 1);
        // A change of mind before the next one is built.
        let third = register(&desk, "third").await;
        assert_eq!(register(&desk, "new").await, new);
        assert_eq!((state(new).await, state(third).await), ("serving".into(), "retired".into()));
    }
}

#[tokio::test]
async fn statements_that_queue_the_same_tickets_do_not_stop_each_other() {
    let desk = Desk::open("deadlock").await;
    let model = register(&desk, "one").await;
    for n in 0..40 {
        desk.ticket(&format!("Ticket {n}")).await;
    }
    let (one, two, three) = (
        harness::connect(&desk.db.url).await,
        harness::connect(&desk.db.url).await,
        harness::connect(&desk.db.url).await,
    );
    let edit = async |client: &tokio_postgres::Client, order: &str| {
        for _ in 0..10 {
            let sql = format!(
                "do $$ begin
                    perform from tickets order by id for no key update;
                    update tickets set title = title || '.' where id in (select id from tickets order by id {order});
                end $$"
            );
            client.batch_execute(&sql).await.expect("an edit");
        }
    };
    let work = async {
        for _ in 0..20 {
            let claim: tokio_postgres::types::Json<serde_json::Value> =
                three.query_one("select logic.claim_embeddings($1, 10, 0)", &[&model]).await.expect("a claim").get(0);
            store(&desk, model, &claim.0).await;
        }
    };
    tokio::join!(edit(&one, "asc"), edit(&two, "desc"), work);
    drain(&desk, model).await;
    assert_eq!(waiting(&desk).await, 0);
    assert_eq!(number(&desk, "select count(*) from ticket_embeddings").await, 40);
}

#[tokio::test]
async fn an_import_of_thousands_is_queued_in_one_go() {
    let desk = Desk::open("bulk").await;
    let model = register(&desk, "one").await;
    let started = std::time::Instant::now();
    desk.client
        .execute(
            "insert into tickets (workflow_id, title, description, created_by_agent_id)
             select $1, 'Imported ticket ' || n, '', 'owner' from generate_series(1, 3000) n",
            &[&desk.workflow],
        )
        .await
        .expect("an import");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    assert_eq!(waiting(&desk).await, 3000);
    let mut claims = 0;
    while waiting(&desk).await > 0 && claims < 10 {
        store(&desk, model, &claim(&desk, model).await).await;
        claims += 1;
    }
    assert_eq!(claims, 3);
}

#[tokio::test]
async fn what_the_triggers_could_not_see_is_found_by_housekeeping() {
    let desk = Desk::open("missing").await;
    let model = register(&desk, "one").await;
    desk.ticket("Forgotten").await;
    desk.client.batch_execute("delete from embedding_queue").await.expect("lose it");
    desk.ok("run_maintenance", json!({"history_months": 0})).await;
    assert_eq!(drain(&desk, model).await, 1);
    desk.ok("run_maintenance", json!({"history_months": 0})).await;
    assert_eq!(waiting(&desk).await, 0);
}
