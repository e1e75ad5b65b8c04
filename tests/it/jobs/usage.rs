//! Usage: what attempts of jobs and tickets cost, as reported.

use serde_json::{Value, json};

use super::JobFixture;

impl JobFixture {
    /// Reports usage for a job.
    async fn report(&self, job: &str, token: Option<&str>, report: Value) -> Value {
        self.base.ok("report_usage", json!({"job": job, "token": token, "report": report})).await
    }

    async fn used(&self, job: &str) -> Value {
        self.base.ok("get_job_usage", json!({"job": job})).await
    }

    async fn count(&self, sql: &str) -> i64 {
        self.base.client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
    }
}

#[tokio::test]
async fn a_report_belongs_to_the_attempt_that_spent_it() {
    let fixture = JobFixture::open("usage_attempt").await;
    let job = fixture.job(json!({"stages": []})).await;
    let nothing = fixture.used(&job).await;
    assert_eq!((&nothing["usage"]["reported"], &nothing["usage"]["input_tokens"]), (&json!(false), &Value::Null));
    assert_eq!((&nothing["attempts"], &nothing["attempts_without_usage"]), (&json!([]), &json!(0)));

    let (_, first) = fixture.claim().await;
    assert_eq!(fixture.used(&job).await["attempts_without_usage"], 0, "it may still report");
    fixture.set(&job, "lease_expires_at = now()").await;
    fixture.base.ok("expire_leases", json!({})).await;
    assert_eq!(fixture.used(&job).await["attempts_without_usage"], 1);
    fixture.set(&job, "not_before = now()").await;
    let (_, second) = fixture.claim().await;
    // The lease of the first attempt is lost, its tokens are spent.
    assert_eq!(
        fixture.base.refused("report_progress", json!({"job": job, "token": first, "progress": 1})).await,
        "CB007"
    );
    let late = fixture.report(&job, Some(&first), json!({"model": "m", "input_tokens": 10, "output_tokens": 1})).await;
    assert_eq!((&late["attempt"], &late["counted"]), (&json!(1), &json!(true)));
    let now = fixture.report(&job, Some(&second), json!({"output_tokens": 2, "cost": "0.10", "currency": "usd"})).await;
    assert_eq!(now["attempt"], 2);
    fixture.base.ok("release_job", json!({"job": job, "token": second})).await;
    let (_, third) = fixture.claim().await;
    assert_eq!(fixture.report(&job, None, json!({"cache_read_tokens": 0})).await["attempt"], 3, "the newest");

    let used = fixture.used(&job).await;
    let attempts: Vec<(&Value, &Value, &Value)> = used["attempts"]
        .as_array()
        .expect("attempts")
        .iter()
        .map(|one| (&one["attempt"], &one["usage"]["input_tokens"], &one["usage"]["costs"]))
        .collect();
    let dime = json!([{"currency": "USD", "amount": "0.1"}]);
    assert_eq!(
        attempts,
        [(&json!(3), &Value::Null, &json!([])), (&json!(2), &Value::Null, &dime), (&json!(1), &json!(10), &json!([])),]
    );
    let totals = &used["usage"];
    assert_eq!((&totals["input_tokens"], &totals["output_tokens"]), (&json!(10), &json!(3)));
    assert_eq!(
        (&totals["cache_read_tokens"], &totals["cache_write_tokens"]),
        (&json!(0), &Value::Null),
        "zero is not null"
    );
    assert_eq!((&totals["reports_without_tokens"], &totals["reports_without_cost"]), (&json!(2), &json!(2)));
    assert_eq!(fixture.get(&job).await["usage"], *totals);
    assert_eq!(fixture.base.ok("get_ticket", json!({"ticket": fixture.ticket})).await["usage"], *totals);
    fixture.base.ok("complete_job", json!({"job": job, "token": third})).await;
    assert_eq!(
        fixture.report(&job, Some(&third), json!({"output_tokens": 1})).await["attempt"],
        3,
        "also after the end"
    );
}

