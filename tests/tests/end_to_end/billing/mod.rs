//! R15: billing reports as billing administrators meet them: read in every form, made final, corrected.

mod corrections;
mod final_reports;
mod history;
mod model;
mod spreadsheets;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use domain::account::Tier;
use domain::authority::Role;
use domain::billing::Period;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, FreshDatabase, Person, Process};
use persistence::DatabaseUrl;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// A reseller with an enterprise that has two users on its PBX and one on its trunk.
pub(super) struct World {
    pub(super) app: App,
    master: String,
    pub(super) reseller: String,
    pub(super) enterprise: String,
    users: Vec<String>,
    /// The month in which all that was done.
    pub(super) period: Period,
}

impl World {
    pub(super) async fn begin(database: Database) -> Self {
        let app = App::start(database).await;
        // Not at a day's very end, so that all of it is in one.
        let now = app.clock.now();
        if (now + TimeDelta::minutes(10)).date_naive() != now.date_naive() {
            app.clock.advance(TimeDelta::minutes(10));
        }
        Self::begin_in(app).await
    }

    /// In the middle of the next month.
    pub(super) async fn begin_mid_month(database: Database) -> Self {
        let app = App::start(database).await;
        let now = app.clock.now();
        app.clock.advance(Period::containing(now).end() + TimeDelta::days(10) - now);
        Self::begin_in(app).await
    }

    async fn begin_in(app: App) -> Self {
        let operator = app.operator().await;
        let enterprise = app.connected("kiosk", json!({"billing_reference": "K-1", "name": "Kiosk"})).await.account;
        let own = app.get(&format!("/enterprises/{enterprise}")).bearer(&operator.token).send().await.expect(200);
        let reseller = own.text_of("reseller_id");
        let above = app.get(&format!("/resellers/{reseller}")).bearer(&operator.token).send().await.expect(200);
        let master = above.text_of("master_reseller_id");
        let period = Period::containing(app.clock.now());
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
    pub(super) async fn next_month(&self) -> Person {
        self.app.clock.advance(self.period.end() - self.app.clock.now() + TimeDelta::hours(1));
        self.app.operator().await
    }

    async fn billing(&self, account: &str) -> Person {
        self.app.member(account, Role::Billing).await
    }

    pub(super) async fn csv(&self, person: &Person, query: &str) -> String {
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

    pub(super) fn finalise(&self, person: &Person) -> end_to_end::Request {
        self.app.post(&format!("/billing-reports/{}/finalise", self.period)).bearer(&person.token)
    }
}

fn sha256(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hash.as_ref().iter().fold(String::new(), |text, octet| text + format!("{octet:02x}").as_str())
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
    let mut period = Period::containing(world.app.clock.now());
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
    assert_eq!(chart.header("content-type"), "image/svg+xml; charset=utf-8");
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
    let period = Period::containing(app.clock.now()).previous();
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
