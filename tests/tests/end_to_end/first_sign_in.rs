//! Passwords that members change themselves, generated passwords, and what operators need to sign in by default (R18).

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, PASSWORD};
use rstest::rstest;
use serde_json::json;

const EMAIL: &str = "operator@teammate.local";
const NEW: &str = "tidal lantern orchard ninety";

async fn sign_in(app: &App, password: &str) -> Answer {
    app.post("/auth/login").json(&json!({"email": EMAIL, "password": password})).send().await
}

async fn change(app: &App, token: &str, password: &str, new: &str) -> Answer {
    let body = json!({"password": password, "new_password": new});
    app.post("/me/change-password").bearer(token).json(&body).send().await
}

fn wrong_value(answer: Answer, pointer: &str, code: &str) {
    let problem = answer.problem(422, "validation_failed");
    assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r18_a_member_changes_its_password_with_the_present_one(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let token = sign_in(&app, PASSWORD).await.expect(200).text_of("access_token");
    let other = sign_in(&app, PASSWORD).await.expect(200).text_of("access_token");
    let _ = app.post("/auth/password-resets").json(&json!({"email": EMAIL})).send().await.expect(202);
    let link = app.token_for(EMAIL).await;

    wrong_value(change(&app, &token, "wrong wrong wrong", NEW).await, "/password", "wrong_password");
    wrong_value(change(&app, &token, PASSWORD, PASSWORD).await, "/new_password", "same_password");
    wrong_value(change(&app, &token, PASSWORD, "password1234").await, "/new_password", "common_password");
    wrong_value(change(&app, &token, PASSWORD, "short").await, "/new_password", "too_short");
    let _ = sign_in(&app, PASSWORD).await.expect(200);

    let _ = change(&app, &token, PASSWORD, NEW).await.expect(204);
    let _ = app.get("/me").bearer(&token).send().await.expect(200);
    app.get("/me").bearer(&other).send().await.problem(401, "not_signed_in");
    sign_in(&app, PASSWORD).await.problem(401, "wrong_credentials");
    let _ = sign_in(&app, NEW).await.expect(200);
    let redeem = app.post("/auth/password-resets/redeem").json(&json!({"token": link, "password": PASSWORD}));
    redeem.send().await.problem(422, "invalid_token");
    let told = app.mail_to(EMAIL).await.pop().unwrap();
    assert!(told.contains("Your password for TeamMate Portal was changed"), "{told}");
    let events = app.get("/events?type=member.password_changed").bearer(&token).send().await.expect(200).json();
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    assert!(!events.to_string().contains(NEW), "no password in an event");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r18_a_program_changes_nobody_s_password(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let (client, _) = app.client(&master, Role::Owner).await;
    change(&app, &client.token, PASSWORD, NEW).await.problem(403, "forbidden");
    app.post("/me/change-password").json(&json!({})).send().await.problem(401, "not_signed_in");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_generated_password_is_replaced_before_anything_else(#[values(Sqlite, Postgresql)] database: Database) {
    let (app, generated) = App::start_with_generated_password(database).await;
    let token = sign_in(&app, &generated).await.expect(200).text_of("access_token");
    let _ = app.get("/me").bearer(&token).send().await.expect(200);
    app.get("/resellers").bearer(&token).send().await.problem(403, "password_change_required");
    let invite = app.post("/members").bearer(&token).json(&json!({"email": "b@teammate.local", "role": "viewer"}));
    invite.send().await.problem(403, "password_change_required");
    wrong_value(change(&app, &token, &generated, &generated).await, "/new_password", "same_password");
    app.get("/resellers").bearer(&token).send().await.problem(403, "password_change_required");
    let _ = change(&app, &token, &generated, NEW).await.expect(204);
    let _ = app.get("/resellers").bearer(&token).send().await.expect(200);
    sign_in(&app, &generated).await.problem(401, "wrong_credentials");

    // A link to reset the password does the same.
    let (app, generated) = App::start_with_generated_password(database).await;
    let _ = app.post("/auth/password-resets").json(&json!({"email": EMAIL})).send().await.expect(202);
    let body = json!({"token": app.token_for(EMAIL).await, "password": NEW});
    let _ = app.post("/auth/password-resets/redeem").json(&body).send().await.expect(204);
    sign_in(&app, &generated).await.problem(401, "wrong_credentials");
    let token = sign_in(&app, NEW).await.expect(200).text_of("access_token");
    let _ = app.get("/resellers").bearer(&token).send().await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn operators_need_a_second_factor_once_others_can_reach_the_service(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    const PUBLIC: [&str; 2] = ["--public-url", "https://portal.example"];
    let list = async |app: &App| {
        let token = sign_in(app, PASSWORD).await.expect(200).text_of("access_token");
        let _ = app.get("/me").bearer(&token).send().await.expect(200);
        app.get("/resellers").bearer(&token).send().await
    };
    let app = App::start(database).await;
    let _ = list(&app).await.expect(200);
    let app = app.restart_with(&PUBLIC).await;
    list(&app).await.problem(403, "second_factor_required");
    let app = app.restart_with(&PUBLIC).await;
    list(&app).await.problem(403, "second_factor_required");

    // An owner of the platform who has decided otherwise is not overruled.
    let app = App::start(database).await;
    let token = sign_in(&app, PASSWORD).await.expect(200).text_of("access_token");
    let decide = app.patch("/sign-in-policy").bearer(&token).json(&json!({"require_second_factor": false}));
    let _ = decide.send().await.expect(200);
    let app = app.restart_with(&PUBLIC).await;
    let _ = list(&app).await.expect(200);
}
