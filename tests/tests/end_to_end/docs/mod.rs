//! What README and docs tell people to type works: their blocks of `bash` are run as they stand, against the service.

mod starting;

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::Sqlite;
use end_to_end::{App, PASSWORD, postgresql_programs, reseller_body, root};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::billing::World;

/// How many blocks of code each document has. Whoever adds one has to add a test that runs it.
const DOCUMENTS: [(&str, usize); 8] = [
    ("README.md", 17),
    ("docs/adding-an-endpoint.md", 1),
    ("docs/api-conventions.md", 1),
    ("docs/billing.md", 3),
    ("docs/operating.md", 2),
    ("docs/quickstart-partner.md", 10),
    ("docs/support.md", 11),
    // By the tests of `examples.rs`.
    ("examples/partner/README.md", 1),
];

/// The blocks of code of a document, with their language in front. Pictures (`mermaid`) are none.
fn code(document: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join(document)).expect(document);
    let fenced = text.split("\n```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    let blocks = fenced.map(|(language, block)| (language.to_owned(), block.to_owned()));
    blocks.filter(|(language, _)| language != "mermaid").collect()
}

/// Its blocks of `bash`.
fn bash(document: &str) -> Vec<String> {
    code(document).into_iter().filter(|(language, _)| language == "bash").map(|(_, block)| block).collect()
}

#[test]
fn every_block_of_code_is_known_to_a_test() {
    let mut files = vec![
        root().join("README.md"),
        root().join("ARCHITECTURE.md"),
        root().join("CHANGELOG.md"),
        root().join("examples/partner/README.md"),
    ];
    files.extend(std::fs::read_dir(root().join("docs")).unwrap().map(|file| file.unwrap().path()));
    let markdown = files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "md"));
    let names = markdown.map(|file| file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
    let counted = names.map(|name| (code(&name).len(), name)).filter(|(count, _)| *count > 0);
    let mut found: Vec<_> = counted.map(|(count, name)| (name, count)).collect();
    found.sort();
    assert_eq!(found, DOCUMENTS.map(|(name, count)| (name.to_owned(), count)));
}

