//! Sessions: refresh tokens rotate, old ones betray a thief, signing out takes effect on the next request.

use chrono::TimeDelta;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, PASSWORD};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

async fn refresh(app: &App, token: &Value) -> end_to_end::Answer {
    app.post("/auth/refresh").json(&json!({ "refresh_token": token })).send().await
}

async fn me(app: &App, tokens: &Value) -> u16 {
    app.get("/me").bearer(tokens["access_token"].as_str().unwrap()).send().await.status
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_works_once_and_reuse_ends_the_session(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let first = app.login("operator@teammate.local").await;
    let second = refresh(&app, &first["refresh_token"]).await.expect(200).json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let again = refresh(&app, &first["refresh_token"]).await.expect(200).json();
    assert_eq!(again["refresh_token"], second["refresh_token"], "a lost answer is given again");
    let third = refresh(&app, &second["refresh_token"]).await.expect(200).json();
    assert_eq!(me(&app, &third).await, 200);
    app.clock.advance(TimeDelta::seconds(11));
    refresh(&app, &first["refresh_token"]).await.problem(401, "invalid_refresh_token");
    assert_eq!(me(&app, &third).await, 401, "the whole session has ended");
    refresh(&app, &third["refresh_token"]).await.problem(401, "invalid_refresh_token");
    refresh(&app, &json!("made up")).await.problem(401, "invalid_refresh_token");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_refreshes_of_one_token_get_one_successor(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let first = app.login("operator@teammate.local").await;
    let answers = join_all((0..20).map(|_| refresh(&app, &first["refresh_token"]))).await;
    let successors: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| answer.expect(200).text_of("refresh_token")).collect();
    assert_eq!(successors.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn signing_out_takes_effect_on_the_next_request(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let tokens = app.login("operator@teammate.local").await;
    let other = app.login("operator@teammate.local").await;
    let logout = || app.post("/auth/logout").json(&json!({"refresh_token": tokens["refresh_token"]})).send();
    for _ in 0..2 {
        let _ = logout().await.expect(204);
    }
    assert_eq!(me(&app, &tokens).await, 401);
    assert_eq!(me(&app, &other).await, 200, "the other session goes on");
    refresh(&app, &tokens["refresh_token"]).await.problem(401, "invalid_refresh_token");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_thirty_days(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let tokens = app.login("operator@teammate.local").await;
    app.clock.advance(TimeDelta::days(29));
    let tokens = refresh(&app, &tokens["refresh_token"]).await.expect(200).json();
    app.clock.advance(TimeDelta::days(1));
    refresh(&app, &tokens["refresh_token"]).await.problem(401, "invalid_refresh_token");
    assert_eq!(me(&app, &tokens).await, 401);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_and_a_wrong_password_get_one_answer(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let login = |email: &str, password: &str| {
        app.post("/auth/login").json(&json!({"email": email, "password": password})).send()
    };
    let bare = |answer: end_to_end::Answer| {
        let mut problem = answer.problem(401, "wrong_credentials");
        problem["request_id"].take();
        problem
    };
    let wrong = bare(login("operator@teammate.local", "wrong wrong wrong").await);
    assert_eq!(bare(login("nobody@teammate.local", PASSWORD).await), wrong);
    assert_eq!(bare(login("no address", PASSWORD).await), wrong);
    assert_eq!(bare(login("operator@teammate.local", "").await), wrong);
    let _ = login("OPERATOR@teammate.local", PASSWORD).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_first_operator_is_made_once(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let tokens = app.login("operator@teammate.local").await;
    let app = app.restart().await;
    assert_eq!(me(&app, &tokens).await, 401, "another address is another issuer");
    app.login("operator@teammate.local").await;
    let _ = app.get("/readyz").send().await.expect(200);
    let mut kept: Vec<_> = std::fs::read_dir(app.database.directory.path().join("keys"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap())
        .map(|metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777)
        .collect();
    kept.dedup();
    assert_eq!(kept, [0o600], "only the service's own user reads its keys");
}
