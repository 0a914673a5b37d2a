//! Webhooks: what is sent, to whom, how it is signed, and what comes of receivers that don't take it.

mod workers;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use domain::id::WebhookId;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Person, Received, Receiver, Reply, reseller_body};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

const PRIVATE: &[&str] = &["--private-webhooks"];

struct Hook {
    path: String,
    secret: String,
}

async fn hook(app: &App, owner: &Person, url: &str, types: &[&str]) -> Hook {
    let body = json!({"url": url, "event_types": types});
    let made = app.post("/webhooks").bearer(&owner.token).json(&body).send().await.expect(201);
    Hook { path: made.header("location").to_owned(), secret: made.text_of("signing_secret") }
}

async fn owner(app: &App) -> Person {
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    app.member(&master, Role::Owner).await
}

async fn create(app: &App, owner: &Person, email: &str) -> Answer {
    app.post("/resellers").bearer(&owner.token).json(&reseller_body(email)).send().await
}

async fn see(app: &App, owner: &Person, path: &str) -> Value {
    app.get(path).bearer(&owner.token).send().await.expect(200).json()
}

/// Whether the official library takes a delivery for ours.
fn verified(received: &Received, secret: &str) -> bool {
    let mut headers = http_headers(received);
    let library = standardwebhooks::Webhook::new(secret).expect("a secret");
    let genuine = library.verify(received.body.as_bytes(), &headers).is_ok();
    headers.insert("webhook-id", "event_of_somebody_else".parse().unwrap());
    assert!(library.verify(received.body.as_bytes(), &headers).is_err(), "a forged one is seen");
    genuine
}

