//! The sessions of a member: seen and ended by the member or an owner, and ended when they are not used.

use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use domain::limits::SESSIONS_MAX;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database};
use rstest::rstest;
use serde_json::{Value, json};

const EMAIL: &str = "operator@teammate.local";

async fn list(app: &App, token: &str) -> Vec<Value> {
    let list = app.get("/me/sessions").bearer(token).send().await.expect(200).json();
    assert_eq!(list["next_cursor"], Value::Null);
    list["items"].as_array().unwrap().clone()
}

async fn refresh(app: &App, session: &Value) -> Answer {
    app.post("/auth/refresh").json(&json!({"refresh_token": session["refresh_token"]})).send().await
}

fn token(session: &Value) -> &str {
    session["access_token"].as_str().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_and_ends_its_sessions(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (first, second, third) = (app.login(EMAIL).await, app.login(EMAIL).await, app.login(EMAIL).await);
    let sessions = list(&app, token(&third)).await;
    assert_eq!(sessions.iter().map(|session| session["is_current"] == true).collect::<Vec<_>>(), [true, false, false]);
    let end = async |path: &str| app.delete(path).bearer(token(&third)).send().await;
    let _ = end(&format!("/me/sessions/{}", sessions[2]["id"].as_str().unwrap())).await.expect(204);
    end(&format!("/me/sessions/{}", sessions[2]["id"].as_str().unwrap())).await.problem(404, "not_found");
    app.get("/me").bearer(token(&first)).send().await.problem(401, "not_signed_in");
    refresh(&app, &first).await.problem(401, "invalid_refresh_token");
    let _ = app.get("/me").bearer(token(&second)).send().await.expect(200);

    // Nobody ends what is not theirs.
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let stranger = app.member(&master, Role::Owner).await;
    let theirs = list(&app, &stranger.token).await[0]["id"].as_str().unwrap().to_owned();
    end(&format!("/me/sessions/{theirs}")).await.problem(404, "not_found");
    let _ = app.get("/me").bearer(&stranger.token).send().await.expect(200);

    let _ = end("/me/sessions").await.expect(204);
    app.get("/me").bearer(token(&second)).send().await.problem(401, "not_signed_in");
    assert_eq!(list(&app, token(&third)).await.len(), 1);
    let events = app.get("/events?type=member.sessions_ended").bearer(token(&third)).send().await.expect(200).json();
    assert_eq!(events["items"].as_array().unwrap().len(), 2);
    let (client, _) = app.client(&master, Role::Owner).await;
    app.get("/me/sessions").bearer(&client.token).send().await.problem(403, "forbidden");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_ends_the_sessions_of_a_member(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let (owner, member) = (app.member(&master, Role::Owner).await, app.member(&master, Role::Provisioner).await);
    let id = app.get("/me").bearer(&member.token).send().await.expect(200).text_of("id");
    let end = async |token: &str| app.delete(&format!("/members/{id}/sessions")).bearer(token).send().await;
    end(&member.token).await.problem(403, "forbidden");
    let _ = app.get("/me").bearer(&member.token).send().await.expect(200);
    let _ = end(&owner.token).await.expect(204);
    app.get("/me").bearer(&member.token).send().await.problem(401, "not_signed_in");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_uses_ends_and_there_are_few(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let idle = app.login(EMAIL).await;
    app.clock.advance(TimeDelta::days(6));
    let idle = refresh(&app, &idle).await.expect(200).json();
    app.clock.advance(TimeDelta::days(6));
    let idle = refresh(&app, &idle).await.expect(200).json();
    app.clock.advance(TimeDelta::days(7));
    refresh(&app, &idle).await.problem(401, "invalid_refresh_token");

    let oldest = app.login(EMAIL).await;
    assert_eq!(list(&app, token(&oldest)).await.len(), 1, "the idle one is not listed");
    let mut newest = oldest.clone();
    for _ in 0..SESSIONS_MAX {
        newest = app.login(EMAIL).await;
    }
    assert_eq!(list(&app, token(&newest)).await.len(), SESSIONS_MAX);
    app.get("/me").bearer(token(&oldest)).send().await.problem(401, "not_signed_in");
}
