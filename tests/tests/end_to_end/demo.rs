//! `teammate demo --serve`: a sign-in for every tier, mail that is read in the browser, examples that work, and nothing left behind.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

struct Demo {
    child: Child,
    url: String,
    signs_in: Vec<String>,
    password: String,
    directory: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(BINARY)
            .args(["demo", "--serve", "--resellers", "5", "--enterprises", "40", "--users", "80"])
            .env("TMPDIR", directory.path())
            .env("TEAMMATE_LISTEN", "127.0.0.1:0")
            .env("TEAMMATE_OPERATOR_PASSWORD", "that of production")
            .env("TEAMMATE_PUBLIC_URL", "https://production.example")
            .env("TEAMMATE_RATE_LIMIT", "off")
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = lines
            .find_map(|line| Some(line.strip_prefix("Swagger UI")?.trim().strip_suffix("/swagger-ui/")?.to_owned()));
        let told = lines.find(|line| line.starts_with("Sign in with the password")).unwrap();
        let password = told.split_whitespace().nth(5).unwrap().to_owned();
        assert!(!told.contains("production"), "nothing of a real service is shown");
        let signs_in = lines.take(4).map(|line| line.split_whitespace().next().unwrap().to_owned()).collect();
        Self { child, url: url.unwrap(), signs_in, password, directory }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_has_sign_ins_mail_and_examples_that_work_and_leaves_nothing_behind() {
    let mut demo = tokio::task::spawn_blocking(Demo::start).await.unwrap();
    let (http, url) = (Client::new(), demo.url.clone());
    let get = async |path: &str, token: &str| http.get(format!("{url}{path}")).bearer_auth(token).send().await.unwrap();
    let mut tokens = Vec::new();
    for email in &demo.signs_in {
        let login = http.post(format!("{url}/auth/login")).json(&json!({"email": email, "password": demo.password}));
        let session: Value = login.send().await.unwrap().json().await.unwrap();
        tokens.push(session["access_token"].as_str().expect(email).to_owned());
    }
    let mut tiers = Vec::new();
    for token in &tokens {
        let me: Value = get("/me", token).await.json().await.unwrap();
        tiers.push(me["account"]["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(tiers, ["platform", "master_reseller", "reseller", "enterprise"]);

    let place: Value = get("/swagger-ui/environment.json", "").await.json().await.unwrap();
    assert_eq!(place["environment"], "demo");
    let examples = place["examples"].as_object().unwrap();
    let document = serde_json::to_value(api::openapi::document()).unwrap();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.contains("_id}")) {
        let mut filled = path.replace("{region}", "emea").replace("{period}", "2026-11");
        for kind in examples.keys() {
            let name = kind.rsplit_once('_').unwrap().0;
            filled = filled.replace(&format!("{{{name}_id}}"), examples[kind].as_str().unwrap());
        }
        let account = examples["enterprise_01h455vb4pex5vsknk084sn02q"].as_str().unwrap();
        filled = filled.replace("{account_id}", account);
        // A delivery and a correction take something to have happened.
        if item["get"].is_null() || filled.contains('{') {
            continue;
        }
        let mut statuses = Vec::new();
        for token in &tokens {
            statuses.push(get(&filled, token).await.status().as_u16());
        }
        assert!(statuses.contains(&200), "{path}: {statuses:?}");
        tried += 1;
    }
    assert!(tried > 15, "{tried}");

    let mail = get("/demo/mail", "").await.text().await.unwrap();
    assert!(mail.contains("Join ") && mail.contains("bea@demo.example"), "{mail}");
    let one = get("/demo/mail/0", "").await;
    assert!(one.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let one = one.text().await.unwrap();
    assert!(one.contains("/activate#token=") && !one.contains("production"), "{one}");

    let told = Command::new("kill").args(["-TERM", &demo.child.id().to_string()]).status().unwrap();
    let child = &mut demo.child;
    assert!(told.success() && tokio::task::block_in_place(|| child.wait()).unwrap().success());
    assert_eq!(std::fs::read_dir(demo.directory.path()).unwrap().count(), 0, "nothing is left");
}
