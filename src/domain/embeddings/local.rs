//! The provider `local`: runs the model from the runtime folder in this process.
//!
//! Two dedicated threads, one for requests and one for the queue, share the weights, so a query never waits for a
//! batch and the server's own threads stay free. Each thread computes sequentially: parallelism over all cores would
//! not speed up a short query and would slow down everything else.

mod bert;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

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

/// The in-process model.
pub struct Local {
    folder: PathBuf,
    model: Arc<OnceLock<Bert>>,
    /// Held while the model is loaded.
    load_lock: Arc<Mutex<()>>,
    requests: ThreadPool,
    background: ThreadPool,
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
            background: thread("embed-queue", |_| lower_priority())?,
        })
    }

    /// Loads the model unless it is loaded already.
    fn load(&self) -> BoxFuture<'_, Result<i64, ProviderError>> {
        let (folder, cell, load_lock) = (self.folder.clone(), self.model.clone(), self.load_lock.clone());
        let (done, loaded) = oneshot::channel();
        self.background.spawn(move || {
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
        let (model, texts) = (self.model.clone(), texts.to_vec());
        let (done, vectors) = oneshot::channel();
        let pool = match urgency {
            Urgency::Request => &self.requests,
            Urgency::Background => &self.background,
        };
        pool.spawn(move || {
            // The caller may be gone by the time this runs.
            if done.is_closed() {
                return;
            }
            let outcome = match model.get() {
                Some(bert) => bert.embed(&texts).map_err(ProviderError::RejectedInput),
                None => Err(ProviderError::Loading),
            };
            let _ = done.send(outcome);
        });
        async move {
            vectors.await.unwrap_or_else(|_| {
                Err(ProviderError::RejectedInput(
                    "The embedding model stopped in the middle of these texts.".to_owned(),
                ))
            })
        }
        .boxed()
    }

    fn batch_size(&self) -> usize {
        BATCH_SIZE
    }
}

/// Lowers the priority of this thread, because a backlog takes minutes of CPU that requests and Postgres should not
/// compete with. Only Linux has priorities per thread; elsewhere this does nothing.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    // SAFETY: a plain system call on the calling thread; its failure is harmless.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 10);
    }
}
