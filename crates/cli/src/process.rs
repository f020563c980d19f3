//! The process: its arguments, its surroundings, its exit code.

use std::io::{self, BufReader, IsTerminal};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_driver::Cloud;
use rstack_model::{Region, SecretString};

use crate::env::{Clouds, ConnectError, Env, Output, Streams};
use crate::exit::Exit;
use crate::{cli, memory};

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    memory::protect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            use std::io::Write;
            let text = "error: the program cannot start its threads";
            // There is nowhere left to say that standard error is gone.
            let _gone = writeln!(io::stderr(), "{text}\n  because {error}");
            return Exit::Error.code();
        }
    };
    runtime.block_on(cli::run(std::env::args_os(), env())).code()
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
        streams,
        clock: Arc::new(jiff::Timestamp::now),
        clouds: Arc::new(Built),
        signals: true,
    }
}

/// The clouds that this program was built with.
struct Built;

#[async_trait]
impl Clouds for Built {
    #[cfg(feature = "aws")]
    async fn connect(
        &self,
        region: Option<Region>,
        profile: Option<String>,
    ) -> Result<Arc<dyn Cloud>, ConnectError> {
        let options = rstack_aws::ConnectOptions { region, profile };
        let cloud = rstack_aws::AwsCloud::connect(options).await.map_err(ConnectError::Cloud)?;
        Ok(Arc::new(cloud))
    }

    #[cfg(not(feature = "aws"))]
    async fn connect(
        &self,
        _: Option<Region>,
        _: Option<String>,
    ) -> Result<Arc<dyn Cloud>, ConnectError> {
        Err(ConnectError::NotBuilt)
    }
}
