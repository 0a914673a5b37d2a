//! The command line: the `teammate` binary and its commands.

mod demo;
mod demo_equipment;
mod demo_serve;
mod import;
mod report;

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use domain::refusal::Refusal;
use domain::values::email::EmailAddress;
use persistence::{Access, Database, Options, members, outbox, refold};
use secrecy::{ExposeSecret, SecretString};

use crate::access::Origin;
use crate::app::Tools;
use crate::clock::Clock;
use crate::error::Error;
use crate::resources::second_factors;
use crate::security::rotation::Renewed;
use crate::security::seal::Seal;
use crate::security::{access_token, rotation};
use crate::server::{Background, Running};
use crate::settings::{Settings, StoreSettings, parse_email};
use crate::site::problems;
use crate::{log, openapi, private, server};

/// The TeamMate Portal API: connects customers' phone systems to Microsoft Teams.
#[derive(Debug, Parser)]
#[command(name = "teammate", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the service. This is the default command.
    Serve,
    /// Migrate the database to the current schema.
    Migrate,
    /// Print the OpenAPI document as YAML.
    Openapi,
    /// Print the table of error codes as Markdown.
    Errors,
    /// Fill an empty database with a reproducible example tree.
    Demo(demo::Demo),
    /// Write a complete billing report to a file, for example in a monthly job.
    Report(report::Arguments),
    /// Import resellers, enterprises or users from a file into a running service, as an API client.
    Import(import::Arguments),
    /// Add a key that signs access tokens. Running services load it automatically, and no request fails.
    RotateSigningKey,
    /// Add a key that encrypts stored secrets, wait until running services have loaded it, and re-encrypt everything
    /// that older keys have encrypted.
    RotateKeys {
        /// Seconds to wait before each pass. Use less than 60 only if no service is running.
        #[arg(long, default_value_t = 60)]
        wait_seconds: u64,
    },
    /// Remove the second factor of a member who has lost the app and the recovery codes, if no owner can do it. Verify
    /// the member's identity first.
    ResetSecondFactor {
        /// E-mail address that the member signs in with.
        #[arg(value_parser = parse_email)]
        email: EmailAddress,
    },
    /// Queue all failed e-mails again.
    ReplayMail,
}

/// Runs the command of the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let _log = log::start(cli.settings.log_json);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "teammate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), String> {
    let Cli { command, settings } = cli;
    match command {
        None | Some(Command::Serve) => runtime()?.block_on(serve(settings)),
        Some(Command::Migrate) => {
            let (runtime, database) = (runtime()?, open(&settings.store, Access::Only)?);
            runtime.block_on(database.write_long(refold::run)).map_err(|error| error.to_string())
        }
        Some(Command::Openapi) => {
            let text = openapi::document().to_yaml().map_err(|error| error.to_string())?;
            // The reader may have closed the pipe early, as `head` does.
            let _ = std::io::stdout().write_all(text.as_bytes());
            Ok(())
        }
        Some(Command::Errors) => {
            let _ = std::io::stdout().write_all(problems::markdown().as_bytes());
            Ok(())
        }
        Some(Command::Demo(demo)) if demo.serve => runtime()?.block_on(demo_serve::run(&settings, &demo)),
        Some(Command::Demo(demo)) => {
            runtime()?.block_on(demo::run(&open(&settings.store, Access::Only)?, &demo, settings.sbc_regions.regions()))
        }
        Some(Command::Report(arguments)) => runtime()?.block_on(report::run(
            &open(&settings.store, Access::Beside)?,
            &arguments,
            Clock::default().now(),
        )),
        Some(Command::Import(arguments)) => runtime()?.block_on(import::run(&arguments)),
        Some(Command::RotateSigningKey) => {
            access_token::rotate(&settings.store.data_dir, Clock::default().now()).map_err(|error| error.to_string())
        }
        Some(Command::RotateKeys { wait_seconds }) => rotate_keys(&settings.store, wait_seconds),
        Some(Command::ResetSecondFactor { email }) => reset_second_factor(&settings.store, email),
        Some(Command::ReplayMail) => {
            let (runtime, database, now) = (runtime()?, open(&settings.store, Access::Beside)?, Clock::default().now());
            let replay = database.write(move |tx| outbox::replay(tx, now).map_err(Error::from));
            let count = runtime.block_on(replay).map_err(|error| error.to_string())?;
            say(&format!("{count} e-mail(s) queued again."));
            Ok(())
        }
    }
}

