//! The dashboard, embedded in the binary, and the response for unknown paths.

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::Error;
use crate::transport::http::openapi::Routes;
use crate::transport::http::problem::{Failure, not_found};

#[derive(RustEmbed)]
#[folder = "frontend/dist"]
#[allow_missing = true]
struct Dist;

/// Path prefixes that are never a page of the dashboard.
const NOT_PAGES: [&str; 7] = ["/api", "/ws", "/mcp", "/docs", "/metrics", "/health", "/ready"];

const UNBUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Callboard</title><p>The server is running. Its dashboard \
    was not built into this binary: run <code>make build</code>. The API is described at <a href=\"/docs/\">/docs</a>.";

/// The response if no route matches: a file of the dashboard, its page, 405 or 404.
pub async fn fallback(request: HttpRequest) -> HttpResponse {
    let path = request.path();
    let page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !NOT_PAGES.iter().any(|prefix| path == *prefix || path.starts_with(&format!("{prefix}/")));
    // Some paths serve a page to browsers and data to programs.
    if !(page && asks_for_page(&request))
        && let Some(routes) = request.app_data::<actix_web::web::Data<Routes>>()
        && let Some(methods) = routes.methods(path)
    {
        let mut problem = Error::problem(
            405,
            "method_not_allowed",
            format!("{} does not take {}; it takes {methods}.", path, request.method()),
        )
        .as_problem();
        problem.extra.insert("allow".to_owned(), methods.into());
        return Failure(Error::Problem(Box::new(problem))).error_response();
    }
    if !page {
        return Failure(not_found(path)).error_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = (!name.is_empty()).then(|| Dist::get(name)).flatten() {
        return serve(&request, name, &file);
    }
    // A missing file is 404; any other path is a page, which the dashboard routes.
    if name.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return Failure(not_found(path)).error_response();
    }
    match Dist::get("index.html") {
        Some(file) => serve(&request, "index.html", &file),
        None => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(UNBUILT),
    }
}

fn asks_for_page(request: &HttpRequest) -> bool {
    request.headers().get_all(ACCEPT).any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

fn serve(request: &HttpRequest, name: &str, file: &EmbeddedFile) -> HttpResponse {
    let tag: String = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, tag.as_str()));
    // Vite puts a content hash into the names of files in assets/.
    let lasting = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.insert_header((CACHE_CONTROL, lasting));
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
    }
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    response.content_type(kind).body(file.data.to_vec())
}
