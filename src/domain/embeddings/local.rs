//! The provider `local`: runs the model from the runtime folder in this process.
//!
//! Dedicated threads for queries, for writes and for the queue share the weights, so a query never waits for a ticket and
//! the server's own threads stay free. Each thread computes sequentially: parallelism over all cores would not speed up
//! a short query and would slow down everything else. Tickets are embedded while a core is free; only a batch of the queue
//! that has waited long competes with requests, at a low priority.

mod bert;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{mpsc, oneshot};

pub use self::bert::Bert;
use super::provider::{Provider, ProviderError, Urgency};
use crate::{Error, Result};

/// The model's name.
pub const NAME: &str = "local/all-MiniLM-L6-v2";

/// The model's folder in the runtime.
pub fn folder(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("all-minilm-l6-v2")
}

/// Texts per background batch; small, so that results are stored early.
const BATCH_SIZE: usize = 16;

/// Texts between two checks whether the caller still waits; enough that short texts share the reading of the weights.
const TEXTS_AT_ONCE: usize = 4;

/// How long a batch waits for a free core. The lease of its tickets is much longer.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// How soon a thread that runs on free cores must start, or else no core is free. Waking it takes some 50 µs.
const FREE_CORE_WAIT: Duration = Duration::from_millis(3);

/// The in-process model.
pub struct Local {
    folder: PathBuf,
    model: Arc<OnceLock<Bert>>,
    /// Held while the model is loaded.
    load_lock: Arc<Mutex<()>>,
    requests: ThreadPool,
    /// Runs while a core is free, for writes that wait for it.
    writes: ThreadPool,
    /// Runs while a core is free, for the queue.
    queue: ThreadPool,
    /// Runs at a low priority: loads the model and continues what waited too long for a free core.
    overdue: ThreadPool,
}

impl Local {
    /// Starts the threads without loading the model.
    pub fn new(folder: PathBuf) -> Result<Self> {
        let thread = |name: &'static str, start: fn(usize)| {
            ThreadPoolBuilder::new()
                .num_threads(1)
                .thread_name(move |_| name.to_owned())
                .start_handler(start)
                // The caller sees a closed channel; the thread continues.
                .panic_handler(|_| tracing::error!("the embedding model panicked"))
                .build()
                .map_err(|error| {
                    Error::Setup(format!("The threads of the embedding model cannot be started: {error}."))
                })
        };
        Ok(Self {
            folder,
            model: Arc::default(),
            load_lock: Arc::default(),
            requests: thread("embed-requests", |_| ())?,
            writes: thread("embed-writes", |_| run_on_free_cores_only())?,
            queue: thread("embed-queue", |_| run_on_free_cores_only())?,
            overdue: thread("embed-overdue", |_| lower_priority())?,
        })
    }

    /// Loads the model unless it is loaded already.
    fn load(&self) -> BoxFuture<'_, Result<i64, ProviderError>> {
        let (folder, cell, load_lock) = (self.folder.clone(), self.model.clone(), self.load_lock.clone());
        let (done, loaded) = oneshot::channel();
        self.overdue.spawn(move || {
            let _guard = load_lock.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = match cell.get() {
                Some(bert) => Ok(bert.dimensions()),
                None => Bert::load(&folder).map(|bert| cell.get_or_init(|| bert).dimensions()),
            };
            let _ = done.send(outcome);
        });
        async move {
            match loaded.await {
                Ok(outcome) => outcome.map_err(ProviderError::Unavailable),
                Err(_) => {
                    Err(ProviderError::Unavailable("The thread that loads the embedding model has ended.".to_owned()))
                }
            }
        }
        .boxed()
    }

    /// Embeds texts on a thread, which passes on some vectors at a time. Dropping the receiver stops the work.
    fn start(&self, pool: &ThreadPool, texts: &[String]) -> mpsc::UnboundedReceiver<Part> {
        let (model, texts) = (self.model.clone(), texts.to_vec());
        let (parts, vectors) = mpsc::unbounded_channel();
        pool.spawn(move || {
            for texts in texts.chunks(TEXTS_AT_ONCE) {
                // The caller may be gone by the time this runs.
                if parts.is_closed() {
                    return;
                }
                let part = model.get().ok_or(ProviderError::Loading).and_then(|bert| bert.vectors(texts));
                let failed = part.is_err();
                if parts.send(part).is_err() || failed {
                    return;
                }
            }
        });
        vectors
    }
}

