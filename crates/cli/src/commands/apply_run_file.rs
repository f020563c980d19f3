//! `rstack apply FILE` of the saved plans of several stacks: all of them are held against states and objects
//! before anything is changed, and agreed to as a whole. Then each is carried out behind those that it needs.

use std::cell::RefCell;
use std::sync::Arc;

use rstack_model::SecretString;
use rstack_model::plan::PlanMode;
use rstack_ops::{
    LastParameters, SavedRun, SavedStack, apply_awaiting, apply_saved, check_saved, secret_names,
};
use rstack_plan::CheckedPlan;
use rstack_template::StackEnvironment;

use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::outcome::{not_begun, tell};
use super::planned_stack::OfOneStack;
use super::stacks_run::{self, StackWork, consent, of_stack, show};
use crate::args::StackArguments;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::parameters::RunParameters;
use crate::progress::Display;
use crate::session::{Session, holder};

/// A stack of a saved run, with its session and the values of its secret parameters.
struct SavedWork {
    plan: Arc<CheckedPlan>,
    session: Session,
    given: Vec<(String, SecretString)>,
}

/// Carries out the plans of a run.
pub(super) async fn run(
    context: &Context,
    arguments: &StackArguments,
    review: ReviewOptions,
    run: SavedRun,
) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    if review.wait.names_resource() {
        return Err(OfOneStack("--timeout").into());
    }
    let display = Arc::new(Display::new(terminal.clone()));
    let given = given(context, arguments, &run.stacks)?;
    let mut stacks = Vec::new();
    for (SavedStack { needs, plan }, given) in run.stacks.into_iter().zip(given) {
        let stack = plan.stack.clone();
        let opened = Session::open(context, &place(context, &plan), Arc::clone(&display)).await;
        let mut session = opened.map_err(|error| of_stack(error.into(), &stack, true))?;
        if let Some(first) = stacks.first().map(|it: &StackWork<SavedWork>| &it.work.session) {
            session.end_with(first);
        }
        let checking = check_saved(&session.ops, &plan, &given);
        let checked = session.display.during(checking).await;
        checked.map_err(|error| of_stack(error.into(), &stack, true))?;
        let work = SavedWork { plan: Arc::new(plan), session, given };
        stacks.push(StackWork { stack, needs, session: |work| &mut work.session, work });
    }
    display.pause();
    let plans: Vec<&CheckedPlan> = stacks.iter().map(|it| &*it.work.plan).collect();
    if !terminal.json {
        show(&plans, review.detail, terminal)?;
    }
    let question = format!("Apply these changes to {} stacks?", plans.len());
    let is_noop = plans.iter().all(|plan| plan.is_noop());
    if !is_noop && !consent(&question, review.yes, terminal).await? {
        return Ok(Exit::Error);
    }
    let review = &review;
    let ends = stacks_run::run(context, &display, stacks, |context, work| {
        let options = ReviewOptions { agreed: Some(Arc::clone(&work.plan)), ..review.clone() };
        async move { Box::pin(apply(&context, &work, options)).await }
    });
    ends.await?.tell(terminal, "done")
}

/// Carries out the plan of one stack, with the outputs that it awaits if it does.
async fn apply(
    context: &Context,
    work: &SavedWork,
    options: ReviewOptions,
) -> Result<Exit, CommandError> {
    let SavedWork { plan, session, given } = work;
    let front =
        TerminalFrontEnd { context, session, options, hinted: RefCell::default(), template: None };
    let holder = holder(context, "apply");
    let applied = match plan.awaits.is_empty() {
        true => {
            let applying = apply_saved(&session.ops, plan, given, &holder, &front);
            session.display.during(applying).await
        }
        false => {
            let applying = apply_awaiting(&session.ops, plan, given, &holder, &front);
            session.display.during(applying).await
        }
    };
    match applied {
        Ok(applied) => tell(context, &front, (&plan.stack, PlanMode::Deploy), applied),
        Err(error) => not_begun(context, error),
    }
}

/// The place that a plan was made for: the stacks of a run may live in several Regions, so that none that is
/// chosen is the Region of all of them. The sandbox has every account.
fn place(context: &Context, plan: &CheckedPlan) -> StackEnvironment {
    let there = &plan.environment;
    StackEnvironment {
        account: (context.global.sandbox && there.sandbox).then(|| there.account.clone()),
        region: Some(there.region.clone()),
    }
}

/// The values of the secret parameters of each stack.
fn given(
    context: &Context,
    arguments: &StackArguments,
    stacks: &[SavedStack],
) -> Result<Vec<Vec<(String, SecretString)>>, CommandError> {
    let mut parameters = RunParameters::read(context, &arguments.parameters)?;
    let known: Vec<&str> = stacks.iter().map(|stack| stack.plan.stack.as_str()).collect();
    parameters.check_stacks(&known)?;
    let mut out = Vec::new();
    for SavedStack { plan, .. } in stacks {
        let (names, secrets) = ([plan.stack.as_str()], secret_names(plan));
        let mut given = parameters.for_stack(&names, LastParameters::default(), true);
        parameters.note_taken(&names, |name| secrets.contains(name));
        let alone = parameters.of_stack_alone(&names);
        given.retain(|name| secrets.contains(name) || alone.contains(name));
        given.retain_of_files(&secrets);
        for name in secrets {
            given.complete(context, &name, true)?;
        }
        out.push(given.secrets());
    }
    parameters.single_ones_taken(&known)?;
    Ok(out)
}
