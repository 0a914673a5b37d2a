//! Logs can be read by machines, and nothing that opens a door is in them or stored as it is.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, Database, PASSWORD, Process, Request, reseller_body};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");
const OTHER_PASSWORD: &str = "violet harbour pencil 42";

struct Client<'a> {
    http: reqwest::Client,
    process: &'a Process,
}

impl Client<'_> {
    async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.process.url);
        Request::new(&self.http, Method::POST, &url).bearer(token).json(body).send().await
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        Request::new(&self.http, Method::GET, &format!("{}{path}", self.process.url)).bearer(token).send().await
    }
}

/// The token of the e-mail to an address, once the service has written it.
async fn token_from_mail(mail: &Path, address: &str) -> String {
    let header = format!("To: {address}\r\n");
    for _ in 0..1000 {
        let files = std::fs::read_dir(mail).into_iter().flatten().flatten().map(|entry| entry.path());
        let letters = files.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
        let mut texts = letters.filter_map(|path| std::fs::read_to_string(path).ok());
        if let Some(text) = texts.find(|text| text.contains(&header)) {
            let text = text.replace("=\r\n", "").replace("=3D", "=");
            let (_, rest) = text.split_once("#token=").expect("a link");
            return rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no mail to {address}");
}

/// Every file below a directory but the e-mails and the keys, which are what they are for.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory").flatten().map(|entry| entry.path());
    let (folders, mut found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    for folder in folders.iter().filter(|folder| !folder.ends_with("mail") && !folder.ends_with("keys")) {
        found.extend(files(folder));
    }
    found
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_log_or_stored_as_it_is(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    let data = fresh.directory.path();
    let log = data.join("log.json");
    let process = Process::start_with_log(BINARY, &fresh, &log, &[]);
    let client = Client { http: reqwest::Client::new(), process: &process };
    let credentials = |email: &str, password: &str| json!({"email": email, "password": password});

    // A partner's whole way, with each kind of secret on it, right and wrong.
    let wrong = credentials("operator@teammate.local", OTHER_PASSWORD);
    client.post("/auth/login", "made.up.token", &wrong).await.problem(401, "wrong_credentials");
    let login = client.post("/auth/login", "", &credentials("operator@teammate.local", PASSWORD)).await.expect(200);
    let (operator, first_refresh) = (login.text_of("access_token"), login.text_of("refresh_token"));
    let refreshed = client.post("/auth/refresh", "", &json!({"refresh_token": first_refresh})).await.expect(200);
    let ticket = json!({
        "subject": "Add to TeamMate Portal", "partner_company_name": "Contoso", "first_name": "Ann",
        "last_name": "Example", "email": "ann@contoso.example",
    });
    let ticket = client.post("/support-tickets", "", &ticket).await.expect(201).text_of("id");
    let approve = format!("/support-tickets/{ticket}/approve");
    let master = client.post(&approve, &operator, &json!({})).await.expect(200).text_of("master_reseller_id");
    let activation = token_from_mail(&data.join("mail"), "ann@contoso.example").await;
    let redeem = json!({"token": activation, "password": OTHER_PASSWORD});
    let _ = client.post("/activations", "", &redeem).await.expect(200);
    client.post("/activations", "", &redeem).await.problem(422, "invalid_token");
    let partner = client.post("/auth/login", "", &credentials("ann@contoso.example", OTHER_PASSWORD)).await.expect(200);
    let access = partner.text_of("access_token");
    let _ = client.post("/resellers", &access, &reseller_body("office@nordwind.example")).await.expect(201);
    let unsent = token_from_mail(&data.join("mail"), "office@nordwind.example").await;
    let _ = client.get(&format!("/master-resellers/{master}"), &access).await.expect(200);
    client.get("/me", &format!("{access}x")).await.problem(401, "not_signed_in");

    let mut secrets = vec![PASSWORD.to_owned(), OTHER_PASSWORD.to_owned(), activation, unsent, first_refresh];
    secrets.extend([operator, access, refreshed.text_of("access_token"), refreshed.text_of("refresh_token")]);
    secrets.push(partner.text_of("refresh_token"));
    assert!(process.terminate(), "the service stops in order, with all that it logs written");
    let lines: Vec<Value> = std::fs::read_to_string(&log)
        .expect("a log")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("a line of the log is no JSON: {line}")))
        .collect();
    let requests = lines.iter().filter(|line| line["fields"]["message"] == "request").count();
    assert_eq!(requests, 11, "each request has its line");
    for file in files(data) {
        let octets = std::fs::read(&file).expect("a file");
        for secret in &secrets {
            let found = octets.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds {}…", file.display(), &secret[..6]);
        }
    }
}

/// How many lines of its log the service has lost.
async fn lost(client: &end_to_end::Client) -> u64 {
    let metrics = client.request(Method::GET, "/metrics").send().await.expect(200).text;
    let line = metrics.lines().find_map(|line| line.strip_prefix("teammate_log_lines_lost_total "));
    line.expect("it is counted").parse().expect("a number")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_takes_costs_no_answer(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ((unread, waiting), (_, closed)) = (std::io::pipe().unwrap(), std::io::pipe().unwrap());
    let logs: [(&str, Stdio, bool); 3] =
        [("full", full.into(), true), ("unread", waiting.into(), false), ("closed", closed.into(), true)];
    for (name, log, is_lost) in logs {
        let process = Process::start_logging_to(BINARY, &fresh, log);
        let client = end_to_end::Client::sign_in(&process).await;
        let master = client.master_reseller(&format!("{name}@contoso.example")).await;
        for number in 0..300 {
            let mut body = reseller_body(&format!("{name}-{number}@nordwind.example"));
            body["master_reseller_id"] = json!(master);
            let _ = client.request(Method::POST, "/resellers").json(&body).send().await.expect(201);
        }
        assert_eq!(lost(&client).await > 0, is_lost, "{name}");
        assert!(process.terminate(), "{name}");
    }
    drop(unread);
}
