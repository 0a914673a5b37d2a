//! R14: the users of an enterprise, and what no two of them have.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Office, Person, add};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

/// A German number that can be given to somebody.
fn number(index: usize) -> String {
    format!("+4930901{index:04}")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_two_spellings_of_one_sip_user_are_one_user(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let office = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let first = add(&app, &office.admin, "users", &office.on_pbx("Anna", "%61nna")).await.expect(201);
    assert_eq!(first.text_of("sip_user"), "anna", "the canonical form is shown");
    let second = add(&app, &office.admin, "users", &office.on_pbx("Bob", "ann%61")).await;
    second.problem(409, "sip_user_taken");
    // Reserved characters are something else when they are escaped, and so is the other case.
    for (name, sip_user, shown) in [("Bob", "Anna", "Anna"), ("Cleo", "a+b", "a+b"), ("Dora", "a%2bb", "a%2Bb")] {
        let added = add(&app, &office.admin, "users", &office.on_pbx(name, sip_user)).await.expect(201);
        assert_eq!(added.text_of("sip_user"), shown);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_a_number_is_taken_as_it_is_written_or_refused(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let office = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    for number in ["+49301234a", "++4930901820", "+49 (0)30 901820", "+49 30 CALLNOW", "+49 30/901820"] {
        let refused = add(&app, &office.admin, "users", &office.on_trunk("Anna", number)).await.expect(422);
        assert_eq!(refused.pointers(), ["/default_number"], "{number}");
    }
    let added = add(&app, &office.admin, "users", &office.on_trunk("Anna", "+49 (30) 90.18-20")).await.expect(201);
    assert_eq!(added.text_of("default_number"), "+4930901820");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_a_user_is_added_changed_and_removed(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let office = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let admin = &office.admin;
    let mut body = office.on_pbx("Anna", "1001");
    (body["auth_id"], body["password"], body["tag"]) =
        (json!("kiosk-1001"), json!("s3cret of Anna"), json!("Reception"));
    (body["default_number"], body["forwarded_numbers"]) = (json!("+49 30 901-820"), json!(["+49 30 901821"]));
    let created = add(&app, admin, "users", &body).await.expect(201);
    let id = created.text_of("id");
    let path = format!("/users/{id}");
    assert_eq!(created.header("location"), path);
    let mut shown = created.json();
    assert!(shown["created_at"].take().is_string() && shown["updated_at"].take().is_string());
    let teams = shown["teams"].take();
    assert_eq!((&teams["state"], &teams["next"]["step"]), (&json!("not_requested"), &json!("apply")));
    assert_eq!(
        shown,
        json!({
            "id": id, "enterprise_id": admin.account, "teams_user": "Anna@kiosk.example", "pbx_id": office.pbx,
            "trunk_id": null, "sip_user": "1001", "auth_id": "kiosk-1001", "has_password": true,
            "default_number": "+4930901820", "forwarded_numbers": ["+4930901821"], "voice_route": "emea",
            "tag": "Reception", "teams": null, "created_at": null, "updated_at": null,
        })
    );
    let patch = |change: Value| {
        let request = app.patch(&path).bearer(&admin.token).json(&change);
        async move { request.send().await }
    };
    let mut expected = created.json();
    let to_trunk = json!({
        "trunk_id": office.trunk, "pbx_id": null, "sip_user": null, "auth_id": null, "has_password": false,
    });
    let to_pbx = json!({"trunk_id": null, "pbx_id": office.pbx, "sip_user": "1002", "has_password": true});
    for (change, shown) in [
        (json!({"teams_user": "anna.s@kiosk.example"}), json!({"teams_user": "anna.s@kiosk.example"})),
        (json!({"sip_user": "1003"}), json!({"sip_user": "1003"})),
        (json!({"auth_id": null}), json!({"auth_id": null})),
        (json!({"password": null}), json!({"has_password": false})),
        (json!({"password": "another"}), json!({"has_password": true})),
        (json!({"tag": null}), json!({"tag": null})),
        (
            json!({"forwarded_numbers": ["+4930901823", "+4930901822"]}),
            json!({"forwarded_numbers": ["+4930901823", "+4930901822"]}),
        ),
        (json!({"default_number": "+4930901824"}), json!({"default_number": "+4930901824"})),
        (json!({"trunk_id": office.trunk}), to_trunk),
        (json!({"forwarded_numbers": []}), json!({"forwarded_numbers": []})),
        (json!({"pbx_id": office.pbx, "sip_user": "1002", "password": "third"}), to_pbx),
        (json!({"default_number": null}), json!({"default_number": null})),
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
        (json!({"trunk_id": office.trunk}), "/default_number"),
        (json!({"pbx_id": null}), "/pbx_id"),
        (json!({"pbx_id": "pbx_01h455vb4pex5vsknk084sn02q"}), "/pbx_id"),
        (json!({"pbx_id": office.trunk}), "/pbx_id"),
        (json!({"sip_user": null}), "/sip_user"),
        (json!({"default_number": "030901820"}), "/default_number"),
        (json!({"forwarded_numbers": ["+4930901820", "+49 30 901820"]}), "/forwarded_numbers/1"),
        (json!({"voice_route": "EMEA"}), "/voice_route"),
        (json!({"teams_user": "anna"}), "/teams_user"),
        (json!({}), ""),
    ] {
        assert_eq!(patch(change.clone()).await.pointers(), [pointer], "{change}");
    }
    patch(json!({"voice_route": "noam"})).await.problem(409, "direct_routing_not_established");

    // What a user is assigned to stays, and so does its route.
    let problem = app.delete(&format!("/pbxes/{}", office.pbx)).bearer(&admin.token).send().await;
    let problem = problem.problem(409, "has_users");
    let blocker = json!({"id": id, "type": "user", "name": "anna.s@kiosk.example", "status": "active"});
    assert_eq!(problem["blockers"], json!({"items": [blocker], "total": 1}));
    let remove = format!("/enterprises/{}/direct-routing/routes/emea/remove", admin.account);
    let problem = app.post(&remove).bearer(&admin.token).send().await.problem(409, "route_in_use");
    assert_eq!(problem["blockers"]["total"], 3);
    let _ = app.delete(&path).bearer(&admin.token).send().await.expect(204);
    app.get(&path).bearer(&admin.token).send().await.problem(404, "not_found");
    let _ = app.delete(&format!("/pbxes/{}", office.pbx)).bearer(&admin.token).send().await.expect(204);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r10_of_a_hundred_users_as_many_are_added_as_there_is_room_for(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let office = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let operator = app.operator().await;
    let enterprise = format!("/enterprises/{}", office.admin.account);
    let limit = |limit: Value| {
        let request = app.patch(&enterprise).bearer(&operator.token).json(&json!({"user_limit": limit}));
        async move { request.send().await }
    };
    let _ = limit(json!(10)).await.expect(200);
    let users: Vec<_> = (0..100).map(|index| office.on_pbx(&format!("u{index}"), &index.to_string())).collect();
    let answers = join_all(users.iter().map(|user| add(&app, &office.admin, "users", user))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 10);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let problem = answer.clone().problem(409, "user_limit_reached");
        assert!(problem["detail"].as_str().unwrap().contains("may have 10 user(s) and has 10"), "{problem}");
    }
    let list =
        app.get(&format!("{enterprise}/users?limit=200")).bearer(&operator.token).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 10);

    // The limit can't be lowered below what is used, and room that is made is used at once.
    let problem = limit(json!(9)).await.problem(409, "user_limit_in_use");
    assert_eq!(problem["errors"][0]["pointer"], "/user_limit");
    assert!(problem["detail"].as_str().unwrap().contains("has 10 user(s)"), "{problem}");
    let first = list["items"][0]["id"].as_str().unwrap();
    let _ = app.delete(&format!("/users/{first}")).bearer(&operator.token).send().await.expect(204);
    let _ = limit(json!(9)).await.expect(200);
    add(&app, &office.admin, "users", &office.on_pbx("late", "late")).await.problem(409, "user_limit_reached");
    let _ = limit(json!(null)).await.expect(200);
    let _ = add(&app, &office.admin, "users", &office.on_pbx("late", "late")).await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r10_the_limit_is_not_lowered_while_the_room_is_taken(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let office = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let operator = app.operator().await;
    let enterprise = format!("/enterprises/{}", office.admin.account);
    for round in 0..10_usize {
        let set = |limit: usize| {
            let request = app.patch(&enterprise).bearer(&operator.token).json(&json!({"user_limit": limit}));
            async move { request.send().await }
        };
        let _ = set(round + 1).await.expect(200);
        let user = office.on_pbx(&format!("u{round}"), &round.to_string());
        let (lowered, added) = futures_util::future::join(set(round), add(&app, &office.admin, "users", &user)).await;
        match (lowered.status, added.status) {
            (200, 409) => {
                added.problem(409, "user_limit_reached");
                let _ = set(round + 1).await.expect(200);
                let _ = add(&app, &office.admin, "users", &user).await.expect(201);
            }
            (409, 201) => drop(lowered.problem(409, "user_limit_in_use")),
            both => panic!("one of the two has to fail: {both:?}"),
        }
    }
}

/// Every one of a hundred claims comes from another tenant, at the same time; the losers all get the same answer.
async fn race(app: &App, offices: &[Office], claim: impl Fn(&Office, usize) -> Value, code: &str, pointer: &str) {
    let bodies: Vec<_> = offices.iter().enumerate().map(|(index, office)| claim(office, index)).collect();
    let claims = offices.iter().zip(&bodies).map(|(office, body)| add(app, &office.admin, "users", body));
    let answers = join_all(claims).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{code}");
    let bare = |answer: &Answer| {
        let mut problem = answer.clone().problem(409, code);
        problem["request_id"].take();
        problem
    };
    let lost: Vec<_> = answers.iter().filter(|answer| answer.status != 201).map(bare).collect();
    assert!(lost.iter().all(|problem| *problem == lost[0]), "{lost:?}");
    assert_eq!((&lost[0]["errors"][0]["pointer"], &lost[0]["blockers"]), (&json!(pointer), &json!(null)));

    // What the winner gives up, another tenant has at once.
    let winner = answers.iter().position(|answer| answer.status == 201).unwrap();
    let path = format!("/users/{}", answers[winner].text_of("id"));
    let _ = app.delete(&path).bearer(&offices[winner].admin.token).send().await.expect(204);
    let loser = (winner + 1) % offices.len();
    let _ = add(app, &offices[loser].admin, "users", &bodies[loser]).await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_of_a_hundred_claims_one_wins_and_the_others_learn_nothing(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let mut offices = Vec::new();
    for index in 0..100 {
        // All of them in one SIP domain, as on one hosted system.
        offices.push(Office::open(&app, &format!("t{index}"), "sip.host.example").await);
    }
    let name = |index: usize| format!("u{index}");
    race(&app, &offices, |office, _| office.on_pbx("anna", "1001"), "sip_user_taken", "/sip_user").await;
    let by_default = |office: &Office, index| office.on_trunk(&name(index), &number(0));
    race(&app, &offices, by_default, "number_taken", "/default_number").await;
    let by_forwarding = |office: &Office, index: usize| {
        let mut body = office.on_trunk(&name(index + 1000), &number(index + 1000));
        body["forwarded_numbers"] = json!([number(index + 2000), number(9999)]);
        body
    };
    race(&app, &offices, by_forwarding, "number_taken", "/forwarded_numbers/1").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r14_a_pbx_that_moves_takes_its_sip_users_with_it(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let office = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let other = Office::open(&app, "bakery", "sip.bakery.example").await;
    let _ = add(&app, &office.admin, "users", &office.on_pbx("anna", "1001")).await.expect(201);
    let _ = add(&app, &other.admin, "users", &other.on_pbx("bob", "1001")).await.expect(201);
    let moved = |domain: &str| {
        let request = app.patch(&format!("/pbxes/{}", office.pbx)).bearer(&office.admin.token);
        request.json(&json!({"sip_domain": domain})).send()
    };
    let problem = moved("sip.bakery.example").await.problem(409, "sip_user_taken");
    assert_eq!(problem["errors"][0]["pointer"], "/sip_domain");
    let _ = moved("sip.new.example").await.expect(200);
    // The old domain is free, the new one is not.
    let pbx = json!({"type": "generic", "location": "Old", "sip_domain": "sip.kiosk.example"});
    let old = add(&app, &other.admin, "pbxes", &pbx).await.expect(201).text_of("id");
    let pbx = json!({"type": "generic", "location": "New", "sip_domain": "sip.new.example"});
    let new = add(&app, &other.admin, "pbxes", &pbx).await.expect(201).text_of("id");
    for (pbx, name, status) in [(&old, "carl", 201), (&new, "dora", 409)] {
        let mut body = other.on_pbx(name, "1001");
        body["pbx_id"] = json!(pbx);
        assert_eq!(add(&app, &other.admin, "users", &body).await.status, status, "{name}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r10_switches_say_what_an_enterprise_may_do_itself(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let office = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let operator = app.operator().await;
    let off = json!({"access_sip_data": false, "can_add_extensions": false, "allow_external_numbers": false});
    let enterprise = format!("/enterprises/{}", office.admin.account);
    let _ = app.patch(&enterprise).bearer(&operator.token).json(&off).send().await.expect(200);
    let mut body = office.on_pbx("anna", "1001");
    add(&app, &office.admin, "users", &body).await.problem(403, "extensions_not_allowed");
    let staff = Person { account: office.admin.account.clone(), token: operator.token.clone() };
    body["default_number"] = json!(number(1));
    let problem = add(&app, &staff, "users", &body).await.problem(409, "external_numbers_not_allowed");
    assert_eq!(problem["errors"][0]["pointer"], "/default_number");
    body["default_number"] = json!(null);
    let user = add(&app, &staff, "users", &body).await.expect(201);
    assert_eq!(user.json()["sip_user"], "1001");
    let seen = app.get(&format!("/users/{}", user.text_of("id"))).bearer(&office.admin.token).send().await;
    let seen = seen.expect(200).json();
    assert_eq!((&seen["sip_user"], &seen["teams_user"]), (&json!(null), &json!("anna@kiosk.example")));
    let _ = add(&app, &staff, "users", &office.on_trunk("bob", &number(2))).await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w3_users_are_found_by_what_they_have(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let office = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let mut ids = Vec::new();
    for (body, tag) in [
        (office.on_pbx("Anna", "1001"), json!("Reception")),
        (office.on_pbx("bob", "1002"), json!(null)),
        (office.on_trunk("carl", &number(42)), json!("Lager 7")),
    ] {
        let mut body = body;
        body["tag"] = tag;
        ids.push(add(&app, &office.admin, "users", &body).await.expect(201).json()["id"].clone());
    }
    for (query, expected) in [
        (String::new(), vec![0, 1, 2]),
        ("q=ANNA".to_owned(), vec![0]),
        ("q=1002".to_owned(), vec![1]),
        ("q=9010042".to_owned(), vec![2]),
        ("q=lager".to_owned(), vec![2]),
        ("tag=Reception".to_owned(), vec![0]),
        (format!("pbx_id={}", office.pbx), vec![0, 1]),
        (format!("trunk_id={}", office.trunk), vec![2]),
        ("voice_route=emea&sort=-created_at&limit=2".to_owned(), vec![2, 1]),
        ("voice_route=noam".to_owned(), vec![]),
    ] {
        let path = format!("/enterprises/{}/users?{query}", office.admin.account);
        let list = app.get(&path).bearer(&office.admin.token).send().await.expect(200).json();
        let found: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        let expected: Vec<_> = expected.into_iter().map(|index: usize| ids[index].clone()).collect();
        assert_eq!(found, expected, "{query}");
    }
    let twice = add(&app, &office.admin, "users", &office.on_pbx("anna", "7")).await;
    assert_eq!(twice.problem(409, "teams_user_taken")["errors"][0]["pointer"], "/teams_user");
    let bad = app.get(&format!("/enterprises/{}/users?pbx_id=x", office.admin.account)).bearer(&office.admin.token);
    bad.send().await.problem(400, "invalid_parameter");
}
