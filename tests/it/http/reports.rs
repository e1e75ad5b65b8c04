//! Reports over HTTP: the list, JSON and CSV, ranges, 304, and who may read them.

use reqwest::Method;
use serde_json::json;

use super::fixtures::{TestWorkflow, add_member, open, signed_in_user};

#[tokio::test]
async fn members_read_reports_as_json_and_csv() {
    let server = open("reports").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let (ben, eve) = (signed_in_user(&server, "ben").await, signed_in_user(&server, "eve").await);
    add_member(&fixture.owner, &fixture.workflow, &ben, "viewer").await;
    let done = fixture.ticket("=cmd|' /C calc'!A0").await;
    for column in ["in_progress", "done"] {
        fixture.move_to(&done, column).await.ok();
    }
    fixture.ticket("Another one, \"open\"").await;

    let list = ben.get("/api/reports").await.ok();
    let reports = list["reports"].as_array().expect("reports");
    let throughput = reports.iter().find(|report| report["name"] == "throughput").expect("throughput");
    let names: Vec<_> =
        throughput["parameters"].as_array().expect("parameters").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["from", "to", "tz", "unit"]);
    assert!(
        throughput["columns"].as_array().expect("columns").iter().all(|column| column["description"].is_string()),
        "{throughput}"
    );

    let path = |name: &str, rest: &str| format!("/api/reports/{name}?workflow_id={}{rest}", fixture.workflow);
    let report = ben.get(&path("throughput", "&unit=all")).await.ok();
    let row = &report["rows"][0];
    assert_eq!((&row["created"], &row["completed"], &report["has_more"]), (&json!(2), &json!(1), &json!(false)));
    let sql = report["sql"].as_str().expect("sql");
    let qualified = sql.replace("from throughput(", "from reporting.throughput(");
    assert_eq!(server.number(&format!("select completed from ({qualified}) x")).await, 1);
    // Today's counts of the statistics are those of the report.
    let stats = ben.get(&format!("/api/tickets/stats/{}", fixture.workflow)).await.ok();
    assert_eq!((&stats["stats"]["created_today"], &stats["stats"]["completed_today"]), (&json!(2), &json!(1)));
    let cycle = ben.get(&path("cycle_times", "&group=priority&tz=Asia/Tokyo")).await.ok();
    assert_eq!((&cycle["rows"][0]["group_value"], &cycle["time_zone"]), (&json!("medium"), &json!("Asia/Tokyo")));
    assert!(cycle["rows"][0]["lead_p50_seconds"].as_f64().is_some_and(|seconds| seconds >= 0.0), "{cycle}");

    // A CSV names its columns, guards formulas and leaves numbers as they are.
    fixture.move_to(&fixture.ticket("=1+1").await, "in_progress").await.ok();
    let table = ben.get(&path("wip", "&format=csv&bom=true")).await;
    assert_eq!(table.status, 200);
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        table.header("content-disposition").is_some_and(|value| value.contains("wip.csv")),
        "{:?}",
        table.header("content-disposition")
    );
    let text = table.json.as_str().expect("text").trim_start_matches('\u{feff}');
    assert!(text.starts_with("workflow_id,ticket_id,key,title,"), "{text}");
    assert!(text.contains(",'=1+1,in_progress,") && text.contains("\r\n"), "{text}");
    for (bom, begin) in [("&bom=true", "\u{feff}work"), ("", "workflow")] {
        let request = ben.request(Method::GET, &path("wip", &format!("&format=csv{bom}")));
        let bytes = request.send().await.expect("sent").bytes().await.expect("a body");
        assert!(bytes.starts_with(begin.as_bytes()), "{bytes:?}");
    }
    let limited = ben.get(&path("daily", "&from=2026-01-01&to=2026-01-31&limit=1")).await.ok();
    assert_eq!(
        (&limited["from"], &limited["rows"], &limited["has_more"]),
        (&json!("2026-01-01"), &json!([]), &json!(false))
    );

    // Reports on one milestone name it.
    let milestones = format!("/api/workflows/{}/milestones", fixture.workflow);
    let made = fixture.owner.post(&milestones, json!({"name": "Beta", "due_on": "2027-01-31"})).await;
    assert_eq!(made.status, 201, "{}", made.json);
    let update = json!({"ticket_id": done, "updates": {"milestone_id": "Beta"}});
    fixture.owner.post("/api/tickets/update", update).await.ok();
    let burndown = ben.get(&path("burndown", "&milestone=Beta")).await.ok();
    let days = burndown["rows"].as_array().expect("rows");
    assert!(days.iter().any(|day| day["completed_tickets"] == 1 && day["remaining_tickets"] == 0), "{burndown}");
    assert!(burndown["sql"].as_str().is_some_and(|sql| sql.starts_with("select * from burndown('milestone-")));

    for (query, field) in [
        ("throughput?x=1", "x"),
        ("throughput?format=csv", "workflow_id"),
        (&path("nothing", "")[13..], "name"),
        (&path("throughput", "&from=2026-02-30")[13..], "from"),
        (&path("throughput", "&from=2026-02-02&to=2026-02-01")[13..], "from"),
        (&path("throughput", "&from=2001-02-02&to=2026-02-01")[13..], "from"),
        (&path("throughput", "&to=today")[13..], "to"),
        (&path("throughput", "&tz=Mars/Base")[13..], "tz"),
        (&path("throughput", "&unit=hour")[13..], "unit"),
        (&path("throughput", "&group=agent")[13..], "group"),
        (&path("cycle_times", "&group=color")[13..], "group"),
        (&path("burndown", "")[13..], "milestone"),
        (&path("burndown", "&milestone=Alpha")[13..], "milestone"),
        (&path("burndown", "&milestone=Beta&from=2026-01-01")[13..], "from"),
        (&path("throughput", "&milestone=Beta")[13..], "milestone"),
        (&path("wip", "&from=2026-01-01")[13..], "from"),
        (&path("wip", "&limit=0")[13..], "limit"),
        (&path("wip", "&limit=10001")[13..], "limit"),
        (&path("wip", "&format=xlsx")[13..], "format"),
    ] {
        let answer = ben.get(&format!("/api/reports/{query}")).await;
        assert_eq!(
            (answer.status, &answer.json["errors"][0]["field"]),
            (422, &json!(field)),
            "{query}: {}",
            answer.json
        );
    }
    assert_eq!(eve.get(&path("throughput", "")).await.refused(404), "not_found");
    assert_eq!(server.anonymous().get(&path("throughput", "")).await.refused(401), "unauthenticated");
}

#[tokio::test]
async fn a_known_report_is_not_sent_again() {
    let server = open("reports_etag").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let ticket = fixture.ticket("Counted").await;
    for format in ["json", "csv"] {
        let path = format!("/api/reports/throughput?workflow_id={}&format={format}", fixture.workflow);
        let ask =
            |etag: String| fixture.owner.send(fixture.owner.request(Method::GET, &path).header("if-none-match", etag));
        let first = fixture.owner.get(&path).await;
        let etag = first.header("etag").expect("an ETag").to_owned();
        let again = ask(format!("\"other\", {etag}")).await;
        assert_eq!(
            (again.status, &again.json, again.header("etag")),
            (304, &serde_json::Value::Null, Some(etag.as_str()))
        );
        // Another report, another zone, and another state of the workflow have other tags.
        let other = format!("/api/reports/throughput?workflow_id={}&format={format}&tz=Asia/Tokyo", fixture.workflow);
        assert_ne!(fixture.owner.get(&other).await.header("etag"), Some(etag.as_str()));
        fixture.move_to(&ticket, if format == "json" { "in_progress" } else { "done" }).await.ok();
        assert_eq!(ask(etag).await.status, 200);
    }
}
