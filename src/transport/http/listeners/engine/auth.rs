//! The dashboard's sign-in. It wants one credential that lasts, in a cookie and as a token for its sockets: an API key of the person,
//! which is listed and can be revoked like every other.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Listener;
use super::COOKIE;
use crate::app::AppState;
use crate::compat::engine;
use crate::domain::accounts::keys::{self, KeyRequest};
use crate::domain::accounts::passwords::Password;
use crate::domain::accounts::people::Actor;
use crate::domain::accounts::sessions;
use crate::transport::http::cookies::device;
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, OptionalAuth, Reply, Result, origin};

/// How long a sign-in lasts.
const DAYS: i64 = 30;

pub(super) fn configure(routes: &mut Routes) {
    routes.post("/auth/login", login).get("/auth/me", me);
    routes.post("/auth/logout", logout);
}

/// A person; all of its workflows are one tenant.
fn user(actor: &Actor) -> Value {
    let role = if actor.is_admin { "admin" } else { "user" };
    json!({"id": actor.id, "email": actor.email, "name": actor.name, "role": role, "tenant_id": actor.id})
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: Password,
}

async fn login(
    request: HttpRequest,
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    Json(body): Json<Login>,
) -> Result<HttpResponse> {
    let address = origin::address_of(&state.config, &request);
    let signed_in = state.accounts.login(&body.email, body.password, &device(&state, &request)).await?;
    let who = state.accounts.authenticate(&signed_in.access, Some(address)).await?;
    if listener.settings.workflow.is_none() {
        engine::ensure_project(&state.db, &who.caller).await?;
    }
    let wanted = KeyRequest {
        name: engine::KEY_NAME.to_owned(),
        scopes: Some(["read", "write", "approve"].map(str::to_owned).into()),
        expires_at: Timestamp::now().checked_add(SignedDuration::from_hours(24 * DAYS)).ok(),
        ..KeyRequest::default()
    };
    let made = keys::create(&state.db, &who.caller, &wanted).await?;
    // The key takes the place of the session.
    state.accounts.sign_out(who.caller.session.as_deref(), signed_in.refresh.as_deref()).await?;
    let cookie = cookie(&state, &request, made.key.clone());
    let answer = json!({"token": made.key, "expires_at": made.info.expires_at, "user": user(&signed_in.user)});
    with_cookie(Reply::ok(answer).respond_to(&request), &cookie)
}

fn cookie(state: &AppState, request: &HttpRequest, key: String) -> Cookie<'static> {
    Cookie::build(COOKIE, key)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(origin::is_secure(&state.config, request))
        .max_age(Duration::days(DAYS))
        .finish()
}

fn with_cookie(mut response: HttpResponse, cookie: &Cookie<'static>) -> Result<HttpResponse> {
    let failed = |error| crate::Error::Internal(format!("the cookie cannot be set: {error}"));
    response.add_cookie(cookie).map_err(failed)?;
    Ok(response)
}

async fn me(auth: Auth, state: web::Data<AppState>) -> Result<Reply<Value>> {
    Ok(Reply::ok(user(&sessions::me(&state.db, &auth.caller()).await?.user)))
}

/// Revokes the key of the sign-in. A key that a person made stays.
async fn logout(
    request: HttpRequest,
    state: web::Data<AppState>,
    auth: std::result::Result<OptionalAuth, crate::transport::http::Failure>,
) -> Result<HttpResponse> {
    if let Ok(OptionalAuth(Some(auth))) = auth
        && engine::end_sign_in(&state.db, &auth.caller()).await?
    {
        state.accounts.keys().clear();
    }
    let mut gone = cookie(&state, &request, String::new());
    gone.make_removal();
    with_cookie(Reply::ok(json!({"success": true})).respond_to(&request), &gone)
}
