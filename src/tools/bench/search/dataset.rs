//! The dataset to search: imported or generated tickets, embedded by the local model.

use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use tokio_postgres::types::Json;

use super::SearchArgs;
use crate::domain::embeddings::Progress;
use crate::domain::import::{Board, Item, Mapping, Plan, Stage, UnknownPeople, plan, sources::beads};
use crate::domain::workflows::BoardConfig;
use crate::tools::bench::report::Report;
use crate::tools::bench::test_server::TestServer;
use crate::{Error, Result};

/// The file that is used if it exists and `--data` is not given.
const DEFAULT_FILE: &str = "../shared/data/beads-issues.jsonl";
/// Tickets to generate if there is no file.
const GENERATED_TICKETS: u64 = 1000;
/// Time without progress after which embedding counts as stalled.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The imported tickets.
pub struct Dataset {
    /// The workflow with the tickets.
    pub workflow: String,
    /// A workflow with the same tickets under meaningless titles.
    pub untitled: String,
    /// The number of tickets.
    pub tickets: i64,
}

impl Dataset {
    /// Imports the tickets and waits until all are embedded.
    pub async fn open(server: &TestServer, args: &SearchArgs, untitled: bool, report: &mut Report) -> Result<Self> {
        let default_file = PathBuf::from(DEFAULT_FILE);
        let file = args.data.as_deref().or_else(|| default_file.exists().then_some(default_file.as_path()));
        let plan = match file {
            Some(file) => read(server, file).await?,
            None => generated()?,
        };
        let workflow = import(server, &plan).await?;
        let untitled = if untitled { without_titles(server, &workflow).await? } else { String::new() };
        let begin = Instant::now();
        // A server embeds on one core, so one server per core runs until all tickets are embedded.
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let helpers =
            (1..cores).map(|_| server.spawn_second(&args.runtime_dir, "local")).collect::<Result<Vec<_>>>()?;
        let embedded = embed(server).await?;
        for helper in helpers {
            // Nothing is left to claim, so no lease has to expire.
            helper.kill().await;
        }
        gather_statistics(server).await?;
        let tickets: i64 =
            server.sql.query_one("select count(*) from tickets where workflow_id = $1", &[&workflow]).await?.get(0);
        report.heading(match file {
            Some(_) => "Dataset",
            None => "Dataset (generated, because there is no file: the quality below means little)",
        });
        report.line("tickets", &tickets.to_string());
        let seconds = begin.elapsed().as_secs_f64();
        report.line("embedded by the local model", &format!("{embedded} in {seconds:.0} s on {cores} cores"));
        report.print();
        Ok(Self { workflow, untitled, tickets })
    }
}

async fn read(server: &TestServer, file: &Path) -> Result<Plan> {
    let unreadable =
        |error: std::io::Error| Error::Setup(format!("The file {} cannot be read: {error}.", file.display()));
    let source = File::open(file).map_err(unreadable)?;
    let mut batch = beads::read(BufReader::with_capacity(1 << 16, source)).map_err(unreadable)?;
    let row = server.sql.query_one("select logic.board_templates() -> 'development'", &[]).await?;
    let Json(config) = row.get::<_, Json<BoardConfig>>(0);
    let board = Board::new(&config, Vec::new());
    let mapping = board.map(&batch, &Mapping::default(), UnknownPeople::NewAgents)?.mapping();
    Ok(plan(&mut batch, &board, &mapping))
}

