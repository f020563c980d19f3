//! `rstack apply`: makes the stack what its template says. A saved plan has a file of its own.

use std::cell::RefCell;
use std::path::Path;

use rstack_model::plan::PlanMode;

use super::apply_plan_file;
use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::outcome::tell;
use super::prepare::{PreparedTemplate, plan_options};
use crate::args::{DetailArguments, Global, LintArguments, PlanArguments, StackArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::{Session, holder};
use crate::terminal::Terminal;
use crate::waiting::WaitArguments;
use crate::{plan_file, stack};

/// How to apply.
pub(crate) struct Options {
    pub(crate) plan: PlanArguments,
    pub(crate) lint: LintArguments,
    pub(crate) detail: DetailArguments,
    pub(crate) yes: bool,
    pub(crate) no_rollback: bool,
    pub(crate) wait: WaitArguments,
}

impl Options {
    pub(super) fn review(&self) -> ReviewOptions {
        let Self { detail, yes, no_rollback, ref wait, .. } = *self;
        ReviewOptions { detail, yes, rollback: !no_rollback, wait: wait.clone() }
    }
}

/// Applies a template or a saved plan.
pub(crate) async fn run(
    global: &Global,
    arguments: &StackArguments,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let saved = arguments.stack.as_deref().map(Path::new).filter(|path| plan_file::is_plan(path));
    match saved {
        Some(path) => apply_plan_file::run(global, path, arguments, options, terminal).await,
        None => run_template(global, arguments, options, terminal).await,
    }
}

async fn run_template(
    global: &Global,
    arguments: &StackArguments,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let file = stack::find(arguments.stack.as_deref(), arguments.stack_name.as_deref())?;
    let mut template = PreparedTemplate::load(&file, arguments, &options.lint, terminal)?;
    let session = Session::open(global, Display::new(*terminal)).await?;
    let wanted = template.evaluate(&session, &file, terminal).await?;
    let allowed = plan_options(&options.plan);
    let deploy = wanted.deploy(&allowed, &options.plan);
    let front = TerminalFrontEnd {
        session: &session,
        terminal,
        options: options.review(),
        template: Some(RefCell::new(&mut template)),
    };
    let holder = holder("apply");
    let applying = rstack_ops::apply(&session.ops, &deploy, &holder, &front);
    let applied = session.display.during(applying).await?;
    tell(&session, (&file.name, PlanMode::Deploy), applied, terminal)
}