/// Resets a member's second factor. A running service sends the e-mail that notifies the member.
fn reset_second_factor(store: &StoreSettings, email: EmailAddress) -> Result<(), String> {
    let (runtime, database, now) = (runtime()?, open(store, Access::Beside)?, Clock::default().now());
    let seal = Seal::open(&store.data_dir, now).map_err(|error| error.to_string())?;
    let (tools, origin) = (Tools::new(seal), Origin::system("reset-second-factor"));
    let name = email.given().to_owned();
    let reset = database.write(move |tx| {
        let mut tx = tools.tx(tx, &origin, now);
        let member = members::by_email(&mut tx, &email)?.ok_or(Refusal::NotFound)?;
        second_factors::operations::reset(&mut tx, &member)
    });
    runtime.block_on(reset).map_err(|error| format!("{name}: {error}"))?;
    say(&format!("{name} signs in with the password alone, until there is another second factor."));
    Ok(())
}

/// Adds a sealing key and re-seals all secrets. Services can keep running, because they open secrets of both keys.
fn rotate_keys(store: &StoreSettings, wait_seconds: u64) -> Result<(), String> {
    let (database, now) = (open(store, Access::Beside)?, Clock::default().now());
    let failed = |error: std::io::Error| format!("the keys in {}: {error}", store.data_dir.join("keys").display());
    // A directory without keys gets its first one here.
    Seal::open(&store.data_dir, now).map_err(failed)?;
    Seal::add_key(&store.data_dir, now).map_err(failed)?;
    let seal = Arc::new(Seal::open(&store.data_dir, now).map_err(failed)?);
    say(&format!("The new key was added. Running services load it within {} seconds.", server::READ_KEYS.as_secs()));
    let (runtime, mut total) = (runtime()?, 0);
    loop {
        // Transactions that sealed with the old key have committed by then.
        std::thread::sleep(Duration::from_secs(wait_seconds));
        let pass = runtime.block_on(rotation::renew_all(&database, &seal)).map_err(|error| error.to_string())?;
        let Renewed { renewed, unreadable } = pass;
        total += renewed;
        say(&format!("{renewed} secret(s) re-encrypted."));
        if unreadable > 0 {
            return Err(format!(
                "{unreadable} secret(s) could not be decrypted and were left unchanged: their key is missing"
            ));
        }
        if renewed == 0 {
            say(&format!(
                "All secrets are encrypted with the newest key ({total} were re-encrypted). Keep the older keys for \
                 older backups."
            ));
            return Ok(());
        }
    }
}

async fn serve(settings: Settings) -> Result<(), String> {
    let operator = settings.operator_email.clone();
    let notice = Duration::from_secs(settings.drain_seconds);
    let running = server::start(settings, Clock::default(), Background::Runs).await?;
    greet(&running, operator.given());
    until_told_to_stop().await?;
    running.app.drain();
    // A second signal stops without waiting.
    tokio::select! {
        () = tokio::time::sleep(notice) => {}
        again = until_told_to_stop() => again?,
    }
    tracing::info!("stopping: finishing running requests");
    running.stop().await;
    Ok(())
}

/// Prints the URLs of the service. Write errors are ignored, because standard output may be closed.
fn greet(running: &Running, operator: &str) {
    let address = running.address;
    let scheme = running.app.settings.tls.scheme();
    let mut lines = format!(
        "TeamMate Portal API on {scheme}://{address}\nSwagger UI on          {scheme}://{address}/swagger-ui/\n"
    );
    if let Some(password) = &running.generated_password {
        let _ = match keep_password(&running.app.settings.store.data_dir, password) {
            None => writeln!(
                lines,
                "First operator:        {operator} with password {}\n                       The password is shown this once.",
                password.expose_secret()
            ),
            Some(Ok(path)) => {
                writeln!(lines, "First operator:        {operator} with the password in {}", path.display())
            }
            Some(Err(error)) => {
                writeln!(
                    lines,
                    "First operator:        {operator}; the password could not be written to a file: {error}"
                )
            }
        };
    }
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(lines.as_bytes()).and_then(|()| output.flush());
}

/// Writes the generated password to a file that only the service's user can read, unless standard output is a terminal:
/// anything else, such as a log, keeps what it is given, and others may read it.
fn keep_password(data_dir: &Path, password: &SecretString) -> Option<std::io::Result<PathBuf>> {
    if std::io::stdout().is_terminal() {
        return None;
    }
    let path = data_dir.join("first-password");
    let _ = std::fs::remove_file(&path);
    let line = format!("{}\n", password.expose_secret());
    Some(private::write_new(&path, line.as_bytes()).map(|()| path))
}

async fn until_told_to_stop() -> Result<(), String> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn open(store: &StoreSettings, access: Access) -> Result<Database, String> {
    server::make_data_dir(&store.data_dir)?;
    Database::open(store.database_url(), Options { access, pool: store.pool.options(), ..Options::default() })
        .map_err(|error| error.to_string())
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
}

/// Prints a line. It is no error if nobody reads it any more.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
