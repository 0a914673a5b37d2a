//! The example of a partner's program, in either language, against the service: with it, that the libraries that partners use
//! (Authlib, openid-client, standardwebhooks) take our tokens and deliveries for what they are.

use std::process::Stdio;
use std::sync::Arc;

use api::events::publish;
use api::resources::webhooks::worker;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Group, PASSWORD, enterprise_body, root};
use rstest::rstest;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

#[derive(Debug, Clone, Copy)]
enum Language {
    Python,
    TypeScript,
}

fn program(language: Language) -> Command {
    let folder = root().join("examples/partner");
    let (libraries, tsx) = (root().join("target/tools/python"), folder.join("node_modules/.bin/tsx"));
    let installed = libraries.join("installed").exists() && tsx.exists();
    assert!(installed, "the example's libraries are missing: run scripts/install-tools");
    // The README's line, behind what installs the libraries.
    let (readme, install) = (
        std::fs::read_to_string(folder.join("README.md")).expect("its README"),
        match language {
            Language::Python => "pip install",
            Language::TypeScript => "npm ci",
        },
    );
    let line = readme.lines().find(|line| line.starts_with(install)).expect("a line for the language");
    let mut command = Command::new("bash");
    command.args(["-c", line.split_once(" && ").expect("a program").1]).current_dir(folder);
    command.env("PYTHONPATH", libraries).env("npm_config_loglevel", "silent").stdout(Stdio::piped());
    command
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_partner_s_program_runs(
    #[values(Sqlite, Postgresql)] database: Database,
    #[values(Language::Python, Language::TypeScript)] language: Language,
) {
    let app = App::start_with(database, &["--private-webhooks"]).await;
    let (publishing, delivering) = (Arc::clone(app.service()), Arc::clone(app.service()));
    let publishing = tokio::spawn(async move { publish::run(publishing).await });
    let delivering = tokio::spawn(async move { worker::run(delivering).await });

    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let body = json!({"name": "Orders", "role": "owner"});
    let client = app.post("/api-clients").bearer(&owner.token).json(&body).send().await.expect(201);
    let mut command = program(language);
    command
        .env("TEAMMATE_URL", format!("http://{}", app.address()))
        .env("TEAMMATE_CLIENT_ID", client.text_of("id"))
        .env("TEAMMATE_CLIENT_SECRET", client.text_of("client_secret"));
    let mut program = Group::spawn(&mut command);
    let mut lines = BufReader::new(program.child.stdout.take().expect("a pipe")).lines();

    let first = lines.next_line().await.expect("a line").expect("a line");
    let (reseller, rest) = first.split_once(' ').expect("an id and what it is");
    assert_eq!(rest, "is pending");
    let mut enterprise = enterprise_body("kiosk@wind.example");
    enterprise["reseller_id"] = json!(reseller);
    let _ = app.post("/enterprises").bearer(&owner.token).json(&enterprise).send().await.expect(201);
    let link = app.token_for("nord@wind.example").await;
    let activate = app.post("/activations").json(&json!({"token": link, "password": PASSWORD}));
    let _ = activate.send().await.expect(200);

    let mut printed = Vec::new();
    while let Some(line) = lines.next_line().await.expect("lines") {
        printed.push(line);
    }
    assert!(program.child.wait().await.expect("its end").success(), "{printed:?}");
    let period = app.clock.now().format("%Y-%m");
    let expected = [
        format!("{reseller} is active"),
        "Kiosk: emea needs start by enterprise".to_owned(),
        format!("1 billing lines in {period}"),
        "CUST-7 Kiosk pbx 0".to_owned(),
    ];
    assert_eq!(printed, expected);
    // Once more, it finds what it has done.
    let again = command.output().await.expect("the program");
    let lines = String::from_utf8(again.stdout).expect("text");
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected, "{}", String::from_utf8_lossy(&again.stderr));
    let left = app.get("/webhooks").bearer(&owner.token).send().await.expect(200).json();
    assert_eq!(left["items"], json!([]), "it tidies up");
    publishing.abort();
    delivering.abort();
}

/// What the TypeScript example says of itself is right.
#[tokio::test]
async fn the_typescript_example_is_typed() {
    let folder = root().join("examples/partner");
    let tsc = folder.join("node_modules/.bin/tsc");
    assert!(tsc.exists(), "the example's libraries are missing: run scripts/install-tools");
    let checked = Command::new(tsc).current_dir(folder).output().await.expect("tsc runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}
