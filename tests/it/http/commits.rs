//! Commits that reference tickets in their messages: linking, idempotency, permissions and refusals.

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, add_member_of, open, service_client, signed_in_user, text};
use crate::client::{Client, Server};

const PATH: &str = "/api/internal/commits";

/// A full commit id made of one digit.
fn sha(digit: char) -> String {
    std::iter::repeat_n(digit, 40).collect()
}

/// A request body with one commit.
fn commit_body(digit: char, message: &str) -> Value {
    json!({"commits": [{"sha": sha(digit), "message": message}]})
}

/// The ticket keys of a list of links or references.
fn keys<'a>(answer: &'a Value, list: &str, member: &str) -> Vec<&'a str> {
    answer[list].as_array().expect("a list").iter().map(|link| link[member].as_str().expect("a key")).collect()
}

struct CommitsFixture {
    server: Server,
    base: TestWorkflow,
    robot: Client,
}

impl CommitsFixture {
    /// A workflow with three tickets, and a service that is a member.
    async fn open(hint: &str) -> Self {
        let server = open(hint).await;
        let base = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
        for title in ["The first one", "The second one", "The third one"] {
            base.ticket(title).await;
        }
        let robot = service_client(&server, "robot", &["read", "write", "act_for"]).await;
        join(&base, &robot, "member").await;
        Self { server, base, robot }
    }

    /// The types and tickets of commit events.
    async fn events(&self) -> Vec<(String, String)> {
        let path = format!("/api/workflows/{}/events?since=0&limit=1000", self.base.workflow);
        let events = self.base.owner.get(&path).await.ok();
        let all = events["events"].as_array().expect("events").iter();
        let about = all.filter(|event| text(event, "type").starts_with("commit"));
        about.map(|event| (text(event, "type"), text(event, "ticket_id"))).collect()
    }

    async fn ticket(&self, key: &str) -> Value {
        self.base.owner.get(&format!("/api/tickets/{key}?workflow_id={}", self.base.workflow)).await.ok()
    }
}

async fn join(base: &TestWorkflow, actor: &Client, role: &str) {
    add_member(&base.owner, &base.workflow, actor, role).await;
}

/// Makes the fixture's robot a member of somebody else's workflow, with its owner's consent.
async fn admit_robot(other: &TestWorkflow, fixture: &CommitsFixture, role: &str) {
    add_member_of(&other.owner, &other.workflow, &fixture.robot, role, &fixture.base.owner).await;
}

#[tokio::test]
async fn commit_references_are_linked_once() {
    let fixture = CommitsFixture::open("commit_references").await;
    let body = json!({"workflow_id": fixture.base.workflow, "agent_id": "coder", "commits": [
        {"sha": sha('A'), "message": "tkt-2: fix (see TKT-1, TKT-2 and TKT-99)\n\nhttps://elsewhere.example/TKT-3, XTKT-3",
         "author": "Mara Ünal", "timestamp": "2026-03-01T12:00:00+02:00", "url": "https://git.example/a", "files_changed": 2,
         "insertions": 5, "deletions": 1, "files": ["a b.rs", "ü"]},
        {"sha": sha('b'), "message": "Nothing to see"}]});
    let answer = fixture.robot.post(&format!("{PATH}/"), body.clone()).await.ok();
    assert_eq!(
        (keys(&answer, "linked", "ticket_key"), &answer["message"]),
        (vec!["TKT-1", "TKT-2"], &json!("Made 2 links."))
    );
    let unknown = json!([{"commit_sha": sha('a'), "reference": "TKT-99", "reason": "not_found"}]);
    assert_eq!((&answer["unknown"], &answer["already_linked"]), (&unknown, &json!([])));
    let commit = fixture.ticket("TKT-2").await["commits"][0].clone();
    for (name, value) in [
        ("commit_sha", json!(sha('a'))),
        ("author", json!("Mara Ünal")),
        ("url", json!("https://git.example/a")),
        ("insertions", json!(5)),
        ("files_list", json!(["a b.rs", "ü"])),
        ("link_method", json!("reference")),
        ("agent_id", json!("coder")),
    ] {
        assert_eq!(commit[name], value, "{name}");
    }
    assert_eq!(fixture.events().await.len(), 2);

    // Repeating the same link concurrently, with an abbreviated id or by hand changes nothing and emits no event.
    let again = (0..8).map(|_| fixture.robot.post(PATH, body.clone()));
    for answer in futures_util::future::join_all(again).await {
        let answer = answer.ok();
        assert_eq!(
            (keys(&answer, "already_linked", "ticket_key"), &answer["linked"]),
            (vec!["TKT-1", "TKT-2"], &json!([]))
        );
    }
    let short = json!({"commits": [{"sha": &sha('a')[..12], "message": "TKT-1"}]});
    assert_eq!(fixture.robot.post(PATH, short).await.ok()["linked"], json!([]));
    let by_hand = json!({"ticket_id": fixture.ticket("TKT-1").await["ticket_id"], "commit_sha": &sha('a')[..7]});
    assert_eq!(
        fixture.robot.post("/api/tickets/link-commit", by_hand).await.ok()["message"],
        "This commit is linked already."
    );
    assert_eq!(fixture.events().await.len(), 2);
    // With many concurrent requests each ticket gets each commit once.
    let pushes = (0..6).map(|_| {
        let commits: Vec<Value> =
            (0..50).map(|n| json!({"sha": format!("{n:040x}"), "message": "TKT-3 TKT-1"})).collect();
        fixture.robot.post(PATH, json!({"commits": commits}))
    });
    let made: usize = futures_util::future::join_all(pushes)
        .await
        .into_iter()
        .map(|answer| keys(&answer.ok(), "linked", "ticket_key").len())
        .sum();
    assert_eq!((made, fixture.events().await.len()), (100, 102));
    assert_eq!(fixture.ticket("TKT-3").await["commit_count"], 50);
}

