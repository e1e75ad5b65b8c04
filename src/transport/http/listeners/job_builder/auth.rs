//! The sign-in of a job builder's clients. Where a request may come from, the listener has checked; the main address accepts only
//! its own pages.
//!
//! The clients read the expiry from an access token with a decoder that does not know base64url. The claims of our tokens are
//! constants, numbers and ids of letters, digits and hyphens, whose encoding never has `-` or `_` (see `accounts::tokens`).

use actix_web::{HttpRequest, HttpResponse, Responder, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::domain::accounts::passwords::Password;
use crate::domain::accounts::people::{Actor, Registering};
use crate::domain::accounts::sessions;
use crate::transport::http::cookies::device;
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Reply, Result, caller, origin};

pub(super) fn configure(routes: &mut Routes) {
    routes.post("/auth/register", register).post("/auth/login", login);
    routes.get("/auth/me", me).post("/auth/token/refresh", refresh);
    routes.post("/auth/logout", logout);
}

#[derive(Deserialize)]
struct Registration {
    email: String,
    password: Password,
    name: Option<String>,
    invite: Option<String>,
}

async fn register(
    request: HttpRequest,
    state: web::Data<AppState>,
    Json(body): Json<Registration>,
) -> Result<HttpResponse> {
    let name = body.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let who = Registering { email: &body.email, name, password: body.password, invite: body.invite.as_deref() };
    let signed_in = state.accounts.register(who, &device(&state, &request)).await?;
    Ok(Reply::created(signed_in).respond_to(&request))
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: Password,
}

async fn login(request: HttpRequest, state: web::Data<AppState>, Json(body): Json<Login>) -> Result<HttpResponse> {
    let signed_in = state.accounts.login(&body.email, body.password, &device(&state, &request)).await?;
    Ok(Reply::ok(signed_in).respond_to(&request))
}

#[derive(Deserialize)]
struct Refresh {
    refresh: Option<String>,
}

async fn refresh(request: HttpRequest, state: web::Data<AppState>, Json(body): Json<Refresh>) -> Result<HttpResponse> {
    let token =
        body.refresh.ok_or_else(|| crate::Error::unauthenticated("There is no refresh token; sign in first."))?;
    let signed_in = state.accounts.refresh(&token, &device(&state, &request)).await?;
    Ok(Reply::ok(signed_in).respond_to(&request))
}

async fn me(auth: Auth, state: web::Data<AppState>) -> Result<Reply<Actor>> {
    Ok(Reply::ok(sessions::me(&state.db, &auth.caller()).await?.user))
}

/// Ends the session of the tokens. Without a valid one there is nothing to end, which is what the client wants.
async fn logout(request: HttpRequest, state: web::Data<AppState>, Json(body): Json<Refresh>) -> Result<Reply<Value>> {
    let address = origin::address_of(&state.config, &request);
    let session = match caller::bearer(&request) {
        Ok(Some(token)) => {
            state.accounts.authenticate(token, Some(address)).await.ok().and_then(|who| who.caller.session)
        }
        _ => None,
    };
    state.accounts.sign_out(session.as_deref(), body.refresh.as_deref()).await?;
    Ok(Reply::ok(json!({"detail": "Signed out."})))
}