fn http_headers(received: &Received) -> reqwest::header::HeaderMap {
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("webhook-id", received.id.parse().unwrap());
    headers.insert("webhook-timestamp", received.timestamp.parse().unwrap());
    headers.insert("webhook-signature", received.signature.parse().unwrap());
    headers
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn events_are_sent_signed_to_those_who_want_them(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, PRIVATE).await;
    let owner = owner(&app).await;
    let (all, some, other) = (Receiver::start(), Receiver::start(), Receiver::start());
    let of_all = hook(&app, &owner, &all.url, &["*"]).await;
    let of_some = hook(&app, &owner, &some.url, &["reseller.updated", "enterprise.*"]).await;
    let rival = app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let _ = hook(&app, &app.member(&rival, Role::Owner).await, &other.url, &["*"]).await;
    app.deliver_webhooks().await;
    let _ = (all.take(), some.take(), other.take());

    let reseller = create(&app, &owner, "nord@wind.example").await.expect(201).text_of("id");
    let rename = app.patch(&format!("/resellers/{reseller}")).bearer(&owner.token).json(&json!({"name": "Südwind"}));
    let _ = rename.send().await.expect(200);
    app.deliver_webhooks().await;

    let received = all.take();
    let types: Vec<_> = received.iter().map(|message| message.json()["type"].clone()).collect();
    assert_eq!(types.len(), 2);
    for message in &received {
        assert!(verified(message, &of_all.secret));
        assert!(!verified(message, &of_some.secret));
        let body = message.json();
        assert_eq!(body["data"]["id"], message.id.as_str(), "the id is that of the event");
        assert_eq!(body["timestamp"], body["data"]["occurred_at"]);
        let event = see(&app, &owner, &format!("/events/{}", message.id)).await;
        assert_eq!(body["data"], event, "it is sent as it is read");
    }
    let updated: Vec<_> = some.take().iter().map(|message| message.json()["type"].clone()).collect();
    assert_eq!(updated, ["reseller.updated"]);
    assert!(other.take().is_empty(), "R8: nobody else hears of it");
    assert_eq!(app.deliver_webhooks().await, 0, "each once");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r16_what_is_undone_is_not_sent(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, PRIVATE).await;
    let (owner, receiver) = (owner(&app).await, Receiver::start());
    let _ = hook(&app, &owner, &receiver.url, &["reseller.*"]).await;
    let answers = join_all((0..10).map(|_| create(&app, &owner, "same@wind.example"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    app.deliver_webhooks().await;
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(app.mail_to("same@wind.example").await.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn signing_secrets_are_exchanged_without_a_gap(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, PRIVATE).await;
    let (owner, receiver) = (owner(&app).await, Receiver::start());
    let first = hook(&app, &owner, &receiver.url, &["reseller.*"]).await;
    let rotate = app.post(&format!("{}/rotate-secret", first.path)).bearer(&owner.token);
    let second = rotate.json(&json!({"previous_secret_expires_in": 100})).send().await.expect(200);
    let second = second.text_of("signing_secret");
    let _ = create(&app, &owner, "a@wind.example").await.expect(201);
    app.deliver_webhooks().await;
    let both = receiver.take().remove(0);
    assert!(verified(&both, &first.secret) && verified(&both, &second));
    app.clock.advance(TimeDelta::seconds(101));
    let _ = create(&app, &owner, "b@wind.example").await.expect(201);
    app.deliver_webhooks().await;
    let one = receiver.take().remove(0);
    assert!(!verified(&one, &first.secret) && verified(&one, &second));
    assert_eq!(see(&app, &owner, &first.path).await["signing_secret"], Value::Null);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_tried_again_for_three_days(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, PRIVATE).await;
    let (owner, receiver) = (owner(&app).await, Receiver::start());
    let hook = hook(&app, &owner, &receiver.url, &["reseller.*"]).await;
    let elsewhere = Receiver::start();
    receiver.reply([
        Reply::Status(500),
        Reply::With(302, "location", elsewhere.url.clone()),
        Reply::With(429, "retry-after", "7200".to_owned()),
        Reply::Status(404),
    ]);
    receiver.always(Reply::Status(503));
    let _ = create(&app, &owner, "nord@wind.example").await.expect(201);
    let start = app.clock.now();
    assert_eq!(app.deliver_webhooks().await, 1);
    assert_eq!(app.deliver_webhooks().await, 0, "not at once");
    let list = format!("{}/deliveries", hook.path);
    let delivery = see(&app, &owner, &list).await["items"][0].clone();
    let path = format!("{list}/{}", delivery["id"].as_str().unwrap());
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("retrying"), &json!(1)));

    let due = async || {
        let owner = app.member(&owner.account, Role::Owner).await;
        let next = see(&app, &owner, &path).await["delivery"]["next_attempt_at"].as_str().map(str::to_owned);
        next.map(|at| at.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
    };
    let mut attempts = 1;
    while let Some(next) = due().await {
        let pause = next - app.clock.now();
        assert!(attempts != 3 || pause >= TimeDelta::seconds(7199), "the receiver asked for two hours");
        assert!(pause <= TimeDelta::hours(25));
        app.clock.advance(pause + TimeDelta::seconds(1));
        attempts += app.deliver_webhooks().await;
        let owner_again = app.member(&owner.account, Role::Owner).await;
        let seen = app.get(&path).bearer(&owner_again.token).send().await.expect(200).json();
        assert_eq!(seen["delivery"]["attempts"], attempts);
        if seen["delivery"]["next_attempt_at"].is_null() {
            assert_eq!(seen["delivery"]["state"], "failed");
            let ids: BTreeSet<_> = receiver.received().into_iter().map(|message| message.id).collect();
            assert_eq!((receiver.received().len(), ids.len()), (11, 1), "every attempt has the same id");
            let log = seen["log"].as_array().unwrap();
            let statuses: Vec<_> = log.iter().map(|attempt| attempt["status"].as_i64().unwrap()).collect();
            assert_eq!(statuses, [500, 302, 429, 404, 503, 503, 503, 503, 503, 503, 503]);
            assert_eq!(log[1]["error"], "redirects are not followed");
            assert_eq!(log[1]["answer_headers"]["location"], elsewhere.url);
            assert_eq!(log[0]["answer"], "Thank you.");
            assert_eq!(log[0]["request_headers"]["webhook-id"], receiver.received()[0].id);
            break;
        }
    }
    assert_eq!(attempts, 11);
    let days = (app.clock.now() - start).num_hours();
    assert!((55..90).contains(&days), "{days} hours");
    assert!(elsewhere.received().is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_gets_no_more(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, PRIVATE).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let receiver = Receiver::start();
    let hook = hook(&app, &master, &receiver.url, &["reseller.*"]).await;
    receiver.reply([Reply::Status(410)]);
    let _ = create(&app, &master, "a@wind.example").await.expect(201);
    app.deliver_webhooks().await;
    let seen = see(&app, &master, &hook.path).await;
    assert_eq!((&seen["enabled"], &seen["disabled_reason"]), (&json!(false), &json!("gone")));
    let mail = app.mail_to("ann@contoso.example").await.pop().unwrap();
    assert!(mail.contains("was switched off") && mail.contains("410"), "{mail}");
    let events = see(&app, &master, "/events?type=webhook.disabled").await;
    assert_eq!(events["items"][0]["after"], json!({"enabled": false, "disabled_reason": "gone"}));

    let _ = create(&app, &master, "b@wind.example").await.expect(201);
    assert_eq!(app.deliver_webhooks().await, 0);
    for step in ["test", "replay"] {
        let body = if step == "replay" { json!({"since": app.clock.now()}) } else { json!({}) };
        let request = app.post(&format!("{}/{step}", hook.path)).bearer(&master.token).json(&body);
        request.send().await.problem(409, "webhook_disabled");
    }
    let enable = app.patch(&hook.path).bearer(&master.token).json(&json!({"enabled": true}));
    let enabled = enable.send().await.expect(200).json();
    assert_eq!((&enabled["disabled_reason"], &enabled["failing_since"]), (&Value::Null, &Value::Null));
    let _ = create(&app, &master, "c@wind.example").await.expect(201);
    assert_eq!(app.deliver_webhooks().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_fails_for_five_days_is_disabled(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, PRIVATE).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let receiver = Receiver::start();
    let hook = hook(&app, &master, &receiver.url, &["reseller.*"]).await;
    receiver.always(Reply::Status(500));
    for day in 0..=5 {
        let owner = app.member(&master.account, Role::Owner).await;
        let seen = app.get(&hook.path).bearer(&owner.token).send().await.expect(200).json();
        assert_eq!(seen["enabled"], true, "day {day}");
        assert_eq!(seen["failing_since"].is_null(), day == 0);
        let _ = create(&app, &owner, &format!("d{day}@wind.example")).await.expect(201);
        app.deliver_webhooks().await;
        app.clock.advance(TimeDelta::hours(24));
    }
    let owner = app.member(&master.account, Role::Owner).await;
    let seen = app.get(&hook.path).bearer(&owner.token).send().await.expect(200).json();
    assert_eq!((&seen["enabled"], &seen["disabled_reason"]), (&json!(false), &json!("failing")));
    let mails = app.mail_to("ann@contoso.example").await;
    assert!(mails.last().unwrap().contains("for 5 days"), "{mails:?}");
    assert_eq!(mails.iter().filter(|mail| mail.contains("was switched off")).count(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_sent_again_with_the_same_ids(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, PRIVATE).await;
    let (owner, receiver) = (owner(&app).await, Receiver::start());
    let since = app.clock.now().to_rfc3339();
    let _ = create(&app, &owner, "before@wind.example").await.expect(201);
    app.deliver_webhooks().await;
    app.clock.advance(TimeDelta::seconds(2));
    let hook = hook(&app, &owner, &receiver.url, &["reseller.*"]).await;
    let _ = create(&app, &owner, "after@wind.example").await.expect(201);
    app.deliver_webhooks().await;
    let first = receiver.take();
    assert_eq!(first.len(), 1);

    let redeliver = |id: &str| app.post(&format!("{}/deliveries/{id}/redeliver", hook.path)).bearer(&owner.token);
    let list = see(&app, &owner, &format!("{}/deliveries?state=delivered", hook.path)).await;
    let delivery = list["items"][0]["id"].as_str().unwrap().to_owned();
    let key = |request: end_to_end::Request| request.header("idempotency-key", "again").send();
    let queued = key(redeliver(&delivery)).await.expect(200);
    assert_eq!(queued.text_of("state"), "queued");
    app.deliver_webhooks().await;
    assert_eq!(key(redeliver(&delivery)).await.expect(200).header("idempotent-replayed"), "true");
    assert_eq!(app.deliver_webhooks().await, 0);
    let again = receiver.take();
    assert_eq!((again.len(), &again[0].id, &again[0].body), (1, &first[0].id, &first[0].body));

    let replay = app.post(&format!("{}/replay", hook.path)).bearer(&owner.token).json(&json!({"since": since}));
    assert_eq!(replay.send().await.expect(200).json()["queued"], 2, "also what happened before it was made");
    app.deliver_webhooks().await;
    let replayed: BTreeSet<_> = receiver.take().into_iter().map(|message| message.id).collect();
    assert!(replayed.len() == 2 && replayed.contains(&first[0].id));

    let test = app.post(&format!("{}/test", hook.path)).bearer(&owner.token).send().await.expect(200);
    assert_eq!(test.text_of("event_type"), "webhook.tested");
    app.deliver_webhooks().await;
    let tested = receiver.take().remove(0);
    assert!(tested.json()["type"] == "webhook.tested" && verified(&tested, &hook.secret));
    for since in ["2020-01-01T00:00:00Z", "2990-01-01T00:00:00Z", "yesterday"] {
        let replay = app.post(&format!("{}/replay", hook.path)).bearer(&owner.token).json(&json!({"since": since}));
        assert_eq!(replay.send().await.expect(422).pointers(), ["/since"]);
    }
    let unknown = app.get(&format!("{}/deliveries?state=lost", hook.path)).bearer(&owner.token);
    unknown.send().await.problem(400, "invalid_parameter");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_behind_our_own_walls(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (owner, receiver) = (owner(&app).await, Receiver::start());
    let make = async |url: &str| {
        let body = json!({"url": url, "event_types": ["*"]});
        app.post("/webhooks").bearer(&owner.token).json(&body).send().await
    };
    for url in [receiver.url.as_str(), "https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/"] {
        assert_eq!(make(url).await.expect(422).pointers(), ["/url"], "{url}");
    }
    // A name can mean anything, and be given another meaning at any time: it is looked at when it is connected to.
    let port = receiver.url.split(':').nth(2).unwrap().split('/').next().unwrap();
    let hook = make(&format!("https://localhost:{port}/hook")).await.expect(201).header("location").to_owned();
    // One that was made while private targets were allowed gets nothing any more.
    let url = receiver.url.clone();
    let id = WebhookId::parse(hook.trim_start_matches("/webhooks/")).unwrap();
    let _ = create(&app, &owner, "a@wind.example").await.expect(201);
    app.deliver_webhooks().await;
    let errors = async || {
        let list = see(&app, &owner, &format!("{hook}/deliveries")).await;
        let mut errors = Vec::new();
        for delivery in list["items"].as_array().unwrap() {
            let path = format!("{hook}/deliveries/{}", delivery["id"].as_str().unwrap());
            let log = see(&app, &owner, &path).await["log"].as_array().unwrap().clone();
            errors.extend(log.into_iter().map(|attempt| attempt["error"].as_str().unwrap().to_owned()));
        }
        errors
    };
    assert_eq!(errors().await, ["the host is not on the public internet"; 2], "its own making, and the reseller's");
    let account = Tier::MasterReseller.parse_id(&owner.account).unwrap();
    let move_it = move |tx: &mut _| {
        let before = persistence::webhooks::by_id(tx, account, id)?.expect("a webhook");
        let mut settings = before.settings.clone();
        settings.target = domain::webhook::Target::parse(&url, true).expect("a target");
        persistence::webhooks::update(tx, &before, &settings, chrono::DateTime::default()).map(drop)
    };
    app.service().database.write(move_it).await.expect("the store");
    app.clock.advance(TimeDelta::minutes(1));
    app.deliver_webhooks().await;
    assert_eq!(errors().await, ["the host is not on the public internet"; 4]);
    assert!(receiver.received().is_empty(), "it was never connected to");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r10_events_hide_sip_data_from_an_enterprise_that_may_not_see_it(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start_with(database, PRIVATE).await;
    let operator = app.operator().await;
    let house = app.connected("kiosk", json!({})).await;
    let receiver = Receiver::start();
    let _ = hook(&app, &house, &receiver.url, &["trunk.*"]).await;
    let add = async |host: &str| {
        let body = json!({"name": "Main", "host": host, "authentication": "registration", "user_name": "kiosk",
            "password": "s3cret-of-the-trunk"});
        let request = app.post(&format!("/enterprises/{}/trunks", house.account)).bearer(&operator.token).json(&body);
        let _ = request.send().await.expect(201);
    };
    add("sip.carrier.example").await;
    app.deliver_webhooks().await;
    let event = see(&app, &house, "/events?type=trunk.created").await["items"][0]["after"].clone();
    let sent = receiver.take().remove(0).json()["data"]["after"].clone();
    for shown in [&event, &sent] {
        assert_eq!(shown["name"], "Main");
        assert!(!shown.to_string().contains("carrier") && !shown.to_string().contains("kiosk"), "{shown}");
    }
    let by_staff = see(&app, &operator, "/events?type=trunk.created").await["items"][0]["after"].clone();
    assert_eq!(by_staff["host"], "sip.carrier.example");
    assert!(!by_staff.to_string().contains("s3cret"), "R12: nobody sees a secret");

    let patch = app.patch(&format!("/enterprises/{}", house.account)).bearer(&operator.token);
    let _ = patch.json(&json!({"access_sip_data": true})).send().await.expect(200);
    add("sip2.carrier.example").await;
    app.deliver_webhooks().await;
    assert_eq!(receiver.take().remove(0).json()["data"]["after"]["host"], "sip2.carrier.example");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r7_deliveries_wait_for_a_suspended_account_and_end_with_a_closed_one(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start_with(database, PRIVATE).await;
    let operator = app.operator().await;
    let (owner, receiver) = (owner(&app).await, Receiver::start());
    let _ = hook(&app, &owner, &receiver.url, &["reseller.*"]).await;
    let reseller = create(&app, &owner, "a@wind.example").await.expect(201).text_of("id");
    let step = async |step: &str| {
        let request = app.post(&format!("/master-resellers/{}/{step}", owner.account)).bearer(&operator.token);
        let _ = request.send().await.expect(200);
    };
    step("suspend").await;
    assert_eq!(app.deliver_webhooks().await, 0);
    step("resume").await;
    assert_eq!(app.deliver_webhooks().await, 1);
    let close = app.delete(&format!("/resellers/{reseller}")).bearer(&operator.token);
    let _ = close.send().await.expect(204);
    let close = app.delete(&format!("/master-resellers/{}", owner.account)).bearer(&operator.token);
    let _ = close.send().await.expect(204);
    assert_eq!(app.deliver_webhooks().await, 0, "what waited goes nowhere any more");
}

/// The service's own disabling and a change of somebody's don't undo each other.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_does_not_undo_that_a_webhook_was_disabled() {
    let app = App::start_with(Postgresql, PRIVATE).await;
    let (owner, receiver) = (owner(&app).await, Receiver::start());
    for round in 0..8 {
        let made = hook(&app, &owner, &receiver.url, &["reseller.created"]).await;
        receiver.reply([Reply::Status(410)]);
        let _ = create(&app, &owner, &format!("r{round}@wind.example")).await.expect(201);
        let patch = app.patch(&made.path).bearer(&owner.token).json(&json!({"description": "Orders"}));
        let (patched, _) = futures_util::future::join(patch.send(), app.deliver_webhooks()).await;
        let _ = patched.expect(200);
        let seen = see(&app, &owner, &made.path).await;
        assert_eq!((&seen["enabled"], &seen["description"]), (&json!(false), &json!("Orders")), "round {round}");
        let _ = app.delete(&made.path).bearer(&owner.token).send().await.expect(204);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w2_every_fault_of_a_webhook_is_named(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let make = async |body: Value| app.post("/webhooks").bearer(&owner.token).json(&body).send().await;
    let bad = json!({"url": "http://example.com", "event_types": ["reseller.*", "nothing.*"], "description": "", "enabled": 1, "x": 1});
    assert_eq!(make(bad).await.expect(422).pointers(), ["/x", "/url", "/event_types/1", "/description", "/enabled"]);
    assert_eq!(make(json!({})).await.expect(422).pointers(), ["/url", "/event_types"]);
    let good = json!({"url": "https://example.com/hook", "event_types": ["*"], "description": "Orders"});
    let made = make(good.clone()).await.expect(201);
    let path = made.header("location").to_owned();
    let read = app.get(&path).bearer(&owner.token).send().await.expect(200);
    assert_eq!((read.header("etag"), read.text_of("description")), (made.header("etag"), "Orders".to_owned()));
    let patch = |body: Value| app.patch(&path).bearer(&owner.token).json(&body).send();
    let _ = patch(json!({"description": null, "event_types": ["pbx.*"]})).await.expect(200);
    assert_eq!(patch(json!({})).await.expect(422).pointers(), [""]);
    let stale = app.delete(&path).bearer(&owner.token).header("if-match", made.header("etag"));
    stale.send().await.problem(412, "precondition_failed");
    let _ = app.delete(&path).bearer(&owner.token).send().await.expect(204);
    app.get(&path).bearer(&owner.token).send().await.problem(404, "not_found");
    for _ in 0..50 {
        let _ = make(good.clone()).await.expect(201);
    }
    make(good).await.problem(409, "too_many_webhooks");
}
