//! The tickets that are searched: imported, embedded by the local model, and counted by Postgres.

use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use tokio_postgres::types::Json;

use super::SearchArgs;
use crate::domain::embeddings::Progress;
use crate::domain::import::{Batch, Item, Person, Stage, beads};
use crate::tools::bench::house::House;
use crate::tools::bench::report::Report;
use crate::{Error, Result};

/// Where the real tickets lie where somebody has them.
const USUAL: &str = "../shared/data/beads-issues.jsonl";
/// Tickets that are made up where there are none.
const MADE_UP: u64 = 1000;
/// The model has come to a halt when nothing was embedded for so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The imported tickets.
pub struct Stock {
    /// The workflow they are in.
    pub workflow: String,
    /// A workflow with the same tickets, of which none has its title.
    pub untitled: String,
    /// How many there are.
    pub tickets: i64,
}

impl Stock {
    /// Imports and waits until everything can be found by meaning.
    pub async fn open(house: &House, args: &SearchArgs, untitled: bool, report: &mut Report) -> Result<Self> {
        let usual = PathBuf::from(USUAL);
        let file = args.data.as_deref().or_else(|| usual.exists().then_some(usual.as_path()));
        let batch = match file {
            Some(file) => read(file)?,
            None => made_up()?,
        };
        let workflow = import(house, &batch).await?;
        let untitled = if untitled { without_titles(house, &workflow).await? } else { String::new() };
        let begin = Instant::now();
        // One server embeds on one core; as many take turns as there are cores.
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let mut helpers = (1..cores).map(|_| house.helper(&args.runtime_dir, "local")).collect::<Result<Vec<_>>>()?;
        let embedded = embed(house).await?;
        for helper in &mut helpers {
            // What it has claimed would be nobody's for a while; there is nothing left to claim.
            let _ = helper.kill().await;
        }
        gather_statistics(house).await?;
        let tickets: i64 =
            house.sql.query_one("select count(*) from tickets where workflow_id = $1", &[&workflow]).await?.get(0);
        report.heading(match file {
            Some(_) => "What is searched",
            None => "What is searched (made up, because there is no file: what is found below means little)",
        });
        report.line("tickets", &tickets.to_string());
        let seconds = begin.elapsed().as_secs_f64();
        report.line("embedded by the local model", &format!("{embedded} in {seconds:.0} s on {cores} cores"));
        report.print();
        Ok(Self { workflow, untitled, tickets })
    }
}

fn read(file: &Path) -> Result<Batch> {
    let refuse = |error: std::io::Error| Error::Setup(format!("The file {} cannot be read: {error}.", file.display()));
    let source = File::open(file).map_err(refuse)?;
    beads::read(BufReader::with_capacity(1 << 16, source), |_| ()).map_err(refuse)
}

/// Tickets from the demo's ideas: each text under each title, so that words and meanings recur.
fn made_up() -> Result<Batch> {
    #[derive(Deserialize)]
    struct Idea {
        title: String,
        text: String,
        tags: Vec<String>,
    }
    let ideas: Vec<Idea> = serde_json::from_str(include_str!("../../demo/ideas.json"))
        .map_err(|error| Error::Internal(format!("the list of ideas: {error}")))?;
    let pick = |place: u64| ideas.get(usize::try_from(place).unwrap_or(0) % ideas.len());
    let count = u64::try_from(ideas.len()).unwrap_or(1);
    let now = jiff::Timestamp::now();
    let mut batch = Batch::default();
    for line in 0..MADE_UP {
        let (Some(idea), Some(other)) = (pick(line), pick(line + line / count + 1)) else { break };
        batch.items.push(Item {
            line,
            reference: format!("made-{line}"),
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
            created_at: now,
            updated_at: now,
            started_at: None,
            closed_at: None,
            parent: None,
            blocked_by: Vec::new(),
            related: if line >= count { vec![format!("made-{}", line - count)] } else { Vec::new() },
            comments: Vec::new(),
        });
    }
    Ok(batch)
}

async fn import(house: &House, batch: &Batch) -> Result<String> {
    eprintln!("importing {} tickets", batch.items.len());
    let people: Vec<&Person> = batch.people.iter().collect();
    let sql = "select logic.import_tickets(caller => $1, named => 'Searched', items => $2, people => $3)";
    house.sql.query_one(sql, &[&house.caller, &Json(&batch.items), &Json(&people)]).await?;
    let row = house.sql.query_one("select id from workflows where name = 'Searched'", &[]).await?;
    Ok(row.get(0))
}

/// The same tickets and comments in a workflow of their own, under titles that say nothing.
async fn without_titles(house: &House, workflow: &str) -> Result<String> {
    let row = house.sql.query_one("select logic.create_workflow($1, 'Untitled') ->> 'id'", &[&house.caller]).await?;
    let untitled: String = row.get(0);
    house
        .sql
        .execute(
            "insert into tickets (workflow_id, title, description, tags, external_ref, created_at)
             select $2, 'Ticket ' || t.number, t.description, t.tags, t.external_ref, t.created_at
               from tickets t where t.workflow_id = $1 order by t.number",
            &[&workflow, &untitled],
        )
        .await?;
    house
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

/// Waits until the server has embedded every ticket; answers how many there are.
async fn embed(house: &House) -> Result<i64> {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("Embedding {bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    eprintln!("waiting until every ticket is embedded");
    let mut last = (0, Instant::now());
    loop {
        let Json(models): Json<Vec<Progress>> =
            house.sql.query_one("select logic.embedding_progress()", &[]).await?.get(0);
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
        if last.1.elapsed() > PATIENCE {
            bar.finish_and_clear();
            return Err(Error::Setup(
                "The server embeds nothing: is the model in the runtime's folder? Run `make setup`.".to_owned(),
            ));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What autovacuum and the server's upkeep do in their time.
pub async fn gather_statistics(house: &House) -> Result<()> {
    house.sql.batch_execute("vacuum analyze").await?;
    house.sql.batch_execute("select logic.refresh_search_words(true)").await?;
    Ok(())
}
