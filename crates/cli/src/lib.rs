//! The rstack command line as a library: [`run`] runs a command in the surroundings that it is given,
//! [`main`] in those of the process.
//!
//! Each command has a file in `commands`, with its arguments and what it does. Precise errors of the
//! modules become a [`CommandError`] at the border of the command. Imports run one way: `cli` knows
//! the commands, the commands know the modules that they share, and no module knows a command.

mod app_args;
mod approval;
mod args;
mod assembly;
mod assets;
mod cli;
mod command_line;
mod commands;
mod context;
mod descriptors;
mod digest_key;
mod env;
mod error;
mod exit;
mod files;
mod heartbeat;
mod known_handlers;
mod lint;
mod log;
mod memory;
mod outputs_file;
mod parallel;
mod parameter_args;
mod parameters;
mod plan_file;
mod process;
mod progress;
mod project;
mod read_streams;
mod reader;
mod remote_template;
mod sam;
mod sandbox_custom;
mod sandbox_env;
mod session;
mod shell_word;
mod signals;
mod sources;
mod stack;
mod synth;
mod template;
mod terminal;
mod waiting;

pub use cli::run;
pub use env::{Clouds, ConnectError, Connecting, Env, Output, Streams};
pub use error::{CommandError, ErrorKind, Hint};
pub use exit::Exit;
pub use known_handlers::KNOWN_HANDLERS;
pub use process::main;
pub use read_streams::ReadStreams;
