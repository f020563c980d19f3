//! The commands, one file each.

mod apply;
mod apply_plan_file;
mod destroy;
mod docs;
mod existing_stack;
mod explain;
mod front_end;
mod graph;
mod ls;
mod outcome;
mod output;
mod plan;
mod prepare;
mod resolve;
mod rollback;
mod sandbox;
mod shell;
mod show;
mod state;
mod validate;
mod validate_report;

pub(crate) use state::{RefusedEdit, StateCommand};

use crate::args::{Arguments, Command};
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Runs a command.
pub(crate) async fn run(arguments: Arguments, terminal: &Terminal) -> Result<Exit, CliError> {
    let global = arguments.global;
    match arguments.command {
        Command::Plan { stack, plan, detail, lint, out, detailed_exitcode } => {
            let options = plan::Options { plan, lint, detail, out, detailed_exitcode };
            plan::run(&global, &stack, &options, terminal).await
        }
        Command::Apply { stack, plan, detail, lint, yes, no_rollback, wait } => {
            let options = apply::Options { plan, lint, detail, yes, no_rollback, wait };
            apply::run(&global, &stack, &options, terminal).await
        }
        Command::Destroy { stack, purge } => destroy::run(&global, &stack, purge, terminal).await,
        Command::Rollback(stack) => rollback::run(&global, &stack, terminal).await,
        Command::Validate { templates, parameter, format, strict, lint } => {
            let options = validate::Options { templates, parameter, format, strict, lint };
            validate::run(&global, options, terminal)
        }
        Command::Docs { name, depth } => docs::run(name.as_deref(), depth.get(), terminal),
        Command::Explain { code } => explain::run(code.as_deref(), terminal),
        Command::Ls => ls::run(&global, terminal),
        Command::Show { stack, detail } => show::run(&global, stack.as_deref(), detail, terminal),
        Command::Output { stack, output } => {
            output::run(&global, stack.as_deref(), output.as_deref(), terminal)
        }
        Command::Graph { stack, format } => graph::run(&global, &stack, format, terminal),
        Command::Resolve { stack, address, ours, not_ours: _ } => {
            resolve::run(&global, &stack, &address, ours, terminal).await
        }
        Command::State { command } => state::run(&global, command, terminal),
        Command::Sandbox { command } => sandbox::run(&global, command, terminal).await,
        Command::Completions { shell } => shell::completions(shell, terminal),
        Command::Man => shell::manual(terminal),
    }
}
