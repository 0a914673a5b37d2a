//! The `teammate` binary.

use std::process::ExitCode;

use mimalloc::MiMalloc;

// What one thread allocates, another frees: rows are read on the store's threads, and answers sent on those of the server.
// The allocator of the C library is slow at that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    api::commands::main()
}
