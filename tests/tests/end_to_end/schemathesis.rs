//! Schemathesis tries the service out: requests made up from the OpenAPI document, valid and invalid, and sequences of them along
//! its links, as every kind of caller. The document promises what each gets; a promise that is not kept fails.
//!
//! A bounded run, unless `TEAMMATE_CONTRACT_CASES` asks for so many requests by each caller (`make contract`).

use std::process::Stdio;

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, root};
use rstest::rstest;
use serde_json::json;
use tokio::process::Command;

/// How long a run takes, in seconds: the bounded one, and each of many.
const SECONDS: [&str; 2] = ["8", "20"];

/// How many requests the bounded run makes up at least. One run is enough on a machine that isn't busy.
const BOUNDED: u64 = 100;

#[derive(Debug, Clone, Copy)]
enum Caller {
    Operator,
    MasterReseller,
    Reseller,
    Enterprise,
    ApiClient,
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_service_keeps_what_its_document_promises(
    #[values(Sqlite, Postgresql)] database: Database,
    #[values(Caller::Operator, Caller::MasterReseller, Caller::Reseller, Caller::Enterprise, Caller::ApiClient)]
    caller: Caller,
) {
    let asked_for = std::env::var("TEAMMATE_CONTRACT_CASES").ok();
    let seconds = SECONDS[usize::from(asked_for.is_some())];
    let wanted: u64 = asked_for.map_or(BOUNDED, |text| text.parse().expect("a number"));
    let (mut cases, mut seed) = (0, 0);
    while cases < wanted {
        // What is there is suspended, moved and closed in a run, so each one begins anew.
        let app = App::start(database).await;
        let token = furnish(&app, caller).await;
        seed += 1;
        cases += run(&app.address(), &token, seed, seconds).await;
    }
    println!("{cases} requests");
}

/// Puts something of everything into the service, and gives the token of a caller.
async fn furnish(app: &App, caller: Caller) -> String {
    let enterprise = app.connected("kiosk", json!({"can_add_extensions": true, "access_sip_data": true})).await.account;
    let operator = app.operator().await;
    let seen = app.get(&format!("/enterprises/{enterprise}")).bearer(&operator.token).send().await.expect(200).json();
    let (master, reseller) = (seen["master_reseller_id"].as_str().unwrap(), seen["reseller_id"].as_str().unwrap());
    for (what, body) in [
        ("pbxes", json!({"type": "generic", "location": "Berlin", "sip_domain": "sip.kiosk.example"})),
        ("trunks", json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]})),
    ] {
        let add = app.post(&format!("/enterprises/{enterprise}/{what}")).bearer(&operator.token).json(&body);
        let _ = add.send().await.expect(201);
    }
    app.plant(Tier::Reseller, &[master], "other@contoso.example").await;
    let account = match caller {
        Caller::Operator => app.platform().await,
        Caller::MasterReseller | Caller::ApiClient => master.to_owned(),
        Caller::Reseller => reseller.to_owned(),
        Caller::Enterprise => enterprise,
    };
    match caller {
        Caller::ApiClient => app.client(&account, Role::Provisioner).await.0.token,
        _ => app.member(&account, Role::Owner).await.token,
    }
}

/// Runs Schemathesis once; gives how many requests it made up.
async fn run(address: &str, token: &str, seed: u32, seconds: &str) -> u64 {
    let root = root();
    let libraries = root.join("target/tools/schemathesis");
    assert!(libraries.join("installed").exists(), "Schemathesis is missing: run scripts/install-tools");
    let report = tempfile::NamedTempFile::new().unwrap();
    let outcome = Command::new("python3")
        .args(["-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"])
        .arg(format!("http://{address}/openapi.json"))
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--seed", &seed.to_string(), "--max-time", seconds, "--no-color", "--warnings", "off"])
        .current_dir(root.join("tests/schemathesis"))
        .env("PYTHONPATH", format!("{}:.", libraries.display()))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(report.reopen().unwrap())
        .stderr(report.reopen().unwrap())
        .kill_on_drop(true)
        .status()
        .await
        .expect("Python");
    let text = std::fs::read_to_string(report.path()).unwrap();
    assert!(outcome.success(), "{text}");
    let made_up = text.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse().ok());
    made_up.unwrap_or_else(|| panic!("no count in {text}"))
}
