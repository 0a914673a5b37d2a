//! The client that the front-end team's tools make of openapi.yaml: a strict program walks the reseller journey with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use end_to_end::Database::Sqlite;
use end_to_end::{App, PASSWORD};
use tokio::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("typescript")
}

async fn tool(name: &str, arguments: &[&str]) -> String {
    let program = folder().join("node_modules/.bin").join(name);
    assert!(program.exists(), "{name} is missing: run scripts/install-tools");
    let outcome = Command::new(program).args(arguments).current_dir(folder()).kill_on_drop(true).output().await;
    let outcome = outcome.expect(name);
    let said = [outcome.stdout, outcome.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(outcome.status.success(), "{name}: {said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_client_is_typed_throughout_and_walks_the_journey() {
    let target = folder().join("../../target/typescript");
    std::fs::create_dir_all(&target).unwrap();
    tool("openapi-typescript", &["../../openapi.yaml", "--output", "../../target/typescript/schema.d.ts"]).await;
    tool("tsc", &[]).await;
    let program = std::fs::read_to_string(folder().join("journey.ts")).unwrap();
    let words: Vec<_> = program.split(|c: char| !c.is_alphanumeric()).collect();
    assert!(!words.contains(&"any") && !program.contains("@ts-"), "nothing is left unchecked");

    let app = App::start(Sqlite).await;
    let sending = Arc::clone(app.service());
    let sending = tokio::spawn(async move { sending.mail_worker().run().await });
    let (base, mail) = (format!("http://{}", app.address()), app.database.directory.path().join("mail"));
    let arguments = ["journey.ts", &base, "operator@teammate.local", PASSWORD, mail.to_str().unwrap()];
    let said = tool("tsx", &arguments).await;
    sending.abort();
    assert_eq!(said.trim(), "Nordwind GmbH: closed");
}
