//! Billing reports, in a month of the future, so that days and sums are always the same.

use chrono::{DateTime, Utc};
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Person};
use rstest::rstest;
use serde_json::{Value, json};

use super::story::Story;

/// Lets time go by until an instant.
fn wait_until(app: &App, instant: &str) {
    let instant: DateTime<Utc> = instant.parse().expect("an instant");
    app.clock.advance(instant - app.clock.now());
}

/// Gives an enterprise that has everything two users on a PBX and one on a trunk.
async fn furnish(app: &App, operator: &Person, enterprise: &str) {
    let add = async |what: &str, body: Value| {
        let request = app.post(&format!("/enterprises/{enterprise}/{what}")).bearer(&operator.token).json(&body);
        request.send().await.expect(201).text_of("id")
    };
    let trunk = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
    let trunk = add("trunks", trunk).await;
    let pbx = json!({"type": "generic", "location": "Berlin", "sip_domain": "sip.kiosk.example"});
    let pbx = add("pbxes", pbx).await;
    for user in [
        json!({"teams_user": "1@k.example", "pbx_id": pbx, "sip_user": "1", "voice_route": "emea"}),
        json!({"teams_user": "2@k.example", "pbx_id": pbx, "sip_user": "2", "voice_route": "emea"}),
        json!({"teams_user": "3@k.example", "trunk_id": trunk, "default_number": "+4930901820", "voice_route": "emea"}),
    ] {
        add("users", user).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn billing_reports(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    wait_until(&story.app, "2040-03-10T09:00:00Z");
    let change = json!({"billing_reference": "K-0815", "name": "Kiosk"});
    let enterprise = story.app.connected("kiosk", change).await.account;
    let operator = story.app.operator().await;
    furnish(&story.app, &operator, &enterprise).await;
    let own = story.app.get(&format!("/enterprises/{enterprise}")).bearer(&operator.token).send().await.expect(200);
    let reseller = own.text_of("reseller_id");
    let billing = story.app.member(&reseller, Role::Billing).await;
    story.get("/billing-reports/2040-03", &billing).await;
    story.act("/billing-reports/2040-03/finalise", &operator).await;

    wait_until(&story.app, "2040-04-02T09:00:00Z");
    let operator = story.app.operator().await;
    let billing = story.app.member(&reseller, Role::Billing).await;
    story.act("/billing-reports/2040-03/finalise", &billing).await;
    story.act("/billing-reports/2040-03/finalise", &operator).await;
    story.get("/billing-reports/2040-03", &billing).await;
    story.get("/billing-reports/2040-03?service=trunk&limit=1", &operator).await;
    story.get("/billing-reports/2040-04/summary", &operator).await;
    let line = format!("2040-03/{reseller}/{enterprise}/pbx");
    let correction = json!({"amends": line, "user_days": -3, "users_at_end": -1, "reason": "Counted by mistake."});
    story.post("/billing-reports/2040-03/adjustments", &operator, correction.clone()).await;
    story.post("/billing-reports/2040-04/adjustments", &operator, correction).await;
    story.get("/billing-reports/2040-04", &billing).await;
    story.get("/billing-reports/2040-04/adjustments", &billing).await;
    story.get("/billing-reports?limit=2", &operator).await;
    let csv = story.app.get("/billing-reports/2040-03").bearer(&billing.token).header("accept", "text/csv");
    story.send("GET /billing-reports/2040-03 as CSV", csv).await;
    story.get("/billing-reports/2040-13", &billing).await;
    story.end("billing_reports");
}
