//! `callboard job log`: prints a job's transcript, and with `--follow` new messages. Events of the job's room only
//! trigger reads; messages are read by number, so none is missed or printed twice.

use clap::Args;
use console::Style;
use futures_util::StreamExt;

use super::unsuccessful;
use crate::Result;
use crate::cli::output::{self, block, dim, line, one_line};
use crate::client::{Client, Update};
use crate::domain::jobs::JobStatus;
use crate::domain::jobs::messages::{Level, Message, MessageKind};

/// The server's maximum page size.
const PAGE_SIZE: i64 = 200;

/// Flags of `callboard job log`.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// The job's id.
    pub job: String,
    /// Print new messages until the job ends.
    #[arg(long, short)]
    pub follow: bool,
    /// Omit the output of commands.
    #[arg(long)]
    pub no_output: bool,
}

/// Runs `callboard job log`; returns false if a followed job did not succeed.
pub async fn log(client: &Client, args: LogArgs, json: bool) -> Result<bool> {
    let kinds = args.no_output.then_some("chat,step");
    let mut printer = Printer { client, job: &args.job, kinds, json, after: 0, stage: None };
    // Subscribe before reading the first page, so that no event is missed in between.
    let room = args.follow.then(|| client.watch(&format!("job:{}", args.job), None));
    printer.catch_up().await?;
    let Some(mut room) = room else { return Ok(true) };
    let mut reader_closed = std::pin::pin!(output::reader_closed());
    loop {
        let update = tokio::select! {
            update = room.next() => update,
            () = &mut reader_closed => None,
        };
        let Some(update) = update else { return Ok(false) };
        match update? {
            Update::Event(event) if event.kind == "job_progress" => {
                printer.catch_up().await?;
                if !json {
                    // A long message is said once, with the job.
                    let data = &event.data;
                    let text =
                        data["message"].as_str().or(data["job"]["progress_message"].as_str()).unwrap_or_default();
                    line(dim(&format!("{}% {text}", event.data["progress"])));
                }
            }
            Update::Event(event) if event.kind == "job_deleted" => return Ok(false),
            Update::Event(event) if event.kind == "job_message" => printer.catch_up().await?,
            _ => {
                let job = client.job(&args.job).await?;
                printer.catch_up().await?;
                if !job.summary.status.has_ended() {
                    continue;
                }
                if job.summary.status == JobStatus::Succeeded {
                    return Ok(true);
                }
                if !json {
                    eprintln!("{}", unsuccessful(&job));
                }
                return Ok(false);
            }
        }
    }
}

struct Printer<'a> {
    client: &'a Client,
    job: &'a str,
    kinds: Option<&'a str>,
    json: bool,
    after: i64,
    stage: Option<String>,
}

impl Printer<'_> {
    /// Prints new messages since the last call.
    async fn catch_up(&mut self) -> Result<()> {
        loop {
            let page = self.client.job_messages(self.job, self.kinds, self.after, PAGE_SIZE).await?;
            for message in &page.messages {
                self.after = self.after.max(message.order);
                if self.json { output::json(message)? } else { self.print(message) }
            }
            if !page.has_more || page.messages.is_empty() {
                return Ok(());
            }
        }
    }

    fn print(&mut self, message: &Message) {
        if message.stage.is_some() && message.stage != self.stage {
            self.stage.clone_from(&message.stage);
            let stage = message.stage.as_deref().unwrap_or_default();
            line(Style::new().cyan().bold().apply_to(format!("== {}", one_line(stage))));
        }
        match message.kind {
            MessageKind::Log => {
                let style = match message.level {
                    Level::Error => Style::new().red(),
                    Level::Warning => Style::new().yellow(),
                    Level::Debug | Level::Info => Style::new(),
                };
                for each in message.content.lines() {
                    line(style.apply_to(one_line(each)));
                }
            }
            MessageKind::Step => line(dim(&format!("-- {}", message.content))),
            MessageKind::Chat => {
                let who = message.sender.as_deref().or(message.agent_id.as_deref()).unwrap_or("unknown");
                line(Style::new().bold().apply_to(format!("{}:", one_line(who))));
                block(&message.content, "  ");
            }
        }
    }
}
