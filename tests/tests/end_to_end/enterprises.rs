//! R10: enterprises, from their creation by a reseller to the sign-in of their administrators.

use std::collections::BTreeMap;

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Person, enterprise_body};
use futures_util::future::join;
use persistence::events;
use rstest::rstest;
use serde_json::{Value, json};

async fn reseller(app: &App) -> (Person, Person) {
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "office@nordwind.example").await;
    (master, reseller)
}

async fn create(app: &App, person: &Person, body: &Value) -> end_to_end::Answer {
    app.post("/enterprises").bearer(&person.token).json(body).send().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r10_an_enterprise_is_invited_and_its_administrator_signs_in(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (master, reseller) = reseller(&app).await;
    let mut body = enterprise_body("Admin@Kiosk.example");
    body["user_limit"] = json!(10);
    body["billing_reference"] = json!(" K, \"0815\" ");
    body["pbx_music_on_hold"] = json!(true);
    let created = create(&app, &reseller, &body).await.expect(201);
    let id = created.text_of("id");
    assert_eq!(created.header("location"), format!("/enterprises/{id}"));
    let path = format!("/enterprises/{id}");
    let seen = app.get(&path).bearer(&reseller.token).send().await.expect(200);
    assert_eq!((seen.json(), seen.header("etag")), (created.json(), created.header("etag")));
    let mut shown = created.json();
    for time in ["activation", "created_at", "updated_at"] {
        assert!(!shown[time].take().is_null(), "{time}");
    }
    assert_eq!(
        shown,
        json!({
            "id": id, "reseller_id": reseller.account, "master_reseller_id": master.account, "name": "Kiosk",
            "email": "Admin@Kiosk.example", "country": "DE", "sbc_regions": ["emea"], "services": ["pbx"],
            "user_limit": 10, "billing_reference": " K, \"0815\" ", "pbx_music_on_hold": true, "access_sip_data": false,
            "request_management_consent": false, "can_add_extensions": false, "allow_external_numbers": false,
            "status": "pending", "operates": false, "activation": null, "activated_at": null, "closed_at": null,
            "created_at": null, "updated_at": null,
        })
    );

    let mail = app.mail_to("admin@kiosk.example").await.pop().unwrap();
    assert!(mail.contains("invited as its Microsoft Global Administrator"), "{mail}");

    // The administrator activates, signs in, and sees its enterprise and nothing else.
    let administrator = app.activate(&id, "admin@kiosk.example").await;
    let _ = create(&app, &reseller, &enterprise_body("admin@bakery.example")).await.expect(201);
    let me = app.get("/me").bearer(&administrator.token).send().await.expect(200).json();
    assert_eq!((&me["account"]["id"], &me["account"]["type"]), (&json!(id), &json!("enterprise")));
    let list = app.get("/enterprises").bearer(&administrator.token).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["operates"]), (&json!(id), &json!(true)));
    let above = format!("/resellers/{}", reseller.account);
    app.get(&above).bearer(&administrator.token).send().await.problem(404, "not_found");
    let rename = app.patch(&path).bearer(&administrator.token).json(&json!({"name": "Mine"}));
    rename.send().await.problem(403, "forbidden");

    // Suspension from above stops it, and its reseller can't close before it.
    let stop = app.post(&format!("{above}/suspend")).bearer(&master.token);
    let _ = stop.send().await.expect(200);
    app.get("/me").bearer(&administrator.token).send().await.problem(403, "account_not_operating");
    let resume = app.post(&format!("{above}/resume")).bearer(&master.token);
    let _ = resume.send().await.expect(200);
    let _ = app.get("/me").bearer(&administrator.token).send().await.expect(200);
    app.delete(&above).bearer(&master.token).send().await.problem(409, "has_open_children");

    // Closing frees the address; what it was stays readable.
    let _ = app.delete(&path).bearer(&reseller.token).send().await.expect(204);
    app.get("/me").bearer(&administrator.token).send().await.problem(401, "not_signed_in");
    let closed = app.get(&path).bearer(&reseller.token).send().await.expect(200).json();
    assert_eq!((&closed["status"], &closed["sbc_regions"]), (&json!("closed"), &json!(["emea"])));
    let _ = create(&app, &reseller, &enterprise_body("admin@kiosk.example")).await.expect(201);
    let subject = id.clone();
    let actions = app.service().database.read(move |tx| events::of_subject(tx, &subject)).await.unwrap();
    assert_eq!(actions, ["enterprise.created", "enterprise.activated", "enterprise.closed"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r10_those_above_a_reseller_name_it(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (master, reseller) = reseller(&app).await;
    let rival = app.master_reseller("bob@fabrikam.example").await;
    let operator = app.operator().await;
    let mut body = enterprise_body("admin@kiosk.example");
    for above in [&operator, &master] {
        assert_eq!(create(&app, above, &body).await.pointers(), ["/reseller_id"]);
    }
    body["reseller_id"] = json!(reseller.account);
    assert_eq!(create(&app, &reseller, &body).await.pointers(), ["/reseller_id"]);
    // Another partner's reseller is none that exists.
    let foreign = create(&app, &rival, &body).await;
    body["reseller_id"] = json!("reseller_01h455vb4pex5vsknk084sn02q");
    let made_up = create(&app, &rival, &body).await;
    let bare = |answer: &end_to_end::Answer| answer.text.replace(&answer.text_of("request_id"), "");
    assert_eq!((foreign.status, bare(&foreign)), (422, bare(&made_up)));
    body["reseller_id"] = json!(reseller.account);
    let created = create(&app, &master, &body).await.expect(201);
    assert_eq!(created.text_of("reseller_id"), reseller.account);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r10_every_fault_of_an_enterprise_is_named_at_once(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (_, reseller) = reseller(&app).await;
    let bad = json!({
        "name": "", "email": "x", "country": "de", "sbc_regions": ["emea", "mars", "emea"], "services": [],
        "user_limit": -1, "billing_reference": "", "pbx_music_on_hold": "yes", "access_sip_data": null, "colour": 1,
    });
    let answer = create(&app, &reseller, &bad).await;
    let mut pointers = answer.pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/access_sip_data",
            "/billing_reference",
            "/colour",
            "/country",
            "/email",
            "/name",
            "/pbx_music_on_hold",
            "/sbc_regions/1",
            "/sbc_regions/2",
            "/services",
            "/user_limit",
        ]
    );
    let empty = create(&app, &reseller, &json!({})).await;
    let mut pointers = empty.pointers();
    pointers.sort();
    assert_eq!(pointers, ["/country", "/email", "/name", "/sbc_regions", "/services"]);

    // However many regions are wrong, the answer stays short.
    let many = |count: usize| json!({"sbc_regions": vec!["mars"; count]});
    let wrong = create(&app, &reseller, &many(100)).await;
    assert_eq!(wrong.pointers().iter().filter(|pointer| pointer.starts_with("/sbc_regions/")).count(), 20);
    let errors = create(&app, &reseller, &many(101)).await.problem(422, "validation_failed")["errors"].clone();
    let errors = errors.as_array().unwrap().iter().filter(|error| error["pointer"] == "/sbc_regions");
    assert_eq!(errors.map(|error| &error["code"]).collect::<Vec<_>>(), ["too_long"]);
    let list = app.get("/enterprises").bearer(&reseller.token).send().await.expect(200).json();
    assert_eq!(list["items"], json!([]), "nothing was stored");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w4_an_enterprise_is_patched_member_by_member(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (_, reseller) = reseller(&app).await;
    let mut body = enterprise_body("admin@kiosk.example");
    (body["user_limit"], body["billing_reference"]) = (json!(10), json!("K-1"));
    let path = format!("/enterprises/{}", create(&app, &reseller, &body).await.expect(201).text_of("id"));
    let patch = |body: Value| {
        let request = app.patch(&path).bearer(&reseller.token).json(&body);
        async move { request.send().await }
    };
    let mut expected = app.get(&path).bearer(&reseller.token).send().await.expect(200).json();
    let patches = [
        json!({"user_limit": null}),
        json!({"user_limit": 0}),
        json!({"billing_reference": null}),
        json!({"billing_reference": "K-2", "country": "AT"}),
        json!({"sbc_regions": ["apac", "noam"]}),
        json!({"services": ["pbx", "trunk"]}),
        json!({"access_sip_data": true, "pbx_music_on_hold": true, "name": "Other"}),
        json!({"pbx_music_on_hold": false, "request_management_consent": true, "can_add_extensions": true}),
        json!({"allow_external_numbers": true, "email": "Boss@Kiosk.example"}),
    ];
    for change in patches {
        let answer = patch(change.clone()).await.expect(200).json();
        for (name, value) in change.as_object().unwrap() {
            expected[name] = value.clone();
        }
        for moving in ["updated_at", "activation"] {
            expected[moving] = answer[moving].clone();
        }
        assert_eq!(answer, expected, "{change}");
        assert_eq!(app.get(&path).bearer(&reseller.token).send().await.expect(200).json(), expected, "{change}");
    }
    for (refused, pointer) in [
        (json!({"country": null}), "/country"),
        (json!({"sbc_regions": []}), "/sbc_regions"),
        (json!({"sbc_regions": null}), "/sbc_regions"),
        (json!({"user_limit": "10"}), "/user_limit"),
        (json!({"user_limit": 1.5}), "/user_limit"),
        (json!({"can_add_extensions": null}), "/can_add_extensions"),
        (json!({"reseller_id": reseller.account}), "/reseller_id"),
        (json!({}), ""),
    ] {
        assert_eq!(patch(refused.clone()).await.pointers(), [pointer], "{refused}");
    }
    let etag = app.get(&path).bearer(&reseller.token).send().await.expect(200).header("etag").to_owned();
    let same = patch(json!({"country": "AT"})).await.expect(200);
    assert_eq!(same.header("etag"), etag, "a change that changes nothing leaves no trace");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w3_enterprises_are_found_by_what_they_have(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (master, reseller) = reseller(&app).await;
    let other = app.reseller(&master, "office@alpenblick.example").await;
    let mut ids = BTreeMap::new();
    for (name, person, country, regions, services, reference) in [
        ("one", &reseller, "DE", json!(["emea"]), json!(["pbx"]), json!("K-1")),
        ("two", &reseller, "US", json!(["noam", "emea"]), json!(["trunk"]), json!("K-2")),
        ("three", &other, "US", json!(["noam"]), json!(["pbx", "trunk"]), json!(null)),
    ] {
        let mut body = enterprise_body(&format!("{name}@kiosk.example"));
        (body["country"], body["sbc_regions"]) = (json!(country), regions);
        (body["services"], body["billing_reference"], body["name"]) = (services, reference, json!(name));
        ids.insert(name, create(&app, person, &body).await.expect(201).text_of("id"));
    }
    let below = format!("reseller_id={}", other.account);
    for (query, expected) in [
        ("", vec!["one", "two", "three"]),
        ("country=US", vec!["two", "three"]),
        ("country=FR", vec![]),
        ("sbc_region=emea", vec!["one", "two"]),
        ("sbc_region=noam&country=US&service=pbx", vec!["three"]),
        ("service=trunk", vec!["two", "three"]),
        ("billing_reference=K-2", vec!["two"]),
        ("q=K-1", vec!["one"]),
        ("q=THREE@", vec!["three"]),
        ("status=active", vec![]),
        (below.as_str(), vec!["three"]),
        ("sort=-created_at&limit=2", vec!["three", "two"]),
    ] {
        let list = app.get(&format!("/enterprises?{query}")).bearer(&master.token).send().await.expect(200).json();
        let found: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        let expected: Vec<_> = expected.into_iter().map(|name| ids[name].as_str()).collect();
        assert_eq!(found, expected, "{query}");
    }
    for bad in [
        "country=de",
        "country=XX",
        "sbc_region=E%20M",
        "master_reseller_id=x",
        "reseller_id=enterprise_01h455vb4pex5vsknk084sn02q",
    ] {
        let request = app.get(&format!("/enterprises?{bad}")).bearer(&master.token);
        request.send().await.problem(400, "invalid_parameter");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r5_a_service_is_not_taken_away_while_it_is_taken_up(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (master, reseller) = reseller(&app).await;
    let above = format!("/resellers/{}", reseller.account);
    let body = enterprise_body("admin@kiosk.example");
    let below = format!("/enterprises/{}", create(&app, &reseller, &body).await.expect(201).text_of("id"));
    for round in 0..20 {
        let lose = app.patch(&above).bearer(&master.token).json(&json!({"services": ["pbx"]}));
        let gain = app.patch(&below).bearer(&reseller.token).json(&json!({"services": ["pbx", "trunk"]}));
        let (lost, gained) = if round % 2 == 0 {
            join(lose.send(), gain.send()).await
        } else {
            let (gained, lost) = join(gain.send(), lose.send()).await;
            (lost, gained)
        };
        let _ = match (lost.status, gained.status) {
            (200, 409) => gained.problem(409, "service_not_offered"),
            (409, 200) => lost.problem(409, "service_in_use"),
            both => panic!("one of the two has to fail: {both:?}"),
        };
        let _ = app.patch(&below).bearer(&reseller.token).json(&json!({"services": ["pbx"]})).send().await.expect(200);
        let back = app.patch(&above).bearer(&master.token).json(&json!({"services": ["pbx", "trunk"]}));
        let _ = back.send().await.expect(200);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sbc_regions_are_what_the_configuration_says(#[values(Sqlite, Postgresql)] database: Database) {
    let regions =
        r#"[{"code": "ch", "name": "Schweiz", "base_domain": "Teams.Example.CH", "sbcs": ["sbc.example.ch"]}]"#;
    let app = App::start_with(database, &["--sbc-regions", regions]).await;
    let (_, reseller) = reseller(&app).await;
    let list = app.get("/sbc-regions").bearer(&reseller.token).send().await.expect(200).json();
    let expected =
        json!({"code": "ch", "name": "Schweiz", "base_domain": "teams.example.ch", "sbcs": ["sbc.example.ch"]});
    assert_eq!(list, json!({"items": [expected]}));
    let mut body = enterprise_body("admin@kiosk.example");
    assert_eq!(create(&app, &reseller, &body).await.pointers(), ["/sbc_regions/0"]);
    body["sbc_regions"] = json!(["ch"]);
    let _ = create(&app, &reseller, &body).await.expect(201);
}
