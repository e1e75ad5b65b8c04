//! A database with an owner, an outsider and a board, and helpers that call its functions.

use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::types::Json;

use crate::harness::{self, TestDb};

/// See the module documentation.
pub struct Fixture {
    /// The database.
    pub db: TestDb,
    /// A connection to it.
    pub client: Client,
    /// The workflow of `owner`.
    pub workflow: String,
}

/// The result of a function, or the SQLSTATE, message and detail of its error.
pub type Outcome = Result<Value, (String, String, Value)>;

impl Fixture {
    /// A development board; actors `owner`, `member`, `viewer` with those roles and `outsider` with none.
    pub async fn open(hint: &str) -> Self {
        Self::on(harness::database(hint).await).await
    }

    /// Like [`Self::open`], in a given database.
    pub async fn on(db: TestDb) -> Self {
        let client = harness::connect(&db.url).await;
        client
            .batch_execute(
                "insert into actors (id, kind, name) values
                    ('owner', 'user', 'Owner'), ('member', 'user', 'Member'), ('viewer', 'user', 'Viewer'),
                    ('outsider', 'user', 'Outsider'), ('service', 'service', 'Service');",
            )
            .await
            .expect("actors");
        let workflow: String = client
            .query_one("select logic.create_workflow('owner', 'Work') ->> 'id'", &[])
            .await
            .expect("a workflow")
            .get(0);
        for role in ["member", "viewer"] {
            client
                .execute("select logic.set_member('owner', $1, $2, $2)", &[&workflow, &role])
                .await
                .expect("a member");
        }
        Self { db, client, workflow }
    }

    /// Calls `logic.name` with arguments from a JSON object; `caller` and `workflow` default to the owner and its
    /// workflow.
    pub async fn call(&self, name: &str, arguments: Value) -> Outcome {
        let row = self
            .client
            .query_one(
                "select coalesce(p.proargnames[1:p.pronargs], '{}'), array(select format_type(t, null) from unnest(p.proargtypes) t)
                   from pg_proc p where p.pronamespace = 'logic'::regnamespace and p.proname = $1",
                &[&name],
            )
            .await
            .unwrap_or_else(|error| panic!("logic.{name}: {error:?}"));
        let (names, types): (Vec<String>, Vec<String>) = (row.get(0), row.get(1));
        let mut given = json!({});
        if names.iter().any(|n| n == "caller") {
            given["caller"] = json!("owner");
        }
        if names.iter().any(|n| n == "workflow") && name != "get_ticket" && name != "find_commit_repositories" {
            given["workflow"] = json!(self.workflow);
        }
        for (key, value) in arguments.as_object().expect("an object") {
            assert!(names.contains(key), "logic.{name} has no parameter {key}");
            given[key] = value.clone();
        }
        let list: Vec<String> = names
            .iter()
            .zip(&types)
            .filter(|(name, _)| given.get(name.as_str()).is_some())
            .map(|(name, kind)| match kind.as_str() {
                "jsonb" => format!("{name} => $1 -> '{name}'"),
                "text[]" => format!(
                    "{name} => case when jsonb_typeof($1 -> '{name}') = 'array' then array(select jsonb_array_elements_text($1 -> '{name}')) end"
                ),
                kind => format!("{name} => ($1 ->> '{name}')::{kind}"),
            })
            .collect();
        let sql = format!("select to_jsonb(logic.{name}({})) from (select $1::jsonb) x", list.join(", "));
        match self.client.query_one(&sql, &[&Json(given)]).await {
            Ok(row) => Ok(row.get::<_, Option<Json<Value>>>(0).map_or(Value::Null, |json| json.0)),
            Err(error) => {
                let db = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
                let detail = db.detail().and_then(|d| serde_json::from_str(d).ok()).unwrap_or(Value::Null);
                Err((db.code().code().to_owned(), db.message().to_owned(), detail))
            }
        }
    }

    /// Calls a function that must succeed.
    pub async fn ok(&self, name: &str, arguments: Value) -> Value {
        self.call(name, arguments).await.unwrap_or_else(|refusal| panic!("logic.{name}: {refusal:?}"))
    }

    /// Calls a function that must fail; returns the SQLSTATE.
    pub async fn refused(&self, name: &str, arguments: Value) -> String {
        match self.call(name, arguments).await {
            Ok(answer) => panic!("logic.{name} answered {answer}"),
            Err((code, message, _)) => {
                assert!(message.ends_with('.'), "a full sentence: {message}");
                code
            }
        }
    }

    /// Creates a ticket; returns its id.
    pub async fn ticket(&self, title: &str) -> String {
        self.ticket_with(title, json!({})).await
    }

    /// Creates a ticket with additional fields.
    pub async fn ticket_with(&self, title: &str, more: Value) -> String {
        let mut arguments = json!({"title": title, "description": format!("{title}, described at length")});
        for (key, value) in more.as_object().expect("an object") {
            arguments[key] = value.clone();
        }
        let answer = self.ok("create_ticket", arguments).await;
        answer["ticket_id"].as_str().expect("an id").to_owned()
    }

    /// A ticket's card.
    pub async fn card(&self, id: &str) -> Value {
        let row = self
            .client
            .query_one("select to_jsonb(c) from logic.cards c where c.ticket_id = $1", &[&id])
            .await
            .expect("a card");
        row.get::<_, Json<Value>>(0).0
    }

    /// The change types of a ticket's history, in order.
    pub async fn changes(&self, id: &str) -> Vec<String> {
        let rows = self
            .client
            .query("select change_type from history where ticket_id = $1 order by seq", &[&id])
            .await
            .expect("history");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Checks that every stream counts 1, 2, 3… up to its last_seq.
    pub async fn streams_are_gapless(&self) {
        let rows = self
            .client
            .query(
                "select s.stream_id, s.last_seq, count(h.seq), coalesce(max(h.seq), 0), count(distinct h.seq)
                   from streams s left join history h using (stream_id) group by 1, 2",
                &[],
            )
            .await
            .expect("streams");
        for row in rows {
            let (stream, last): (String, i64) = (row.get(0), row.get(1));
            for column in 2..5 {
                assert_eq!(row.get::<_, i64>(column), last, "{stream}");
            }
        }
    }
}
