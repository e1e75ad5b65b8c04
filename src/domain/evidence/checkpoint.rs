//! Signed checkpoints: the hash of each stream's chain at a number. Kept elsewhere, a checkpoint proves that the history up to
//! it was not changed since.
//!
//! A checkpoint is a text file: a line that names the database and the key, a line for each stream, and a line with the Ed25519
//! signature of the SHA-256 of all bytes before it.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BrokenRow;
use crate::db::Db;
use crate::domain::accounts::secrets;
use crate::{Error, Result, sql_fn};

/// The format of the file.
const FORMAT: &str = "callboard-checkpoint/1";
/// The longest line that is read.
const MAX_LINE: usize = 4096;

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: String,
    epoch: String,
    at: Timestamp,
    key: String,
    public_key: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    stream: String,
    seq: i64,
    hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Signature {
    signature: String,
}

/// A checkpoint whose signature is valid.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The epoch of the database.
    pub epoch: String,
    /// When it was made.
    pub at: Timestamp,
    /// The public key that signed it, in base64.
    pub public_key: String,
    /// The number and the hash of each stream.
    pub streams: BTreeMap<String, (i64, String)>,
}

/// What was written.
#[derive(Debug, Clone, Serialize)]
pub struct Written {
    /// Streams in the checkpoint.
    pub streams: u64,
    /// The public key that signed it, in base64.
    pub public_key: String,
}

#[derive(Deserialize)]
struct Key {
    kid: String,
    secret: String,
}

/// Writes a checkpoint of all chains, after it has chained what is committed.
pub async fn write(db: &Db, out: &mut impl Write) -> Result<Written> {
    super::seal_all(db).await?;
    let fresh = (secrets::random_text(12)?, secrets::random_key()?.to_vec());
    let key: Key = db.call(sql_fn!(ensure_checkpoint_key(new_kid: fresh.0, new_secret: fresh.1))).await?;
    let pair = super::from_hex(&key.secret)
        .and_then(|secret| Ed25519KeyPair::from_seed_unchecked(&secret).ok())
        .ok_or_else(|| Error::Internal("the key of checkpoints is not valid".to_owned()))?;
    let public_key = STANDARD.encode(pair.public_key());
    let epoch: String = db.scalar(sql_fn!(epoch())).await?;
    let header =
        Header { format: FORMAT.to_owned(), epoch, at: Timestamp::now(), key: key.kid, public_key: public_key.clone() };
    let mut hashed = Context::new(&SHA256);
    let mut line = |value: String| {
        let text = format!("{value}\n");
        hashed.update(text.as_bytes());
        out.write_all(text.as_bytes()).map_err(|error| unwritten(&error))
    };
    line(json(&header)?)?;
    let mut streams = 0;
    super::for_each_chain(db, None, async |chain| {
        streams += 1;
        line(json(&Entry { stream: chain.stream, seq: chain.seq, hash: chain.hash })?)
    })
    .await?;
    let signature = STANDARD.encode(pair.sign(hashed.finish().as_ref()));
    let last = json(&Signature { signature })?;
    writeln!(out, "{last}").and_then(|()| out.flush()).map_err(|error| unwritten(&error))?;
    Ok(Written { streams, public_key })
}

/// Reads a checkpoint and checks its signature; `key` is the public key that must have made it, if it is known.
pub fn read(input: impl BufRead, key: Option<&str>) -> Result<Checkpoint> {
    let invalid = |why: &str| Error::Setup(format!("The file is not a valid checkpoint: {why}."));
    let mut hashed = Context::new(&SHA256);
    let mut header: Option<Header> = None;
    let mut streams = BTreeMap::new();
    for line in input.split(b'\n') {
        let line = line.map_err(|error| invalid(&error.to_string()))?;
        if line.len() > MAX_LINE {
            return Err(invalid("a line is too long"));
        }
        if let Ok(Signature { signature }) = serde_json::from_slice(&line) {
            let header = header.ok_or_else(|| invalid("it has no first line"))?;
            let decode = |text: &str| STANDARD.decode(text).map_err(|_| invalid("it is not base64"));
            let (public, signature) = (decode(&header.public_key)?, decode(&signature)?);
            UnparsedPublicKey::new(&ED25519, public)
                .verify(hashed.finish().as_ref(), &signature)
                .map_err(|_| invalid("its signature does not fit its contents"))?;
            if key.is_some_and(|key| key.trim() != header.public_key) {
                return Err(invalid(&format!("it was signed by the key {}, not by the given one", header.public_key)));
            }
            return Ok(Checkpoint { epoch: header.epoch, at: header.at, public_key: header.public_key, streams });
        }
        hashed.update(&line);
        hashed.update(b"\n");
        if header.is_none() {
            let found: Header = serde_json::from_slice(&line).map_err(|_| invalid("its first line is another"))?;
            if found.format != FORMAT {
                return Err(invalid("its format is unknown"));
            }
            header = Some(found);
        } else {
            let entry: Entry = serde_json::from_slice(&line).map_err(|_| invalid("a line is not one of a stream"))?;
            streams.insert(entry.stream, (entry.seq, entry.hash));
        }
    }
    Err(invalid("its last line, the signature, is missing"))
}

/// Compares a checkpoint with the chains of a database, which must have been verified: the first row of each stream from
/// which on they may differ. Streams whose rows up to the checkpoint were pruned are returned as the number of them.
pub async fn compare(db: &Db, checkpoint: &Checkpoint) -> Result<(Vec<BrokenRow>, u64)> {
    let (mut broken, mut pruned) = (Vec::new(), 0);
    for (stream, (seq, hash)) in &checkpoint.streams {
        let now: Option<String> = db.scalar(sql_fn!(get_chain_hash(stream, at_seq: seq))).await?;
        match now {
            Some(now) if now == *hash => {}
            None if is_cut(db, stream, *seq).await? => pruned += 1,
            _ => broken.push(BrokenRow {
                stream_id: stream.clone(),
                seq: *seq,
                why: "the history up to this row is not the one that the checkpoint signed".to_owned(),
            }),
        }
    }
    Ok((broken, pruned))
}

/// Whether a chain begins after a number, because older rows were pruned.
async fn is_cut(db: &Db, stream: &str, seq: i64) -> Result<bool> {
    db.scalar(sql_fn!(is_chain_cut(stream: stream, at_seq: seq))).await
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

fn unwritten(error: &std::io::Error) -> Error {
    Error::Setup(format!("The checkpoint cannot be written: {error}."))
}
