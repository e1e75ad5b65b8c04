//! Links with which people whose password is lost choose a new one. An administrator makes a link and hands it over; the server
//! sends nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::passwords::Password;
use super::people::{Actor, Device, SignedIn};
use super::throttle::Attempt;
use super::{Accounts, Caller, secrets};
use crate::config::Config;
use crate::db::Db;
use crate::{Error, Result, sql_fn};

/// A link to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasswordReset {
    /// Lifetime in hours, at most 168. Defaults to 24.
    #[schema(minimum = 1, maximum = 168)]
    pub expires_in_hours: Option<i32>,
    /// Whether using the link also revokes the keys that the person holds or made, in case somebody else knew the password.
    /// Defaults to false.
    pub revoke_keys: Option<bool>,
}

/// A new link; its secret is only returned once.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasswordReset {
    /// The secret to send as `token` with the new password.
    pub token: String,
    /// Link to the page that asks for the new password, if the server's public address is configured.
    pub url: Option<String>,
    #[serde(flatten)]
    details: PasswordResetDetails,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct PasswordResetDetails {
    /// Whose password it sets.
    user: Actor,
    /// Until when it can be used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether using it also revokes keys.
    revokes_keys: bool,
}

/// Makes a link for a person given by id or e-mail address; earlier links of the person stop working.
pub async fn create(
    db: &Db,
    config: &Config,
    caller: &Caller,
    person: &str,
    new: &NewPasswordReset,
) -> Result<PasswordReset> {
    let hours = new.expires_in_hours.unwrap_or(24);
    if !(1..=168).contains(&hours) {
        return Err(Error::invalid("expires_in_hours", "must be between 1 and 168"));
    }
    let token = secrets::new_secret(32)?;
    let details = db
        .call(sql_fn!(create_password_reset(
            caller: caller.to_sql(),
            person: person,
            link_hash: secrets::hash(&token),
            hours: hours,
            with_keys: new.revoke_keys.unwrap_or(false),
        )))
        .await?;
    let token = secrets::settled(token);
    let url = config.public_url.as_deref();
    let url = url.map(|url| format!("{}/reset-password?token={token}", url.trim_end_matches('/')));
    Ok(PasswordReset { token, url, details })
}

impl Accounts {
    /// Sets a person's password with a link, ends all their sessions and signs in.
    pub async fn use_password_reset(&self, token: &str, password: Password, device: &Device) -> Result<SignedIn> {
        let attempt = Attempt::new(None, device.address);
        self.throttle.take(&attempt)?;
        let link = secrets::hash(token);
        let user: Actor = self.db.call(sql_fn!(find_password_reset(link_hash: link))).await?;
        password.check("password", &[user.email.as_deref().unwrap_or_default(), &user.name])?;
        let hash = self.passwords.hash(password).await?;
        let user: Actor = self
            .db
            .call(sql_fn!(use_password_reset(
                link_hash: link,
                new_password: hash,
                client_address: device.address.to_string(),
            )))
            .await?;
        self.throttle.refund(&attempt);
        self.keys.clear();
        self.open_session(&user, device).await
    }
}
