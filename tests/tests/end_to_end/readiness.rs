//! Ready means ready: `/readyz` tells when changes can't be stored, reads fail or the data is gone, and nothing is
//! acknowledged then. One process writes to a SQLite file.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Client, Database, Process, reseller_body};
use rstest::rstest;
use serde_json::json;

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// Why a service is not ready, as `/readyz` says it.
async fn not_ready(app: &App) -> String {
    app.get("/readyz").send().await.problem(503, "unavailable")["detail"].as_str().expect("a detail").to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn changes_are_refused_when_the_database_file_is_gone_or_another(
    #[values("removed", "replaced", "without its log")] how: &str,
) {
    let app = App::start(Sqlite).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let create = |number: u32| {
        let body = reseller_body(&format!("office-{number}@nordwind.example"));
        app.post("/resellers").bearer(&master.token).json(&body).send()
    };
    let _ = create(0).await.expect(201);
    let _ = app.get("/readyz").send().await.expect(200);
    let directory = app.database.directory.path();
    let file = directory.join("teammate.db");
    match how {
        "removed" => fs::remove_dir_all(directory).expect("it can be removed"),
        "replaced" => {
            fs::copy(&file, directory.join("copy")).expect("a copy");
            fs::rename(directory.join("copy"), &file).expect("it can be replaced");
        }
        _ => fs::remove_file(directory.join("teammate.db-wal")).expect("it can be removed"),
    }
    for number in 1..=20 {
        create(number).await.problem(503, "unavailable");
    }
    assert!(not_ready(&app).await.contains("removed or replaced"), "{how}");
    let _ = app.get("/livez").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_page_makes_the_service_unready() {
    let app = App::start(Sqlite).await;
    let master = app.master_reseller("ann@contoso.example").await;
    for number in 0..400 {
        let body = reseller_body(&format!("office-{number}@nordwind.example"));
        let _ = app.post("/resellers").bearer(&master.token).json(&body).send().await.expect(201);
    }
    let database = app.stop().await;
    let path = database.directory.path().join("teammate.db");
    let pages = fs::metadata(&path).expect("a file").len() / 4_096;
    let app = App::start_on(database).await;
    let operator = app.operator().await;
    // What was read so far is kept in memory: the schema, and what a sign-in needs.
    let mut file = OpenOptions::new().write(true).open(&path).expect("a file");
    for page in 1..pages {
        file.seek(SeekFrom::Start(page * 4_096)).expect("a place");
        file.write_all(&[0xa5; 4_096]).expect("a page");
    }
    drop(file);
    let refused = app.get("/resellers?limit=200").bearer(&operator.token).send().await;
    assert!(refused.status >= 500, "{}", refused.status);
    assert!(not_ready(&app).await.contains("damaged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_read_without_writing() {
    let app = App::start(Sqlite).await;
    let _ = app.master_reseller("ann@contoso.example").await;
    let log = app.database.directory.path().join("teammate.db-wal");
    let written = || fs::metadata(&log).expect("a log").modified().expect("a time");
    let before = written();
    for _ in 0..100 {
        let _ = app.get("/readyz").send().await.expect(200);
    }
    assert_eq!(written(), before);
}

/// Runs the service on the same SQLite file, for a few seconds at most, and gives what it printed to standard error.
fn second_process(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(BINARY);
    command.args(arguments).env("TEAMMATE_DATA_DIR", directory);
    let url = format!("sqlite:{}", directory.join("teammate.db").display());
    command.env("DATABASE_URL", url).env("TEAMMATE_LISTEN", "127.0.0.1:0").stdout(Stdio::null());
    let output = command.output().expect("it runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_that_would_write_is_refused_and_told_who_has_the_file() {
    let fresh = Sqlite.fresh();
    let directory = fresh.directory.path().to_owned();
    let first = Process::start(BINARY, &fresh);
    let client = Client::sign_in(&first).await;
    for command in [["serve"].as_slice(), &["migrate"], &["demo", "--resellers", "1"]] {
        let (succeeded, said) = second_process(&directory, command);
        assert!(!succeeded, "{command:?}");
        assert!(
            said.contains(&format!("process {}", first.id())) && said.contains("teammate.db"),
            "{command:?}: {said}"
        );
    }
    // A name that leads to the same file makes no difference.
    let other = tempfile::tempdir().expect("a directory");
    std::os::unix::fs::symlink(directory.join("teammate.db"), other.path().join("teammate.db")).expect("a link");
    assert!(!second_process(other.path(), &["migrate"]).0);
    // What only reads, or needs a moment, works beside it.
    let month = chrono::Utc::now().format("%Y-%m").to_string();
    let output = directory.join("report.csv");
    let report = ["report", "--period", &month, "--format", "csv", "--output", output.to_str().expect("a path")];
    let (succeeded, said) = second_process(&directory, &report);
    assert!(succeeded, "{said}");
    let (succeeded, said) = second_process(&directory, &["replay-mail"]);
    assert!(succeeded, "{said}");
    let _ = client.get("/readyz").await.expect(200);
    // A process that was killed has nothing any more.
    first.kill();
    let (succeeded, said) = second_process(&directory, &["migrate"]);
    assert!(succeeded, "{said}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s7_a_database_that_is_gone_is_an_outage_and_never_not_found(#[values(Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let body = json!({"name": "Nordwind"});
    let _ = app.get("/readyz").send().await.expect(200);
    app.database.forbid_connections();
    for _ in 0..3 {
        app.get(&format!("/master-resellers/{}", master.account))
            .bearer(&master.token)
            .send()
            .await
            .problem(503, "unavailable");
        app.patch(&format!("/master-resellers/{}", master.account))
            .bearer(&master.token)
            .json(&body)
            .send()
            .await
            .problem(503, "unavailable");
        app.get("/readyz").send().await.problem(503, "unavailable");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s7_what_could_not_be_looked_up_does_not_count_as_missing(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("m@contoso.example").await;
    let own = format!("/master-resellers/{}", master.account);
    for (table, path) in [("sessions", "/me"), ("sessions", own.as_str()), ("activations", own.as_str())] {
        app.database.run(&format!("ALTER TABLE {table} RENAME TO {table}_elsewhere")).unwrap();
        let answer = app.get(path).bearer(&master.token).send().await;
        assert!(answer.status >= 500, "{table}: {} {}", answer.status, answer.text);
        app.database.run(&format!("ALTER TABLE {table}_elsewhere RENAME TO {table}")).unwrap();
        let _ = app.get(path).bearer(&master.token).send().await.expect(200);
    }
}
