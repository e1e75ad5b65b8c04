//! Lines to the server that break: what a command has said is told once, and what it has done is not lost.

use serde_json::{Value, json};

use super::{Shop, Worker};
use crate::house::eventually;
use crate::sdk::line::Line;

impl Shop {
    /// The numbers of the lines `line 1`, `line 2`… that have arrived.
    async fn numbers(&self, job: &Value) -> Vec<usize> {
        let said = self.said(job, "log").await;
        said.lines().filter_map(|line| line.strip_prefix("line ")?.parse().ok()).collect()
    }
}

#[tokio::test]
async fn output_whose_answers_are_lost_comes_once_and_an_outage_is_sat_out() {
    let shop = Shop::open("worker_lines").await;
    let job = shop.job(json!({"stages": ["plan", "build"]})).await;
    let line = Line::to(&shop.server.url).await;
    let config = r#"
        [jobs.task]
        command = '''
            [ "$CALLBOARD_STAGE" = plan ] || { echo built > built; exit 0; }
            i=0
            while [ ! -e enough ]; do i=$((i+1)); echo "line $i"; sleep 0.02; done
            while [ ! -e away ]; do sleep 0.02; done
            j=0
            while [ $j -lt 500 ]; do j=$((j+1)); i=$((i+1)); echo "line $i"; done
            echo $i > last
        '''
    "#;
    let key = shop.agent.token.as_deref();
    let mut worker = Worker::start(shop.folder.path(), &line.url, key, config, &["--drain"]);
    for _ in 0..5 {
        let before = shop.numbers(&job).await.len();
        line.lose(1);
        eventually("more has arrived", async || line.to_lose() == 0 && shop.numbers(&job).await.len() > before + 20)
            .await;
    }
    std::fs::write(shop.path("enough"), "").expect("a file");
    // The server is away while the command says the rest and ends, and comes back before the lease ends.
    line.cut();
    std::fs::write(shop.path("away"), "").expect("a file");
    let last: usize = shop.written("last").await.parse().expect("a number");
    assert!(shop.numbers(&job).await.len() < last && !shop.path("built").exists());
    line.lead_to(&shop.server.url);
    assert_eq!(worker.code().await, 0);
    assert_eq!(shop.numbers(&job).await, (1..=last).collect::<Vec<_>>());
    let done = shop.get(&job).await;
    assert_eq!((&done["status"], &done["attempt"]), (&json!("succeeded"), &json!(1)));
}

#[tokio::test]
async fn an_app_is_stored_and_one_that_cannot_be_read_is_said() {
    let shop = Shop::open("worker_app").await;
    let job = shop.job(json!({"title": "A map shop"})).await;
    let config = r##"
        [jobs.task]
        command = '''
            echo "not JSON" > broken.json
            echo '{"pages": 3}' > spec.json
            echo "# Map shop" > prd.md
            echo "@callboard app missing.json"
            echo "@callboard app broken.json"
            echo "@callboard app spec.json prd.md"
        '''
    "##;
    assert_eq!(shop.worker(config, &["--once"]).code().await, 0);
    let path = format!("/api/apps/by-job/{}", job["id"].as_str().expect("an id"));
    let app = shop.owner.get(&path).await.ok();
    assert_eq!((&app["spec"], &app["prd_markdown"]), (&json!({"pages": 3}), &json!("# Map shop\n")));
    let said = shop.said(&job, "step").await;
    assert!(
        said.contains("missing.json of the app cannot be read") && said.contains("broken.json is not valid JSON"),
        "{said}"
    );
}
