//! Moves: a reseller or an enterprise goes below another account when both sides want it.

use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Person, enterprise_body, reseller_body};
use futures_util::future::join;
use rstest::rstest;
use serde_json::{Value, json};

async fn master(app: &App, name: &str) -> Person {
    let account = app.plant(Tier::MasterReseller, &[], &format!("{name}@contoso.example")).await;
    app.member(&account, Role::Owner).await
}

async fn post(app: &App, person: &Person, path: &str, body: Value) -> Answer {
    app.post(path).bearer(&person.token).json(&body).send().await
}

async fn see(app: &App, person: &Person, path: &str) -> Value {
    app.get(path).bearer(&person.token).send().await.expect(200).json()
}

/// A reseller with an enterprise, below a master reseller.
async fn house(app: &App, master: &Person) -> (String, String) {
    let reseller = app.plant(Tier::Reseller, &[&master.account], "nord@wind.example").await;
    let enterprise = app.plant(Tier::Enterprise, &[&master.account, &reseller], "kiosk@wind.example").await;
    (reseller, enterprise)
}

async fn ask(app: &App, from: &Person, reseller: &str, to: &str) -> Answer {
    post(app, from, &format!("/resellers/{reseller}/move"), json!({"master_reseller_id": to})).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_reseller_goes_over_with_all_below_it(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (from, to) = (master(&app, "from").await, master(&app, "to").await);
    let (reseller, enterprise) = house(&app, &from).await;
    let owner = app.member(&reseller, Role::Owner).await;
    let asked = ask(&app, &from, &reseller, &to.account).await.expect(201);
    let path = asked.header("location").to_owned();
    assert_eq!((asked.text_of("status"), asked.text_of("from_id")), ("pending".to_owned(), from.account.clone()));
    ask(&app, &from, &reseller, &to.account).await.problem(409, "move_pending");

    let offered = see(&app, &to, "/moves").await["items"][0].clone();
    assert_eq!((&offered["account_name"], &offered["from_id"]), (&json!("Planted"), &Value::Null));
    app.get(&format!("/resellers/{reseller}")).bearer(&to.token).send().await.problem(404, "not_found");
    let accept = json!({"billing_reference": "NEW-7"});
    post(&app, &from, &format!("{path}/accept"), accept.clone()).await.problem(403, "forbidden");
    post(&app, &to, &format!("{path}/cancel"), json!({})).await.problem(403, "forbidden");
    assert_eq!(
        post(&app, &to, &format!("{path}/accept"), json!({})).await.expect(422).pointers(),
        ["/billing_reference"]
    );
    let accepted = post(&app, &to, &format!("{path}/accept"), accept).await.expect(200);
    assert_eq!(accepted.text_of("status"), "accepted");

    let moved = see(&app, &to, &format!("/resellers/{reseller}")).await;
    assert_eq!((&moved["master_reseller_id"], &moved["billing_reference"]), (&json!(to.account), &json!("NEW-7")));
    let below = see(&app, &to, &format!("/enterprises/{enterprise}")).await;
    assert_eq!(below["master_reseller_id"], to.account);
    for path in [format!("/resellers/{reseller}"), format!("/enterprises/{enterprise}")] {
        app.get(&path).bearer(&from.token).send().await.problem(404, "not_found");
    }
    assert_eq!(
        see(&app, &owner, &format!("/enterprises/{enterprise}")).await["id"],
        enterprise,
        "its own people go on"
    );
    assert_eq!(
        see(&app, &to, "/accounts?q=NEW-7").await["items"][0]["id"],
        reseller,
        "it is found by its new reference"
    );
    post(&app, &to, &format!("{path}/accept"), json!({"billing_reference": "X"})).await.problem(409, "move_decided");

    // Each side is told, and of the other one no more than that.
    let types = async |person: &Person| {
        let events = see(&app, person, "/events").await["items"].as_array().unwrap().clone();
        events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(types(&from).await, ["move.requested", "move.accepted"]);
    assert_eq!(types(&to).await, ["move.offered", "move.accepted", "reseller.moved"]);
    let told = see(&app, &from, "/events?type=move.accepted").await["items"][0].clone();
    assert_eq!((&told["actor"]["type"], &told["source_address"]), (&json!("system"), &Value::Null));
    let offered = see(&app, &to, "/events?type=move.offered").await["items"][0].clone();
    assert!(!offered.to_string().contains(&from.account), "{offered}");
    let who = (&offered["actor"]["type"], &offered["source_address"], &offered["request_id"]);
    assert_eq!(who, (&json!("system"), &Value::Null, &json!("move")), "nothing tells who asked");
    // From now on what happens is the new one's to read.
    let rename = app.patch(&format!("/resellers/{reseller}")).bearer(&to.token).json(&json!({"name": "Neu"}));
    let _ = rename.send().await.expect(200);
    assert_eq!((types(&from).await.len(), types(&to).await.len()), (2, 4));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_billing_splits_at_the_instant(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    // In the middle of a month, so that a day before and after are of the same one.
    let now = app.clock.now();
    let day = now.format("%d").to_string().parse::<i64>().unwrap();
    app.clock.advance(TimeDelta::days(if day <= 15 { 15 - day } else { 45 - day }));
    let (from, to) = (master(&app, "from").await, master(&app, "to").await);
    let (reseller, enterprise) = house(&app, &from).await;
    let period = app.clock.now().format("%Y-%m").to_string();
    app.clock.advance(TimeDelta::days(2));
    let (from, to) = (app.member(&from.account, Role::Owner).await, app.member(&to.account, Role::Owner).await);
    let path = ask(&app, &from, &reseller, &to.account).await.expect(201).header("location").to_owned();
    let _ = post(&app, &to, &format!("{path}/accept"), json!({"billing_reference": "NEW"})).await.expect(200);
    app.clock.advance(TimeDelta::days(3));
    let (from, to) = (app.member(&from.account, Role::Owner).await, app.member(&to.account, Role::Owner).await);
    let lines = async |person: &Person| {
        let report = see(&app, person, &format!("/billing-reports/{period}")).await;
        let items = report["items"].as_array().unwrap().clone();
        assert!(items.iter().all(|line| line["enterprise_id"] == enterprise));
        items.iter().map(|line| (line["service"].clone(), line["active_days"].as_i64().unwrap())).collect::<Vec<_>>()
    };
    let (before, after) = (lines(&from).await, lines(&to).await);
    assert_eq!(before, [(json!("pbx"), 3), (json!("trunk"), 3)]);
    assert_eq!(after, [(json!("pbx"), 4), (json!("trunk"), 4)], "the day of the move counts on both sides");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_move_can_be_declined_cancelled_and_expires(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (from, to) = (master(&app, "from").await, master(&app, "to").await);
    let (reseller, _) = house(&app, &from).await;
    let decide = async |person: &Person, path: &str, step: &str| {
        let body = json!({"billing_reference": "NEW"});
        post(&app, person, &format!("{path}/{step}"), body).await
    };
    for (person, step, status) in [(&to, "decline", "declined"), (&from, "cancel", "cancelled")] {
        let path = ask(&app, &from, &reseller, &to.account).await.expect(201).header("location").to_owned();
        assert_eq!(decide(person, &path, step).await.expect(200).text_of("status"), status);
        decide(&to, &path, "accept").await.problem(409, "move_decided");
    }
    let path = ask(&app, &from, &reseller, &to.account).await.expect(201).header("location").to_owned();
    app.clock.advance(TimeDelta::days(14));
    let (from, to) = (app.member(&from.account, Role::Owner).await, app.member(&to.account, Role::Owner).await);
    assert_eq!(see(&app, &to, &path).await["status"], "expired");
    decide(&to, &path, "accept").await.problem(409, "move_decided");
    let path = ask(&app, &from, &reseller, &to.account).await.expect(201).header("location").to_owned();
    // Accepting and cancelling at the same time: one of them counts.
    let (accepted, cancelled) = join(decide(&to, &path, "accept"), decide(&from, &path, "cancel")).await;
    let mut statuses = [accepted.status, cancelled.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", accepted.text, cancelled.text);
    let seen = app.get(&format!("/resellers/{reseller}")).bearer(&to.token).send().await.status;
    assert_eq!(seen == 200, accepted.status == 200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r8_asking_tells_nothing_of_who_there_is(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (from, to) = (master(&app, "from").await, master(&app, "to").await);
    let (reseller, enterprise) = house(&app, &from).await;
    let made_up = "master_reseller_01h455vb4pex5vsknk084sn02q";
    let body = |answer: Answer, id: &str| {
        let mut body = answer.expect(201).json();
        for member in ["id", "created_at", "expires_at"] {
            body[member] = Value::Null;
        }
        body.to_string().replace(id, "the other")
    };
    let real = body(ask(&app, &from, &reseller, &to.account).await, &to.account);
    let pending = see(&app, &from, "/moves").await["items"][0]["id"].as_str().unwrap().to_owned();
    let _ = post(&app, &from, &format!("/moves/{pending}/cancel"), json!({})).await.expect(200);
    assert_eq!(body(ask(&app, &from, &reseller, made_up).await, made_up), real);

    // Nobody else sees it, and nobody asks for what is not below it.
    let third = master(&app, "third").await;
    app.get(&format!("/moves/{pending}")).bearer(&third.token).send().await.problem(404, "not_found");
    assert_eq!(see(&app, &third, "/moves").await["items"], json!([]));
    ask(&app, &to, &reseller, &to.account).await.problem(404, "not_found");
    let same = ask(&app, &from, &reseller, &from.account).await.expect(422);
    assert_eq!(same.pointers(), ["/master_reseller_id"]);
    let wrong = post(&app, &from, &format!("/enterprises/{enterprise}/move"), json!({"reseller_id": to.account})).await;
    assert_eq!(wrong.expect(422).pointers(), ["/reseller_id"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r5_services_have_to_be_the_new_parent_s(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let owner = master(&app, "from").await;
    let create = async |email: &str, services: Value| {
        let mut body = reseller_body(email);
        body["services"] = services;
        post(&app, &owner, "/resellers", body).await.expect(201).text_of("id")
    };
    let (first, second) =
        (create("a@wind.example", json!(["pbx", "trunk"])).await, create("b@wind.example", json!(["pbx"])).await);
    let enterprise = async |email: &str, services: Value| {
        let mut body = enterprise_body(email);
        body["reseller_id"] = json!(first);
        body["services"] = services;
        post(&app, &owner, "/enterprises", body).await.expect(201).text_of("id")
    };
    let (both, one) = (
        enterprise("c@wind.example", json!(["pbx", "trunk"])).await,
        enterprise("d@wind.example", json!(["pbx"])).await,
    );
    // Whoever is above both sides asks and accepts: the master reseller here, staff for any.
    for (person, account, status) in [(&owner, &both, 409), (&operator, &one, 200)] {
        let asked = post(&app, person, &format!("/enterprises/{account}/move"), json!({"reseller_id": second})).await;
        let path = asked.expect(201).header("location").to_owned();
        let accepted = post(&app, person, &format!("{path}/accept"), json!({})).await;
        assert_eq!(accepted.status, status, "{}", accepted.text);
    }
    let moved = see(&app, &owner, &format!("/enterprises/{one}")).await;
    assert_eq!((&moved["reseller_id"], &moved["billing_reference"]), (&json!(second), &Value::Null));
}

/// An enterprise that is created below a reseller while it moves goes with it, or was there before.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_behind(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (from, to) = (master(&app, "from").await, master(&app, "to").await);
    let (reseller, _) = house(&app, &from).await;
    let owner = app.member(&reseller, Role::Owner).await;
    let path = ask(&app, &from, &reseller, &to.account).await.expect(201).header("location").to_owned();
    let creating = async {
        let mut created = 0;
        for number in 0..20 {
            let answer = post(&app, &owner, "/enterprises", enterprise_body(&format!("e{number}@wind.example"))).await;
            created += usize::from(answer.status == 201);
        }
        created
    };
    let accept = json!({"billing_reference": "NEW"});
    let accepting = async { post(&app, &to, &format!("{path}/accept"), accept).await.expect(200) };
    let (created, _) = join(creating, accepting).await;
    let list = see(&app, &to, "/enterprises?limit=200").await;
    assert_eq!(list["items"].as_array().unwrap().len(), created + 1);
    assert_eq!(see(&app, &from, "/enterprises").await["items"], json!([]));
}