#[tokio::test]
async fn the_worker_of_a_deleted_job_reports_and_others_do_not() {
    let fixture = JobFixture::open("usage_deleted").await;
    let job = fixture.job(json!({"stages": []})).await;
    let (_, token) = fixture.claim().await;
    fixture.base.ok("delete_job", json!({"job": job})).await;
    let report = json!({"input_tokens": 5});
    assert_eq!(fixture.base.refused("report_usage", json!({"job": job, "report": report})).await, "CB404");
    assert_eq!(fixture.report(&job, Some(&token), report).await["counted"], true);
    let ticket = fixture.base.ok("get_ticket_usage", json!({"ticket": fixture.ticket})).await;
    assert_eq!((&ticket["usage"]["input_tokens"], &ticket["jobs"][0]["is_deleted"]), (&json!(5), &json!(true)));
}

#[tokio::test]
async fn a_report_id_is_counted_once() {
    let fixture = JobFixture::open("usage_twice").await;
    let job = fixture.job(json!({"stages": []})).await;
    let (_, token) = fixture.claim().await;
    let report = json!({"report_id": "r-1", "model": "m", "input_tokens": 7, "cost": 0.5, "currency": "EUR"});
    assert_eq!(fixture.report(&job, Some(&token), report.clone()).await["counted"], true);
    let again = fixture.report(&job, Some(&token), report).await;
    assert_eq!(
        (&again["counted"], &again["usage_id"], &again["usage"]["reports"]),
        (&json!(false), &Value::Null, &json!(1))
    );
    let other = json!({"job": job, "report": {"report_id": "r-1", "input_tokens": 8}});
    let (code, message, detail) = fixture.base.call("report_usage", other).await.expect_err("another report");
    assert_eq!((code.as_str(), &detail["field"]), ("CB409", &json!("report_id")), "{message}");
    // The same name for a ticket is another report.
    let of_ticket = json!({"ticket": fixture.ticket, "report": {"report_id": "r-1", "input_tokens": 8}});
    assert_eq!(fixture.base.ok("report_usage", of_ticket).await["usage"]["input_tokens"], 15);
    // Many requests at once count one.
    let reports = (0..8).map(|_| {
        let (url, job) = (fixture.base.db.url.clone(), job.clone());
        tokio::spawn(async move {
            let client = crate::harness::connect(&url).await;
            let sql = "select (logic.report_usage('owner', '{\"report_id\": \"r-2\", \"output_tokens\": 1}', $1) ->> 'counted')::boolean";
            client.query_one(sql, &[&job]).await.expect("an answer").get::<_, bool>(0)
        })
    });
    let counted = futures_util::future::join_all(reports).await;
    assert_eq!(counted.iter().filter(|one| *one.as_ref().expect("a task")).count(), 1);
    fixture.base.streams_are_gapless().await;
}

