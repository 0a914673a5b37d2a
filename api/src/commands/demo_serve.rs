//! `teammate demo --serve`: a complete demo on a temporary database.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{SecondsFormat, TimeDelta};
use clap::{Args, FromArgMatches};
use domain::Timestamp;
use domain::account::{Scope, Tier};
use domain::authority::Role;
use domain::refusal::Refusal;
use domain::values::email::EmailAddress;
use persistence::members::NewMember;
use persistence::{Access, accounts, members};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::demo::{self, Demo};
use super::say;
use crate::app::App;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::ids::new_id;
use crate::security::secret_token::SecretToken;
use crate::server::{self, Background, Running};
use crate::settings::Settings;

/// The label of the operator in the list of sign-ins.
const OPERATOR: &str = "Operator";

/// Fills a temporary database, starts the service on it with a sign-in for every tier, and runs until it is told to
/// stop.
pub(super) async fn run(given: &Settings, demo: &Demo) -> Result<(), String> {
    let directory = TempDir::with_prefix("teammate-demo-").map_err(|error| error.to_string())?;
    let password = SecretString::from(&SecretToken::generate().expose()[..16]);
    let settings = Settings { operator_password: Some(password.clone()), ..settings(given, directory.path())? };
    // Stopping it while the database is being filled deletes the directory too.
    let (running, signs_in) = tokio::select! {
        started = start(settings, demo, &password) => started?,
        told = super::until_told_to_stop() => return told,
    };
    let address = running.address;
    say("A demo of the TeamMate Portal API. Stop it with Ctrl+C; all its data is then deleted.\n");
    say(&format!("Swagger UI   http://{address}/swagger-ui/\nMail         http://{address}/demo/mail\n"));
    say(&format!("Sign in with the password {} as", password.expose_secret()));
    for (who, email) in signs_in {
        say(&format!("  {email:<36} {who}"));
    }
    super::until_told_to_stop().await?;
    running.stop().await;
    Ok(())
}

/// The settings of a demo: the defaults, not those that the environment has for a real service, except for the address
/// and the log.
fn settings(given: &Settings, directory: &Path) -> Result<Settings, String> {
    let command = Settings::augment_args(clap::Command::new("demo")).mut_args(|argument| argument.env(None::<&str>));
    let matches = command.try_get_matches_from(["demo"]).map_err(|error| error.to_string())?;
    let mut settings = Settings::from_arg_matches(&matches).map_err(|error| error.to_string())?;
    (settings.listen, settings.workers, settings.log_json) = (given.listen, given.workers, given.log_json);
    settings.rate_limit = given.rate_limit;
    directory.clone_into(&mut settings.store.data_dir);
    settings.demo = true;
    Ok(settings)
}

/// The sign-ins: who it is, and the e-mail address.
type SignsIn = Vec<(String, String)>;

async fn start(settings: Settings, demo: &Demo, password: &SecretString) -> Result<(Running, SignsIn), String> {
    // Filling takes a while, so check first that the address is free.
    std::net::TcpListener::bind(settings.listen).map_err(|error| format!("{}: {error}", settings.listen))?;
    let (operator, regions) = (settings.operator_email.given().to_owned(), settings.sbc_regions.clone());
    demo::run(&super::open(&settings.store, Access::Only)?, demo, regions.regions()).await?;

    let running = server::start(settings, Clock::default(), Background::Runs).await?;
    let mut signs_in = vec![(OPERATOR.to_owned(), operator)];
    for (tier, email) in demo::one_of_each(demo, regions.regions()) {
        owner(&running.app, tier, &email, password.clone()).await.map_err(|error| error.to_string())?;
        signs_in.push((tier.noun().to_owned(), email));
    }
    let address = format!("http://{}", running.address);
    match examples(&address, password, &signs_in, running.app.clock.now()).await {
        Ok(found) => drop(running.app.demo_examples.set(found)),
        Err(error) => tracing::warn!(error, "the document's examples can't be tried out in this demo"),
    }
    Ok((running, signs_in))
}

/// Activates an owner for the account with an e-mail address.
async fn owner(app: &App, tier: Tier, email: &str, password: SecretString) -> Result<()> {
    let password_hash = app.passwords.hash(password).await?;
    let now = app.clock.now();
    let email = EmailAddress::parse(email).map_err(|_| Refusal::NotFound)?;
    let found = app.database.write(move |tx| {
        let account = accounts::by_emails(tx, &Scope::Platform, tier, &[email.canonical()])?;
        let account = account.into_values().next().ok_or(Refusal::NotFound)?.id;
        let id = new_id(now);
        let member = NewMember {
            id,
            account,
            email: &email,
            role: Role::Owner,
            password_hash: &password_hash,
            password_is_temporary: false,
            now,
        };
        Ok::<_, Error>(members::insert(tx, &member)?)
    });
    found.await
}

