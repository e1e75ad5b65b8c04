//! What a listener for another system's clients works with: the key of requests without a credential, and the workflow of
//! requests that name none. Both are made if they are missing, so that one flag is enough to begin.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::config::{CompatClient, CompatListener};
use crate::db::Db;
use crate::domain::accounts::keys::{self, KeyRequest};
use crate::domain::accounts::{Caller, agents};
use crate::domain::operators;
use crate::domain::workflows::{self, BoardConfig, CreateWorkflow, Role};
use crate::{Error, Result, sql_fn};

/// A listener that is ready to serve.
#[derive(Debug)]
pub struct Listener {
    /// Its settings.
    pub settings: CompatListener,
    key: Option<SecretString>,
    workflow: OnceCell<String>,
}

impl Listener {
    /// Reads the key file, or makes a service, its key and, unless the settings name one, its workflow. Clients that sign in need
    /// the service only where jobs are queued: a worker takes them with its key.
    pub async fn prepare(settings: CompatListener, data_dir: &Path, db: &Db) -> Result<Self> {
        if settings.client.signs_in() && settings.auto_queue.is_none() {
            return Ok(Self { settings, key: None, workflow: OnceCell::new() });
        }
        let client = settings.client.as_str();
        let file = settings.key_file.clone().unwrap_or_else(|| data_dir.join(format!("compat/{client}.key")));
        let key = match std::fs::read_to_string(&file) {
            Ok(text) => {
                admit_service(&settings, db).await;
                text.trim().to_owned()
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = make_key(&settings, db).await?;
                write_secret(&file, &key)?;
                tracing::info!(client, file = %file.display(), "made a key for the clients of another system");
                key
            }
            Err(error) => return Err(unreadable(&file, &error.to_string())),
        };
        if key.is_empty() || key.len() > 4096 || key.contains(char::is_whitespace) {
            return Err(unreadable(&file, "it must hold one API key and nothing else"));
        }
        Ok(Self { settings, key: Some(key.into()), workflow: OnceCell::new() })
    }

    /// The key of requests without a credential; none for clients that sign in.
    pub fn key(&self) -> Option<&str> {
        self.key.as_ref().map(ExposeSecret::expose_secret).filter(|_| !self.settings.client.signs_in())
    }

    /// The key of the listener's service, with which a worker takes the jobs that are queued.
    pub fn worker_key(&self) -> Option<&SecretString> {
        self.key.as_ref()
    }

    /// Makes the listener's service a member of a workflow in which a job was queued, so that its worker can take it. The operator
    /// has agreed by setting `auto_queue`.
    pub async fn admit_worker(&self, db: &Db, workflow: &str) -> Result<()> {
        let operator = operators::operator(db, None).await?;
        workflows::set_member(db, &operator, workflow, &service(self.settings.client), Role::Member).await?;
        Ok(())
    }

    /// The type of jobs to queue for what arrives, if any.
    pub fn auto_queue(&self) -> Option<&str> {
        self.settings.auto_queue.as_deref()
    }

    /// The id of the workflow that the settings name; `None` stands for the caller's default workflow. The operator has named it, so
    /// it is looked up among the operator's workflows: a caller may have another one of that name.
    pub async fn workflow(&self, db: &Db) -> Result<Option<String>> {
        let Some(named) = self.settings.workflow.as_deref() else { return Ok(None) };
        let found = self.workflow.get_or_try_init(|| async {
            let operator = operators::operator(db, None).await?;
            operators::find_workflow(db, &operator, named).await
        });
        found.await.cloned().map(Some)
    }
}

/// Makes the service of an existing key a member of the workflow that the settings name, which may have been named later. A key of
/// another actor is left alone. Without that workflow the address answers 404, so the log says why.
async fn admit_service(settings: &CompatListener, db: &Db) {
    let Some(named) = settings.workflow.as_deref() else { return keep_workflow(settings.client, db).await };
    let admit = async {
        let operator = operators::operator(db, None).await?;
        let workflow = operators::find_workflow(db, &operator, named).await?;
        match workflows::set_member(db, &operator, &workflow, &service(settings.client), Role::Member).await {
            Err(error) if error.as_problem().status == 404 => Ok(()),
            admitted => admitted.map(drop),
        }
    };
    if let Err(error) = admit.await {
        let client = settings.client.as_str();
        tracing::warn!(client, workflow = named, %error, "the clients of another system cannot work in their workflow");
    }
}

/// Lets the service of a key that was made before work in the workflow that was made with it, whatever else it has become a member of.
async fn keep_workflow(client: CompatClient, db: &Db) {
    if client.signs_in() {
        return;
    }
    let keep = async {
        let operator = operators::operator(db, None).await?;
        let workflow = operators::find_workflow(db, &operator, title(client)).await?;
        set_workflow(db, client, &workflow).await
    };
    if let Err(error) = keep.await {
        // It was renamed, or the key is of another actor.
        tracing::debug!(client = client.as_str(), %error, "no workflow was made for the clients of another system");
    }
}

/// Makes a workflow the one of the service's requests that name none.
async fn set_workflow(db: &Db, client: CompatClient, workflow: &str) -> Result<()> {
    let _: bool = db.call(sql_fn!(set_listener_workflow(service: service(client), workflow))).await?;
    Ok(())
}

