//! `rstack show`: what the state knows of a stack, or what a saved plan would change.

use std::path::Path;

use clap::Args;
use rstack_render::{plan_json, plan_text, state_json, state_text};

use super::known_stack::state;
use crate::args::DetailArguments;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::plan_file;

/// The arguments of `rstack show`.
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The stack: its name, or its template; or the file of a saved plan.
    #[arg(value_name = "STACK")]
    stack: Option<String>,
    #[command(flatten)]
    detail: DetailArguments,
}

/// Shows a stack or a saved plan.
pub(crate) fn run(context: &Context, args: &ShowArgs) -> Result<Exit, CommandError> {
    let Context { terminal, env, .. } = context;
    let named = args.stack.as_deref();
    if let Some(path) = named.map(Path::new).filter(|path| plan_file::names_plan(env, path)) {
        let plan = plan_file::load(env, path)?;
        if terminal.json {
            terminal.text(&plan_json(&plan)?)?;
        } else {
            terminal.text(&plan_text(&plan, &terminal.view(args.detail)))?;
        }
        return Ok(Exit::Done);
    }
    let state = state(context, named)?;
    if terminal.json {
        terminal.text(&state_json(&state)?)?;
    } else {
        terminal.text(&state_text(&state, &terminal.view(args.detail)))?;
    }
    Ok(Exit::Done)
}
