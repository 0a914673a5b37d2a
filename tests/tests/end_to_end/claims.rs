//! R14: who may have what is unique in the whole service, and how little a refusal tells.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Office, PUBLIC, Request, add};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_out_by_trying_what_others_have(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let kiosk = Office::open(&app, "kiosk", "sip.shared.example").await;
    let rival = Office::open(&app, "rival", "sip.shared.example").await;
    let number = "+4930901820";
    let _ = add(&app, &kiosk.admin, "users", &kiosk.on_trunk("Anna", number)).await.expect(201);
    // A SIP domain can be shared by customers whose users have different names.
    let _ = add(&app, &kiosk.admin, "users", &kiosk.on_pbx("Ben", "1001")).await.expect(201);
    let own = add(&app, &rival.admin, "users", &rival.on_pbx("Bea", "1002")).await.expect(201);
    let told = add(&app, &rival.admin, "users", &rival.on_trunk("Rob", number)).await.problem(409, "number_taken");
    assert!(!told.to_string().contains("kiosk"), "{told}");
    // What one's own users have is no secret, and not counted.
    for _ in 0..5 {
        add(&app, &rival.admin, "users", &rival.on_pbx("Bob", "1002")).await.problem(409, "sip_user_taken");
    }
    for _ in 0..98 {
        let taken = add(&app, &rival.admin, "users", &rival.on_trunk("Rob", number)).await;
        taken.problem(409, "number_taken");
    }
    add(&app, &rival.admin, "users", &rival.on_pbx("Rob", "1001")).await.problem(409, "sip_user_taken");
    // From now on, an answer says nothing about the value: neither about one that others have nor about a free one.
    for tried in [number, "+4930901899"] {
        let answer = add(&app, &rival.admin, "users", &rival.on_trunk("Rob", tried)).await;
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 80_000);
        answer.problem(429, "too_many_taken_claims");
    }
    let rename = app.patch(&format!("/users/{}", own.text_of("id"))).bearer(&rival.admin.token);
    let _ = rename.json(&json!({"tag": "Reception"})).send().await.expect(200);
    let _ = add(&app, &kiosk.admin, "users", &kiosk.on_trunk("Eve", "+4930901821")).await.expect(201);

    // Whom a number belongs to is settled by staff, on record: they find who has it, take it away and give it on.
    let operator = app.operator().await;
    let found = app.get("/accounts?q=%2B4930901820").bearer(&operator.token).send().await.expect(200).json();
    assert_eq!(found["items"][0]["id"], json!(kiosk.admin.account));
    let users = format!("/enterprises/{}/users?q=%2B4930901820", kiosk.admin.account);
    let holder = app.get(&users).bearer(&operator.token).send().await.expect(200).json();
    let holder = format!("/users/{}", holder["items"][0]["id"].as_str().unwrap());
    let _ = app.delete(&holder).bearer(&operator.token).send().await.expect(204);
    let give = app.post(&format!("/enterprises/{}/users", rival.admin.account)).bearer(&operator.token);
    let _ = give.json(&rival.on_trunk("Rob", number)).send().await.expect(201);
    let events = app.get("/events?type=user.removed").bearer(&kiosk.admin.token).send().await.expect(200).json();
    assert_eq!(events["items"][0]["actor"]["account_type"], "platform", "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_what_an_account_tried_at_one_replica_counts_at_the_other() {
    let app = App::start_with(Postgresql, PUBLIC).await;
    let other = app.replica(PUBLIC).await;
    let kiosk = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let rival = Office::open(&app, "rival", "sip.rival.example").await;
    let _ = add(&app, &kiosk.admin, "users", &kiosk.on_trunk("Anna", "+4930901820")).await.expect(201);
    let taken = rival.on_trunk("Rob", "+4930901820");
    let url = format!("http://{}/enterprises/{}/users", other.address, rival.admin.account);
    let at_other = async || {
        Request::new(&reqwest::Client::new(), Method::POST, &url).bearer(&rival.admin.token).json(&taken).send().await
    };
    for _ in 0..50 {
        add(&app, &rival.admin, "users", &taken).await.problem(409, "number_taken");
        at_other().await.problem(409, "number_taken");
    }
    add(&app, &rival.admin, "users", &taken).await.problem(429, "too_many_taken_claims");
    at_other().await.problem(429, "too_many_taken_claims");
    other.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_claims_at_once_tell_no_more_than_one_after_the_other(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let kiosk = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let rival = Office::open(&app, "rival", "sip.rival.example").await;
    let number = "+4930901820";
    let _ = add(&app, &kiosk.admin, "users", &kiosk.on_trunk("Anna", number)).await.expect(201);
    // A file whose rows are checked in one transaction.
    let rows = (0..150).map(|row| rival.on_trunk(&format!("Rob{row}"), number).to_string() + "\n");
    let import = app.post(&format!("/enterprises/{}/users/import", rival.admin.account)).bearer(&rival.admin.token);
    let rows: String = rows.collect();
    let answer = import.raw("application/x-ndjson", rows).send().await;
    let told = answer.expect(200).text.matches("number_taken").count();
    assert_eq!(told, 100);
    let after = add(&app, &rival.admin, "users", &rival.on_trunk("Rob", "+4930901899")).await;
    after.problem(429, "too_many_taken_claims");
}
