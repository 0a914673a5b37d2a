//! R11: the routes of an enterprise, confirmed step by step.

use api::access::Origin;
use api::resources::direct_routing::operations::conclude;
use domain::account::{Scope, Tier};
use domain::authority::Role;
use domain::direct_routing::{Command, Failure, Verdict};
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Person};
use futures_util::future::join_all;
use persistence::{accounts, direct_routing, events};
use rstest::rstest;
use serde_json::{Value, json};

/// An enterprise, its administrator, its reseller's provisioner and its master reseller's.
struct House {
    master: Person,
    reseller: Person,
    administrator: Person,
}

impl House {
    async fn build(app: &App) -> Self {
        let master = app.plant(Tier::MasterReseller, &[], "master@contoso.example").await;
        let reseller = app.plant(Tier::Reseller, &[&master], "reseller@contoso.example").await;
        let enterprise = app.plant(Tier::Enterprise, &[&master, &reseller], "admin@kiosk.example").await;
        Self {
            master: app.member(&master, Role::Provisioner).await,
            reseller: app.member(&reseller, Role::Provisioner).await,
            administrator: app.member(&enterprise, Role::Owner).await,
        }
    }

    fn path(&self) -> String {
        format!("/enterprises/{}/direct-routing", self.administrator.account)
    }
}

async fn give(app: &App, house: &House, person: &Person, command: &str, body: Value) -> Answer {
    let path = format!("{}/routes/emea/{command}", house.path());
    app.post(&path).bearer(&person.token).json(&body).send().await
}

async fn see(app: &App, house: &House) -> Value {
    app.get(&house.path()).bearer(&house.administrator.token).send().await.expect(200).json()
}

