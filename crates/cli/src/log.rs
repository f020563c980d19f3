//! Diagnostics of the program itself, on standard error: off unless asked for with `-v` or
//! `RUST_LOG`.

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, filter, fmt};

use crate::env::Env;
use crate::reader::{LogWriter, Reader};

/// Where the SDK writes whole answers, secrets included, when `LOG_SENSITIVE_BODIES` is set in the
/// environment. Nothing that it says there is ever shown.
const BODIES: &str = "aws_smithy_runtime::client::orchestrator::http";

/// Starts logging for the reader of standard error. Bodies of requests and answers are logged at no
/// level.
pub(crate) fn start(verbose: u8, env: &Env, reader: Reader) {
    let filter = match (env.variable("RUST_LOG"), verbose) {
        (Some(filter), _) => EnvFilter::new(filter),
        (_, 0) => return,
        (_, 1) => EnvFilter::new("rstack=info"),
        (_, 2) => EnvFilter::new("rstack=debug,aws_config=debug"),
        _ => EnvFilter::new("debug"),
    };
    let quiet = filter::filter_fn(|metadata| metadata.target() != BODIES);
    let writer = move || LogWriter(reader);
    let layer = fmt::layer().with_writer(writer).with_ansi(reader.styled).with_target(true);
    let shown = layer.with_filter(quiet);
    // A second subscriber cannot be set; there is none before this one.
    let _already_set = tracing_subscriber::registry().with(filter).with(shown).try_init();
}