#[tokio::test]
async fn of_totals_only_what_is_new_is_counted() {
    let fixture = JobFixture::open("usage_totals").await;
    let job = fixture.job(json!({"stages": []})).await;
    let (_, token) = fixture.claim().await;
    let report = async |cumulative: &str, output: Option<i64>, cost: &str| {
        let mut report = json!({"session": "s", "cumulative": cumulative, "output_tokens": output});
        if !cost.is_empty() {
            report["cost"] = json!(cost);
            report["currency"] = json!("USD");
        }
        let answer = fixture.report(&job, Some(&token), report).await;
        let usage = &answer["usage"];
        (answer["counted"].clone(), usage["output_tokens"].clone(), usage["costs"][0]["amount"].clone())
    };
    assert_eq!(report("all", Some(100), "0.10").await, (json!(true), json!(100), json!("0.1")));
    assert_eq!(report("all", Some(160), "0.25").await, (json!(true), json!(160), json!("0.25")));
    assert_eq!(report("all", Some(160), "0.25").await, (json!(false), json!(160), json!("0.25")), "nothing new");
    assert_eq!(report("all", None, "0.30").await, (json!(true), json!(160), json!("0.3")));
    // A total below the last one begins a new count, as after a restart of the agent.
    assert_eq!(report("all", Some(10), "0.05").await, (json!(true), json!(170), json!("0.35")));
    // Only the cost is a total.
    assert_eq!(report("cost", Some(10), "0.06").await, (json!(true), json!(180), json!("0.36")));
    let euro = json!({"job": job, "report": {"session": "s", "cumulative": "cost", "cost": "1", "currency": "EUR"}});
    let (code, _, detail) = fixture.base.call("report_usage", euro).await.expect_err("another currency");
    assert_eq!((code.as_str(), &detail["field"]), ("CB422", &json!("currency")));
    // The session goes on in the next attempt.
    fixture.base.ok("release_job", json!({"job": job, "token": token})).await;
    let (_, next) = fixture.claim().await;
    let more = json!({"session": "s", "cumulative": "cost", "cost": "0.16", "currency": "USD"});
    fixture.report(&job, Some(&next), more).await;
    assert_eq!(fixture.used(&job).await["attempts"][0]["usage"]["costs"][0]["amount"], "0.1");
}

#[tokio::test]
async fn invalid_reports_name_their_field_and_change_nothing() {
    let fixture = JobFixture::open("usage_invalid").await;
    let job = fixture.job(json!({"stages": []})).await;
    let huge: Value = serde_json::from_str("1e30").expect("a number");
    for (report, field) in [
        (json!({"input_tokens": -1}), "input_tokens"),
        (json!({"output_tokens": 1.5}), "output_tokens"),
        (json!({"cache_read_tokens": "12"}), "cache_read_tokens"),
        (json!({"cache_write_tokens": 1_000_000_000_001_i64}), "cache_write_tokens"),
        (json!({"input_tokens": huge}), "input_tokens"),
        (json!({"input_tokens": true}), "input_tokens"),
        (json!({"cost": "NaN", "currency": "USD"}), "cost"),
        (json!({"cost": "Infinity", "currency": "USD"}), "cost"),
        (json!({"cost": "1_0", "currency": "USD"}), "cost"),
        (json!({"cost": -0.01, "currency": "USD"}), "cost"),
        (json!({"cost": "0.0000000000001", "currency": "USD"}), "cost"),
        (json!({"cost": 1_000_000_001, "currency": "USD"}), "cost"),
        (json!({"cost": [1], "currency": "USD"}), "cost"),
        (json!({"cost": 1}), "currency"),
        (json!({"currency": "USD", "input_tokens": 1}), "cost"),
        (json!({"cost": 1, "currency": "dollars"}), "currency"),
        (json!({"model": 5, "input_tokens": 1}), "model"),
        (json!({"model": "m".repeat(201), "input_tokens": 1}), "model"),
        (json!({"report_id": "r".repeat(201), "input_tokens": 1}), "report_id"),
        (json!({"cumulative": "all", "input_tokens": 1}), "session"),
        (json!({"cumulative": "some", "session": "s", "input_tokens": 1}), "cumulative"),
        (json!({"model": "only a name"}), "input_tokens"),
        (json!({"tokens": 1}), "tokens"),
        (json!([]), "report"),
    ] {
        let given = json!({"job": job, "report": report});
        let (code, message, detail) = fixture.base.call("report_usage", given).await.expect_err("refused");
        assert_eq!((code.as_str(), &detail["field"]), ("CB422", &json!(field)), "{report}: {message}");
    }
    let report = json!({"input_tokens": 1});
    let both = json!({"job": job, "ticket": fixture.ticket, "report": report});
    assert_eq!(fixture.base.refused("report_usage", both).await, "CB422");
    let unknown = json!({"job": job, "token": "of another job", "report": report});
    assert_eq!(fixture.base.refused("report_usage", unknown).await, "CB422");
    let of_ticket = json!({"ticket": fixture.ticket, "token": "t", "report": report});
    assert_eq!(fixture.base.refused("report_usage", of_ticket).await, "CB422");
    assert_eq!(fixture.count("select count(*) from usage_reports").await, 0);
    assert_eq!(fixture.count("select count(*) from usage_sessions").await, 0);
    // The largest values fit, and their sums stay numbers that every client reads.
    let most = json!({"input_tokens": 1_000_000_000_000_i64, "cost": "1000000000.000000000001", "currency": "USD"});
    assert_eq!(fixture.base.refused("report_usage", json!({"job": job, "report": most})).await, "CB422");
    let most = json!({"input_tokens": 1_000_000_000_000_i64, "cost": "999999999.999999999999", "currency": "USD"});
    fixture.report(&job, None, most).await;
    let copies =
        "insert into usage_reports (id, workflow_id, job_id, ticket_id, agent_id, reported_by, input_tokens, source)
                  select 'usage-' || n, workflow_id, job_id, ticket_id, agent_id, reported_by, input_tokens, source
                    from usage_reports, generate_series(1, 10000) n";
    fixture
        .base
        .client
        .batch_execute(&format!("set session_replication_role = replica; {copies}; reset session_replication_role"))
        .await
        .expect("copies");
    let used = fixture.used(&job).await;
    assert_eq!(used["usage"]["input_tokens"], 9_007_199_254_740_991_i64);
    assert_eq!(used["usage"]["costs"][0]["amount"], "999999999.999999999999");
}

