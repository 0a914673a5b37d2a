//! The shape of the code and of what the three tiers share (S1–S3, S8, W6, W7).

use std::fs;
use std::path::{Path, PathBuf};

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Client, Database, PASSWORD, Person, Process, enterprise_body, reseller_body, root};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            found.push((path, text));
        }
    }
    found
}

fn sources_of_the_product() -> Vec<(PathBuf, String)> {
    ["domain", "persistence", "api"].into_iter().flat_map(|crate_| sources(&root().join(crate_).join("src"))).collect()
}

#[test]
fn s1_files_stay_small() {
    /// The declarations of all tables for diesel, which nobody reads from top to bottom.
    const TABLES: &str = "persistence/src/schema.rs";
    for (path, text) in sources_of_the_product() {
        let lines = text.lines().count();
        assert!(lines <= 450 || path.ends_with(TABLES), "{} has {lines} lines", path.display());
    }
}

#[test]
fn s2_there_is_no_repository_trait_and_no_mock_of_the_database() {
    for (path, text) in sources_of_the_product().into_iter().chain(sources(&root().join("tests/src"))) {
        for word in ["mockall", "trait Repository", "struct MockStore", "struct FakeDatabase"] {
            assert!(!text.contains(word), "{} has a {word}", path.display());
        }
    }
}

#[test]
fn s3_no_public_query_finds_accounts_without_a_scope() {
    let mut seen = 0;
    for (path, text) in sources(&root().join("persistence/src")) {
        for function in text.split("\npub fn ").skip(1) {
            let signature = function.split('{').next().unwrap_or_default();
            let finds =
                ["Result<Option<Account>,", "Result<Vec<Account>,"].iter().any(|found| signature.contains(found));
            // The token of a link is all that its holder has, and all that it needs.
            if finds && !signature.contains("by_token(") {
                seen += 1;
                let name = signature.split('(').next().unwrap_or_default();
                assert!(signature.contains("scope: &Scope"), "{name} in {} takes no scope", path.display());
            }
        }
    }
    assert!(seen >= 3, "{seen}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s8_the_three_tiers_live_alike(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let act = async |path: &str, step: &str| app.post(&format!("{path}/{step}")).bearer(&operator.token).send().await;
    let status = |answer: Answer| answer.expect(200).text_of("status");

    let ticket = json!({
        "subject": "Add to TeamMate Portal", "partner_company_name": "Contoso", "first_name": "Ann",
        "last_name": "Example", "email": "m@contoso.example",
    });
    let ticket = app.post("/support-tickets").json(&ticket).send().await.expect(201).text_of("id");
    let master = act(&format!("/support-tickets/{ticket}"), "approve").await.expect(200).text_of("master_reseller_id");
    let mut accounts = vec![(format!("/master-resellers/{master}"), "m@contoso.example")];
    for (list, parent, mut body, email) in [
        ("resellers", "master_reseller_id", reseller_body("r@contoso.example"), "r@contoso.example"),
        ("enterprises", "reseller_id", enterprise_body("e@contoso.example"), "e@contoso.example"),
    ] {
        let above = accounts.last().unwrap().0.rsplit('/').next().unwrap().to_owned();
        body[parent] = json!(above);
        let created = app.post(&format!("/{list}")).bearer(&operator.token).json(&body).send().await.expect(201);
        accounts.push((created.header("location").to_owned(), email));
    }
    for (path, email) in &accounts {
        let see = async || app.get(path).bearer(&operator.token).send().await;
        assert_eq!(status(see().await), "pending", "{path}");
        let first = app.token_for(email).await;
        assert_eq!(status(act(path, "resend-activation").await), "pending");
        let redeem = async |token: &str| {
            app.post("/activations").json(&json!({"token": token, "password": PASSWORD})).send().await
        };
        redeem(&first).await.problem(422, "invalid_token");
        let _ = redeem(&app.token_for(email).await).await.expect(200);
        assert_eq!(status(see().await), "active", "{path}");
        assert_eq!(status(act(path, "suspend").await), "suspended");
        act(path, "suspend").await.problem(409, "wrong_status");
        assert_eq!(status(act(path, "resume").await), "active");
        act(path, "resend-activation").await.problem(409, "wrong_status");
    }
    for (path, _) in accounts.iter().rev() {
        let _ = app.delete(path).bearer(&operator.token).send().await.expect(204);
        assert_eq!(status(app.get(path).bearer(&operator.token).send().await), "closed", "{path}");
        act(path, "resume").await.problem(409, "account_closed");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w6_what_is_created_is_answered_as_a_whole_with_its_place_and_version(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let house = app.connected("kiosk", json!({})).await;
    let operator = app.operator().await;
    let master = app.master_reseller("m@contoso.example").await;
    let enterprise = format!("/enterprises/{}", house.account);
    let mut with_parent = enterprise_body("new@contoso.example");
    let reseller = app.reseller(&master, "r@contoso.example").await;
    with_parent["reseller_id"] = json!(reseller.account);
    let trunk = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
    let pbx = json!({"type": "generic", "location": "Berlin", "sip_domain": "sip.kiosk.example"});
    let of = |person: &Person, path: &str, body: Value| (person.token.clone(), path.to_owned(), body);
    for (token, path, body) in [
        of(&master, "/resellers", reseller_body("office@nordwind.example")),
        of(&operator, "/enterprises", with_parent),
        of(&operator, &format!("{enterprise}/trunks"), trunk),
        of(&operator, &format!("{enterprise}/pbxes"), pbx),
        of(&master, "/members", json!({"email": "b@contoso.example", "role": "viewer"})),
    ] {
        let created = app.post(&path).bearer(&token).json(&body).send().await.expect(201);
        let place = created.header("location").to_owned();
        assert!(place.ends_with(&created.text_of("id")), "{path}: {place}");
        let read = app.get(&place).bearer(&token).send().await.expect(200);
        assert_eq!(read.json(), created.json(), "{path}");
        assert!(!created.header("etag").is_empty(), "{path}");
        assert_eq!(read.header("etag"), created.header("etag"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w7_a_traceparent_is_in_the_log_beside_the_request() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let fresh = Sqlite.fresh();
    let log = fresh.directory.path().join("log");
    let process = Process::start_with_log(BINARY, &fresh, &log, &[]);
    let client = Client::sign_in(&process).await;
    let asked = client.request(Method::GET, "/resellers").header("traceparent", TRACE).send().await.expect(200);
    let request_id = asked.header("x-request-id").to_owned();
    assert!(process.terminate());
    let log = fs::read_to_string(log).unwrap();
    let line = log.lines().find(|line| line.contains(&request_id)).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains(TRACE), "{line}");
}
