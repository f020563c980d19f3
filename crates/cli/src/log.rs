//! Diagnostics of the program itself, on standard error: off unless asked for with `-v` or
//! `RUST_LOG`.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter, fmt};

use crate::env::Env;
use crate::reader::{LogWriter, Reader};

/// Where the SDK writes whole answers, secrets included, when `LOG_SENSITIVE_BODIES` is set in the
/// environment. Nothing that it says there is ever shown.
const BODIES: &str = "aws_smithy_runtime::client::orchestrator::http";

/// Starts logging for the reader of standard error. Bodies of requests and answers are logged at no
/// level. `RUST_LOG` has levels, or `target=level`, between commas; an empty one counts as unset.
///
/// # Errors
/// If `RUST_LOG` is no filter; nothing is logged then. The library's own reading of the variable would
/// print its text.
pub(crate) fn start(verbose: u8, env: &Env, reader: Reader) -> Result<(), LogError> {
    let asked = env.variable("RUST_LOG").filter(|filter| !filter.trim().is_empty());
    let filter = match (asked, verbose) {
        (Some(filter), _) => filter,
        (_, 0) => return Ok(()),
        (_, 1) => "rstack=info",
        (_, 2) => "rstack=debug,aws_config=debug",
        _ => "debug",
    };
    let targets: Targets =
        filter.parse().map_err(|source| LogError { filter: filter.to_owned(), source })?;
    let quiet = filter::filter_fn(|metadata| metadata.target() != BODIES);
    let writer = move || LogWriter(reader);
    let layer = fmt::layer().with_writer(writer).with_ansi(reader.styled).with_target(true);
    let shown = layer.with_filter(quiet);
    // A second subscriber cannot be set; there is none before this one.
    let _already_set = tracing_subscriber::registry().with(targets).with(shown).try_init();
    Ok(())
}

/// The environment asks for a log that there is not.
#[derive(Debug, thiserror::Error)]
#[error("invalid filter `{filter}` in `RUST_LOG`: {source}")]
pub(crate) struct LogError {
    filter: String,
    source: filter::ParseError,
}
