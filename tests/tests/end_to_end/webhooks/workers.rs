//! How the workers that deliver get along: with slow receivers, with one another, and with being killed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::ids::new_id;
use api::resources::webhooks::worker;
use chrono::TimeDelta;
use domain::account::{Ancestry, Tier};
use domain::authority::Role;
use domain::id::WebhookId;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Client, Database, Process, Received, Receiver, Reply, reseller_body};
use persistence::events;
use persistence::events::{Actor, EventRow};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{PRIVATE, create, hook, owner, see};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// Events of an account, straight into the store.
async fn happen(app: &App, account: &str, number: usize) {
    let id = Tier::MasterReseller.parse_id(account).unwrap();
    let (account, now) = (account.to_owned(), app.clock.now());
    let write = move |tx: &mut _| {
        for _ in 0..number {
            let event = EventRow {
                id: new_id(now),
                now,
                actor: Actor::System,
                action: "master_reseller.updated",
                subject: &account,
                ancestry: Ancestry { master_reseller: Some(id), ..Ancestry::default() },
                before: None,
                after: None,
                request_id: "test",
                client_request_id: None,
                source_address: None,
            };
            events::record_all(tx, &[event])?;
        }
        Ok::<_, persistence::Error>(())
    };
    app.service().database.write(write).await.expect("the store");
}

