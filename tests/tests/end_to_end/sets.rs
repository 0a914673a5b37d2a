//! S4: what is created at the same time is created in sets, and nobody can tell: each request is answered as if it were
//! alone, whatever becomes of its neighbours, the other replicas or the connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Office, PUBLIC, Person, Request, add, reseller_body};
use futures_util::StreamExt;
use futures_util::future::{join, join_all};
use futures_util::stream;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

/// What the requests of one run are made of.
struct Run {
    /// What tells the addresses and keys of this run from those of the other.
    name: &'static str,
    operator: Person,
    open: String,
    narrowed: String,
    closed: String,
}

impl Run {
    /// A request for a reseller. Every tenth is refused, in one of five ways.
    fn request(&self, app: &App, number: usize) -> Request {
        let name = self.name;
        let mut body = reseller_body(&format!("office-{number}@{name}.example"));
        body["master_reseller_id"] = json!(self.open);
        let mut key = format!("{name}-{number}");
        if number % 10 == 7 {
            match number / 10 % 5 {
                0 => body["email"] = json!(format!("taken@{name}.example")),
                1 => body["master_reseller_id"] = json!(self.narrowed),
                2 => body["master_reseller_id"] = json!(self.closed),
                3 => body["billing_reference"] = json!(""),
                _ => key = format!("{name}-used-{}", number / 50),
            }
        }
        app.post("/resellers").bearer(&self.operator.token).header("idempotency-key", &key).json(&body)
    }

    /// An answer without what differs between two runs.
    fn comparable(&self, answer: &Answer) -> (u16, Value) {
        let mut body: Value =
            serde_json::from_str(&answer.text.replace(self.name, "run").replace(&self.open, "open")).unwrap();
        for varying in ["id", "request_id", "created_at", "updated_at", "activation"] {
            body.as_object_mut().unwrap().remove(varying);
        }
        (answer.status, body)
    }
}

/// All items of a list, page by page. The path has a query already.
async fn all(app: &App, person: &Person, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{path}&limit=200{cursor}")).bearer(&person.token).send().await.expect(200).json();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { break items };
        cursor = format!("&cursor={next}");
    }
}

