//! Usage in a terminal and through the Rust client.

use callboard::client::{Client, Credential};
use callboard::domain::jobs::CreateJob;
use callboard::domain::jobs::leases::{ClaimJob, ReleaseLease};
use callboard::domain::usage::{Amount, GroupBy, ReportUsage, UsageFilter};
use serde_json::json;

use crate::cli_commands::open;

#[tokio::test]
async fn usage_is_shown_with_what_is_missing() {
    let (server, fixture, at) = open("cli_usage").await;
    let client =
        Client::new(&server.url, Credential::key(fixture.owner.token.clone().expect("a token"))).expect("a client");
    let input = CreateJob {
        workflow_id: Some(fixture.workflow.clone()),
        with_ticket: Some(true),
        initial_prompt: Some("Measure the login.".to_owned()),
        queue: Some(true),
        ..CreateJob::default()
    };
    let job = client.create_job(&input).await.expect("a job");
    let claim = ClaimJob { worker: Some("laptop".to_owned()), ..ClaimJob::default() };
    let first = client.claim_job(&claim).await.expect("a claim").lease_token.expect("a token");
    let release = ReleaseLease { lease_token: first.clone(), ..ReleaseLease::default() };
    client.release_job(&job.id, &release).await.expect("released");
    let second = client.claim_job(&claim).await.expect("a claim").lease_token.expect("a token");
    let report = ReportUsage {
        lease_token: Some(second),
        model: Some("large".to_owned()),
        input_tokens: Some(1_234_567),
        cost: Some(Amount::from("1.50")),
        currency: Some("USD".to_owned()),
        ..ReportUsage::default()
    };
    let reported = client.report_usage(&job.id, &report).await.expect("reported");
    assert!(reported.counted && reported.attempt == Some(2) && reported.usage.output_tokens.is_none());
    let of_ticket = ReportUsage { output_tokens: Some(5), ..ReportUsage::default() };
    let ticket = job.summary.ticket_id.clone().expect("a ticket");
    client.report_ticket_usage(&ticket, &of_ticket).await.expect("reported");
    assert_eq!(client.ticket_usage(&ticket).await.expect("usage").usage.output_tokens, Some(5));
    let filter = UsageFilter {
        workflow_id: Some(fixture.workflow.clone()),
        group_by: Some(GroupBy::Day),
        ..UsageFilter::default()
    };
    assert_eq!(client.usage(&filter).await.expect("usage").groups.len(), 1);
    assert_eq!(server.number("select count(*) from usage_reports where source = 'sdk'").await, 2);

    let shown = at.run_ok(&["job", "show", &job.id]).await;
    assert!(shown.contains("Usage     1.5 USD, 1,234,567 in, ? out"), "{shown}");
    let table = at.run_ok(&["job", "usage", &job.id]).await;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("ATTEMPT") && lines[0].ends_with("MISSING"), "{table}");
    assert!(lines[1].starts_with("2  ") && lines[1].contains("1,234,567") && lines[1].contains("1.5 USD"), "{table}");
    assert!(
        lines[2].starts_with("1  ") && lines[2].contains("laptop") && lines[2].ends_with("1 not reported"),
        "{table}"
    );
    assert_eq!(at.run(&["job", "usage", &job.id, "--json"]).await.json()["attempts_without_usage"], 1);
    let all = at.run(&["usage", "-w", &fixture.workflow, "--by", "model"]).await;
    assert!(
        all.err.contains("2 of 2 reports lack tokens.") && all.err.contains("1 of 2 reports lack cost."),
        "{}",
        all.err
    );
    let table = all.ok();
    assert!(table.contains("large") && table.lines().last().is_some_and(|line| line.starts_with("all")), "{table}");
    let ticket = at.run_ok(&["usage", "-w", &fixture.workflow, "--ticket", "1"]).await;
    assert!(ticket.starts_with("TKT-1") && ticket.contains("without a job"), "{ticket}");
    let summary = at
        .run(&["usage", "-w", &fixture.workflow, "--from", "2026-01-31", "--to", "2026-01-31", "--json"])
        .await
        .json();
    assert_eq!((&summary["usage"]["reported"], &summary["groups"]), (&json!(false), &json!([])));
    at.run(&["usage", "-w", &fixture.workflow, "--from", "someday"]).await.refuses("first_day");
    let wrong = at.run(&["usage", "--by", "mood"]).await;
    assert!(wrong.code == Some(2) && wrong.err.contains("model"), "{}", wrong.err);
}