/// Lets the service find that a route can't go on.
async fn fail(app: &App, house: &House, reason: Failure) {
    let account = Tier::Enterprise.parse_id(&house.administrator.account).unwrap();
    let verdict = Verdict::Go { command: Command::Fail(reason), error: Some("It was refused.".to_owned()) };
    let failing = app.service().write_as(Origin::system("microsoft_graph"), move |tx| {
        let tried = direct_routing::load(tx, account)?.routes.remove(0);
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, account)?.expect("an enterprise");
        conclude(tx, &account, &tried, (None, None), None, verdict.clone())
    });
    failing.await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_route_is_established_step_by_step(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let house = House::build(&app).await;
    let fresh = see(&app, &house).await;
    assert_eq!((&fresh["established"], &fresh["automatic"]), (&json!(false), &json!(false)));
    let route = &fresh["routes"][0];
    assert_eq!((&route["state"], &route["next"]["step"]), (&json!("not_started"), &json!("start")));
    assert_eq!(route["sbcs"], json!(["sbc1.emea.teammate.example", "sbc2.emea.teammate.example"]));

    let admin = &house.administrator;
    let scripts = format!("{}/routes/emea/powershell", house.path());
    let scripts = || app.get(&scripts).bearer(&admin.token).send();
    scripts().await.problem(409, "wrong_route_state");
    let started = give(&app, &house, admin, "start", json!({"label": "Kiosk"})).await.expect(200);
    assert_eq!(scripts().await.expect(200).text_of("policy_name"), "TeamMate kiosk.emea.teammate.example");
    let mut route = started.json()["routes"][0].clone();
    assert!(!route["since"].take().is_null());
    assert!(!route["next"]["detail"].take().is_null());
    assert_eq!(
        route,
        json!({
            "region": "emea", "state": "consent_requested", "since": null, "domain": "kiosk.emea.teammate.example", "tenant": "kiosk.example",
            "dns_record": null, "anchor_user": null, "voice_routing": null, "next": {"step": "give_consent", "by": "enterprise", "detail": null}, "failure": null,
            "failed_in": null, "last_error": null, "next_attempt_at": null,
            "sbcs": ["sbc1.emea.teammate.example", "sbc2.emea.teammate.example"],
        })
    );
    let seen = app.get(&house.path()).bearer(&admin.token).send().await.expect(200);
    assert_eq!((seen.text.as_str(), seen.header("etag")), (started.text.as_str(), started.header("etag")));

    // The record that Microsoft 365 shows comes with the first confirmation, and is shown exactly from then on.
    for bad in [json!({}), json!({"verification_txt": null}), json!({"verification_txt": "ms1"})] {
        assert_eq!(give(&app, &house, admin, "confirm", bad).await.pointers(), ["/verification_txt"]);
    }
    let path = format!("{}/routes/emea/confirm", house.path());
    let bare = app.post(&path).bearer(&admin.token).send().await;
    assert_eq!(bare.pointers(), ["/verification_txt"], "a body is not needed, but what it says is");
    let record = json!({"type": "TXT", "name": "kiosk.emea.teammate.example", "value": "MS=ms12345678", "ttl": 3600});
    let confirm = json!({"verification_txt": "MS=ms12345678"});
    let mut etag = started.header("etag").to_owned();
    for (state, next, by) in [
        ("domain_pending", json!("publish_txt_record"), json!("platform")),
        ("domain_verified", json!("provide_licence"), json!("enterprise")),
        ("activating", json!("wait"), json!("microsoft")),
        ("established", json!(null), json!(null)),
    ] {
        let request = app.post(&path).bearer(&admin.token).header("if-match", &etag).json(&confirm);
        let answer = request.send().await.expect(200);
        let routing = answer.json();
        let route = &routing["routes"][0];
        assert_eq!((&route["state"], &route["dns_record"]), (&json!(state), &record));
        assert_eq!((&route["next"]["step"], &route["next"]["by"]), (&next, &by), "{state}");
        assert_eq!(routing["established"], state == "established");
        let stale = app.post(&path).bearer(&admin.token).header("if-match", &etag).json(&confirm);
        stale.send().await.problem(412, "precondition_failed");
        answer.header("etag").clone_into(&mut etag);
    }
    let subject = admin.account.clone();
    let actions = app.service().database.read(move |tx| events::of_subject(tx, &subject)).await.unwrap();
    let mut expected = vec!["direct_routing.route_started"];
    expected.extend(["direct_routing.route_confirmed"; 4]);
    assert_eq!(actions, expected);

    // A region in which a route was started can't be given up; another one can.
    let enterprise = format!("/enterprises/{}", admin.account);
    let regions = |regions: Value| {
        let request = app.patch(&enterprise).bearer(&house.reseller.token).json(&json!({"sbc_regions": regions}));
        async move { request.send().await }
    };
    let _ = regions(json!(["emea", "noam"])).await.expect(200);
    let problem = regions(json!(["noam"])).await.problem(409, "sbc_region_in_use");
    let blocker =
        json!({"id": "emea", "type": "route", "name": "kiosk.emea.teammate.example", "status": "established"});
    assert_eq!(problem["blockers"], json!({"items": [blocker], "total": 1}));
    let removed = give(&app, &house, admin, "remove", json!({})).await.expect(200).json();
    assert_eq!(
        (&removed["routes"][0]["state"], &removed["routes"][0]["domain"]),
        (&json!("not_started"), &json!(null))
    );
    let _ = regions(json!(["noam"])).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_every_state_answers_every_command_as_one_table_says(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let house = House::build(&app).await;
    let admin = &house.administrator;
    let body = |command: &str| match command {
        "start" => json!({"label": "kiosk"}),
        "confirm" => json!({"verification_txt": "MS=ms1"}),
        _ => json!({}),
    };
    let (ok, no) = (200, 409);
    // The state, how it is reached, and the statuses of start, confirm, retry and remove there.
    #[rustfmt::skip]
    let table: [(&str, &[&str], [u16; 4]); 8] = [
        ("not_started",       &[],                                                        [ok, no, no, no]),
        ("consent_requested", &["start"],                                                 [no, ok, no, ok]),
        ("domain_pending",    &["start", "confirm"],                                      [no, ok, no, ok]),
        ("domain_verified",   &["start", "confirm", "confirm"],                           [no, ok, no, ok]),
        ("activating",        &["start", "confirm", "confirm", "confirm"],                [no, ok, no, ok]),
        ("established",       &["start", "confirm", "confirm", "confirm", "confirm"],     [no, no, no, ok]),
        ("failed",            &["start", "fail"],                                         [no, no, ok, ok]),
        ("failed",            &["start", "confirm", "confirm", "confirm", "fail"],        [no, no, ok, ok]),
    ];
    for (state, way, expected) in table {
        for (command, expected) in ["start", "confirm", "retry", "remove"].into_iter().zip(expected) {
            for step in way {
                if *step == "fail" {
                    fail(&app, &house, Failure::Refused).await;
                } else {
                    let _ = give(&app, &house, admin, step, body(step)).await.expect(200);
                }
            }
            let before = see(&app, &house).await;
            assert_eq!(before["routes"][0]["state"], state);
            if state == "failed" {
                assert_eq!(before["routes"][0]["failure"], "refused");
                assert_eq!(before["routes"][0]["last_error"]["detail"], "It was refused.");
            }
            let answer = give(&app, &house, admin, command, body(command)).await;
            assert_eq!(answer.status, expected, "{state}: {command}: {}", answer.text);
            if expected == no {
                answer.problem(409, "wrong_route_state");
                assert_eq!(see(&app, &house).await, before, "a refusal changes nothing");
            } else if command == "retry" {
                assert_eq!(answer.json()["routes"][0]["state"], before["routes"][0]["failed_in"]);
            }
            if see(&app, &house).await["routes"][0]["state"] != "not_started" {
                let _ = give(&app, &house, admin, "remove", json!({})).await.expect(200);
            }
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_only_with_consent_do_those_between_staff_and_enterprise_confirm(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let house = House::build(&app).await;
    let operator = app.operator().await;
    let _ = give(&app, &house, &house.reseller, "start", json!({"label": "kiosk"})).await.expect(200);
    let confirm = || json!({"verification_txt": "MS=ms1"});
    for person in [&house.reseller, &house.master] {
        give(&app, &house, person, "confirm", confirm()).await.problem(403, "management_consent_missing");
        let consent = app.post(&format!("{}/give-consent", house.path())).bearer(&person.token);
        consent.send().await.problem(403, "forbidden");
    }
    let consent = |path: &'static str| {
        let request = app.post(&format!("{}/{path}", house.path())).bearer(&house.administrator.token);
        async move { request.send().await.expect(200).json() }
    };
    assert!(consent("give-consent").await["management_consent"]["given_at"].is_string());
    let _ = give(&app, &house, &house.reseller, "confirm", confirm()).await.expect(200);
    let _ = give(&app, &house, &house.master, "confirm", confirm()).await.expect(200);
    assert_eq!(consent("withdraw-consent").await["management_consent"]["given_at"], json!(null));
    give(&app, &house, &house.reseller, "confirm", confirm()).await.problem(403, "management_consent_missing");
    let _ = give(&app, &house, &operator, "confirm", confirm()).await.expect(200);
    let established = give(&app, &house, &house.administrator, "confirm", confirm()).await.expect(200);
    assert_eq!(established.json()["established"], true);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_of_a_hundred_claims_to_one_domain_one_wins_and_the_others_learn_nothing(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let mut people = Vec::new();
    for number in 0..10 {
        let master = app.plant(Tier::MasterReseller, &[], &format!("m{number}@contoso.example")).await;
        let reseller = app.plant(Tier::Reseller, &[&master], &format!("r{number}@contoso.example")).await;
        for kiosk in 0..10 {
            let email = format!("e{number}-{kiosk}@contoso.example");
            let enterprise = app.plant(Tier::Enterprise, &[&master, &reseller], &email).await;
            people.push(app.member(&enterprise, Role::Owner).await);
        }
    }
    let start = |person: &Person| {
        let path = format!("/enterprises/{}/direct-routing/routes/emea/start", person.account);
        app.post(&path).bearer(&person.token).json(&json!({"label": "kiosk"})).send()
    };
    let answers = join_all(people.iter().map(start)).await;
    let won: Vec<_> = answers.iter().zip(&people).filter(|(answer, _)| answer.status == 200).collect();
    assert_eq!(won.len(), 1);
    let bare = |answer: &Answer| {
        let mut problem = answer.clone().problem(409, "route_domain_taken");
        problem["request_id"].take();
        problem
    };
    let lost: Vec<_> = answers.iter().filter(|answer| answer.status != 200).map(bare).collect();
    assert!(lost.iter().all(|problem| *problem == lost[0]), "{lost:?}");
    assert_eq!(lost[0]["errors"][0]["pointer"], "/label");
    assert_eq!(lost[0]["blockers"], json!(null));

    // Once the winner closes, another tenant has the domain at once.
    let operator = app.operator().await;
    let winner = &won[0].1.account;
    let loser = people.iter().find(|person| person.account != *winner).unwrap();
    let close = app.delete(&format!("/enterprises/{winner}")).bearer(&operator.token);
    let _ = close.send().await.expect(204);
    let _ = start(loser).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_only_one_s_own_regions_have_routes(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let house = House::build(&app).await;
    let admin = &house.administrator;
    for region in ["noam", "mars", "EMEA", "%00"] {
        let path = format!("{}/routes/{region}/start", house.path());
        let start = app.post(&path).bearer(&admin.token).json(&json!({"label": "kiosk"}));
        start.send().await.problem(404, "not_found");
    }
    for (body, pointer) in [
        (json!({}), "/label"),
        (json!({"label": "a.b"}), "/label"),
        (json!({"label": "-"}), "/label"),
        (json!({"label": "a".repeat(27)}), "/label"),
        (json!({"label": "kiosk", "domain": "x"}), "/domain"),
    ] {
        assert_eq!(give(&app, &house, admin, "start", body).await.pointers(), [pointer]);
    }
    let longest = give(&app, &house, admin, "start", json!({"label": "a".repeat(26)})).await.expect(200).json();
    assert_eq!(longest["routes"][0]["domain"].as_str().unwrap().len(), 48);
    // The same key gives the same answer again, and starts nothing.
    let _ = give(&app, &house, admin, "remove", json!({})).await.expect(200);
    let once = || {
        let path = format!("{}/routes/emea/start", house.path());
        let request = app.post(&path).bearer(&admin.token).header("idempotency-key", "one");
        request.json(&json!({"label": "kiosk"})).send()
    };
    let (first, again) = (once().await.expect(200), once().await.expect(200));
    assert_eq!((first.text, again.header("idempotent-replayed")), (again.text.clone(), "true"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_route_is_bound_to_the_tenant_of_the_address_that_is_activated(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "office@nordwind.example").await;
    // The address is a stranger's, whose tenant may have given this service its consent for another enterprise.
    let body = end_to_end::enterprise_body("admin@stranger.example");
    let created = app.post("/enterprises").bearer(&reseller.token).json(&body).send().await.expect(201);
    let path = format!("/enterprises/{}", created.text_of("id"));
    let routing =
        async || app.get(&format!("{path}/direct-routing")).bearer(&operator.token).send().await.expect(200).json();
    let start = app.post(&format!("{path}/direct-routing/routes/emea/start")).bearer(&reseller.token);
    let _ = start.json(&json!({"label": "kiosk"})).send().await.expect(200);
    assert_eq!(routing().await["routes"][0]["tenant"], "stranger.example");
    // Another address of the same tenant changes nothing.
    let patch = async |email: &str| {
        app.patch(&path).bearer(&reseller.token).json(&json!({"email": email})).send().await.expect(200)
    };
    let _ = patch("other@stranger.example").await;
    assert_eq!(routing().await["routes"][0]["tenant"], "stranger.example");
    let _ = patch("admin@mallory.example").await;
    let unbound = routing().await;
    assert_eq!(
        (&unbound["routes"][0]["state"], &unbound["routes"][0]["tenant"]),
        (&json!("not_started"), &json!(null))
    );
    let events = app.get("/events?type=direct_routing.route_removed").bearer(&operator.token).send().await.expect(200);
    assert_eq!(events.json()["items"][0]["before"]["tenant"], "stranger.example");
    // Activated with the other address, the enterprise has nothing of the stranger's tenant.
    app.activate(&created.text_of("id"), "admin@mallory.example").await;
    assert_eq!(routing().await["routes"][0]["tenant"], json!(null));
}
