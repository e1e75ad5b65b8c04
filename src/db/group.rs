//! Writes of one board that wait for each other share a transaction.
//!
//! The row of a stream is locked until its writer has committed, so a board with many writers pays one commit after the
//! other. While a write of a workflow is being carried out, others of the same kind queue here, and then up to
//! [`MAX_GROUP`] of them are sent in one transaction, without waiting in between: they keep their order and their
//! answers, and pay one commit. A write that finds none before it runs alone and at once, as before.
//!
//! A group holds the stream's row while it goes on to the next ticket, against the order of locks. So it first locks its
//! tickets, without waiting, and leaves out what it does not get. A write that fails undoes its group, so it is taken out
//! and the others are sent again; what is left out runs alone, in its own request, and gives its own answer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::gate::Lane;
use super::{Admission, Db, pool};
use crate::{Error, Result, sql_fn};

/// Maximum writes in one transaction; the first of them waits for the last.
const MAX_GROUP: usize = 32;
/// Maximum writes of a workflow that wait for their group; further ones run alone.
const MAX_WAITING: usize = 4096;
/// Maximum time in the queue: the write before it may wait for a ticket that is locked elsewhere, and others need not.
const MAX_WAIT: Duration = Duration::from_millis(100);
/// How often a group is sent again without a write that failed; then all that is left runs alone.
const MAX_ATTEMPTS: usize = 3;

/// A parameter of a call that outlives its request.
pub type OwnedParam = Box<dyn ToSql + Sync + Send>;

/// A write that may be sent by another request's task, so it owns its values.
pub(super) struct Write {
    /// The ticket whose row it locks.
    pub ticket: String,
    pub sql: &'static str,
    pub params: Vec<OwnedParam>,
}

impl Write {
    pub fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.params.iter().map(|param| &**param as &(dyn ToSql + Sync)).collect()
    }
}

/// What became of a write that waited.
pub(super) enum Turn {
    /// It is to run alone. The guard, if there is one, keeps the workflow's next writes waiting meanwhile.
    Alone(Option<Guard>),
    /// It was committed with its group and returned these rows.
    Committed(Vec<Row>),
    /// Its group failed as a whole, and this is what is known of it.
    Failed(Error),
}

struct Waiting {
    write: Arc<Write>,
    turn: oneshot::Sender<Turn>,
}

/// The writes that wait, by workflow. A workflow has an entry while one of its writes is being carried out.
#[derive(Default)]
pub(super) struct Groups(Mutex<HashMap<Arc<str>, VecDeque<Waiting>>>);

impl Groups {
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, VecDeque<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held while a write or a group of a workflow is carried out. Dropping it lets the next ones go.
pub(super) struct Guard {
    db: Db,
    workflow: Arc<str>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let next = || Guard { db: self.db.clone(), workflow: self.workflow.clone() };
        let mut waiting = {
            let mut groups = self.db.groups.lock();
            let Some(queue) = groups.get_mut(&self.workflow) else { return };
            queue.retain(|one| !one.turn.is_closed());
            if queue.is_empty() {
                groups.remove(&self.workflow);
                return;
            }
            let count = queue.len().min(MAX_GROUP);
            queue.drain(..count).collect::<Vec<_>>()
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if waiting.len() > 1 => drop(runtime.spawn(run(next(), waiting))),
            // A request that has gone meanwhile drops the guard, which lets the next one go.
            _ => {
                let first = waiting.remove(0);
                let guard = next();
                waiting.into_iter().for_each(|one| drop(one.turn.send(Turn::Alone(None))));
                drop(first.turn.send(Turn::Alone(Some(guard))));
            }
        }
    }
}

impl Db {
    /// Waits until a write may run: alone, or it has been carried out with others of the workflow.
    pub(super) async fn take_turn(&self, workflow: &Arc<str>, write: &Arc<Write>) -> Turn {
        let receiver = {
            let mut groups = self.groups.lock();
            match groups.get_mut(workflow) {
                None => {
                    groups.insert(workflow.clone(), VecDeque::new());
                    return Turn::Alone(Some(Guard { db: self.clone(), workflow: workflow.clone() }));
                }
                Some(queue) if queue.len() >= MAX_WAITING => return Turn::Alone(None),
                Some(queue) => {
                    let (turn, receiver) = oneshot::channel();
                    queue.push_back(Waiting { write: write.clone(), turn });
                    receiver
                }
            }
        };
        let mut receiver = receiver;
        if let Ok(turn) = tokio::time::timeout(MAX_WAIT, &mut receiver).await {
            return turn.unwrap_or(Turn::Alone(None));
        }
        if let Some(queue) = self.groups.lock().get_mut(workflow)
            && let Some(place) = queue.iter().position(|one| Arc::ptr_eq(&one.write, write))
        {
            queue.remove(place);
            return Turn::Alone(None);
        }
        // It is being carried out with its group.
        receiver.await.unwrap_or(Turn::Alone(None))
    }
}

