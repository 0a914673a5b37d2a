//! What happened, as it is read and as it is sent.

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Database, Person, Receiver, Reply, reseller_body};
use rstest::rstest;
use serde_json::json;

use super::story::Story;

/// The owner of a new master reseller.
async fn owner(story: &Story) -> Person {
    let account = story.app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    story.app.member(&account, Role::Owner).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn events(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let owner = owner(&story).await;
    let created = story.post("/resellers", &owner, reseller_body("office@nordwind.example")).await;
    let path = format!("/resellers/{}", created.text_of("id"));
    story.patch(&path, &owner, json!({"name": "Südwind", "billing_reference": "CUST-1"})).await;
    story.act(&format!("{path}/suspend"), &owner).await;
    story.delete(&path, &owner).await;
    let all = story.get("/events", &owner).await;
    let updated = all.json()["items"][1]["id"].as_str().unwrap_or_default().to_owned();
    story.get(&format!("/events/{updated}"), &owner).await;
    story.get("/events?type=reseller.created,reseller.closed&order=newest&limit=1", &owner).await;
    story.get("/events?type=nothing", &owner).await;
    story.end("events");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn webhooks(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin_with(database, &["--private-webhooks"]).await;
    let (owner, receiver) = (owner(&story).await, Receiver::start());
    story.hide(&receiver.url, "[receiver]");
    receiver.reply([Reply::Status(500)]);
    receiver.always(Reply::Status(200));
    let bad =
        json!({"url": "ftp://example.com", "event_types": ["reseller.*", "nothing.*"], "description": "", "x": 1});
    story.post("/webhooks", &owner, bad).await;
    let body = json!({"url": receiver.url, "event_types": ["reseller.*"], "description": "Orders"});
    let path = format!("/webhooks/{}", story.post("/webhooks", &owner, body).await.text_of("id"));
    story.post("/resellers", &owner, reseller_body("office@nordwind.example")).await;
    story.app.deliver_webhooks().await;
    let list = story.get(&format!("{path}/deliveries"), &owner).await;
    let delivery = list.json()["items"][0]["id"].as_str().unwrap_or_default().to_owned();
    let delivery = format!("{path}/deliveries/{delivery}");
    story.act(&format!("{delivery}/redeliver"), &owner).await;
    story.app.deliver_webhooks().await;
    story.get(&delivery, &owner).await;
    story.act(&format!("{path}/test"), &owner).await;
    story.app.deliver_webhooks().await;
    for (received, status) in receiver.take().iter().zip([500, 200, 200]) {
        story.note("POST [receiver]", status, &received.json());
    }
    story.get(&path, &owner).await;
    story.post(&format!("{path}/rotate-secret"), &owner, json!({"previous_secret_expires_in": 60})).await;
    story.patch(&path, &owner, json!({"description": null, "enabled": false})).await;
    story.act(&format!("{path}/test"), &owner).await;
    story.get("/webhooks", &owner).await;
    story.delete(&path, &owner).await;
    story.get(&path, &owner).await;
    story.end("webhooks");
}
