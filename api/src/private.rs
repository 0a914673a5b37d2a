//! Files and directories that only the user of the service can read.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The permissions of everybody but the user.
const OTHERS: u32 = 0o077;

/// Creates a directory, or takes the permissions of all others from an existing one.
pub fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if is_open_to_others(path)? {
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(|error| {
            let advice = "others can read it, and its permissions can't be changed: give it to the user of the service";
            io::Error::new(error.kind(), format!("{advice} ({error})"))
        })?;
    }
    Ok(())
}

/// Writes a new file.
pub fn write_new(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(octets)?;
    file.sync_all()
}

/// Fails if others than the user can read or write a file.
pub fn check_file(path: &Path) -> io::Result<()> {
    if is_open_to_others(path)? {
        let advice = "others can read or write it; replace it if they may have, and then run `chmod 600` on it";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{}: {advice}", path.display())));
    }
    Ok(())
}

fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.mode() & OTHERS != 0)
}
