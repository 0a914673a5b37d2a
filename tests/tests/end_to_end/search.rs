//! `GET /accounts` and `GET /accounts/{id}/tree`: where support starts when a customer calls.

use diesel::prelude::*;
use domain::account::{Scope, Tier};
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Office, Person, Process};
use persistence::DatabaseUrl;
use persistence::search::{Search, plans};
use rstest::rstest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

async fn found(app: &App, person: &Person, query: &str) -> Vec<(String, Value)> {
    let page = app.get(&format!("/accounts?{query}")).bearer(&person.token).send().await.expect(200).json();
    let hit = |item: &Value| (item["id"].as_str().unwrap().to_owned(), item["matched_by"].clone());
    page["items"].as_array().unwrap().iter().map(hit).collect()
}

/// A master reseller and a reseller of its own, an enterprise with a PBX, a trunk and two users, and a rival.
struct World {
    app: App,
    operator: Person,
    master: Person,
    reseller: Person,
    enterprise: Person,
    rival: Person,
}

impl World {
    async fn begin(database: Database) -> Self {
        let app = App::start(database).await;
        let operator = app.operator().await;
        let master = app.plant(Tier::MasterReseller, &[], "ann@contoso.example").await;
        let reseller = app.plant(Tier::Reseller, &[&master], "office@nordwind.example").await;
        let enterprise = app.plant(Tier::Enterprise, &[&master, &reseller], "admin@kiosk.example").await;
        let rival = app.plant(Tier::MasterReseller, &[], "bob@fabrikam.example").await;
        let switches =
            json!({"name": "Kiosk am Tor", "billing_reference": "K, \"0815\" %_x", "can_add_extensions": true});
        let path = format!("/enterprises/{enterprise}");
        let _ = app.patch(&path).bearer(&operator.token).json(&switches).send().await.expect(200);
        app.establish(&operator, &enterprise, "emea", "tor-kiosk").await;
        let add = async |what: &str, body: Value| {
            let request = app.post(&format!("{path}/{what}")).bearer(&operator.token).json(&body);
            request.send().await.expect(201).text_of("id")
        };
        let pbx =
            add("pbxes", json!({"type": "generic", "location": "Berlin", "sip_domain": "sip.bude.example"})).await;
        let trunk = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
        let trunk = add("trunks", trunk).await;
        let anna = json!({"teams_user": "Anna@bude.example", "pbx_id": pbx, "sip_user": "1", "voice_route": "emea"});
        add("users", anna).await;
        let bob = json!({
            "teams_user": "bob@bude.example", "trunk_id": trunk, "voice_route": "emea",
            "default_number": "+4930901820", "forwarded_numbers": ["+4930901821"],
        });
        add("users", bob).await;
        let master = app.member(&master, Role::Viewer).await;
        let reseller = app.member(&reseller, Role::Viewer).await;
        let enterprise = app.member(&enterprise, Role::Viewer).await;
        let rival = app.member(&rival, Role::Owner).await;
        Self { app, operator, master, reseller, enterprise, rival }
    }
}

