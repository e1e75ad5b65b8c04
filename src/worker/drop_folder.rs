//! The drop folder: programs put jobs as JSON files into it and find the results there. A writer creates a file under
//! another name and renames it to `NAME.json`. The worker claims it by another rename, which succeeds only once. The
//! idempotency key of the job is derived from the file's name, time and content, so a restarted worker finds the same
//! job.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::task::JoinSet;

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

/// Creates the folder and its subfolders.
pub(super) fn prepare(folder: &Path) -> Result<()> {
    for part in ["", "working", "done", "failed"] {
        let path = folder.join(part);
        std::fs::create_dir_all(&path)
            .map_err(|error| Error::Setup(format!("The folder {} cannot be created: {error}.", path.display())))?;
    }
    Ok(())
}

/// Processes files until the worker is stopped; in other modes, until the folder is empty, and then clears `pending`.
/// Returns whether the jobs of all files succeeded.
pub(super) async fn run(context: Arc<WorkerContext>, folder: PathBuf, mode: RunMode, pending: Arc<AtomicBool>) -> bool {
    let mut following = JoinSet::new();
    let mut all_succeeded = true;
    // Files that an earlier worker had claimed.
    for file in files(&folder.join("working")) {
        following.spawn(process(context.clone(), folder.clone(), file));
    }
    let mut stopping = context.stopping.clone();
    loop {
        let mut remaining = false;
        for file in files(&folder) {
            let Some(name) = file.file_name() else { continue };
            let claimed = folder.join("working").join(name);
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
async fn process(context: Arc<WorkerContext>, folder: PathBuf, file: PathBuf) -> bool {
    match run_job(&context, &file).await {
        Ok(job) => {
            let succeeded = job.summary.status == JobStatus::Succeeded;
            let result = serde_json::to_value(&job).unwrap_or_default();
            write_result(&folder.join(if succeeded { "done" } else { "failed" }), &file, "result", &result);
            succeeded
        }
        // The file is not at fault; it stays for the next worker.
        Err(error) if error.is_temporary() || error.problem().is_some_and(|problem| problem.status == 401) => false,
        Err(error) => {
            let mut result = json!({"error": error.to_string()});
            if let Some(problem) = error.problem() {
                result["code"] = problem.code.clone().into();
                result["errors"] = json!(problem.errors);
            }
            write_result(&folder.join("failed"), &file, "error", &result);
            false
        }
    }
}

/// Creates the job and waits for its end.
async fn run_job(context: &WorkerContext, file: &Path) -> crate::client::Result<Job> {
    let (input, key) = parse(context, file).map_err(crate::client::Error::Unusable)?;
    let job = loop {
        match context.client.create_job_once(&input, &key).await {
            Err(error) if error.is_temporary() => tokio::time::sleep(Duration::from_secs(1)).await,
            other => break other?,
        }
    };
    tracing::info!(job = job.id, file = %file.display(), "job created from a file");
    let mut room = context.client.watch(&format!("job:{}", job.id), None);
    loop {
        let update = room.next().await;
        let may_have_ended = match &update {
            Some(Ok(Update::Event(event))) => event.kind == "job_status" || event.kind == "job_deleted",
            Some(Ok(_)) => true,
            Some(Err(error)) => return Err(error.clone()),
            None => return Err(crate::client::Error::Unexpected("the subscription ended".to_owned())),
        };
        if may_have_ended {
            match context.client.job(&job.id).await {
                Ok(job) if job.summary.status.has_ended() => return Ok(job),
                Err(error) if !error.is_temporary() => return Err(error),
                _ => {}
            }
        }
    }
}

/// Parses a file; older programs use the fields `description` and `type`. Returns the job and its idempotency key.
fn parse(context: &WorkerContext, file: &Path) -> Result<(CreateJob, String), String> {
    let metadata = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if metadata.len() > MAX_FILE_BYTES {
        return Err("The file is larger than 2 MiB".to_owned());
    }
    let text = std::fs::read_to_string(file).map_err(|error| format!("The file cannot be read: {error}"))?;
    let mut value: Value =
        serde_json::from_str(&text).map_err(|error| format!("The file is not valid JSON: {error}"))?;
    let members = value.as_object_mut().ok_or("The file is not a JSON object")?;
    for (old, new) in [("description", "initial_prompt"), ("prompt", "initial_prompt"), ("type", "job_type")] {
        if let Some(given) = members.remove(old) {
            members.entry(new).or_insert(given);
        }
    }
    let mut input: CreateJob =
        serde_json::from_value(value).map_err(|error| format!("The file does not describe a job: {error}"))?;
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

/// Writes the result and then moves the file, so that a program that sees the moved file finds its result.
fn write_result(folder: &Path, file: &Path, kind: &str, result: &Value) {
    let (Some(name), Some(stem)) = (file.file_name(), file.file_stem()) else { return };
    let target = folder.join(format!("{}.{kind}.json", stem.to_string_lossy()));
    let temporary = folder.join(format!(".{}.{kind}.new", stem.to_string_lossy()));
    let text = serde_json::to_vec_pretty(result).unwrap_or_default();
    let written = std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, &target));
    if let Err(error) = written.and_then(|()| std::fs::rename(file, folder.join(name))) {
        tracing::error!(%error, file = %file.display(), "the result of a file could not be written");
    }
}
