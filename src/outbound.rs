//! Requests to the world outside: TLS with the public roots, answers of bounded size, and which addresses
//! somebody else may make this server call.

pub mod address;

use std::sync::Arc;

use reqwest::Response;

use crate::{Error, Result};

/// TLS with the public roots.
pub fn tls() -> Result<rustls::ClientConfig> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Setup(format!("TLS cannot be set up: {e}.")))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Why an answer was not read to its end.
#[derive(Debug)]
pub enum Unread {
    /// It has more bytes than are wanted.
    TooLong,
    /// The connection failed.
    Broken(reqwest::Error),
}

/// Reads an answer of bounded size.
pub async fn bounded(mut response: Response, most: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        if body.len() + chunk.len() > most {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
