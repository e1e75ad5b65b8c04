//! The file mode: a folder where programs drop jobs as JSON files and find the results. A file is written
//! beside and renamed to `NAME.json`; it is taken by renaming it again, so that it is taken once. What it was
//! taken for is known by a key made of its name, time and content: a restarted worker finds the same job.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Shop, Until};
use crate::client::Update;
use crate::domain::jobs::{CreateJob, Job, JobStatus};
use crate::{Error, Result};

const LOOK: Duration = Duration::from_millis(500);
/// A file that holds no JSON is taken for finished when it has not changed for so long.
const SETTLED: Duration = Duration::from_secs(5);
const LARGEST: u64 = 2 * 1024 * 1024;

/// Makes the folders.
pub(super) fn prepare(folder: &Path) -> Result<()> {
    for part in ["", "working", "done", "failed"] {
        let path = folder.join(part);
        std::fs::create_dir_all(&path)
            .map_err(|error| Error::Setup(format!("The folder {} cannot be made: {error}.", path.display())))?;
    }
    Ok(())
}

/// Takes files until told to stop; where the worker ends by itself, until the folder is empty. `busy` says
/// whether there is something to wait for. Answers whether every file's job succeeded.
pub(super) async fn run(shop: Arc<Shop>, folder: PathBuf, until: Until, busy: Arc<AtomicBool>) -> bool {
    let mut following = JoinSet::new();
    let mut well = true;
    // What an earlier worker had taken.
    for file in files(&folder.join("working")) {
        following.spawn(follow(shop.clone(), folder.clone(), file));
    }
    let mut stopping = shop.stopping.clone();
    loop {
        let mut left = false;
        for file in files(&folder) {
            let Some(name) = file.file_name() else { continue };
            let taken = folder.join("working").join(name);
            if !taken.exists() && is_whole(&file) && std::fs::rename(&file, &taken).is_ok() {
                following.spawn(follow(shop.clone(), folder.clone(), taken));
            } else {
                left = true;
            }
        }
        while let Some(ended) = following.try_join_next() {
            well &= ended.unwrap_or(false);
        }
        if until != Until::Stopped && following.is_empty() && !left {
            busy.store(false, Ordering::SeqCst);
            return well;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopping.wait_for(|stop| *stop) => return well,
        }
    }
}

/// Whether a file is not being written any more, as far as can be seen: it holds JSON, or nobody has written
/// to it for a while.
fn is_whole(file: &Path) -> bool {
    let Ok(about) = std::fs::metadata(file) else { return false };
    let young = about.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age < SETTLED));
    !young
        || about.len() <= LARGEST
            && std::fs::read(file).is_ok_and(|text| serde_json::from_slice::<IgnoredAny>(&text).is_ok())
}

/// The files that are ready, by name.
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

/// Makes a job of a file, waits for its end, and puts the result beside it; true if it succeeded.
async fn follow(shop: Arc<Shop>, folder: PathBuf, file: PathBuf) -> bool {
    match outcome(&shop, &file).await {
        Ok(job) => {
            let succeeded = job.summary.status == JobStatus::Succeeded;
            let result = serde_json::to_value(&job).unwrap_or_default();
            put(&folder.join(if succeeded { "done" } else { "failed" }), &file, "result", &result);
            succeeded
        }
        // Not the file's fault: the next worker finds it where it is.
        Err(error) if error.is_temporary() || error.problem().is_some_and(|problem| problem.status == 401) => false,
        Err(error) => {
            let mut result = json!({"error": error.to_string()});
            if let Some(problem) = error.problem() {
                result["code"] = problem.code.clone().into();
                result["errors"] = json!(problem.errors);
            }
            put(&folder.join("failed"), &file, "error", &result);
            false
        }
    }
}

async fn outcome(shop: &Shop, file: &Path) -> crate::client::Result<Job> {
    let (input, key) = read(shop, file).map_err(crate::client::Error::Unusable)?;
    let job = loop {
        match shop.client.create_job_once(&input, &key).await {
            Err(error) if error.is_temporary() => tokio::time::sleep(Duration::from_secs(1)).await,
            other => break other?,
        }
    };
    tracing::info!(job = job.id, file = %file.display(), "a job was made of a file");
    let mut room = shop.client.watch(&format!("job:{}", job.id), None);
    loop {
        let update = room.next().await;
        let look = match &update {
            Some(Ok(Update::Event(event))) => event.kind == "job_status" || event.kind == "job_deleted",
            Some(Ok(_)) => true,
            Some(Err(error)) => return Err(error.clone()),
            None => return Err(crate::client::Error::Unexpected("the room ended".to_owned())),
        };
        if look {
            match shop.client.job(&job.id).await {
                Ok(job) if job.summary.status.has_ended() => return Ok(job),
                Err(error) if !error.is_temporary() => return Err(error),
                _ => {}
            }
        }
    }
}

/// A job as the file says; older programs say `description` and `type`.
fn read(shop: &Shop, file: &Path) -> Result<(CreateJob, String), String> {
    let about = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if about.len() > LARGEST {
        return Err("The file is larger than 2 MiB".to_owned());
    }
    let text = std::fs::read_to_string(file).map_err(|error| format!("The file cannot be read: {error}"))?;
    let mut value: Value = serde_json::from_str(&text).map_err(|error| format!("The file is no JSON: {error}"))?;
    let members = value.as_object_mut().ok_or("The file holds no JSON object")?;
    for (old, new) in [("description", "initial_prompt"), ("prompt", "initial_prompt"), ("type", "job_type")] {
        if let Some(given) = members.remove(old) {
            members.entry(new).or_insert(given);
        }
    }
    let mut input: CreateJob = serde_json::from_value(value).map_err(|error| format!("The file is no job: {error}"))?;
    input.queue = input.queue.or(Some(true));
    if input.workflow_id.is_none() && input.ticket_id.is_none() {
        input.workflow_id = shop.workflow.clone();
        input.with_ticket = input.with_ticket.or(Some(true));
    }
    let time = about.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let sum = crc32fast::hash(format!("{name}\0{text}").as_bytes());
    Ok((input, format!("inbox-{:x}-{sum:08x}-{}", time.as_nanos(), text.len())))
}

/// Moves the file, and writes the result beside it first: whoever sees the file finds the result.
fn put(folder: &Path, file: &Path, kind: &str, result: &Value) {
    let (Some(name), Some(stem)) = (file.file_name(), file.file_stem()) else { return };
    let target = folder.join(format!("{}.{kind}.json", stem.to_string_lossy()));
    let beside = folder.join(format!(".{}.{kind}.new", stem.to_string_lossy()));
    let text = serde_json::to_vec_pretty(result).unwrap_or_default();
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &target));
    if let Err(error) = written.and_then(|()| std::fs::rename(file, folder.join(name))) {
        tracing::error!(%error, file = %file.display(), "the result of a file cannot be written");
    }
}
