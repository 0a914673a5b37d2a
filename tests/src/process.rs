//! The service as a process of its own, for tests that kill it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::PASSWORD;
use crate::cluster::FreshDatabase;

/// A process of the service. It ends with the test.
pub struct Process {
    child: Child,
    /// Where it listens: `http://…`.
    pub url: String,
}

impl Process {
    /// Starts the service from its binary, on a database, and waits until it answers.
    #[must_use]
    pub fn start(binary: &str, database: &FreshDatabase) -> Self {
        Self::run(Command::new(binary).env("RUST_LOG", "error"), database)
    }

    /// The same, with further flags.
    #[must_use]
    pub fn start_with(binary: &str, database: &FreshDatabase, flags: &[String]) -> Self {
        Self::run(Command::new(binary).args(flags).env("RUST_LOG", "error"), database)
    }

    /// Runs a command of the binary on a database to its end, and says whether it succeeded.
    #[must_use]
    pub fn run_command(binary: &str, database: &FreshDatabase, arguments: &[&str]) -> bool {
        let mut command = Command::new(binary);
        let command = command.args(arguments).env("DATABASE_URL", database.url_text());
        let run = command.env("TEAMMATE_DATA_DIR", database.directory.path()).stdout(Stdio::null()).status();
        run.is_ok_and(|status| status.success())
    }

    /// The same, with a log in JSON that holds all that the service and its libraries have to say below tracing.
    #[must_use]
    pub fn start_with_log(binary: &str, database: &FreshDatabase, log: &Path, flags: &[String]) -> Self {
        let log = File::create(log).expect("a file for the log");
        let mut command = Command::new(binary);
        command.args(flags).env("RUST_LOG", "debug").env("TEAMMATE_LOG_JSON", "1").stderr(log);
        Self::run(&mut command, database)
    }

    /// Starts the service with a log at `debug`, which goes to `log`.
    #[must_use]
    pub fn start_logging_to(binary: &str, database: &FreshDatabase, log: Stdio) -> Self {
        Self::run(Command::new(binary).env("RUST_LOG", "debug").stderr(log), database)
    }

    fn run(command: &mut Command, database: &FreshDatabase) -> Self {
        let mut child = command
            .env("DATABASE_URL", database.url_text())
            .env("TEAMMATE_DATA_DIR", database.directory.path())
            .env("TEAMMATE_LISTEN", "127.0.0.1:0")
            .env("TEAMMATE_OPERATOR_PASSWORD", PASSWORD)
            .env("TEAMMATE_RATE_LIMIT", "off")
            .env("TEAMMATE_WORKERS", "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let output = child.stdout.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("the service says where it is");
        let url = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(url.starts_with("http://"), "{line:?}");
        Self { child, url }
    }

    /// The id of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it as `kill -9` does: it gets no chance to do anything more.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Tells it to stop as an operator does, and waits until it has.
    #[must_use]
    pub fn terminate(mut self) -> bool {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()));
        self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
