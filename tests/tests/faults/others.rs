//! Mail servers and receivers of webhooks that take a connection and say nothing: requests are answered as always, what
//! could not be delivered is tried again, and what goes elsewhere does not wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{self, Postgresql, Sqlite};
use end_to_end::{App, Receiver, reseller_body};
use rstest::rstest;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// A server that takes connections and never says a word. Returns its port and how many it has taken.
async fn silent_server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            held.push(stream);
        }
    });
    (port, taken)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make faults"]
async fn s5_the_mail_server_hangs(#[values(Sqlite, Postgresql)] database: Database) {
    let (port, taken) = silent_server().await;
    let app = App::start_with(database, &["--smtp-url", &format!("smtp://127.0.0.1:{port}")]).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let worker = app.service().mail_worker();
    let created = app.post("/resellers").bearer(&owner.token).json(&reseller_body("one@nordwind.example"));
    let path = created.send().await.expect(201).header("location").to_owned();
    let delivering = tokio::spawn(async move { worker.deliver_due().await.map(drop) });
    while taken.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for number in 0..20 {
        let body = reseller_body(&format!("r{number}@nordwind.example"));
        let request = app.post("/resellers").bearer(&owner.token).json(&body).send();
        let _ = timeout(Duration::from_secs(5), request).await.expect("requests don't wait for mail").expect(201);
    }
    timeout(Duration::from_mins(2), delivering).await.expect("an attempt ends").unwrap().unwrap();
    let seen = app.get(&path).bearer(&owner.token).send().await.expect(200).json();
    assert_eq!(seen["activation"]["delivery"], "retrying");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make faults"]
async fn s5_a_receiver_of_webhooks_hangs(#[values(Sqlite, Postgresql)] database: Database) {
    let (port, _) = silent_server().await;
    let app = App::start_with(database, &["--private-webhooks"]).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let receiver = Receiver::start();
    for url in [format!("http://127.0.0.1:{port}/in"), receiver.url.clone()] {
        let hook = json!({"url": url, "event_types": ["reseller.*"]});
        let _ = app.post("/webhooks").bearer(&owner.token).json(&hook).send().await.expect(201);
    }
    let create = async |number: usize| {
        let body = reseller_body(&format!("r{number}@nordwind.example"));
        let request = app.post("/resellers").bearer(&owner.token).json(&body).send();
        let _ = timeout(Duration::from_secs(5), request).await.expect("requests don't wait").expect(201);
    };
    for number in 0..5 {
        create(number).await;
    }
    timeout(Duration::from_mins(3), app.deliver_webhooks()).await.expect("attempts end");
    assert_eq!(receiver.received().len(), 5, "the other receiver has all of them");
    let hooks = app.get("/webhooks").bearer(&owner.token).send().await.expect(200).json();
    let id = hooks["items"].as_array().unwrap().iter().find(|hook| hook["url"].as_str().unwrap().ends_with("/in"));
    let path = format!("/webhooks/{}/deliveries", id.unwrap()["id"].as_str().unwrap());
    let deliveries = app.get(&path).bearer(&owner.token).send().await.expect(200).json();
    let deliveries = deliveries["items"].as_array().unwrap().clone();
    assert_eq!(deliveries.len(), 5);
    assert!(deliveries.iter().all(|delivery| delivery["state"] != "delivered"), "{deliveries:?}");
}
