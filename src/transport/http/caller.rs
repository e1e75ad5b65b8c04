//! Extractors of the authenticated caller.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use crate::app::AppState;
use crate::domain::accounts::{Authenticated, Caller, is_actor_id};
use crate::transport::http::origin;
use crate::transport::http::problem::Failure;
use crate::{Error, Result};

/// An authenticated caller; a handler that takes it requires a credential.
#[derive(Debug, Clone)]
pub struct Auth(pub Authenticated);

impl Auth {
    /// The caller, acting for the agent in `X-Agent-ID`.
    pub fn caller(&self) -> Caller {
        self.0.caller.clone()
    }

    /// The `caller` parameter of SQL functions.
    pub fn to_sql(&self) -> String {
        self.0.caller.to_sql()
    }

    /// The caller, acting for the agent in the body.
    pub fn acting_as(&self, agent_id: Option<&str>) -> Result<Caller> {
        self.0.caller.acting_as(agent_id)
    }
}

/// An authenticated caller if a credential was sent; an invalid credential is refused.
#[derive(Debug, Clone)]
pub struct OptionalAuth(pub Option<Auth>);

/// The bearer credential of a request.
pub fn bearer(request: &HttpRequest) -> Result<Option<&str>> {
    let mut values = request.headers().get_all(AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    let wrong = || Error::unauthenticated("Authorization must be one header of the form `Bearer <token or key>`.");
    if values.next().is_some() {
        return Err(wrong());
    }
    let (scheme, credential) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(wrong)?;
    let credential = credential.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() || credential.len() > 4096 {
        return Err(wrong());
    }
    Ok(Some(credential))
}

async fn authenticate(request: &HttpRequest) -> Result<Option<Auth>> {
    let state = request
        .app_data::<web::Data<AppState>>()
        .ok_or_else(|| Error::Internal("the server has no state".to_owned()))?
        .clone();
    let address = origin::address_of(&state.config, request);
    let outcome = match bearer(request) {
        Ok(None) => return Ok(None),
        Ok(Some(credential)) => state.accounts.authenticate(credential, Some(address)).await,
        Err(error) => Err(error),
    };
    let mut authenticated = match outcome {
        Ok(authenticated) => authenticated,
        Err(error) => {
            // Failed authentication is rate limited by address, against guessing of credentials.
            state.limits.count_address(address)?;
            return Err(error);
        }
    };
    state.limits.count_actor(&authenticated.caller.actor)?;
    if let Some(agent) = request.headers().get("x-agent-id") {
        let agent = agent.to_str().ok().map(str::trim).filter(|agent| is_actor_id(agent)).ok_or_else(|| {
            Error::invalid(
                "X-Agent-ID",
                "must be 1 to 128 letters, digits or _ . / : @ + - and begin with a letter or digit",
            )
        })?;
        authenticated.caller = authenticated.caller.acting_as(Some(agent))?;
    }
    authenticated.caller.strict = prefers_strict(request);
    Ok(Some(Auth(authenticated)))
}

/// Whether the client prefers refusals to guesses (RFC 7240).
fn prefers_strict(request: &HttpRequest) -> bool {
    let preferences = request.headers().get_all("prefer").filter_map(|value| value.to_str().ok());
    preferences
        .flat_map(|value| value.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("handling=strict"))
}

impl FromRequest for Auth {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, std::result::Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let auth = authenticate(&request).await?;
            auth.ok_or_else(|| {
                Failure(Error::unauthenticated(
                    "Sign in first: send `Authorization: Bearer <access token or API key>`.",
                ))
            })
        })
    }
}

impl FromRequest for OptionalAuth {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, std::result::Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self(authenticate(&request).await?)) })
    }
}