/// Takes accounts that wait into the search's index, and says how many there were.
async fn index(app: &App, limit: i32) -> usize {
    let database = &app.service().database;
    database.write(move |tx| persistence::search::index_waiting(tx, limit)).await.expect("the store")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_found_by_whatever_is_known_of_it(
    #[values(Sqlite, Postgresql)] database: Database,
    #[values(false, true)] indexed: bool,
) {
    let world = World::begin(database).await;
    if indexed {
        // The platform, two master resellers, a reseller and an enterprise; PostgreSQL has them already.
        assert_eq!(index(&world.app, 100).await, if database == Sqlite { 5 } else { 0 });
        assert_eq!(index(&world.app, 100).await, 0);
    }
    let id = world.enterprise.account.clone();
    for (query, reasons) in [
        ("q=kiosk%20am", json!(["text"])),
        ("q=ADMIN@KIOSK", json!(["text"])),
        ("q=0815%22%20%25_", json!(["text"])),
        ("q=%2B49%2030%20901820", json!(["number"])),
        ("q=%2B4930901", json!(["number"])),
        ("q=0049%2030%20901821", json!(["number"])),
        ("q=030-901820", json!(["number"])),
        ("q=901821", json!(["number"])),
        ("q=tor-kiosk.emea", json!(["domain"])),
        ("q=sip.bude", json!(["domain"])),
        ("q=ANNA@bude", json!(["teams_user"])),
        ("q=kiosk&type=enterprise&status=active", json!(["text"])),
    ] {
        for person in [&world.operator, &world.master, &world.reseller, &world.enterprise] {
            // What an enterprise may not read it does not find.
            let hidden = query == "q=sip.bude" && person.account == id;
            let expected = if hidden { vec![] } else { vec![(id.clone(), reasons.clone())] };
            assert_eq!(found(&world.app, person, query).await, expected, "{query}");
        }
        // Others learn nothing.
        assert_eq!(found(&world.app, &world.rival, query).await, [], "{query}");
    }
    for nothing in ["q=kiosk&status=closed", "q=kiosk&type=reseller", "q=xyz", "q=90182099", "q=k%25osk", "q=ki_sk"] {
        assert_eq!(found(&world.app, &world.operator, nothing).await, [], "{nothing}");
    }
    for bad in
        ["", "q=", "q=ab", "q=abc&type=platform", "q=abc&status=x", "q=abc&colour=1", "q=%00ab", "q=abc&cursor=x"]
    {
        let request = world.app.get(&format!("/accounts?{bad}")).bearer(&world.operator.token).send().await;
        assert_eq!(request.status, 400, "{bad}: {}", request.text);
    }
    // A new name is found from then on, the old one is not.
    let path = format!("/enterprises/{id}");
    let rename = world.app.patch(&path).bearer(&world.operator.token).json(&json!({"name": "Büdchen"}));
    let _ = rename.send().await.expect(200);
    assert_eq!(found(&world.app, &world.operator, "q=b%C3%9CDCH").await.len(), 1);
    assert_eq!(found(&world.app, &world.operator, "q=am%20tor").await, []);
    let hit = world.app.get("/accounts?q=b%C3%BCdchen").bearer(&world.master.token).send().await.expect(200).json();
    let mut hit = hit["items"][0].clone();
    assert!(hit["created_at"].take().is_string());
    assert_eq!(
        hit,
        json!({
            "id": id, "type": "enterprise", "master_reseller_id": world.master.account,
            "reseller_id": world.reseller.account, "name": "Büdchen", "email": "admin@kiosk.example",
            "billing_reference": "K, \"0815\" %_x", "status": "active", "operates": true, "matched_by": ["text"],
            "created_at": null,
        })
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_found_however_its_letters_are_written(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let operator = app.operator().await;
    let names = ["Kiosk Straße", "Σίσυφος AE", "İstanbul Telekom", "Cafe\u{301} Nord", "ﬀ Signs"];
    let create = async |name: &str, email: String| {
        let mut body = end_to_end::reseller_body(&email);
        body["name"] = json!(name);
        app.post("/resellers").bearer(&master.token).json(&body).send().await.expect(201).text_of("id")
    };
    let mut ids = Vec::new();
    for (number, name) in names.into_iter().enumerate() {
        ids.push(create(name, format!("office-{number}@nordwind.example")).await);
    }
    let spellings = [
        (0, ["STRASSE", "straße", "STRAẞE", "strasse"]),
        (1, ["ΣΊΣΥΦΟΣ", "σίσυφος", "σι\u{301}συφοσ", "ίσυφ"]),
        (2, ["istanbul", "İSTANBUL", "ISTANBUL", "İstanbul"]),
        (3, ["café", "CAFÉ", "cafe\u{301}", "CAFE\u{301} NORD"]),
        (4, ["ff signs", "FF Signs", "ﬀ s", "ﬀ Signs"]),
    ];
    // Before and after the index of SQLite has them.
    for _ in 0..2 {
        for (number, queries) in spellings {
            for query in queries {
                let escaped: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
                for person in [&operator, &master] {
                    let hits = found(&app, person, &format!("q={escaped}")).await;
                    assert!(hits.iter().any(|(id, _)| *id == ids[number]), "{query}: {hits:?}");
                }
                let list = app.get(&format!("/resellers?q={escaped}")).bearer(&master.token).send().await.expect(200);
                assert_eq!(list.json()["items"][0]["id"], ids[number], "{query}");
            }
        }
        index(&app, 1_000).await;
    }
    // Texts of a version with other rules are folded at the start.
    let database = app.stop().await;
    database.run("UPDATE accounts SET search_text = lower(search_text)").unwrap();
    database.run("UPDATE accounts SET search_text = replace(search_text, 'strasse', 'straße')").unwrap();
    database.run("UPDATE search_folding SET version = 0").unwrap();
    let app = App::start_on(database).await;
    let operator = app.operator().await;
    let hits = found(&app, &operator, "q=STRASSE").await;
    assert_eq!(hits.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [ids[0].clone()]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w3_what_a_search_finds_is_paged_without_gaps_or_doubles(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let mut expected = Vec::new();
    for number in 0..25 {
        let above = [world.master.account.as_str(), world.reseller.account.as_str()];
        expected.push(world.app.plant(Tier::Enterprise, &above, &format!("same{number}@contoso.example")).await);
    }
    // Some are in the search's index, others wait for it.
    index(&world.app, 15).await;
    let reversed: Vec<_> = expected.iter().rev().cloned().collect();
    for (sort, expected) in [("created_at", &expected), ("-created_at", &reversed)] {
        for person in [&world.operator, &world.master, &world.reseller] {
            let (mut walked, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("/accounts?q=same&limit=7&sort={sort}{cursor}");
                let page = world.app.get(&path).bearer(&person.token).send().await.expect(200).json();
                let items = page["items"].as_array().unwrap();
                walked.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(walked, *expected, "{sort}");
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_property_is_the_whole_text_is_found_first(
    #[values(Sqlite, Postgresql)] database: Database,
    #[values("created_at", "-created_at")] sort: &str,
) {
    let world = World::begin(database).await;
    let (app, operator) = (&world.app, &world.operator);
    let above = [world.master.account.as_str(), world.reseller.account.as_str()];
    let mut ids = Vec::new();
    for number in 0..6 {
        let id = app.plant(Tier::Enterprise, &above, &format!("kiosk{number}@wind.example")).await;
        let name = if number % 2 == 0 { "Tornado".to_owned() } else { format!("Tornado {number}") };
        let change = json!({"name": name, "billing_reference": format!("W-{number}")});
        let patch = app.patch(&format!("/enterprises/{id}")).bearer(&operator.token).json(&change);
        let _ = patch.send().await.expect(200);
        ids.push(id);
    }
    if sort == "-created_at" {
        ids.reverse();
    }
    let is_whole = |number: &usize| number.is_multiple_of(2) == (sort == "created_at");
    let (whole, others): (Vec<usize>, Vec<usize>) = (0..6).partition(is_whole);
    for person in [operator, &world.master, &world.reseller] {
        for limit in [1, 2, 3, 50] {
            let (mut pages, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("/accounts?q=Tornado&limit={limit}&sort={sort}{cursor}");
                let page = app.get(&path).bearer(&person.token).send().await.expect(200).json();
                let found =
                    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
                pages.push(found.collect::<Vec<_>>());
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let expected = [&whole, &others].map(|part| part.chunks(limit).collect::<Vec<_>>()).concat();
            let expected: Vec<Vec<String>> =
                expected.into_iter().map(|page| page.iter().map(|number| ids[*number].clone()).collect()).collect();
            assert_eq!(pages, expected, "{limit}");
        }
    }
    for (text, found_first) in [("KIOSK3@wind.example", 3), ("W-4", 4)] {
        let number = if sort == "created_at" { found_first } else { 5 - found_first };
        let first = found(app, operator, &format!("q={text}&sort={sort}")).await;
        assert_eq!(first, [(ids[number].clone(), json!(["text"]))], "{text}");
        assert_eq!(found(app, &world.rival, &format!("q={text}")).await, []);
    }
    // What else the text is of the same account is told, too.
    let rename = app.patch(&format!("/enterprises/{}", world.enterprise.account)).bearer(&operator.token);
    let _ = rename.json(&json!({"name": "sip.bude.example"})).send().await.expect(200);
    let reasons = found(app, operator, &format!("q=sip.bude.example&sort={sort}")).await;
    assert_eq!(reasons, [(world.enterprise.account.clone(), json!(["text", "domain"]))]);
    assert_eq!(found(app, &world.enterprise, "q=sip.bude.example").await[0].1, json!(["text"]));
}

/// Rows of PBXs of an enterprise, with SIP domains that all begin alike.
fn many_pbxes(database: Database, id: &str) -> String {
    let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10001)";
    let key = match database {
        Sqlite => "randomblob(16)",
        Postgresql => "gen_random_uuid()",
    };
    format!(
        "INSERT INTO pbxes (id, account_id, kind, location, sip_domain, transport, port, dns_lookup,
            registration_expiry_seconds, search_text, sip_search_text, version, created_at, updated_at)
         {numbers} SELECT {key}, pbxes.account_id, kind, 'Floor ' || n, 'sip.many' || n || '.example', transport, port,
            dns_lookup, registration_expiry_seconds, '', '', 1, created_at, updated_at
         FROM pbxes, numbers WHERE location = '{id}'"
    )
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_a_beginning_that_very_many_share_staff_see_the_first(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let crowd = Office::open(&app, "crowd", "sip.crowd.example").await;
    let last = Office::open(&app, "last", "sip.manyz.example").await;
    let rename = app.patch(&format!("/pbxes/{}", crowd.pbx)).bearer(&crowd.admin.token);
    let _ = rename.json(&json!({"location": "Tower"})).send().await.expect(200);
    app.database.run(&many_pbxes(database, "Tower")).unwrap();
    let operator = app.operator().await;
    let ids = |hits: Vec<(String, Value)>| hits.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let of_crowd = vec![crowd.admin.account.clone()];
    assert_eq!(ids(found(&app, &operator, "q=sip.many").await), of_crowd);
    // Whoever types more, or has fewer customers, finds the others.
    assert_eq!(ids(found(&app, &operator, "q=sip.manyz").await), vec![last.admin.account.clone()]);
    let read =
        app.get(&format!("/enterprises/{}", last.admin.account)).bearer(&operator.token).send().await.expect(200);
    let reseller = app.member(&read.text_of("reseller_id"), Role::Viewer).await;
    let master = app.member(&read.text_of("master_reseller_id"), Role::Viewer).await;
    for person in [&reseller, &master, &last.admin] {
        assert!(ids(found(&app, person, "q=sip.many").await).contains(&last.admin.account));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_tree_counts_what_is_below_by_status(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let (app, operator) = (&world.app, &world.operator);
    let above = [world.master.account.as_str(), world.reseller.account.as_str()];
    let suspended = app.plant(Tier::Enterprise, &above, "s@contoso.example").await;
    let closed = app.plant(Tier::Enterprise, &above, "c@contoso.example").await;
    let suspend = app.post(&format!("/enterprises/{suspended}/suspend")).bearer(&operator.token);
    let _ = suspend.send().await.expect(200);
    let _ = app.delete(&format!("/enterprises/{closed}")).bearer(&operator.token).send().await.expect(204);
    let see = async |person: &Person, id: &str| {
        app.get(&format!("/accounts/{id}/tree")).bearer(&person.token).send().await.expect(200).json()
    };
    let account =
        |id: &str, kind: &str| json!({"id": id, "type": kind, "name": "Planted", "status": "active", "operates": true});
    let level = |kind: &str, counts: [i64; 4]| {
        let [pending, active, suspended, closed] = counts;
        json!({"type": kind, "pending": pending, "active": active, "suspended": suspended, "closed": closed})
    };
    let enterprises = level("enterprise", [0, 1, 1, 1]);
    let routes = json!([{"state": "established", "count": 1}]);
    let reseller = see(operator, &world.reseller.account).await;
    assert_eq!(
        reseller,
        json!({
            "account": account(&world.reseller.account, "reseller"),
            "ancestors": [account(&world.master.account, "master_reseller")],
            "levels": [enterprises], "routes": routes, "pbxes": 1, "trunks": 1, "users": 2,
        })
    );
    // Whoever does not see what is above does not see it here.
    assert_eq!(see(&world.reseller, &world.reseller.account).await["ancestors"], json!([]));
    let master = see(&world.master, &world.master.account).await;
    assert_eq!(master["levels"], json!([level("reseller", [0, 1, 0, 0]), enterprises]));
    assert_eq!((&master["routes"], &master["users"]), (&routes, &json!(2)));
    let own = see(&world.enterprise, &world.enterprise.account).await;
    assert_eq!((&own["levels"], &own["pbxes"], &own["users"]), (&json!([]), &json!(1), &json!(2)));
    let platform = see(operator, &app.platform().await).await;
    let masters = level("master_reseller", [0, 2, 0, 0]);
    assert_eq!(platform["levels"], json!([masters, level("reseller", [0, 1, 0, 0]), enterprises]));
    assert_eq!((&platform["routes"], &platform["trunks"]), (&routes, &json!(1)));
    for unseen in
        [world.master.account.as_str(), "enterprise_01h455vb4pex5vsknk084sn02q", "x", "pbx_01h455vb4pex5vsknk084sn02q"]
    {
        let tree = app.get(&format!("/accounts/{unseen}/tree")).bearer(&world.reseller.token);
        tree.send().await.problem(404, "not_found");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_search_of_many_accounts_is_answered_from_an_index(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    // Enough that a planner which counts prefers its indexes.
    assert!(Process::run_command(
        BINARY,
        &fresh,
        &["demo", "--resellers", "60", "--enterprises", "6000", "--users", "12000"]
    ));
    if let DatabaseUrl::Postgresql(url) = &fresh.url {
        diesel::sql_query("VACUUM ANALYZE").execute(&mut PgConnection::establish(url).unwrap()).unwrap();
    }
    let store = persistence::Database::open(
        fresh.url.clone(),
        persistence::Options { access: persistence::Access::Beside, ..Default::default() },
    )
    .unwrap();
    let looking_for = |text: &str| Search {
        text: text.to_owned(),
        tier: None,
        status: None,
        newest_first: false,
        after: None,
        limit: 51,
        sees_sip_data: true,
    };
    let first = looking_for("master-reseller-0@");
    let master = store.read(move |tx| {
        let hit = persistence::search::find(tx, &Scope::Platform, &first)?.remove(0);
        Ok::<_, persistence::Error>(hit.account)
    });
    let master = master.await.unwrap();
    // The indexes that the queries of a text must be answered from, on SQLite and on PostgreSQL.
    let by_text = ["VIRTUAL TABLE INDEX", "accounts_by_search_text"];
    let by_domain = ["pbxes_by_sip_domain", "pbxes_by_sip_domain"];
    let by_user = ["users_by_teams_user_everywhere", "users_by_teams_user_everywhere"];
    for (text, expected) in [
        ("enterprise-2345@", vec![by_text]),
        ("demo-0002345", vec![by_text, ["accounts_by_name", "accounts_by_name"]]),
        ("DEMO-0002345", vec![["accounts_by_billing_reference", "accounts_by_billing_reference"]]),
        ("+490000234500001", vec![["PRIMARY KEY (number>? AND number<?)", "phone_numbers_pkey"]]),
        ("234500001", vec![["phone_numbers_by_end", "phone_numbers_by_end"]]),
        (
            "sip.enterprise-2345.",
            vec![by_domain, ["direct_routing_routes_by_domain", "direct_routing_routes_by_domain"]],
        ),
        ("user1@enterprise-2345.", vec![by_user]),
    ] {
        for scope in [Scope::Platform, master.scope()] {
            let search = looking_for(text);
            let all = store.read(move |tx| plans(tx, &scope, &search)).await.unwrap();
            for plan in &all {
                // What an index has found, up to a limit, is gone through.
                let is_limited = |line: &str| line == "SCAN t" && plan.contains("CO-ROUTINE t");
                let is_scan =
                    |line: &str| line.starts_with("SCAN") && !line.contains("VIRTUAL TABLE INDEX") && !is_limited(line);
                assert!(!plan.contains("Seq Scan") && !plan.lines().any(is_scan), "{text}: {plan}");
            }
            for index in &expected {
                let index = if database == Sqlite { index[0] } else { index[1] };
                assert!(all.iter().any(|plan| plan.contains(index)), "{text}: {index}: {all:?}");
            }
        }
    }
    tokio::task::spawn_blocking(move || drop(store)).await.unwrap();
}
