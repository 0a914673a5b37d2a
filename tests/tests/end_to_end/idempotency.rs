//! W5: one key, one request.

use chrono::TimeDelta;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, reseller_body};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w5_50_parallel_posts_with_one_key_make_one_reseller(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let post = || {
        let request = app.post("/resellers").bearer(&master.token).header("idempotency-key", "order-1");
        request.json(&reseller_body("office@nordwind.example")).send()
    };
    let answers = join_all((0..50).map(|_| post())).await;
    let (made, running): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert!(!made.is_empty());
    for answer in running {
        answer.problem(409, "idempotency_key_in_use");
    }
    for answer in &made {
        assert_eq!(answer.text, made[0].text);
        assert_eq!(answer.header("location"), made[0].header("location"));
        assert_eq!(answer.header("etag"), made[0].header("etag"));
    }
    let first = made.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count();
    assert_eq!(first, 1);
    let list = app.get("/resellers").bearer(&master.token).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.mail_to("office@nordwind.example").await.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w5_a_key_belongs_to_one_body_one_caller_and_one_day(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    let post = |token: &str, body: serde_json::Value| {
        app.post("/resellers").bearer(token).header("idempotency-key", "key").json(&body).send()
    };
    let first = post(&master.token, reseller_body("one@nordwind.example")).await.expect(201);
    post(&master.token, reseller_body("two@nordwind.example")).await.problem(422, "idempotency_key_reused");
    let path = format!("/resellers/{}/resend-activation", first.text_of("id"));
    let elsewhere = app.post(&path).bearer(&master.token).header("idempotency-key", "key").send().await;
    elsewhere.problem(422, "idempotency_key_reused");
    let mut other = reseller_body("two@nordwind.example");
    other["master_reseller_id"] = json!(master.account);
    let _ = post(&operator.token, other).await.expect(201);
    app.clock.advance(TimeDelta::hours(24));
    let tokens = app.login("ann@contoso.example").await;
    let token = tokens["access_token"].as_str().unwrap();
    post(token, reseller_body("one@nordwind.example")).await.problem(409, "email_taken");
    for bad in ["k".repeat(256), "order 1".to_owned()] {
        let request = app.post("/resellers").bearer(token).header("idempotency-key", &bad);
        request.json(&json!({})).send().await.problem(400, "invalid_header");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w5_a_refusal_is_decided_anew(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "office@nordwind.example").await;
    let post = || {
        let request = app.post("/resellers").bearer(&master.token).header("idempotency-key", "again");
        request.json(&reseller_body("office@nordwind.example")).send()
    };
    post().await.problem(409, "email_taken");
    let path = format!("/resellers/{}", reseller.account);
    let _ = app.delete(&path).bearer(&master.token).send().await.expect(204);
    let _ = post().await.expect(201);
}
