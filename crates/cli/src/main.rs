//! The binary `rstack`: arguments in, exit code out.

mod again;
mod args;
mod assembly;
mod commands;
mod error;
mod exit;
mod lint;
mod log;
mod memory;
mod parallel;
mod plan_file;
mod progress;
mod project;
mod secret_args;
mod session;
mod signals;
mod sources;
mod stack;
mod template;
mod terminal;
mod waiting;
mod weather;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Arguments;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Reading a large template, or the schemas of AWS's validator, is making millions of small objects.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    memory::protect();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // There is nowhere left to say that the streams are gone.
            let _gone = error.print();
            // 2 says that there are changes; a wrong command line must not look like that.
            let asked_for = error.exit_code() == 0;
            return if asked_for { Exit::Done.code() } else { Exit::Error.code() };
        }
    };
    log::start(arguments.global.verbose);
    let global = arguments.global.clone();
    let terminal = Terminal::detect(&global);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let exit = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(arguments, &terminal)),
        Err(source) => Err(error::CliError::Runtime(source)),
    };
    match exit {
        Ok(exit) => exit.code(),
        Err(error) => {
            terminal.error(&error, &global);
            error.exit().code()
        }
    }
}

impl Exit {
    fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
