//! `rstack apply FILE`: carries out a saved plan, or refuses it because something moved. Those of a run of
//! several stacks have a file of their own.

use std::cell::RefCell;
use std::path::Path;

use rstack_ops::{LastParameters, Saved, secret_names};

use super::apply_run_file;
use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::outcome::{not_begun, tell};
use crate::approval::ApprovalArguments;
use crate::args::{LintArguments, PlanArguments, StackArguments};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::parameters::RunParameters;
use crate::plan_file;
use crate::progress::Display;
use crate::session::{Session, holder, place_of};
use crate::waiting::WaitArguments;
use rstack_model::ErrorCode;

/// A saved plan, and the arguments beside it.
pub(super) struct Asked<'a> {
    pub(super) path: &'a Path,
    pub(super) plan: &'a PlanArguments,
    pub(super) stack: &'a StackArguments,
    pub(super) wait: &'a WaitArguments,
    pub(super) approval: &'a ApprovalArguments,
    pub(super) lint: &'a LintArguments,
}

/// A saved plan was given together with what only a template takes.
#[derive(Debug, thiserror::Error)]
#[error("a saved plan accepts no `{0}`: the plan has decided it")]
struct DecidedInPlan(&'static str);

impl From<DecidedInPlan> for CommandError {
    fn from(error: DecidedInPlan) -> Self {
        Self::of(ErrorCode::OptionConflict, &error).with_hint(Some("plan again with it"))
    }
}

/// Carries out the plan in a file.
pub(super) async fn run(
    context: &Context,
    asked: &Asked<'_>,
    options: ReviewOptions,
) -> Result<Exit, CommandError> {
    check(asked)?;
    let loaded = plan_file::load(&context.env, asked.path)?;
    let approved = asked.approval.check(&context.env, loaded.saved.seal())?;
    let plan = match loaded.trusted(asked.path, approved)? {
        Saved::Plan(saved) => saved.plan,
        Saved::Run(run) => {
            return Box::pin(apply_run_file::run(context, asked.stack, options, run)).await;
        }
    };
    asked.wait.of(&plan)?;
    let place = place_of(context, &plan.environment);
    let session = Session::open(context, &place, Display::new(context.terminal.clone())).await?;
    let hinted = RefCell::default();
    let session = &session;
    let front = TerminalFrontEnd { context, session, options, hinted, template: None };
    let parameters = RunParameters::read(context, &asked.stack.parameters)?;
    let names = [plan.stack.as_str()];
    parameters.check_stacks(&names)?;
    let mut given = parameters.for_stack(&names, LastParameters::default(), false);
    let secrets = secret_names(&plan);
    given.retain_of_files(&secrets);
    for name in secrets {
        given.complete(context, &name, true)?;
    }
    let (given, holder) = (given.secrets(), holder(context, "apply"));
    let applying = rstack_ops::apply_saved(&session.ops, &plan, &given, &holder, &front);
    match session.display.during(applying).await {
        Ok(applied) => tell(context, &front, (&plan.stack, plan.mode), applied),
        Err(error) => not_begun(context, error),
    }
}

fn check(asked: &Asked<'_>) -> Result<(), DecidedInPlan> {
    let given = [
        ("--no-refresh", asked.plan.no_refresh),
        ("--delete-first", !asked.plan.delete_first.is_empty()),
        ("--replace", !asked.plan.replace.is_empty()),
        ("--tag", !asked.plan.tag.is_empty()),
        ("--reset-parameters", asked.plan.reset_parameters),
        ("--ignore-update-policy", asked.plan.ignore_update_policy),
        ("--exclusively", asked.stack.exclusively),
        ("--termination-protection", asked.plan.termination_protection),
        ("--no-termination-protection", asked.plan.no_termination_protection),
        ("--stack-name", asked.stack.stack_name.is_some()),
        ("--app", asked.stack.app.app.is_some()),
        ("--synth", asked.stack.app.synth),
        ("--rules", !asked.lint.rules.is_empty()),
        ("--deny", !asked.lint.deny.is_empty()),
        ("--allow", !asked.lint.allow.is_empty()),
        ("--no-lint", asked.lint.no_lint),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(DecidedInPlan(option)),
        None => Ok(()),
    }
}
