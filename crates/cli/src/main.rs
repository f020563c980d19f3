//! The binary `rstack`.

use std::process::ExitCode;

/// Reading a large template, or the schemas of AWS's validator, is making millions of small objects.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rstack_cli::main()
}
