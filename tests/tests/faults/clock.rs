//! The clock jumps back and forth, by an hour and by 40 days: nothing fails or is lost, ids stay unique, and whoever signs
//! in again goes on.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use end_to_end::Database::{self, Postgresql, Sqlite};
use end_to_end::{App, reseller_body};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make faults"]
async fn the_clock_jumps(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.plant(domain::account::Tier::MasterReseller, &[], "m@contoso.example").await;
    let mut ids = BTreeSet::new();
    let jumps = [0, 3_600, -3_600, 40 * 86_400, -40 * 86_400, -3_600, 3_600, -40 * 86_400, 40 * 86_400];
    for (number, seconds) in jumps.into_iter().enumerate() {
        app.clock.advance(TimeDelta::seconds(seconds));
        let token = app.login("operator@teammate.local").await["access_token"].as_str().unwrap().to_owned();
        for part in 0..5 {
            let mut body = reseller_body(&format!("r{number}-{part}@nordwind.example"));
            body["master_reseller_id"] = json!(master);
            let request = app.post("/resellers").bearer(&token).header("idempotency-key", &format!("{number}-{part}"));
            let created = request.json(&body).send().await.expect(201);
            assert!(ids.insert(created.text_of("id")), "an id twice");
            let rename = app.patch(created.header("location")).bearer(&token).json(&json!({"name": "Renamed"}));
            assert_eq!(rename.send().await.expect(200).text_of("name"), "Renamed");
        }
        app.deliver_mail().await;
        // Lists and the feed of events have all of it, whatever the times say.
        let mut listed = BTreeSet::new();
        let mut path = "/resellers?limit=7".to_owned();
        loop {
            let page = app.get(&path).bearer(&token).send().await.expect(200).json();
            listed.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/resellers?limit=7&cursor={cursor}");
        }
        assert_eq!(listed, ids);
        let events = app.get("/events?type=reseller.created&limit=200").bearer(&token).send().await.expect(200).json();
        assert_eq!(events["items"].as_array().unwrap().len(), ids.len());
    }
}
