//! Cancels a running statement. Unlike the driver's own request, this waits until the server has taken it: PgBouncer 1.18
//! ends when a client leaves while its request is being forwarded.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::config::Host;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, Config};

use super::pool;
use crate::Result;

/// Sends the request to each host of the connection string; those that do not know the statement ignore it.
pub(super) async fn cancel(config: &Config, token: &CancelToken) -> Result<()> {
    let ports = config.get_ports();
    for (place, host) in config.get_hosts().iter().enumerate() {
        let port = ports.get(place).or(ports.first()).copied().unwrap_or(5432);
        let sent = match host {
            Host::Tcp(name) => match TcpStream::connect((name.as_str(), port)).await {
                Ok(stream) => send(stream, name, token).await,
                Err(error) => Err(crate::Error::Unavailable(error.to_string())),
            },
            Host::Unix(folder) => match UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await {
                Ok(stream) => send(stream, "", token).await,
                Err(error) => Err(crate::Error::Unavailable(error.to_string())),
            },
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "a statement could not be cancelled");
        }
    }
    Ok(())
}

async fn send<S>(stream: S, name: &str, token: &CancelToken) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut tls = pool::tls()?;
    let tls = match MakeTlsConnect::<ClosedByServer<S>>::make_tls_connect(&mut tls, name) {
        Ok(tls) => tls,
        Err(error) => match error {},
    };
    Ok(token.cancel_query_raw(ClosedByServer(stream), tls).await?)
}

/// A stream whose shutdown waits until the other side has closed it.
struct ClosedByServer<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for ClosedByServer<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClosedByServer<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut bytes = [0; 64];
            let mut buffer = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Pin::new(&mut self.0).poll_shutdown(cx),
            }
        }
    }
}
