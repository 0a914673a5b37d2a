//! The file of a SQLite database: that only one process writes to it, and that it is still the one that was opened.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::fs::statvfs;

use super::error::Error;

/// How long a start waits for another process to end, for example during a restart.
const WAIT: Duration = Duration::from_secs(2);
/// Below this number of free octets, a write is tried before the service is called ready.
const NEARLY_FULL: u64 = 1024 * 1024;

/// The database file and its write-ahead log.
pub(crate) struct DatabaseFile {
    path: PathBuf,
    identity: Option<Identity>,
    log: PathBuf,
    log_identity: OnceLock<Identity>,
    /// Locked as long as the database is open for writing.
    _lock: Option<File>,
}

/// Device and inode: what a path must lead to for the file to be the same.
type Identity = (u64, u64);

/// How a process uses the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// As the only process that serves or fills the database. Runs pending migrations.
    Only,
    /// For reads and a few short transactions, beside a process that serves. Does not migrate.
    Beside,
}

impl DatabaseFile {
    /// Locks the database if asked to. Fails with a message that names the process that has it.
    pub(crate) fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let path = resolved(path);
        let with = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
        make_private(&path, &with, access)
            .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
        let lock = (access == Access::Only).then(|| lock(&path, &with(".lock"))).transpose()?;
        Ok(Self { log: with("-wal"), identity: None, log_identity: OnceLock::new(), path, _lock: lock })
    }

    /// Notes which file was opened.
    pub(crate) fn note(&mut self) {
        self.identity = identity(&self.path);
    }

    /// Whether the paths still lead to the files that were opened. Otherwise, what is written is lost.
    pub(crate) fn is_in_place(&self) -> bool {
        let log = identity(&self.log);
        identity(&self.path) == self.identity
            && match (self.log_identity.get(), log) {
                (Some(known), found) => found.as_ref() == Some(known),
                // SQLite creates it when it first needs it.
                (None, found) => found.is_none_or(|found| *self.log_identity.get_or_init(|| found) == found),
            }
    }

    /// Whether the disk has hardly any space left.
    pub(crate) fn is_nearly_full(&self) -> bool {
        statvfs(&self.path).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < NEARLY_FULL)
    }
}

/// Creates the database file if there is none, and takes the permissions of all others from it and from the files that
/// SQLite makes beside it with the same permissions. An existing file is not opened: closing it would release the locks
/// of SQLite.
fn make_private(path: &Path, with: &dyn Fn(&str) -> PathBuf, access: Access) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let files = [path.to_owned(), with("-wal"), with("-shm")];
    for file in files.into_iter().filter(|_| access == Access::Only) {
        if fs::metadata(&file).is_ok_and(|found| found.mode() & 0o077 != 0)
            && let Err(error) = fs::set_permissions(&file, Permissions::from_mode(0o600))
        {
            tracing::warn!(file = %file.display(), %error, "others can read this file, and its permissions can't be changed");
        }
    }
    Ok(())
}

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// The path without symbolic links, so that two names of a file have one lock.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (parent.canonicalize(), path.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    }
}

/// Locks a file beside the database. The system releases the lock when the process ends, however it ends. The database
/// file itself must not be opened for this: closing it would release the locks of SQLite.
fn lock(database: &Path, path: &Path) -> Result<File, Error> {
    let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    let mut options = OpenOptions::new();
    let mut file =
        options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
    // Whoever has the database can lock it later, also if this is run by the administrator of the machine.
    if let Ok(owner) = fs::metadata(database) {
        let _ = fchown(&file, Some(owner.uid()), Some(owner.gid()));
    }
    let until = Instant::now() + WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(50)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(Error::InUse { database: database.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    file.set_len(0).map_err(failed)?;
    writeln!(file, "process {}, since {}", std::process::id(), chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ"))
        .map_err(failed)?;
    Ok(file)
}
