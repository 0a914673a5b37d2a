//! The `teammate` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::commands::main()
}
