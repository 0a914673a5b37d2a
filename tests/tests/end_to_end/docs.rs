//! What README and docs tell people to type works: their blocks of `bash` are run as they stand, against the service.

use std::path::{Path, PathBuf};

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::Sqlite;
use end_to_end::{App, PASSWORD, reseller_body};
use serde_json::json;
use tokio::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The blocks of `bash` of a part of a document, one after the other.
fn blocks(document: &str, from: &str) -> String {
    let text = std::fs::read_to_string(root().join(document)).expect(document);
    let part = &text[text.find(from).expect(from)..];
    let part = part[from.len()..].split("\n## Configuration").next().unwrap();
    let blocks = part.split("```bash\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().join("\n")
}

/// Gives a variable that a document sets to an example another value.
fn set(script: &str, name: &str, value: &str) -> String {
    let start = format!("{name}=");
    assert!(script.lines().any(|line| line.starts_with(&start)), "the document sets {name}");
    let lines =
        script.lines().map(|line| if line.starts_with(&start) { format!("{name}='{value}'") } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

/// Runs a script in a folder whose `data/` is that of the service. What it shows has to have a problem for each comment that announces
/// one, such as `# 403 forbidden`, and no other.
async fn run(app: &App, script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(app.database.directory.path(), folder.path().join("data")).unwrap();
    let script = script.replace("sleep 1", "sleep 0.3");
    let outcome = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .kill_on_drop(true)
        .output()
        .await
        .expect("bash");
    let shown = String::from_utf8(outcome.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success(), "{complaints}\n{shown}");
    let announced: Vec<_> =
        script.lines().filter_map(|line| line.rsplit_once("# ")).map(|(_, comment)| comment).collect();
    let mut problems = 0;
    for comment in announced.iter().filter(|comment| comment.starts_with(|c: char| c.is_ascii_digit())) {
        let (status, code) = comment.split_once(' ').unwrap_or((comment, ""));
        problems += usize::from(!code.is_empty());
        let expected = if code.is_empty() { status.to_owned() } else { format!("\"code\":\"{code}\"") };
        assert!(shown.contains(&expected), "{comment} is not in\n{shown}");
    }
    assert_eq!(shown.matches("\"type\":\"/problems/").count(), problems, "{shown}");
    shown
}

/// A service whose mail leaves by itself.
async fn app() -> App {
    let app = App::start(Sqlite).await;
    let sending = std::sync::Arc::clone(app.service());
    tokio::spawn(async move { api::mail::worker::run(&sending).await });
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journey_of_the_readme_works_as_it_stands() {
    let app = app().await;
    let script = blocks("README.md", "Paste the rest into another one");
    let script = set(&set(&script, "url", &format!("http://{}", app.address())), "password", PASSWORD);
    let shown = run(&app, &script).await;
    for part in ["\"established\":true", "\"type\":\"master_reseller\"", "period_start,period_end"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert_eq!(shown.matches("204\n").count(), 4, "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_for_partners_works_as_it_stands() {
    let app = app().await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let create = app.post("/api-clients").bearer(&owner.token).json(&json!({"name": "Orders", "role": "owner"}));
    let client = create.send().await.expect(201).json();
    let script = blocks("docs/quickstart-partner.md", "# Quickstart");
    let script = set(&script, "url", &format!("http://{}", app.address()));
    let script = set(&script, "client_id", client["id"].as_str().unwrap());
    let shown = run(&app, &set(&script, "client_secret", client["client_secret"].as_str().unwrap())).await;
    assert!(shown.contains("\"created\":1"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_support_looks_up_is_there() {
    let app = app().await;
    let operator = app.operator().await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let mut body = reseller_body("office@nordwind.example");
    body["name"] = json!("Nordwind");
    let reseller = app.post("/resellers").bearer(&owner.token).json(&body).send().await.expect(201).text_of("id");
    let enterprise = json!({
        "reseller_id": reseller, "name": "Kiosk", "email": "admin@kiosk.example", "country": "DE", "sbc_regions": ["emea"],
        "services": ["pbx"],
    });
    let _ = app.post("/enterprises").bearer(&owner.token).json(&enterprise).send().await.expect(201);
    let ticket = json!({
        "subject": "Add to TeamMate Portal", "partner_company_name": "Fabrikam", "first_name": "A", "last_name": "E",
        "email": "a@fabrikam.example",
    });
    let _ = app.post("/support-tickets").json(&ticket).send().await.expect(201);
    let script = blocks("docs/support.md", "# Support");
    let script = set(&script, "url", &format!("http://{}", app.address()));
    let shown = run(&app, &set(&script, "token", &operator.token)).await;
    assert!(shown.contains("reseller.activation_resent") && shown.contains("\"status\":\"approved\""), "{shown}");
}
