//! `/api/auth/…`: registering, signing in, staying signed in, signing out, the first administrator.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Error;
use crate::app::AppState;
use crate::domain::accounts::invites::{self, SignUpOptions};
use crate::domain::accounts::passwords::Password;
use crate::domain::accounts::people::{Registering, SignedIn};
use crate::domain::accounts::sessions::{self, Me};
use crate::transport::http::cookies::{self, TokenMode};
use crate::transport::http::{Auth, Json, NoContent, Reply, Result, ServiceConfig, caller, origin};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(options).service(register).service(login).service(exchange).service(logout);
    cfg.service(me).service(change_password).service(reset_password).service(setup);
}

/// How people can sign up.
#[derive(Debug, Serialize, ToSchema)]
pub struct Options {
    #[serde(flatten)]
    sign_up: SignUpOptions,
    /// Whether the server is in development mode, in which jobs can be purged.
    dev_mode: bool,
}

/// Returns whether registration is open and whether the first administrator is missing.
#[utoipa::path(tag = "auth", security(()), responses((status = 200, body = Options)))]
#[get("/api/auth/options")]
async fn options(state: web::Data<AppState>) -> Result<Reply<Options>> {
    let sign_up = invites::sign_up_options(&state.db, &state.config).await?;
    Ok(Reply::ok(Options { sign_up, dev_mode: state.config.dev_mode }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Register {
    #[schema(format = Email, example = "ada@example.org")]
    email: String,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1024)]
    password: Password,
    /// Defaults to the part before the `@`.
    name: Option<String>,
    /// The token of an invitation.
    invite: Option<String>,
    token_mode: Option<TokenMode>,
}

/// Registers a person and signs in.
#[utoipa::path(tag = "auth", security(()), responses((status = 201, body = SignedIn)))]
#[post("/api/auth/register")]
async fn register(request: HttpRequest, state: web::Data<AppState>, body: Json<Register>) -> Result<HttpResponse> {
    let Json(body) = body;
    origin::require_own(&state.config, request.headers())?;
    let who = Registering {
        email: &body.email,
        name: body.name.as_deref(),
        password: body.password,
        invite: body.invite.as_deref(),
    };
    let signed_in = state.accounts.register(who, &cookies::device(&state, &request)).await?;
    Ok(cookies::respond(&state, &request, 201, body.token_mode.unwrap_or_default(), signed_in))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    #[schema(format = Email, example = "ada@example.org")]
    email: String,
    #[schema(value_type = String, format = Password)]
    password: Password,
    token_mode: Option<TokenMode>,
}

/// Signs in. In cookie mode the refresh token is set as a cookie and not in the body.
#[utoipa::path(tag = "auth", security(()), responses((status = 200, body = SignedIn)))]
#[post("/api/auth/login")]
async fn login(request: HttpRequest, state: web::Data<AppState>, body: Json<Login>) -> Result<HttpResponse> {
    let Json(body) = body;
    origin::require_own(&state.config, request.headers())?;
    let device = cookies::device(&state, &request);
    let signed_in = state.accounts.login(&body.email, body.password, &device).await?;
    Ok(cookies::respond(&state, &request, 200, body.token_mode.unwrap_or_default(), signed_in))
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// The refresh token; browsers send it as a cookie instead.
    refresh: Option<String>,
}

/// Exchanges a refresh token for a new access token and the next refresh token.
///
/// A refresh token can be used once. Within ten seconds, a repeated request gets the same response; later, it counts as
/// theft and ends the session.
#[utoipa::path(tag = "auth", security(()), responses((status = 200, body = SignedIn)))]
#[post("/api/auth/token/refresh")]
async fn exchange(request: HttpRequest, state: web::Data<AppState>, body: Json<Refresh>) -> Result<HttpResponse> {
    origin::require_own(&state.config, request.headers())?;
    let (token, mode) = match (body.0.refresh, cookies::presented(&request)) {
        (Some(token), _) => (token, TokenMode::Json),
        (None, Some(token)) => (token, TokenMode::Cookie),
        (None, None) => return Err(Error::unauthenticated("There is no refresh token; sign in first.").into()),
    };
    let signed_in = state.accounts.refresh(&token, &cookies::device(&state, &request)).await?;
    Ok(cookies::respond(&state, &request, 200, mode, signed_in))
}

/// Signs out: ends the session of the given access token, refresh token or cookie.
#[utoipa::path(tag = "auth", security((), ("bearer" = [])), responses((status = 204, description = "Signed out")))]
#[post("/api/auth/logout")]
async fn logout(request: HttpRequest, state: web::Data<AppState>, body: Json<Refresh>) -> Result<HttpResponse> {
    origin::require_own(&state.config, request.headers())?;
    let refresh = body.0.refresh.or_else(|| cookies::presented(&request));
    // An expired access token does not prevent signing out.
    let session = match caller::bearer(&request) {
        Ok(Some(token)) => {
            match state.accounts.authenticate(token, Some(origin::address_of(&state.config, &request))).await {
                Ok(who) if who.caller.key.is_some() => {
                    return Err(
                        Error::problem(403, "forbidden", "An API key cannot sign out; revoke it instead.").into()
                    );
                }
                Ok(who) => who.caller.session,
                Err(error) if refresh.is_none() => return Err(error.into()),
                Err(_) => None,
            }
        }
        Ok(None) => None,
        Err(error) => return Err(error.into()),
    };
    if session.is_none() && refresh.is_none() {
        return Err(Error::unauthenticated("There is nothing to sign out of: no token and no cookie was sent.").into());
    }
    state.accounts.sign_out(session.as_deref(), refresh.as_deref()).await?;
    Ok(cookies::forget(&state, &request))
}

/// The owner of the credential and its scopes.
#[utoipa::path(tag = "auth", responses((status = 200, body = Me)))]
#[get("/api/auth/me")]
async fn me(auth: Auth, state: web::Data<AppState>) -> Result<Reply<Me>> {
    Ok(Reply::ok(sessions::me(&state.db, &auth.caller()).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    current_password: Password,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1024)]
    new_password: Password,
    /// Whether to also revoke the caller's keys and those the caller made for agents. Defaults to false.
    revoke_keys: Option<bool>,
}

/// Changes the password and ends all other sessions.
#[utoipa::path(tag = "auth", responses((status = 204, description = "Changed")))]
#[post("/api/auth/password")]
async fn change_password(
    auth: Auth,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Json<PasswordChange>,
) -> Result<NoContent> {
    let Json(body) = body;
    let device = cookies::device(&state, &request);
    let with_keys = body.revoke_keys.unwrap_or(false);
    let caller = auth.caller();
    state.accounts.change_password(&caller, body.current_password, body.new_password, with_keys, &device).await?;
    Ok(NoContent)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// From the link that an administrator made.
    token: String,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1024)]
    password: Password,
    token_mode: Option<TokenMode>,
}

