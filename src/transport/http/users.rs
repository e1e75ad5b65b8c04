//! `/api/users`: accounts of people, for administrators.

use actix_web::{get, post, web};

use crate::app::AppState;
use crate::domain::accounts::users::{self, AccountChanged, AccountList};
use crate::transport::http::agents::ActorPage;
use crate::transport::http::{Auth, Path, Query, Reply, Result, ServiceConfig};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(disable).service(enable);
}

/// People with accounts, by id. For administrators.
#[utoipa::path(tag = "users", params(ActorPage), responses((status = 200, body = AccountList)))]
#[get("/api/users")]
async fn list(auth: Auth, state: web::Data<AppState>, page: Query<ActorPage>) -> Result<Reply<AccountList>> {
    Ok(Reply::ok(users::list(&state.db, &auth.caller(), page.0.limit()?, page.0.cursor.as_deref()).await?))
}

/// Disables a person, given by id or e-mail address. For administrators.
///
/// Ends their sessions at once and their sockets within two seconds, and stops their keys and those of the agents and
/// services that they own.
#[utoipa::path(tag = "users", responses((status = 200, body = AccountChanged)))]
#[post("/api/users/{id}/disable")]
async fn disable(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<Reply<AccountChanged>> {
    let changed = users::set_disabled(&state.db, &auth.caller(), &id.0, true).await?;
    state.accounts.keys().clear();
    Ok(Reply::ok(changed))
}

/// Enables a disabled person again, with the keys and agents that were stopped, but no session. For administrators.
#[utoipa::path(tag = "users", responses((status = 200, body = AccountChanged)))]
#[post("/api/users/{id}/enable")]
async fn enable(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<Reply<AccountChanged>> {
    Ok(Reply::ok(users::set_disabled(&state.db, &auth.caller(), &id.0, false).await?))
}
