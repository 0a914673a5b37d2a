//! R15: billing reports as billing administrators meet them: read in every form, made final, corrected.

use std::io::Write;
use std::process::{Command, Stdio};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use domain::account::{Scope, Tier};
use domain::authority::Role;
use domain::billing::Period;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, FreshDatabase, Person, Process};
use futures_util::future::join_all;
use persistence::DatabaseUrl;
use persistence::billing::{LineFilter, lines, periods};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// A reseller with an enterprise that has two users on its PBX and one on its trunk.
struct World {
    app: App,
    master: String,
    reseller: String,
    enterprise: String,
    users: Vec<String>,
    /// The month in which all that was done.
    period: Period,
}

impl World {
    async fn begin(database: Database) -> Self {
        let app = App::start(database).await;
        // Not at a month's very end, so that all of it is in one.
        if (app.clock.now() + TimeDelta::minutes(10)).day() == 1 {
            app.clock.advance(TimeDelta::minutes(10));
        }
        let operator = app.operator().await;
        let enterprise = app.connected("kiosk", json!({"billing_reference": "K-1", "name": "Kiosk"})).await.account;
        let own = app.get(&format!("/enterprises/{enterprise}")).bearer(&operator.token).send().await.expect(200);
        let reseller = own.text_of("reseller_id");
        let above = app.get(&format!("/resellers/{reseller}")).bearer(&operator.token).send().await.expect(200);
        let master = above.text_of("master_reseller_id");
        let period = Period::of(app.clock.now());
        let mut world = Self { app, master, reseller, enterprise, users: Vec::new(), period };
        let by_ip = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
        let trunk = world.add(&operator, "trunks", by_ip).await;
        let pbx = json!({"type": "generic", "location": "Berlin", "sip_domain": "sip.kiosk.example"});
        let pbx = world.add(&operator, "pbxes", pbx).await;
        for user in ["1", "2"] {
            let body = json!({"teams_user": format!("{user}@k.example"), "pbx_id": pbx, "sip_user": user, "voice_route": "emea"});
            let user = world.add(&operator, "users", body).await;
            world.users.push(user);
        }
        let body = json!({"teams_user": "3@k.example", "trunk_id": trunk, "default_number": "+4930901820", "voice_route": "emea"});
        let user = world.add(&operator, "users", body).await;
        world.users.push(user);
        world
    }

    async fn add(&self, person: &Person, what: &str, body: Value) -> String {
        let request = self.app.post(&format!("/enterprises/{}/{what}", self.enterprise)).bearer(&person.token);
        request.json(&body).send().await.expect(201).text_of("id")
    }

    /// Lets time go by until the period has been over for a while. Everybody has to sign in again.
    async fn next_month(&self) -> Person {
        self.app.clock.advance(self.period.end() - self.app.clock.now() + TimeDelta::hours(1));
        self.app.operator().await
    }

    async fn billing(&self, account: &str) -> Person {
        self.app.member(account, Role::Billing).await
    }

    async fn csv(&self, person: &Person, query: &str) -> String {
        let request = self.app.get(&format!("/billing-reports/{}{query}", self.period)).bearer(&person.token);
        let answer = request.header("accept", "text/csv").send().await.expect(200);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
        answer.text
    }

    async fn page(&self, person: &Person, query: &str) -> Value {
        let request = self.app.get(&format!("/billing-reports/{}{query}", self.period)).bearer(&person.token);
        request.send().await.expect(200).json()
    }

    async fn patch(&self, person: &Person, path: &str, body: Value) {
        let _ = self.app.patch(path).bearer(&person.token).json(&body).send().await.expect(200);
    }

    fn finalise(&self, person: &Person) -> end_to_end::Request {
        self.app.post(&format!("/billing-reports/{}/finalise", self.period)).bearer(&person.token)
    }
}

