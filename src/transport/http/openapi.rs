//! The OpenAPI document: `/openapi.json`, and `/docs` to browse it without external assets.

mod clean;
mod operation_ids;

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpResponse, Responder, ResponseError, web};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, Ref, RefOr, Response};

use self::operation_ids::{capital, operation_id};
use crate::transport::http::idempotency;
use crate::transport::http::problem::{Failure, ProblemDocument, not_found};
use crate::{Error, Result};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Callboard",
        description = "A live work board for teams of AI agents and the people who watch over them.\n\n\
            Send `Authorization: Bearer` with an access token (people) or an API key `cb_…` (agents and services). \
            A service key with the scope `act_for`, or an administrator, may act for an agent named in `X-Agent-ID`. \
            Refusals are `application/problem+json` (RFC 9457). Trailing slashes are accepted."
    ),
    components(schemas(ProblemDocument, crate::error::FieldError))
)]
struct Base;

/// The document that handlers are collected into.
pub fn base() -> utoipa::openapi::OpenApi {
    let mut doc = Base::openapi();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    doc.components.get_or_insert_with(Components::new).add_security_scheme("bearer", bearer);
    doc.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    doc
}

/// Adds what all operations have in common: error responses, the header with the acting agent, and a unique id.
pub fn finish(mut doc: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let optional = all_optional(&doc);
    for (path, item) in &mut doc.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            operation.tags = operation.tags.take().map(|tags| tags.iter().map(|tag| capital(tag)).collect());
            let open = operation.security.as_ref().is_some_and(|needed| needed.iter().any(is_nothing));
            let refusals = [
                ("400", "The request is malformed", true),
                // Operations without a credential may still refuse the one in their body.
                ("401", "Not signed in", !open || method == "post"),
                ("403", "Not allowed", !open || method == "post"),
                ("404", "Not found", !open || path.contains('{')),
                ("408", "The body took too long to arrive", operation.request_body.is_some()),
                ("409", "A rule of the board or the current state forbids it", method != "get"),
                ("413", "The body is too large", operation.request_body.is_some()),
                ("415", "The body is not JSON", operation.request_body.is_some()),
                ("422", "A value is not valid", true),
                ("429", "Too many requests", true),
                ("500", "Server error", true),
                (
                    "503",
                    "The database cannot be reached; with the code `outcome_unknown`, it is unknown whether the request was carried out",
                    true,
                ),
            ];
            if let Some(RefOr::T(body)) = &mut operation.request_body
                && body.content.values().any(|content| is_one_of(&optional, content))
            {
                body.required = None;
            }
            let responses = &mut operation.responses.responses;
            for (status, reason, _) in refusals.iter().filter(|(.., applies)| *applies) {
                responses.entry((*status).to_owned()).or_insert_with(|| RefOr::T(refusal(reason)));
            }
            for (status, response) in responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    response.description = if status == "201" { "Created" } else { "Done" }.to_owned();
                }
                if let RefOr::T(response) = response
                    && response.content.is_empty()
                    && status.as_str() >= "400"
                {
                    *response = refusal(&response.description);
                }
            }
            if !open {
                let parameters = operation.parameters.get_or_insert_default();
                if method != "get" {
                    parameters.push(idempotency::parameter().into());
                }
                parameters.push(acting_agent().into());
            }
        }
    }
    doc
}

/// References to the schemas without required fields; a body of such a schema is optional.
fn all_optional(doc: &utoipa::openapi::OpenApi) -> Vec<String> {
    let schemas = doc.components.iter().flat_map(|components| &components.schemas);
    schemas
        .filter(|(_, schema)| matches!(schema, RefOr::T(Schema::Object(object)) if object.required.is_empty()))
        .map(|(name, _)| format!("#/components/schemas/{name}"))
        .collect()
}