/// Carries out a group and tells each request what became of its write.
async fn run(guard: Guard, mut waiting: Vec<Waiting>) {
    for _ in 0..MAX_ATTEMPTS {
        waiting.retain(|one| !one.turn.is_closed());
        if waiting.len() < 2 {
            break;
        }
        let writes: Vec<&Write> = waiting.iter().map(|one| &*one.write).collect();
        let outcomes = match send(&guard, &writes).await {
            Ok(outcomes) => outcomes,
            Err(error) => return waiting.into_iter().for_each(|one| drop(one.turn.send(failed(&error)))),
        };
        let mut left = Vec::new();
        for (one, outcome) in waiting.into_iter().zip(outcomes) {
            match outcome {
                Sent::Committed(rows) => {
                    metrics::counter!("callboard_grouped_writes_total").increment(1);
                    drop(one.turn.send(Turn::Committed(rows)));
                }
                Sent::LeftOut => drop(one.turn.send(Turn::Alone(None))),
                Sent::Undone => left.push(one),
            }
        }
        waiting = left;
    }
    waiting.into_iter().for_each(|one| drop(one.turn.send(Turn::Alone(None))));
}

/// What a failed group means for one of its writes: if something other than the database's state stopped it, it can be tried
/// alone.
fn failed(error: &Error) -> Turn {
    match error {
        Error::OutcomeUnknown(why) => Turn::Failed(Error::OutcomeUnknown(why.clone())),
        Error::Unavailable(why) => Turn::Failed(Error::Unavailable(why.clone())),
        Error::Problem(problem) => Turn::Failed(Error::Problem(problem.clone())),
        _ => Turn::Alone(None),
    }
}

/// What became of a write of a group.
enum Sent {
    Committed(Vec<Row>),
    /// It failed, or its ticket is locked elsewhere.
    LeftOut,
    /// It was undone because of another one.
    Undone,
}

/// Sends a group in one transaction.
async fn send(guard: &Guard, writes: &[&Write]) -> Result<Vec<Sent>> {
    let admission = Admission { lane: Lane::Write, tenant: guard.workflow.clone(), wait: pool::MAX_WAIT };
    let mut connection = guard.db.connection(&admission).await?;
    let tickets: Vec<&str> = writes.iter().map(|write| write.ticket.as_str()).collect();
    let workflow = guard.workflow.strip_prefix("workflow:").unwrap_or_default();
    let lock = sql_fn!(lock_tickets_of_group(workflow: workflow, tickets: tickets));
    connection
        .transaction(async |connection| {
            let lock_statement = connection.prepare_cached(lock.function.statement()).await?;
            let mut statements = Vec::with_capacity(writes.len());
            for write in writes {
                statements.push(connection.prepare_cached(write.sql).await?);
            }
            let (began, locked) =
                tokio::join!(connection.batch_execute("begin"), connection.query(&lock_statement, lock.params));
            began?;
            let locked: Vec<String> = super::only_value(&locked?)?;
            let members: Vec<usize> = (0..writes.len()).filter(|at| locked.contains(&writes[*at].ticket)).collect();
            let sent = members.iter().map(async |at| connection.query(&statements[*at], &writes[*at].params()).await);
            // Each is sent when it is polled first: in this order, and then the commit, which undoes all of them if one failed.
            let (answers, committed) = tokio::join!(join_all(sent), connection.batch_execute("commit"));
            settle(writes.len(), &members, answers, committed)
        })
        .await
}

/// What the answers of a transaction say about its writes; `members` are the places of those that were sent.
fn settle(
    count: usize,
    members: &[usize],
    answers: Vec<Result<Vec<Row>, tokio_postgres::Error>>,
    committed: Result<(), tokio_postgres::Error>,
) -> Result<Vec<Sent>> {
    let culprit = answers.iter().position(Result::is_err);
    if culprit.is_none() {
        committed.map_err(Error::of_sent_statement)?;
    }
    let mut outcomes: Vec<Sent> = (0..count).map(|_| Sent::LeftOut).collect();
    for (place, (at, answer)) in members.iter().zip(answers).enumerate() {
        let outcome = match answer {
            Ok(rows) if culprit.is_none() => Sent::Committed(rows),
            Err(error) if culprit == Some(place) => match Error::from(error) {
                // Nobody of the group could have gone on, because all wait for the same row.
                error if error.as_problem().code == "busy" && !error.is_retryable() => {
                    return Err(Error::Problem(Box::new(error.as_problem())));
                }
                unavailable @ Error::Unavailable(_) => return Err(unavailable),
                _ => Sent::LeftOut,
            },
            _ => Sent::Undone,
        };
        if let Some(slot) = outcomes.get_mut(*at) {
            *slot = outcome;
        }
    }
    Ok(outcomes)
}
