//! The sessions that this server holds in memory. Only clients of older protocol revisions have sessions. A session that
//! this server does not hold is taken up from its signed id; see `session_id`.

use std::collections::{HashMap, HashSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmcp::model::{ClientCapabilities, Implementation, InitializeRequestParams, ProtocolVersion};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::{SessionManager, SessionState, SessionStore, SessionStoreError};
use serde_json::Value;

use super::session_id::{SessionId, SessionOwner};

/// Time after which an unused session leaves memory. Its client may go on to use it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// Maximum sessions of one credential, and of all. Beyond it, the least recently used one leaves memory.
const MAX_PER_OWNER: usize = 50;
const MAX_SESSIONS: usize = 5000;
/// Sessions that clients have ended, which are not taken up again.
const MAX_ENDED: usize = 10_000;
/// Maximum requests of one session that are worked on at once.
const MAX_IN_FLIGHT: usize = 256;

#[derive(Debug)]
struct Session {
    owner: SessionOwner,
    revision: String,
    used: Instant,
    /// Held while the library takes the session up; a second request in that moment would break it.
    taking_up: Arc<tokio::sync::Mutex<()>>,
    /// The ids of requests that are worked on, as JSON.
    in_flight: HashSet<String>,
}

/// The open sessions of this server.
#[derive(Debug)]
pub struct Sessions {
    manager: Arc<LocalSessionManager>,
    sessions: Mutex<HashMap<String, Session>>,
    ended: Mutex<VecDeque<String>>,
    /// Names this server process in event ids.
    process: String,
}

impl Default for Sessions {
    fn default() -> Self {
        let mut manager = LocalSessionManager::default();
        manager.session_config.keep_alive = Some(IDLE_TIMEOUT);
        let process = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
        Self { manager: Arc::new(manager), sessions: Mutex::default(), ended: Mutex::default(), process }
    }
}

/// Why a request is not let into its session.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A request with this id is worked on.
    SameId,
    /// Too many requests are worked on.
    TooMany,
}

/// A request that is worked on; its id is free again when this is dropped.
#[derive(Debug)]
pub struct InFlight {
    sessions: Arc<Sessions>,
    session: String,
    request_id: String,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(session) = self.sessions.sessions().get_mut(&self.session) {
            session.in_flight.remove(&self.request_id);
        }
    }
}

impl Sessions {
    /// The session manager of the protocol library.
    pub fn manager(&self) -> Arc<LocalSessionManager> {
        self.manager.clone()
    }

