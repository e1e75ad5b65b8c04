//! Whose session is whose. Sessions exist only for clients of the protocol's older revisions; the current
//! one has none. They live in this server's memory, bounded in number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

use crate::domain::accounts::Caller;

/// A session nobody used for so long is closed; the client begins another.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// Sessions of one credential, and of all. The one unused for longest makes room.
const EACH: usize = 50;
const ALL: usize = 5000;

/// What a session is bound to: an actor, and its key or its sign-in. A renewed access token is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    actor: String,
    session: Option<String>,
    key: Option<String>,
}

impl From<&Caller> for Holder {
    fn from(caller: &Caller) -> Self {
        Self { actor: caller.actor.clone(), session: caller.session.clone(), key: caller.key.clone() }
    }
}

/// The open sessions of this server.
#[derive(Debug)]
pub struct Sessions {
    manager: Arc<LocalSessionManager>,
    held: Mutex<HashMap<String, (Holder, Instant)>>,
}

impl Default for Sessions {
    fn default() -> Self {
        let mut manager = LocalSessionManager::default();
        manager.session_config.keep_alive = Some(IDLE);
        Self { manager: Arc::new(manager), held: Mutex::default() }
    }
}

impl Sessions {
    /// The library's part.
    pub fn manager(&self) -> Arc<LocalSessionManager> {
        self.manager.clone()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, (Holder, Instant)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the session is there and is the holder's.
    pub fn is_of(&self, id: &str, holder: &Holder) -> bool {
        match self.held().get_mut(id) {
            Some((owner, used)) if owner == holder => {
                *used = Instant::now();
                true
            }
            _ => false,
        }
    }

    /// Binds a new session to whoever opened it.
    pub async fn bind(&self, id: &str, holder: Holder) {
        let oldest = {
            let mut held = self.held();
            held.retain(|_, (_, used)| used.elapsed() < IDLE * 2);
            let oldest = |held: &HashMap<String, (Holder, Instant)>, whose: Option<&Holder>| {
                let mine = held.iter().filter(|(_, (owner, _))| whose.is_none_or(|whose| whose == owner));
                mine.min_by_key(|(_, (_, used))| *used).map(|(id, _)| id.clone())
            };
            let oldest = if held.values().filter(|(owner, _)| *owner == holder).count() >= EACH {
                oldest(&held, Some(&holder))
            } else if held.len() >= ALL {
                oldest(&held, None)
            } else {
                None
            };
            held.insert(id.to_owned(), (holder, Instant::now()));
            // Under the same lock: of two that come at once, each ends another one.
            oldest.inspect(|oldest| drop(held.remove(oldest)))
        };
        if let Some(oldest) = oldest {
            self.close(&oldest).await;
        }
    }

    /// Ends a session: its client hears 404 and may begin anew.
    pub async fn close(&self, id: &str) {
        self.held().remove(id);
        if let Err(error) = self.manager.close_session(&id.to_owned().into()).await {
            tracing::debug!(%error, "a session was closed already");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(key: &str) -> Holder {
        Holder { actor: "agent-a".into(), session: None, key: Some(key.into()) }
    }

    #[tokio::test]
    async fn a_session_is_its_holders_only() {
        let sessions = Sessions::default();
        sessions.bind("one", holder("k1")).await;
        assert!(sessions.is_of("one", &holder("k1")));
        assert!(!sessions.is_of("one", &holder("k2")) && !sessions.is_of("two", &holder("k1")));
        for n in 0..EACH {
            sessions.bind(&n.to_string(), holder("k1")).await;
        }
        assert!(!sessions.is_of("one", &holder("k1")), "the oldest made room");
        sessions.bind("other", holder("k2")).await;
        assert_eq!(sessions.held().len(), EACH + 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_at_once_are_no_more_than_each_may_have() {
        let sessions = Arc::new(Sessions::default());
        let opened = (0..EACH * 6).map(|n| {
            let sessions = sessions.clone();
            tokio::spawn(async move { sessions.bind(&n.to_string(), holder("k1")).await })
        });
        for bound in futures_util::future::join_all(opened.collect::<Vec<_>>()).await {
            bound.expect("a session");
        }
        assert_eq!(sessions.held().len(), EACH);
    }
}
