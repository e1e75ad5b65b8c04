//! Random secrets and their hashes.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::db::idempotency;
use crate::{Error, Result};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` random letters and digits (5.95 bits each) from a cryptographic random number generator.
pub fn random_text(length: usize) -> Result<String> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0u8; 64];
    while text.len() < length {
        rand::fill(&mut bytes).map_err(|_| Error::Internal("the random number generator failed".to_owned()))?;
        // Rejects values of 248 and more, which would bias the modulo.
        for byte in bytes.iter().filter(|byte| **byte < 248) {
            if text.len() < length {
                text.push(char::from(ALPHABET[usize::from(byte % 62)]));
            }
        }
    }
    Ok(text)
}

/// Digits of an HMAC; a secret that is derived has at most as many characters.
const DERIVED_LENGTH: usize = 64;

/// A new secret of at most 64 letters and digits, for the next write of the request. If the request has an idempotency key,
/// the secret follows from the key and a nonce that is stored with the answer, so that a repetition returns the same secret
/// although only its hash is stored. Pass it through [`settled`] after the write.
pub fn new_secret(length: usize) -> Result<String> {
    let Some(request) = idempotency::current() else { return random_text(length) };
    let nonce = random_text(DERIVED_LENGTH)?;
    let secret = request.derive(&nonce);
    request.set_note(nonce);
    Ok(secret.chars().take(length).collect())
}

/// The secret of the answer: `made`, or that of the first request if the answer is a repetition.
pub fn settled(made: String) -> String {
    match idempotency::current().and_then(|request| Some(request.derive(&request.note()?))) {
        Some(secret) => secret.chars().take(made.len()).collect(),
        None => made,
    }
}

/// Random bytes for a signing key.
pub fn random_key() -> Result<[u8; 32]> {
    let mut bytes = [0u8; 32];
    rand::fill(&mut bytes).map_err(|_| Error::Internal("the random number generator failed".to_owned()))?;
    Ok(bytes)
}

/// What Postgres stores for a password of ASCII characters: with it, a role signs in by `scram-sha-256`, but nobody who reads it.
pub fn scram_verifier(password: &str) -> Result<String> {
    const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4095);
    let mut salt = [0u8; 16];
    rand::fill(&mut salt).map_err(|_| Error::Internal("the random number generator failed".to_owned()))?;
    let mut salted = [0u8; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &salt, password.as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server = hmac::sign(&key, b"Server Key");
    let text = |bytes: &[u8]| STANDARD.encode(bytes);
    Ok(format!("SCRAM-SHA-256${ROUNDS}:{}${}:{}", text(&salt), text(stored.as_ref()), text(server.as_ref())))
}

/// SHA-256 of a token or key, which is all the database stores. Secrets are random and long, so no salt is needed.
pub fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// HMAC-SHA256 of `text` under `key` in hexadecimal.
pub fn derive(key: &[u8], text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number as six base-62 digits.
pub fn base62_of(mut number: u32) -> String {
    let mut text = [b'0'; 6];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(number % 62) as usize];
        number /= 62;
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}