/// Gives a variable that a document sets to an example another value.
fn set(script: &str, name: &str, value: &str) -> String {
    let start = format!("{name}=");
    assert!(script.lines().any(|line| line.starts_with(&start)), "the document sets {name}");
    let lines =
        script.lines().map(|line| if line.starts_with(&start) { format!("{name}='{value}'") } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

/// A folder in which scripts run, with what documents take for granted: `teammate` is the binary under test, `cargo` works on this
/// workspace, `make` finds its Makefile, and PostgreSQL's programs those of the tests' cluster.
struct Folder {
    directory: TempDir,
}

impl Folder {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(root()).unwrap();
        let programs = directory.path().join("programs");
        std::fs::create_dir_all(&programs).unwrap();
        symlink(env!("CARGO_BIN_EXE_teammate-under-test"), programs.join("teammate")).unwrap();
        symlink(root.join("Makefile"), directory.path().join("Makefile")).unwrap();
        let cargo = programs.join("cargo");
        // As in the root: with its configuration, and what it has built.
        let (real, root) = (env!("CARGO"), root.display());
        let script = format!(
            "'{real}' --config '{root}/.cargo/config.toml' \"$1\" --locked --manifest-path '{root}/Cargo.toml' \"${{@:2}}\""
        );
        std::fs::write(&cargo, format!("#!/usr/bin/env bash\nexec {script}\n")).unwrap();
        std::fs::set_permissions(&cargo, Permissions::from_mode(0o755)).unwrap();
        Self { directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A script that stops at the first command that fails.
    fn command(&self, script: &str) -> Command {
        let mut path = vec![self.path().join("programs"), postgresql_programs()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", script]).current_dir(self.path()).kill_on_drop(true);
        command.env("PATH", std::env::join_paths(path).unwrap());
        command
    }

    /// Runs a script to its end, and gives what it shows.
    async fn run(&self, script: &str) -> String {
        let outcome = self.command(script).output().await.expect("bash");
        let shown = String::from_utf8(outcome.stdout).unwrap();
        assert!(outcome.status.success(), "{}\n{shown}", String::from_utf8_lossy(&outcome.stderr));
        shown
    }
}

/// Runs a script of requests in a folder whose `data/` is that of the service. What it shows has to have a problem for each comment that
/// announces one, such as `# 403 forbidden`, and no other.
async fn run(app: &App, script: &str) -> String {
    let folder = Folder::new();
    symlink(app.database.directory.path(), folder.path().join("data")).unwrap();
    let shown = folder.run(script).await;
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
    tokio::spawn(async move { sending.mail_worker().run().await });
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journey_of_the_readme_works_as_it_stands() {
    let app = app().await;
    // Behind the two commands and the start of the service; the last one is about PostgreSQL.
    let blocks = bash("README.md");
    let script = blocks[2..blocks.len() - 1].join("\n");
    let script = set(&set(&script, "url", &format!("http://{}", app.address())), "password", PASSWORD);
    let shown = run(&app, &script).await;
    for part in ["\"established\":true", "\"type\":\"master_reseller\"", "\"period_start\",\"period_end\""] {
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
    let script = bash("docs/quickstart-partner.md").join("\n");
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
    let enterprise =
        app.post("/enterprises").bearer(&owner.token).json(&enterprise).send().await.expect(201).text_of("id");
    let start = app.post(&format!("/enterprises/{enterprise}/direct-routing/routes/emea/start"));
    let _ = start.bearer(&operator.token).json(&json!({"label": "kiosk"})).send().await.expect(200);
    let ticket = json!({
        "subject": "Add to TeamMate Portal", "partner_company_name": "Fabrikam", "first_name": "A", "last_name": "E",
        "email": "a@fabrikam.example",
    });
    let _ = app.post("/support-tickets").json(&ticket).send().await.expect(201);
    let script = bash("docs/support.md").join("\n");
    let script = set(&script, "url", &format!("http://{}", app.address()));
    let shown = run(&app, &set(&script, "token", &operator.token)).await;
    assert!(shown.contains("reseller.activation_resent") && shown.contains("\"status\":\"approved\""), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_problem_that_the_conventions_show_is_one_of_the_service() {
    let app = App::start(Sqlite).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let (language, block) = code("docs/api-conventions.md").remove(0);
    assert_eq!(language, "json");
    let mut shown: Value = serde_json::from_str(&block).expect("JSON");
    let incomplete = json!({"name": "Nordwind", "services": ["pbx"], "billing_reference": "CUST-4711"});
    let mut answer = app.post("/resellers").bearer(&owner.token).json(&incomplete).send().await.expect(422).json();
    assert!(shown["request_id"].take().is_string() && answer["request_id"].take().is_string());
    assert_eq!(shown, answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn billing_administrators_read_check_and_correct_as_described() {
    let world = World::begin(Sqlite).await;
    let operator = world.next_month().await;
    let finalised = world.finalise(&operator).send().await.expect(200).json();
    let csv = world.csv(&operator, "").await;
    let (month, later) = (world.period.to_string(), world.period.next().to_string());
    let line = format!("{month}/{}/{}/pbx", world.reseller, world.enterprise);
    let named = "2026-10/reseller_01h455vb4pex5vsknk084sn02q/enterprise_01h455vb4pex5vsknk084sn02q/pbx";
    let mut blocks = bash("docs/billing.md").into_iter().map(|block| {
        // The later month first, because what takes the other places may be in it.
        block.replace("2026-11", &later).replace(named, &line).replace("2026-10", &month)
    });

    let folder = Folder::new();
    let data = world.app.database.directory.path();
    let settings =
        format!("export TEAMMATE_DATA_DIR='{}' DATABASE_URL='{}'", data.display(), world.app.database.url_text());
    let _ = folder.run(&format!("{settings}\n{}", blocks.next().unwrap())).await;
    let written = std::fs::read_to_string(folder.path().join(format!("billing-{month}.csv"))).expect("the report");
    assert_eq!(written, csv);

    let known = format!(
        "url='http://{}'\noperator='Authorization: Bearer {}'\njson='Content-Type: application/json'",
        world.app.address(),
        operator.token
    );
    let checked = folder.run(&format!("{known}\n{}", blocks.next().unwrap())).await;
    assert_eq!(checked, format!("{}  -\n", finalised["sha256"].as_str().unwrap()));
    let booked = folder.run(&format!("{known}\n{}", blocks.next().unwrap())).await;
    let booked: Value = serde_json::from_str(&booked).expect("a correction");
    assert_eq!(
        (&booked["amends"], &booked["period"], &booked["user_days"]),
        (&json!(line), &json!(later), &json!(-30))
    );
}
