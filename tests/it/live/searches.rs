//! Live events of saved searches: the guarantees of a workflow stream hold, and each new match is reported
//! once, whichever server works on the queue and however it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fixtures::LiveFixture;
use super::socket::SocketEvent;
use crate::client::Client;
use crate::harness;

async fn save(client: &Client, workflow: &str, more: Value) -> String {
    let mut body = json!({"workflow_id": workflow, "name": "Watched", "query": "", "notify": true});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    client.post("/api/searches", body).await.created()["search_id"].as_str().expect("an id").to_owned()
}

async fn match_events(client: &Client, search: &str, since: i64) -> Vec<Value> {
    let page = client.get(&format!("/api/searches/{search}/events?since={since}")).await.ok();
    page["events"].as_array().expect("events").clone()
}

/// Waits until the match queue is empty.
async fn settled(fixture: &LiveFixture) {
    harness::eventually("the queue is worked off", async || {
        fixture.server.number("select count(*) from search_match_queue").await == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_match_is_reported() {
    let fixture = LiveFixture::open("watched").await;
    let workflow = fixture.workflow("ann", 3).await;
    fixture.run("update tickets set priority = 'high' where number = 1 and workflow_id = $1", &workflow).await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let search = save(&ann, &workflow, json!({"filters": {"priority": ["high"]}})).await;
    let room = format!("search:{search}");
    let mut socket = fixture.socket("ann").await;
    socket.subscribe(&room, None).await;
    let snapshot = socket.until("snapshot").await;
    assert_eq!((&snapshot["seq"], &snapshot["search"]["name"]), (&json!(0), &json!("Watched")));
    let subscribed = socket.until("subscribed").await;
    assert_eq!((&subscribed["room"], &subscribed["seq"]), (&json!(room), &json!(0)));
    assert_eq!(match_events(&ann, &search, 0).await, [] as [Value; 0], "earlier matches are not reported");

    fixture.run("update tickets set priority = 'high' where number = 2 and workflow_id = $1", &workflow).await;
    let event = socket.until("search_matched").await;
    assert_eq!((&event["stream"], &event["seq"], &event["prev"]), (&json!(room), &json!(1), &json!(0)));
    assert_eq!((&event["workflow_id"], &event["ticket_id"]), (&json!(workflow), &Value::Null));
    let data = &event["data"];
    assert_eq!((&data["search_id"], &data["name"]), (&json!(search), &json!("Watched")));
    assert_eq!((&data["ticket"]["key"], &data["ticket"]["priority"]), (&json!("TKT-2"), &json!("high")));
    // A ticket created through the API names its creator.
    let body =
        json!({"workflow_id": workflow, "title": "A third one", "description": "That matches.", "priority": "high"});
    ann.post("/api/tickets/create", body).await.ok();
    let event = socket.until("search_matched").await;
    assert_eq!((&event["seq"], &event["agent_id"]), (&json!(2), &json!("ann")));
    // Leaving is silent; entering again is reported.
    fixture.run("update tickets set priority = 'low' where number = 2 and workflow_id = $1", &workflow).await;
    settled(&fixture).await;
    fixture.run("update tickets set priority = 'high' where number = 2 and workflow_id = $1", &workflow).await;
    assert_eq!(socket.until("search_matched").await["seq"], 3);
    assert_eq!(ann.get(&format!("/api/searches/{search}")).await.ok()["last_seq"], 3);

    // Resuming, and a cursor of another epoch.
    let epoch = event["epoch"].as_str().expect("an epoch");
    let mut again = fixture.socket("ann").await;
    again.subscribe(&room, Some((epoch, 1))).await;
    for seq in 2..=3 {
        assert_eq!(again.until("search_matched").await["seq"], seq);
    }
    assert_eq!(again.until("subscribed").await["seq"], 3);
    again.subscribe(&room, Some(("elsewhere", 1))).await;
    assert_eq!(again.until("resync").await["search"]["search_id"], json!(search));
    let seqs: Vec<Value> = match_events(&ann, &search, 1).await.iter().map(|event| event["seq"].clone()).collect();
    assert_eq!(seqs, [json!(2), json!(3)]);
    let ahead = ann.get(&format!("/api/searches/{search}/events?since=9")).await;
    assert_eq!(ahead.refused(410), "resync");

    // Changing the query resets the matches silently; a disabled watch reports nothing.
    ann.patch(&format!("/api/searches/{search}"), json!({"filters": {"priority": ["low"]}})).await.ok();
    fixture.run("update tickets set priority = 'low' where number = 1 and workflow_id = $1", &workflow).await;
    assert_eq!(socket.until("search_matched").await["data"]["ticket"]["key"], "TKT-1");
    ann.patch(&format!("/api/searches/{search}"), json!({"notify": false})).await.ok();
    fixture.run("update tickets set priority = 'low' where number = 2 and workflow_id = $1", &workflow).await;
    assert_eq!(fixture.server.number("select count(*) from search_match_queue").await, 0, "no search is watched");
    assert_eq!(match_events(&ann, &search, 0).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_access_to_a_search_ends_its_events() {
    let fixture = LiveFixture::open("watchers").await;
    let workflow = fixture.workflow("ann", 1).await;
    let other = fixture.workflow("bob", 1).await;
    fixture.run("select logic.set_member('ann', $1, 'bob', 'member')", &workflow).await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let (_, key) = fixture.key("bob").await;
    let bob = fixture.server.bearer(&key);
    let mut socket = fixture.socket("bob").await;
    let shared = json!({"shared": true, "filters": {"priority": ["high"]}});
    let private = save(&ann, &workflow, json!({"name": "Private", "filters": {"priority": ["high"]}})).await;
    socket.subscribe(&format!("search:{private}"), None).await;
    let refused = socket.until("error").await.to_string().replace(&private, "ID");
    socket.subscribe("search:search-0", None).await;
    assert_eq!(socket.until("error").await.to_string().replace("search-0", "ID"), refused);
    let theirs = bob.get(&format!("/api/searches/{private}/events")).await.json.to_string().replace(&private, "ID");
    let nobodys = bob.get("/api/searches/search-0/events").await.json.to_string().replace("search-0", "ID");
    assert_eq!(theirs, nobodys);

    // Unsharing, deletion and lost membership end only the affected subscription, within two seconds.
    let own = save(&bob, &other, json!({"filters": {"priority": ["high"]}})).await;
    socket.subscribe(&format!("search:{own}"), None).await;
    socket.until("subscribed").await;
    for (number, what) in ["unshared", "deleted", "removed"].into_iter().enumerate() {
        let mut body = shared.clone();
        body["name"] = json!(what);
        let search = save(&ann, &workflow, body).await;
        let room = format!("search:{search}");
        socket.subscribe(&room, None).await;
        socket.until("subscribed").await;
        match number {
            0 => drop(ann.patch(&format!("/api/searches/{search}"), json!({"shared": false})).await.ok()),
            1 => assert_eq!(ann.delete(&format!("/api/searches/{search}")).await.status, 204),
            _ => fixture.run("select logic.remove_member('ann', $1, 'bob')", &workflow).await,
        }
        let since = Instant::now();
        assert_eq!(socket.until("unsubscribed").await["room"], json!(room));
        assert!(since.elapsed() < Duration::from_secs(2), "{what}: {:?}", since.elapsed());
    }
    for workflow in [&workflow, &other] {
        fixture.run("update tickets set priority = 'high' where workflow_id = $1", workflow).await;
    }
    let SocketEvent::Message(next) = socket.receive().await else { panic!("closed") };
    assert_eq!(next["stream"], json!(format!("search:{own}")), "unexpected event after the loss of access: {next}");
}

/// Two servers work on the queue, their connections are killed repeatedly, and writers write. In the end the
/// matches are complete, each stream is gapless, and each new match was reported once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_new_match_is_reported_once_despite_kills() {
    let fixture = LiveFixture::open("watchkill").await;
    let workflow = fixture.workflow("ann", 40).await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let beside = fixture.server.second_server(&[]).await;
    let mut searches = Vec::new();
    for (name, filters) in [
        ("a", json!({"priority": ["critical"]})),
        ("b", json!({"priority": ["critical", "high"], "is_blocked": false})),
    ] {
        searches.push(save(&ann, &workflow, json!({"name": name, "filters": filters})).await);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let killer = tokio::spawn({
        let (url, stop) = (fixture.server.db.url.clone(), stop.clone());
        async move {
            let client = harness::connect(&url).await;
            let mut killed = 0;
            while !stop.load(Ordering::Relaxed) {
                let kill = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
                             and state = 'active' and query like '%match_searches%' and pid <> pg_backend_pid()";
                killed += client.query(kill, &[]).await.expect("kill").len();
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            killed
        }
    });
    let writers: Vec<_> = (0..4)
        .map(|n| {
            let (url, workflow) = (fixture.server.db.url.clone(), workflow.clone());
            tokio::spawn(async move {
                let client = harness::connect(&url).await;
                let mut random = fastrand::Rng::with_seed(n);
                for round in 0..150 {
                    let number = random.i64(1..=40);
                    let priority = ["low", "high", "critical"][random.usize(..3)];
                    let sql = match round % 3 {
                        // Matches from the start, and stays unchanged.
                        0 => format!("insert into tickets (workflow_id, title, description, priority) values ('{workflow}', 'One for good', 'Left alone', 'critical')"),
                        1 => format!("update tickets set priority = '{priority}' where workflow_id = '{workflow}' and number = {number}"),
                        _ => format!("update tickets set priority = '{priority}' where workflow_id = '{workflow}' and number <= 40 and number % 10 = {}", number % 4),
                    };
                    // Bulk updates may conflict with each other.
                    let _ = client.batch_execute(&sql).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("a writer");
    }
    stop.store(true, Ordering::Relaxed);
    println!("killed {} times", killer.await.expect("the killer"));
    settled(&fixture).await;
    for search in &searches {
        let wrong = fixture
            .sql
            .query_one(
                "select count(*) from (select ticket_id from search_matches where search_id = $1) m
                  full join (select x.ticket_id from saved_searches s, logic.matching_tickets(s) x where s.id = $1) t using (ticket_id)
                  where m.ticket_id is null or t.ticket_id is null",
                &[search],
            )
            .await
            .expect("a count");
        assert_eq!(wrong.get::<_, i64>(0), 0, "the stored matches are correct");
        let row = fixture
            .sql
            .query_one(
                "select count(*), count(distinct seq), coalesce(max(seq), 0), (select last_seq from streams where stream_id = 'search:' || $1)
                   from history where stream_id = 'search:' || $1",
                &[search],
            )
            .await
            .expect("a count");
        let last: i64 = row.get(3);
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)), (last, last, last));
        let once = fixture
            .sql
            .query_one(
                "select count(*), count(*) filter (where n.matches <> 1)
                   from tickets t cross join lateral (select count(*) as matches from history h
                        where h.stream_id = 'search:' || $1 and h.new_value = t.id) n
                  where t.title = 'One for good'",
                &[search],
            )
            .await
            .expect("a count");
        assert!(once.get::<_, i64>(0) > 100);
        assert_eq!(once.get::<_, i64>(1), 0, "each match was reported once");
    }
    drop(beside);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_started_during_writes_misses_no_ticket() {
    let fixture = LiveFixture::open("watchbegin").await;
    let workflow = fixture.workflow("ann", 5).await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3)
        .map(|_| {
            let (url, workflow, stop) = (fixture.server.db.url.clone(), workflow.clone(), stop.clone());
            tokio::spawn(async move {
                let client = harness::connect(&url).await;
                let mut created = 0;
                while created < 5 || !stop.load(Ordering::Relaxed) {
                    let sql = "insert into tickets (workflow_id, title, description, priority) values ($1, 'Urgent', 'As it is', 'critical')";
                    client.execute(sql, &[&workflow]).await.expect("a ticket");
                    created += 1;
                }
            })
        })
        .collect();
    let mut searches = Vec::new();
    for n in 0..10 {
        let more = json!({"name": format!("Number {n}"), "query": "urgent", "search_type": "keyword", "filters": {"priority": ["critical"]}});
        searches.push(save(&ann, &workflow, more).await);
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer");
    }
    settled(&fixture).await;
    let total = fixture.server.number("select count(*) from tickets where title = 'Urgent'").await;
    assert!(total > 10);
    for search in searches {
        let row = fixture.sql.query_one("select count(*) from search_matches where search_id = $1", &[&search]).await;
        assert_eq!(row.expect("a count").get::<_, i64>(0), total);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_stream_of_a_search_resumes() {
    use futures_util::StreamExt;
    let fixture = LiveFixture::open("watchsse").await;
    let workflow = fixture.workflow("ann", 2).await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let search = save(&ann, &workflow, json!({"filters": {"tags": ["hot"]}})).await;
    let request = ann.request(reqwest::Method::GET, &format!("/api/searches/{search}/events?since=0"));
    let answer = request.header("accept", "text/event-stream").send().await.expect("an answer");
    let mut body = answer.bytes_stream();
    harness::eventually("it listens", async || !fixture.server.live.rooms.watched().is_empty()).await;
    fixture.run("update tickets set tags = '{hot}' where workflow_id = $1", &workflow).await;
    let mut text = String::new();
    while text.matches("search_matched").count() < 2 {
        let chunk = tokio::time::timeout(Duration::from_secs(20), body.next()).await.expect("in time");
        text.push_str(std::str::from_utf8(&chunk.expect("a chunk").expect("a chunk")).expect("text"));
    }
    let watched = fixture.server.live.rooms.watched();
    assert_eq!(watched, [format!("search:{search}")]);
}
