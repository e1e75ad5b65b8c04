//! Calls of functions in schema `logic`: one macro writes the statement and keeps its parameters in step with
//! its values.
//!
//! A statement with positional parameters repeats their order in SQL, in a comment and in Rust. [`crate::sql_fn!`] states
//! each name once, beside its value, and registers the call so that a test can prepare all of them against the
//! migrated schema (`tests/it/sql_contract.rs`).

use std::fmt::Write;
use std::sync::OnceLock;

use super::Params;
use super::group::OwnedParam;

/// A call site of a function of schema `logic`.
#[derive(Debug)]
pub struct SqlFunction {
    /// The name of the function, without the schema.
    pub name: &'static str,
    /// The names of the given parameters, in the order of `$1`, `$2`, ….
    pub parameters: &'static [&'static str],
    /// The file of the call site.
    pub file: &'static str,
    statement: OnceLock<String>,
    row_statement: OnceLock<String>,
    keyed_statement: OnceLock<String>,
}

/// How the names of functions begin that change nothing (see sql/README.md).
const READS: &[&str] = &[
    "admin_exists",
    "authorize_",
    "board_templates",
    "check_",
    "count_",
    "embedding_",
    "ensure_signing_keys",
    "export_",
    "find_",
    "get_",
    "is_",
    "list_",
    "related_",
    "resolve_room",
    "resolve_workflow_ids",
    "search_",
    "verify_",
];

impl SqlFunction {
    /// Describes a call; use [`crate::sql_fn!`].
    pub const fn new(name: &'static str, parameters: &'static [&'static str], file: &'static str) -> Self {
        Self {
            name,
            parameters,
            file,
            statement: OnceLock::new(),
            row_statement: OnceLock::new(),
            keyed_statement: OnceLock::new(),
        }
    }

    /// The statement to prepare, e.g. `select logic.claim_job(caller => $1, workflow => $2)`.
    pub fn statement(&self) -> &str {
        self.statement.get_or_init(|| format!("select {}", self.invocation()))
    }

    /// The statement for a function that returns several columns, e.g. `select * from logic.job_snapshot(…)`.
    pub fn row_statement(&self) -> &str {
        self.row_statement.get_or_init(|| format!("select * from {}", self.invocation()))
    }

    /// The statement of a write in a request with an idempotency key. `coalesce` calls the function only if there is no
    /// stored answer. After the parameters of the function come the key, the hash of the request, the step and the note.
    pub fn keyed_statement(&self) -> &str {
        self.keyed_statement.get_or_init(|| {
            let caller = 1 + self.parameters.iter().position(|name| *name == "caller").unwrap_or_default();
            let [key, hash, step, note] = [1, 2, 3, 4].map(|place| self.parameters.len() + place);
            format!(
                "select coalesce(logic.find_idempotent_answer(${caller}, ${key}, ${hash}, ${step}), \
                 logic.store_idempotent_answer(${key}, ${step}, {}, ${note}))",
                self.invocation()
            )
        })
    }

    /// Whether the function changes nothing, as its name says.
    pub fn is_read(&self) -> bool {
        READS.iter().any(|read| self.name.starts_with(read)) || self.name.ends_with("_snapshot")
    }

    fn invocation(&self) -> String {
        let mut text = format!("logic.{}(", self.name);
        for (index, parameter) in self.parameters.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(text, "{comma}{parameter} => ${}", index + 1);
        }
        text.push(')');
        text
    }
}

/// A function with the values of its parameters, as [`super::Db::call`] takes it.
pub struct FunctionCall<'a> {
    /// The function.
    pub function: &'static SqlFunction,
    /// The values, in the order of the parameters.
    pub params: Params<'a>,
}

/// A function with values of its own, as [`super::Db::call_grouped`] takes it; see [`crate::sql_fn!`].
pub struct OwnedCall {
    /// The function.
    pub function: &'static SqlFunction,
    /// The values, in the order of the parameters.
    pub params: Vec<OwnedParam>,
}

/// An entry of the registry of calls.
pub struct Registered(pub &'static SqlFunction);

inventory::collect!(Registered);

/// All call sites of the program, in no particular order.
pub fn registered() -> impl Iterator<Item = &'static SqlFunction> {
    inventory::iter::<Registered>.into_iter().map(|entry| entry.0)
}

/// A call of a function in schema `logic` with named parameters.
///
/// A value whose variable has the parameter's name is given by that name alone. The values are borrowed until the
/// call has been awaited, so the macro stands inside the call that uses it:
///
/// ```ignore
/// let claimed: ClaimedJob = db
///     .call(sql_fn!(claim_job(caller: caller.to_sql(), workflow: input.workflow_id, lease_seconds)))
///     .await?;
/// ```
///
/// `sql_fn!(owned f(…))` takes the values over, for a call that another request's task may send.
#[macro_export]
macro_rules! sql_fn {
    (owned $name:ident($($parameter:ident: $value:expr),* $(,)?)) => {
        $crate::db::functions::OwnedCall {
            function: $crate::sql_fn!(@function $name($($parameter),*)),
            params: vec![$(Box::new($value) as $crate::db::group::OwnedParam),*],
        }
    };
    ($name:ident($($parameter:ident $(: $value:expr)?),* $(,)?)) => {
        $crate::db::functions::FunctionCall {
            function: $crate::sql_fn!(@function $name($($parameter),*)),
            params: &[$($crate::sql_fn!(@value $parameter $(: $value)?)),*],
        }
    };
    (@function $name:ident($($parameter:ident),*)) => {{
        static FUNCTION: $crate::db::functions::SqlFunction = $crate::db::functions::SqlFunction::new(
            stringify!($name),
            &[$(stringify!($parameter)),*],
            file!(),
        );
        inventory::submit! { $crate::db::functions::Registered(&FUNCTION) }
        &FUNCTION
    }};
    (@value $parameter:ident) => {
        &$parameter as &(dyn tokio_postgres::types::ToSql + Sync)
    };
    (@value $parameter:ident: $value:expr) => {
        &$value as &(dyn tokio_postgres::types::ToSql + Sync)
    };
}
