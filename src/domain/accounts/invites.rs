//! Invitations, and creation of the first administrator.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::passwords::{Password, Passwords};
use super::people::{Device, SignedIn, normalize_email};
use super::throttle::Attempt;
use super::{Accounts, Caller, secrets};
use crate::config::Config;
use crate::db::Db;
use crate::{Error, Result, sql_fn};

/// A new invitation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvite {
    /// The only e-mail address that may use it. By default anyone with the link can.
    pub email: Option<String>,
    /// The workflow to join.
    pub workflow_id: Option<String>,
    /// `viewer`, `member` (default) or `owner`.
    pub role: Option<String>,
    /// Lifetime in hours, at most 720. Defaults to 168.
    #[schema(minimum = 1, maximum = 720)]
    pub expires_in_hours: Option<i32>,
}

/// A new invitation; its secret is only returned once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invite {
    /// The secret to send as `invite` when registering.
    pub invite: String,
    /// Link to the registration page, if the server's public address is configured.
    pub url: Option<String>,
    #[serde(flatten)]
    details: InviteDetails,
}

/// The stored properties of an invitation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Made)]
pub struct InviteDetails {
    invite_id: String,
    email: Option<String>,
    workflow_id: Option<String>,
    role: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// The result of accepting an invitation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// The joined workflow.
    pub workflow_id: Option<String>,
    /// The granted role.
    pub role: Option<String>,
}

/// What an invitation is for, to everyone who holds its token.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InviteOffer {
    /// `open`, `used`, `expired`, `withdrawn`, or `unauthorized` if its sender may no longer invite.
    pub state: String,
    /// The workflow to join. Null if it is for the installation, or if the invitation was withdrawn or is unauthorized.
    pub workflow_id: Option<String>,
    /// Its name.
    pub workflow_name: Option<String>,
    /// The role to get: `viewer`, `member` or `owner`.
    pub role: Option<String>,
    /// The sender's name.
    pub invited_by_name: Option<String>,
    /// The shortened e-mail address of the only account that may use it, such as `a…@example.org`.
    pub email_hint: Option<String>,
    /// When it expires or did.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// An invite link as the owners of its workflow see it, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InviteLink {
    /// The id.
    pub invite_id: String,
    /// `open`, `used`, `expired`, `withdrawn`, or `unauthorized` if its sender may no longer invite.
    pub state: String,
    /// `viewer`, `member` or `owner`.
    pub role: String,
    /// The only e-mail address that may use it.
    pub email: Option<String>,
    /// Who created it.
    pub invited_by: String,
    /// The creator's name.
    pub invited_by_name: String,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it expires or did.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When it was used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub used_at: Option<Timestamp>,
    /// When it was withdrawn.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub withdrawn_at: Option<Timestamp>,
}

/// The invite links of a workflow, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InviteLinks {
    /// The links.
    pub links: Vec<InviteLink>,
}

/// Creates an invitation.
pub async fn create(db: &Db, config: &Config, caller: &Caller, new: &NewInvite) -> Result<Invite> {
    let email = new.email.as_deref().map(normalize_email).transpose()?;
    let hours = new.expires_in_hours.unwrap_or(168);
    if !(1..=720).contains(&hours) {
        return Err(Error::invalid("expires_in_hours", "must be between 1 and 720"));
    }
    let invite = secrets::new_secret(32)?;
    let details = db
        .call(sql_fn!(create_invite(
            caller: caller.to_sql(),
            invite_hash: secrets::hash(&invite),
            email_address: email,
            workflow: new.workflow_id,
            member_role: new.role,
            hours: hours,
        )))
        .await?;
    let invite = secrets::settled(invite);
    let url = config.public_url.as_deref().map(|url| format!("{}/register?invite={invite}", url.trim_end_matches('/')));
    Ok(Invite { invite, url, details })
}

/// Accepts an invitation with an existing account.
pub async fn accept(db: &Db, caller: &Caller, invite: &str) -> Result<Accepted> {
    db.call(sql_fn!(accept_invite(caller: caller.to_sql(), invite_hash: secrets::hash(invite)))).await
}

