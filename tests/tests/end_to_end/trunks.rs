//! R13: the trunks of an enterprise.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Person};
use persistence::events;
use rstest::rstest;
use serde_json::{Value, json};

async fn add(app: &App, person: &Person, body: Value) -> Answer {
    app.post(&format!("/enterprises/{}/trunks", person.account)).bearer(&person.token).json(&body).send().await
}

fn registration() -> Value {
    json!({
        "name": "Main line", "host": "SIP.Carrier.example", "authentication": "registration", "user_name": "kiosk",
        "password": "s3cret of the trunk",
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r13_a_trunk_is_added_changed_and_removed(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let admin = app.connected("kiosk", json!({"access_sip_data": true})).await;
    let created = add(&app, &admin, registration()).await.expect(201);
    let id = created.text_of("id");
    let path = format!("/trunks/{id}");
    assert_eq!(created.header("location"), path);
    let mut shown = created.json();
    assert!(shown["created_at"].take().is_string() && shown["updated_at"].take().is_string());
    assert_eq!(
        shown,
        json!({
            "id": id, "enterprise_id": admin.account, "name": "Main line", "host": "sip.carrier.example", "port": 5060,
            "transport": "udp", "authentication": "registration", "addresses": [], "user_name": "kiosk",
            "has_password": true, "codecs": ["PCMA", "PCMU"], "max_concurrent_calls": null, "created_at": null,
            "updated_at": null,
        })
    );
    let patch = |change: Value| {
        let request = app.patch(&path).bearer(&admin.token).json(&change);
        async move { request.send().await }
    };
    let mut expected = created.json();
    for (change, shown) in [
        (json!({"name": "Other"}), json!({"name": "Other"})),
        (json!({"host": "[2001:DB8::1]"}), json!({"host": "2001:db8::1"})),
        (json!({"transport": "tls", "port": 5061}), json!({"transport": "tls", "port": 5061})),
        (json!({"codecs": ["opus", "G722"]}), json!({"codecs": ["opus", "G722"]})),
        (json!({"max_concurrent_calls": 30}), json!({"max_concurrent_calls": 30})),
        (json!({"max_concurrent_calls": null}), json!({"max_concurrent_calls": null})),
        (json!({"password": null}), json!({"has_password": false})),
        (json!({"password": "another one"}), json!({"has_password": true})),
        (json!({"user_name": "other"}), json!({"user_name": "other"})),
        (
            json!({"authentication": "ip", "addresses": ["192.0.2.0/28", "2001:DB8::/32"]}),
            json!({"authentication": "ip", "addresses": ["192.0.2.0/28", "2001:db8::/32"], "user_name": null, "has_password": false}),
        ),
        (json!({"addresses": ["192.0.2.7"]}), json!({"addresses": ["192.0.2.7"]})),
        (
            json!({"authentication": "registration", "user_name": "third", "password": "third"}),
            json!({"authentication": "registration", "addresses": [], "user_name": "third", "has_password": true}),
        ),
    ] {
        let answer = patch(change.clone()).await.expect(200).json();
        for (name, value) in shown.as_object().unwrap() {
            expected[name] = value.clone();
        }
        expected["updated_at"] = answer["updated_at"].clone();
        assert_eq!(answer, expected, "{change}");
        assert_eq!(app.get(&path).bearer(&admin.token).send().await.expect(200).json(), expected, "{change}");
    }
    for (change, pointer) in [
        (json!({"user_name": null}), "/user_name"),
        (json!({"addresses": ["192.0.2.1"]}), "/addresses"),
        (json!({"authentication": "ip"}), "/addresses"),
        (json!({"authentication": "ip", "addresses": ["192.0.2.1"], "password": "x"}), "/password"),
        (json!({"addresses": ["192.0.2.1", "0.0.0.0/0"]}), "/addresses/1"),
        (json!({"codecs": ["PCMA", "mp3"]}), "/codecs/1"),
        (json!({"password": ""}), "/password"),
        (json!({}), ""),
    ] {
        assert_eq!(patch(change.clone()).await.pointers(), [pointer], "{change}");
    }
    let _ = app.delete(&path).bearer(&admin.token).send().await.expect(204);
    app.get(&path).bearer(&admin.token).send().await.problem(404, "not_found");
    let actions = app.service().database.read(move |tx| events::of_subject(tx, &id)).await.unwrap();
    assert_eq!(actions.len(), 14);
    assert_eq!((actions[0].as_str(), actions[13].as_str()), ("trunk.created", "trunk.removed"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r13_every_fault_of_a_trunk_is_named(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let admin = app.connected("kiosk", json!({})).await;
    let bad = json!({
        "name": "", "host": "carrier", "port": 70000, "transport": "sctp", "authentication": "magic", "addresses": 1,
        "user_name": "\n", "password": false, "codecs": [], "max_concurrent_calls": 0, "colour": 1,
    });
    let mut pointers = add(&app, &admin, bad.clone()).await.pointers();
    pointers.sort();
    let mut members: Vec<_> = bad.as_object().unwrap().keys().map(|name| format!("/{name}")).collect();
    members.sort();
    assert_eq!(pointers, members);
    let common = |more: Value| {
        let mut body = json!({"name": "Main", "host": "sip.carrier.example"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (body, pointer) in [
        (common(json!({})), "/authentication"),
        (common(json!({"authentication": "ip"})), "/addresses"),
        (common(json!({"authentication": "ip", "addresses": ["192.0.2.1"], "user_name": "a"})), "/user_name"),
        (common(json!({"authentication": "registration"})), "/user_name"),
        (common(json!({"authentication": "registration", "user_name": "a"})), "/password"),
    ] {
        assert_eq!(add(&app, &admin, body.clone()).await.pointers(), [pointer], "{body}");
    }
    let operator = app.operator().await;
    let enterprise = format!("/enterprises/{}", admin.account);
    let services = |services: Value| {
        let request = app.patch(&enterprise).bearer(&operator.token).json(&json!({"services": services}));
        async move { request.send().await }
    };
    let _ = services(json!(["pbx"])).await.expect(200);
    add(&app, &admin, registration()).await.problem(409, "service_missing");
    let _ = services(json!(["pbx", "trunk"])).await.expect(200);
    let trunk = add(&app, &admin, registration()).await.expect(201).text_of("id");
    let problem = services(json!(["pbx"])).await.problem(409, "service_in_use");
    assert_eq!(problem["blockers"]["items"][0]["id"], trunk.as_str());
    let list = app.get(&format!("{enterprise}/trunks?q=CARRIER")).bearer(&operator.token).send().await.expect(200);
    assert_eq!(list.json()["items"][0]["id"], trunk.as_str());
    let list = app.get(&format!("{enterprise}/trunks?q=nobody")).bearer(&operator.token).send().await.expect(200);
    assert_eq!(list.json()["items"], json!([]));
}
