//! The drop folder: programs put jobs as JSON files into it and find the results there. A writer creates a file under
//! another name and renames it to `NAME.json`. The worker claims it by another rename, which succeeds only once. The
//! idempotency key of the job is derived from the file's name, time and content, so a restarted worker finds the same
//! job.

mod adw;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::adw::TaskFiles;
use super::{RunMode, WorkerContext};
use crate::client::Update;
use crate::domain::jobs::{CreateJob, Job, JobStatus};
use crate::{Error, Result};

/// Interval of scans of the folder.
const SCAN_INTERVAL: Duration = Duration::from_millis(500);
/// An unparsable file counts as completely written if it has not changed for this long.
const SETTLE_TIME: Duration = Duration::from_secs(5);
/// Maximum size of a file.
const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024;

/// How often the state of a task is written while only its progress changes, and how often its files are looked at.
const STATE_INTERVAL: Duration = Duration::from_secs(1);

/// The layout of a drop folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Every JSON file is a job.
    Plain,
    /// The file mode of workflow boards: `adws/trigger_<id>.json` starts the task `agents/<id>/state.json`.
    Adw,
}

/// A drop folder.
#[derive(Debug, Clone)]
pub struct DropFolder {
    /// The folder.
    pub root: PathBuf,
    /// Its layout.
    pub layout: Layout,
}

impl DropFolder {
    /// Where the files appear.
    fn inbox(&self) -> PathBuf {
        match self.layout {
            Layout::Plain => self.root.clone(),
            Layout::Adw => self.root.join("adws"),
        }
    }

    /// The files that wait, sorted by name.
    fn waiting(&self) -> Vec<PathBuf> {
        let mut files = files(&self.inbox());
        files.retain(|file| self.layout == Layout::Plain || adw::is_trigger(file));
        files
    }
}

/// Creates the folder and its subfolders.
pub(super) fn prepare(folder: &DropFolder) -> Result<()> {
    for part in ["", "working", "done", "failed"] {
        let path = folder.inbox().join(part);
        std::fs::create_dir_all(&path)
            .map_err(|error| Error::Setup(format!("The folder {} cannot be created: {error}.", path.display())))?;
    }
    Ok(())
}

/// Processes files until the worker is stopped; in other modes, until the folder is empty, and then clears `pending`.
/// Returns whether the jobs of all files succeeded.
pub(super) async fn run(
    context: Arc<WorkerContext>,
    folder: DropFolder,
    mode: RunMode,
    pending: Arc<AtomicBool>,
) -> bool {
    let mut following = JoinSet::new();
    let mut all_succeeded = true;
    let working = folder.inbox().join("working");
    // Files that an earlier worker had claimed.
    for file in files(&working) {
        following.spawn(process(context.clone(), folder.clone(), file));
    }
    let mut stopping = context.stopping.clone();
    loop {
        let mut remaining = false;
        for file in folder.waiting() {
            let Some(name) = file.file_name() else { continue };
            let claimed = working.join(name);
            if !claimed.exists() && is_complete(&file) && std::fs::rename(&file, &claimed).is_ok() {
                following.spawn(process(context.clone(), folder.clone(), claimed));
            } else {
                remaining = true;
            }
        }
        while let Some(ended) = following.try_join_next() {
            all_succeeded &= ended.unwrap_or(false);
        }
        if mode != RunMode::Forever && following.is_empty() && !remaining {
            pending.store(false, Ordering::SeqCst);
            return all_succeeded;
        }
        tokio::select! {
            () = tokio::time::sleep(SCAN_INTERVAL) => {}
            _ = stopping.wait_for(|stop| *stop) => return all_succeeded,
        }
    }
}

/// Whether a file seems completely written: it is valid JSON, or it has not changed for a while.
fn is_complete(file: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(file) else { return false };
    let recent = metadata.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age < SETTLE_TIME));
    !recent
        || metadata.len() <= MAX_FILE_BYTES
            && std::fs::read(file).is_ok_and(|text| serde_json::from_slice::<IgnoredAny>(&text).is_ok())
}

/// The JSON files of a folder, sorted by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            !hidden && path.extension().is_some_and(|ending| ending == "json") && path.is_file()
        })
        .collect();
    files.sort();
    files
}

/// Creates a job from a file, waits for its end and writes the result; returns whether it succeeded.
async fn process(context: Arc<WorkerContext>, folder: DropFolder, file: PathBuf) -> bool {
    let inbox = folder.inbox();
    let mut task = None;
    match run_job(&context, &folder, &file, &mut task).await {
        Ok(job) => {
            let succeeded = job.summary.status == JobStatus::Succeeded;
            let result = serde_json::to_value(&job).unwrap_or_default();
            write_result(&inbox.join(if succeeded { "done" } else { "failed" }), &file, "result", &result);
            succeeded
        }
        // The file is not at fault; it stays for the next worker.
        Err(error) if error.is_temporary() || error.problem().is_some_and(|problem| problem.status == 401) => false,
        Err(error) => {
            if let Some(task) = &mut task {
                task.fail(&error.to_string());
            }
            let mut result = json!({"error": error.to_string()});
            if let Some(problem) = error.problem() {
                result["code"] = problem.code.clone().into();
                result["errors"] = json!(problem.errors);
            }
            write_result(&inbox.join("failed"), &file, "error", &result);
            false
        }
    }
}