#[tokio::test]
async fn strangers_see_nothing_and_viewers_report_nothing() {
    let fixture = JobFixture::open("usage_access").await;
    let job = fixture.job(json!({"stages": []})).await;
    let report = json!({"input_tokens": 1});
    for (caller, code) in [("outsider", "CB404"), ("viewer", "CB403")] {
        let of_job = json!({"caller": caller, "job": job, "report": report});
        assert_eq!(fixture.base.refused("report_usage", of_job).await, code);
        let of_ticket = json!({"caller": caller, "ticket": fixture.ticket, "report": report});
        assert_eq!(fixture.base.refused("report_usage", of_ticket).await, code);
    }
    let missing = json!({"caller": "outsider", "job": "job-none", "report": report});
    assert_eq!(fixture.base.refused("report_usage", missing).await, "CB404");
    fixture.report(&job, None, report).await;
    for (name, arguments) in [
        ("get_job_usage", json!({"job": job})),
        ("get_ticket_usage", json!({"ticket": fixture.ticket})),
        ("get_usage", json!({})),
    ] {
        let mut arguments = arguments;
        arguments["caller"] = json!("outsider");
        assert_eq!(fixture.base.refused(name, arguments.clone()).await, "CB404", "{name}");
        arguments["caller"] = json!("viewer");
        assert_eq!(fixture.base.ok(name, arguments).await["usage"]["input_tokens"], 1, "{name}");
    }
    let own = fixture.base.ok("get_usage", json!({"caller": "outsider", "workflow": null, "agent": "owner"})).await;
    assert_eq!((&own["usage"]["reported"], &own["groups"]), (&json!(false), &json!([])));
}