/// Waits until something holds, which other tasks bring about.
async fn until(mut holds: impl FnMut() -> bool) {
    let held = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), held).await.expect("it holds within two minutes");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s5_a_receiver_that_hangs_delays_nobody_else(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, PRIVATE).await;
    let owner = owner(&app).await;
    let rival = app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let (good, hanging) = (Receiver::start(), Receiver::start());
    hanging.always(Reply::Silence);
    let _ = hook(&app, &owner, &good.url, &["master_reseller.*"]).await;
    let _ = hook(&app, &app.member(&rival, Role::Owner).await, &hanging.url, &["master_reseller.*"]).await;
    happen(&app, &rival, 100).await;
    happen(&app, &owner.account, 10_000).await;
    let service = Arc::clone(app.service());
    api::events::publish::publish(&service).await.expect("events can be published");
    let working = tokio::spawn(async move { worker::run(service).await });
    until(|| !hanging.received().is_empty()).await;
    until(|| good.received().len() >= 10_000).await;
    assert!(hanging.received().len() <= 24, "the hanging one holds no more than a batch at a time");
    let ids: BTreeSet<_> = good.received().into_iter().map(|message| message.id).collect();
    assert_eq!((good.received().len(), ids.len()), (10_000, 10_000), "each once");
    working.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_two_replicas_deliver_each_once() {
    let app = App::start_with(Postgresql, PRIVATE).await;
    let (owner, receiver) = (owner(&app).await, Receiver::start());
    let _ = hook(&app, &owner, &receiver.url, &["master_reseller.*"]).await;
    let other = app.replica(PRIVATE).await;
    let services = [Arc::clone(app.service()), Arc::clone(&other.app)];
    let mut working = Vec::new();
    for service in &services {
        let (publishing, delivering) = (Arc::clone(service), Arc::clone(service));
        working.push(tokio::spawn(async move { api::events::publish::run(publishing).await }));
        working.push(tokio::spawn(async move { worker::run(delivering).await }));
    }
    for _ in 0..10 {
        happen(&app, &owner.account, 50).await;
        for service in &services {
            service.events_ready.notify_one();
        }
    }
    until(|| receiver.received().len() >= 500).await;
    // Nothing is on its way any more.
    let deliveries = || async {
        let found = see(&app, &owner, "/webhooks").await["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/webhooks/{found}/deliveries?state=delivered&limit=200");
        let mut delivered = 0;
        let mut cursor = String::new();
        loop {
            let page = see(&app, &owner, &format!("{path}{cursor}")).await;
            delivered += page["items"].as_array().unwrap().len();
            let Some(next) = page["next_cursor"].as_str() else { return delivered };
            cursor = format!("&cursor={next}");
        }
    };
    let noted = async {
        while deliveries().await < 500 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), noted).await.expect("all are noted within two minutes");
    for task in working {
        task.abort();
    }
    let ids: BTreeSet<_> = receiver.received().into_iter().map(|message| message.id).collect();
    assert_eq!((receiver.received().len(), ids.len()), (500, 500));
    other.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s5_what_a_replica_died_with_is_sent_by_another_with_the_same_id(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start_with(database, PRIVATE).await;
    let (owner, receiver) = (owner(&app).await, Receiver::start());
    let made = hook(&app, &owner, &receiver.url, &["reseller.*"]).await;
    let _ = create(&app, &owner, "a@wind.example").await.expect(201);
    api::events::publish::publish(app.service()).await.expect("events can be published");
    // It has sent it, and dies before it can note that.
    let (id, now) = (WebhookId::parse(made.path.trim_start_matches("/webhooks/")).unwrap(), app.clock.now());
    let lease = move |tx: &mut _| persistence::webhooks::lease(tx, id, 10, 10, now);
    let taken = app.service().database.write(lease).await.expect("the store").expect("work").deliveries;
    assert_eq!(taken.len(), 1);
    assert_eq!(app.deliver_webhooks().await, 0, "the dead one has it still");
    app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(app.deliver_webhooks().await, 1);
    assert_eq!(receiver.take().remove(0).id, taken[0].event.to_string());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_every_change_is_sent(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    let receiver = Receiver::start();
    let flags = ["--private-webhooks".to_owned()];
    let mut acknowledged = BTreeSet::new();
    let mut hooked = false;
    for kill in 0..6_u64 {
        let process = Process::start_with(BINARY, &fresh, &flags);
        let client = Client::sign_in(&process).await;
        if !hooked {
            let body = json!({"url": receiver.url, "event_types": ["reseller.created"]});
            let _ = client.request(Method::POST, "/webhooks").json(&body).send().await.expect(201);
            hooked = true;
        }
        let master = client.master_reseller(&format!("m{kill}@contoso.example")).await;
        let writing = async {
            let mut created = Vec::new();
            for number in 0.. {
                let mut body = reseller_body(&format!("k{kill}-{number}@nordwind.example"));
                body["master_reseller_id"] = json!(master);
                let Ok(answer) = client.request(Method::POST, "/resellers").json(&body).try_send().await else { break };
                created.push(answer.expect(201).text_of("id"));
            }
            created
        };
        let killing = async {
            tokio::time::sleep(Duration::from_millis(30 + kill * 41)).await;
            process.kill();
        };
        let (created, ()) = futures_util::future::join(writing, killing).await;
        acknowledged.extend(created);
    }
    assert!(acknowledged.len() > 6, "{acknowledged:?}");
    let process = Process::start_with(BINARY, &fresh, &flags);
    let told = || -> BTreeSet<String> {
        let subject = |message: &Received| message.json()["data"]["subject_id"].as_str().unwrap().to_owned();
        receiver.received().iter().map(subject).collect()
    };
    // What a killed process had taken on comes when its lease is over: queue it again instead of waiting for that.
    let client = Client::sign_in(&process).await;
    let hook = client.request(Method::GET, "/webhooks").send().await.expect(200).json()["items"][0].clone();
    let path = format!("/webhooks/{}", hook["id"].as_str().unwrap());
    let mut cursor = String::new();
    let mut waiting = Vec::new();
    loop {
        let list = client.request(Method::GET, &format!("{path}/deliveries?limit=200{cursor}"));
        let page = list.send().await.expect(200).json();
        for delivery in page["items"].as_array().unwrap() {
            if delivery["state"] != "delivered" {
                waiting.push(delivery["id"].as_str().unwrap().to_owned());
            }
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    for id in waiting {
        let again = client.request(Method::POST, &format!("{path}/deliveries/{id}/redeliver"));
        let _ = again.send().await.expect(200);
    }
    until(|| told().is_superset(&acknowledged)).await;
    let bodies: BTreeSet<_> = receiver.received().into_iter().map(|message| (message.id, message.body)).collect();
    let ids: BTreeSet<_> = bodies.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), bodies.len(), "what is sent twice is the same twice");
    assert!(process.terminate());
}