    /// The name of this server process.
    pub fn process(&self) -> &str {
        &self.process
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its client has ended the session through this server.
    pub fn has_ended(&self, id: &str) -> bool {
        self.ended().iter().any(|ended| ended == id)
    }

    /// Notes that a session is used, whether or not it was opened here. If the library does not hold it, the returned
    /// guard must be kept until the library has answered, which takes it up.
    pub async fn enter(&self, id: &SessionId, owner: SessionOwner) -> Option<tokio::sync::OwnedMutexGuard<()>> {
        let name = id.id.clone().into();
        let (taking_up, oldest) = {
            let mut sessions = self.sessions();
            let oldest = match sessions.contains_key(&id.id) {
                true => None,
                false => Self::oldest_of_too_many(&mut sessions, &owner),
            };
            let session = sessions.entry(id.id.clone()).or_insert_with(|| Session {
                owner,
                revision: id.revision.clone(),
                used: Instant::now(),
                taking_up: Arc::default(),
                in_flight: HashSet::new(),
            });
            session.used = Instant::now();
            // Removed under the same lock, so that concurrent calls close different sessions.
            (session.taking_up.clone(), oldest.inspect(|oldest| drop(sessions.remove(oldest))))
        };
        if let Some(oldest) = oldest {
            self.close(&oldest).await;
        }
        if self.manager.has_session(&name).await.unwrap_or(false) && taking_up.try_lock().is_ok() {
            return None;
        }
        let guard = taking_up.lock_owned().await;
        match self.manager.has_session(&name).await {
            Ok(true) => None,
            _ => Some(guard),
        }
    }

    /// The session that leaves memory for one more of this owner.
    fn oldest_of_too_many(sessions: &mut HashMap<String, Session>, owner: &SessionOwner) -> Option<String> {
        sessions.retain(|_, session| session.used.elapsed() < IDLE_TIMEOUT * 2);
        let oldest = |whose: Option<&SessionOwner>| {
            let mine = sessions.iter().filter(|(_, session)| whose.is_none_or(|whose| *whose == session.owner));
            mine.min_by_key(|(_, session)| session.used).map(|(id, _)| id.clone())
        };
        if sessions.values().filter(|session| session.owner == *owner).count() >= MAX_PER_OWNER {
            oldest(Some(owner))
        } else if sessions.len() >= MAX_SESSIONS {
            oldest(None)
        } else {
            None
        }
    }

    /// Lets a request into its session, unless one with the same id is worked on: only one of them could be answered.
    pub fn begin(self: &Arc<Self>, session: &str, request_id: &Value) -> Result<InFlight, Refusal> {
        let id = request_id.to_string();
        if let Some(open) = self.sessions().get_mut(session) {
            if open.in_flight.len() >= MAX_IN_FLIGHT {
                return Err(Refusal::TooMany);
            }
            if !open.in_flight.insert(id.clone()) {
                return Err(Refusal::SameId);
            }
        }
        Ok(InFlight { sessions: self.clone(), session: session.to_owned(), request_id: id })
    }

    /// Ends a session for good, at the request of its client.
    pub async fn end(&self, id: &str) {
        {
            let mut ended = self.ended();
            if ended.len() >= MAX_ENDED {
                ended.pop_front();
            }
            ended.push_back(id.to_owned());
        }
        self.close(id).await;
    }

    /// Removes a session from memory.
    pub async fn close(&self, id: &str) {
        self.sessions().remove(id);
        if let Err(error) = self.manager.close_session(&id.to_owned().into()).await {
            tracing::debug!(%error, "session was already closed");
        }
    }
}

type Stored<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

/// Where the library looks for a session that it does not hold. `admission` has verified the id by then, and all that the
/// library needs is the revision.
impl SessionStore for Sessions {
    fn load<'a, 'b, 'c>(&'a self, session_id: &'b str) -> Stored<'c, Option<SessionState>>
    where
        'a: 'c,
        'b: 'c,
    {
        let revision = self.sessions().get(session_id).map(|session| session.revision.clone());
        let state = revision.map(|revision| {
            let client = Implementation::new("resumed", "1");
            let mut params = InitializeRequestParams::new(ClientCapabilities::default(), client);
            if let Ok(version) = serde_json::from_value::<ProtocolVersion>(revision.into()) {
                params = params.with_protocol_version(version);
            }
            SessionState::new(params)
        });
        Box::pin(std::future::ready(Ok(state)))
    }

    fn store<'a, 'b, 'd, 'c>(&'a self, _: &'b str, _: &'d SessionState) -> Stored<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        'd: 'c,
    {
        Box::pin(std::future::ready(Ok(())))
    }

    fn delete<'a, 'b, 'c>(&'a self, _: &'b str) -> Stored<'c, ()>
    where
        'a: 'c,
        'b: 'c,
    {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::accounts::Caller;

    fn owner(key: &str) -> SessionOwner {
        SessionOwner::from(&Caller { key: Some(key.into()), ..Caller::trusted("agent-a") })
    }

    fn id(name: impl ToString) -> SessionId {
        SessionId { id: name.to_string(), revision: "2025-06-18".into() }
    }

    #[tokio::test]
    async fn the_least_recently_used_session_leaves_memory() {
        let sessions = Sessions::default();
        drop(sessions.enter(&id("one"), owner("k1")).await);
        for n in 0..MAX_PER_OWNER {
            drop(sessions.enter(&id(n), owner("k1")).await);
        }
        assert!(!sessions.sessions().contains_key("one"));
        drop(sessions.enter(&id("other"), owner("k2")).await);
        assert_eq!(sessions.sessions().len(), MAX_PER_OWNER + 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn concurrent_sessions_stay_within_the_limit_per_owner() {
        let sessions = Arc::new(Sessions::default());
        let opened = (0..MAX_PER_OWNER * 6).map(|n| {
            let sessions = sessions.clone();
            tokio::spawn(async move { drop(sessions.enter(&id(n), owner("k1")).await) })
        });
        for entered in futures_util::future::join_all(opened.collect::<Vec<_>>()).await {
            entered.expect("a session");
        }
        assert_eq!(sessions.sessions().len(), MAX_PER_OWNER);
    }

    #[tokio::test]
    async fn a_request_id_is_used_once_at_a_time() {
        let sessions = Arc::new(Sessions::default());
        drop(sessions.enter(&id("one"), owner("k1")).await);
        let first = sessions.begin("one", &1.into()).expect("admitted");
        assert_eq!(sessions.begin("one", &1.into()).err(), Some(Refusal::SameId));
        assert!(sessions.begin("one", &"1".into()).is_ok(), "a text is another id");
        drop(first);
        assert!(sessions.begin("one", &1.into()).is_ok());
        sessions.end("one").await;
        assert!(sessions.has_ended("one") && !sessions.has_ended("two"));
    }
}
