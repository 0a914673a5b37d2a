//! Who works for an account, and whose an account is: members, API clients and moves.

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Database, PASSWORD, Person};
use rstest::rstest;
use serde_json::json;

use super::story::{NOBODY, Story};

/// The owner of a new master reseller.
async fn owner(story: &Story, name: &str) -> Person {
    let account = story.app.plant(Tier::MasterReseller, &[], &format!("{name}@contoso.example")).await;
    story.app.member(&account, Role::Owner).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn members(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let owner = owner(&story, "m").await;
    let invited = story.post("/members", &owner, json!({"email": "Bea@Contoso.example", "role": "viewer"})).await;
    story.post("/members", &owner, json!({"email": "bea@contoso.example", "role": "owner"})).await;
    story.post("/members", &owner, json!({"email": "x", "role": "king", "colour": "red"})).await;
    let path = format!("/members/{}", invited.text_of("id"));
    story.act(&format!("{path}/resend-invitation"), &owner).await;
    let token = story.app.token_for("bea@contoso.example").await;
    story.post("/activations/preview", &NOBODY, json!({"token": token})).await;
    story.post("/activations", &NOBODY, json!({"token": token, "password": PASSWORD})).await;
    story.get("/members", &owner).await;
    story.patch(&path, &owner, json!({"role": "provisioner"})).await;
    story.get(&path, &owner).await;
    let me = story.get("/me", &owner).await;
    story.delete(&format!("/members/{}", me.text_of("id")), &owner).await;
    story.delete(&path, &owner).await;
    story.get(&path, &owner).await;
    story.end("members");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn api_clients(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let owner = owner(&story, "m").await;
    let made = story.post("/api-clients", &owner, json!({"name": "Orders", "role": "provisioner"})).await;
    let bad =
        json!({"name": " ", "role": "king", "expires_at": "tomorrow", "allowed_networks": ["192.0.2.1/28"], "x": 1});
    story.post("/api-clients", &owner, bad).await;
    let (id, path) = (made.text_of("id"), format!("/api-clients/{}", made.text_of("id")));
    let grant = [("grant_type", "client_credentials")];
    let ask = story.app.post("/oauth/token").basic(&id, &made.text_of("client_secret")).form(&grant);
    let granted = story.send("POST /oauth/token", ask).await;
    let ask = story.app.post("/oauth/token").basic(&id, "teammate_cs_of_somebody_else").form(&grant);
    story.send("POST /oauth/token", ask).await;
    let program = Person { account: owner.account.clone(), token: granted.text_of("access_token") };
    story.get("/me", &program).await;
    story.get("/api-clients", &program).await;
    story.get(&path, &owner).await;
    story.post(&format!("{path}/rotate-secret"), &owner, json!({"previous_secret_expires_in": 60})).await;
    story.patch(&path, &owner, json!({"role": "viewer", "allowed_networks": ["192.0.2.0/28"]})).await;
    story.get("/api-clients", &owner).await;
    story.delete(&path, &owner).await;
    story.get("/me", &program).await;
    story.get(&path, &owner).await;
    story.end("api_clients");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn moves(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let (from, to) = (owner(&story, "from").await, owner(&story, "to").await);
    let reseller = story.app.plant(Tier::Reseller, &[&from.account], "nord@wind.example").await;
    story.app.plant(Tier::Enterprise, &[&from.account, &reseller], "kiosk@wind.example").await;
    let path = format!("/resellers/{reseller}");
    let ask = json!({"master_reseller_id": to.account});
    let first = story.post(&format!("{path}/move"), &from, ask.clone()).await;
    story.post(&format!("{path}/move"), &from, ask.clone()).await;
    story.post(&format!("/moves/{}/decline", first.text_of("id")), &to, json!({})).await;
    let second = story.post(&format!("{path}/move"), &from, ask).await;
    let accept = format!("/moves/{}/accept", second.text_of("id"));
    story.get("/moves", &to).await;
    story.post(&accept, &from, json!({"billing_reference": "NEW-7"})).await;
    story.post(&accept, &to, json!({})).await;
    story.post(&accept, &to, json!({"billing_reference": "NEW-7"})).await;
    story.post(&accept, &to, json!({"billing_reference": "NEW-7"})).await;
    story.get(&format!("/moves/{}", second.text_of("id")), &from).await;
    story.get(&path, &to).await;
    story.get(&path, &from).await;
    story.end("moves");
}
