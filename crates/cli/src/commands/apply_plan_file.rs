//! `rstack apply FILE`: carries out a saved plan, or refuses it because something moved.

use std::path::Path;

use super::apply::Options;
use super::front_end::TerminalFrontEnd;
use super::outcome::tell;
use crate::args::{Global, StackArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::plan_file;
use crate::progress::Display;
use crate::secret_args::secrets;
use crate::session::{Session, holder};
use crate::terminal::Terminal;

/// Carries out the plan in a file.
pub(super) async fn run(
    global: &Global,
    path: &Path,
    arguments: &StackArguments,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    if options.plan.no_refresh {
        return Err(CliError::PlanFileOption("--no-refresh"));
    }
    if !options.plan.delete_first.is_empty() {
        return Err(CliError::PlanFileOption("--delete-first"));
    }
    if arguments.stack_name.is_some() {
        return Err(CliError::PlanFileOption("--stack-name"));
    }
    let plan = plan_file::load(path)?;
    options.wait.of(&plan)?;
    let session = Session::open(global, Display::new(*terminal)).await?;
    let options = options.review();
    let front = TerminalFrontEnd { session: &session, terminal, options, template: None };
    let (given, holder) = (secrets(&arguments.parameter), holder("apply"));
    let applying = rstack_ops::apply_saved(&session.ops, &plan, &given, &holder, &front);
    let applied = session.display.during(applying).await?;
    tell(&session, (&plan.stack, plan.mode), applied, terminal)
}