#[tokio::test]
async fn an_attempt_takes_a_bounded_number_of_reports() {
    let fixture = JobFixture::open("usage_bound").await;
    let job = fixture.job(json!({"stages": []})).await;
    fixture.claim().await;
    fixture.report(&job, None, json!({"input_tokens": 1})).await;
    let copies = "set session_replication_role = replica;
        insert into usage_reports (id, workflow_id, job_id, attempt, agent_id, reported_by, input_tokens, source)
        select 'usage-' || n, workflow_id, job_id, attempt, agent_id, reported_by, input_tokens, source
          from usage_reports, generate_series(2, 1000) n;
        reset session_replication_role";
    fixture.base.client.batch_execute(copies).await.expect("copies");
    let next = json!({"job": job, "report": {"input_tokens": 1}});
    let (code, message, _) = fixture.base.call("report_usage", next.clone()).await.expect_err("too many");
    assert!(code == "CB409" && message.contains("1000 reports"), "{code} {message}");
    fixture.set(&job, "lease_expires_at = now()").await;
    fixture.base.ok("expire_leases", json!({})).await;
    fixture.set(&job, "not_before = now()").await;
    fixture.claim().await;
    assert_eq!(fixture.base.ok("report_usage", next).await["attempt"], 2, "the next attempt has its own");
}

#[tokio::test]
async fn reports_are_events_and_no_lines_of_the_tickets_history() {
    let fixture = JobFixture::open("usage_events").await;
    let job = fixture.job(json!({"stages": []})).await;
    let (_, token) = fixture.claim().await;
    fixture.report(&job, Some(&token), json!({"input_tokens": 3, "cost": "0.2", "currency": "USD"})).await;
    let ticket = json!({"ticket": fixture.ticket, "report": {"output_tokens": 4}});
    fixture.base.ok("report_usage", ticket).await;
    let sql = "select jsonb_agg(jsonb_build_array(split_part(stream_id, ':', 1), ticket_id is null, metadata #> '{report,cost}',
                      metadata #> '{job_usage,input_tokens}', metadata #> '{ticket_usage,output_tokens}') order by changed_at, stream_id)
                 from history where change_type = 'usage_reported'";
    let events: Value = fixture.base.client.query_one(sql, &[]).await.expect("events").get(0);
    assert_eq!(
        events,
        json!([["job", true, "0.2", 3, null], ["workflow", false, "0.2", 3, null], ["workflow", false, null, null, 4]])
    );
    let ticket = fixture.base.ok("get_ticket", json!({"ticket": fixture.ticket})).await;
    assert!(!ticket["history"].to_string().contains("usage_reported"), "{}", ticket["history"]);
    assert_eq!(ticket["usage"]["reports"], 2);
    fixture.base.streams_are_gapless().await;
}