fn sha256(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hash.as_ref().iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_a_line_says_what_an_enterprise_had_of_a_service(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let reseller = world.billing(&world.reseller).await;
    let page = world.page(&reseller, "").await;
    let (start, end) = (world.period.start(), world.period.end());
    let text = |instant: DateTime<Utc>| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let line = |service: &str, users: i64| {
        json!({
            "period_start": text(start), "period_end": text(end), "status": "open",
            "reseller_id": world.reseller, "reseller_name": "Planted", "reseller_billing_reference": "REF",
            "enterprise_id": world.enterprise, "enterprise_name": "Kiosk", "enterprise_billing_reference": "K-1",
            "service": service, "users_at_end": users, "users_peak": users, "user_days": users, "active_days": 1,
            "suspended_days": 0, "amends": null,
        })
    };
    let lines = [line("pbx", 2), line("trunk", 1)];
    assert_eq!(
        page,
        json!({
            "period": world.period.to_string(), "period_start": text(start), "period_end": text(end), "status": "open",
            "finalised_at": null, "sha256": null, "items": lines, "next_cursor": null,
        })
    );
    // Page by page, and as a stream.
    let first = world.page(&reseller, "?limit=1").await;
    assert_eq!(first["items"], json!([lines[0]]));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world.page(&reseller, &format!("?limit=1&cursor={cursor}")).await;
    assert_eq!((&second["items"], &second["next_cursor"]), (&json!([lines[1]]), &json!(null)));
    let path = format!("/billing-reports/{}", world.period);
    let stream = world.app.get(&format!("{path}?format=ndjson")).bearer(&reseller.token).send().await.expect(200);
    let streamed: Vec<Value> = stream.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(streamed, lines);
    assert_eq!(stream.header("content-type"), "application/x-ndjson");
    // Filters.
    for (query, expected) in [
        ("?service=trunk".to_owned(), 1),
        ("?billing_reference=K-1".to_owned(), 2),
        ("?billing_reference=REF&service=pbx".to_owned(), 1),
        ("?billing_reference=ref".to_owned(), 0),
        (format!("?reseller_id={}", world.reseller), 2),
        (format!("?enterprise_id={}", world.enterprise), 2),
        ("?enterprise_id=enterprise_01h455vb4pex5vsknk084sn02q".to_owned(), 0),
    ] {
        let found = world.page(&reseller, &query).await["items"].as_array().unwrap().len();
        assert_eq!(found, expected, "{query}");
        assert_eq!(world.csv(&reseller, &query).await.lines().count(), expected + 1, "{query}");
    }
    // An enterprise sees its own lines, and not what stands above it.
    let own = world.page(&world.billing(&world.enterprise).await, "").await;
    assert_eq!(own["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&own["items"][0]["reseller_name"], &own["items"][0]["reseller_billing_reference"]),
        (&json!(null), &json!(null))
    );
    let own = world.billing(&world.enterprise).await;
    assert_eq!(world.page(&own, "?billing_reference=REF").await["items"], json!([]), "nor can it try it out");
    assert_eq!(world.page(&own, "?billing_reference=K-1").await["items"].as_array().unwrap().len(), 2);
    let csv = world.csv(&own, "").await;
    assert!(!csv.contains("Planted") && !csv.contains("REF"), "{csv}");
    // Others learn nothing of it.
    let rival = world.app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let rival = world.billing(&rival).await;
    assert_eq!(world.page(&rival, "").await["items"], json!([]));
    for (bad, status) in [("2026-13", 404), ("x", 404), ("1999-01", 404), ("9000-01", 404), ("2001-01", 404)] {
        let answer = world.app.get(&format!("/billing-reports/{bad}")).bearer(&rival.token).send().await;
        answer.problem(status, "not_found");
    }
    for bad in
        ["?limit=0", "?limit=201", "?cursor=x", "?sort=created_at", "?format=xml", "?format=csv&limit=3", "?service=x"]
    {
        let answer = world.app.get(&format!("{path}{bad}")).bearer(&rival.token).send().await;
        assert_eq!(answer.status, 400, "{bad}");
    }
    // A cursor is one list's, filter's and caller's.
    let operator = world.app.operator().await;
    for (person, query) in [(&operator, "limit=1"), (&reseller, "service=pbx")] {
        let answer = world.app.get(&format!("{path}?{query}&cursor={cursor}")).bearer(&person.token).send().await;
        answer.problem(400, "invalid_cursor");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_suspensions_by_anybody_show_in_the_lines(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.app.operator().await;
    let paths = [
        format!("/enterprises/{}", world.enterprise),
        format!("/resellers/{}", world.reseller),
        format!("/master-resellers/{}", world.master),
    ];
    for (index, path) in paths.iter().enumerate() {
        let before = world.page(&operator, "").await["items"][0]["suspended_days"].clone();
        assert_eq!(before, i64::from(index > 0), "{path}");
        for step in ["suspend", "resume"] {
            let _ = world.app.post(&format!("{path}/{step}")).bearer(&operator.token).send().await.expect(200);
            // So that what was suspended was so for a moment.
            world.app.clock.advance(TimeDelta::milliseconds(5));
        }
    }
    let line = world.page(&operator, "").await["items"][0].clone();
    assert_eq!((&line["active_days"], &line["suspended_days"]), (&json!(1), &json!(1)));
    // A user that goes was there; so was the service that goes with the last one.
    for user in &world.users[2..] {
        let _ = world.app.delete(&format!("/users/{user}")).bearer(&operator.token).send().await.expect(204);
    }
    let trunks = world.app.get(&format!("/enterprises/{}/trunks", world.enterprise)).bearer(&operator.token);
    let trunk = trunks.send().await.expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
    let _ = world.app.delete(&format!("/trunks/{trunk}")).bearer(&operator.token).send().await.expect(204);
    world.app.clock.advance(TimeDelta::milliseconds(5));
    world.patch(&operator, &paths[0], json!({"services": ["pbx"]})).await;
    let line = world.page(&operator, "?service=trunk").await["items"][0].clone();
    assert_eq!((&line["users_at_end"], &line["users_peak"], &line["user_days"]), (&json!(0), &json!(1), &json!(1)));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_a_final_report_is_the_same_for_ever(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.app.operator().await;
    world.finalise(&operator).send().await.problem(409, "period_not_over");
    let next = world.app.post(&format!("/billing-reports/{}/finalise", world.period.next())).bearer(&operator.token);
    next.send().await.problem(409, "period_not_over");
    let open = world.csv(&operator, "").await;
    let operator = world.next_month().await;
    let counted = world.csv(&operator, "").await;
    assert_ne!(counted, open, "the enterprise operated on");
    // Only the platform's owner and billing administrators do it.
    for (account, role) in [(&world.master, Role::Owner), (&world.reseller, Role::Billing)] {
        let person = world.app.member(account, role).await;
        world.finalise(&person).send().await.problem(403, "forbidden");
    }
    let platform = world.app.platform().await;
    world.finalise(&world.app.member(&platform, Role::Provisioner).await).send().await.problem(403, "forbidden");
    let billing = world.billing(&platform).await;
    let answers = join_all((0..5).map(|_| world.finalise(&billing).send())).await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(done.len(), 1, "exactly one makes it final");
    let lost = answers.iter().filter(|answer| answer.status == 409).map(|answer| answer.text_of("code"));
    assert!(
        lost.clone().all(|code| code == "report_final" || code == "report_being_finalised"),
        "{:?}",
        lost.collect::<Vec<_>>()
    );
    let finalised = done[0].json();
    let csv = world.csv(&operator, "").await;
    assert_eq!(csv, counted.replace(",open,", ",final,"));
    assert_eq!(finalised["sha256"], sha256(&csv));
    assert_eq!(finalised["totals"]["pbx"]["users_at_end"], 2);
    let (page, summary) = (world.page(&operator, "").await, world.page(&operator, "/summary").await);
    assert_eq!((&page["sha256"], &page["status"]), (&finalised["sha256"], &json!("final")));

    // Renames, a change of services, removals and closings later.
    world
        .patch(&operator, &format!("/resellers/{}", world.reseller), json!({"name": "New", "billing_reference": "=1"}))
        .await;
    world
        .patch(
            &operator,
            &format!("/enterprises/{}", world.enterprise),
            json!({"name": "New", "billing_reference": null}),
        )
        .await;
    for user in &world.users {
        let _ = world.app.delete(&format!("/users/{user}")).bearer(&operator.token).send().await.expect(204);
    }
    for what in ["pbxes", "trunks"] {
        let list = world.app.get(&format!("/enterprises/{}/{what}", world.enterprise)).bearer(&operator.token);
        let id = list.send().await.expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
        let _ = world.app.delete(&format!("/{what}/{id}")).bearer(&operator.token).send().await.expect(204);
    }
    for path in [format!("/enterprises/{}", world.enterprise), format!("/resellers/{}", world.reseller)] {
        let _ = world.app.delete(&path).bearer(&operator.token).send().await.expect(204);
    }
    world.finalise(&operator).send().await.problem(409, "report_final");
    let World { app, master, reseller, enterprise, users, period } = world;
    let world = World { app: app.restart().await, master, reseller, enterprise, users, period };
    let operator = world.app.operator().await;
    assert_eq!(world.csv(&operator, "").await, csv);
    assert_eq!(world.page(&operator, "").await, page);
    assert_eq!(world.page(&operator, "/summary").await, summary);

    // The database itself lets nobody touch it.
    let period = world.period;
    for statement in [
        "UPDATE billing_lines SET users_peak = 0",
        "DELETE FROM billing_lines",
        "INSERT INTO billing_lines SELECT period, enterprise_id, 'x', reseller_id, line, master_reseller_id, reseller_name, \
         reseller_billing_reference, enterprise_name, enterprise_billing_reference, 1, 1, 1, 1, 1, NULL FROM billing_lines",
        "UPDATE billing_periods SET state = 'finalising', finalised_at = NULL, sha256 = NULL",
        "DELETE FROM billing_periods",
        "REPLACE INTO billing_periods SELECT period, 'finalising', leased_until, NULL, NULL FROM billing_periods",
    ] {
        assert!(run(&world.app.database, statement).is_err(), "{statement}");
    }
    assert_eq!(world.csv(&operator, "").await, csv, "{period}");
}

/// Runs SQL as somebody would who has the database open.
fn run(database: &FreshDatabase, sql: &str) -> diesel::QueryResult<()> {
    match &database.url {
        DatabaseUrl::Sqlite(path) => {
            SqliteConnection::establish(path.to_str().unwrap()).expect("a connection").batch_execute(sql)
        }
        DatabaseUrl::Postgresql(url) => PgConnection::establish(url).expect("a connection").batch_execute(sql),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_what_was_left_half_way_is_made_final_by_the_next(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.next_month().await;
    let counted = world.csv(&operator, "").await;
    // Somebody has begun, written the first line, and died.
    let (period, now) = (world.period, world.app.clock.now());
    let first = {
        let filter = LineFilter::all(Scope::Platform);
        let report = api::billing::report::Report::counted(period, filter, now);
        let store = &world.app.service().database;
        store.read(move |tx| report.part(tx, None, 100)).await.expect("the store").lines.remove(0)
    };
    let half = move |tx: &mut _| {
        assert!(periods::begin(tx, period, now, now + TimeDelta::minutes(2))?);
        lines::insert(tx, period, std::slice::from_ref(&first))
    };
    world.app.service().database.write(half).await.expect("the store");
    world.finalise(&operator).send().await.problem(409, "report_being_finalised");
    assert_eq!(world.csv(&operator, "").await, counted, "as long as it is not final it is counted");
    world.app.clock.advance(TimeDelta::minutes(2));
    let finalised = world.finalise(&operator).send().await.expect(200).json();
    let csv = world.csv(&operator, "").await;
    assert_eq!(csv, counted.replace(",open,", ",final,"));
    assert_eq!(finalised["sha256"], sha256(&csv));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_a_process_that_is_killed_midway_leaves_nothing_wrong(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    let demo = ["demo", "--resellers", "20", "--enterprises", "6000", "--users", "0"];
    assert!(Process::run_command(BINARY, &fresh, &demo));
    let process = Process::start(BINARY, &fresh);
    let http = reqwest::Client::new();
    let sign_in = json!({"email": "operator@teammate.local", "password": end_to_end::PASSWORD}).to_string();
    let login =
        http.post(format!("{}/auth/login", process.url)).header("content-type", "application/json").body(sign_in);
    let tokens = login.send().await.expect("an answer").text().await.expect("tokens");
    let tokens: Value = serde_json::from_str(&tokens).expect("tokens");
    let period = Period::of(Utc::now()).previous();
    let path = format!("/billing-reports/{period}");
    let finalise = http.post(format!("{}{path}/finalise", process.url));
    let under_way = tokio::spawn(finalise.bearer_auth(tokens["access_token"].as_str().unwrap()).send());
    while count(&fresh, "SELECT count(*) AS count FROM billing_lines") == 0 {
        tokio::task::yield_now().await;
    }
    process.kill();
    let _ = under_way.await;
    let app = App::start_on(fresh).await;
    app.clock.advance(TimeDelta::minutes(3));
    let operator = app.operator().await;
    let finalised = app.post(&format!("{path}/finalise")).bearer(&operator.token).send().await;
    assert!(finalised.status == 200 || finalised.text_of("code") == "report_final", "{}", finalised.text);
    let csv = app.get(&format!("{path}?format=csv")).bearer(&operator.token).send().await.expect(200).text;
    assert_eq!(csv.lines().count(), 12_001);
    let page = app.get(&path).bearer(&operator.token).send().await.expect(200);
    assert_eq!(page.text_of("sha256"), sha256(&csv));
    // It is what is counted for the month before but for the days.
    let list = app.get("/billing-reports?limit=3").bearer(&operator.token).send().await.expect(200).json();
    let totals = |index: usize, member: &str| list["items"][index]["totals"]["pbx"][member].clone();
    assert_eq!((totals(1, "enterprises"), totals(2, "enterprises")), (json!(6000), json!(6000)));
    assert_eq!(
        (list["items"][1]["status"].clone(), list["items"][2]["status"].clone()),
        (json!("final"), json!("open"))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_a_correction_is_a_line_of_a_later_period(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.next_month().await;
    let later = Period::of(world.app.clock.now());
    let line = format!("{}/{}/{}/pbx", world.period, world.reseller, world.enterprise);
    let adjust = |period: Period, body: Value| {
        world.app.post(&format!("/billing-reports/{period}/adjustments")).bearer(&operator.token).json(&body)
    };
    let body = json!({"amends": line, "user_days": -3, "users_at_end": 1, "reason": "Counted by mistake."});
    adjust(later, body.clone()).send().await.problem(409, "amended_report_open");
    let _ = world.finalise(&operator).send().await.expect(200);
    let final_csv = world.csv(&operator, "").await;
    for (bad, pointer) in [
        (json!({"user_days": 1, "reason": "x"}), "/amends"),
        (json!({"amends": "x", "user_days": 1, "reason": "x"}), "/amends"),
        (json!({"amends": line.replace("pbx", "fax"), "user_days": 1, "reason": "x"}), "/amends"),
        (json!({"amends": line, "user_days": 1.5, "reason": "x"}), "/user_days"),
        (json!({"amends": line, "user_days": 100_000_001, "reason": "x"}), "/user_days"),
        (json!({"amends": line, "user_days": 1, "reason": " "}), "/reason"),
        (json!({"amends": line, "user_days": 0, "reason": "x"}), ""),
        (
            json!({"amends": line.replace(&world.enterprise, "enterprise_01h455vb4pex5vsknk084sn02q"), "user_days": 1, "reason": "x"}),
            "/amends",
        ),
    ] {
        let answer = adjust(later, bad.clone()).send().await;
        assert_eq!((answer.status, answer.pointers()), (422, vec![pointer.to_owned()]), "{bad}: {}", answer.text);
    }
    adjust(world.period, body.clone()).send().await.problem(409, "report_final");
    adjust(later.next(), body.clone()).send().await.problem(409, "amended_report_later");
    let once = adjust(later, body.clone()).header("idempotency-key", "correction-1").send().await.expect(201);
    let again = adjust(later, body).header("idempotency-key", "correction-1").send().await.expect(201);
    assert_eq!((&again.text, again.header("idempotent-replayed")), (&once.text, "true"));
    let mut booked = once.json();
    assert_eq!(once.header("location"), format!("/billing-reports/{later}/adjustments/{}", once.text_of("id")));
    assert!(booked["id"].take().is_string() && booked["created_at"].take().is_string());
    assert_eq!(
        booked,
        json!({
            "id": null, "period": later.to_string(), "amends": line, "users_at_end": 1, "users_peak": 0, "user_days": -3,
            "active_days": 0, "suspended_days": 0, "reason": "Counted by mistake.", "created_at": null,
        })
    );
    // It is a line behind the one of the service, even when the enterprise is renamed.
    world.patch(&operator, &format!("/enterprises/{}", world.enterprise), json!({"name": "Büdchen"})).await;
    let read = async |person: &Person, query: &str| {
        let request = world.app.get(&format!("/billing-reports/{later}{query}")).bearer(&person.token);
        request.send().await.expect(200).json()
    };
    let reseller = world.billing(&world.reseller).await;
    let page = read(&reseller, "").await;
    let amends: Vec<_> = page["items"].as_array().unwrap().iter().map(|line| &line["amends"]).collect();
    assert_eq!(amends, [&json!(null), &json!(line), &json!(null)]);
    let correction = &page["items"][1];
    assert_eq!(
        (&correction["user_days"], &correction["users_at_end"], &correction["enterprise_name"]),
        (&json!(-3), &json!(1), &json!("Büdchen"))
    );
    // One line a page shows all of them, too.
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(&reseller, &format!("?limit=1{cursor}")).await;
        walked.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(json!(walked), page["items"]);
    assert_eq!(read(&reseller, "/adjustments").await["items"], json!([once.json()]));
    let path = once.header("location");
    let found = world.app.get(path).bearer(&reseller.token).send().await.expect(200);
    assert_eq!((found.json(), found.header("etag")), (once.json(), once.header("etag")));
    let rival = world.app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let rival = world.billing(&rival).await;
    world.app.get(path).bearer(&rival.token).send().await.problem(404, "not_found");
    assert_eq!(read(&rival, "/adjustments").await["items"], json!([]));
    // The summary adds it in, and the final report knows nothing of it.
    let summary = read(&reseller, "/summary").await;
    let current = summary["items"][0]["current"].clone();
    let lines = [&page["items"][0], &page["items"][1]];
    let sum = |member: &str| lines.iter().map(|line| line[member].as_i64().unwrap()).sum::<i64>();
    assert_eq!((&current["user_days"], &current["enterprises"]), (&json!(sum("user_days")), &json!(1)));
    assert_eq!(summary["items"][0]["previous"]["user_days"], json!(days_left(world.period, &world) * 2));
    assert_eq!(world.csv(&operator, "").await, final_csv);
    // Corrections are for ever, and final with their own period.
    for statement in ["UPDATE billing_adjustments SET user_days = 0", "DELETE FROM billing_adjustments"] {
        assert!(run(&world.app.database, statement).is_err(), "{statement}");
    }
    world.app.clock.advance(later.end() - world.app.clock.now() + TimeDelta::hours(1));
    let operator = world.app.operator().await;
    let finalise = world.app.post(&format!("/billing-reports/{later}/finalise")).bearer(&operator.token);
    let _ = finalise.send().await.expect(200);
    let request = world.app.get(&format!("/billing-reports/{later}?format=csv")).bearer(&operator.token);
    let text = request.send().await.expect(200).text;
    assert!(text.contains(&format!(",pbx,1,0,-3,0,0,{line}\r\n")), "{text}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_a_correction_is_in_the_final_report_or_refused(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.next_month().await;
    let _ = world.finalise(&operator).send().await.expect(200);
    let later = Period::of(world.app.clock.now());
    world.app.clock.advance(later.end() - world.app.clock.now() + TimeDelta::hours(1));
    let operator = world.app.operator().await;
    let line = format!("{}/{}/{}/pbx", world.period, world.reseller, world.enterprise);
    let path = format!("/billing-reports/{later}");
    let adjust = |index: i64| {
        let body = json!({"amends": line, "user_days": index, "reason": "One of many."});
        world.app.post(&format!("{path}/adjustments")).bearer(&operator.token).json(&body).send()
    };
    let first = adjust(1).await.expect(201);
    let finalise = world.app.post(&format!("{path}/finalise")).bearer(&operator.token).send();
    let (others, finalised) = tokio::join!(join_all((2..40).map(adjust)), finalise);
    let _ = finalised.expect(200);
    let mut booked = vec![first];
    for answer in others {
        if answer.status == 201 {
            booked.push(answer);
        } else {
            let code = answer.text_of("code");
            assert!(
                answer.status == 409 && ["report_final", "report_being_finalised"].contains(&code.as_str()),
                "{code}"
            );
        }
    }
    let report = world.app.get(&format!("{path}?format=ndjson")).bearer(&operator.token).send().await.expect(200).text;
    assert_eq!(report.lines().filter(|line| line.contains(r#""amends":"2"#)).count(), booked.len());
}

/// The days of a period from the day on which everything was set up.
fn days_left(period: Period, world: &World) -> i64 {
    let id = Tier::Enterprise.parse_id(&world.enterprise).unwrap().uuid();
    let (seconds, _) = id.get_timestamp().unwrap().to_unix();
    let born = DateTime::from_timestamp(i64::try_from(seconds).unwrap(), 0).unwrap();
    i64::try_from(period.days()).unwrap() - i64::from(born.day()) + 1
}

/// Names and references that have broken spreadsheets.
const HOSTILE: [&str; 12] = [
    "=1+1",
    "+4930901820",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "a,b;c",
    "say \"hi\"",
    "two\r\nlines",
    "☎ نور 🇩🇪",
    "00815",
    " x ",
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r6_whatever_references_hold_survives_csv_and_spreadsheets(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.app.operator().await;
    let mut expected = Vec::new();
    for (index, reference) in HOSTILE.iter().enumerate() {
        let above = [world.master.as_str(), world.reseller.as_str()];
        let enterprise = world.app.plant(Tier::Enterprise, &above, &format!("h{index}@contoso.example")).await;
        let patch = json!({"billing_reference": reference, "services": ["pbx"]});
        world.patch(&operator, &format!("/enterprises/{enterprise}"), patch).await;
        expected.push((enterprise, (*reference).to_owned()));
    }
    // JSON has them as they are.
    let ndjson = world.app.get(&format!("/billing-reports/{}?format=ndjson", world.period)).bearer(&operator.token);
    let ndjson = ndjson.send().await.expect(200).text;
    let json_lines: Vec<Value> = ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (enterprise, reference) in &expected {
        let line = json_lines.iter().find(|line| line["enterprise_id"] == **enterprise).expect("a line");
        assert_eq!(line["enterprise_billing_reference"], **reference);
    }
    // So has CSV, but for the mark before what would be a formula.
    let csv = world.csv(&operator, "").await;
    let marked = |reference: &str| {
        let is_formula = reference.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if is_formula { format!("'{reference}") } else { reference.to_owned() }
    };
    let script = "import csv, io, json, sys\n\
                  text = io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8', newline='')\n\
                  print(json.dumps(list(csv.DictReader(text, strict=True))))";
    let read: Vec<Value> = serde_json::from_str(&piped("python3", &["-c", script], &csv)).expect("rows");
    for (enterprise, reference) in &expected {
        let row = read.iter().find(|row| row["enterprise_id"] == **enterprise).expect("a row");
        assert_eq!(row["enterprise_billing_reference"], marked(reference));
        assert_eq!(row["users_peak"], "0");
    }
    assert_eq!(read.len(), json_lines.len());
    // Through LibreOffice and back, with the references' columns as text, as docs/billing.md says.
    if database == Sqlite {
        let back: Vec<Value> =
            serde_json::from_str(&piped("python3", &["-c", script], &through_libreoffice(&csv))).unwrap();
        // It keeps no tab and no lone carriage return in a cell.
        for (enterprise, reference) in expected.iter().filter(|(_, text)| !text.starts_with(['\t', '\r'])) {
            let row = back.iter().find(|row| row["enterprise_id"] == **enterprise).expect("a row");
            // A cell knows one kind of line break.
            let found = row["enterprise_billing_reference"].as_str().unwrap().replace("\r\n", "\n");
            assert_eq!(found, marked(reference).replace("\r\n", "\n"));
        }
        assert_eq!(back.len(), read.len());
    }
}

fn piped(program: &str, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} failed");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Opens CSV in `LibreOffice`, saves it as a spreadsheet, opens that and saves it as CSV again.
fn through_libreoffice(csv: &str) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str| directory.path().join(name);
    std::fs::write(file("report.csv"), csv).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", file("profile").display());
    let convert = |input: &str, filter: Option<&str>, to: &str| {
        let mut command = Command::new("soffice");
        command.args([profile.as_str(), "--headless", "--norestore"]).args(filter).args(["--convert-to", to]);
        command.arg("--outdir").arg(directory.path()).arg(file(input)).stdout(Stdio::null()).stderr(Stdio::null());
        let run = command.status().unwrap_or_else(|error| {
            panic!("these tests need LibreOffice: install the Debian package `libreoffice-calc-nogui` ({error})")
        });
        assert!(run.success(), "LibreOffice failed");
    };
    // Commas, quotes, UTF-8, from the first line on; names and references are text (2).
    let columns: Vec<_> =
        (1..=16).map(|column| format!("{column}/{}", if (4..=10).contains(&column) { 2 } else { 1 })).collect();
    let filter = format!("--infilter=CSV:44,34,76,1,{}", columns.join("/"));
    convert("report.csv", Some(&filter), "ods");
    std::fs::remove_file(file("report.csv")).unwrap();
    convert("report.ods", None, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false");
    std::fs::read_to_string(file("report.csv")).expect("what LibreOffice wrote")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_periods_are_listed_with_what_they_add_up_to(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.next_month().await;
    world.app.clock.advance(TimeDelta::days(65));
    drop(operator);
    let operator = world.app.operator().await;
    let list = async |query: &str| {
        let request = world.app.get(&format!("/billing-reports{query}")).bearer(&operator.token);
        request.send().await.expect(200).json()
    };
    let mut expected = Vec::new();
    let mut period = Period::of(world.app.clock.now());
    while period >= world.period {
        expected.push(period.to_string());
        period = period.previous();
    }
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("?limit=2{cursor}")).await;
        walked.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let periods: Vec<_> = walked.iter().map(|item| item["period"].as_str().unwrap().to_owned()).collect();
    assert_eq!(periods, expected);
    assert_eq!(list("?limit=12").await["items"], json!(walked));
    for item in &walked {
        let month = item["period"].as_str().unwrap();
        let request = world.app.get(&format!("/billing-reports/{month}?service=pbx")).bearer(&operator.token);
        let lines = request.send().await.expect(200).json();
        for member in ["users_at_end", "users_peak", "user_days", "active_days", "suspended_days"] {
            assert_eq!(item["totals"]["pbx"][member], lines["items"][0][member], "{month} {member}");
        }
    }
    for bad in ["?limit=13", "?cursor=x", "?sort=created_at"] {
        let answer = world.app.get(&format!("/billing-reports{bad}")).bearer(&operator.token).send().await;
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_the_chart_shows_users_per_day(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.next_month().await;
    let path = format!("/billing-reports/{}/chart.svg", world.period);
    let chart = world.app.get(&path).bearer(&operator.token).send().await.expect(200);
    assert_eq!(chart.header("content-type"), "image/svg+xml");
    assert!(chart.text.starts_with("<svg ") && chart.text.trim_end().ends_with("</svg>"));
    for text in ["PBX Connector", "SIP Trunk", &world.period.to_string()] {
        assert!(chart.text.contains(text), "{text}");
    }
    // The picture of somebody who sees nothing of it is another one.
    let rival = world.app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let rival = world.billing(&rival).await;
    assert_ne!(world.app.get(&path).bearer(&rival.token).send().await.expect(200).text, chart.text);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_midway_frees_its_connection(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    let demo = ["demo", "--resellers", "20", "--enterprises", "6000", "--users", "0"];
    assert!(Process::run_command(BINARY, &fresh, &demo));
    let app = App::start_on(fresh).await;
    let operator = app.operator().await;
    let period = Period::of(app.clock.now()).previous();
    let url = format!("http://{}/billing-reports/{period}?format=csv", app.address());
    let http = reqwest::Client::new();
    for _ in 0..30 {
        let request = http.request(Method::GET, &url).bearer_auth(&operator.token);
        let mut answer = request.send().await.expect("an answer");
        assert!(answer.chunk().await.expect("a part").is_some());
        // Dropped here, long before its end.
    }
    let head = http.head(&url).bearer_auth(&operator.token).send().await.expect("an answer");
    assert_eq!((head.status().as_u16(), head.headers()["content-disposition"].is_empty()), (200, false));
    // Nobody works on for them: the rest is asked for by nobody.
    let whole = http.request(Method::GET, &url).bearer_auth(&operator.token).send().await.expect("an answer");
    let text = whole.text().await.expect("the whole");
    assert_eq!(text.lines().count(), 12_001);
    assert_eq!(app.service().database.waiting(), (0, 0));
    // So it is when the same comes from the command line.
    let file = app.database.directory.path().join("report.csv");
    let arguments = ["report", "--period", &period.to_string(), "--format", "csv", "--output", file.to_str().unwrap()];
    assert!(Process::run_command(BINARY, &app.database, &arguments));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert!(!Process::run_command(BINARY, &app.database, &["report", "--period", "2001-01"]));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_reports_were_is_in_them(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.app.operator().await;
    let suspended = world.app.plant(Tier::Enterprise, &[&world.master, &world.reseller], "s@contoso.example").await;
    let closed = world.app.plant(Tier::Enterprise, &[&world.master, &world.reseller], "c@contoso.example").await;
    world.app.clock.advance(TimeDelta::milliseconds(5));
    let suspend = world.app.post(&format!("/enterprises/{suspended}/suspend")).bearer(&operator.token);
    let _ = suspend.send().await.expect(200);
    let _ = world.app.delete(&format!("/enterprises/{closed}")).bearer(&operator.token).send().await.expect(204);
    let before = world.csv(&operator, "").await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
    let of = if database == Sqlite { "sqlite" } else { "postgresql" };
    for step in ["down", "up"] {
        let sql = std::fs::read_to_string(format!("{folder}/{of}/2026-11-24-140000_billing/{step}.sql")).unwrap();
        run(&world.app.database, &sql).expect("the migration");
    }
    assert_eq!(world.csv(&operator, "").await, before);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// The one number that a query gives.
fn count(database: &FreshDatabase, sql: &str) -> i64 {
    let query = diesel::sql_query(sql);
    let found: QueryResult<Count> = match &database.url {
        DatabaseUrl::Sqlite(path) => {
            let mut connection = SqliteConnection::establish(path.to_str().unwrap()).expect("a connection");
            connection.batch_execute("PRAGMA busy_timeout = 10000").expect("a pragma");
            query.get_result(&mut connection)
        }
        DatabaseUrl::Postgresql(url) => query.get_result(&mut PgConnection::establish(url).expect("a connection")),
    };
    found.expect("a number").count
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_an_account_ends_with_what_it_is(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.app.operator().await;
    let path = format!("/enterprises/{}", world.enterprise);
    // A change that changes nothing of what is billed leaves the history as it is, and so does one that is refused.
    world.patch(&operator, &path, json!({"user_limit": 50})).await;
    world.patch(&operator, &path, json!({"name": "Kiosk"})).await;
    let refused = world.app.patch(&path).bearer(&operator.token).json(&json!({"name": "Other", "services": ["pbx"]}));
    refused.send().await.problem(409, "service_in_use");
    let differing = "SELECT count(*) AS count FROM accounts a LEFT JOIN account_history h \
                     ON h.account_id = a.id AND h.until IS NULL WHERE a.status <> 'closed' AND (h.name IS NULL \
                     OR h.name <> a.name OR h.status <> a.status OR h.service_pbx <> a.service_pbx \
                     OR h.service_trunk <> a.service_trunk \
                     OR coalesce(h.billing_reference, '') <> coalesce(a.billing_reference, ''))";
    assert_eq!(count(&world.app.database, differing), 0);
    // Planted, then renamed by `connected`; nothing since.
    let states = "SELECT count(*) AS count FROM account_history h JOIN accounts a ON a.id = h.account_id WHERE a.tier = 'enterprise'";
    assert_eq!(count(&world.app.database, states), 2);
}
