//! Definitions and executions for existing clients. A definition is a board configuration to create workflows from: a
//! template, or one that a user has saved. An execution is a workflow.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::workflows::BoardConfig;
use crate::{Error, Result, sql_fn};

/// A board configuration to create workflows from.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Definition {
    /// A template's name, or `definition-<uuid>`.
    pub id: String,
    /// The same as `id`.
    pub definition_id: String,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The board.
    #[schema(value_type = Object)]
    pub board_config: Value,
    /// Whether it is a template.
    pub built_in: bool,
    /// When it was created.
    pub created_at: Option<String>,
    /// Its columns in order: `{id, name, order}`.
    #[schema(value_type = Vec<Object>)]
    pub phases: Vec<Value>,
}

/// The definitions that the caller can use.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Definitions {
    /// The templates, then the caller's own.
    pub definitions: Vec<Definition>,
}

/// How a column is given in the request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Phase {
    /// Its name.
    Name(String),
    /// An object with its name as `name` or `phase_name`.
    Object(serde_json::Map<String, Value>),
}

/// `POST /api/workflow-definitions`. Unknown fields are ignored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct CreateDefinition {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The description.
    pub description: Option<String>,
    /// The columns between a first and a last one, which are added. Each is a name, or an object with a `name`.
    #[schema(value_type = Option<Vec<Phase>>)]
    pub phases: Option<Vec<Value>>,
    /// The whole board configuration, instead of `phases`.
    pub board_config: Option<BoardConfig>,
}

/// `POST /api/workflow-executions`. Unknown fields are ignored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct CreateExecution {
    /// The definition's id, or a template's name.
    #[schema(min_length = 1)]
    pub definition_id: String,
    /// The name of the workflow. Defaults to its description, else to the name of the definition.
    pub name: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// Parameters of the execution; stored unchanged.
    #[schema(value_type = Option<Object>)]
    pub launch_params: Option<Value>,
    /// The prompt of a first job, which is queued together with a ticket.
    pub prompt: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// A workflow as an execution.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Execution {
    /// The workflow's id.
    pub id: String,
    /// The same as `id`.
    pub execution_id: String,
    /// The same as `id`.
    pub workflow_id: String,
    /// The definition, if it is known.
    pub definition_id: Option<String>,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The parameters of the execution.
    #[schema(value_type = Object)]
    pub launch_params: Value,
    /// active, completed (every ticket is resolved and no job is open) or archived.
    pub status: String,
    /// The caller's role in it.
    pub role: String,
    /// When it was started.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When it was archived.
    pub completed_at: Option<String>,
    /// `{total_tickets, resolved_tickets, active_jobs}`.
    #[schema(value_type = Object)]
    pub stats: Value,
    /// The job of the prompt, in the answer to its creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The ticket of that job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<String>,
    /// The board configuration, when a single execution is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub board_config: Option<Value>,
    /// Its newest 50 jobs, when a single execution is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub jobs: Option<Vec<Value>>,
}

/// The caller's workflows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Executions {
    /// The executions, newest first.
    pub executions: Vec<Execution>,
}

/// The definitions that the caller can use.
pub async fn definitions(db: &Db, caller: &Caller) -> Result<Definitions> {
    db.call(sql_fn!(list_definitions(caller: caller.to_sql()))).await
}

/// Saves a board configuration as a definition.
pub async fn define(db: &Db, caller: &Caller, input: &CreateDefinition) -> Result<Definition> {
    if input.phases.is_none() && input.board_config.is_none() {
        let mut problem = Error::invalid("phases", "or board_config must be given").as_problem();
        problem.errors.extend(Error::invalid("board_config", "or phases must be given").as_problem().errors);
        return Err(Error::Problem(Box::new(problem)));
    }
    let name = |(place, phase): (usize, &Value)| {
        let named = [phase, &phase["name"], &phase["phase_name"]].into_iter().find_map(Value::as_str);
        named
            .map(str::to_owned)
            .ok_or_else(|| Error::invalid(&format!("phases[{place}]"), "must be a name or have one"))
    };
    let phases = input.phases.as_ref().map(|phases| phases.iter().enumerate().map(name).collect::<Result<Vec<_>>>());
    let phases = phases.transpose()?;
    let board = input.board_config.as_ref().map(Json);
    db.call(sql_fn!(create_definition(
        caller: caller.to_sql(),
        name: input.name,
        description: input.description,
        phases,
        board_config: board,
    )))
    .await
}

/// Creates a workflow from a definition.
pub async fn create(db: &Db, caller: &Caller, input: &CreateExecution) -> Result<Execution> {
    let params = input.launch_params.as_ref().map(Json);
    db.call(sql_fn!(create_execution(
        caller: caller.to_sql(),
        definition: input.definition_id,
        name: input.name,
        description: input.description,
        params,
        prompt: input.prompt,
    )))
    .await
}

/// The caller's workflows.
pub async fn list(db: &Db, caller: &Caller, status: Option<&str>, limit: i64) -> Result<Executions> {
    db.call(sql_fn!(list_executions(caller: caller.to_sql(), status, max_rows: limit))).await
}

/// Reads a workflow as an execution.
pub async fn get(db: &Db, caller: &Caller, workflow: &str) -> Result<Execution> {
    db.call(sql_fn!(get_execution(caller: caller.to_sql(), workflow))).await
}