#[tokio::test]
async fn a_rewritten_commit_replaces_the_previous_one() {
    let fixture = CommitsFixture::open("commit_rewritten").await;
    fixture.robot.post(PATH, commit_body('a', "TKT-1 TKT-2")).await.ok();
    let first = fixture.ticket("TKT-1").await["ticket_id"].clone();
    fixture.robot.post("/api/tickets/link-commit", json!({"ticket_id": first, "commit_sha": sha('b')})).await.ok();
    let rewritten = json!({"commits": [{"sha": sha('c'), "message": "TKT-2 after all", "replaces": [sha('A'), sha('b'), sha('c')]}]});
    assert_eq!(keys(&fixture.robot.post(PATH, rewritten.clone()).await.ok(), "linked", "ticket_key"), ["TKT-2"]);
    let left = |ticket: Value| {
        ticket["commits"].as_array().expect("commits").iter().map(|c| text(c, "commit_sha")).collect::<Vec<_>>()
    };
    // Links made by hand stay.
    assert_eq!(
        (left(fixture.ticket("TKT-1").await), left(fixture.ticket("TKT-2").await)),
        (vec![sha('b')], vec![sha('c')])
    );
    let before = fixture.events().await.len();
    fixture.robot.post(PATH, rewritten).await.ok();
    assert_eq!(fixture.events().await.len(), before);
}

#[tokio::test]
async fn a_key_means_one_ticket_or_none() {
    let fixture = CommitsFixture::open("commit_workflows").await;
    let other = TestWorkflow::of(&signed_in_user(&fixture.server, "ben").await).await;
    other.ticket("Ben's first").await;
    // Tickets of another tenant look absent, with and without a workflow in the request.
    assert_eq!(
        keys(&fixture.robot.post(PATH, commit_body('a', "TKT-1")).await.ok(), "linked", "workflow_id"),
        [&fixture.base.workflow]
    );
    let named = json!({"workflow_id": other.workflow, "commits": [{"sha": sha('a'), "message": "TKT-1"}]});
    fixture.robot.post(PATH, named.clone()).await.refused(404);
    // Viewers may not link commits.
    admit_robot(&other, &fixture, "viewer").await;
    fixture.robot.post(PATH, named.clone()).await.refused(403);
    assert_eq!(
        keys(&fixture.robot.post(PATH, commit_body('b', "TKT-1")).await.ok(), "linked", "workflow_id"),
        [&fixture.base.workflow]
    );
    let reader = service_client(&fixture.server, "reader", &["read"]).await;
    join(&fixture.base, &reader, "member").await;
    reader.post(PATH, commit_body('c', "TKT-1")).await.refused(403);

    // An ambiguous key is resolved by the workflow, its repository or the default workflow.
    admit_robot(&other, &fixture, "member").await;
    let answer = fixture.robot.post(PATH, commit_body('c', "TKT-1 TKT-2")).await.ok();
    assert_eq!(
        (keys(&answer, "linked", "ticket_key"), keys(&answer, "unknown", "reason")),
        (vec!["TKT-2"], vec!["several_workflows"])
    );
    assert_eq!(keys(&fixture.robot.post(PATH, named).await.ok(), "linked", "workflow_id"), [&other.workflow]);
    fixture.server.sql("update workflows set repository_path = 'acme/Toy.git' where id = $1", &[&other.workflow]).await;
    for (digit, repository) in
        [('d', "git@example.org:acme/toy.git"), ('e', "https://example.org/acme/toy/"), ('f', "toy")]
    {
        let mut body = commit_body(digit, "TKT-1 TKT-2");
        body["repository"] = json!(repository);
        let answer = fixture.robot.post(PATH, body).await.ok();
        assert_eq!(
            (keys(&answer, "linked", "workflow_id"), keys(&answer, "unknown", "reference")),
            (vec![&*other.workflow], vec!["TKT-2"])
        );
    }
    let mut body = commit_body('1', "TKT-1");
    body["repository"] = json!("somewhere/else");
    assert_eq!(keys(&fixture.robot.post(PATH, body).await.ok(), "unknown", "reason"), ["several_workflows"]);
    fixture
        .server
        .sql(
            "insert into default_workflows (actor_id, workflow_id) values ($1, $2)",
            &[&fixture.robot.id, &fixture.base.workflow],
        )
        .await;
    assert_eq!(
        keys(&fixture.robot.post(PATH, commit_body('1', "TKT-1")).await.ok(), "linked", "workflow_id"),
        [&fixture.base.workflow]
    );

    // An archived board accepts no links.
    other.owner.delete(&format!("/api/workflows/{}", other.workflow)).await.ok();
    let named = json!({"workflow_id": other.workflow, "commits": [{"sha": sha('2'), "message": "TKT-1"}]});
    fixture.robot.post(PATH, named).await.refused(409);
}

