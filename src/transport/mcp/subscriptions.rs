//! Resource subscriptions of a session, or of a stream in the current protocol revision.

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

use crate::domain::accounts::mcp_sessions;
use crate::transport::live::Live;
use crate::transport::mcp::context::RequestContext;
use crate::transport::mcp::resource_watch::{MAX_RESOURCES, ResourceWatch, WatchEnd};
use crate::transport::mcp::resources::Resource;
use crate::transport::mcp::sessions::Sessions;
use crate::{Error, Result};

/// A task that is aborted when its owner is dropped.
struct OwnedTask(JoinHandle<()>);

impl Drop for OwnedTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Forgets one subscription of a session, or all of them.
pub async fn forget(context: &RequestContext, session: &str, uri: Option<&str>) {
    let done = mcp_sessions::remove_subscriptions(&context.state.db, &context.caller, session, uri).await;
    if let Err(error) = done {
        tracing::debug!(%error, "a subscription could not be removed; it expires");
    }
}

/// The subscriptions of one session.
pub struct Subscriptions {
    live: Arc<Live>,
    sessions: Arc<Sessions>,
    /// When the latest credential expires.
    expiry: watch::Sender<Option<Timestamp>>,
    tasks: Mutex<HashMap<String, OwnedTask>>,
}

impl Subscriptions {
    /// No subscriptions yet.
    pub fn new(live: Arc<Live>, sessions: Arc<Sessions>) -> Self {
        Self { live, sessions, expiry: watch::Sender::new(None), tasks: Mutex::default() }
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<String, OwnedTask>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Extends the subscriptions to the expiry of the latest credential; an access token may have been renewed.
    pub fn renew(&self, expires_at: Option<Timestamp>) {
        self.expiry.send_if_modified(|expiry| std::mem::replace(expiry, expires_at) != expires_at);
    }

    /// Starts to notify a session of changes of a resource. Replaces a subscription to the same one. It is remembered, so
    /// that a server which takes the session up goes on with it.
    pub async fn subscribe(&self, context: &RequestContext, uri: String, peer: Peer<RoleServer>) -> Result<()> {
        self.watch(context, uri.clone(), peer).await?;
        match &context.session {
            Some(session) => mcp_sessions::add_subscription(&context.state.db, &context.caller, session, &uri).await,
            None => Ok(()),
        }
    }

    /// Watches what a session watched on another server, or before a restart. Each resource is notified once, because it
    /// may have changed meanwhile.
    pub async fn take_up(&self, context: &RequestContext, peer: Peer<RoleServer>) {
        let Some(session) = &context.session else { return };
        let listed = mcp_sessions::list_subscriptions(&context.state.db, &context.caller, session).await;
        let uris = listed.unwrap_or_else(|error| {
            tracing::warn!(%error, "the subscriptions of an MCP session could not be read");
            Vec::new()
        });
        for uri in uris {
            // What can no longer be read is no longer watched.
            if self.watch(context, uri.clone(), peer.clone()).await.is_ok() {
                let changed = ResourceUpdatedNotificationParam::new(uri);
                let peer = peer.clone();
                tokio::spawn(async move { peer.notify_resource_updated(changed).await });
            }
        }
    }

    async fn watch(&self, context: &RequestContext, uri: String, peer: Peer<RoleServer>) -> Result<()> {
        let room = Resource::parse(&uri)?.room();
        let watch = ResourceWatch::open(&self.live, context.caller.clone(), room).await?;
        let mut tasks = self.tasks();
        tasks.retain(|_, task| !task.0.is_finished());
        if tasks.len() >= MAX_RESOURCES && !tasks.contains_key(&uri) {
            let detail = format!("One session watches at most {MAX_RESOURCES} resources; unsubscribe from some first.");
            return Err(Error::problem(429, "too_many_subscriptions", detail));
        }
        let (expiry, sessions, session) = (self.expiry.subscribe(), self.sessions.clone(), context.session.clone());
        let changed = uri.clone();
        let notify = move || {
            let (peer, notification) = (peer.clone(), ResourceUpdatedNotificationParam::new(changed.clone()));
            async move { peer.notify_resource_updated(notification).await.is_ok() }.boxed()
        };
        let run = async move {
            if watch.run(expiry, notify).await == WatchEnd::Unauthenticated
                && let Some(session) = session
            {
                // In a separate task, because closing the session aborts this one.
                tokio::spawn(async move { sessions.close(&session).await });
            }
        };
        tasks.insert(uri, OwnedTask(tokio::spawn(run)));
        Ok(())
    }

    /// Ends a subscription.
    pub async fn unsubscribe(&self, context: &RequestContext, uri: &str) {
        self.tasks().remove(uri);
        if let Some(session) = &context.session {
            forget(context, session, Some(uri)).await;
        }
    }

    /// Notifies one stream of changes until it is closed or every watch has ended.
    pub async fn listen(
        &self,
        context: &RequestContext,
        uris: Vec<String>,
        sink: &SubscriptionSink,
        closed: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        let mut watches = Vec::with_capacity(uris.len());
        for uri in uris {
            let room = Resource::parse(&uri)?.room();
            watches.push((ResourceWatch::open(&self.live, context.caller.clone(), room).await?, uri));
        }
        if watches.is_empty() {
            closed.await;
            return Ok(());
        }
        let all = join_all(watches.into_iter().map(|(watch, uri)| {
            let sink = sink.clone();
            watch.run(self.expiry.subscribe(), move || {
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
