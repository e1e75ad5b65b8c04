//! The log of a backup and the archived log: what is missing or damaged in them is named, and never lost in silence.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{Writers, contents, folder, in_time, path, prepare, refusal, run, serve_with_backups, start, succeed};
use crate::harness;
use callboard::db::migrate;
use jiff::Timestamp;
use tokio_postgres::Client;

async fn ask(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
}

async fn write(client: &Client, workflow: &str, round: usize) {
    for number in 0..20 {
        let title = format!("{round}/{number}");
        client.execute("select logic.create_ticket('owner', $1, $2)", &[&workflow, &title]).await.expect("a ticket");
    }
}

/// Overwrites a part of a file.
fn damage(file: &Path, at: u64) {
    let file = File::options().write(true).open(file).expect("open");
    file.write_all_at(&[0xA5; 3000], at).expect("overwrite");
}

/// A folder of backups whose archived log has four segments after that of the backup, with a round of tickets in each of the
/// first three and one more in the last, which is in progress.
struct Archive {
    folder: tempfile::TempDir,
    backups: PathBuf,
    /// The segments with the rounds.
    segments: Vec<PathBuf>,
    /// A moment in the middle of each round.
    moments: Vec<Timestamp>,
}

impl Archive {
    async fn write() -> Self {
        let folder = folder();
        let (data, backups) = (folder.path().join("data"), folder.path().join("backups"));
        let (server, url) = serve_with_backups(&data, &backups).await;
        let workflow = prepare(&url).await;
        let client = harness::connect(&url).await;
        let log = backups.join("wal").join(ask(&client, "select logic.epoch()").await);
        let (mut segments, mut moments) = (Vec::new(), Vec::new());
        for round in 0..4 {
            // Each round in a segment of its own.
            ask(&client, "select pg_switch_wal()::text").await;
            write(&client, &workflow, round).await;
            let moment = ask(&client, "select to_json(clock_timestamp()) #>> '{}'").await;
            moments.push(moment.parse().expect("a time"));
            write(&client, &workflow, round + 10).await;
            segments.push(log.join(ask(&client, "select pg_walfile_name(pg_current_wal_lsn())").await));
        }
        drop(client);
        // The segment that is being written is no break.
        let writers = Writers::start(&url, &workflow).await;
        succeed(&data, &["backup", path(&backups), "--check"]).await;
        drop(writers.stop().await);
        drop(server);
        in_time("Postgres has ended", async || !data.join("postgres/postmaster.pid").exists()).await;
        in_time("the log is archived", async || segments[2].exists()).await;
        if let Some(last) = segments.last_mut()
            && !last.exists()
        {
            last.add_extension("partial");
        }
        Self { folder, backups, segments, moments }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The sentence of a restore that is refused and leaves nothing.
    async fn refuses(&self, more: &[&str]) -> String {
        let data = self.place("refused");
        let said = refusal(&data, &[&["restore", path(&self.backups)], more].concat()).await;
        assert!(!data.join("postgres").exists() && !data.join("restore.unfinished").exists(), "{said}");
        said
    }

    /// The titles after a restore.
    async fn restores(&self, name: &str, more: &[&str]) -> (Vec<String>, serde_json::Value) {
        let data = self.place(name);
        let done = succeed(&data, &[&["restore", path(&self.backups)], more].concat()).await;
        (contents(&data).await.0, done)
    }

    async fn check(&self) -> String {
        refusal(&self.place("none"), &["backup", path(&self.backups), "--check"]).await
    }

    /// The broken segment is named by a check and by every restore that would pass it; earlier times can be restored.
    async fn breaks_at(&self, round: usize, name: &str) {
        let segment = path(&self.segments[round]).to_owned();
        let checked = self.check().await;
        assert!(checked.contains(&segment) && checked.contains("the last change before it is from"), "{checked}");
        let latest = self.refuses(&[]).await;
        assert!(latest.contains(&segment) && latest.contains("--accept-loss") && latest.contains("--to"), "{latest}");
        let later = self.refuses(&["--to", &self.moments[round + 1].to_string()]).await;
        assert!(later.contains(&segment) && later.contains("Changes up to"), "{later}");

        let (titles, done) = self.restores(name, &["--accept-loss"]).await;
        assert_eq!(done["broken_off"]["file"], *segment, "{done}");
        assert!(titles.contains(&format!("{}/19", round + 9)), "{titles:?}");
        assert!(!titles.contains(&format!("{}/19", round + 10)), "{titles:?}");
    }
}

#[tokio::test]
async fn a_break_in_the_archived_log_is_named_and_never_passed_in_silence() {
    let archive = Archive::write().await;
    let (data, second) = (archive.place("none"), archive.segments[1].clone());
    let whole = fs::read(&second).expect("a segment");

    fs::remove_file(&second).expect("remove it");
    archive.breaks_at(1, "missing").await;
    fs::write(&second, &whole).expect("put it back");
    damage(&second, 2 * 8192 + 300);
    archive.breaks_at(1, "damaged").await;
    // A time before the damage needs nothing of what is after it.
    let (titles, _) = archive.restores("earlier", &["--to", &archive.moments[0].to_string()]).await;
    assert!(titles.contains(&"0/19".to_owned()) && !titles.contains(&"10/0".to_owned()), "{titles:?}");
    // A segment that was cut off.
    fs::write(&second, &whole[..100_000]).expect("cut it");
    let cut = archive.refuses(&[]).await;
    assert!(cut.contains(path(&second)), "{cut}");
    fs::write(&second, &whole).expect("put it back");

    // The segment that was being written ends somewhere, but not in the middle of what is in it.
    let last = archive.segments[3].clone();
    let written = fs::read(&last).expect("the last segment");
    damage(&last, 8192 + 300);
    let damaged = archive.refuses(&[]).await;
    assert!(damaged.contains(path(&last)), "{damaged}");
    assert!(archive.check().await.contains(path(&last)));
    fs::write(&last, &written).expect("put it back");

    let output = run(&data, &["backup", path(&archive.backups), "--check"]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("is whole"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let (titles, done) = archive.restores("all", &[]).await;
    assert!((0..4).all(|round| titles.contains(&format!("{}/19", round + 10))), "{titles:?}");
    assert_eq!(done["broken_off"], serde_json::Value::Null, "{done}");
}

#[tokio::test]
async fn a_backup_whose_own_log_is_damaged_is_not_called_undamaged() {
    let folder = folder();
    let (data, backups) = (folder.path().join("data"), folder.path().join("backups"));
    let postgres = start(&data).await;
    migrate::run(postgres.url()).await.expect("migrate");
    // A folder inside of the data directory would be lost with it.
    for inside in [data.join("postgres"), data.join("backups/new")] {
        let refused = refusal(&data, &["backup", path(&inside)]).await;
        assert!(refused.contains("inside of the data directory"), "{refused}");
    }
    assert!(!data.join("postgres/.lock").exists() && !data.join("backups").exists());

    let made = succeed(&data, &["backup", path(&backups)]).await;
    postgres.stop().await;
    succeed(&data, &["backup", path(&backups), "--check"]).await;

    let cluster = backups.join(made["backup"]["name"].as_str().expect("a name")).join("postgres");
    let manifest = fs::read(cluster.join("backup_manifest")).expect("the manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    let begin = manifest["WAL-Ranges"][0]["Start-LSN"].as_str().expect("a place").split_once('/').expect("two parts").1;
    let begin = u64::from_str_radix(begin, 16).expect("a place") % (16 << 20);
    let segment = format!("pg_wal/{}", made["backup"]["first_wal"].as_str().expect("a segment"));
    let whole = fs::read(cluster.join(&segment)).expect("a segment");
    damage(&cluster.join(&segment), begin + 8);
    let damaged = refusal(&data, &["backup", path(&backups), "--check"]).await;
    assert!(damaged.contains("is damaged") && damaged.contains(&segment), "{damaged}");
    let refused = refusal(&folder.path().join("restored"), &["restore", path(&backups)]).await;
    assert!(refused.contains("cannot be recovered"), "{refused}");
    fs::write(cluster.join(&segment), whole).expect("put it back");
    succeed(&data, &["backup", path(&backups), "--check"]).await;
    fs::remove_file(cluster.join(&segment)).expect("remove it");
    let missing = refusal(&data, &["backup", path(&backups), "--check"]).await;
    assert!(missing.contains("is damaged") && missing.contains(&segment), "{missing}");
}