/// Combines the titles and texts of the demo's tickets, so that words and meanings recur.
fn generated() -> Result<Plan> {
    #[derive(Deserialize)]
    struct Idea {
        title: String,
        text: String,
        tags: Vec<String>,
    }
    let ideas: Vec<Idea> = serde_json::from_str(include_str!("../../demo/ideas.json"))
        .map_err(|error| Error::Internal(format!("the demo's ideas.json: {error}")))?;
    let pick = |place: u64| ideas.get(usize::try_from(place).unwrap_or(0) % ideas.len());
    let count = u64::try_from(ideas.len()).unwrap_or(1);
    let now = jiff::Timestamp::now();
    let mut plan = Plan::default();
    for line in 0..GENERATED_TICKETS {
        let (Some(idea), Some(other)) = (pick(line), pick(line + line / count + 1)) else { break };
        plan.items.push(Item {
            line,
            reference: format!("generated-{line}"),
            title: format!("{}, part {}", idea.title, line / count + 1),
            description: format!("{}\n\n{}", idea.text, other.text),
            status: "open".to_owned(),
            stage: Stage::Open,
            priority: "medium",
            ticket_type: None,
            author: None,
            assignee: None,
            tags: idea.tags.clone(),
            estimate_minutes: None,
            due_at: None,
            created_at: now,
            updated_at: Some(now),
            started_at: None,
            closed_at: None,
            parent: None,
            blocked_by: Vec::new(),
            related: if line >= count { vec![format!("generated-{}", line - count)] } else { Vec::new() },
            comments: Vec::new(),
            milestone: None,
            story_points: None,
            spent_minutes: None,
            source: "benchmark",
            url: None,
            past: None,
        });
    }
    Ok(plan)
}

async fn import(server: &TestServer, plan: &Plan) -> Result<String> {
    eprintln!("importing {} tickets", plan.items.len());
    let sql = "select logic.import_tickets(caller => $1, named => 'Benchmark search', items => $2, people => $3)";
    server.sql.query_one(sql, &[&server.caller, &Json(&plan.items), &Json(&plan.new_agents)]).await?;
    let row = server.sql.query_one("select id from workflows where name = 'Benchmark search'", &[]).await?;
    Ok(row.get(0))
}

/// Copies the tickets and comments into another workflow, with meaningless titles.
async fn without_titles(server: &TestServer, workflow: &str) -> Result<String> {
    let row = server.sql.query_one("select logic.create_workflow($1, 'Untitled') ->> 'id'", &[&server.caller]).await?;
    let untitled: String = row.get(0);
    server
        .sql
        .execute(
            "insert into tickets (workflow_id, title, description, tags, external_ref, created_at)
             select $2, 'Ticket ' || t.number, t.description, t.tags, t.external_ref, t.created_at
               from tickets t where t.workflow_id = $1 order by t.number",
            &[&workflow, &untitled],
        )
        .await?;
    server
        .sql
        .execute(
            "insert into ticket_comments (id, ticket_id, workflow_id, comment_text, created_at)
             select logic.new_id('comment'), u.id, u.workflow_id, c.comment_text, c.created_at
               from ticket_comments c
               join tickets t on t.id = c.ticket_id and t.workflow_id = $1
               join tickets u on u.workflow_id = $2 and u.external_ref = t.external_ref
              order by c.created_at",
            &[&workflow, &untitled],
        )
        .await?;
    Ok(untitled)
}

/// Waits until every ticket is embedded; returns their number.
async fn embed(server: &TestServer) -> Result<i64> {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("Embedding {bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    eprintln!("waiting until every ticket is embedded");
    let mut last = (0, Instant::now());
    loop {
        let Json(models): Json<Vec<Progress>> =
            server.sql.query_one("select logic.embedding_progress()", &[]).await?.get(0);
        if let Some(model) = models.iter().find(|model| model.serving) {
            bar.set_length(model.total.unsigned_abs());
            bar.set_position(model.embedded.unsigned_abs());
            if model.embedded >= model.total && model.queued == 0 {
                bar.finish_and_clear();
                return Ok(model.embedded);
            }
            if model.embedded > last.0 {
                last = (model.embedded, Instant::now());
            }
        }
        if last.1.elapsed() > STALL_TIMEOUT {
            bar.finish_and_clear();
            return Err(Error::Setup(
                "Embedding has stalled: check that the model is in the runtime folder, or run `make setup`.".to_owned(),
            ));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Does at once what autovacuum and the server's maintenance do periodically.
pub async fn gather_statistics(server: &TestServer) -> Result<()> {
    server.sql.batch_execute("vacuum analyze").await?;
    server.sql.batch_execute("select logic.refresh_search_words(true)").await?;
    Ok(())
}
