//! Sessions and their owners. Only clients of older protocol revisions have sessions. They are kept in memory, limited in
//! number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

use crate::domain::accounts::Caller;

/// Time after which an unused session is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// Maximum sessions of one credential, and of all. Beyond it, the least recently used one is closed.
const MAX_PER_OWNER: usize = 50;
const MAX_SESSIONS: usize = 5000;

/// What a session is bound to: an actor, and its key or its sign-in. A renewed access token is the same owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOwner {
    actor: String,
    session: Option<String>,
    key: Option<String>,
}

impl From<&Caller> for SessionOwner {
    fn from(caller: &Caller) -> Self {
        Self { actor: caller.actor.clone(), session: caller.session.clone(), key: caller.key.clone() }
    }
}

/// The open sessions of this server.
#[derive(Debug)]
pub struct Sessions {
    manager: Arc<LocalSessionManager>,
    sessions: Mutex<HashMap<String, (SessionOwner, Instant)>>,
}

impl Default for Sessions {
    fn default() -> Self {
        let mut manager = LocalSessionManager::default();
        manager.session_config.keep_alive = Some(IDLE_TIMEOUT);
        Self { manager: Arc::new(manager), sessions: Mutex::default() }
    }
}

impl Sessions {
    /// The session manager of the protocol library.
    pub fn manager(&self) -> Arc<LocalSessionManager> {
        self.manager.clone()
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, (SessionOwner, Instant)>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the session exists and belongs to the owner. Counts as use.
    pub fn is_owned_by(&self, id: &str, owner: &SessionOwner) -> bool {
        match self.sessions().get_mut(id) {
            Some((current, used)) if current == owner => {
                *used = Instant::now();
                true
            }
            _ => false,
        }
    }

    /// Binds a new session to its owner.
    pub async fn bind(&self, id: &str, owner: SessionOwner) {
        let oldest = {
            let mut sessions = self.sessions();
            sessions.retain(|_, (_, used)| used.elapsed() < IDLE_TIMEOUT * 2);
            let oldest = |sessions: &HashMap<String, (SessionOwner, Instant)>, whose: Option<&SessionOwner>| {
                let mine = sessions.iter().filter(|(_, (current, _))| whose.is_none_or(|whose| whose == current));
                mine.min_by_key(|(_, (_, used))| *used).map(|(id, _)| id.clone())
            };
            let oldest = if sessions.values().filter(|(current, _)| *current == owner).count() >= MAX_PER_OWNER {
                oldest(&sessions, Some(&owner))
            } else if sessions.len() >= MAX_SESSIONS {
                oldest(&sessions, None)
            } else {
                None
            };
            sessions.insert(id.to_owned(), (owner, Instant::now()));
            // Removed under the same lock, so that concurrent calls close different sessions.
            oldest.inspect(|oldest| drop(sessions.remove(oldest)))
        };
        if let Some(oldest) = oldest {
            self.close(&oldest).await;
        }
    }

    /// Ends a session; its client gets 404 and may initialize again.
    pub async fn close(&self, id: &str) {
        self.sessions().remove(id);
        if let Err(error) = self.manager.close_session(&id.to_owned().into()).await {
            tracing::debug!(%error, "session was already closed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(key: &str) -> SessionOwner {
        SessionOwner { actor: "agent-a".into(), session: None, key: Some(key.into()) }
    }

    #[tokio::test]
    async fn a_session_belongs_to_its_owner_only() {
        let sessions = Sessions::default();
        sessions.bind("one", owner("k1")).await;
        assert!(sessions.is_owned_by("one", &owner("k1")));
        assert!(!sessions.is_owned_by("one", &owner("k2")) && !sessions.is_owned_by("two", &owner("k1")));
        for n in 0..MAX_PER_OWNER {
            sessions.bind(&n.to_string(), owner("k1")).await;
        }
        assert!(!sessions.is_owned_by("one", &owner("k1")), "the oldest is closed");
        sessions.bind("other", owner("k2")).await;
        assert_eq!(sessions.sessions().len(), MAX_PER_OWNER + 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn concurrent_sessions_stay_within_the_limit_per_owner() {
        let sessions = Arc::new(Sessions::default());
        let opened = (0..MAX_PER_OWNER * 6).map(|n| {
            let sessions = sessions.clone();
            tokio::spawn(async move { sessions.bind(&n.to_string(), owner("k1")).await })
        });
        for bound in futures_util::future::join_all(opened.collect::<Vec<_>>()).await {
            bound.expect("a session");
        }
        assert_eq!(sessions.sessions().len(), MAX_PER_OWNER);
    }
}
