//! Which requests a listener takes, and as whom: it refuses those of foreign pages, and adds its key to those without a
//! credential.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue, ORIGIN};
use actix_web::middleware::Next;
use actix_web::web;

use super::{Listener, engine, errors};
use crate::Error;
use crate::app::AppState;
use crate::config::CompatClient;
use crate::transport::http::origin;
use crate::transport::http::problem::Failure;

/// Whether a page of this origin may call the listener: an origin of its settings, or its own.
pub fn is_allowed(listener: &Listener, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let named = listener.settings.origins.iter().any(|known| known.trim_end_matches('/').eq_ignore_ascii_case(origin));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    named || origin::is_same(origin, host)
}

/// The middleware function.
pub async fn admit<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Err(error) = check(&request) {
        return Ok(errors::translated(request.error_response(Failure(error))).await);
    }
    if is_engine(&request) {
        match engine::credential(&request) {
            Some(value) => drop(request.headers_mut().insert(AUTHORIZATION, value)),
            None => engine::drop_no_token(request.headers_mut()),
        }
    }
    let key = request.app_data::<web::Data<Listener>>().and_then(|listener| listener.key().map(str::to_owned));
    if let Some(key) = key
        && !request.headers().contains_key(AUTHORIZATION)
        && let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {key}"))
    {
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(errors::translated(next.call(request).await?.map_into_boxed_body()).await)
}

fn is_engine(request: &ServiceRequest) -> bool {
    let listener = request.app_data::<web::Data<Listener>>();
    listener.is_some_and(|listener| listener.settings.client == CompatClient::Engine)
}

/// Refuses requests of foreign pages, and names of the server that somebody else may have made up (DNS rebinding).
fn check(request: &ServiceRequest) -> crate::Result<()> {
    let missing = || Error::Internal("the listener has no state".to_owned());
    let state = request.app_data::<web::Data<AppState>>().ok_or_else(missing)?;
    let listener = request.app_data::<web::Data<Listener>>().ok_or_else(missing)?;
    origin::require_host(&state.config, request.request(), &listener.settings.origins)?;
    let mut origins = request.headers().get_all(ORIGIN);
    if let Some(origin) = origins.next()
        && (origins.next().is_some() || !is_allowed(listener, origin, request.headers()))
    {
        return Err(Error::problem(
            403,
            "foreign_origin",
            "A page of this origin may not call this address; its operator allows it with `origins`.",
        ));
    }
    Ok(())
}
