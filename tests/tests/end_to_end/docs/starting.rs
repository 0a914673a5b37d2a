//! What documents start: the service in each of their ways, with a database for it, and the commands of developers.

use std::process::Stdio;

use end_to_end::Database::Postgresql;
use end_to_end::{Group, PASSWORD, root};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{Folder, bash};

/// A service that a block of a document started, and how its operator signs in: as the block says, or with what was printed.
struct Started {
    group: Group,
    url: String,
    email: &'static str,
    password: String,
}

impl Started {
    /// Runs a block in a folder. All that is set for it besides is a port of its own.
    async fn by(folder: &Folder, block: &str) -> Self {
        let mut command = folder.command(block);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TEAMMATE_")) {
            command.env_remove(name);
        }
        command.env_remove("DATABASE_URL").env_remove("SMTP_URL").env("TEAMMATE_LISTEN", "127.0.0.1:0");
        let named = block.contains("TEAMMATE_OPERATOR_EMAIL=you@example.com");
        let email = if named { "you@example.com" } else { "operator@teammate.local" };
        let mut group = Group::spawn(command.stdout(Stdio::piped()));
        let mut lines = BufReader::new(group.child.stdout.take().unwrap()).lines();
        let mut started = Self { group, url: String::new(), email, password: PASSWORD.to_owned() };
        let mut last_word = async || {
            let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("it ended: {block}"));
            line.rsplit(' ').next().unwrap().to_owned()
        };
        started.url = last_word().await;
        assert_eq!(last_word().await, format!("{}/swagger-ui/", started.url));
        if !block.contains("TEAMMATE_OPERATOR_PASSWORD=") {
            // Its output is no terminal.
            let file = folder.path().join(last_word().await);
            let password = std::fs::read_to_string(file).expect("a password");
            started.change_password(password.trim()).await;
        }
        started
    }

    /// Replaces the generated password by the one that everybody has.
    async fn change_password(&self, generated: &str) {
        let token = self.sign_in(generated).await;
        let change = reqwest::Client::new().post(format!("{}/me/change-password", self.url)).bearer_auth(token);
        let change = change.json(&json!({"password": generated, "new_password": self.password}));
        assert_eq!(change.send().await.expect("an answer").status(), 204);
    }

    async fn sign_in(&self, password: &str) -> String {
        let credentials = json!({"email": self.email, "password": password});
        let login = reqwest::Client::new().post(format!("{}/auth/login", self.url)).json(&credentials).send();
        let session: Value = login.await.expect("an answer").json().await.expect("a session");
        session["access_token"].as_str().expect("a token").to_owned()
    }

    /// What an operator, who signs in with the password, reads.
    async fn read(&self, path: &str) -> Value {
        let http = reqwest::Client::new();
        assert_eq!(http.get(format!("{}/readyz", self.url)).send().await.expect("an answer").status(), 200);
        let token = self.sign_in(&self.password).await;
        let read = http.get(format!("{}{path}", self.url)).bearer_auth(token).send().await.expect("an answer");
        read.json().await.expect("JSON")
    }

    /// Ctrl-C, which all of them get, as in a terminal.
    async fn stop(mut self) {
        self.group.signal("INT");
        let end = self.group.child.wait().await.expect("an end");
        assert!(end.success(), "{end}");
    }
}

#[rstest]
#[case::cargo_run("README.md", 0)]
#[case::the_journey("README.md", 1)]
#[case::in_production("docs/operating.md", 0)]
#[case::with_regions("docs/operating.md", 1)]
#[case::on_postgresql("README.md", 16)]
#[tokio::test(flavor = "multi_thread")]
async fn the_service_starts_as_documents_say(#[case] document: &str, #[case] index: usize) {
    let folder = Folder::new();
    let mut block = bash(document).remove(index);
    // The other one of the two commands is what runs this test.
    block = block.lines().filter(|line| !line.starts_with("make test")).collect::<Vec<_>>().join("\n");
    let production = folder.path().join("production");
    block = block.replace("/var/lib/teammate", production.to_str().unwrap());
    if block.contains("postgres://") {
        let server = Postgresql.fresh().url_text();
        let (before, _) = server.rsplit_once('/').unwrap();
        let (user, port) = before.strip_prefix("postgres://").unwrap().split_once("@127.0.0.1:").unwrap();
        block = format!("export PGHOST=127.0.0.1 PGPORT={port} PGUSER={user}\n{block}");
        block = block.replace("postgres://user:password@localhost", before);
    }
    let service = Started::by(&folder, &block).await;
    assert_eq!(service.read("/me").await["role"], "owner");
    let regions = service.read("/sbc-regions").await.to_string();
    assert_eq!(regions.contains("emea.sbc.example.net"), block.contains("TEAMMATE_SBC_REGIONS"), "{regions}");
    let data = if block.contains("TEAMMATE_DATA_DIR") { production } else { folder.path().join("data") };
    assert!(data.join("keys").is_dir());
    assert_eq!(data.join("teammate.db").exists(), !block.contains("postgres://"));
    service.stop().await;
}

#[tokio::test]
async fn the_commands_of_developers_do_what_documents_say() {
    let block = bash("docs/adding-an-endpoint.md").remove(0);
    let (openapi, rest) = block.split_once('\n').unwrap();
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("docs")).unwrap();
    let _ = folder.run(openapi).await;
    for file in ["openapi.yaml", "docs/errors.md"] {
        let read = |folder: &std::path::Path| std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(read(folder.path()) == read(&root()), "{file} is not what `make openapi` writes");
    }
    // What `make test` does is what runs this test; here it only says so.
    let steps = folder.run(&format!("MAKEFLAGS=n\nexport MAKEFLAGS\n{rest}")).await;
    assert!(steps.contains("cargo clippy") && steps.contains("cargo test"), "{steps}");
}
