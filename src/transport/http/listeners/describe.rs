//! What a listener's address takes, as an OpenAPI document with pages to browse it: users of these clients' own servers look there.
//! Bodies have the shapes of the clients, which the document does not repeat.

use actix_web::web;
use serde_json::{Map, Value, json};

use super::Listener;
use super::routes::Methods;
use crate::transport::http::{Reply, openapi};

/// The document and its pages.
pub(super) fn configure(cfg: &mut web::ServiceConfig) {
    cfg.route("/openapi.json", web::get().to(document));
    cfg.route("/docs", web::get().to(openapi::docs)).route("/docs/{file}", web::get().to(openapi::docs));
}

async fn document(listener: web::Data<Listener>, methods: web::Data<Methods>) -> Reply<Value> {
    Reply::ok(describe(listener.settings.client.as_str(), methods.all()))
}

/// The document about pairs of a path and a method.
fn describe<'a>(client: &str, taken: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for (path, method) in taken {
        let method = method.to_ascii_lowercase();
        let mut operation = json!({
            "operationId": format!("{method}{}", path.replace(['/', '-'], "_").replace(['{', '}'], "")),
            "responses": {"default": {"description": "The answer in the client's form, or a problem document with `detail`"}},
        });
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters: Vec<Value> = names
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if ["post", "put", "patch"].contains(&method.as_str()) {
            operation["requestBody"] = json!({"content": {"application/json": {"schema": {"type": "object"}}}});
        }
        let item = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        item[method] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": format!("Callboard for clients of the {client}"), "version": env!("CARGO_PKG_VERSION"),
            "description": "The paths that these clients call, with and without `/api`. Callboard's own API is described at its main address."},
        "servers": [{"url": "/api"}, {"url": "/"}],
        "paths": paths,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_their_methods_and_parameters() {
        let taken = [("/adws", "GET"), ("/adws", "POST"), ("/stage-logs/{id}/{stage}", "GET")];
        let mut document = describe("workflow-board", taken.into_iter());
        document["info"]["version"] = Value::Null;
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(document) });
    }
}
