//! The embedding queue: its triggers, no lost updates, and no stale vectors.

use serde_json::json;

use super::fixtures::*;
use crate::harness;
use crate::logic::fixtures::Fixture;

#[tokio::test]
async fn new_and_reworded_tickets_are_queued() {
    for major in [16, 18] {
        let fixture = Fixture::on(harness::database_of(major, "queued").await).await;
        let early = fixture.ticket("Before any model").await;
        assert_eq!(waiting(&fixture).await, 0, "no ticket needs vectors");
        let model = register(&fixture, "one").await;
        let late = fixture.ticket("After the model").await;
        let mut both = [early.clone(), late.clone()];
        both.sort();
        assert_eq!(ids(&claim(&fixture, model).await), both);
        assert!(ids(&claim(&fixture, model).await).is_empty(), "all tickets are claimed");
        fixture.client.batch_execute("update embedding_queue set not_before = '-infinity'").await.expect("lapse");
        assert_eq!(drain(&fixture, model).await, 2);
        assert_eq!(number(&fixture, "select count(*) from ticket_embeddings where part = 0").await, 2);

        for change in [json!({"priority": "high"}), json!({"story_points": 3})] {
            fixture.ok("update_ticket", json!({"ticket": late, "updates": change})).await;
        }
        assert_eq!(waiting(&fixture).await, 0, "its text is the same");
        for change in
            [json!({"title": "Another title"}), json!({"description": "Another text"}), json!({"tags": ["a"]})]
        {
            fixture.ok("update_ticket", json!({"ticket": late, "updates": change})).await;
        }
        let claimed = claim(&fixture, model).await;
        assert_eq!(ids(&claimed), std::slice::from_ref(&late));
        assert_eq!(tickets(&claimed)[0]["texts"], json!(["Another title\nAnother title\na\nAnother text"]));
        assert_eq!(store(&fixture, model, &claimed).await, 1);
        // Changed back: the queue sees a change, and the claim finds none.
        fixture
            .client
            .batch_execute("update tickets set title = title || '!'; update tickets set title = rtrim(title, '!')")
            .await
            .expect("edit");
        let claimed = claim(&fixture, model).await;
        assert_eq!((ids(&claimed).len(), claimed["dropped"].as_i64()), (0, Some(2)));
        assert_eq!(waiting(&fixture).await, 0);
    }
}

#[tokio::test]
async fn comments_queue_a_ticket_every_fifth_time_and_on_moves() {
    let fixture = Fixture::open("comments").await;
    let model = register(&fixture, "one").await;
    let (ticket, quiet) = (fixture.ticket("Talked about").await, fixture.ticket("Not talked about").await);
    drain(&fixture, model).await;
    let comment = async |text: String| fixture.ok("add_comment", json!({"ticket": ticket, "comment_text": text})).await;
    for n in 1..5 {
        comment(format!("remark {n}")).await;
        assert_eq!(waiting(&fixture).await, 0);
    }
    comment("remark 5".to_owned()).await;
    let claimed = claim(&fixture, model).await;
    let text = tickets(&claimed)[0]["texts"][0].as_str().expect("a text").to_owned();
    assert!(text.ends_with("remark 1\nremark 2\nremark 3\nremark 4\nremark 5"), "{text}");
    store(&fixture, model, &claimed).await;

    // A move alone queues nothing; with new comments it does.
    let move_to = async |ticket: &str, status: &str| {
        fixture.ok("change_status", json!({"ticket": ticket, "new_status": status, "comment": "moved"})).await;
    };
    fixture
        .client
        .execute("update tickets set status = 'todo' where id = any ($1)", &[&[&ticket, &quiet].as_slice()])
        .await
        .expect("move");
    assert_eq!(waiting(&fixture).await, 0);
    comment("remark 6".to_owned()).await;
    assert_eq!(waiting(&fixture).await, 0);
    move_to(&ticket, "in_progress").await;
    let claimed = claim(&fixture, model).await;
    assert_eq!(ids(&claimed), std::slice::from_ref(&ticket));
    let text = tickets(&claimed)[0]["texts"][0].as_str().expect("a text");
    assert!(text.contains("remark 6") && !text.contains("remark 1\n"), "{text}");
    store(&fixture, model, &claimed).await;

    // A deleted comment is no longer found by its words.
    let id: String = fixture
        .client
        .query_one("select id from ticket_comments where comment_text = 'remark 6'", &[])
        .await
        .expect("it")
        .get(0);
    fixture.ok("delete_comment", json!({"comment": id})).await;
    let claimed = claim(&fixture, model).await;
    assert!(!tickets(&claimed)[0]["texts"][0].as_str().expect("a text").contains("remark 6"));
}

