//! A TCP proxy that a test can disconnect and redirect, and that can drop responses or cut at
//! random.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// See the module documentation.
pub struct FaultyProxy {
    /// The URL for the client.
    pub url: String,
    target: watch::Sender<Option<String>>,
    to_drop: Arc<AtomicUsize>,
    cuts: Arc<AtomicUsize>,
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
        let cuts = Arc::new(AtomicUsize::new(0));
        let (lost, cut) = (to_drop.clone(), cuts.clone());
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                tokio::spawn(forward(from, targets.clone(), lost.clone(), cut.clone()));
            }
        });
        Self { url: format!("http://{address}"), target, to_drop, cuts }
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

    /// Cuts this many of a thousand reads from either side: part of the bytes is passed on, then the connection closes.
    pub fn cut_at_random(&self, per_mille: usize) {
        self.cuts.store(per_mille, Ordering::SeqCst);
    }

    /// The number of responses still to be dropped.
    pub fn responses_to_drop(&self) -> usize {
        self.to_drop.load(Ordering::SeqCst)
    }
}

fn host(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

/// Passes bytes on until one side ends or `is_lost` says that the connection breaks; then a part of them may still arrive.
async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, is_lost: impl Fn() -> Option<usize>) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(read) = from.read(&mut bytes).await {
        let kept = is_lost();
        let passed = kept.map_or(read, |per_mille| read * per_mille / 1000);
        if read == 0 || to.write_all(&bytes[..passed]).await.is_err() || kept.is_some() {
            return;
        }
    }
}

async fn forward(
    from: TcpStream,
    mut targets: watch::Receiver<Option<String>>,
    to_drop: Arc<AtomicUsize>,
    cuts: Arc<AtomicUsize>,
) {
    let Some(target) = targets.borrow_and_update().clone() else { return };
    let Ok(to) = TcpStream::connect(target).await else { return };
    let (asks, answers) = from.into_split();
    let (answered, asked) = to.into_split();
    let cut = || (fastrand::usize(..1000) < cuts.load(Ordering::SeqCst)).then(|| fastrand::usize(..=1000));
    let drop_one =
        || to_drop.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).ok().map(|_| 0);
    let up = copy(asks, asked, cut);
    let down = copy(answered, answers, || drop_one().or_else(cut));
    tokio::select! {
        () = up => {}
        () = down => {}
        _ = targets.changed() => {}
    }
}