/// Sets a new password with the one-time link of an administrator, ends all sessions of the account, and signs in.
#[utoipa::path(tag = "auth", security(()), responses(
    (status = 201, body = SignedIn), (status = 410, description = "The link was used, has expired or was replaced")))]
#[post("/api/auth/password-reset")]
async fn reset_password(
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Json<NewPassword>,
) -> Result<HttpResponse> {
    let Json(body) = body;
    origin::require_own(&state.config, request.headers())?;
    let device = cookies::device(&state, &request);
    let signed_in = state.accounts.use_password_reset(&body.token, body.password, &device).await?;
    Ok(cookies::respond(&state, &request, 201, body.token_mode.unwrap_or_default(), signed_in))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Setup {
    /// From the link that the server printed at its first start.
    token: String,
    #[schema(format = Email)]
    email: String,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1024)]
    password: Password,
    name: Option<String>,
    token_mode: Option<TokenMode>,
}

/// Creates the first administrator with the one-time set-up link, and signs in.
#[utoipa::path(tag = "auth", security(()), responses(
    (status = 201, body = SignedIn), (status = 410, description = "The link was used or has expired")))]
#[post("/api/auth/setup")]
async fn setup(request: HttpRequest, state: web::Data<AppState>, body: Json<Setup>) -> Result<HttpResponse> {
    let Json(body) = body;
    origin::require_own(&state.config, request.headers())?;
    let device = cookies::device(&state, &request);
    let name = body.name.as_deref();
    let signed_in = state.accounts.complete_setup(&body.token, &body.email, name, body.password, &device).await?;
    Ok(cookies::respond(&state, &request, 201, body.token_mode.unwrap_or_default(), signed_in))
}