#[tokio::test]
async fn deleted_tickets_leave_search_and_return_when_restored() {
    let fixture = Fixture::open("deleted").await;
    let model = register(&fixture, "one").await;
    let ticket = fixture.ticket("Here today").await;
    let count = "select (select count(*) from ticket_search) + (select count(*) from ticket_embeddings)";
    drain(&fixture, model).await;
    assert_eq!(number(&fixture, count).await, 2);
    fixture.ok("delete_ticket", json!({"ticket": ticket})).await;
    assert_eq!((number(&fixture, count).await, waiting(&fixture).await), (0, 0));
    fixture.client.batch_execute("update tickets set title = 'Reworded while gone'").await.expect("edit");
    assert_eq!((number(&fixture, count).await, waiting(&fixture).await), (0, 0));
    fixture.ok("restore_ticket", json!({"ticket": ticket})).await;
    assert_eq!(drain(&fixture, model).await, 1);
    assert_eq!(number(&fixture, count).await, 2);

    // A vector that arrives after the ticket was deleted, and after it was restored.
    fixture.client.batch_execute("update tickets set title = 'Once more'").await.expect("edit");
    let stale = claim(&fixture, model).await;
    fixture.ok("delete_ticket", json!({"ticket": ticket})).await;
    assert_eq!(store(&fixture, model, &stale).await, 0);
    fixture.ok("restore_ticket", json!({"ticket": ticket})).await;
    assert_eq!(store(&fixture, model, &stale).await, 0);
    assert_eq!((waiting(&fixture).await, number(&fixture, "select count(*) from ticket_embeddings").await), (1, 0));
}

#[tokio::test]
async fn a_change_during_embedding_keeps_the_ticket_queued() {
    let fixture = Fixture::open("meanwhile").await;
    let model = register(&fixture, "one").await;
    let ticket = fixture.ticket("First").await;
    let first = claim(&fixture, model).await;
    fixture.ok("update_ticket", json!({"ticket": ticket, "updates": {"title": "Second"}})).await;
    assert!(ids(&claim(&fixture, model).await).is_empty(), "the ticket is claimed");
    assert_eq!(store(&fixture, model, &first).await, 1);
    let second = claim(&fixture, model).await;
    assert!(tickets(&second)[0]["texts"][0].as_str().expect("a text").starts_with("Second"));
    assert_eq!(store(&fixture, model, &second).await, 1);
    assert_eq!(waiting(&fixture).await, 0);
}

#[tokio::test]
async fn expired_claims_are_reassigned_and_late_results_rejected() {
    let fixture = Fixture::open("lease").await;
    let model = register(&fixture, "one").await;
    fixture.ticket("Somebody's work").await;
    let lost = fixture.ok("claim_embeddings", json!({"model": model, "max_tickets": 1, "lease_seconds": 0.0})).await;
    assert_eq!(ids(&lost).len(), 1);
    let again = claim(&fixture, model).await;
    assert_eq!(ids(&again), ids(&lost));
    assert_eq!(store(&fixture, model, &lost).await, 0, "its lease was taken over");
    assert_eq!(store(&fixture, model, &again).await, 1);
    assert_eq!(store(&fixture, model, &again).await, 0, "queued once");
}

