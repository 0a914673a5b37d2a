//! The `teammate` binary.

use std::process::ExitCode;

/// Most of a request's time outside the database goes into small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    api::cli::main()
}
