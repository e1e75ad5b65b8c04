//! Findings in a terminal and through the Rust client.

use callboard::client::{Client, Credential};
use callboard::domain::findings::{FindingKind, SetFindingThresholds};
use serde_json::json;

use crate::cli_commands::open;

#[tokio::test]
async fn findings_are_listed_with_what_to_do() {
    let (server, fixture, at) = open("cli_findings").await;
    let nothing = at.run(&["findings"]).await;
    assert!(nothing.err.contains("Nothing needs attention."), "{}", nothing.err);
    assert_eq!(nothing.ok(), "");
    let ticket = fixture.ticket_with("The site is down", json!({"priority": "critical"})).await;
    server.sql("update tickets set created_at = now() - interval '2 hours' where id = $1", &[&ticket]).await;
    let sql = "update history set changed_at = changed_at - interval '2 hours' where ticket_id = $1";
    server.sql(sql, &[&ticket]).await;

    let table = at.run_ok(&["findings", "-w", &fixture.workflow]).await;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("KIND") && lines[1].starts_with("urgent_unassigned  2h ago"), "{table}");
    assert!(lines[1].contains("TKT-1") && lines[1].ends_with('.'), "{table}");
    let found = at.run(&["findings", "--kind", "urgent_unassigned,stuck", "--json"]).await.json();
    assert_eq!((&found["findings"][0]["ticket_id"], &found["counts"]["stuck"]), (&json!(ticket), &json!(0)));
    assert_eq!(at.run(&["findings", "--kind", "blocked"]).await.ok(), "");
    let wrong = at.run(&["findings", "--kind", "tired"]).await;
    assert!(wrong.code == Some(2) && wrong.err.contains("urgent_unassigned"), "{}", wrong.err);
    at.run(&["findings", "-w", "Nowhere"]).await.refuses("Nowhere");

    let client =
        Client::new(&server.url, Credential::key(fixture.owner.token.clone().expect("a token"))).expect("a client");
    let found = client.findings(&fixture.workflow, &[FindingKind::UrgentUnassigned], 1).await.expect("findings");
    assert_eq!(
        (found.findings[0].kind, found.counts[&FindingKind::UrgentUnassigned]),
        (FindingKind::UrgentUnassigned, 1)
    );
    let off = SetFindingThresholds { unassigned_minutes: Some(0), ..SetFindingThresholds::default() };
    client.set_finding_thresholds(&fixture.workflow, &off).await.expect("thresholds");
    assert_eq!(client.finding_thresholds(&fixture.workflow).await.expect("thresholds").unassigned_minutes, 0);
    assert!(client.findings(&fixture.workflow, &[], 200).await.expect("findings").findings.is_empty());
}