fn unreadable(file: &Path, why: &str) -> Error {
    Error::Setup(format!("The key file {} cannot be read: {why}.", file.display()))
}

/// A key of a new or known service that works for these clients, and may act for the agents that they name.
async fn make_key(settings: &CompatListener, db: &Db) -> Result<String> {
    let operator = operators::operator(db, None).await?;
    let client = settings.client;
    let service = service(client);
    agents::provision(db, &service, agents::Kind::Service, Some(title(client))).await?;
    let workflow = match &settings.workflow {
        Some(named) => Some(operators::find_workflow(db, &operator, named).await?),
        // Its users bring their own.
        None if client.signs_in() => None,
        None => Some(match operators::find_workflow(db, &operator, title(client)).await {
            Err(error) if error.as_problem().status == 404 => create_workflow(client, db, &operator).await?,
            found => found?,
        }),
    };
    if let Some(workflow) = workflow {
        workflows::set_member(db, &operator, &workflow, &service, Role::Member).await?;
        if settings.workflow.is_none() {
            set_workflow(db, client, &workflow).await?;
        }
    }
    let request = KeyRequest {
        name: format!("{} clients", client.as_str()),
        actor_id: Some(service),
        scopes: None,
        expires_at: None,
        workflows: None,
    };
    Ok(keys::create(db, &operator, &request).await?.key)
}

/// The id of the service that works for these clients.
fn service(client: CompatClient) -> String {
    format!("compat-{}", client.as_str())
}

/// The name of the service and of its workflow.
fn title(client: CompatClient) -> &'static str {
    match client {
        CompatClient::StageBoard => "Stage board",
        CompatClient::JobBuilder => "Job builder",
        CompatClient::Engine => "Engine",
        CompatClient::Tracker => "Ticket tracker",
        CompatClient::WorkflowBoard => "Workflow board",
    }
}

async fn create_workflow(client: CompatClient, db: &Db, operator: &Caller) -> Result<String> {
    let column = |(id, name, category): &(&str, &str, &str)| json!({"id": id, "name": name, "category": category});
    let columns: Option<Vec<Value>> = columns(client).map(|columns| columns.iter().map(column).collect());
    let transition = |(from, to): &(&str, &str)| json!({"from": from, "to": to});
    let transitions: Vec<Value> = transitions(client).iter().map(transition).collect();
    let board_config = columns
        .map(|columns| serde_json::from_value::<BoardConfig>(json!({"columns": columns, "transitions": transitions})));
    let input = CreateWorkflow {
        name: title(client).to_owned(),
        description: Some(format!("Work of the clients at the {} address.", client.as_str())),
        board_config: board_config.transpose().map_err(|error| Error::Internal(error.to_string()))?,
        ..CreateWorkflow::default()
    };
    Ok(workflows::create(db, operator, &input).await?.id)
}

/// The columns that the clients show, as (id, name, category).
fn columns(client: CompatClient) -> Option<&'static [(&'static str, &'static str, &'static str)]> {
    match client {
        CompatClient::StageBoard => Some(&[
            ("idle", "Idle", "todo"),
            ("plan", "Plan", "active"),
            ("build", "Build", "active"),
            ("review", "Review", "active"),
            ("shipped", "Shipped", "done"),
            ("errored", "Errored", "active"),
            ("archived", "Archived", "done"),
        ]),
        CompatClient::WorkflowBoard => Some(&[
            ("backlog", "Backlog", "todo"),
            ("plan", "Plan", "active"),
            ("build", "Build", "active"),
            ("test", "Test", "active"),
            ("review", "Review", "active"),
            ("document", "Document", "active"),
            ("ready-to-merge", "Ready to merge", "active"),
            ("errored", "Errored", "active"),
            ("completed", "Completed", "done"),
        ]),
        CompatClient::JobBuilder | CompatClient::Engine | CompatClient::Tracker => None,
    }
}

/// The moves that the clients' own server allows, and those of work and of its retry; all, where it allows all.
fn transitions(client: CompatClient) -> &'static [(&'static str, &'static str)] {
    match client {
        CompatClient::StageBoard => &[
            ("idle", "plan"),
            ("idle", "archived"),
            ("plan", "build"),
            ("plan", "shipped"),
            ("plan", "errored"),
            ("build", "review"),
            ("build", "shipped"),
            ("build", "errored"),
            ("review", "shipped"),
            ("review", "errored"),
            ("shipped", "errored"),
            ("shipped", "archived"),
            ("errored", "idle"),
            ("errored", "archived"),
            ("errored", "plan"),
            ("errored", "build"),
            ("errored", "review"),
            ("archived", "idle"),
        ],
        _ => &[],
    }
}

/// Writes a file that only its owner can read. The folder is made if it is missing.
fn write_secret(file: &PathBuf, secret: &str) -> Result<()> {
    let written = || -> std::io::Result<()> {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        writeln!(out, "{secret}")
    };
    written().map_err(|error| Error::Setup(format!("The key file {} cannot be written: {error}.", file.display())))
}
