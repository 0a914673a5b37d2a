//! The first operator, who is created when the database is empty, and what operators need to sign in by default.

use domain::account::{Scope, Tier};
use domain::authority::Role;
use domain::refusal::Refusal;
use domain::services::Services;
use persistence::accounts::NewAccount;
use persistence::members::NewMember;
use persistence::{accounts, members, second_factors};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::access::Origin;
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::events::record::{NewEvent, record};
use crate::ids::new_id;
use crate::mail::transport::is_remote;
use crate::security::secret_token::SecretToken;

/// Creates the first operator if nobody can sign in yet. Returns the password if it was generated.
pub(super) async fn first_operator(app: &App) -> Result<Option<SecretString>> {
    if app.database.read(|tx| members::any_exists(tx).map_err(Error::from)).await? {
        return Ok(None);
    }
    let given = app.settings.operator_password.clone();
    let made_up = given.is_none().then(|| SecretString::from(SecretToken::generate().expose()[..24].to_owned()));
    let is_generated = made_up.is_some();
    let Some(password) = given.or_else(|| made_up.clone()) else { return Ok(None) };
    domain::values::password::check(password.expose_secret(), &[app.settings.operator_email.given()]).map_err(
        |fault| Error::new(ErrorCode::ValidationFailed, format!("TEAMMATE_OPERATOR_PASSWORD: {}", fault.detail)),
    )?;
    let password_hash = app.passwords.hash(password).await?;
    let email = app.settings.operator_email.clone();
    let made = app.write_as(Origin::system("start"), move |tx| {
        let now = tx.now;
        if members::any_exists(tx)? {
            return Ok(false);
        }
        let id = new_id(now);
        let platform = NewAccount {
            id,
            tier: Tier::Platform,
            master_reseller_id: None,
            reseller_id: None,
            name: "TeamMate",
            email: &email,
            billing_reference: None,
            services: Services::ALL,
            enterprise: None,
            now,
        };
        if !accounts::insert(tx, &platform)? {
            return Err(Refusal::EmailTaken.into());
        }
        let Some(account) = accounts::by_id(tx, &Scope::Platform, Tier::Platform, id)? else {
            return Ok(false);
        };
        accounts::activate(tx, &account, now)?;
        let member = NewMember {
            id: new_id(now),
            account: id,
            email: &email,
            role: Role::Owner,
            password_hash: &password_hash,
            password_is_temporary: is_generated,
            now,
        };
        members::insert(tx, &member)?;
        let after = json!({"email": email.given(), "role": Role::Owner.as_str()});
        record(tx, &NewEvent::to_account(&account, "created", Value::Null, after))?;
        Ok(true)
    });
    match made.await {
        Ok(made) => Ok(made.then_some(made_up).flatten()),
        // Another replica was faster, and its password is valid.
        Err(error) if error.code() == ErrorCode::EmailTaken => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the platform require second factors as soon as others than this machine can reach the service, unless an owner
/// of the platform has decided otherwise.
pub(super) async fn require_second_factors(app: &App) -> Result<()> {
    let is_local = Url::parse(&app.public_url).is_ok_and(|url| !is_remote(&url));
    if is_local {
        return Ok(());
    }
    app.write_as(Origin::system("start"), |tx| {
        let Some(id) = second_factors::require_by_default(tx)? else { return Ok(()) };
        let Some(account) = accounts::by_id(tx, &Scope::Platform, Tier::Platform, id)? else { return Ok(()) };
        let shown = |required: bool| json!({"require_second_factor": required});
        record(tx, &NewEvent::to_account(&account, "sign_in_policy_changed", shown(false), shown(true)))
    })
    .await
}
