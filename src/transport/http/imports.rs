//! `/api/import-formats` and `/api/workflows/{id}/import…`: importing the export of another tracker.

use actix_web::{get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Auth, ImportJson, Path, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::import::{self as imports, Format, ImportAnswer, ImportFile, ImportPreview, ImportProgress};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(formats).service(preview).service(import_file).service(import_progress);
}

/// A format that can be imported.
#[derive(Debug, Serialize, ToSchema)]
struct ImportFormat {
    /// Its name in requests.
    id: Format,
    /// The tool.
    tool: &'static str,
    /// What a file of it is, e.g. `a Linear CSV export`.
    description: &'static str,
    /// How to export there.
    how_to_export: &'static str,
}

/// The formats that can be imported.
#[derive(Debug, Serialize, ToSchema)]
struct ImportFormats {
    /// All of them.
    formats: Vec<ImportFormat>,
    /// Maximum bytes of a request with a file.
    max_bytes: usize,
}

/// The formats that can be imported.
#[utoipa::path(tag = "Imports", responses((status = 200, body = ImportFormats)))]
#[get("/api/import-formats")]
async fn formats(state: web::Data<AppState>, _auth: Auth) -> Result<Reply<ImportFormats>> {
    let formats = Format::ALL.into_iter().map(|format| ImportFormat {
        id: format,
        tool: format.tool(),
        description: format.description(),
        how_to_export: format.how_to_export(),
    });
    Ok(Reply::ok(ImportFormats { formats: formats.collect(), max_bytes: state.config.max_import }))
}

/// Shows what importing a file would do: its format, its tickets, what each state, type, priority and person becomes, and what
/// is not taken. Changes nothing. Requires an owner.
#[utoipa::path(tag = "Imports", request_body = ImportFile, responses((status = 200, body = ImportPreview)))]
#[post("/api/workflows/{id}/import/preview")]
async fn preview(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    input: ImportJson<ImportFile>,
) -> Result<Reply<ImportPreview>> {
    Ok(Reply::ok(imports::preview_file(&state.db, &auth.caller(), &id, input.value).await?))
}

/// How far the running import into a workflow is. Requires an owner.
#[utoipa::path(tag = "Imports", responses((status = 200, body = ImportProgress)))]
#[get("/api/workflows/{id}/import")]
async fn import_progress(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<ImportProgress>> {
    Ok(Reply::ok(imports::progress(&state.db, &auth.caller(), &id).await?))
}

/// Imports a file into a workflow, in one transaction. Tickets that were imported before are skipped, or updated with
/// `update`. People become members or stay as text. Requires an owner.
#[utoipa::path(tag = "Imports", request_body = ImportFile, responses((status = 200, body = ImportAnswer)))]
#[post("/api/workflows/{id}/import")]
async fn import_file(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    input: ImportJson<ImportFile>,
) -> Result<Reply<ImportAnswer>> {
    Ok(Reply::ok(imports::import_file(&state.db, &auth.caller(), &id, input.value).await?))
}