/// The vectors of the next [`TEXTS_AT_ONCE`] texts.
type Part = Result<Vec<Vec<f32>>, ProviderError>;

/// Receives vectors until there are `count`. Those received stay if the future is dropped.
async fn collect(
    mut parts: mpsc::UnboundedReceiver<Part>,
    vectors: &mut Vec<Vec<f32>>,
    count: usize,
) -> Result<(), ProviderError> {
    while vectors.len() < count {
        let Some(part) = parts.recv().await else {
            let why = "The embedding model stopped in the middle of these texts.";
            return Err(ProviderError::RejectedInput(why.to_owned()));
        };
        vectors.extend(part?);
    }
    Ok(())
}

impl Provider for Local {
    fn name(&self) -> &str {
        NAME
    }

    fn prepare(&self) -> BoxFuture<'_, Result<i64, ProviderError>> {
        self.load()
    }

    fn embed<'a>(
        &'a self,
        texts: &'a [String],
        urgency: Urgency,
    ) -> BoxFuture<'a, Result<Vec<Vec<f32>>, ProviderError>> {
        if self.model.get().is_none() {
            return async { Err(ProviderError::Loading) }.boxed();
        }
        async move {
            let mut vectors = Vec::with_capacity(texts.len());
            let pool = match urgency {
                Urgency::Request => &self.requests,
                Urgency::Write => &self.writes,
                Urgency::Background => {
                    let work = collect(self.start(&self.queue, texts), &mut vectors, texts.len());
                    if let Ok(outcome) = tokio::time::timeout(MAX_WAIT, work).await {
                        return outcome.map(|()| vectors);
                    }
                    &self.overdue
                }
            };
            let rest = &texts[vectors.len()..];
            collect(self.start(pool, rest), &mut vectors, texts.len()).await.map(|()| vectors)
        }
        .boxed()
    }

    fn is_local(&self) -> bool {
        true
    }

    fn is_free(&self) -> BoxFuture<'_, bool> {
        let (started, start) = oneshot::channel();
        self.writes.spawn(move || {
            let _ = started.send(());
        });
        async { matches!(tokio::time::timeout(FREE_CORE_WAIT, start).await, Ok(Ok(()))) }.boxed()
    }

    fn batch_size(&self) -> usize {
        BATCH_SIZE
    }
}

/// Makes this thread run only while a core is free, because a backlog takes minutes of CPU that requests and Postgres
/// should not wait for. A thread that becomes runnable takes the core immediately; one of merely low priority would
/// keep it for some milliseconds. Only Linux has such threads; elsewhere this does nothing.
fn run_on_free_cores_only() {
    lower_priority();
    #[cfg(target_os = "linux")]
    // SAFETY: a system call on the calling thread with a parameter that consists of integers; its failure is harmless.
    unsafe {
        libc::sched_setscheduler(0, libc::SCHED_IDLE, &std::mem::zeroed());
    }
}

/// Lowers the priority of this thread. Only Linux has priorities per thread; elsewhere this does nothing.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    // SAFETY: a plain system call on the calling thread; its failure is harmless.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 10);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_tickets_wait_for_a_free_core() {
        let local = Local::new(PathBuf::new()).expect("the threads");
        // SAFETY: plain system calls on the calling thread.
        let state = || unsafe { (libc::sched_getscheduler(0), libc::getpriority(libc::PRIO_PROCESS, 0)) };
        assert_eq!(local.writes.install(state).0, libc::SCHED_IDLE);
        assert_eq!(local.queue.install(state).0, libc::SCHED_IDLE);
        assert_eq!(local.overdue.install(state), (libc::SCHED_OTHER, 10));
        assert_eq!(local.requests.install(state), state());
    }
}