#[tokio::test]
async fn usage_of_a_range_is_grouped_and_currencies_stay_apart() {
    let fixture = JobFixture::open("usage_range").await;
    let job = fixture.job(json!({"stages": []})).await;
    let (_, token) = fixture.claim().await;
    for (model, cost, currency) in [("large", "1.50", "USD"), ("large", "0.25", "USD"), ("small", "0.10", "EUR")] {
        let report =
            json!({"model": model, "input_tokens": 100, "output_tokens": 10, "cost": cost, "currency": currency});
        fixture.report(&job, Some(&token), report).await;
    }
    let of_ticket =
        json!({"caller": "member", "ticket": fixture.ticket, "report": {"input_tokens": 1, "output_tokens": 1}});
    fixture.base.ok("report_usage", of_ticket).await;
    let empty = fixture.job(json!({"stages": []})).await;
    let (_, silent) = fixture.claim().await;
    fixture.base.ok("fail_job", json!({"job": empty, "token": silent, "error": "No reason", "retry": false})).await;
    // Of another day.
    let old = "update usage_reports set reported_at = '2025-03-30 23:30+00' where currency = 'EUR'";
    fixture.base.client.execute(old, &[]).await.expect("a day");

    let summary = async |more: Value| fixture.base.ok("get_usage", more).await;
    let all = summary(json!({"group_by": "agent"})).await;
    assert_eq!((&all["usage"]["input_tokens"], &all["attempts"]), (&json!(201), &json!(2)));
    assert_eq!(all["attempts_without_usage"], 1);
    assert_eq!(all["usage"]["costs"], json!([{"currency": "USD", "amount": "1.75"}]));
    let names: Vec<_> =
        all["groups"].as_array().expect("groups").iter().map(|one| (&one["key"], &one["attempts"])).collect();
    assert_eq!(names, [(&json!("owner"), &json!(2)), (&json!("member"), &json!(0))]);
    let models = summary(json!({"group_by": "model"})).await["groups"].clone();
    assert_eq!(
        (&models[0]["key"], &models[1]["key"], &models[0]["attempts"]),
        (&json!("large"), &Value::Null, &Value::Null)
    );
    let jobs = summary(json!({"group_by": "job"})).await["groups"].clone();
    assert_eq!(jobs.as_array().map(Vec::len), Some(3), "the job without a report is listed: {jobs}");
    let missing = jobs.as_array().expect("jobs").iter().find(|one| one["key"] == json!(empty)).expect("the job");
    assert_eq!((&missing["usage"]["reported"], &missing["attempts_without_usage"]), (&json!(false), &json!(1)));
    let tickets = summary(json!({"group_by": "ticket"})).await["groups"].clone();
    assert_eq!((&tickets[0]["name"], &tickets[0]["usage"]["reports"]), (&json!("TKT-1"), &json!(3)));
    assert_eq!(summary(json!({"agent": "member"})).await["usage"]["input_tokens"], 1);
    assert_eq!(summary(json!({"group_by": "job", "max_rows": 1})).await["has_more"], true);
    // 30 March in UTC is 31 March in Berlin, also because summer time began that day.
    for (zone, day) in [("UTC", "2025-03-30"), ("Europe/Berlin", "2025-03-31")] {
        let days = json!({"first_day": day, "last_day": day, "time_zone": zone, "group_by": "day"});
        let found = summary(days).await;
        assert_eq!(
            (&found["groups"][0]["key"], &found["usage"]["costs"][0]["amount"]),
            (&json!(day), &json!("0.1")),
            "{found}"
        );
    }
    for wrong in [
        json!({"group_by": "mood"}),
        json!({"first_day": "2026-02-30"}),
        json!({"last_day": "tomorrow"}),
        json!({"first_day": "2020-01-01"}),
        json!({"first_day": "2026-01-02", "last_day": "2026-01-01"}),
        json!({"time_zone": "Mars/Olympus"}),
    ] {
        assert_eq!(fixture.base.refused("get_usage", wrong.clone()).await, "CB422", "{wrong}");
    }
}

#[tokio::test]
async fn a_job_that_runs_elsewhere_has_attempts_too() {
    let fixture = JobFixture::open("usage_elsewhere").await;
    let job = fixture.job(json!({"stages": []})).await;
    let claim = "select (logic.claim_external_job('owner', logic.identify_caller('owner'), j)).lease_token from jobs j where j.id = $1";
    for _ in 0..2 {
        fixture.base.client.query_one(claim, &[&job]).await.expect("a claim, then its extension");
    }
    assert_eq!(fixture.report(&job, None, json!({"input_tokens": 1})).await["attempt"], 1);
    assert_eq!(fixture.used(&job).await["attempts"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn claims_from_before_they_were_recorded_are_counted_by_history() {
    let fixture = JobFixture::open("usage_upgrade").await;
    let job = fixture.job(json!({"stages": []})).await;
    let (_, first) = fixture.claim().await;
    fixture.base.ok("release_job", json!({"job": job, "token": first})).await;
    let (_, second) = fixture.claim().await;
    fixture.base.client.execute("delete from job_claims", &[]).await.expect("before the upgrade");
    let held = fixture.report(&job, Some(&second), json!({"input_tokens": 1})).await;
    assert_eq!(held["attempt"], 2);
    fixture.base.ok("release_job", json!({"job": job, "token": second})).await;
    fixture.base.client.execute("delete from job_claims", &[]).await.expect("before the upgrade");
    let (_, third) = fixture.claim().await;
    assert_eq!(fixture.report(&job, Some(&third), json!({"input_tokens": 1})).await["attempt"], 3);
}
