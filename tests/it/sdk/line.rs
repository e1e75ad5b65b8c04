//! A line between a client and a server that a test can cut, lead elsewhere, and lose answers on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// See the module.
pub struct Line {
    /// The client's end.
    pub url: String,
    target: watch::Sender<Option<String>>,
    lose: Arc<AtomicUsize>,
}

impl Line {
    /// A line to a server, `http://127.0.0.1:PORT`.
    pub async fn to(url: &str) -> Self {
        Self::between(SocketAddr::from(([127, 0, 0, 1], 0)), url).await
    }

    /// A line from an address to a server.
    pub async fn between(address: SocketAddr, url: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (target, targets) = watch::channel(Some(host(url)));
        let lose = Arc::new(AtomicUsize::new(0));
        let lost = lose.clone();
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                tokio::spawn(carry(from, targets.clone(), lost.clone()));
            }
        });
        Self { url: format!("http://{address}"), target, lose }
    }

    /// Breaks every connection; new ones are refused until the line is led somewhere.
    pub fn cut(&self) {
        self.target.send_replace(None);
    }

    /// Breaks every connection; new ones go to this server.
    pub fn lead_to(&self, url: &str) {
        self.target.send_replace(Some(host(url)));
    }

    /// The next answers are lost: their connections break when they come.
    pub fn lose(&self, answers: usize) {
        self.lose.store(answers, Ordering::SeqCst);
    }

    /// How many answers are still to be lost.
    pub fn to_lose(&self) -> usize {
        self.lose.load(Ordering::SeqCst)
    }
}

fn host(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

async fn carry(from: TcpStream, mut targets: watch::Receiver<Option<String>>, lose: Arc<AtomicUsize>) {
    let Some(target) = targets.borrow_and_update().clone() else { return };
    let Ok(to) = TcpStream::connect(target).await else { return };
    let (mut asks, mut answers) = from.into_split();
    let (mut answered, mut asked) = to.into_split();
    let up = tokio::io::copy(&mut asks, &mut asked);
    let down = async {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(read) = answered.read(&mut bytes).await {
            let lost = lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
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
