//! The refresh token of a browser: a cookie that scripts cannot read and other sites cannot send.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::accounts::people::{Device, SignedIn};
use crate::transport::http::{Failure, origin};

/// The cookie's name.
pub const NAME: &str = "callboard_refresh";

/// The cookie that marks a browser which signed in before, so that strangers' attempts do not lock it out.
pub const DEVICE_NAME: &str = "callboard_device";

/// Where the refresh token of a sign-in is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenMode {
    /// In the body, for programs.
    #[default]
    Json,
    /// In an HttpOnly cookie, for browsers.
    Cookie,
}

/// The refresh token that a browser sent.
pub fn presented(request: &HttpRequest) -> Option<String> {
    request.cookie(NAME).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty())
}

fn cookie(state: &AppState, request: &HttpRequest, name: &'static str, value: String) -> Cookie<'static> {
    let days = if name == NAME { i64::from(state.config.session_days) } else { 400 };
    Cookie::build(name, value)
        .path("/api/auth")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(origin::is_secure(&state.config, request))
        .max_age(Duration::days(days))
        .finish()
}

/// The response to a sign-in in the requested mode; in cookie mode the body has no refresh token.
pub fn respond(
    state: &AppState,
    request: &HttpRequest,
    status: u16,
    mode: TokenMode,
    mut signed_in: SignedIn,
) -> HttpResponse {
    let cookies = match mode {
        TokenMode::Json => [None, None],
        TokenMode::Cookie => [
            signed_in.refresh.take().map(|refresh| cookie(state, request, NAME, refresh)),
            signed_in.device_mark.take().map(|mark| cookie(state, request, DEVICE_NAME, mark)),
        ],
    };
    let mut response = crate::transport::http::Reply::with(status, signed_in).respond_to(request);
    for cookie in cookies.iter().flatten() {
        if let Err(error) = response.add_cookie(cookie) {
            let error = crate::Error::Internal(format!("the cookie cannot be set: {error}"));
            return HttpResponse::from_error(Failure(error));
        }
    }
    response
}

/// 204 that removes the cookie.
pub fn forget(state: &AppState, request: &HttpRequest) -> HttpResponse {
    let mut gone = cookie(state, request, NAME, String::new());
    gone.make_removal();
    HttpResponse::NoContent().cookie(gone).finish()
}

/// The device of a request.
pub fn device(state: &AppState, request: &HttpRequest) -> Device {
    let agent = request.headers().get(actix_web::http::header::USER_AGENT);
    Device {
        address: origin::address_of(&state.config, request),
        user_agent: agent.and_then(|agent| agent.to_str().ok()).map(str::to_owned),
        mark: request.cookie(DEVICE_NAME).map(|cookie| cookie.value().to_owned()),
    }
}