#[tokio::test]
async fn failures_back_off_until_a_change_or_an_operator_resets_them() {
    let fixture = Fixture::open("failures").await;
    let model = register(&fixture, "one").await;
    let ticket = fixture.ticket("Cannot be embedded").await;
    let fail = async || {
        let claimed = claim(&fixture, model).await;
        assert_eq!(ids(&claimed).len(), 1);
        let arguments = json!({"model": model, "lease": claimed["lease"], "tickets": [ticket], "why": "Refused."});
        assert_eq!(fixture.ok("fail_embeddings", arguments).await, 1);
        number(&fixture, "select extract(epoch from not_before - clock_timestamp())::int8 from embedding_queue").await
    };
    let first = fail().await;
    assert!((5..=16).contains(&first), "{first}");
    assert!(ids(&claim(&fixture, model).await).is_empty());
    let progress = fixture.ok("embedding_progress", json!({})).await;
    assert_eq!(
        (&progress[0]["failed"], &progress[0]["queued"], &progress[0]["embedded"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(fixture.ok("retry_embeddings", json!({})).await, 1);
    fail().await;
    fixture
        .client
        .batch_execute("update embedding_queue set attempts = 30, not_before = '-infinity'")
        .await
        .expect("age");
    let late = fail().await;
    assert!((2600..=4600).contains(&late), "{late}");
    fixture.ok("update_ticket", json!({"ticket": ticket, "updates": {"title": "Can be embedded"}})).await;
    assert_eq!(drain(&fixture, model).await, 1);

    // The failure is not the ticket's fault: it may be claimed at once, and its failure count is unchanged.
    fixture.ticket("Another").await;
    let claimed = claim(&fixture, model).await;
    fixture
        .ok("release_embeddings", json!({"model": model, "lease": claimed["lease"], "tickets": ids(&claimed)}))
        .await;
    assert_eq!(number(&fixture, "select attempts from embedding_queue").await, 0);
    assert_eq!(drain(&fixture, model).await, 1);
}

#[tokio::test]
async fn vectors_of_another_size_are_never_stored() {
    let fixture = Fixture::open("sizes").await;
    let model = register(&fixture, "one").await;
    fixture.ticket("A ticket").await;
    let claimed = claim(&fixture, model).await;
    assert_eq!(store_as(&fixture, model, &claimed, "[1,2]").await, Err("CB409".to_owned()));
    assert_eq!(store_as(&fixture, model, &claimed, "[1,2,3]").await, Ok(1));
    assert_eq!(
        fixture.refused("register_embedding_model", json!({"model_name": "one", "model_dimensions": 4})).await,
        "CB409"
    );
}

#[tokio::test]
async fn a_new_model_is_built_in_the_background_and_takes_over() {
    for major in [16, 18] {
        let fixture = Fixture::on(harness::database_of(major, "models").await).await;
        let old = register(&fixture, "old").await;
        for n in 0..3 {
            fixture.ticket(&format!("Ticket {n}")).await;
        }
        drain(&fixture, old).await;
        let state = async |model: i64| {
            let row = fixture.client.query_opt("select state from embedding_models where id = $1", &[&model]).await;
            row.expect("a query").map_or("gone".to_owned(), |row| row.get::<_, String>(0))
        };
        assert_eq!(state(old).await, "serving", "the first model is active at once");
        let new = register(&fixture, "new").await;
        assert_eq!(register(&fixture, "new").await, new, "a repetition changes nothing");
        assert_eq!((state(old).await, state(new).await), ("serving".into(), "building".into()));
        assert_eq!(fixture.ok("maintain_embedding_models", json!({})).await["promoted"], json!(null));
        // Both models are kept current while one is built.
        let ticket = fixture.ticket("Meanwhile").await;
        assert_eq!((drain(&fixture, old).await, drain(&fixture, new).await), (1, 4));
        // A ticket that cannot be embedded does not block the rest.
        fixture.ok("update_ticket", json!({"ticket": ticket, "updates": {"title": "Refused again and again"}})).await;
        fixture
            .client
            .batch_execute("update embedding_queue set attempts = 4, last_error = 'Refused.', not_before = 'infinity'")
            .await
            .expect("age");
        assert_eq!(fixture.ok("maintain_embedding_models", json!({})).await["promoted"], json!("new"));
        assert_eq!((state(old).await, state(new).await), ("retired".into(), "serving".into()));
        assert_eq!(
            number(&fixture, "select count(*) from ticket_embeddings").await,
            8,
            "other servers may still query the old model"
        );
        fixture
            .client
            .batch_execute(
                "update embedding_models set serving_since = now() - interval '2 minutes' where state = 'serving'",
            )
            .await
            .expect("age");
        for _ in 0..6 {
            fixture.ok("maintain_embedding_models", json!({"max_removed": 2})).await;
        }
        assert_eq!(
            (state(old).await.as_str(), number(&fixture, "select count(*) from ticket_embeddings").await),
            ("gone", 4)
        );
        let indexes = "select count(*) from pg_class where relname = 'ticket_embeddings_model_' || ";
        assert_eq!(number(&fixture, &format!("{indexes}{old}")).await, 0);
        assert_eq!(number(&fixture, &format!("{indexes}{new}")).await, 1);
        // The model is changed again before the next one is built.
        let third = register(&fixture, "third").await;
        assert_eq!(register(&fixture, "new").await, new);
        assert_eq!((state(new).await, state(third).await), ("serving".into(), "retired".into()));
    }
}

#[tokio::test]
async fn statements_queueing_the_same_tickets_do_not_deadlock() {
    let fixture = Fixture::open("deadlock").await;
    let model = register(&fixture, "one").await;
    for n in 0..40 {
        fixture.ticket(&format!("Ticket {n}")).await;
    }
    let (one, two, three) = (
        harness::connect(&fixture.db.url).await,
        harness::connect(&fixture.db.url).await,
        harness::connect(&fixture.db.url).await,
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
            store(&fixture, model, &claim.0).await;
        }
    };
    tokio::join!(edit(&one, "asc"), edit(&two, "desc"), work);
    drain(&fixture, model).await;
    assert_eq!(waiting(&fixture).await, 0);
    assert_eq!(number(&fixture, "select count(*) from ticket_embeddings").await, 40);
}

#[tokio::test]
async fn an_import_of_thousands_is_queued_in_one_statement() {
    let fixture = Fixture::open("bulk").await;
    let model = register(&fixture, "one").await;
    let started = std::time::Instant::now();
    fixture
        .client
        .execute(
            "insert into tickets (workflow_id, title, description, created_by_agent_id)
             select $1, 'Imported ticket ' || n, '', 'owner' from generate_series(1, 3000) n",
            &[&fixture.workflow],
        )
        .await
        .expect("an import");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    assert_eq!(waiting(&fixture).await, 3000);
    let mut claims = 0;
    while waiting(&fixture).await > 0 && claims < 10 {
        store(&fixture, model, &claim(&fixture, model).await).await;
        claims += 1;
    }
    assert_eq!(claims, 3);
}

#[tokio::test]
async fn maintenance_queues_changes_missed_by_triggers() {
    let fixture = Fixture::open("missing").await;
    let model = register(&fixture, "one").await;
    fixture.ticket("Forgotten").await;
    fixture.client.batch_execute("delete from embedding_queue").await.expect("lose it");
    fixture.ok("run_maintenance", json!({"history_months": 0})).await;
    assert_eq!(drain(&fixture, model).await, 1);
    fixture.ok("run_maintenance", json!({"history_months": 0})).await;
    assert_eq!(waiting(&fixture).await, 0);
}
