//! A Callboard server in this process on a free port, and an HTTP client for it.
#![allow(dead_code)]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use callboard::app::AppState;
use callboard::config::{Config, EmbeddingProvider};
use callboard::db::{Db, pool};
use callboard::serve::BackgroundTasks;
use callboard::transport::http::{self, ExtraRoutes};
use callboard::transport::live::dialects::native;
use callboard::transport::live::{self, Live};
use clap::Parser;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::harness::{self, TestDb};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    config: Config,
}

/// A running server and its database; both are removed on drop.
pub struct Server {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// The database, for direct access.
    pub db: Arc<TestDb>,
    /// The shared state of the handlers.
    pub state: Data<AppState>,
    /// Its live hub.
    pub live: Arc<Live>,
    /// Idle connections of [`Server::sql`]. A new one costs more than most statements.
    idle: Mutex<Vec<tokio_postgres::Client>>,
    handle: ServerHandle,
    _tasks: BackgroundTasks,
}

/// An HTTP client of the server.
#[derive(Clone)]
pub struct Client {
    /// The server's address.
    pub url: String,
    /// The access token or key sent with each request.
    pub token: Option<String>,
    /// The refresh token of a sign-in.
    pub refresh: Option<String>,
    /// The signed-in actor's id.
    pub id: String,
    /// Its connections.
    pub http: reqwest::Client,
}

/// A server with the default settings and a fresh database.
pub async fn server(hint: &str) -> Server {
    server_with(hint, &[], Vec::new()).await
}

/// A server with flags of `callboard serve`, e.g. `&["--registration", "off"]`.
pub async fn server_with(hint: &str, flags: &[&str], extras: Vec<ExtraRoutes>) -> Server {
    let db = harness::database(hint).await;
    server_on(db, flags, extras).await
}

/// A server on an existing database.
pub async fn server_on(db: TestDb, flags: &[&str], extras: Vec<ExtraRoutes>) -> Server {
    server_at(Arc::new(db), flags, extras).await
}

async fn server_at(db: Arc<TestDb>, flags: &[&str], mut extras: Vec<ExtraRoutes>) -> Server {
    let config = config(flags);
    let pool = pool::pool(&db.url, 8, Duration::from_secs(config.statement_timeout)).expect("a pool");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let db_handle = Db::new(pool);
    let settings = live::Settings {
        listen_url: db.url.clone(),
        buffer: config.socket_buffer,
        compress: config.socket_compression,
    };
    let live = Live::new(db_handle.clone(), settings);
    extras.push(http::ws::routes(live.clone()));
    extras.push(callboard::transport::mcp::routes(live.clone()));
    let state = Data::new(AppState::load(config, db_handle, native::webhook_body).await.expect("load the state"));
    let relay = live.clone();
    state.add_ready_check("relay", Box::new(move || relay.ready()));
    let tasks = BackgroundTasks::start(&state, &live);
    harness::eventually("the relay catches up", async || live.ready().is_ok()).await;
    let server = http::serve(listener, state.clone(), extras).expect("serve");
    let handle = server.handle();
    tokio::spawn(server);
    Server { url, db, state, live, idle: Mutex::default(), handle, _tasks: tasks }
}

/// The settings from flags; embeddings are off unless a flag enables them.
pub fn config(flags: &[&str]) -> Config {
    let mut config = Settings::parse_from(std::iter::once("callboard").chain(flags.iter().copied())).config;
    if !flags.contains(&"--embedding-provider") {
        config.embedding_provider = EmbeddingProvider::None;
    }
    config
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        self.live.begin_stop();
    }
}

impl Server {
    /// Starts a second server on the same database.
    pub async fn second_server(&self, flags: &[&str]) -> Server {
        server_at(self.db.clone(), flags, Vec::new()).await
    }

    /// A client without a credential.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(self.url.clone())
    }

    /// A client with a bearer credential.
    pub fn bearer(&self, token: &str) -> Client {
        Client { token: Some(token.to_owned()), ..self.anonymous() }
    }

    /// Registers `name@example.org` and signs in.
    pub async fn user(&self, name: &str) -> Client {
        let mut client = self.anonymous();
        let body = json!({"email": format!("{name}@example.org"), "password": "correct horse", "name": name});
        let answer = client.post("/api/auth/register", body).await.created();
        client.token = answer["access"].as_str().map(str::to_owned);
        client.refresh = answer["refresh"].as_str().map(str::to_owned);
        client.id = answer["user"]["id"].as_str().expect("an id").to_owned();
        client
    }

    /// Registers a user and makes it an administrator.
    pub async fn admin(&self, name: &str) -> Client {
        let client = self.user(name).await;
        self.sql("update actors set is_admin = true where id = $1", &[&client.id]).await;
        client
    }

    /// The number returned by a query on its database.
    pub async fn number(&self, query: &str) -> i64 {
        self.sql(query, &[]).await[0].get(0)
    }

    /// Runs a statement directly on its database.
    pub async fn sql(
        &self,
        statement: &str,
        params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Vec<tokio_postgres::Row> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let open = idle().pop().filter(|client| !client.is_closed());
        let client = match open {
            Some(client) => client,
            None => harness::connect(&self.db.url).await,
        };
        let rows = client.query(statement, params).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        idle().push(client);
        rows
    }
}

/// A response: its status, headers and JSON (null if it has none).
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as JSON; a body that is not JSON becomes a JSON string.
    pub json: Value,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let json = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        };
        Self { status, headers, json }
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The JSON of a response that must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.json);
        self.json
    }

    /// The JSON of a 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200)
    }

    /// The JSON of a 201.
    #[track_caller]
    pub fn created(self) -> Value {
        self.expect(201)
    }

    /// Checks for an error with this status and a valid problem document; returns its `code`.
    #[track_caller]
    pub fn refused(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.json);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.json["status"], status);
        let detail = self.json["detail"].as_str().unwrap_or_default();
        assert!(detail.ends_with('.'), "a full sentence: {detail:?}");
        self.json["code"].as_str().expect("a code").to_owned()
    }
}

impl Client {
    /// A client without a credential for the server at an address.
    pub fn anonymous(url: String) -> Self {
        // Installed once per process; repeating it has no effect.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // No proxy from the environment, no cookies, one connection pool per client.
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { url, token: None, refresh: None, id: String::new(), http }
    }

    /// The same with another bearer credential.
    pub fn with(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request that a test may add headers to; send it with [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.expect("an answer")).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    /// PATCH with JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
}
