//! Second factors (RFC 6238): switched on with a first code, asked for at every sign-in, each code good once; recovery codes; and
//! an account that asks every member for one.

use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, PASSWORD, Process};
use futures_util::future::join_all;
use persistence::secrets::{Holder, sealed};
use rstest::rstest;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};
use uuid::Uuid;

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// An authenticator app that has taken in a secret.
struct Authenticator(Secret);

impl Authenticator {
    /// What it shows now.
    fn code(&self, app: &App) -> String {
        let seconds = u64::try_from(app.clock.now().timestamp()).unwrap();
        Builder::new().with_secret(self.0.clone()).build().unwrap().generate(seconds).to_string()
    }

    /// What it shows after a while, when whatever it showed before is used up.
    fn next_code(&self, app: &App) -> String {
        app.clock.advance(TimeDelta::seconds(30));
        self.code(app)
    }
}

/// Where whoever signs in in these stories has an address.
const EMAIL: &str = "operator@teammate.local";

async fn token(app: &App, email: &str) -> String {
    app.login(email).await["access_token"].as_str().unwrap().to_owned()
}

/// A member of the operator's account who has a password.
async fn join_as(app: &App, owner: &str, email: &str, role: &str) -> String {
    let invite = app.post("/members").bearer(owner).json(&json!({"email": email, "role": role}));
    let path = invite.send().await.expect(201).header("location").to_owned();
    let token = app.token_for(email).await;
    let _ = app.post("/activations").json(&json!({"token": token, "password": PASSWORD})).send().await.expect(200);
    path
}

async fn sign_in(app: &App, email: &str, code: Value) -> Answer {
    app.post("/auth/login").json(&json!({"email": email, "password": PASSWORD, "code": code})).send().await
}

async fn change(app: &App, token: &str, what: &str, body: Value) -> Answer {
    app.post(&format!("/me/second-factor{what}")).bearer(token).json(&body).send().await
}

async fn me(app: &App, token: &str) -> Value {
    app.get("/me").bearer(token).send().await.expect(200).json()["second_factor"].clone()
}

