//! Reading what happened (R16): complete, in an order that can be gone on with, and without what is not the reader's to know.

use std::collections::BTreeSet;

use api::ids::new_id;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use domain::account::{Ancestry, Tier};
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Person, enterprise_body, reseller_body};
use persistence::StoreConnection;
use persistence::events::{Actor, EventRow, record_all};
use rstest::rstest;
use serde_json::{Value, json};

async fn page(app: &App, person: &Person, query: &str) -> Value {
    app.get(&format!("/events{query}")).bearer(&person.token).send().await.expect(200).json()
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items");
    items.iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect()
}

fn types(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r16_a_change_tells_who_did_what_by_which_request(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let create = app.post("/resellers").bearer(&master.token).json(&reseller_body("nord@wind.example"));
    let reseller = create.send().await.expect(201).text_of("id");
    let path = format!("/resellers/{reseller}");
    let rename = app.patch(&path).bearer(&master.token).header("x-request-id", "rename-1");
    let _ = rename.json(&json!({"name": "Südwind", "billing_reference": "CUST-1"})).send().await.expect(200);

    let me = app.get("/me").bearer(&master.token).send().await.expect(200).text_of("id");
    let found = page(&app, &master, &format!("?subject={reseller}")).await;
    assert_eq!(types(&found), ["reseller.created", "reseller.updated"]);
    let updated = &found["items"][1];
    assert_eq!(
        (&updated["before"], &updated["after"]),
        (&json!({"name": "Nordwind"}), &json!({"name": "Südwind"})),
        "only what changed shows"
    );
    assert_eq!(updated["actor"], json!({"type": "member", "id": me, "account_type": "master_reseller"}));
    assert!(updated["request_id"].as_str().unwrap().starts_with("req_"), "{updated}");
    assert_eq!(updated["client_request_id"], "rename-1");
    assert_eq!(updated["source_address"], "127.0.0.1");
    assert_eq!((&updated["account_id"], &updated["subject_id"]), (&json!(reseller), &json!(reseller)));
    assert_eq!(updated["subject_type"], "reseller");

    let one = app.get(&format!("/events/{}", updated["id"].as_str().unwrap())).bearer(&master.token);
    assert_eq!(one.send().await.expect(200).json(), *updated);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r8_whoever_is_above_is_not_shown(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let reseller = app.plant(Tier::Reseller, &[&master], "r@contoso.example").await;
    let sibling = app.plant(Tier::Reseller, &[&master], "s@contoso.example").await;
    let patch = app.patch(&format!("/resellers/{reseller}")).bearer(&operator.token).json(&json!({"name": "New"}));
    let _ = patch.send().await.expect(200);

    let (owner, other) = (app.member(&reseller, Role::Owner).await, app.member(&sibling, Role::Owner).await);
    let seen = page(&app, &owner, "?type=reseller.updated").await["items"][0].clone();
    assert_eq!(seen["actor"], json!({"type": "member", "id": null, "account_type": "platform"}));
    assert_eq!(seen["source_address"], Value::Null);
    let by_staff = page(&app, &operator, "?type=reseller.updated").await["items"][0].clone();
    let id = by_staff["actor"]["id"].as_str().expect("staff see each other");
    assert_eq!(by_staff["source_address"], "127.0.0.1");
    // Nor is it found out by asking for what somebody did.
    assert_eq!(ids(&page(&app, &owner, &format!("?actor={id}")).await).len(), 0);
    assert!(!ids(&page(&app, &operator, &format!("?actor={id}")).await).is_empty());

    let path = format!("/events/{}", seen["id"].as_str().unwrap());
    assert_eq!(ids(&page(&app, &other, "").await).len(), 0, "a sibling sees nothing");
    app.get(&path).bearer(&other.token).send().await.problem(404, "not_found");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn events_are_filtered_and_turned_round(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let create = async |email: &str| {
        let request = app.post("/resellers").bearer(&owner.token).json(&reseller_body(email));
        request.send().await.expect(201).text_of("id")
    };
    let first = create("a@wind.example").await;
    app.clock.advance(TimeDelta::minutes(9));
    let start = app.clock.now();
    let owner = app.member(&master, Role::Owner).await;
    let create = async |path: &str, body: Value| {
        app.post(path).bearer(&owner.token).json(&body).send().await.expect(201).text_of("id")
    };
    let second = create("/resellers", reseller_body("b@wind.example")).await;
    let mut enterprise = enterprise_body("c@wind.example");
    enterprise["reseller_id"] = json!(second);
    let third = create("/enterprises", enterprise).await;
    app.clock.advance(TimeDelta::minutes(9));
    let end = app.clock.now();
    let owner = app.member(&master, Role::Owner).await;
    let _ = app.post(&format!("/resellers/{first}/suspend")).bearer(&owner.token).send().await;

    let at = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let subjects = async |query: &str| {
        let page = page(&app, &owner, query).await;
        let items = page["items"].as_array().unwrap().clone();
        items.iter().map(|event| event["subject_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(subjects("").await, [first.as_str(), &second, &third]);
    assert_eq!(subjects("?order=newest").await, [third.as_str(), &second, &first]);
    assert_eq!(subjects("?type=reseller.*").await, [first.as_str(), &second]);
    assert_eq!(subjects("?type=enterprise.created,pbx.*").await, [third.as_str()]);
    assert_eq!(subjects(&format!("?since={}", at(start))).await, [second.as_str(), &third]);
    assert_eq!(subjects(&format!("?until={}", at(start))).await, [first.as_str()]);
    assert_eq!(subjects(&format!("?since={}&until={}", at(start), at(end))).await, [second.as_str(), &third]);
    assert_eq!(subjects(&format!("?since={}", at(end + TimeDelta::hours(1)))).await, [""; 0]);

    let one = page(&app, &owner, "?order=newest&limit=2").await;
    assert_eq!(one["resume_cursor"], Value::Null);
    let rest = format!("?order=newest&limit=2&cursor={}", one["next_cursor"].as_str().unwrap());
    assert_eq!(subjects(&rest).await, [first.as_str()]);
    for (query, code) in [
        ("?type=reseller.exploded", "invalid_parameter"),
        ("?type=", "invalid_parameter"),
        ("?since=yesterday", "invalid_parameter"),
        ("?actor=reseller_01h455vb4pex5vsknk084sn02q", "invalid_parameter"),
        ("?order=random", "invalid_parameter"),
        ("?subject=%00", "invalid_parameter"),
        ("?limit=201", "invalid_parameter"),
        ("?cursor=AAAA", "invalid_cursor"),
    ] {
        app.get(&format!("/events{query}")).bearer(&owner.token).send().await.problem(400, code);
    }
}

/// A cursor is gone on with while others write: what is read in the end is all that happened, each once, in one order.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r16_a_reader_that_goes_on_misses_nothing(#[values(Sqlite, Postgresql)] database: Database) {
    let app = std::sync::Arc::new(App::start(database).await);
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (app, owner) = (std::sync::Arc::clone(&app), owner.clone());
            tokio::spawn(async move {
                for number in 0..20 {
                    let body = reseller_body(&format!("w{writer}-{number}@wind.example"));
                    let _ = app.post("/resellers").bearer(&owner.token).json(&body).send().await.expect(201);
                }
            })
        })
        .collect();
    let mut read = Vec::new();
    let mut cursor = String::new();
    let mut go_on = true;
    while go_on {
        // What was committed when nobody writes any more is there on the pages that follow.
        go_on = !writers.iter().all(tokio::task::JoinHandle::is_finished);
        loop {
            let found = page(&app, &owner, &format!("?limit=7{cursor}")).await;
            read.extend(ids(&found));
            cursor = format!("&cursor={}", found["resume_cursor"].as_str().expect("a cursor to go on with"));
            if found["next_cursor"].is_null() {
                break;
            }
        }
    }
    for writer in writers {
        writer.await.expect("a writer");
    }
    assert_eq!(read.len(), 160);
    assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), 160, "none twice");
    let mut again = Vec::new();
    let mut cursor = String::new();
    loop {
        let found = page(&app, &owner, &format!("?limit=200{cursor}")).await;
        again.extend(ids(&found));
        let Some(next) = found["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(read, again, "the order never changes");
}

/// A transaction that recorded its event early and is committed late: readers have gone past its instant and its id.
#[tokio::test(flavor = "multi_thread")]
async fn r16_an_event_that_is_committed_late_is_not_missed() {
    let app = App::start(Postgresql).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let slow_id = new_id(app.clock.now());
    let mut slow = StoreConnection::Postgresql(PgConnection::establish(&app.database.url_text()).unwrap());
    slow.batch_execute("BEGIN").unwrap();
    let event = EventRow {
        id: slow_id,
        now: app.clock.now(),
        actor: Actor::System,
        action: "master_reseller.updated",
        subject: &master,
        ancestry: Ancestry { master_reseller: Tier::MasterReseller.parse_id(&master), ..Ancestry::default() },
        before: None,
        after: None,
        request_id: "slow",
        client_request_id: None,
        source_address: None,
    };
    record_all(&mut slow, &[event]).unwrap();

    let mut cursor = String::new();
    let mut read = Vec::new();
    for number in 0..3 {
        let body = reseller_body(&format!("{number}@wind.example"));
        let _ = app.post("/resellers").bearer(&owner.token).json(&body).send().await.expect(201);
        let found = page(&app, &owner, &format!("?limit=50{cursor}")).await;
        read.extend(ids(&found));
        cursor = format!("&cursor={}", found["resume_cursor"].as_str().unwrap());
    }
    assert_eq!(read.len(), 3, "nobody waits for the slow one");
    slow.batch_execute("COMMIT").unwrap();
    let found = page(&app, &owner, &format!("?limit=50{cursor}")).await;
    assert_eq!(ids(&found), [slow_id.to_string()], "it follows what was committed before");
}

/// Whoever asks for what hardly ever happens goes on behind whatever else has.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_finds_nothing_goes_on_all_the_same(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let create = async |email: &str| {
        let request = app.post("/resellers").bearer(&owner.token).json(&reseller_body(email));
        request.send().await.expect(201).text_of("id")
    };
    let reseller = create("a@wind.example").await;
    let first = page(&app, &owner, "?type=reseller.suspended").await;
    let start = page(&app, &owner, "?type=reseller.suspended&since=2990-01-01T00:00:00Z").await;
    assert_eq!((ids(&first).len(), ids(&start).len()), (0, 0));
    let suspend = app.post(&format!("/resellers/{reseller}/suspend")).bearer(&owner.token);
    let _ = suspend.send().await.expect(409);
    let token = app.token_for("a@wind.example").await;
    let activate = app.post("/activations").json(&json!({"token": token, "password": end_to_end::PASSWORD}));
    let _ = activate.send().await.expect(200);
    let suspend = app.post(&format!("/resellers/{reseller}/suspend")).bearer(&owner.token);
    let _ = suspend.send().await.expect(200);
    let cursor = first["resume_cursor"].as_str().unwrap();
    let next = page(&app, &owner, &format!("?type=reseller.suspended&cursor={cursor}")).await;
    assert_eq!(types(&next), ["reseller.suspended"]);
    let cursor = next["resume_cursor"].as_str().unwrap();
    assert_eq!(ids(&page(&app, &owner, &format!("?type=reseller.suspended&cursor={cursor}")).await).len(), 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r16_what_is_undone_leaves_no_event(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let body = reseller_body("same@wind.example");
    let creations = (0..20).map(|_| app.post("/resellers").bearer(&owner.token).json(&body).send());
    let answers = futures_util::future::join_all(creations).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(types(&page(&app, &owner, "").await), ["reseller.created"]);
}