/// Creates the job and waits for its end; meanwhile keeps the files of its task up to date, if it has some.
async fn run_job(
    context: &WorkerContext,
    folder: &DropFolder,
    file: &Path,
    task: &mut Option<TaskFiles>,
) -> crate::client::Result<Job> {
    let (input, key) = read_job(context, folder, file, task).map_err(crate::client::Error::Unusable)?;
    let job = loop {
        match context.client.create_job_once(&input, &key).await {
            Err(error) if error.is_temporary() => tokio::time::sleep(Duration::from_secs(1)).await,
            other => break other?,
        }
    };
    tracing::info!(job = job.id, file = %file.display(), "job created from a file");
    let mut room = context.client.watch(&format!("job:{}", job.id), None);
    let mut tick = tokio::time::interval(STATE_INTERVAL);
    loop {
        let update = tokio::select! {
            update = room.next() => update,
            _ = tick.tick(), if task.is_some() => {
                if let Some(task) = task.as_mut() {
                    task.flush();
                    if task.take_stop_signal() && let Err(error) = context.client.act_on_job(&job.id, "cancel").await {
                        tracing::warn!(%error, job = job.id, "the job could not be cancelled");
                    }
                }
                continue;
            }
        };
        let may_have_ended = match &update {
            Some(Ok(Update::Event(event))) => {
                if let Some(task) = task.as_mut() {
                    task.note(event);
                }
                event.kind == "job_status" || event.kind == "job_deleted"
            }
            Some(Ok(_)) => true,
            Some(Err(error)) => return Err(error.clone()),
            None => return Err(crate::client::Error::Unexpected("the subscription ended".to_owned())),
        };
        if may_have_ended {
            let found = context.client.job(&job.id).await;
            if let (Ok(found), Some(task)) = (&found, task.as_mut()) {
                task.write(&found.summary);
            }
            match found {
                Ok(job) if job.summary.status.has_ended() => return Ok(job),
                Err(error) if !error.is_temporary() => return Err(error),
                _ => {}
            }
        }
    }
}

/// The job of a file, and its idempotency key.
fn read_job(
    context: &WorkerContext,
    folder: &DropFolder,
    file: &Path,
    task: &mut Option<TaskFiles>,
) -> Result<(CreateJob, String), String> {
    let metadata = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if metadata.len() > MAX_FILE_BYTES {
        return Err("The file is larger than 2 MiB".to_owned());
    }
    let text = read_text(file)?;
    let mut input = match folder.layout {
        Layout::Plain => parse(&text)?,
        Layout::Adw => task.insert(TaskFiles::of_trigger(&folder.root, &text)?).read_task()?,
    };
    input.queue = input.queue.or(Some(true));
    if input.workflow_id.is_none() && input.ticket_id.is_none() {
        input.workflow_id = context.workflow.clone();
        input.with_ticket = input.with_ticket.or(Some(true));
    }
    let time =
        metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let checksum = crc32fast::hash(format!("{name}\0{text}").as_bytes());
    Ok((input, format!("inbox-{:x}-{checksum:08x}-{}", time.as_nanos(), text.len())))
}

fn read_text(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("The file cannot be read: {error}"))
}

/// Parses a file that is a job; older programs use the fields `description` and `type`.
fn parse(text: &str) -> Result<CreateJob, String> {
    let mut value: Value =
        serde_json::from_str(text).map_err(|error| format!("The file is not valid JSON: {error}"))?;
    let members = value.as_object_mut().ok_or("The file is not a JSON object")?;
    for (old, new) in [("description", "initial_prompt"), ("prompt", "initial_prompt"), ("type", "job_type")] {
        if let Some(given) = members.remove(old) {
            members.entry(new).or_insert(given);
        }
    }
    serde_json::from_value(value).map_err(|error| format!("The file does not describe a job: {error}"))
}

/// Writes the result and then moves the file, so that a program that sees the moved file finds its result.
fn write_result(folder: &Path, file: &Path, kind: &str, result: &Value) {
    let (Some(name), Some(stem)) = (file.file_name(), file.file_stem()) else { return };
    let written = write_json(&folder.join(format!("{}.{kind}.json", stem.to_string_lossy())), result);
    if let Err(error) = written.and_then(|()| std::fs::rename(file, folder.join(name))) {
        tracing::error!(%error, file = %file.display(), "the result of a file could not be written");
    }
}

/// Writes a file so that readers see it whole: beside its place, then renamed.
fn write_json(target: &Path, value: &Value) -> std::io::Result<()> {
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = target.with_file_name(format!(".{name}.new"));
    std::fs::write(&temporary, serde_json::to_vec_pretty(value).unwrap_or_default())?;
    std::fs::rename(&temporary, target)
}
