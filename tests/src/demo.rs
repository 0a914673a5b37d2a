//! `teammate demo --serve` as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running demo, in an environment that is that of a real service. It ends with the test.
pub struct Demo {
    child: Child,
    /// Where it listens: `http://…`.
    pub url: String,
    /// Who signs in: an operator, then a member of a master reseller, a reseller and an enterprise.
    pub signs_in: Vec<String>,
    /// The password of all of them.
    pub password: String,
    /// Where it puts its files, and where the real service has its data.
    pub directory: TempDir,
}

impl Demo {
    /// Starts one from the binary, and waits until it answers. What it says must be nothing of the real service.
    #[must_use]
    pub fn start(binary: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut child = Command::new(binary)
            .args(["demo", "--serve"])
            .env("TMPDIR", directory.path())
            .env("TEAMMATE_LISTEN", "127.0.0.1:0")
            .env("TEAMMATE_RATE_LIMIT", "off")
            .env("RUST_LOG", "warn")
            .env("DATABASE_URL", "postgres://production.invalid/production")
            .env("SMTP_URL", "smtps://production.invalid")
            .env("TEAMMATE_DATA_DIR", directory.path().join("production"))
            .env("TEAMMATE_PUBLIC_URL", "https://production.example")
            .env("TEAMMATE_OPERATOR_EMAIL", "operator@production.example")
            .env("TEAMMATE_OPERATOR_PASSWORD", "that of production")
            .env("TEAMMATE_BANNER", "That of production")
            .env(
                "TEAMMATE_SBC_REGIONS",
                r#"[{"code": "production", "name": "Production", "base_domain": "production.example", "sbcs": ["sbc.production.example"]}]"#,
            )
            .stdout(Stdio::piped())
            .spawn()
            .expect("the demo starts");
        let output = child.stdout.take().expect("a pipe");
        let mut demo = Self { child, url: String::new(), signs_in: Vec::new(), password: String::new(), directory };
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        while demo.signs_in.len() < 4 {
            let line = lines.next().expect("it says who signs in");
            assert!(!line.contains("production"), "{line}");
            let mut words = line.split_whitespace();
            if let Some(address) = line.strip_prefix("Swagger UI") {
                address.trim().trim_end_matches("/swagger-ui/").clone_into(&mut demo.url);
            } else if line.starts_with("Sign in with the password") {
                words.nth(5).expect("a password").clone_into(&mut demo.password);
            } else if line.starts_with("  ") {
                demo.signs_in.push(words.next().expect("an address").to_owned());
            }
        }
        demo
    }

    /// Tells it to stop as its user does, and says whether it has, without an error.
    #[must_use]
    pub fn stop(&mut self) -> bool {
        let told = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        told.is_ok_and(|status| status.success()) && self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
