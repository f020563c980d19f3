//! Diagnostics of the program itself, on standard error: off unless asked for with `-v` or
//! `RUST_LOG`.

use tracing_subscriber::EnvFilter;

/// Starts logging. Bodies of requests and answers are logged at no level.
pub(crate) fn start(verbose: u8) {
    let filter = match (std::env::var("RUST_LOG"), verbose) {
        (Ok(filter), _) if !filter.is_empty() => EnvFilter::new(filter),
        (_, 0) => return,
        (_, 1) => EnvFilter::new("rstack=info"),
        (_, 2) => EnvFilter::new("rstack=debug,aws_config=debug"),
        _ => EnvFilter::new("debug"),
    };
    // A second subscriber cannot be set; there is none before this one.
    let _already_set = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(true)
        .try_init();
}
