//! One job from its claim to its end: the stages that are left, a command for each, and the lease beside them.
//! A lost lease stops the command at once, and nothing more is written.

mod lease;
mod talk;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use self::lease::{Lease, Orders};
use self::talk::{Said, Talk};
use super::command::{Group, LEFTOVERS};
use super::config::Step;
use super::{Shop, output};
use crate::client::Error as ClientError;
use crate::domain::jobs::Job;
use crate::domain::jobs::leases::ReleaseLease;
use crate::domain::jobs::work::{CompleteJob, EnterStage, FailJob};

/// How a stage, or the whole job, ended.
#[derive(Debug)]
enum End {
    Done(Said),
    Failed { error: String, retry: bool },
    Cancelled,
    Lost,
    Stopped,
}

/// Works on a claimed job; answers whether it succeeded or was given back in order.
pub(super) async fn work(shop: &Shop, job: Job, token: String, asked: std::time::Instant) -> bool {
    let id = job.id.clone();
    tracing::info!(job = id, title = job.summary.title, "claimed");
    let lease = Lease::hold(shop, &job, &token, asked);
    // What people have answered to an earlier worker is there before the first command is.
    lease.hurry.beat().await;
    let outcome = stages(shop, &job, &lease).await;
    let told = loop {
        match tell(shop, &lease, &outcome).await {
            // While the lease holds, a server that is away is waited for: the work is done.
            Err(error) if error.is_temporary() && *lease.orders.borrow() != Orders::Lost => {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            told => break told,
        }
    };
    lease.end().await;
    match (&outcome, told) {
        (_, Err(error)) if error.code() == Some("lease_lost") => {
            tracing::warn!(job = id, "the lease was lost");
            false
        }
        (_, Err(error)) => {
            tracing::error!(job = id, %error, "the end of a job could not be told");
            false
        }
        (End::Lost, Ok(())) => {
            tracing::warn!(job = id, "the lease was lost; its command was stopped");
            false
        }
        (End::Failed { error, .. }, Ok(())) => {
            tracing::warn!(job = id, error, "failed");
            false
        }
        (End::Done(_), Ok(())) => {
            tracing::info!(job = id, "done");
            true
        }
        (End::Cancelled | End::Stopped, Ok(())) => {
            tracing::info!(job = id, "given back");
            true
        }
    }
}

/// Tells the server how the job ended.
async fn tell(shop: &Shop, lease: &Lease, outcome: &End) -> Result<(), ClientError> {
    let (client, id, lease_token) = (&shop.client, lease.job.as_str(), lease.token.clone());
    match outcome {
        End::Done(said) => {
            let (sha, message) = said.commit.clone().unzip();
            let input = CompleteJob {
                lease_token,
                commit_sha: sha,
                commit_message: message.flatten(),
                ..CompleteJob::default()
            };
            client.complete_job(id, &input).await.map(drop)
        }
        End::Failed { error, retry } => {
            let input = FailJob { lease_token, error: error.clone(), retry: Some(*retry), agent_id: None };
            client.fail_job(id, &input).await.map(drop)
        }
        End::Cancelled => {
            client.confirm_cancelled(id, &ReleaseLease { lease_token, ..ReleaseLease::default() }).await.map(drop)
        }
        End::Stopped => {
            let reason = Some(format!("The worker {} was stopped.", shop.config.name));
            client.release_job(id, &ReleaseLease { lease_token, reason, agent_id: None }).await.map(drop)
        }
        End::Lost => Ok(()),
    }
}

async fn stages(shop: &Shop, job: &Job, lease: &Lease) -> End {
    let steps = match shop.config.steps(&job.summary.job_type, &job.summary.stages) {
        Ok(steps) => steps,
        Err(error) => return End::Failed { error, retry: false },
    };
    let at = job.summary.stage.as_deref();
    let first = at.and_then(|at| steps.iter().position(|step| step.stage.as_deref() == Some(at))).unwrap_or(0);
    let mut said = Said::default();
    if first > 0 || job.summary.attempt > 1 {
        said.commit = talk::earlier_commit(&shop.client, &job.id).await;
    }
    for (place, step) in steps.iter().enumerate().skip(first) {
        if let (Some(stage), true) = (&step.stage, place > first || step.stage.as_deref() != at) {
            let input =
                EnterStage { lease_token: lease.token.clone(), stage: stage.clone(), message: None, agent_id: None };
            match shop.client.enter_stage(&job.id, &input).await {
                Ok(_) => {}
                Err(error) if error.code() == Some("lease_lost") => return End::Lost,
                Err(error) => {
                    return End::Failed { error: format!("The stage {stage} cannot be entered: {error}"), retry: true };
                }
            }
        }
        match lease.may_go_on(shop).await {
            Orders::Go => {}
            Orders::Rest => return End::Stopped,
            Orders::Cancel => return End::Cancelled,
            Orders::Lost => return End::Lost,
        }
        if *shop.stopping.borrow() {
            return End::Stopped;
        }
        match stage(shop, job, lease, step, said).await {
            End::Done(so_far) => said = so_far,
            other => return other,
        }
    }
    // The last command may have asked a person, too.
    match lease.may_go_on(shop).await {
        Orders::Go => End::Done(said),
        Orders::Rest => End::Stopped,
        Orders::Cancel => End::Cancelled,
        Orders::Lost => End::Lost,
    }
}

/// Runs the command of one stage.
async fn stage(shop: &Shop, job: &Job, lease: &Lease, step: &Step, said: Said) -> End {
    let input = serde_json::to_vec(job).unwrap_or_default();
    let (mut group, out, err) = match Group::start(step, &environment(shop, job, lease, step), input) {
        Ok(started) => started,
        Err(error) => {
            let program = step.words.first().cloned().unwrap_or_default();
            return End::Failed { error: format!("The command {program} cannot be started: {error}."), retry: false };
        }
    };
    let (sender, lines) = mpsc::channel(64);
    tokio::spawn(output::read(out, false, shop.redact.clone(), sender.clone()));
    tokio::spawn(output::read(err, true, shop.redact.clone(), sender));
    let talk = Talk::new(shop, lease, step, said);
    let mut talk = tokio::spawn(talk.run(lines));
    let mut orders = lease.orders.subscribe();
    let mut stopping = shop.stopping.clone();
    let patience = Duration::from_secs_f64(shop.config.kill_seconds);
    let far = Instant::now() + Duration::from_secs(400 * 86_400);
    let mut deadline = step.timeout.map_or(far, |timeout| Instant::now() + timeout);
    let mut stop_at = far;
    let mut resting: Option<Instant> = None;
    let ended = loop {
        let order = *orders.borrow_and_update();
        match order {
            Orders::Cancel => break Err(End::Cancelled),
            Orders::Lost => break Err(End::Lost),
            Orders::Rest if resting.is_none() => {
                group.signal(libc::SIGSTOP);
                resting = Some(Instant::now());
            }
            Orders::Go => {
                if let Some(since) = resting.take() {
                    // Rest is not working time.
                    deadline += since.elapsed();
                    group.signal(libc::SIGCONT);
                }
            }
            Orders::Rest => {}
        }
        tokio::select! {
            status = group.wait() => break status.map_err(|error| End::Failed { error: error.to_string(), retry: true }),
            _ = orders.changed() => {}
            () = sleep_until(deadline), if resting.is_none() => {
                let seconds = step.timeout.unwrap_or_default().as_secs_f64();
                break Err(End::Failed { error: format!("The {} took longer than {seconds} s and was stopped.", name(step)), retry: true });
            }
            _ = stopping.wait_for(|stop| *stop), if stop_at == far => {
                let grace = Duration::from_secs_f64(shop.config.grace_seconds);
                stop_at = Instant::now() + if resting.is_some() { Duration::ZERO } else { grace };
            }
            () = sleep_until(stop_at), if stop_at != far => break Err(End::Stopped),
        }
    };
    let status = match ended {
        Ok(status) => status,
        Err(end) => {
            group.end(if matches!(end, End::Lost) { Duration::ZERO } else { patience }).await;
            if matches!(end, End::Lost) {
                talk.abort();
            }
            let _ = tokio::time::timeout(patience.max(LEFTOVERS), &mut talk).await;
            talk.abort();
            return end;
        }
    };
    // What it has left behind ends with it.
    let said = tokio::time::timeout(LEFTOVERS, &mut talk).await;
    group.end(Duration::ZERO).await;
    let said = match said {
        Ok(said) => said,
        Err(_) => tokio::select! {
            said = &mut talk => said,
            order = orders.wait_for(|order| matches!(order, Orders::Lost | Orders::Cancel)) => {
                let end = if order.is_ok_and(|order| *order == Orders::Cancel) { End::Cancelled } else { End::Lost };
                talk.abort();
                return end;
            }
        },
    };
    let Ok(said) = said else { return End::Failed { error: "The output could not be read.".to_owned(), retry: true } };
    if status.success() {
        return End::Done(said);
    }
    let how = match status.code() {
        Some(code) => format!("The {} ended with status {code}.", name(step)),
        None => format!("The {} was ended by a signal.", name(step)),
    };
    let retry = status.code().is_none_or(|code| !step.no_retry_codes.contains(&code));
    let tail = said.tail();
    let error = if tail.is_empty() { how } else { format!("{how}\n{tail}") };
    End::Failed { error, retry }
}

fn name(step: &Step) -> String {
    step.stage.as_ref().map_or_else(|| "command".to_owned(), |stage| format!("stage {stage}"))
}

/// What a command knows of its job without reading JSON.
fn environment(shop: &Shop, job: &Job, lease: &Lease, step: &Step) -> Vec<(&'static str, String)> {
    let about = &job.summary;
    let mut all = vec![
        ("CALLBOARD_URL", shop.client.url().to_owned()),
        ("CALLBOARD_JOB_ID", job.id.clone()),
        ("CALLBOARD_JOB_TYPE", about.job_type.clone()),
        ("CALLBOARD_JOB_TITLE", about.title.clone()),
        ("CALLBOARD_WORKFLOW_ID", about.workflow_id.clone()),
        ("CALLBOARD_TICKET_ID", about.ticket_id.clone().unwrap_or_default()),
        ("CALLBOARD_TICKET_KEY", job.ticket_key.clone().unwrap_or_default()),
        ("CALLBOARD_STAGE", step.stage.clone().unwrap_or_default()),
        ("CALLBOARD_ATTEMPT", about.attempt.to_string()),
        ("CALLBOARD_PROMPT_FILE", lease.prompt.display().to_string()),
        ("CALLBOARD_ANSWERS", lease.answers.display().to_string()),
    ];
    if shop.config.pass_key {
        all.push(("CALLBOARD_API_KEY", shop.key.clone()));
    }
    all
}
