//! The key files of the service, in the data directory. Only the service's user can read them. All replicas share the
//! directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use chrono::TimeDelta;
use domain::Timestamp;
use uuid::{NoContext, Uuid};

use crate::private;

/// A key file. Its id is a UUIDv7, so it contains the creation time.
pub struct KeyFile {
    /// The id in the file's name.
    pub id: Uuid,
    /// When the key was created.
    pub made_at: Timestamp,
    /// The content of the file.
    pub octets: Vec<u8>,
}

/// Reads all keys of a kind, oldest first. Fails if others can read one.
pub fn read(data_dir: &Path, kind: &str) -> io::Result<Vec<KeyFile>> {
    let mut keys = Vec::new();
    let directory = directory(data_dir);
    if !directory.exists() {
        return Ok(keys);
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.strip_prefix(kind)?.strip_prefix('-')?.strip_suffix(".key"))
        else {
            continue;
        };
        let Ok(id) = Uuid::parse_str(id) else { continue };
        let made_at = id.get_timestamp().map(|made_at| made_at.to_unix()).unwrap_or_default();
        let made_at = chrono::DateTime::from_timestamp(i64::try_from(made_at.0).unwrap_or_default(), made_at.1);
        private::check_file(&entry.path())?;
        keys.push(KeyFile { id, made_at: made_at.unwrap_or_default(), octets: fs::read(entry.path())? });
    }
    keys.sort_by_key(|key| key.id);
    Ok(keys)
}

/// Adds a key of 256 random bits.
pub fn add_random(data_dir: &Path, kind: &str, now: Timestamp) -> io::Result<()> {
    let mut octets = [0; 32];
    rand::fill(&mut octets).map_err(io::Error::other)?;
    add(data_dir, kind, &octets, now)
}

/// Adds a key of a kind. It sorts after all existing keys, even if they were created by a clock that is ahead.
pub fn add(data_dir: &Path, kind: &str, octets: &[u8], now: Timestamp) -> io::Result<()> {
    let directory = directory(data_dir);
    let newest = read(data_dir, kind)?.pop();
    let now = newest.map_or(now, |newest| now.max(newest.made_at + TimeDelta::milliseconds(1)));
    private::make_directory(&directory)?;
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let id = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()));
    // Written to another name and renamed, so that nobody reads half a key.
    let draft = directory.join(format!(".{kind}-{id}"));
    private::write_new(&draft, octets)?;
    fs::rename(draft, path(&directory, kind, id))
}

/// Deletes a key of a kind.
pub fn remove(data_dir: &Path, kind: &str, id: Uuid) -> io::Result<()> {
    fs::remove_file(path(&directory(data_dir), kind, id))
}

fn directory(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

fn path(directory: &Path, kind: &str, id: Uuid) -> PathBuf {
    directory.join(format!("{kind}-{id}.key"))
}