async fn run(app: &App, name: &'static str) -> Run {
    let operator = app.operator().await;
    let mut masters = Vec::new();
    for master in ["open", "narrowed", "closed"] {
        masters.push(app.master_reseller(&format!("{master}@{name}-masters.example")).await.account);
    }
    let [open, narrowed, closed] = <[String; 3]>::try_from(masters).unwrap();
    let narrow = app.patch(&format!("/master-resellers/{narrowed}")).bearer(&operator.token);
    let _ = narrow.json(&json!({"services": ["pbx"]})).send().await.expect(200);
    let _ = app.delete(&format!("/master-resellers/{closed}")).bearer(&operator.token).send().await.expect(204);
    for key in ["taken", "used-0", "used-1", "used-2", "used-3"] {
        let mut body = reseller_body(&format!("{key}@{name}.example"));
        body["master_reseller_id"] = json!(open);
        let create = app.post("/resellers").bearer(&operator.token).header("idempotency-key", &format!("{name}-{key}"));
        let _ = create.json(&body).send().await.expect(201);
    }
    Run { name, operator, open, narrowed, closed }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s4_200_creations_at_once_are_answered_as_one_by_one(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let (apart, together) = (run(&app, "apart").await, run(&app, "together").await);
    let mut one_by_one = Vec::new();
    for number in 0..200 {
        one_by_one.push(apart.comparable(&apart.request(&app, number).send().await));
    }
    let at_once = join_all((0..200).map(|number| together.request(&app, number).send())).await;
    let at_once: Vec<_> = at_once.iter().map(|answer| together.comparable(answer)).collect();
    for (number, (apart, together)) in one_by_one.iter().zip(&at_once).enumerate() {
        assert_eq!(apart, together, "request {number}");
    }
    let mut refusals = BTreeMap::new();
    for (status, body) in at_once.iter().filter(|(status, _)| *status != 201) {
        *refusals.entry((*status, body["code"].to_string())).or_insert(0) += 1;
    }
    assert_eq!(refusals.into_values().collect::<Vec<_>>(), [4, 4, 4, 4, 4], "twenty refusals of five kinds");

    // Each of them has its event, and nothing else has one.
    let events = all(&app, &together.operator, "/events?type=reseller.created").await;
    let of_run =
        |event: &&Value| event["after"]["email"].as_str().is_some_and(|email| email.ends_with("@together.example"));
    let created = events.iter().filter(of_run).count();
    assert_eq!(created, 180 + 5);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s4_two_creations_of_one_set_that_want_the_same_address_are_decided_in_turn(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("m@contoso.example").await;
    let posts = (0..120).map(|number| {
        let body = reseller_body(&format!("office-{}@nordwind.example", number % 40));
        app.post("/resellers").bearer(&master.token).json(&body).send()
    });
    let (created, refused): (Vec<_>, Vec<_>) =
        join_all(posts).await.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((created.len(), refused.len()), (40, 80));
    for answer in refused {
        answer.problem(409, "email_taken");
    }
}

/// The body of a user. Every tenth request is refused, in one of five ways. `run` is a digit that tells the numbers and names
/// of one run from those of the other.
fn user_body(office: &Office, run: usize, number: usize) -> Value {
    let body = office.on_trunk(&format!("user-{run}-{number}"), &format!("+4930{run}{number:06}"));
    match (number % 10, number / 10 % 5) {
        (7, 0) => office.on_trunk(&format!("taken-{run}"), &format!("+4930{run}{number:06}")),
        (7, 1) => office.on_trunk(&format!("user-{run}-{number}"), &format!("+4930{run}999999")),
        (7, 2) => office.on_pbx(&format!("user-{run}-{number}"), &format!("taken-{run}")),
        (7, 3) => with(body, "trunk_id", &office.pbx.replace("pbx_", "trunk_")),
        (7, _) => with(body, "voice_route", "noam"),
        (digit, _) if digit % 2 == 0 => office.on_pbx(&format!("user-{run}-{number}"), &format!("{run}-{number}")),
        _ => body,
    }
}

fn with(mut body: Value, member: &str, value: &str) -> Value {
    body[member] = json!(value);
    body
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s4_200_users_at_once_are_answered_as_one_by_one(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let mut offices = Vec::new();
    for name in ["kiosk", "bar", "shop", "hotel"] {
        let office = Office::open(&app, name, &format!("sip.{name}.example")).await;
        for run in [1, 2] {
            let _ = add(&app, &office.admin, "users", &office.on_pbx(&format!("taken-{run}"), &format!("taken-{run}")))
                .await
                .expect(201);
        }
        offices.push(office);
    }
    for run in [1, 2] {
        let held = offices[0].on_trunk(&format!("holder-{run}"), &format!("+4930{run}999999"));
        let _ = add(&app, &offices[0].admin, "users", &held).await.expect(201);
    }
    let send = async |run: usize, number: usize| {
        let office = &offices[number / 3 % 4];
        add(&app, &office.admin, "users", &user_body(office, run, number)).await
    };
    let comparable = |run: usize, answer: &Answer| {
        let text = answer.text.replace(&format!("user-{run}-"), "user-").replace(&format!("+4930{run}"), "+4930");
        let mut body: Value = serde_json::from_str(&text.replace(&format!("\"{run}-"), "\"")).unwrap();
        for varying in ["id", "request_id", "created_at", "updated_at"] {
            body.as_object_mut().unwrap().remove(varying);
        }
        (answer.status, body)
    };
    let mut one_by_one = Vec::new();
    for number in 0..200 {
        one_by_one.push(comparable(1, &send(1, number).await));
    }
    let at_once = join_all((0..200).map(|number| send(2, number))).await;
    let mut refusals = BTreeMap::new();
    for (number, (apart, together)) in one_by_one.iter().zip(&at_once).enumerate() {
        let together = comparable(2, together);
        assert_eq!(*apart, together, "request {number}");
        if together.0 != 201 {
            let code = together.1["errors"][0]["code"].as_str().or(together.1["code"].as_str()).unwrap();
            *refusals.entry(code.to_owned()).or_insert(0) += 1;
        }
    }
    let expected =
        ["direct_routing_not_established", "number_taken", "sip_user_taken", "teams_user_taken", "unknown_trunk"];
    assert_eq!(refusals.into_iter().collect::<Vec<_>>(), expected.map(|code| (code.to_owned(), 4)));

    // Each of them has its event.
    let operator = app.operator().await;
    let events = all(&app, &operator, "/events?type=user.created").await;
    assert_eq!(events.len(), 2 * 180 + 2 * 4 + 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s4_of_users_of_one_set_that_want_the_same_number_one_gets_it(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let (kiosk, bar) =
        (Office::open(&app, "kiosk", "sip.kiosk.example").await, Office::open(&app, "bar", "sip.bar.example").await);
    let app = &app;
    let posts = (0..120).map(|number| {
        let office = if number % 2 == 0 { &kiosk } else { &bar };
        let body = office.on_trunk(&format!("user-{number}"), &format!("+49309018{:02}", number / 2 % 20));
        async move { add(app, &office.admin, "users", &body).await }
    });
    let answers = join_all(posts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 20);
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        let problem = refused.problem(409, "number_taken");
        assert_eq!(problem["errors"][0]["pointer"], "/default_number");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s4_rows_of_a_file_that_depend_on_each_other_are_carried_out_in_order(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let kiosk = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    let _ = add(&app, &kiosk.admin, "users", &kiosk.on_trunk("anna", "+4930901820")).await.expect(201);
    let row = |name: &str, number: &str| kiosk.on_trunk(name, number).to_string();
    let file = [
        row("ben", "+4930901820"), // Anna has it,
        row("anna", "+4930901821"),
        row("cid", "+4930901820"), // and has given it up.
        row("dan", "+4930901821"),
        row("eve", "+4930901822"),
        row("EVE", "+4930901823"), // Is there by now, and changes its number,
        row("fay", "+4930901822"), // which is free again.
        row("gus", "+4930901822"),
    ];
    let path = format!("/enterprises/{}/users/import?on_existing=update", kiosk.admin.account);
    let import = app.post(&path).bearer(&kiosk.admin.token).raw("application/x-ndjson", file.join("\n").into_bytes());
    let result = import.send().await.expect(200).json();
    let outcome = |row: &Value| {
        let code = row["errors"][0]["code"].as_str().unwrap_or_default();
        format!("{} {code}", row["status"].as_str().unwrap()).trim_end().to_owned()
    };
    let outcomes: Vec<String> = result["rows"].as_array().unwrap().iter().map(outcome).collect();
    let taken = "failed number_taken";
    assert_eq!(outcomes, [taken, "updated", "created", taken, "created", "updated", "created", taken]);
}

/// How many keys the two replicas share.
const KEYS: usize = 2_500;

#[tokio::test(flavor = "multi_thread")]
async fn s9_crossing_sets_of_two_replicas_create_each_once_and_never_deadlock() {
    let app = App::start_with(Postgresql, PUBLIC).await;
    let other = app.replica(PUBLIC).await;
    let operator = app.operator().await;
    let mut masters = Vec::new();
    for number in 0..3 {
        masters.push(app.master_reseller(&format!("m{number}@contoso.example")).await.account);
    }
    let client = reqwest::Client::new();
    // Each key is sent to both replicas, in opposite order. Every fifth address has two keys.
    let post = |address: String, number: usize| {
        let email = if number.is_multiple_of(5) { number + 1 } else { number };
        let mut body = reseller_body(&format!("office-{email}@nordwind.example"));
        body["master_reseller_id"] = json!(masters[number % 3]);
        let request = Request::new(&client, Method::POST, &format!("http://{address}/resellers"));
        let request = request.bearer(&operator.token).header("idempotency-key", &format!("key-{number}"));
        async move { (number, request.json(&body).send().await) }
    };
    let here = stream::iter((0..KEYS).chain(0..KEYS)).map(|number| post(app.address(), number)).buffer_unordered(48);
    let there = stream::iter((0..KEYS).rev().chain((0..KEYS).rev()));
    let there = there.map(|number| post(other.address.to_string(), number)).buffer_unordered(48);
    let (here, there) = join(here.collect::<Vec<_>>(), there.collect::<Vec<_>>()).await;
    let mut ids: BTreeMap<usize, String> = BTreeMap::new();
    for (number, answer) in here.into_iter().chain(there) {
        match answer.status {
            201 => {
                let id = ids.entry(number).or_insert_with(|| answer.text_of("id"));
                assert_eq!(*id, answer.text_of("id"), "a key has one reseller");
            }
            409 => {
                let code = answer.json()["code"].clone();
                assert!(code == "idempotency_key_in_use" || code == "email_taken", "{code}");
            }
            _ => panic!("{} {}", answer.status, answer.text),
        }
    }
    // One reseller for each address: of two keys with the same, one has won.
    let addresses = KEYS - KEYS.div_ceil(5);
    let listed = all(&app, &operator, "/resellers?sort=created_at").await.len();
    assert_eq!((listed, ids.len()), (addresses, addresses));
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_when_connections_are_cut_in_the_middle_of_sets_a_retry_finds_each_once() {
    let app = App::start(Postgresql).await;
    let operator = app.operator().await;
    let master = app.master_reseller("m@contoso.example").await;
    let post = |number: usize| {
        let body = reseller_body(&format!("office-{number}@nordwind.example"));
        let request = app.post("/resellers").bearer(&master.token).header("idempotency-key", &format!("key-{number}"));
        async move { (number, request.json(&body).send().await) }
    };
    let is_over = AtomicBool::new(false);
    let sending = async {
        let answers: Vec<_> = stream::iter(0..600).map(post).buffer_unordered(64).collect().await;
        is_over.store(true, Ordering::Relaxed);
        answers
    };
    let cutting = async {
        let mut cuts = 0;
        while !is_over.load(Ordering::Relaxed) {
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
            tokio::task::block_in_place(|| app.database.run(cut)).unwrap();
            cuts += 1;
            // Not a wait for anything: some sets get through between two cuts, and others don't.
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        cuts
    };
    let (answers, cuts) = join(sending, cutting).await;
    assert!(cuts > 1, "no set was cut off: the test did not test anything");
    for (number, answer) in answers {
        let first = match answer.status {
            201 => Some(answer.text_of("id")),
            503 => None,
            _ => panic!("{} {}", answer.status, answer.text),
        };
        let again = post(number).await.1.expect(201).text_of("id");
        assert!(first.is_none_or(|first| first == again), "what was acknowledged is there");
    }
    let created = all(&app, &operator, "/events?type=reseller.created").await.len();
    assert_eq!(created, 600, "each has one event");
}