fn is_one_of(references: &[String], content: &RefOr<Content>) -> bool {
    matches!(content, RefOr::T(content)
        if matches!(&content.schema, Some(RefOr::Ref(schema)) if references.contains(&schema.ref_location)))
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [("get", get), ("put", put), ("post", post), ("delete", delete), ("patch", patch)]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// Whether a handler has `security(())`: no credential is needed.
fn is_nothing(requirement: &SecurityRequirement) -> bool {
    serde_json::to_value(requirement).is_ok_and(|value| value == serde_json::json!({}))
}

fn acting_agent() -> Parameter {
    ParameterBuilder::new()
        .name("X-Agent-ID")
        .parameter_in(ParameterIn::Header)
        .description(Some("The agent to act for, if the caller may act for others."))
        .schema(Some(
            ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9][A-Za-z0-9_./:@+-]{0,127}$")),
        ))
        .build()
}

fn refusal(reason: &str) -> Response {
    let mut response = Response::new(reason);
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    response.content.insert("application/problem+json".to_owned(), content.into());
    response
}

/// The methods of each path, so that a wrong method gets 405 instead of 404.
#[derive(Debug)]
pub struct Routes(Vec<(Vec<String>, String)>);

impl Routes {
    /// Reads the methods from the document.
    pub fn new(doc: &mut utoipa::openapi::OpenApi) -> Self {
        let mut routes = Vec::new();
        for (path, item) in &mut doc.paths.paths {
            let methods: Vec<&str> = [
                ("GET, HEAD", item.get.is_some()),
                ("PUT", item.put.is_some()),
                ("POST", item.post.is_some()),
                ("PATCH", item.patch.is_some()),
                ("DELETE", item.delete.is_some()),
            ]
            .into_iter()
            .filter_map(|(name, has)| has.then_some(name))
            .collect();
            routes.push((path.split('/').map(str::to_owned).collect(), methods.join(", ")));
        }
        Self(routes)
    }

    /// The methods of a path, preferring literal segments to parameters; `None` for an unknown path.
    pub fn methods(&self, path: &str) -> Option<&str> {
        let segments: Vec<&str> = path.split('/').collect();
        let fits = |route: &&(Vec<String>, String)| {
            route.0.len() == segments.len()
                && route.0.iter().zip(&segments).all(|(own, sent)| own.starts_with('{') || own == sent)
        };
        let parameters = |route: &&(Vec<String>, String)| route.0.iter().filter(|own| own.starts_with('{')).count();
        self.0.iter().filter(fits).min_by_key(parameters).map(|(_, methods)| methods.as_str())
    }
}

/// The document as it is sent.
#[derive(Debug)]
pub struct Document(pub String);

impl Document {
    /// Writes a finished document.
    pub fn new(doc: &utoipa::openapi::OpenApi) -> Result<Self> {
        let failed = |error: serde_json::Error| Error::Internal(format!("OpenAPI cannot be written: {error}"));
        let mut value = serde_json::to_value(doc).map_err(failed)?;
        clean::clean(&mut value);
        serde_json::to_string(&value).map(Self).map_err(failed)
    }
}

/// `GET /openapi.json`.
pub async fn document(document: web::Data<Document>) -> impl Responder {
    HttpResponse::Ok().content_type("application/json").body(document.0.clone())
}

/// `GET /docs` and `/docs/{file}`: Swagger UI from the binary.
pub async fn docs(path: Option<web::Path<String>>) -> HttpResponse {
    let name = path.map_or_else(|| "index.html".to_owned(), web::Path::into_inner);
    let config = Arc::new(utoipa_swagger_ui::Config::from("/openapi.json"));
    let Ok(Some(file)) = utoipa_swagger_ui::serve(&name, config) else {
        return Failure(not_found(&format!("/docs/{name}"))).error_response();
    };
    let mut response = HttpResponse::Ok();
    if file.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    response.content_type(file.content_type);
    if name == "index.html" && !file.gzpipped {
        // Assets are found whether or not the path ends in a slash.
        let page = String::from_utf8_lossy(&file.bytes).replacen("<head>", "<head><base href=\"/docs/\">", 1);
        return response.body(page);
    }
    response.body(file.bytes.into_owned())
}
