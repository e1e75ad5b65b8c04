//! Extractors of query strings and path parameters, with the same error messages as bodies.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use crate::Error;
use crate::transport::http::field_errors;
use crate::transport::http::problem::Failure;

/// What percent-decoding leaves in place of invalid UTF-8.
const INVALID_UTF8: char = char::REPLACEMENT_CHARACTER;

fn not_utf8(field: &str) -> Error {
    Error::invalid(field, "must be UTF-8 text")
}

/// The query string as `T`; `?tags=` and a missing `tags` differ, `#[serde(deny_unknown_fields)]` is
/// honoured. Lists are comma-separated text that the handler splits; `tag` may be repeated.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self).map_err(Failure))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> crate::Result<T> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(query).map_err(|error| field_errors::from_serde("query", &error.to_string()))?;
    if let Some((name, _)) = pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(field_errors::nul(&name.replace('\0', "\u{fffd}")));
    }
    if let Some((name, _)) =
        pairs.iter().find(|(name, value)| name.contains(INVALID_UTF8) || value.contains(INVALID_UTF8))
    {
        return Err(not_utf8(name));
    }
    // An empty value means "not given" (`?cursor=`), as forms send it.
    let given = join_repeated(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
    let given = serde_urlencoded::to_string(given).map_err(|error| Error::Internal(error.to_string()))?;
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(given.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        let message = match error.inner().to_string().as_str() {
            "invalid digit found in string" | "cannot parse integer from empty string" => {
                return Error::invalid(&path, "must be a whole number");
            }
            text if text.starts_with("number too ") => return Error::invalid(&path, "is out of range"),
            "invalid float literal" => return Error::invalid(&path, "must be a number"),
            text if text.starts_with("provided string was not") => {
                return Error::invalid(&path, "must be true or false");
            }
            text => text.to_owned(),
        };
        match field_errors::from_serde(&path, &message) {
            Error::Problem(mut problem) => {
                for error in problem.errors.iter_mut().filter(|error| error.field == "body") {
                    error.field = "query".to_owned();
                }
                Error::Problem(problem)
            }
            other => other,
        }
    })
}

/// What joins the values of a repeated parameter; no value contains it.
const SEPARATOR: char = '\u{1f}';

/// Joins the values of `tag`, also called `tag[]` and `tags[]`, into one, because the format of query strings has no lists.
fn join_repeated(pairs: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let (tags, mut others): (Vec<_>, Vec<_>) =
        pairs.partition(|(name, _)| matches!(name.as_str(), "tag" | "tag[]" | "tags[]"));
    if !tags.is_empty() {
        let values: Vec<_> = tags.into_iter().map(|(_, value)| value.replace(SEPARATOR, " ")).collect();
        others.push(("tag".to_owned(), values.join(&SEPARATOR.to_string())));
    }
    others
}

/// Deserializes a repeated parameter. Use with `#[serde(default)]`.
pub fn repeated<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    use serde::Deserialize;
    let joined = String::deserialize(deserializer)?;
    Ok(joined.split(SEPARATOR).map(|value| value.trim().to_owned()).collect())
}

/// Path parameters as `T`: `Path<String>`, `Path<(String, String)>`.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut read = || {
            let parts = web::Path::<T>::from_request(request, payload)
                .into_inner()
                .map_err(|_| crate::transport::http::problem::not_found(request.path()))?;
            for (name, value) in request.match_info().iter() {
                if value.contains('\0') || value.contains("%00") {
                    return Err(field_errors::nul(name));
                }
                if value.contains(INVALID_UTF8) {
                    return Err(not_utf8(name));
                }
            }
            Ok(parts.into_inner())
        };
        ready(read().map(Self).map_err(Failure))
    }
}
