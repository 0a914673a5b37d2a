//! What an enterprise has: its routes, PBXs, trunks and users.

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Person};
use rstest::rstest;
use serde_json::{Value, json};

use super::story::Story;

/// The id of something that an enterprise gets, outside of the story.
async fn add(app: &App, person: &Person, what: &str, body: Value) -> String {
    let request = app.post(&format!("/enterprises/{}/{what}", person.account)).bearer(&person.token);
    request.json(&body).send().await.expect(201).text_of("id")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn direct_routing(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let master = story.app.plant(Tier::MasterReseller, &[], "master@contoso.example").await;
    let reseller = story.app.plant(Tier::Reseller, &[&master], "reseller@contoso.example").await;
    let enterprise = story.app.plant(Tier::Enterprise, &[&master, &reseller], "admin@kiosk.example").await;
    let admin = story.app.member(&enterprise, Role::Owner).await;
    let path = format!("/enterprises/{enterprise}/direct-routing");
    let route = |command: &str| format!("{path}/routes/emea/{command}");
    story.get(&path, &admin).await;
    story.post(&route("start"), &admin, json!({"label": "No label"})).await;
    story.post(&route("start"), &admin, json!({"label": "Kiosk"})).await;
    story.post(&route("confirm"), &admin, json!({"verification_txt": "ms1"})).await;
    story.post(&route("confirm"), &admin, json!({"verification_txt": "MS=ms12345678"})).await;
    for _ in 0..3 {
        story.act(&route("confirm"), &admin).await;
    }
    story.act(&route("confirm"), &admin).await;
    story.get(&path, &admin).await;
    story.act(&route("remove"), &admin).await;
    story.end("direct_routing");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn pbxes(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let admin = story.app.connected("kiosk", json!({"access_sip_data": true})).await;
    let list = format!("/enterprises/{}/pbxes", admin.account);
    story.get("/pbx-types", &admin).await;
    let body = json!({"type": "3cx", "location": "Berlin", "sip_domain": "SIP.Kiosk.example"});
    let created = story.post(&list, &admin, body.clone()).await;
    story.post(&list, &admin, body).await;
    let bad = json!({
        "type": "fax", "location": "\n", "sip_domain": "localhost", "outbound_proxy": "sip:a@b.example",
        "transport": "sctp", "port": 0, "dns_lookup": "mx", "registration_expiry_seconds": 59,
        "voicemail_feature_code": "*9x", "colour": "red",
    });
    story.post(&list, &admin, bad).await;
    let path = format!("/pbxes/{}", created.text_of("id"));
    let change = json!({"transport": "tls", "port": 5061, "outbound_proxy": "proxy.kiosk.example:5080"});
    story.patch(&path, &admin, change).await;
    story.get(&path, &admin).await;
    story.get(&list, &admin).await;
    story.delete(&path, &admin).await;
    story.get(&path, &admin).await;
    story.end("pbxes");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn trunks(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let admin = story.app.connected("kiosk", json!({"access_sip_data": true})).await;
    let list = format!("/enterprises/{}/trunks", admin.account);
    let body = json!({
        "name": "Main line", "host": "SIP.Carrier.example", "authentication": "registration", "user_name": "kiosk",
        "password": "s3cret of the trunk",
    });
    let created = story.post(&list, &admin, body).await;
    let bad = json!({
        "name": "", "host": "carrier", "port": 70000, "transport": "sctp", "authentication": "magic", "addresses": 1,
        "user_name": "\n", "password": false, "codecs": [], "max_concurrent_calls": 0, "colour": "red",
    });
    story.post(&list, &admin, bad).await;
    let path = format!("/trunks/{}", created.text_of("id"));
    let by_address = json!({"authentication": "ip", "addresses": ["192.0.2.0/28", "2001:DB8::/32"]});
    story.patch(&path, &admin, by_address).await;
    story.patch(&path, &admin, json!({"user_name": "kiosk"})).await;
    story.get(&path, &admin).await;
    story.get(&list, &admin).await;
    story.delete(&path, &admin).await;
    story.get(&path, &admin).await;
    story.end("trunks");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn users(#[values(Sqlite, Postgresql)] database: Database) {
    let mut story = Story::begin(database).await;
    let switches = json!({"access_sip_data": true, "can_add_extensions": true, "allow_external_numbers": true});
    let admin = story.app.connected("kiosk", switches).await;
    let pbx = json!({"type": "generic", "location": "Berlin", "sip_domain": "sip.kiosk.example"});
    let pbx = add(&story.app, &admin, "pbxes", pbx).await;
    let trunk = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
    let trunk = add(&story.app, &admin, "trunks", trunk).await;
    let list = format!("/enterprises/{}/users", admin.account);
    let anna = json!({
        "teams_user": "Anna@kiosk.example", "pbx_id": pbx, "sip_user": "1001", "auth_id": "kiosk-1001",
        "password": "s3cret of Anna", "default_number": "+49 30 901-820", "forwarded_numbers": ["+49 30 901821"],
        "voice_route": "emea", "tag": "Reception",
    });
    let created = story.post(&list, &admin, anna.clone()).await;
    story.post(&list, &admin, anna).await;
    let bob = json!({
        "teams_user": "bob@kiosk.example", "trunk_id": trunk, "default_number": "+4930901822", "voice_route": "emea",
    });
    story.post(&list, &admin, bob).await;
    let bad = json!({
        "teams_user": "anna", "pbx_id": trunk, "default_number": "030901820", "voice_route": "EMEA", "colour": "red",
    });
    story.post(&list, &admin, bad).await;
    let path = format!("/users/{}", created.text_of("id"));
    story.patch(&path, &admin, json!({"voice_route": "noam"})).await;
    story.patch(&path, &admin, json!({"trunk_id": trunk, "tag": null})).await;
    story.get(&path, &admin).await;
    story.get(&list, &admin).await;
    story.get(&format!("{list}?q=bob&trunk_id={trunk}&limit=1"), &admin).await;
    story.delete(&format!("/trunks/{trunk}"), &admin).await;
    story.delete(&path, &admin).await;
    story.get(&path, &admin).await;
    story.end("users");
}
