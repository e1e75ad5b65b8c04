//! A TCP proxy that a test can disconnect and redirect, and that can drop responses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// See the module documentation.
pub struct FaultyProxy {
    /// The URL for the client.
    pub url: String,
    target: watch::Sender<Option<String>>,
    to_drop: Arc<AtomicUsize>,
}

impl FaultyProxy {
    /// A proxy to a server, `http://127.0.0.1:PORT`.
    pub async fn to(url: &str) -> Self {
        Self::on(SocketAddr::from(([127, 0, 0, 1], 0)), url).await
    }

    /// A proxy on an address to a server.
    pub async fn on(address: SocketAddr, url: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (target, targets) = watch::channel(Some(host(url)));
        let to_drop = Arc::new(AtomicUsize::new(0));
        let lost = to_drop.clone();
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                tokio::spawn(forward(from, targets.clone(), lost.clone()));
            }
        });
        Self { url: format!("http://{address}"), target, to_drop }
    }

    /// Closes every connection; new ones are refused until the proxy is redirected.
    pub fn disconnect(&self) {
        self.target.send_replace(None);
    }

    /// Closes every connection; new ones go to this server.
    pub fn redirect_to(&self, url: &str) {
        self.target.send_replace(Some(host(url)));
    }

    /// Drops the next responses by closing their connections.
    pub fn drop_responses(&self, answers: usize) {
        self.to_drop.store(answers, Ordering::SeqCst);
    }

    /// The number of responses still to be dropped.
    pub fn responses_to_drop(&self) -> usize {
        self.to_drop.load(Ordering::SeqCst)
    }
}

fn host(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

async fn forward(from: TcpStream, mut targets: watch::Receiver<Option<String>>, to_drop: Arc<AtomicUsize>) {
    let Some(target) = targets.borrow_and_update().clone() else { return };
    let Ok(to) = TcpStream::connect(target).await else { return };
    let (mut asks, mut answers) = from.into_split();
    let (mut answered, mut asked) = to.into_split();
    let up = tokio::io::copy(&mut asks, &mut asked);
    let down = async {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(read) = answered.read(&mut bytes).await {
            let lost = to_drop.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            if read == 0 || lost || answers.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = up => {}
        () = down => {}
        _ = targets.changed() => {}
    }
}
