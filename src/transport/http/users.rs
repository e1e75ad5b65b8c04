//! `/api/users`: accounts of people, for administrators.

use actix_web::{delete, get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Error;
use crate::app::AppState;
use crate::domain::accounts::password_resets::{self, NewPasswordReset, PasswordReset};
use crate::domain::accounts::sessions::{Revoked, Sessions};
use crate::domain::accounts::users::{self, AccountChanged, AccountList};
use crate::transport::http::agents::ActorPage;
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(disable).service(enable).service(reset_password);
    cfg.service(list_sessions_of_person).service(end_sessions_of_person);
}

/// Checks the length of words to look for.
pub(super) fn check_words(words: Option<&str>) -> Result<()> {
    match words {
        Some(words) if words.chars().count() > 200 => {
            Err(Error::invalid("search", "must have at most 200 characters").into())
        }
        _ => Ok(()),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only those whose name, e-mail address or id contains this. At most 200 characters.
    #[param(max_length = 200)]
    search: Option<String>,
    /// 1 to 500. Defaults to 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// People with accounts, by id. For administrators.
#[utoipa::path(tag = "users", params(Which), responses((status = 200, body = AccountList)))]
#[get("/api/users")]
async fn list(auth: Auth, state: web::Data<AppState>, which: Query<Which>) -> Result<Reply<AccountList>> {
    let Query(Which { search, limit, cursor }) = which;
    check_words(search.as_deref())?;
    let page = ActorPage { limit, cursor };
    let (limit, cursor) = (page.limit()?, page.cursor.as_deref());
    Ok(Reply::ok(users::list(&state.db, &auth.caller(), search.as_deref(), limit, cursor).await?))
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

/// Makes a one-time link with which a person, given by id or e-mail address, chooses a new password. For administrators.
///
/// Only this response shows it, and nothing is sent: hand it over. Using it ends the person's sessions. Earlier links of the
/// person stop working.
#[utoipa::path(tag = "users", responses((status = 201, body = PasswordReset)))]
#[post("/api/users/{id}/password-reset")]
async fn reset_password(
    auth: Auth,
    state: web::Data<AppState>,
    id: Path<String>,
    body: Json<NewPasswordReset>,
) -> Result<Reply<PasswordReset>> {
    Ok(Reply::created(password_resets::create(&state.db, &state.config, &auth.caller(), &id.0, &body.0).await?))
}

/// The newest 200 sessions of a person, given by id or e-mail address. For administrators.
#[utoipa::path(tag = "users", responses((status = 200, body = Sessions)))]
#[get("/api/users/{id}/sessions")]
async fn list_sessions_of_person(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<Reply<Sessions>> {
    Ok(Reply::ok(users::sessions(&state.db, &auth.caller(), &id.0).await?))
}

/// Ends all sessions of a person, given by id or e-mail address, except the one that asks. For administrators.
///
/// Sockets close within two seconds. Keys stay.
#[utoipa::path(tag = "users", responses((status = 200, body = Revoked)))]
#[delete("/api/users/{id}/sessions")]
async fn end_sessions_of_person(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<Reply<Revoked>> {
    Ok(Reply::ok(users::end_sessions(&state.db, &auth.caller(), &id.0).await?))
}
