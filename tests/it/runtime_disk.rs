//! A full disk under the embedded Postgres.

use std::ffi::CString;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callboard::db::embedded::{Embedded, Options, State};
use tokio_postgres::{Client, NoTls};

use crate::harness;

/// A separate small file system of 120 MB, where this process may mount one.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn mount(at: &Path) -> Option<Self> {
        let target = CString::new(at.as_os_str().as_bytes()).ok()?;
        // SAFETY: every argument is a C string that outlives the call.
        let result = unsafe {
            let options = c"size=120m,mode=755".as_ptr().cast();
            libc::mount(c"tmpfs".as_ptr(), target.as_ptr(), c"tmpfs".as_ptr(), 0, options)
        };
        (result == 0).then(|| Self(at.into()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Ok(target) = CString::new(self.0.as_os_str().as_bytes()) {
            // SAFETY: the argument is a C string that outlives the call.
            unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) };
        }
    }
}

/// Takes the room that is left.
fn fill(path: &Path) {
    let mut file = fs::File::options().create(true).append(true).open(path).expect("open the ballast");
    for size in [1 << 20, 1 << 10] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

/// Counts up, each time with a long entry in the log, until Postgres ends; returns the last number that was acknowledged.
async fn count_until_closed(client: &Client, mut acknowledged: i64) -> i64 {
    loop {
        let write = format!(
            "begin; update counter set n = {}; select pg_logical_emit_message(true, 'x', repeat('a', 100000)); commit",
            acknowledged + 1
        );
        match client.batch_execute(&write).await {
            Ok(()) => acknowledged += 1,
            // A transaction can fail alone; Postgres ends when its log finds no room.
            Err(_) if client.is_closed() => return acknowledged,
            Err(_) => {}
        }
    }
}

#[tokio::test]
async fn a_full_disk_loses_no_data_and_the_server_recovers() {
    let folder = tempfile::tempdir().expect("make a temporary folder");
    let Some(_disk) = SmallDisk::mount(folder.path()) else {
        eprintln!("skipped: this account may not mount a small disk");
        return;
    };
    let embedded = Embedded::start(Options::new(harness::runtime_dir(), folder.path().join("data")))
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let mut state = embedded.state();
    let client = harness::connect(embedded.url()).await;
    client.batch_execute("create table counter as select 0::int8 as n").await.expect("create");
    let ballast = folder.path().join("ballast");
    fill(&ballast);
    let mut acknowledged = count_until_closed(&client, 0).await;

    let down = |state: &State| matches!(state, State::Down { why, attempts } if why.contains("No space left") && *attempts >= 2);
    let until_down = async {
        loop {
            let reached = state.wait_for(|state| down(state) || *state == State::Ready).await;
            if down(&reached.expect("a living supervisor")) {
                return;
            }
            // Its end freed enough for another start.
            fill(&ballast);
            if let Ok((client, connection)) = tokio_postgres::connect(embedded.url(), NoTls).await {
                tokio::spawn(connection);
                acknowledged = count_until_closed(&client, acknowledged).await;
            }
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), until_down).await;
    waited.expect("Postgres ends on a full disk, and says why");

    fs::remove_file(&ballast).expect("make room");
    let waited = tokio::time::timeout(Duration::from_secs(60), state.wait_for(|state| *state == State::Ready)).await;
    waited.expect("Postgres runs again once there is room").expect("a living supervisor");
    let client = harness::connect(embedded.url()).await;
    let found: i64 = client.query_one("select n from counter", &[]).await.expect("read").get(0);
    // The failed write may have been committed before its response was lost.
    assert!(found == acknowledged || found == acknowledged + 1, "{found} after {acknowledged} acknowledged");
    embedded.stop().await;
}
