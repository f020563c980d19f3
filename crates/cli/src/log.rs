//! Diagnostics of the program itself, on standard error: off unless asked for with `-v` or
//! `RUST_LOG`.

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, filter, fmt};

use crate::env::Env;

/// Where the SDK writes whole answers, secrets included, when `LOG_SENSITIVE_BODIES` is set in the
/// environment. Nothing that it says there is ever shown.
const BODIES: &str = "aws_smithy_runtime::client::orchestrator::http";

/// Starts logging. Bodies of requests and answers are logged at no level.
pub(crate) fn start(verbose: u8, env: &Env) {
    let filter = match (env.variable("RUST_LOG"), verbose) {
        (Some(filter), _) => EnvFilter::new(filter),
        (_, 0) => return,
        (_, 1) => EnvFilter::new("rstack=info"),
        (_, 2) => EnvFilter::new("rstack=debug,aws_config=debug"),
        _ => EnvFilter::new("debug"),
    };
    let quiet = filter::filter_fn(|metadata| metadata.target() != BODIES);
    let shown = fmt::layer().with_writer(std::io::stderr).with_target(true).with_filter(quiet);
    // A second subscriber cannot be set; there is none before this one.
    let _already_set = tracing_subscriber::registry().with(filter).with(shown).try_init();
}
