//! Signatures as specified by Standard Webhooks: HMAC-SHA256 over id, time and body.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::accounts::secrets;
use crate::{Error, Result};

/// The prefix of generated secrets; the rest is the key in base64.
const PREFIX: &str = "whsec_";

/// A new secret; 40 letters and digits are the base64 of 30 bytes. See [`secrets::new_secret`].
pub fn generate() -> Result<String> {
    Ok(format!("{PREFIX}{}", secrets::new_secret(40)?))
}

/// The secret of the answer to a request that generated `made`; see [`secrets::settled`].
pub fn settled(made: &str) -> String {
    format!("{PREFIX}{}", secrets::settled(made[PREFIX.len()..].to_owned()))
}

/// Checks a secret that a caller provides.
pub fn check(secret: &str) -> Result<()> {
    let good = match secret.strip_prefix(PREFIX) {
        Some(key) => STANDARD.decode(key).is_ok_and(|key| (24..=64).contains(&key.len())),
        None => (24..=128).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic()),
    };
    if good {
        return Ok(());
    }
    Err(Error::invalid("secret", "must be whsec_ with 24 to 64 bytes in base64, or 24 to 128 visible characters"))
}

/// A secret that a caller provides, checked, or else a new one.
pub fn checked_or_generated(given: Option<&str>) -> Result<String> {
    match given {
        Some(secret) => check(secret).map(|()| secret.to_owned()),
        None => generate(),
    }
}

/// The value of the header `webhook-signature`: one signature for each secret, separated by blanks, so that a receiver which
/// knows either secret accepts it.
pub fn sign_with_all(secrets: &[SecretString], id: &str, timestamp: i64, body: &str) -> String {
    let signatures = secrets.iter().map(|secret| sign(secret.expose_secret(), id, timestamp, body));
    signatures.collect::<Vec<_>>().join(" ")
}

/// The signature with one secret.
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
    let key = secret.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_deref().unwrap_or(secret.as_bytes()));
    let mut context = hmac::Context::with_key(&key);
    for part in [id, ".", &timestamp.to_string(), ".", body] {
        context.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_match_the_example_of_the_standard() {
        let signature = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn short_secrets_are_rejected() {
        let made = generate().expect("a secret");
        assert!(check(&made).is_ok() && made != generate().expect("another"));
        assert!(check("a-secret-of-our-own-making").is_ok());
        for bad in [
            "",
            "short",
            "whsec_",
            "whsec_AAAA",
            "whsec_not base64 at all, but long enough",
            "with a blank in the midst of it",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
