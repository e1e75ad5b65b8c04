//! `GET /api/workflows/{id}/archive`: downloads a workflow as an archive. Archives are imported by the command line only, because
//! an import brings people, memberships and history of another server.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING};
use actix_web::{HttpResponse, get, web};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::{Semaphore, mpsc};

use super::{Auth, Path, Result, ServiceConfig};
use crate::Error;
use crate::app::AppState;
use crate::domain::archive::{self, Scope};

/// Downloads at a time: each holds a snapshot of the database.
static DOWNLOADS: Semaphore = Semaphore::const_new(2);

/// A client that takes nothing for so long has gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(download);
}

/// Downloads everything of a workflow except secrets, for its owners and for administrators. `callboard import archive` takes
/// the file. It is complete if its last line is there, which states the SHA-256 of the others.
#[utoipa::path(tag = "Workflows", responses((status = 200, description = "JSON Lines, compressed with gzip",
    body = Vec<u8>, content_type = "application/gzip")))]
#[get("/api/workflows/{id}/archive")]
async fn download(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<HttpResponse> {
    let caller = auth.caller();
    archive::check_access(&state.db, &caller, &id).await?;
    let Ok(permit) = DOWNLOADS.try_acquire() else {
        return Err(
            Error::too_many_requests(30, "Two archives are being downloaded already; try again in a moment.").into()
        );
    };
    let (sender, receiver) = mpsc::channel::<std::io::Result<Bytes>>(2);
    let name: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let name = format!("attachment; filename=\"{name}.jsonl.gz\"");
    actix_web::rt::spawn(async move {
        let _permit = permit;
        let send = async |bytes: Vec<u8>| match tokio::time::timeout(SEND_TIMEOUT, sender.send(Ok(bytes.into()))).await
        {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::Unavailable("the client takes no more of the archive".to_owned())),
        };
        let written = archive::write(&state.db, &caller, &Scope::of(vec![id.clone()]), None, send, |_| {}).await;
        match written {
            Ok(written) if !written.gaps.is_empty() => {
                tracing::warn!(workflow = id, gaps = ?written.gaps, "the downloaded archive cannot be imported, because its history is not complete");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, workflow = id, "an archive was not downloaded to its end");
                // Without it the client would take what it has for the whole.
                let _ = sender.send(Err(std::io::Error::other("the archive is not complete"))).await;
            }
        }
    });
    let body =
        stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|part| (part, receiver)) });
    Ok(HttpResponse::Ok()
        .content_type("application/gzip")
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(body))
}
