//! S5: e-mail leaves at least once, with back-off, under one message id.

use chrono::TimeDelta;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, PASSWORD, Person, mail_server, reseller_body};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s5_a_refused_message_is_tried_again_under_the_same_id(#[values(Sqlite, Postgresql)] database: Database) {
    let (port, mut messages) = mail_server(2).await;
    let app = App::start_with(database, &["--smtp-url", &format!("smtp://127.0.0.1:{port}")]).await;
    let operator = app.operator().await;
    let master = app.plant(domain::account::Tier::MasterReseller, &[], "ann@contoso.example").await;
    let mut body = reseller_body("office@nordwind.example");
    body["master_reseller_id"] = json!(master);
    let created = app.post("/resellers").bearer(&operator.token).json(&body).send().await.expect(201);
    let path = format!("/resellers/{}", created.text_of("id"));
    let delivery = || async {
        let operator = app.operator().await;
        let seen = app.get(&path).bearer(&operator.token).send().await.expect(200).json();
        seen["activation"]["delivery"].as_str().unwrap().to_owned()
    };
    app.deliver_mail().await;
    assert_eq!(delivery().await, "retrying");
    app.deliver_mail().await;
    assert!(messages.try_recv().is_err(), "the next attempt has its time");
    app.clock.advance(TimeDelta::seconds(6));
    app.deliver_mail().await;
    assert_eq!(delivery().await, "retrying");
    app.clock.advance(TimeDelta::seconds(13));
    app.deliver_mail().await;
    assert_eq!(delivery().await, "sent");
    let mail = messages.recv().await.unwrap();
    assert!(mail.contains("To: office@nordwind.example") && mail.contains("Message-ID: <"), "{mail}");
    assert!(mail.contains("text/plain") && mail.contains("text/html"), "{mail}");
    app.clock.advance(TimeDelta::days(1));
    app.deliver_mail().await;
    assert!(messages.try_recv().is_err(), "it is sent once");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s5_a_refused_request_sends_nothing(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let refused = app.post("/resellers").bearer(&master.token).json(&reseller_body("ANN@contoso.example"));
    refused.send().await.problem(409, "email_taken");
    assert_eq!(app.mail_to("ann@contoso.example").await.len(), 1, "only the master reseller's own");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_by_e_mail(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let ask = |email: &str| app.post("/auth/password-resets").json(&json!({ "email": email })).send();
    let known = ask("Ann@contoso.example").await.expect(202);
    let unknown = ask("nobody@contoso.example").await.expect(202);
    assert_eq!(known.text, unknown.text, "nobody learns who has an account");
    let token = app.token_for("ann@contoso.example").await;
    let _ = ask("ann@contoso.example").await.expect(202);
    assert_eq!(app.token_for("ann@contoso.example").await, token, "one e-mail a minute");
    let redeem = |password: &str| {
        app.post("/auth/password-resets/redeem").json(&json!({"token": token, "password": password})).send()
    };
    assert_eq!(redeem("password1234").await.pointers(), ["/password"]);
    let _ = redeem("a new and better passphrase").await.expect(204);
    redeem("another passphrase for it").await.problem(422, "invalid_token");
    app.get("/me").bearer(&master.token).send().await.problem(401, "not_signed_in");
    let login = |password: &str| {
        app.post("/auth/login").json(&json!({"email": "ann@contoso.example", "password": password})).send()
    };
    login(PASSWORD).await.problem(401, "wrong_credentials");
    let _ = login("a new and better passphrase").await.expect(200);
    app.clock.advance(TimeDelta::seconds(61));
    let _ = ask("ann@contoso.example").await.expect(202);
    let late = app.token_for("ann@contoso.example").await;
    assert_ne!(late, token);
    app.clock.advance(TimeDelta::hours(1));
    let expired = app.post("/auth/password-resets/redeem").json(&json!({"token": late, "password": PASSWORD}));
    expired.send().await.problem(422, "invalid_token");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_more_than_ten_letters_a_day_that_others_have_caused(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("m@contoso.example").await;
    let rival = app.master_reseller("r@fabrikam.example").await;
    let create = async |person: &Person, email: &str| {
        app.post("/resellers").bearer(&person.token).json(&reseller_body(email)).send().await
    };
    let resend = async |path: &str| {
        app.deliver_mail().await;
        app.post(&format!("{path}/resend-activation")).bearer(&master.token).send().await
    };
    let path = create(&master, "victim@example.com").await.expect(201).header("location").to_owned();
    for _ in 0..9 {
        let _ = resend(&path).await.expect(200);
    }
    let refused = resend(&path).await;
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 80_000);
    refused.problem(429, "too_many_emails");
    let change = app.patch(&path).bearer(&master.token).json(&json!({"email": "other@example.com"}));
    let _ = change.send().await.expect(200);
    // Neither another account nor another sender is a way around it.
    create(&master, "victim@example.com").await.problem(429, "too_many_emails");
    create(&rival, "Victim@example.com").await.problem(429, "too_many_emails");
    assert_eq!(app.mail_to("victim@example.com").await.len(), 10);
    let _ = create(&rival, "somebody@example.com").await.expect(201);
    app.clock.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
    let rival = app.login("r@fabrikam.example").await["access_token"].as_str().unwrap().to_owned();
    let again = app.post("/resellers").bearer(&rival).json(&reseller_body("victim@example.com"));
    let _ = again.send().await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_being_sent_counts_although_another_replaces_it(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("m@contoso.example").await;
    let created = app.post("/resellers").bearer(&master.token).json(&reseller_body("victim@example.com"));
    let path = created.send().await.expect(201).header("location").to_owned();
    let mut statuses = Vec::new();
    for _ in 0..10 {
        // A worker has taken the letter and talks to the mail server.
        let now = app.clock.now();
        let lease = move |tx: &mut _| persistence::outbox::lease(tx, 10, now);
        assert_eq!(app.service().database.write(lease).await.unwrap().len(), 1);
        let resend = app.post(&format!("{path}/resend-activation")).bearer(&master.token).send();
        statuses.push(resend.await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 200, 200, 429]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_letters_of_one_sender_leave_one_after_the_other(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("m@contoso.example").await;
    let rival = app.master_reseller("r@fabrikam.example").await;
    let row = |index| reseller_body(&format!("row{index}@example.com")).to_string();
    let file = (0..1000).map(row).collect::<Vec<_>>().join("\n");
    let import = app.post("/resellers/import").bearer(&master.token).raw("application/x-ndjson", file);
    assert_eq!(import.send().await.expect(200).json()["created"], 1000);
    let _ =
        app.post("/resellers").bearer(&rival.token).json(&reseller_body("one@example.com")).send().await.expect(201);
    let sent = async || {
        app.deliver_mail().await;
        let files = std::fs::read_dir(app.database.directory.path().join("mail")).unwrap().flatten();
        let text = |file: std::fs::DirEntry| std::fs::read_to_string(file.path()).unwrap();
        files.map(text).filter(|mail| mail.contains("To: row")).count()
    };
    // The others leave within 500 seconds, and this test takes only some of them.
    let first = sent().await;
    assert!((500..900).contains(&first), "{first}");
    assert_eq!(app.mail_to("one@example.com").await.len(), 1, "others don't wait");
    app.clock.advance(TimeDelta::seconds(500));
    assert_eq!(sent().await, 1000);
}
