//! `rstack apply`: makes the stack what its template says. A saved plan has a file of its own.

use std::path::Path;

use clap::Args;

use super::apply_plan_file;
use super::apply_stacks;
use super::apply_template::apply_template;
use super::front_end::ReviewOptions;
use super::planned_stack::PlanRequest;
use super::prepare::PreparedTemplate;
use crate::approval::ApprovalArguments;
use crate::args::{DetailArguments, LintArguments, PlanArguments, StackArguments};
use crate::assembly::Beside;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::Session;
use crate::waiting::WaitArguments;
use crate::{plan_file, stack};
use rstack_model::ErrorCode;

/// The arguments of `rstack apply`.
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(super) stack: StackArguments,
    #[command(flatten)]
    pub(super) plan: PlanArguments,
    #[command(flatten)]
    detail: DetailArguments,
    #[command(flatten)]
    lint: LintArguments,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
    /// After a failure, keep the changes that were made instead of rolling them back.
    #[arg(long)]
    no_rollback: bool,
    #[command(flatten)]
    pub(super) wait: WaitArguments,
    #[command(flatten)]
    pub(super) approval: ApprovalArguments,
}

/// An option that is for saved plans was given with a template.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` needs a saved plan, and the argument is a template")]
struct ForSavedPlan(&'static str);

impl From<ForSavedPlan> for CommandError {
    fn from(error: ForSavedPlan) -> Self {
        let hint = "save the plan with `rstack plan --out FILE`, and apply that file";
        Self::of(ErrorCode::OptionConflict, &error).with_hint(Some(hint))
    }
}

impl ApplyArgs {
    fn review(&self) -> ReviewOptions {
        let Self { detail, yes, no_rollback, ref wait, .. } = *self;
        ReviewOptions { detail, yes, rollback: !no_rollback, wait: wait.clone(), agreed: None }
    }
}

/// Applies a template or a saved plan.
pub(crate) async fn run(context: &Context, args: &ApplyArgs) -> Result<Exit, CommandError> {
    let named = args.stack.stack.as_deref().map(Path::new);
    match named {
        Some(path) if plan_file::names_plan(&context.env, path) => {
            let ApplyArgs { plan, stack, wait, approval, lint, .. } = args;
            let asked = apply_plan_file::Asked { path, plan, stack, wait, approval, lint };
            apply_plan_file::run(context, &asked, args.review()).await
        }
        Some(_) | None => run_template(context, args).await,
    }
}

async fn run_template(context: &Context, args: &ApplyArgs) -> Result<Exit, CommandError> {
    if let Some(option) = args.approval.given() {
        return Err(ForSavedPlan(option).into());
    }
    let (stack, name) = (args.stack.stack.as_deref(), args.stack.stack_name.as_deref());
    let beside = if args.stack.exclusively { Beside::Nothing } else { Beside::Needed };
    let files = stack::find_all(&context.env, stack, name, beside)?;
    let ApplyArgs { stack, plan, lint, .. } = args;
    let request = PlanRequest { context, stack, plan, lint, command: "apply" };
    let [file] = files.as_slice() else {
        return apply_stacks::run(request, args.review(), &files).await;
    };
    let mut template = PreparedTemplate::load(context, file, stack, plan, lint, None)?;
    let (place, display) = (&file.settings.environment, Display::new(context.terminal.clone()));
    let session = Session::open(context, place, display).await?;
    apply_template(request, (file, &session, &mut template), args.review()).await
}
