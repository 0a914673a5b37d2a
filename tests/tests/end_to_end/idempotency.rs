//! W5: one key, one request.

use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Person, reseller_body};
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

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w5_a_stored_answer_is_only_for_those_who_may_still_see_it(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owners = [master(&app, "from").await, master(&app, "to").await];
    let [from, to] = &owners;
    let create = async || {
        let request = app.post("/resellers").bearer(&from.token).header("idempotency-key", "order-1");
        request.json(&reseller_body("office@nordwind.example")).send().await
    };
    let reseller = create().await.expect(201).text_of("id");
    let ask = async || {
        let request = app.post(&format!("/resellers/{reseller}/move")).bearer(&from.token);
        request.header("idempotency-key", "move").json(&json!({"master_reseller_id": to.account})).send().await
    };
    let path = ask().await.expect(201).header("location").to_owned();
    assert_eq!(create().await.expect(201).header("idempotent-replayed"), "true");
    let accept = async || {
        let request = app.post(&format!("{path}/accept")).bearer(&to.token).header("idempotency-key", "accept");
        request.json(&json!({"billing_reference": "NEW-7"})).send().await
    };
    let _ = accept().await.expect(200);
    // The reseller has left, and the move is still there for both sides.
    create().await.problem(404, "not_found");
    assert_eq!(ask().await.expect(201).header("idempotent-replayed"), "true");
    assert_eq!(accept().await.expect(200).header("idempotent-replayed"), "true");

    // A lesser role gets nothing that was for a greater one.
    let (client, _) = app.client(&to.account, Role::Provisioner).await;
    let change = async |role: &str| {
        let list = app.get("/api-clients").bearer(&to.token).send().await.expect(200).json();
        let path = format!("/api-clients/{}", list["items"][0]["id"].as_str().unwrap());
        let _ = app.patch(&path).bearer(&to.token).json(&json!({"role": role})).send().await.expect(200);
    };
    let create = async || {
        let request = app.post("/resellers").bearer(&client.token).header("idempotency-key", "order-1");
        request.json(&reseller_body("office@suedwind.example")).send().await
    };
    let _ = create().await.expect(201);
    change("viewer").await;
    create().await.problem(403, "forbidden");
    change("owner").await;
    assert_eq!(create().await.expect(201).header("idempotent-replayed"), "true");
}

async fn master(app: &App, name: &str) -> Person {
    let account = app.plant(Tier::MasterReseller, &[], &format!("{name}@contoso.example")).await;
    app.member(&account, Role::Owner).await
}
