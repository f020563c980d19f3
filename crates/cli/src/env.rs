//! The surroundings of a command: environment variables, directory, streams, clock, clouds. A
//! command takes them from here alone, so that it can run in a test, without a process of its own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rstack_driver::{Cloud, DriverError};
use rstack_model::{Region, SecretString};

use crate::read_streams::ReadStreams;

/// The beginning of the variables that hold the values of secret parameters.
pub(crate) const PARAMETER_VARIABLE: &str = "RSTACK_PARAMETER_";

/// The surroundings of a command.
#[derive(Clone)]
pub struct Env {
    /// The environment variables.
    pub variables: BTreeMap<OsString, OsString>,
    /// The directory that relative paths begin at; `None` is the process's own.
    pub directory: Option<PathBuf>,
    /// The folder of the states, which is no part of a template's code. The options of a command name it.
    pub states: Option<PathBuf>,
    /// The streams.
    pub streams: Streams,
    /// The time of day.
    pub clock: Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>,
    /// The clouds beside the sandbox.
    pub clouds: Arc<dyn Clouds>,
    /// This program, which is started again as the validator's process. Without it the validator works
    /// in a thread, where nothing limits it.
    pub validator: Option<PathBuf>,
    /// True if a run listens to the signals of the process.
    pub signals: bool,
    /// The digests of the handlers of custom resources whose code is known, as JSON: those of the CDK, but in
    /// tests.
    pub known_handlers: &'static str,
}

/// The streams of a command.
#[derive(Clone)]
pub struct Streams {
    /// Standard output: the result.
    pub out: Output,
    /// Standard error: what people should know beside the result.
    pub err: Output,
    /// Standard input: answers to questions, or the file `-`.
    pub input: Arc<Mutex<dyn BufRead + Send>>,
    /// The streams that a command was given as files, as far as they were read.
    pub read: ReadStreams,
    /// True if standard input is a terminal.
    pub input_is_terminal: bool,
    /// Reads a line from the terminal without showing it.
    pub hidden_line: Arc<dyn Fn() -> std::io::Result<SecretString> + Send + Sync>,
    /// The columns and lines of the terminal, if there is one.
    pub size: Arc<dyn Fn() -> Option<(usize, usize)> + Send + Sync>,
}

/// A stream that is written to.
#[derive(Clone)]
pub struct Output {
    /// The stream.
    pub writer: Arc<Mutex<dyn Write + Send>>,
    /// True if it is a terminal.
    pub is_terminal: bool,
}

impl Output {
    /// The stream, for this thread alone.
    pub(crate) fn lock(&self) -> MutexGuard<'_, dyn Write + Send + 'static> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a cloud cannot be connected to.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The cloud refused, or cannot be reached.
    #[error("{0}")]
    Cloud(DriverError),
    /// The program was built without it.
    #[error("this rstack was built without AWS")]
    NotBuilt,
}

/// The user's choices of a cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connecting {
    /// The Region, before that of the environment and the profile.
    pub region: Option<Region>,
    /// The profile, before that of the environment.
    pub profile: Option<String>,
    /// The bucket to which handlers of custom resources respond.
    pub response_bucket: Option<String>,
    /// True if all handlers of custom resources are asked, also those with known code.
    pub no_built_in: bool,
}

/// The clouds that commands connect to, beside the sandbox.
#[async_trait]
pub trait Clouds: Send + Sync {
    /// Connects to a cloud.
    ///
    /// # Errors
    /// If there are no credentials or no Region, or the program was built without it.
    async fn connect(&self, chosen: Connecting) -> Result<Arc<dyn Cloud>, ConnectError>;
}

impl Env {
    /// The value of an environment variable, if it is text and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(OsStr::new(name))?.to_str().filter(|value| !value.is_empty())
    }

    /// True if an environment variable is set, and not to an empty text.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.variables.get(OsStr::new(name)).is_some_and(|value| !value.is_empty())
    }

    /// The path of a file that the user names, as the operating system is asked for it.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.directory.as_ref().map_or_else(|| path.to_owned(), |directory| directory.join(path))
    }

    /// The directory that relative paths begin at, if it is known.
    pub(crate) fn current_directory(&self) -> Option<PathBuf> {
        self.directory.clone().or_else(|| std::env::current_dir().ok())
    }
}