#[tokio::test]
async fn merged_tickets_pass_commits_on_and_deleted_ones_are_gone() {
    let fixture = CommitsFixture::open("commit_merged").await;
    let id = async |key: &str| fixture.ticket(key).await["ticket_id"].clone();
    let merge = json!({"ticket_id": id("TKT-2").await, "into_ticket_id": id("TKT-1").await});
    fixture.base.owner.post("/api/tickets/merge", merge).await.ok();
    fixture.base.owner.delete(&format!("/api/tickets/{}", id("TKT-3").await.as_str().expect("an id"))).await.ok();
    let answer = fixture.robot.post(PATH, commit_body('a', "TKT-2 TKT-3 TKT-1")).await.ok();
    assert_eq!(
        (keys(&answer, "linked", "ticket_key"), keys(&answer, "unknown", "reference")),
        (vec!["TKT-1"], vec!["TKT-3"])
    );
    assert_eq!(fixture.ticket("TKT-1").await["commit_count"], 1);
}

#[tokio::test]
async fn pushing_while_tickets_are_merged_and_deleted_never_fails() {
    let fixture = CommitsFixture::open("commit_races").await;
    let (one, two) =
        (fixture.ticket("TKT-1").await["ticket_id"].clone(), fixture.ticket("TKT-2").await["ticket_id"].clone());
    let three = text(&fixture.ticket("TKT-3").await, "ticket_id");
    let owner = &fixture.base.owner;
    let turmoil = async {
        for _ in 0..10 {
            owner.post("/api/tickets/merge", json!({"ticket_id": two, "into_ticket_id": one})).await.ok();
            owner.delete(&format!("/api/tickets/{three}")).await.ok();
            owner.post("/api/tickets/unmerge", json!({"ticket_id": two})).await.ok();
            owner.post(&format!("/api/tickets/{three}/restore"), json!({})).await.ok();
        }
    };
    let push = async |side: usize| {
        for n in 0..15 {
            let commit = json!({"sha": format!("{:040x}", side * 100 + n), "message": "TKT-3, TKT-2 and TKT-1"});
            let answer = fixture.robot.post(PATH, json!({"commits": [commit]})).await.ok();
            assert!(keys(&answer, "linked", "ticket_key").contains(&"TKT-1"));
        }
    };
    tokio::join!(turmoil, push(1), push(2), push(3));
    assert_eq!(fixture.ticket("TKT-1").await["commit_count"], 45);
    let gaps = fixture.server.number("select count(*) from (select seq - lag(seq, 1, 0::bigint) over (partition by stream_id order by seq) as step from history) h where step <> 1").await;
    assert_eq!(gaps, 0);
}

