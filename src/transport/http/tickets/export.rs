//! Exports search results as a file.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Error;
use crate::app::AppState;
use crate::domain::export::{self, Format};
use crate::domain::search::{SearchTickets, SearchType};
use crate::domain::tickets::read::Filters;
use crate::transport::http::{Auth, Json, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(export_found);
}

/// `POST /api/tickets/search/export`
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExportFound {
    /// The workflow to search.
    workflow_id: String,
    /// The acting agent. Ignored, because searching changes nothing.
    agent_id: Option<String>,
    /// As in a search; may be empty if there are filters.
    #[serde(default)]
    #[schema(max_length = 1000)]
    query: String,
    /// How to search.
    search_type: Option<SearchType>,
    /// Which tickets.
    filters: Option<Filters>,
    /// 1 to 1000. Defaults to 1000. A search with a query finds at most a few hundred tickets.
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<i32>,
    /// Whether comments are searched. Defaults to true.
    include_comments: Option<bool>,
    /// csv, json or markdown.
    format: Format,
    /// Whether a CSV begins with a byte order mark, which Excel needs. Defaults to true.
    bom: Option<bool>,
}

/// Exports search results as a file, best first.
#[utoipa::path(tag = "Tickets", request_body = ExportFound, responses((status = 200, description = "The file", content(
    (String = "text/csv"), (serde_json::Value = "application/json"), (String = "text/markdown")))))]
#[post("/api/tickets/search/export")]
async fn export_found(state: web::Data<AppState>, auth: Auth, Json(input): Json<ExportFound>) -> Result<HttpResponse> {
    let wanted = SearchTickets {
        workflow_id: input.workflow_id,
        agent_id: input.agent_id,
        query: input.query,
        search_type: input.search_type,
        filters: input.filters,
        limit: input.limit,
        include_comments: input.include_comments,
    };
    let found = export::search_results(&state.db, &state.embeddings, &auth.caller(), &wanted).await?;
    let mut file = Vec::new();
    found
        .write(input.format, input.bom.unwrap_or(true), &mut file)
        .map_err(|error| Error::Internal(error.to_string()))?;
    let name = format!("attachment; filename=\"tickets.{}\"", input.format.extension());
    Ok(HttpResponse::Ok().content_type(input.format.media_type()).insert_header((CONTENT_DISPOSITION, name)).body(file))
}
