//! The log: lines on standard error. Writing it never delays a request and never fails one: lines that standard error
//! does not take are lost and counted.

use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Maximum number of lines that wait to be written. Further ones are lost.
const WAITING: usize = 8_192;

/// What is logged by default. Actix would report what clients did wrong as its own errors.
const DEFAULT: &str = "info,actix_server=warn,actix_http::h1::dispatcher=off";

/// Lines that could not be written, for example because the disk is full.
static UNWRITTEN: AtomicU64 = AtomicU64::new(0);
/// Lines that came while too many were waiting.
static CROWDED_OUT: OnceLock<ErrorCounter> = OnceLock::new();

/// Writes the lines that are left when it is dropped, which takes at most about a second.
pub struct Log(Option<WorkerGuard>);

impl Drop for Log {
    fn drop(&mut self) {
        let guard = self.0.take();
        // The guard prints if standard error takes nothing, which panics if standard output takes nothing either.
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(move || drop(guard)));
    }
}

/// Starts logging, at `info` and above unless `RUST_LOG` is set. Panics are logged, too.
#[must_use]
pub fn start(json: bool) -> Log {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let (writer, guard) = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING).finish(StandardError);
    let crowded_out = writer.error_counter();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(io::stderr().is_terminal());
    // The subscriber would print its own failures to standard error, and panic if that fails.
    let log = log.with_writer(writer).log_internal_errors(false);
    let started = if json { log.json().try_init() } else { log.try_init() };
    // Starting the log twice in one process, as tests do, is not an error.
    if started.is_ok() {
        let _ = CROWDED_OUT.set(crowded_out);
        panic::set_hook(Box::new(|panicked| tracing::error!(%panicked, "a thread panicked")));
    }
    Log(Some(guard))
}

/// Number of lines that were lost since the process started.
#[must_use]
pub fn lost() -> u64 {
    let crowded_out = CROWDED_OUT.get().map_or(0, ErrorCounter::dropped_lines);
    UNWRITTEN.load(Ordering::Relaxed) + u64::try_from(crowded_out).unwrap_or(u64::MAX)
}

/// Standard error, which takes everything.
struct StandardError;

impl Write for StandardError {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if io::stderr().write_all(line).is_err() {
            UNWRITTEN.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
