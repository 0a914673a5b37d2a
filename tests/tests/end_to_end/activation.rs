//! R3: links work once, for 72 hours, until a newer one is sent; looking at one consumes nothing.

use chrono::TimeDelta;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, PASSWORD, reseller_body};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

async fn pending(app: &App, email: &str) -> (String, String) {
    let master = app.master_reseller("ann@contoso.example").await;
    let request = app.post("/resellers").bearer(&master.token).json(&reseller_body(email));
    (request.send().await.expect(201).text_of("id"), master.token)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r3_of_50_concurrent_redemptions_one_succeeds(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (_, _) = pending(&app, "office@nordwind.example").await;
    let token = app.token_for("office@nordwind.example").await;
    let redeem = |number: usize| json!({"token": token, "password": format!("{PASSWORD} {number}")});
    let answers = join_all((0..50).map(|number| app.post("/activations").json(&redeem(number)).send())).await;
    let winners: Vec<_> = answers.iter().enumerate().filter(|(_, answer)| answer.status == 200).collect();
    assert_eq!(winners.len(), 1);
    let winner = winners[0].0;
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.clone().problem(422, "invalid_token");
    }
    let login = json!({"email": "office@nordwind.example", "password": format!("{PASSWORD} {winner}")});
    let _ = app.post("/auth/login").json(&login).send().await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r3_dead_links_get_one_answer_whatever_killed_them(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (id, master) = pending(&app, "office@nordwind.example").await;
    let superseded = app.token_for("office@nordwind.example").await;
    app.clock.advance(TimeDelta::seconds(1));
    let path = format!("/resellers/{id}/resend-activation");
    let _ = app.post(&path).bearer(&master).send().await.expect(200);
    let used = app.token_for("office@nordwind.example").await;
    assert_ne!(used, superseded);
    let redeem = |token: &str| {
        let request = app.post("/activations").json(&json!({"token": token, "password": PASSWORD}));
        async move { request.send().await }
    };
    let superseded_answer = redeem(&superseded).await;
    let _ = redeem(&used).await.expect(200);
    let used_answer = redeem(&used).await;
    let made_up = redeem("q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d").await;
    let no_token_at_all = redeem("short").await;

    let other = reseller_body("late@nordwind.example");
    let _ = app.post("/resellers").bearer(&master).json(&other).send().await.expect(201);
    let expired = app.token_for("late@nordwind.example").await;
    app.clock.advance(TimeDelta::hours(72));
    let expired_answer = redeem(&expired).await;

    let bare = |answer: &end_to_end::Answer| {
        let mut body = answer.json();
        body["request_id"] = Value::Null;
        (answer.status, body)
    };
    let expected = bare(&made_up);
    assert_eq!(expected.1["code"], "invalid_token");
    for answer in [&superseded_answer, &used_answer, &no_token_at_all, &expired_answer] {
        assert_eq!(bare(answer), expected);
    }
    let preview = app.post("/activations/preview").json(&json!({"token": expired})).send().await;
    assert_eq!(bare(&preview), expected);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r3_get_consumes_nothing_and_a_bad_password_neither(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (id, _) = pending(&app, "office@nordwind.example").await;
    let token = app.token_for("office@nordwind.example").await;
    let page = app.get(&format!("/activate?token={token}")).send().await.expect(200);
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'"));
    assert!(page.header("content-type").starts_with("text/html"));
    app.get("/activations").send().await.problem(405, "method_not_allowed");
    for password in ["short", "password1234", &"x".repeat(129)] {
        let answer = app.post("/activations").json(&json!({"token": token, "password": password})).send().await;
        assert_eq!((answer.status, answer.pointers()), (422, vec!["/password".to_owned()]), "{password}");
    }
    app.activate(&id, "office@nordwind.example").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r3_a_link_from_before_the_database_kept_its_time_still_works(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let (id, _) = pending(&app, "office@nordwind.example").await;
    let token = app.token_for("office@nordwind.example").await;
    app.database.run("UPDATE activations SET token_hash = substr(token_hash, 7)").expect("the hash alone");
    let preview = app.post("/activations/preview").json(&json!({"token": token})).send().await.expect(200);
    assert_eq!(preview.text_of("name"), "Nordwind");
    let redeem = || app.post("/activations").json(&json!({"token": token, "password": PASSWORD})).send();
    let _ = redeem().await.expect(200);
    redeem().await.problem(422, "invalid_token");
    let login = app.login("office@nordwind.example").await;
    let me = app.get("/me").bearer(login["access_token"].as_str().unwrap()).send().await.expect(200).json();
    assert_eq!(me["account"]["id"], id);
}
