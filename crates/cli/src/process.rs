//! The process: its arguments, its surroundings, its exit code.

use std::io::{self, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_driver::Cloud;
use rstack_model::SecretString;

use crate::env::{Clouds, ConnectError, Connecting, Env, Output, Streams};
use crate::exit::Exit;
#[cfg(feature = "lint")]
use crate::lint;
use crate::read_streams::ReadStreams;
use crate::{cli, descriptors, memory};

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    #[cfg(feature = "lint")]
    if std::env::args_os().nth(1).is_some_and(|first| first == lint::ENTRY) {
        return lint::work();
    }
    memory::protect();
    if let Err(error) = descriptors::prepare() {
        let hint = "allow the process more open files: `ulimit -n 256`";
        return refuse("the program may open too few files", &error, Some(hint));
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return refuse("cannot start threads", &error, None),
    };
    runtime.block_on(cli::run(std::env::args_os(), env())).code()
}

/// Says why the program cannot start. There is nowhere left to say that standard error is gone.
fn refuse(text: &str, error: &io::Error, hint: Option<&str>) -> ExitCode {
    use std::io::Write;
    let hint = hint.map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
    let _gone = writeln!(io::stderr(), "error[internal]: {text}\n  because {error}{hint}");
    Exit::Error.code()
}

/// The surroundings of this process.
fn env() -> Env {
    let out = Output {
        writer: Arc::new(Mutex::new(io::stdout())),
        is_terminal: io::stdout().is_terminal(),
    };
    let err = Output {
        writer: Arc::new(Mutex::new(io::stderr())),
        is_terminal: io::stderr().is_terminal(),
    };
    let streams = Streams {
        out,
        err,
        input: Arc::new(Mutex::new(BufReader::new(io::stdin()))),
        read: ReadStreams::default(),
        input_is_terminal: io::stdin().is_terminal(),
        hidden_line: Arc::new(|| rpassword::read_password().map(SecretString::new)),
        size: Arc::new(|| {
            let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
            Some((usize::from(size.ws_col), usize::from(size.ws_row)))
        }),
    };
    Env {
        variables: std::env::vars_os().collect(),
        directory: None,
        states: None,
        streams,
        clock: Arc::new(jiff::Timestamp::now),
        clouds: Arc::new(Built),
        validator: Some(program()),
        signals: true,
        known_handlers: crate::known_handlers::KNOWN_HANDLERS,
    }
}

/// The path of this program. Where the operating system knows the process's own file, an update of the
/// program in the middle of a run changes nothing.
fn program() -> PathBuf {
    let own = Path::new("/proc/self/exe");
    if own.exists() {
        return own.to_owned();
    }
    // A name that cannot be started is reported when it is.
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("rstack"))
}

/// The clouds that this program was built with.
struct Built;

#[async_trait]
impl Clouds for Built {
    #[cfg(feature = "aws")]
    async fn connect(&self, chosen: Connecting) -> Result<Arc<dyn Cloud>, ConnectError> {
        let Connecting { region, profile, response_bucket, no_built_in } = chosen;
        let options = rstack_aws::ConnectOptions { region, profile, response_bucket, no_built_in };
        let cloud = rstack_aws::AwsCloud::connect(options).await.map_err(ConnectError::Cloud)?;
        Ok(Arc::new(cloud))
    }

    #[cfg(not(feature = "aws"))]
    async fn connect(&self, _: Connecting) -> Result<Arc<dyn Cloud>, ConnectError> {
        Err(ConnectError::NotBuilt)
    }
}