#[tokio::test]
async fn rule_violations_name_the_field_and_change_nothing() {
    let fixture = CommitsFixture::open("commit_rules").await;
    let many: String = (1..=21).map(|n| format!("TKT-{n} ")).collect();
    let good = json!({"sha": sha('a'), "message": "TKT-1"});
    for (field, bad) in [
        ("sha", json!({"sha": "HEAD"})),
        ("sha", json!({"sha": "abc"})),
        ("sha", json!({"sha": "-".repeat(40)})),
        ("message", json!({"message": many})),
        ("message", json!({"message": "x".repeat(20_001)})),
        ("author", json!({"author": "x".repeat(201)})),
        ("url", json!({"url": "javascript:alert(1)"})),
        ("url", json!({"url": "https://"})),
        ("files_changed", json!({"files_changed": -1})),
        ("files", json!({"files": vec!["x"; 1_001]})),
        ("replaces", json!({"replaces": ["HEAD"]})),
        ("timestamp", json!({"timestamp": "yesterday"})),
    ] {
        let mut commit = good.clone();
        super::fixtures::merge(&mut commit, &bad);
        let answer = fixture.robot.post(PATH, json!({"commits": [good, commit]})).await;
        assert_eq!(answer.json["errors"][0]["field"], format!("commits[1].{field}"), "{bad}");
        answer.refused(422);
    }
    for commits in [json!([]), json!(vec![good.clone(); 101]), json!(null), json!("x"), json!([1])] {
        fixture.robot.post(PATH, json!({"commits": commits})).await.refused(422);
    }
    fixture.robot.post(PATH, json!({"commits": [{"sha": sha('a'), "message": "TKT-1 \u{0}"}]})).await.refused(422);
    fixture.server.anonymous().post(PATH, commit_body('a', "TKT-1")).await.refused(401);
    assert!(fixture.events().await.is_empty());
    // The maximum of everything, with unusual text around the keys.
    let message = |n: usize| {
        format!(
            "{}— „TKT-1“ -TKT-2\\u0000'; drop table tickets; --\r\n\u{202e}🎭(TKT-3)",
            "TKT-0 ".repeat(3_000 + n % 7)
        )
    };
    let commits: Vec<Value> = (0..100).map(|n| json!({"sha": format!("{n:040x}"), "message": message(n)})).collect();
    let request = fixture.robot.request(Method::POST, PATH).json(&json!({"commits": commits}));
    let answer = fixture.robot.send(request).await.ok();
    assert_eq!(keys(&answer, "linked", "ticket_key").len(), 300);
}

#[tokio::test]
async fn a_job_ends_with_a_commit_that_names_tickets() {
    let fixture = CommitsFixture::open("commit_jobs").await;
    let ticket = fixture.ticket("TKT-1").await["ticket_id"].clone();
    let run = async |ticket: Value, message: String| {
        let body = json!({"workflow_id": fixture.base.workflow, "ticket_id": ticket, "title": "A job", "initial_prompt": "Do it.", "queue": true});
        fixture.robot.post("/api/jobs", body).await.created();
        let claimed = fixture
            .robot
            .post("/api/jobs/claim", json!({"workflow_id": fixture.base.workflow, "lease_seconds": 3600}))
            .await
            .ok();
        let job = text(&claimed["job"], "id");
        let body = json!({"lease_token": claimed["lease_token"], "commit_sha": sha('a'), "commit_message": message});
        let ended = fixture.robot.post(&format!("/api/jobs/{job}/complete"), body.clone()).await.ok();
        assert_eq!(fixture.robot.post(&format!("/api/jobs/{job}/complete"), body).await.ok()["job"], ended["job"]);
        (job, ended)
    };
    let (_, ended) = run(ticket, "Done with TKT-1, and TKT-2 on the way; TKT-77 unknown".to_owned()).await;
    assert_eq!(ended["ticket_resolved"], true);
    let events: Vec<String> = fixture.events().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(events, ["commit_linked", "commit_linked"]);
    assert_eq!(fixture.ticket("TKT-1").await["commits"][0]["link_method"], "job");
    assert_eq!(fixture.ticket("TKT-2").await["commits"][0]["link_method"], "reference");

    // Too many references: the job still ends, and its transcript says why nothing was linked.
    let third = fixture.ticket("TKT-3").await["ticket_id"].clone();
    let (job, ended) = run(third, (1..40).map(|n| format!("TKT-{n} ")).collect()).await;
    assert_eq!((&ended["ticket_resolved"], &ended["job"]["status"]), (&json!(true), &json!("succeeded")));
    let messages = fixture.robot.get(&format!("/api/job-messages?job_id={job}&kind=step")).await.ok();
    assert!(messages.to_string().contains("must name at most 20 tickets"), "{messages}");
    assert_eq!(fixture.ticket("TKT-3").await["commit_count"], 1);
}
