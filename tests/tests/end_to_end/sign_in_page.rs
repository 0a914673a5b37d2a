//! Signing in for a program: the authorization code grant with PKCE (RFC 6749 section 4.1, RFC 7636), by which Swagger UI signs
//! people in.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, PASSWORD, reseller_body};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

const EMAIL: &str = "operator@teammate.local";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

fn redirect_uri(app: &App) -> String {
    format!("http://{}/swagger-ui/oauth2-redirect.html", app.address())
}

fn asked(app: &App, email: &str) -> Value {
    json!({
        "client_id": "swagger-ui", "redirect_uri": redirect_uri(app), "code_challenge": challenge(VERIFIER),
        "email": email, "password": PASSWORD,
    })
}

/// What the sign-in page gets.
async fn code(app: &App, email: &str) -> String {
    let answer = app.post("/oauth/authorize").json(&asked(app, email)).send().await.expect(200);
    let to = answer.text_of("redirect_to");
    to.strip_prefix("/swagger-ui/oauth2-redirect.html#code=").expect("a code in the fragment").to_owned()
}

async fn exchange(app: &App, code: &str, verifier: &str) -> Answer {
    let uri = redirect_uri(app);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &uri),
        ("client_id", "swagger-ui"),
        ("code_verifier", verifier),
    ];
    app.post("/oauth/token").form(&form).send().await
}

fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{}", answer.text);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_exchanged_for_a_session_once(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    assert_eq!(challenge(VERIFIER), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "that of RFC 7636 appendix B");
    let code = code(&app, EMAIL).await;
    let answers = join_all((0..6).map(|_| exchange(&app, &code, VERIFIER))).await;
    let mut given: Vec<_> = answers.into_iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(given.len(), 1, "however many ask at the same time");
    // One of those who used it stole it, so nobody has anything of it.
    let disputed = given.pop().unwrap().json();
    app.get("/me").bearer(disputed["access_token"].as_str().unwrap()).send().await.problem(401, "not_signed_in");
    let form = [("grant_type", "refresh_token"), ("refresh_token", disputed["refresh_token"].as_str().unwrap())];
    let form = [form[0], form[1], ("client_id", "swagger-ui")];
    refused(&app.post("/oauth/token").form(&form).send().await, 400, "invalid_grant");

    let code = self::code(&app, EMAIL).await;
    let tokens = exchange(&app, &code, VERIFIER).await.expect(200).json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    let me = app.get("/me").bearer(tokens["access_token"].as_str().unwrap()).send().await.expect(200).json();
    assert_eq!(me["email"], EMAIL);

    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", "swagger-ui")];
    let next = app.post("/oauth/token").form(&form).send().await.expect(200).json();
    assert_ne!(next["refresh_token"], tokens["refresh_token"]);
    let logout = json!({"refresh_token": next["refresh_token"]});
    let _ = app.post("/auth/logout").json(&logout).send().await.expect(204);
    refused(&app.post("/oauth/token").form(&form).send().await, 400, "invalid_grant");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_for_whoever_asked_for_it_and_for_a_minute(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let stolen = code(&app, EMAIL).await;
    refused(&exchange(&app, &stolen, &"x".repeat(43)).await, 400, "invalid_grant");
    refused(&exchange(&app, &stolen, VERIFIER).await, 400, "invalid_grant");
    let late = code(&app, EMAIL).await;
    app.clock.advance(TimeDelta::seconds(60));
    refused(&exchange(&app, &late, VERIFIER).await, 400, "invalid_grant");
    refused(&exchange(&app, "made up", VERIFIER).await, 400, "invalid_grant");
    refused(&exchange(&app, &late, "short").await, 400, "invalid_request");
    let before = code(&app, EMAIL).await;
    let _ = app.post("/auth/password-resets").json(&json!({"email": EMAIL})).send().await.expect(202);
    let redeem = json!({"token": app.token_for(EMAIL).await, "password": PASSWORD});
    let _ = app.post("/auth/password-resets/redeem").json(&redeem).send().await.expect(204);
    refused(&exchange(&app, &before, VERIFIER).await, 400, "invalid_grant");
    let elsewhere = code(&app, EMAIL).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &elsewhere),
        ("redirect_uri", "http://example.com/swagger-ui/oauth2-redirect.html"),
        ("client_id", "swagger-ui"),
        ("code_verifier", VERIFIER),
    ];
    refused(&app.post("/oauth/token").form(&form).send().await, 400, "invalid_grant");
    let other = [("grant_type", "authorization_code"), ("code", &elsewhere), ("client_id", "another")];
    refused(&app.post("/oauth/token").form(&other).send().await, 401, "invalid_client");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_sign_in_page_sends_nobody_elsewhere(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    for (member, value) in [
        ("redirect_uri", json!("https://evil.example/")),
        ("redirect_uri", json!("javascript:alert(1)")),
        ("redirect_uri", json!(format!("{}?next=https://evil.example", redirect_uri(&app)))),
        ("client_id", json!("evil")),
        ("code_challenge", json!("short")),
        ("code_challenge", json!(null)),
    ] {
        let mut body = asked(&app, EMAIL);
        body[member] = value;
        let problem = app.post("/oauth/authorize").json(&body).send().await.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], json!(format!("/{member}")));
    }
    let mut wrong = asked(&app, EMAIL);
    wrong["password"] = json!("wrong wrong wrong");
    app.post("/oauth/authorize").json(&wrong).send().await.problem(401, "wrong_credentials");
    let page = app.get("/sign-in").send().await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r7_nobody_signs_in_to_an_account_that_was_suspended_in_between(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let create = app.post("/resellers").bearer(&owner.token).json(&reseller_body("office@nordwind.example"));
    let path = create.send().await.expect(201).header("location").to_owned();
    let token = app.token_for("office@nordwind.example").await;
    let _ = app.post("/activations").json(&json!({"token": token, "password": PASSWORD})).send().await.expect(200);
    let code = code(&app, "office@nordwind.example").await;
    let _ = app.post(&format!("{path}/suspend")).bearer(&owner.token).send().await.expect(200);
    refused(&exchange(&app, &code, VERIFIER).await, 400, "invalid_grant");
    let body = asked(&app, "office@nordwind.example");
    app.post("/oauth/authorize").json(&body).send().await.problem(403, "account_not_operating");
}