/// The part of every example id in the document after its type prefix.
const SHOWN: &str = "01h455vb4pex5vsknk084sn02q";
/// The example password in the document.
const SHOWN_PASSWORD: &str = "correct horse battery staple";
/// The example of `since` in the document.
const SHOWN_SINCE: &str = "2026-11-24T00:00:00Z";
/// The example expiry of an API client in the document.
const SHOWN_EXPIRY: &str = "2030-01-01T00:00:00Z";

/// Maps the document's example id of a type to an id of the demo.
fn note(found: &mut BTreeMap<String, String>, id: &Value) {
    if let Some((kind, id)) = id.as_str().and_then(|id| Some((id.rsplit_once('_')?.0, id))) {
        found.insert(format!("{kind}_{SHOWN}"), id.to_owned());
    }
}

/// Real values for the document's examples, above all ids, found or created through the API. The password is not
/// secret: anybody who can reach a demo can also read its e-mails.
async fn examples(
    base: &str,
    password: &SecretString,
    signs_in: &[(String, String)],
    now: Timestamp,
) -> Result<BTreeMap<String, String>, String> {
    let http = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
    let ask = async |token: Option<&str>, path: &str, body: Option<Value>| {
        let request = body
            .map_or_else(|| http.get(format!("{base}{path}")), |body| http.post(format!("{base}{path}")).json(&body));
        let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let answer = answer.json::<Value>().await.map_err(|error| error.to_string())?;
        if status.is_success() { Ok(answer) } else { Err(format!("{path}: {answer}")) }
    };
    let shown = |text: &str, value: &str| (text.to_owned(), value.to_owned());
    let instant = |at: Timestamp| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut found = BTreeMap::from([
        shown(SHOWN_PASSWORD, password.expose_secret()),
        shown(SHOWN_SINCE, &instant(now - TimeDelta::days(1))),
        shown(SHOWN_EXPIRY, &instant(now + TimeDelta::days(365))),
    ]);
    let mut tokens = BTreeMap::new();
    for (who, email) in signs_in {
        let body = json!({"email": email, "password": password.expose_secret()});
        let session = ask(None, "/auth/login", Some(body)).await?;
        let Some(token) = session["access_token"].as_str() else { continue };
        let me = ask(Some(token), "/me", None).await?;
        note(&mut found, &me["account"]["id"]);
        tokens.insert(who.as_str(), (token.to_owned(), me["account"]["id"].as_str().unwrap_or_default().to_owned()));
    }
    if let Some((token, enterprise)) = tokens.get(Tier::Enterprise.noun()) {
        for what in ["pbxes", "trunks", "users"] {
            let list = ask(Some(token), &format!("/enterprises/{enterprise}/{what}?limit=1"), None).await?;
            note(&mut found, &list["items"][0]["id"]);
        }
    }
    if let (Some((operator, _)), Some((_, reseller)), Some((_, enterprise))) =
        (tokens.get(OPERATOR), tokens.get(Tier::Reseller.noun()), tokens.get(Tier::Enterprise.noun()))
    {
        // The month before the one that the document finalises in its example.
        ask(Some(operator), "/billing-reports/2026-09/finalise", Some(json!({}))).await?;
        let line = format!("2026-09/{reseller}/{enterprise}/pbx");
        let body = json!({"amends": line, "user_days": -1, "reason": "The user was added by mistake."});
        note(&mut found, &ask(Some(operator), "/billing-reports/2026-11/adjustments", Some(body)).await?["id"]);
        found.insert(format!("2026-10/reseller_{SHOWN}/enterprise_{SHOWN}/pbx"), line);
    }
    let Some((token, _)) = tokens.get(Tier::MasterReseller.noun()) else { return Ok(found) };
    for (path, body) in [
        ("/members", json!({"email": "bea@demo.example", "role": "billing"})),
        ("/api-clients", json!({"name": "Billing export", "role": "billing"})),
        (
            "/webhooks",
            json!({"url": "https://hooks.contoso.example/teammate", "event_types": ["reseller.*"], "enabled": false}),
        ),
    ] {
        note(&mut found, &ask(Some(token), path, Some(body)).await?["id"]);
    }
    note(&mut found, &ask(Some(token), "/events?order=newest&limit=1", None).await?["items"][0]["id"]);
    let ticket = json!({
        "subject": "Add to TeamMate Portal", "partner_company_name": "Fabrikam", "first_name": "Ann", "last_name": "Example",
        "email": "ann@fabrikam.example",
    });
    note(&mut found, &ask(None, "/support-tickets", Some(ticket)).await?["id"]);
    // A pending move to the other reseller.
    let others = ask(Some(token), "/resellers?limit=2", None).await?;
    if let (Some((reseller, _)), Some((_, enterprise))) =
        (tokens.get(Tier::Reseller.noun()), tokens.get(Tier::Enterprise.noun()))
    {
        let body = json!({"reseller_id": others["items"][1]["id"]});
        note(&mut found, &ask(Some(reseller), &format!("/enterprises/{enterprise}/move"), Some(body)).await?["id"]);
    }
    Ok(found)
}
