//! R12: the PBXs of an enterprise.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Person};
use futures_util::future::join_all;
use persistence::events;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

async fn add(app: &App, person: &Person, body: Value) -> Answer {
    app.post(&format!("/enterprises/{}/pbxes", person.account)).bearer(&person.token).json(&body).send().await
}

fn body(location: &str) -> Value {
    json!({"type": "asterisk", "location": location, "sip_domain": "sip.kiosk.example"})
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r12_a_pbx_is_added_changed_and_removed(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let admin = app.connected("kiosk", json!({"access_sip_data": true})).await;
    let created = add(&app, &admin, body("Berlin")).await.expect(201);
    let id = created.text_of("id");
    let path = format!("/pbxes/{id}");
    assert_eq!(created.header("location"), path);
    let mut shown = created.json();
    assert!(shown["created_at"].take().is_string() && shown["updated_at"].take().is_string());
    assert_eq!(
        shown,
        json!({
            "id": id, "enterprise_id": admin.account, "type": "asterisk", "location": "Berlin",
            "sip_domain": "sip.kiosk.example", "outbound_proxy": null, "transport": "udp", "port": 5060,
            "dns_lookup": "a", "registration_expiry_seconds": 120, "voicemail_feature_code": "*97",
            "created_at": null, "updated_at": null,
        })
    );
    let seen = app.get(&path).bearer(&admin.token).send().await.expect(200);
    assert_eq!((seen.json(), seen.header("etag")), (created.json(), created.header("etag")));

    let patch = |change: Value| {
        let request = app.patch(&path).bearer(&admin.token).json(&change);
        async move { request.send().await }
    };
    let mut expected = created.json();
    for (change, shown) in [
        (json!({"type": "3cx"}), json!({"type": "3cx"})),
        (json!({"location": "Hamburg"}), json!({"location": "Hamburg"})),
        (json!({"sip_domain": "SIP.Müller.example"}), json!({"sip_domain": "sip.xn--mller-kva.example"})),
        (json!({"outbound_proxy": "[2001:db8::1]:5080"}), json!({"outbound_proxy": "sip:[2001:db8::1]:5080"})),
        (json!({"outbound_proxy": null}), json!({"outbound_proxy": null})),
        (json!({"transport": "tls", "port": 5061}), json!({"transport": "tls", "port": 5061})),
        (json!({"dns_lookup": "srv"}), json!({"dns_lookup": "srv"})),
        (json!({"registration_expiry_seconds": 60}), json!({"registration_expiry_seconds": 60})),
        (json!({"voicemail_feature_code": null}), json!({"voicemail_feature_code": null})),
    ] {
        let answer = patch(change.clone()).await.expect(200).json();
        for (name, value) in shown.as_object().unwrap() {
            expected[name] = value.clone();
        }
        expected["updated_at"] = answer["updated_at"].clone();
        assert_eq!(answer, expected, "{change}");
        assert_eq!(app.get(&path).bearer(&admin.token).send().await.expect(200).json(), expected, "{change}");
    }
    let etag = app.get(&path).bearer(&admin.token).send().await.header("etag").to_owned();
    assert_eq!(patch(json!({"type": "3cx"})).await.expect(200).header("etag"), etag, "nothing changed");
    let stale = app.delete(&path).bearer(&admin.token).header("if-match", created.header("etag"));
    stale.send().await.problem(412, "precondition_failed");
    let _ = app.delete(&path).bearer(&admin.token).header("if-match", &etag).send().await.expect(204);
    for method in [Method::GET, Method::DELETE] {
        app.request(method, &path).bearer(&admin.token).send().await.problem(404, "not_found");
    }
    let actions = app.service().database.read(move |tx| events::of_subject(tx, &id)).await.unwrap();
    assert_eq!(actions.len(), 11);
    assert_eq!((actions[0].as_str(), actions[10].as_str()), ("pbx.created", "pbx.removed"));
    let _ = add(&app, &admin, body("Hamburg")).await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r12_a_pbx_needs_direct_routing_and_the_service(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let admin = app.connected("kiosk", json!({"services": ["trunk"]})).await;
    add(&app, &admin, body("Berlin")).await.problem(409, "service_missing");
    let enterprise = format!("/enterprises/{}", admin.account);
    let services = json!({"services": ["pbx"]});
    let _ = app.patch(&enterprise).bearer(&operator.token).json(&services).send().await.expect(200);

    let route = format!("{enterprise}/direct-routing/routes/emea");
    let give = async |command: &str| {
        let bodies = json!({"label": "kiosk", "verification_txt": "MS=ms1"});
        let member = if command == "start" { "label" } else { "verification_txt" };
        let body = json!({member: bodies[member]});
        let request = app.post(&format!("{route}/{command}")).bearer(&admin.token);
        let request = if command == "remove" { request } else { request.json(&body) };
        let _ = request.send().await.expect(200);
    };
    give("remove").await;
    for (command, missing) in [
        ("start", "No route of the enterprise was started. Next: start."),
        ("confirm", "The route of region emea is consent_requested. Next: give_consent."),
        ("confirm", "The route of region emea is domain_pending. Next: publish_txt_record."),
        ("confirm", "The route of region emea is domain_verified. Next: provide_licence."),
        ("confirm", "The route of region emea is activating. Next: wait."),
    ] {
        let problem = add(&app, &admin, body("Berlin")).await.problem(409, "direct_routing_not_established");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(missing), "{detail}");
        give(command).await;
    }
    let pbx = add(&app, &admin, body("Berlin")).await.expect(201).text_of("id");

    // What needs something keeps it from going.
    let blocker = json!({"items": [{"id": pbx, "type": "pbx", "name": "Berlin", "status": "active"}], "total": 1});
    let remove = app.post(&format!("{route}/remove")).bearer(&admin.token);
    assert_eq!(remove.send().await.problem(409, "route_in_use")["blockers"], blocker);
    let services = json!({"services": ["trunk"]});
    let narrow = app.patch(&enterprise).bearer(&operator.token).json(&services);
    assert_eq!(narrow.send().await.problem(409, "service_in_use")["blockers"], blocker);
    let close = app.delete(&enterprise).bearer(&operator.token);
    assert_eq!(close.send().await.problem(409, "has_open_children")["blockers"], blocker);
    let blockers = app.get(&format!("{enterprise}/closing-blockers")).bearer(&admin.token);
    assert_eq!(blockers.send().await.expect(200).json(), blocker);
    let _ = app.delete(&format!("/pbxes/{pbx}")).bearer(&admin.token).send().await.expect(204);
    give("remove").await;
    let _ = app.delete(&enterprise).bearer(&operator.token).send().await.expect(204);
    add(&app, &operator, body("Berlin")).await.problem(404, "not_found");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r12_every_fault_of_a_pbx_is_named_at_once(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let admin = app.connected("kiosk", json!({})).await;
    let bad = json!({
        "type": "fax", "location": "\n", "sip_domain": "localhost", "outbound_proxy": "sip:a@b.example", "transport": "sctp",
        "port": 0, "dns_lookup": "mx", "registration_expiry_seconds": 59, "voicemail_feature_code": "*9x", "colour": 1,
    });
    let mut pointers = add(&app, &admin, bad.clone()).await.pointers();
    pointers.sort();
    let mut members: Vec<_> = bad.as_object().unwrap().keys().map(|name| format!("/{name}")).collect();
    members.sort();
    assert_eq!(pointers, members);
    let mut pointers = add(&app, &admin, json!({})).await.pointers();
    pointers.sort();
    assert_eq!(pointers, ["/location", "/sip_domain", "/type"]);
    let pbx = add(&app, &admin, body("Berlin")).await.expect(201).text_of("id");
    for (change, pointer) in [(json!({}), ""), (json!({"type": null}), "/type"), (json!({"port": "5060"}), "/port")] {
        let patch = app.patch(&format!("/pbxes/{pbx}")).bearer(&admin.token).json(&change);
        assert_eq!(patch.send().await.pointers(), [pointer], "{change}");
    }
    // The same location is taken in the same enterprise only, however many ask at once.
    let answers = join_all((0..10).map(|_| add(&app, &admin, body("Hamburg")))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(409, "location_taken")["errors"][0]["pointer"], "/location");
    }
    let other = app.connected("bakery", json!({})).await;
    let _ = add(&app, &other, body("Hamburg")).await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r12_types_say_what_they_pre_fill_and_lists_find(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let admin = app.connected("kiosk", json!({"access_sip_data": true})).await;
    let types = app.get("/pbx-types").bearer(&admin.token).send().await.expect(200).json();
    let names: Vec<_> = types["items"].as_array().unwrap().iter().map(|item| item["type"].clone()).collect();
    assert_eq!(json!(names), json!(["netsapiens", "asterisk", "3cx", "broadworks", "generic"]));
    let mut ids = Vec::new();
    for item in types["items"].as_array().unwrap() {
        let location = format!("At {}", item["name"].as_str().unwrap());
        let new = json!({"type": item["type"], "location": location, "sip_domain": "sip.kiosk.example"});
        let pbx = add(&app, &admin, new).await.expect(201).json();
        for filled in ["transport", "port", "dns_lookup", "registration_expiry_seconds", "voicemail_feature_code"] {
            assert_eq!(pbx[filled], item[filled], "{item}");
        }
        ids.push(pbx["id"].clone());
    }
    let list = |query: &str| {
        let request = app.get(&format!("/enterprises/{}/pbxes?{query}", admin.account)).bearer(&admin.token);
        async move { request.send().await.expect(200).json() }
    };
    let found =
        |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    assert_eq!(found(&list("").await), ids);
    assert_eq!(found(&list("q=freepbx").await), ids[1..2]);
    assert_eq!(found(&list("q=SIP.KIOSK&sort=-created_at&limit=2").await), [ids[4].clone(), ids[3].clone()]);
    let first = list("limit=3").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(found(&list(&format!("limit=3&cursor={cursor}")).await), ids[3..]);
    let other = app.connected("bakery", json!({})).await;
    let foreign = app.get(&format!("/enterprises/{}/pbxes?cursor={cursor}", other.account)).bearer(&other.token);
    foreign.send().await.problem(400, "invalid_cursor");
    let unknown = app.get(&format!("/enterprises/{}/pbxes?colour=1", admin.account)).bearer(&admin.token);
    unknown.send().await.problem(400, "invalid_parameter");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r10_an_enterprise_reads_sip_data_only_where_that_is_switched_on(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let admin = app.connected("kiosk", json!({})).await;
    let hidden = add(&app, &admin, body("Berlin")).await.expect(201).json();
    let path = format!("/pbxes/{}", hidden["id"].as_str().unwrap());
    let whole = app.get(&path).bearer(&operator.token).send().await.expect(200).json();
    assert_eq!(whole["sip_domain"], "sip.kiosk.example");
    let mut expected = whole.clone();
    for member in ["sip_domain", "outbound_proxy", "transport", "port", "dns_lookup", "registration_expiry_seconds"] {
        expected[member] = json!(null);
    }
    assert_eq!(hidden, expected);
    let list = format!("/enterprises/{}/pbxes", admin.account);
    let see = |path: &str| {
        let request = app.get(path).bearer(&admin.token);
        async move { request.send().await.expect(200).json() }
    };
    assert_eq!((see(&path).await, see(&list).await["items"][0].clone()), (expected.clone(), expected));
    // What is not shown is not found, either.
    assert_eq!(see(&format!("{list}?q=sip.kiosk")).await["items"], json!([]));
    let patch = app.patch(&format!("/enterprises/{}", admin.account)).bearer(&operator.token);
    let _ = patch.json(&json!({"access_sip_data": true})).send().await.expect(200);
    assert_eq!((see(&path).await, see(&list).await["items"][0].clone()), (whole.clone(), whole));
}
