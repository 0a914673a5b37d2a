//! The `teammate` binary under another name, because cargo builds a package's own binaries for its tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::commands::main()
}