/// What an invitation is for; needs no account.
pub async fn find(db: &Db, invite: &str) -> Result<InviteOffer> {
    db.call(sql_fn!(find_invite(invite_hash: secrets::hash(invite)))).await
}

/// The invite links of a workflow, also those that ended in the last month.
pub async fn links(db: &Db, caller: &Caller, workflow: &str) -> Result<InviteLinks> {
    db.call(sql_fn!(list_invite_links(caller: caller.to_sql(), workflow: workflow))).await
}

/// Withdraws an invite link that was not used yet.
pub async fn withdraw(db: &Db, caller: &Caller, workflow: &str, invite: &str) -> Result<()> {
    let _: serde_json::Value =
        db.call(sql_fn!(withdraw_invite_link(caller: caller.to_sql(), workflow: workflow, invite: invite))).await?;
    Ok(())
}

/// How people can sign up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignUpOptions {
    /// Who may create an account: `open`, `invite` or `off`.
    pub registration: String,
    /// Whether there is no administrator yet.
    pub setup_required: bool,
}

/// How people can sign up now.
pub async fn sign_up_options(db: &Db, config: &Config) -> Result<SignUpOptions> {
    db.call(sql_fn!(get_sign_up_options(configured: config.registration.as_str()))).await
}

/// Whether the installation has an administrator.
pub async fn admin_exists(db: &Db) -> Result<bool> {
    db.scalar(sql_fn!(admin_exists())).await
}

/// Creates the first administrator from the settings. Without settings, creates a one-time setup link and
/// returns its token, to be printed as `<address>/setup?token=…`. Does nothing if an administrator exists.
pub async fn first_start(db: &Db, config: &Config) -> Result<Option<SecretString>> {
    if admin_exists(db).await? {
        return Ok(None);
    }
    let (email, password) = match (&config.admin_email, &config.admin_password) {
        (Some(email), Some(password)) => (email, Password::from(password.clone())),
        (None, None) => return create_setup_link(db).await,
        _ => {
            return Err(Error::Setup(
                "Set both CALLBOARD_ADMIN_EMAIL and CALLBOARD_ADMIN_PASSWORD, or neither to get a set-up link."
                    .to_owned(),
            ));
        }
    };
    let email = normalize_email(email)
        .map_err(|_| Error::Setup("CALLBOARD_ADMIN_EMAIL is not an e-mail address.".to_owned()))?;
    password
        .check("password", &[&email])
        .map_err(|error| Error::Setup(format!("CALLBOARD_ADMIN_PASSWORD is not accepted. {error}")))?;
    let hash = Passwords::default().hash(password).await?;
    let name = email.split('@').next().unwrap_or("admin");
    let _: bool = db.call(sql_fn!(ensure_first_admin(email_address: email, user_name: name, password: hash))).await?;
    Ok(None)
}

async fn create_setup_link(db: &Db) -> Result<Option<SecretString>> {
    let token = secrets::random_text(32)?;
    let created: bool = db.call(sql_fn!(create_setup_link(link_hash: secrets::hash(&token)))).await?;
    Ok(created.then(|| token.into()))
}

impl Accounts {
    /// Creates the first administrator with a setup link and signs in.
    pub async fn complete_setup(
        &self,
        token: &str,
        email: &str,
        name: Option<&str>,
        password: Password,
        device: &Device,
    ) -> Result<SignedIn> {
        let email = normalize_email(email)?;
        let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or("admin"));
        password.check("password", &[&email, name])?;
        let attempt = Attempt::new(None, device.address);
        self.throttle.take(&attempt)?;
        let hash = self.passwords.hash(password).await?;
        let user: super::people::Actor = self
            .db
            .call(sql_fn!(complete_setup(
                link_hash: secrets::hash(token),
                email_address: email,
                user_name: name,
                password: hash,
                client_address: device.address.to_string(),
            )))
            .await?;
        self.throttle.refund(&attempt);
        self.open_session(&user, device).await
    }
}