/// Switches the second factor of a member on; gives the app and the recovery codes.
async fn switch_on(app: &App, token: &str) -> (Authenticator, Vec<String>) {
    let begun = change(app, token, "", json!({"password": PASSWORD})).await.expect(200).json();
    let secret = begun["secret"].as_str().unwrap();
    let address = begun["otpauth_uri"].as_str().unwrap();
    assert!(address.starts_with("otpauth://totp/TeamMate%20Portal:") && address.contains(secret), "{address}");
    let authenticator = Authenticator(Secret::try_from_base32(secret).unwrap());
    let code = authenticator.code(app);
    let codes = change(app, token, "/enable", json!({"code": code})).await.expect(200).json();
    let codes = codes["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    (authenticator, codes.collect())
}

fn wrong_value(answer: Answer, pointer: &str, code: &str) {
    let problem = answer.problem(422, "validation_failed");
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!((&errors[0]["pointer"], &errors[0]["code"]), (&json!(pointer), &json!(code)));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_member_with_a_second_factor_signs_in_with_a_code(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let token = &token(&app, EMAIL).await;
    assert_eq!(me(&app, token).await, json!({"enabled": false, "required": false, "recovery_codes_left": 0}));
    change(&app, token, "/enable", json!({"code": "123456"})).await.problem(409, "no_second_factor");
    wrong_value(change(&app, token, "", json!({"password": "not my password"})).await, "/password", "wrong_password");
    let _ = change(&app, token, "", json!({"password": PASSWORD})).await.expect(200);
    wrong_value(change(&app, token, "/enable", json!({"code": "1234567"})).await, "/code", "invalid_code");
    let _ = sign_in(&app, EMAIL, Value::Null).await.expect(200);
    let earlier = app.login(EMAIL).await["access_token"].as_str().unwrap().to_owned();

    let (authenticator, codes) = switch_on(&app, token).await;
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.replace('-', "").len() == 26), "128 bits in base32");
    app.get("/me").bearer(&earlier).send().await.problem(401, "not_signed_in");
    assert_eq!(me(&app, token).await, json!({"enabled": true, "required": false, "recovery_codes_left": 10}));
    change(&app, token, "", json!({"password": PASSWORD})).await.problem(409, "second_factor_enabled");
    sign_in(&app, EMAIL, Value::Null).await.problem(401, "code_needed");
    // The first code was used when it was switched on.
    sign_in(&app, EMAIL, json!(authenticator.code(&app))).await.problem(401, "wrong_code");
    let code = authenticator.next_code(&app);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let tokens = sign_in(&app, EMAIL, json!(spaced)).await.expect(200).json();
    sign_in(&app, EMAIL, json!(code)).await.problem(401, "wrong_code");
    wrong_value(sign_in(&app, EMAIL, json!("12")).await, "/code", "invalid_code");
    // Whoever does not have the password learns nothing of it.
    let body = json!({"email": EMAIL, "password": "wrong wrong wrong", "code": authenticator.next_code(&app)});
    app.post("/auth/login").json(&body).send().await.problem(401, "wrong_credentials");
    // A refresh takes no code: its session was started with one.
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let _ = app.post("/auth/refresh").json(&refresh).send().await.expect(200);

    wrong_value(change(&app, token, "/disable", json!({"code": code})).await, "/code", "wrong_code");
    let code = authenticator.next_code(&app);
    let _ = change(&app, token, "/disable", json!({"code": code})).await.expect(204);
    change(&app, token, "/disable", json!({"code": code})).await.problem(409, "no_second_factor");
    let _ = sign_in(&app, EMAIL, Value::Null).await.expect(200);

    let told = app.mail_to(EMAIL).await;
    assert!(told[0].contains("TeamMate Portal is on") && told[1].contains("TeamMate Portal is off"), "{told:?}");
    let events = app.get("/events?type=member.*").bearer(token).send().await.expect(200).json();
    let count = |kind: &str| events["items"].as_array().unwrap().iter().filter(|event| event["type"] == kind).count();
    for (kind, expected) in [
        ("member.second_factor_enabled", 1),
        ("member.second_factor_disabled", 1),
        ("member.wrong_code", 3),
        ("member.signed_in", 5),
    ] {
        assert_eq!(count(kind), expected, "{kind} in {events}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_however_many_use_it_at_the_same_time(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (authenticator, codes) = switch_on(&app, &token(&app, EMAIL).await).await;
    let race = async |code: String| {
        let attempts = (0..6).map(|_| sign_in(&app, EMAIL, json!(code)));
        join_all(attempts).await.into_iter().filter(|answer| answer.status == 200).count()
    };
    assert_eq!(race(codes[0].clone()).await, 1, "a recovery code");
    assert_eq!(race(authenticator.next_code(&app)).await, 1, "a code of the app");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_wait_and_a_recovery_code_never_does(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let token = &token(&app, EMAIL).await;
    let (authenticator, codes) = switch_on(&app, token).await;
    let used = authenticator.code(&app);
    for _ in 0..4 {
        wrong_value(change(&app, token, "/disable", json!({"code": used})).await, "/code", "wrong_code");
    }
    sign_in(&app, EMAIL, json!(used)).await.problem(401, "wrong_code");
    let told = app.mail_to(EMAIL).await;
    assert!(told.last().unwrap().contains("Somebody tries to sign in as you"), "{told:?}");
    app.clock.advance(TimeDelta::milliseconds(28_500));
    let waits = sign_in(&app, EMAIL, json!(authenticator.code(&app))).await;
    assert_eq!(waits.header("retry-after"), "2", "rounded up");
    waits.problem(429, "too_many_wrong_codes");
    let _ = sign_in(&app, EMAIL, json!(codes[0].to_lowercase())).await.expect(200);
    sign_in(&app, EMAIL, json!(codes[0])).await.problem(401, "wrong_code");
    app.clock.advance(TimeDelta::milliseconds(1_500));
    let _ = sign_in(&app, EMAIL, json!(authenticator.code(&app))).await.expect(200);
    assert_eq!(me(&app, token).await["recovery_codes_left"], 9);

    let renewed = change(&app, token, "/recovery-codes", json!({"code": codes[1]})).await.expect(200).json();
    assert_eq!(me(&app, token).await["recovery_codes_left"], 10);
    sign_in(&app, EMAIL, json!(codes[2])).await.problem(401, "wrong_code");
    let _ = sign_in(&app, EMAIL, renewed["recovery_codes"][9].clone()).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_an_owner_asks_every_member_for_a_second_factor(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = &token(&app, EMAIL).await;
    let client = app.client(&app.platform().await, Role::Owner).await.0;
    let path = join_as(&app, owner, "bea@teammate.local", "viewer").await;
    let member = &token(&app, "bea@teammate.local").await;
    let require = async |token: &str, required: bool| {
        let request = app.patch("/sign-in-policy").bearer(token);
        request.json(&json!({"require_second_factor": required})).send().await
    };
    require(owner, true).await.problem(409, "no_second_factor");
    require(member, true).await.problem(403, "forbidden");
    require(&client.token, true).await.problem(403, "forbidden");
    switch_on(&app, owner).await;
    let etag = app.get("/sign-in-policy").bearer(owner).send().await.expect(200).header("etag").to_owned();
    assert_eq!(require(owner, true).await.expect(200).json(), json!({"require_second_factor": true}));
    let stale = app.patch("/sign-in-policy").bearer(owner).header("if-match", &etag);
    let stale = stale.json(&json!({"require_second_factor": false}));
    stale.send().await.problem(412, "precondition_failed");

    // From the next request on, and for everything but what it takes to have one.
    let list = async |token: &str| app.get("/resellers").bearer(token).send().await;
    list(member).await.problem(403, "second_factor_required");
    let _ = list(owner).await.expect(200);
    let _ = list(&client.token).await.expect(200);
    assert_eq!(me(&app, member).await, json!({"enabled": false, "required": true, "recovery_codes_left": 0}));
    let move_on =
        app.post("/me/change-email").bearer(member).json(&json!({"email": "new@teammate.local", "password": PASSWORD}));
    move_on.send().await.problem(403, "second_factor_required");
    let fresh = &token(&app, "bea@teammate.local").await;
    list(fresh).await.problem(403, "second_factor_required");
    let (authenticator, _) = switch_on(&app, fresh).await;
    let _ = list(fresh).await.expect(200);
    list(member).await.problem(401, "not_signed_in");
    let seen = app.get(&path).bearer(owner).send().await.expect(200);
    assert_eq!(seen.json()["second_factor"], true);

    // Who has lost everything asks an owner; nobody takes one's own away like that.
    let reset = async |token: &str, path: &str| app.delete(&format!("{path}/second-factor")).bearer(token).send().await;
    let own = app.get("/me").bearer(owner).send().await.expect(200).text_of("id");
    reset(owner, &format!("/members/{own}")).await.problem(409, "own_second_factor");
    reset(fresh, &path).await.problem(403, "forbidden");
    let _ = reset(owner, &path).await.expect(204);
    reset(owner, &path).await.problem(409, "no_second_factor");
    list(fresh).await.problem(401, "not_signed_in");
    assert!(app.mail_to("bea@teammate.local").await.last().unwrap().contains("was taken away"));
    let code = json!(authenticator.next_code(&app));
    let fresh = &sign_in(&app, "bea@teammate.local", code).await.expect(200).text_of("access_token");
    list(fresh).await.problem(403, "second_factor_required");
    let _ = require(owner, false).await.expect(200);
    let _ = list(fresh).await.expect(200);
    let events = app.get("/events?type=platform.*").bearer(owner).send().await.expect(200).json();
    let policy =
        |before: bool, after: bool| (json!({"require_second_factor": before}), json!({"require_second_factor": after}));
    let shown: Vec<_> = events["items"].as_array().unwrap().iter().skip(1).collect();
    let shown: Vec<_> = shown.iter().map(|event| (event["before"].clone(), event["after"].clone())).collect();
    assert_eq!(shown, [policy(false, true), policy(true, false)]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r8_an_owner_takes_away_no_second_factor_of_another_account(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = &token(&app, EMAIL).await;
    switch_on(&app, operator).await;
    let id = app.get("/me").bearer(operator).send().await.expect(200).text_of("id");
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let rival = app.member(&master, Role::Owner).await;
    let reset = app.delete(&format!("/members/{id}/second-factor")).bearer(&rival.token);
    reset.send().await.problem(404, "not_found");
    assert_eq!(me(&app, operator).await["enabled"], true);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_stored_sealed_outlasts_keys_and_is_reset_by_a_command(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let (authenticator, _) = switch_on(&app, &token(&app, EMAIL).await).await;
    let read = app.service().database.read(|tx| sealed(tx, Holder::Member, Uuid::nil(), 10));
    let (_, octets) = read.await.unwrap().pop().expect("a sealed secret");
    let secret = authenticator.0.as_bytes();
    assert!(!octets.windows(secret.len()).any(|window| window == secret));

    assert!(Process::run_command(BINARY, &app.database, &["rotate-keys", "--wait-seconds", "0"]));
    let read = app.service().database.read(|tx| sealed(tx, Holder::Member, Uuid::nil(), 10));
    assert_ne!(read.await.unwrap()[0].1, octets, "it is sealed again");
    let _ = sign_in(&app, EMAIL, json!(authenticator.next_code(&app))).await.expect(200);

    assert!(!Process::run_command(BINARY, &app.database, &["reset-second-factor", "nobody@teammate.local"]));
    assert!(Process::run_command(BINARY, &app.database, &["reset-second-factor", "Operator@teammate.local"]));
    let _ = sign_in(&app, EMAIL, Value::Null).await.expect(200);
    assert!(app.mail_to(EMAIL).await.last().unwrap().contains("was taken away"));
}
