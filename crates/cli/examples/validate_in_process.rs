//! `rstack`, with AWS's validator in a thread of its own process instead of another one: for the cost
//! of that process (`docs/performance.md`).

use std::io::{self, BufReader};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_cli::{Clouds, ConnectError, Connecting, Env, Output, ReadStreams, Streams};
use rstack_driver::Cloud;
use rstack_model::SecretString;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// No cloud: a validation asks none.
struct NoCloud;

#[async_trait]
impl Clouds for NoCloud {
    async fn connect(&self, _: Connecting) -> Result<Arc<dyn Cloud>, ConnectError> {
        Err(ConnectError::NotBuilt)
    }
}

fn main() -> io::Result<ExitCode> {
    let streams = Streams {
        out: Output { writer: Arc::new(Mutex::new(io::stdout())), is_terminal: false },
        err: Output { writer: Arc::new(Mutex::new(io::stderr())), is_terminal: false },
        input: Arc::new(Mutex::new(BufReader::new(io::stdin()))),
        read: ReadStreams::default(),
        input_is_terminal: false,
        hidden_line: Arc::new(|| Ok(SecretString::new(String::new()))),
        size: Arc::new(|| None),
    };
    let env = Env {
        variables: std::env::vars_os().collect(),
        directory: None,
        states: None,
        streams,
        clock: Arc::new(jiff::Timestamp::now),
        clouds: Arc::new(NoCloud),
        validator: None,
        signals: false,
        known_handlers: rstack_cli::KNOWN_HANDLERS,
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok(runtime.block_on(rstack_cli::run(std::env::args_os(), env)).code())
}
