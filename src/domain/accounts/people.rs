//! User accounts: registration, sign-in, token refresh, sign-out, password changes.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use super::passwords::Password;
use super::throttle::{Attempt, network};
use super::{Accounts, Caller, secrets};
use crate::db::Db;
use crate::{Error, Result, sql_fn};

/// A person, an agent or a service.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// The id, e.g. `user-0192…`.
    pub id: String,
    /// `user`, `agent` or `service`.
    pub kind: String,
    /// Display name.
    pub name: String,
    /// The e-mail address of a user.
    pub email: Option<String>,
    /// Whether it is an administrator of the installation.
    pub is_admin: bool,
    /// The owner of this agent or service.
    pub owner_id: Option<String>,
    /// Creation time.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Since when it is disabled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
}

/// The client of a session; shown in the list of sessions.
#[derive(Debug, Clone)]
pub struct Device {
    /// The client's address.
    pub address: IpAddr,
    /// The user agent string.
    pub user_agent: Option<String>,
    /// The mark that an earlier sign-in left in the browser.
    pub mark: Option<String>,
}

/// The tokens of a sign-in or refresh.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    /// The access token, for `Authorization: Bearer`.
    pub access: String,
    /// The refresh token; absent in cookie mode, where only the cookie carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refresh: Option<String>,
    /// Seconds until the access token expires.
    pub expires_in: u32,
    /// The signed-in user.
    pub user: Actor,
    /// Marks the browser as one that signed in to this account; only sent as a cookie.
    #[serde(skip)]
    pub device_mark: Option<String>,
}

/// A registration request.
#[derive(Debug)]
pub struct Registering<'a> {
    /// The e-mail address as entered.
    pub email: &'a str,
    /// The name. Defaults to the part of the e-mail address before the `@`.
    pub name: Option<&'a str>,
    /// The password.
    pub password: Password,
    /// The invitation, if any.
    pub invite: Option<&'a str>,
}

#[derive(Deserialize)]
struct Login {
    user: Actor,
    password_hash: String,
    known_network: bool,
}

/// The caller's own account.
#[derive(Deserialize)]
struct Account {
    user: Actor,
}

#[derive(Deserialize)]
struct Opened {
    session_id: String,
    user: Actor,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
enum Refreshed {
    Ok { session_id: String, user: Box<Actor> },
    Reused,
    Unknown,
}

/// Validates an e-mail address and converts it to the form that is stored and compared.
pub fn normalize_email(email: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    let wrong = || Error::invalid("email", "must be an e-mail address");
    let (name, host) = email.rsplit_once('@').ok_or_else(wrong)?;
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c);
    if name.is_empty() || name.contains('@') || host.is_empty() || host.starts_with('.') || email.contains(forbidden) {
        return Err(wrong());
    }
    if email.chars().count() > 320 {
        return Err(Error::invalid("email", "must have 3 to 320 characters"));
    }
    Ok(email)
}

/// A user's name. Defaults to the part of the e-mail address before the `@`.
fn user_name(name: Option<&str>, email: &str) -> Result<String> {
    let name = name.map(str::trim).unwrap_or_else(|| email.split('@').next().unwrap_or(email));
    match name.chars().count() {
        1..=200 => Ok(name.to_owned()),
        _ => Err(Error::invalid("name", "must have 1 to 200 characters")),
    }
}

/// Creates a user; for the command line, which has direct database access.
pub async fn create(db: &Db, email: &str, name: Option<&str>, password: Password, admin: bool) -> Result<Actor> {
    let email = normalize_email(email)?;
    let name = user_name(name, &email)?;
    password.check("password", &[&email, &name])?;
    let hash = super::passwords::Passwords::default().hash(password).await?;
    db.call(sql_fn!(create_user(email_address: email, user_name: name, password: hash, admin: admin))).await
}

impl Accounts {
    /// Registers a user and signs in.
    pub async fn register(&self, who: Registering<'_>, device: &Device) -> Result<SignedIn> {
        // The answer of a taken address, so that it does not reveal the account.
        let email = normalize_email(who.email)
            .map_err(|_| Error::invalid("email", "must be an e-mail address that can be registered here"))?;
        let name = user_name(who.name, &email)?;
        who.password.check("password", &[&email, &name])?;
        self.throttle.take(&Attempt::new(None, device.address))?;
        let hash = self.passwords.hash(who.password).await?;
        let invite = who.invite.map(secrets::hash);
        let user: Actor = self
            .db
            .call(sql_fn!(register_user(
                email_address: email,
                user_name: name,
                password: hash,
                invite_hash: invite,
                registration: self.registration.as_str(),
                client_address: device.address.to_string(),
            )))
            .await?;
        self.open_session(&user, device).await
    }

