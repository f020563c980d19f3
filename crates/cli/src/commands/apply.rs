//! `rstack apply`: makes the stack what its template says. A saved plan has a file of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::apply_plan_file;
use super::apply_stacks;
use super::apply_template::apply_template;
use super::empty_stacks;
use super::front_end::ReviewOptions;
use super::plan_request::PlanRequest;
use super::planned_stack::load_all;
use crate::approval::ApprovalArguments;
use crate::args::{DetailArguments, LintArguments, PlanArguments, StackArguments};
use crate::assembly::Beside;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::outputs_file::OutputsFile;
use crate::progress::Display;
use crate::session::Session;
use crate::synth::synthesize;
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
    // Terraform's name of it works, too.
    #[arg(long, short, alias = "auto-approve")]
    yes: bool,
    /// After a failure, keep the changes that were made instead of rolling them back.
    #[arg(long)]
    no_rollback: bool,
    /// Write the outputs of the stacks to this JSON file, as `cdk deploy` does: `{"Stack": {"Output":
    /// "value"}}`. Secret outputs are left out. Replaces an earlier such file.
    #[arg(long, value_name = "FILE")]
    outputs_file: Option<PathBuf>,
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
    fn review(&self, outputs: Option<&Arc<OutputsFile>>) -> ReviewOptions {
        let Self { detail, yes, no_rollback, ref wait, .. } = *self;
        let (rollback, outputs) = (!no_rollback, outputs.cloned());
        ReviewOptions { detail, yes, rollback, wait: wait.clone(), agreed: None, outputs }
    }
}

/// Applies a template or a saved plan.
pub(crate) async fn run(context: &Context, args: &ApplyArgs) -> Result<Exit, CommandError> {
    let outputs = args.outputs_file.as_deref();
    let outputs = outputs.map(|path| OutputsFile::new(context, path).map(Arc::new)).transpose()?;
    let done = Box::pin(apply(context, args, args.review(outputs.as_ref()))).await;
    match outputs {
        // What is done of a run that failed is written, too.
        Some(outputs) => done.and_then(|exit| outputs.write(context).map(|()| exit)),
        None => done,
    }
}

async fn apply(
    context: &Context,
    args: &ApplyArgs,
    review: ReviewOptions,
) -> Result<Exit, CommandError> {
    let named = args.stack.stack.as_deref().map(Path::new);
    match named {
        Some(path) if plan_file::names_plan(&context.env, path) => {
            let ApplyArgs { plan, stack, wait, approval, lint, .. } = args;
            let asked = apply_plan_file::Asked { path, plan, stack, wait, approval, lint };
            apply_plan_file::run(context, &asked, review).await
        }
        Some(_) | None => run_template(context, args, review).await,
    }
}

async fn run_template(
    context: &Context,
    args: &ApplyArgs,
    review: ReviewOptions,
) -> Result<Exit, CommandError> {
    if let Some(option) = args.approval.given() {
        return Err(ForSavedPlan(option).into());
    }
    let StackArguments { app, stack_name, .. } = &args.stack;
    let (stack, name) = (app.stack(args.stack.stack.as_deref()), stack_name.as_deref());
    if let Some(exit) = synthesize(context, app).await? {
        return Ok(exit);
    }
    let beside = if args.stack.exclusively { Beside::Nothing } else { Beside::Needed };
    let files = stack::find_all(&context.env, stack, name, beside)?;
    let files = empty_stacks::leave_out(context, files).await?;
    let ApplyArgs { stack, plan, lint, .. } = args;
    let request = PlanRequest { context, stack, plan, lint, command: "apply" };
    let [file] = files.as_slice() else {
        return Box::pin(apply_stacks::run(request, review, &files)).await;
    };
    let mut templates = Box::pin(load_all(request, &files)).await?;
    let Some(template) = templates.first_mut() else { return Ok(Exit::Done) };
    let (place, display) = (&file.settings.environment, Display::new(context.terminal.clone()));
    let session = Session::open(context, place, display).await?;
    Box::pin(apply_template(request, (file, &session, template), review)).await
}
