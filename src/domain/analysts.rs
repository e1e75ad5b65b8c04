//! Analysts: roles of the database that read reports with SQL. The rules are in `sql/logic/89_reporting/40_analysts.sql`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::config::{Host, SslMode};

use crate::db::Db;
use crate::domain::accounts::secrets;
use crate::{Error, Result, sql_fn};

/// The role that reads all workflows and exists without being added.
pub const REPORTING_ROLE: &str = "callboard_reporting";
/// Letters and digits of a new password: 190 bits.
const PASSWORD_LENGTH: usize = 32;

/// An analyst.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Analyst {
    /// The name.
    pub name: String,
    /// The role of the database.
    pub role: String,
    /// When the analyst was added.
    pub created_at: Timestamp,
    /// Whether the database has the role; a restored one may not.
    pub exists: bool,
    /// The workflows that the analyst is limited to; null for all of them.
    pub workflows: Option<Vec<AnalystWorkflow>>,
}

/// A workflow that an analyst may read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnalystWorkflow {
    /// The id.
    pub workflow_id: String,
    /// The name.
    pub name: String,
}

/// What became of a change of a role.
#[derive(Debug, Clone, Deserialize)]
pub struct RoleChange {
    /// The role.
    pub role: String,
    /// Whether it was made or changed.
    #[serde(default)]
    pub created: bool,
    /// Whether an analyst reads some workflows only.
    #[serde(default)]
    pub is_limited: bool,
    /// What an administrator has to run where this was not allowed.
    pub sql: Option<String>,
}

/// Where Postgres listens.
#[derive(Debug, Clone, Deserialize)]
pub struct Access {
    /// Addresses with commas between them; empty where there is only a socket.
    pub listen_addresses: String,
    /// The port.
    pub port: u16,
    /// Whether [`REPORTING_ROLE`] has a password; null where that is hidden.
    pub has_password: Option<bool>,
}

/// A change of a role with the password that it then has.
#[derive(Debug)]
pub struct NewPassword {
    /// The change.
    pub change: RoleChange,
    /// The password; it is stored nowhere.
    pub password: String,
}

/// Adds an analyst, or changes workflows and password of one. With an empty list the analyst reads all workflows; `None` leaves
/// them as they are, and lets a new analyst read all.
pub async fn add(db: &Db, name: &str, workflows: Option<&[String]>) -> Result<NewPassword> {
    let password = secrets::random_text(PASSWORD_LENGTH)?;
    let verifier = secrets::scram_verifier(&password)?;
    let change = db.call(sql_fn!(add_analyst(name, workflows, password: verifier))).await?;
    Ok(NewPassword { change, password })
}

/// Gives [`REPORTING_ROLE`] a new password.
pub async fn set_reporting_password(db: &Db) -> Result<NewPassword> {
    let password = secrets::random_text(PASSWORD_LENGTH)?;
    let verifier = secrets::scram_verifier(&password)?;
    let change = db.call(sql_fn!(set_reporting_password(password: verifier))).await?;
    Ok(NewPassword { change, password })
}

/// All analysts, by name.
pub async fn list(db: &Db) -> Result<Vec<Analyst>> {
    db.call(sql_fn!(list_analysts())).await
}

/// Removes an analyst and ends the sessions.
pub async fn remove(db: &Db, name: &str) -> Result<RoleChange> {
    db.call(sql_fn!(remove_analyst(name))).await
}

/// Where Postgres listens.
pub async fn access(db: &Db) -> Result<Access> {
    db.call(sql_fn!(get_reporting_access())).await
}

/// The name of the analyst that stands for a set of workflows: the same for the same ones.
pub fn name_for_workflows(workflows: &[String]) -> String {
    let mut sorted: Vec<&str> = workflows.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let hash = secrets::hash(&sorted.join("\n"));
    let digits: String = hash.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    format!("w_{digits}")
}

/// The connection string of a role at the Postgres of `server`, the server's own connection string. An embedded one is reached by
/// its socket, or by TCP if it listens.
pub fn connection_string(server: &str, access: &Access, role: &str, password: Option<&str>) -> Result<String> {
    let config: tokio_postgres::Config = server
        .parse()
        .map_err(|error| Error::Setup(format!("The database's connection string cannot be read: {error}.")))?;
    let database = escaped(config.get_dbname().unwrap_or("postgres"));
    let user = match password {
        Some(password) => format!("{role}:{password}"),
        None => role.to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let tls = match config.get_ssl_mode() {
        SslMode::Require => "?sslmode=require",
        _ => "",
    };
    let remote = config.get_hosts().iter().find_map(|host| match host {
        Host::Tcp(name) => Some(name.clone()),
        _ => None,
    });
    if let Some(name) = remote {
        return Ok(format!("postgresql://{user}@{}:{port}/{database}{tls}", bracketed(&name)));
    }
    if let Some(address) = listening(&access.listen_addresses) {
        return Ok(format!("postgresql://{user}@{}:{}/{database}", bracketed(&address.to_string()), access.port));
    }
    let folder = config.get_hosts().iter().find_map(|host| match host {
        #[cfg(unix)]
        Host::Unix(folder) => Some(folder.to_string_lossy().into_owned()),
        _ => None,
    });
    let folder = folder.ok_or_else(|| Error::Setup("The database's connection string names no host.".to_owned()))?;
    Ok(format!("postgresql://{role}@/{database}?host={}", escaped(&folder)))
}

/// The first address of a list, and the one of this machine in place of all addresses.
fn listening(addresses: &str) -> Option<IpAddr> {
    let first = addresses.split(',').map(str::trim).find(|address| !address.is_empty())?;
    let address = match first {
        "*" | "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        other => other.parse().ok()?,
    };
    Some(match address {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    })
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::{Access, connection_string};

    #[test]
    fn connection_strings_name_role_and_place() {
        let access =
            |addresses: &str| Access { listen_addresses: addresses.to_owned(), port: 5433, has_password: None };
        for (server, addresses, password, expected) in [
            (
                "postgresql:///callboard?host=/data/postgres&user=callboard",
                "",
                None,
                "postgresql://r@/callboard?host=%2Fdata%2Fpostgres",
            ),
            (
                "postgresql:///callboard?host=/data/postgres&user=callboard",
                "0.0.0.0",
                Some("p"),
                "postgresql://r:p@127.0.0.1:5433/callboard",
            ),
            (
                "postgres://me:secret@db.example.org/app?sslmode=require",
                "*",
                Some("p"),
                "postgresql://r:p@db.example.org:5432/app?sslmode=require",
            ),
            ("postgres://me@[::1]:6000/app", "*", None, "postgresql://r@[::1]:6000/app"),
        ] {
            assert_eq!(
                connection_string(server, &access(addresses), "r", password).expect("a connection string"),
                expected
            );
        }
    }
}