    /// Signs in. An unknown account and a wrong password have the same response and timing.
    pub async fn login(&self, email: &str, password: Password, device: &Device) -> Result<SignedIn> {
        let refused = || Error::problem(401, "wrong_credentials", "The e-mail or the password is wrong.");
        // An invalid address is looked up too, for the same timing, unless it is too long for the throttle's memory.
        let email = email.trim().to_lowercase();
        if email.len() > 1280 {
            return Err(Error::invalid("email", "must have 3 to 320 characters"));
        }
        let known_device = device.mark.as_deref().and_then(|mark| self.tokens.known_device(&email, mark));
        let mut attempt = Attempt { device: known_device, ..Attempt::new(Some(&email), device.address) };
        let address = network(device.address).to_string();
        let login: Option<Json<Login>> =
            self.db.scalar(sql_fn!(find_login_account(email_address: email, client_address: address))).await?;
        attempt.known_network = login.as_ref().is_some_and(|Json(login)| login.known_network);
        self.throttle.check(&attempt)?;
        let permit = self.passwords.acquire().await?;
        self.throttle.take(&attempt)?;
        let (account, stored) = login.map(|Json(login)| (login.user, login.password_hash)).unzip();
        let matches = permit.verify(password, stored).await?;
        if !matches {
            let client_address = device.address.to_string();
            let tried = account.map(|user: Actor| user.id);
            self.db.execute(sql_fn!(record_failed_sign_in(tried, client_address))).await?;
            return Err(refused());
        }
        let user = account.ok_or_else(refused)?;
        self.throttle.refund(&attempt);
        self.open_session(&user, device).await
    }

    pub(super) async fn open_session(&self, user: &Actor, device: &Device) -> Result<SignedIn> {
        let refresh = format!("cbr_{}", secrets::random_text(43)?);
        let opened: Opened = self
            .db
            .call(sql_fn!(open_session(
                actor: user.id,
                refresh_hash: secrets::hash(&refresh),
                days: self.session_days,
                agent: device.user_agent,
                client_address: device.address.to_string(),
            )))
            .await?;
        let mark = match (&user.email, &device.mark) {
            (Some(email), Some(mark)) if self.tokens.known_device(email, mark).is_some() => Some(mark.clone()),
            (Some(email), _) => Some(self.tokens.mark_device(email)?),
            _ => None,
        };
        let signed_in = self.signed_in(&opened.session_id, opened.user, refresh)?;
        Ok(SignedIn { device_mark: mark, ..signed_in })
    }

    fn signed_in(&self, session: &str, user: Actor, refresh: String) -> Result<SignedIn> {
        let access = self.tokens.issue(&user.id, session)?;
        let expires_in = self.tokens.lifetime();
        Ok(SignedIn { access, refresh: Some(refresh), expires_in, user, device_mark: None })
    }

    /// Exchanges a refresh token for new tokens (rotation).
    pub async fn refresh(&self, presented: &str, device: &Device) -> Result<SignedIn> {
        let refused = |detail: &str| Err(Error::unauthenticated(detail));
        let successor = self.tokens.successor(presented);
        let outcome: Refreshed = self
            .db
            .call(sql_fn!(refresh_session(
                presented: secrets::hash(presented),
                successor: secrets::hash(&successor),
                days: self.session_days,
                agent: device.user_agent,
                client_address: device.address.to_string(),
            )))
            .await?;
        match outcome {
            Refreshed::Ok { session_id, user } => self.signed_in(&session_id, *user, successor),
            Refreshed::Reused => {
                tracing::warn!(address = %device.address, "refresh token reused; session revoked");
                refused("This refresh token was used before, so its session was ended for safety; sign in again.")
            }
            Refreshed::Unknown => refused("The refresh token is unknown, expired or signed out; sign in again."),
        }
    }

    /// Ends the session of an access token or of a refresh token.
    pub async fn sign_out(&self, session: Option<&str>, refresh: Option<&str>) -> Result<()> {
        let hash = refresh.map(secrets::hash);
        let _: i64 = self.db.call(sql_fn!(sign_out(session: session, refresh_hash: hash))).await?;
        Ok(())
    }

    /// Changes the caller's password, ends all its other sessions and, if asked to, revokes its keys.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: Password,
        new: Password,
        with_keys: bool,
        device: &Device,
    ) -> Result<()> {
        let caller_text = caller.to_sql();
        let Account { user } = self.db.call(sql_fn!(get_current_user(caller: caller_text))).await?;
        new.check("new_password", &[user.email.as_deref().unwrap_or_default(), &user.name])?;
        let stored: String = self.db.call(sql_fn!(get_password_hash(caller: caller_text))).await?;
        let permit = self.passwords.acquire().await?;
        let attempt = Attempt { known_network: true, ..Attempt::new(Some(&caller.actor), device.address) };
        self.throttle.take(&attempt)?;
        if !permit.verify(current, Some(stored.clone())).await? {
            self.db.execute(sql_fn!(record_failed_password_change(caller: caller_text))).await?;
            return Err(Error::invalid("current_password", "is not the current password"));
        }
        self.throttle.refund(&attempt);
        let hash = self.passwords.hash(new).await?;
        let _: serde_json::Value = self
            .db
            .call(sql_fn!(change_password(
                caller: caller_text,
                compared: stored,
                new_password: hash,
                with_keys: with_keys,
            )))
            .await?;
        self.keys.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_normalized() {
        assert_eq!(normalize_email("  Ada@Example.ORG ").expect("an e-mail"), "ada@example.org");
        for wrong in ["", "ada", "@x", "a@", "a b@x", "a@b@c", "a@.x", "a\u{0}@x", "<a@x>"] {
            assert!(normalize_email(wrong).is_err(), "{wrong:?}");
        }
    }
}
