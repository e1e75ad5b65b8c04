//! The dashboard, embedded in the binary, and the response for unknown paths.

use std::borrow::Cow;

use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, ContentEncoding, ETAG, Encoding, Header,
    IF_NONE_MATCH, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::transport::http::openapi::Routes;
use crate::transport::http::problem::{Failure, method_not_allowed, not_found};

#[derive(RustEmbed)]
#[folder = "frontend/dist"]
#[allow_missing = true]
struct Dist;

/// The pages of the dashboard, as `frontend/src/app/router.tsx` routes them; `$` stands for one segment. Any other path is
/// 404, so that programs that look for an API at a path get an answer they can read.
const PAGES: [&str; 32] = [
    "/",
    "/workflows",
    "/my-work",
    "/sign-in",
    "/register",
    "/setup",
    "/reset-password",
    "/account",
    "/account/security",
    "/settings",
    "/settings/people",
    "/settings/agents",
    "/settings/security",
    "/settings/webhooks",
    "/settings/server",
    "/approvals",
    "/apps/$",
    "/w/$",
    "/w/$/t/$",
    "/w/$/search",
    "/w/$/search/t/$",
    "/w/$/jobs",
    "/w/$/jobs/$",
    "/w/$/agents",
    "/w/$/agents/new",
    "/w/$/review/$",
    "/w/$/apps",
    "/w/$/settings",
    "/w/$/settings/board",
    "/w/$/settings/security",
    "/w/$/statistics",
    "/w/$/import",
];

/// What the build adds to the names of compressed files (`frontend/scripts/compress.ts`), the smallest first.
const COMPRESSED: [(ContentEncoding, &str); 2] = [(ContentEncoding::Brotli, ".br"), (ContentEncoding::Gzip, ".gz")];

const UNBUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Callboard</title><p>The server is running. Its dashboard \
    was not built into this binary: run <code>make build</code>. The API is described at <a href=\"/docs/\">/docs</a>.";

/// The response if no route matches: a file of the dashboard, one of its pages, 405 or 404.
pub async fn fallback(request: HttpRequest) -> HttpResponse {
    let path = request.path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let methods = request.app_data::<actix_web::web::Data<Routes>>().and_then(|routes| routes.methods(path));
    // Paths of foreign clients give data to programs; a browser that loads them gets the dashboard.
    let serves_data = methods.is_some_and(|methods| methods.split(", ").any(|method| method == "GET"));
    if reads && (is_page(path) || serves_data) && asks_for_page(&request) {
        return match Dist::get("index.html") {
            Some(file) => serve(&request, "index.html", file),
            None => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(UNBUILT),
        };
    }
    if let Some(methods) = methods {
        return Failure(method_not_allowed(path, request.method().as_str(), methods)).error_response();
    }
    let name = path.trim_start_matches('/');
    match (reads && !name.is_empty()).then(|| Dist::get(name)).flatten() {
        Some(file) => serve(&request, name, file),
        None => Failure(not_found(path)).error_response(),
    }
}

/// Whether the dashboard has a page at this path.
fn is_page(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').collect();
    PAGES.iter().any(|page| {
        let pattern: Vec<&str> = page.split('/').collect();
        let fits = |(pattern, segment): (&&str, &&str)| *pattern == "$" && !segment.is_empty() || pattern == segment;
        pattern.len() == segments.len() && pattern.iter().zip(&segments).all(fits)
    })
}

/// Whether a browser loads a page. The start page is shown to every client that takes anything.
fn asks_for_page(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let named = |kind: &str| headers.get_all(ACCEPT).any(|value| value.to_str().is_ok_and(|text| text.contains(kind)));
    named("text/html") || (request.path() == "/" && (named("*/*") || !headers.contains_key(ACCEPT)))
}

/// A compressed form of a file that the client takes, with its encoding. Browsers list gzip before the smaller Brotli, so the
/// order of their list does not count.
fn compressed(request: &HttpRequest, name: &str) -> Option<(ContentEncoding, EmbeddedFile)> {
    let accepted = AcceptEncoding::parse(request).ok()?;
    COMPRESSED.into_iter().find_map(|(encoding, suffix)| {
        let known = Encoding::Known(encoding);
        let is_accepted = accepted.negotiate([&known].into_iter()).as_ref() == Some(&known);
        let file = is_accepted.then(|| Dist::get(&format!("{name}{suffix}"))).flatten()?;
        Some((encoding, file))
    })
}

fn serve(request: &HttpRequest, name: &str, file: EmbeddedFile) -> HttpResponse {
    let (encoding, file) = compressed(request, name).unwrap_or((ContentEncoding::Identity, file));
    let tag: String = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, tag.as_str())).insert_header((VARY, ACCEPT_ENCODING.as_str()));
    // Vite puts a content hash into the names of files in assets/.
    let lasting = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.insert_header((CACHE_CONTROL, lasting));
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    if encoding != ContentEncoding::Identity {
        response.insert_header((CONTENT_ENCODING, encoding.as_str()));
    }
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let content = match file.data {
        Cow::Borrowed(content) => Bytes::from_static(content),
        Cow::Owned(content) => Bytes::from(content),
    };
    response.content_type(kind).body(content)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The routes of the dashboard, from the source of its router.
    fn routes() -> BTreeSet<String> {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/frontend/src/app/router.tsx");
        let source = std::fs::read_to_string(source).expect("the router");
        let between = |text: &str, from: &str, to: &str| {
            text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(found, _)| found.to_owned())
        };
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for block in source.split("\nconst ").filter(|block| block.contains("= createRoute({")) {
            let name = block.split(' ').next().unwrap_or_default().to_owned();
            let parent = between(block, "getParentRoute: () => ", ",").expect("a parent");
            let Some(path) = between(block, "path: \"", "\"") else { continue };
            let base =
                if path.starts_with('/') { "" } else { found.get(&parent).expect("a route before its children") };
            let whole = format!("{base}/{}", path.trim_start_matches('/'));
            found.insert(name, whole);
        }
        let plain = |path: &String| {
            let segments = path.split('/').map(|segment| if segment.starts_with('$') { "$" } else { segment });
            segments.collect::<Vec<_>>().join("/")
        };
        found.values().map(plain).collect()
    }

    #[test]
    fn the_pages_are_those_of_the_router() {
        assert_eq!(routes(), PAGES.iter().map(|page| (*page).to_owned()).collect());
        assert!(is_page("/w/workflow-1/t/TKT-1.2") && is_page("/") && is_page("/register"));
        for other in ["/sse", "/w/", "/w/a/b", "/.well-known/openid-configuration", "/register/x", "//"] {
            assert!(!is_page(other), "{other}");
        }
    }
}
