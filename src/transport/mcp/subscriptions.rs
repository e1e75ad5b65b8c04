//! What a session, or a stream of the current revision, watches: subscriptions begin, renew and end here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::Timestamp;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::SubscriptionSink;
use rmcp::{Peer, RoleServer};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::transport::live::Live;
use crate::transport::mcp::admission::Visitor;
use crate::transport::mcp::resource_watch::{End, MOST, Watcher};
use crate::transport::mcp::resources::Resource;
use crate::transport::mcp::sessions::Sessions;
use crate::{Error, Result};

/// A task that ends with its owner.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The subscriptions of one session.
pub struct Subscriptions {
    live: Arc<Live>,
    sessions: Arc<Sessions>,
    /// When the credential last shown ends.
    ends: watch::Sender<Option<Timestamp>>,
    tasks: Mutex<HashMap<String, Task>>,
}

impl Subscriptions {
    /// Nothing is watched yet.
    pub fn new(live: Arc<Live>, sessions: Arc<Sessions>) -> Self {
        Self { live, sessions, ends: watch::Sender::new(None), tasks: Mutex::default() }
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<String, Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request came with a credential that lasts until then: an access token may have been renewed.
    pub fn renew(&self, expires_at: Option<Timestamp>) {
        self.ends.send_if_modified(|ends| std::mem::replace(ends, expires_at) != expires_at);
    }

    /// Begins to tell a session of changes of a resource. Once more for the same one begins it anew.
    pub async fn begin(&self, visitor: &Visitor, uri: String, peer: Peer<RoleServer>) -> Result<()> {
        let room = Resource::parse(&uri)?.room();
        let watcher = Watcher::open(&self.live, visitor.caller.clone(), room).await?;
        let mut tasks = self.tasks();
        tasks.retain(|_, task| !task.0.is_finished());
        if tasks.len() >= MOST && !tasks.contains_key(&uri) {
            let detail = format!("One session watches at most {MOST} resources; unsubscribe from some first.");
            return Err(Error::problem(429, "too_many_subscriptions", detail));
        }
        let (ends, sessions, session) = (self.ends.subscribe(), self.sessions.clone(), visitor.session.clone());
        let told = uri.clone();
        let tell = move || {
            let (peer, news) = (peer.clone(), ResourceUpdatedNotificationParam::new(told.clone()));
            async move { peer.notify_resource_updated(news).await.is_ok() }.boxed()
        };
        let run = async move {
            if watcher.run(ends, tell).await == End::Unauthenticated
                && let Some(session) = session
            {
                // In a task of its own: closing the session ends this one.
                tokio::spawn(async move { sessions.close(&session).await });
            }
        };
        tasks.insert(uri, Task(tokio::spawn(run)));
        Ok(())
    }

    /// Ends it.
    pub fn end(&self, uri: &str) {
        self.tasks().remove(uri);
    }

    /// Tells one stream of changes until it is closed, or nothing is left to tell.
    pub async fn listen(
        &self,
        visitor: &Visitor,
        uris: Vec<String>,
        sink: &SubscriptionSink,
        closed: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        let mut watchers = Vec::with_capacity(uris.len());
        for uri in uris {
            let room = Resource::parse(&uri)?.room();
            watchers.push((Watcher::open(&self.live, visitor.caller.clone(), room).await?, uri));
        }
        if watchers.is_empty() {
            closed.await;
            return Ok(());
        }
        let all = join_all(watchers.into_iter().map(|(watcher, uri)| {
            let sink = sink.clone();
            watcher.run(self.ends.subscribe(), move || {
                let (sink, uri) = (sink.clone(), uri.clone());
                async move { sink.notify_resource_updated(uri).await.is_ok() }.boxed()
            })
        }));
        tokio::select! {
            _ = all => {}
            () = closed => {}
        }
        Ok(())
    }
}
