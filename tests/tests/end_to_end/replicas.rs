//! Two replicas of the service on one PostgreSQL: what one does holds at the other at once (S5, S9).

use std::collections::BTreeSet;

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::Postgresql;
use end_to_end::{Answer, App, PUBLIC, Process, Request, mail_server, reseller_body};
use futures_util::future::join;
use reqwest::Method;
use serde_json::json;

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

async fn get(address: &str, path: &str, token: &str) -> Answer {
    Request::new(&reqwest::Client::new(), Method::GET, &format!("http://{address}{path}")).bearer(token).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_at_one_replica_has_ended_at_the_other() {
    let app = App::start_with(Postgresql, PUBLIC).await;
    let other = app.replica(PUBLIC).await;
    let at_other = other.address.to_string();
    let master = app.master_reseller("m@contoso.example").await;
    let member = app.member(&master.account, Role::Provisioner).await;
    let (client, _) = app.client(&master.account, Role::Provisioner).await;
    for token in [&master.token, &member.token, &client.token] {
        let _ = get(&at_other, "/resellers", token).await.expect(200);
    }
    let ends = |path: String| app.delete(&path).bearer(&master.token).send();

    // A member is removed, and an API client is revoked.
    let id = get(&at_other, "/me", &member.token).await.text_of("id");
    let _ = ends(format!("/members/{id}")).await.expect(204);
    get(&at_other, "/resellers", &member.token).await.problem(401, "not_signed_in");
    let id = get(&at_other, "/me", &client.token).await.text_of("id");
    let _ = ends(format!("/api-clients/{id}")).await.expect(204);
    get(&at_other, "/resellers", &client.token).await.problem(401, "not_signed_in");

    // A session ends, and a refresh token that was used at one replica is not taken at the other.
    let session = app.login("m@contoso.example").await;
    let token = session["access_token"].as_str().unwrap();
    let _ = get(&at_other, "/resellers", token).await.expect(200);
    let body = json!({"refresh_token": session["refresh_token"]});
    let _ = app.post("/auth/logout").json(&body).send().await.expect(204);
    get(&at_other, "/resellers", token).await.problem(401, "not_signed_in");
    let refresh = Request::new(&reqwest::Client::new(), Method::POST, &format!("http://{at_other}/auth/refresh"));
    refresh.json(&body).send().await.problem(401, "invalid_refresh_token");

    // The account is suspended (R7).
    let operator = app.operator().await;
    let suspend = app.post(&format!("/master-resellers/{}/suspend", master.account)).bearer(&operator.token);
    let _ = suspend.send().await.expect(200);
    get(&at_other, "/resellers", &master.token).await.problem(403, "account_not_operating");
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_refused_while_keys_are_rotated() {
    let app = App::start_with(Postgresql, PUBLIC).await;
    let other = app.replica(PUBLIC).await;
    let before = app.operator().await.token;
    assert!(Process::run_command(BINARY, &app.database, &["rotate-signing-key"]));
    let both = |token: String| {
        let (first, second) = (app.address(), other.address.to_string());
        async move {
            let _ = get(&first, "/resellers", &token).await.expect(200);
            let _ = get(&second, "/resellers", &token).await.expect(200);
        }
    };
    // One replica has read the new key, the other has not yet; then the new key signs.
    app.service().access_tokens.reload().unwrap();
    both(before.clone()).await;
    both(app.operator().await.token).await;
    other.app.access_tokens.reload().unwrap();
    app.clock.advance(chrono::TimeDelta::minutes(2));
    both(before).await;
    both(app.operator().await.token).await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_two_replicas_send_each_letter_once() {
    let (port, mut messages) = mail_server(0).await;
    let smtp = format!("smtp://127.0.0.1:{port}");
    let app = App::start_with(Postgresql, &["--smtp-url", &smtp]).await;
    let other = app.replica(&["--smtp-url", &smtp]).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let rows = (0..200).map(|number| reseller_body(&format!("r{number}@nordwind.example")).to_string());
    let file = rows.collect::<Vec<_>>().join("\n");
    let import = app.post("/resellers/import").bearer(&owner.token).raw("application/x-ndjson", file);
    assert_eq!(import.send().await.expect(200).json()["created"], 200);
    let (first, second) = (app.service().mail_worker(), other.app.mail_worker());
    let all = async |worker: api::mail::worker::MailWorker| {
        let mut sent = 0;
        loop {
            match worker.deliver_due().await.unwrap() {
                0 => return sent,
                batch => sent += batch,
            }
        }
    };
    let (first, second) = join(all(first), all(second)).await;
    assert!(first > 0 && second > 0, "{first} and {second}");
    let mut ids = BTreeSet::new();
    let mut received = 0;
    while let Ok(message) = messages.try_recv() {
        received += 1;
        ids.insert(message.lines().find(|line| line.starts_with("Message-ID:")).expect("an id").to_owned());
    }
    assert_eq!((received, ids.len()), (200, 200));
    other.stop().await;
}
