//! `teammate demo --serve`: a whole demo in one command, on a database that is gone when it ends.

use domain::account::{Scope, Tier};
use domain::authority::Role;
use domain::email::EmailAddress;
use domain::refusal::Refusal;
use persistence::members::NewMember;
use persistence::{accounts, members};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use super::demo::{self, Demo};
use crate::clock::Clock;
use crate::http::Error;
use crate::record::new_id;
use crate::security::secret_token::SecretToken;
use crate::server::{self, Background};
use crate::service::Service;
use crate::settings::Settings;

/// Fills a database of its own, starts the service on it with a sign-in for every tier, and stops when it is told to.
pub(super) async fn run(mut settings: Settings, demo: &Demo) -> Result<(), String> {
    let directory = TempDir::with_prefix("teammate-demo-").map_err(|error| error.to_string())?;
    settings.store.data_dir = directory.path().to_owned();
    settings.store.database_url = None;
    settings.demo = true;
    let password = settings.operator_password.clone();
    let password = password.unwrap_or_else(|| SecretString::from(&SecretToken::generate().expose()[..16]));
    settings.operator_password = Some(password.clone());
    let operator = settings.operator_email.given().to_owned();
    demo::run(&super::open(&settings.store)?, demo, settings.sbc_regions.regions()).await?;

    let running = server::start(settings, Clock::default(), Background::Runs).await?;
    let mut signs_in = vec![("Operator".to_owned(), operator)];
    for (tier, email) in demo::one_of_each(demo) {
        owner(&running.service, tier, &email, password.clone()).await.map_err(|error| error.to_string())?;
        signs_in.push((tier.noun().to_owned(), email));
    }
    let address = running.address;
    println!("A demo of the TeamMate Portal API, gone when it ends (Ctrl+C).\n");
    println!("Swagger UI   http://{address}/swagger-ui/\nMail         http://{address}/demo/mail\n");
    println!("Sign in with the password {} as", password.expose_secret());
    for (who, email) in signs_in {
        println!("  {email:<36} {who}");
    }
    super::until_told_to_stop().await?;
    running.stop().await;
    Ok(())
}

/// Makes an owner of the account that has an address.
async fn owner(service: &Service, tier: Tier, email: &str, password: SecretString) -> Result<(), Error> {
    let password_hash = service.passwords.hash(password).await?;
    let now = service.clock.now();
    let email = EmailAddress::parse(email).map_err(|_| Refusal::NotFound)?;
    let found = service.database.write(move |tx| {
        let account = accounts::by_email(tx, &Scope::Platform, tier, &email)?.ok_or(Refusal::NotFound)?.id;
        let id = new_id(now);
        let member = NewMember { id, account, email: &email, role: Role::Owner, password_hash: &password_hash, now };
        Ok::<_, Error>(members::insert(tx, &member)?)
    });
    found.await
}
