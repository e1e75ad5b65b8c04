//! The provider `local`: the model of the runtime folder, inside this process.
//!
//! The model has two threads of its own, one for requests and one for the queue, that share the weights:
//! a query never waits for a batch, and neither keeps the threads of the server from serving. Each computes
//! alone: spread over the machine's cores, a short query gains nothing and disturbs everything else.

mod bert;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

pub use self::bert::Bert;
use super::provider::{Fault, Provider, Urgency};
use crate::{Error, Result};

/// Its name among models.
pub const NAME: &str = "local/all-MiniLM-L6-v2";

/// Where the runtime keeps it.
pub fn folder(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("all-minilm-l6-v2")
}

/// Texts of a background batch: small, so that what was done is stored soon.
const BATCH: usize = 16;

/// The model in this process.
pub struct Local {
    folder: PathBuf,
    model: Arc<OnceLock<Bert>>,
    /// Held by who loads it.
    loading: Arc<Mutex<()>>,
    requests: ThreadPool,
    background: ThreadPool,
}

impl Local {
    /// Starts the threads; nothing is loaded yet.
    pub fn new(folder: PathBuf) -> Result<Self> {
        let thread = |name: &'static str, start: fn(usize)| {
            ThreadPoolBuilder::new()
                .num_threads(1)
                .thread_name(move |_| name.to_owned())
                .start_handler(start)
                // Whoever asked sees that no answer comes; the thread goes on.
                .panic_handler(|_| tracing::error!("the embedding model panicked"))
                .build()
                .map_err(|error| {
                    Error::Setup(format!("The threads of the embedding model cannot be started: {error}."))
                })
        };
        Ok(Self {
            folder,
            model: Arc::default(),
            loading: Arc::default(),
            requests: thread("embed-requests", |_| ())?,
            background: thread("embed-queue", |_| step_back())?,
        })
    }

    /// Loads the model if that was not done yet.
    fn load(&self) -> BoxFuture<'_, Result<i64, Fault>> {
        let (folder, cell, loading) = (self.folder.clone(), self.model.clone(), self.loading.clone());
        let (done, loaded) = oneshot::channel();
        self.background.spawn(move || {
            let _turn = loading.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = match cell.get() {
                Some(bert) => Ok(bert.dimensions()),
                None => Bert::load(&folder).map(|bert| cell.get_or_init(|| bert).dimensions()),
            };
            let _ = done.send(outcome);
        });
        async move {
            match loaded.await {
                Ok(outcome) => outcome.map_err(Fault::Provider),
                Err(_) => Err(Fault::Provider("The thread that loads the embedding model has ended.".to_owned())),
            }
        }
        .boxed()
    }
}

impl Provider for Local {
    fn name(&self) -> &str {
        NAME
    }

    fn prepare(&self) -> BoxFuture<'_, Result<i64, Fault>> {
        self.load()
    }

    fn embed<'a>(&'a self, texts: &'a [String], urgency: Urgency) -> BoxFuture<'a, Result<Vec<Vec<f32>>, Fault>> {
        if self.model.get().is_none() {
            return async { Err(Fault::Loading) }.boxed();
        }
        let (model, texts) = (self.model.clone(), texts.to_vec());
        let (done, vectors) = oneshot::channel();
        let pool = match urgency {
            Urgency::Request => &self.requests,
            Urgency::Background => &self.background,
        };
        pool.spawn(move || {
            // Whoever asked may have left while this waited its turn.
            if done.is_closed() {
                return;
            }
            let outcome = match model.get() {
                Some(bert) => bert.embed(&texts).map_err(Fault::Texts),
                None => Err(Fault::Loading),
            };
            let _ = done.send(outcome);
        });
        async move {
            vectors.await.unwrap_or_else(|_| {
                Err(Fault::Texts("The embedding model stopped in the middle of these texts.".to_owned()))
            })
        }
        .boxed()
    }

    fn batch(&self) -> usize {
        BATCH
    }
}

/// Lets everything else on the machine go before this thread: a backlog takes minutes of a core, which
/// requests, and Postgres beside us, should not notice. Where threads have no priority of their own, nothing
/// changes.
fn step_back() {
    #[cfg(target_os = "linux")]
    // SAFETY: a plain system call on the calling thread; it is no loss if it is refused.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 10);
    }
}
