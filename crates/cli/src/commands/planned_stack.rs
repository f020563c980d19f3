//! A stack of a run, planned: `plan` shows it, `apply` carries it out.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rstack_model::ErrorCode;
use rstack_ops::PlannedOutputs;
use rstack_plan::CheckedPlan;

use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::prepare::{PreparedTemplate, plan_options};
use super::stacks_run::{all_taken, of_stack};
use crate::args::{LintArguments, PlanArguments, StackArguments};
use crate::context::Context;
use crate::error::CommandError;
use crate::progress::Display;
use crate::session::{Session, holder};
use crate::stack::StackFile;

/// The arguments that every stack of a run is planned with.
#[derive(Clone, Copy)]
pub(super) struct PlanRequest<'a> {
    pub(super) context: &'a Context,
    pub(super) stack: &'a StackArguments,
    pub(super) plan: &'a PlanArguments,
    pub(super) lint: &'a LintArguments,
    /// The command, as the holder of a lease is called.
    pub(super) command: &'a str,
}

/// A stack of a run, with its plan.
pub(super) struct PlannedStack<'a> {
    pub(super) file: &'a StackFile,
    pub(super) session: Session,
    pub(super) template: PreparedTemplate,
    pub(super) plan: Arc<CheckedPlan>,
}

/// Plans the stacks of a run, each with the outputs that those before it are going to have.
///
/// # Errors
/// If one cannot be planned; the error names it if there are several.
pub(super) async fn plan_all<'a>(
    request: PlanRequest<'_>,
    files: &'a [StackFile],
    display: &Arc<Display>,
) -> Result<Vec<PlannedStack<'a>>, CommandError> {
    let several = files.len() > 1;
    if let (true, Some(option)) = (several, of_one_stack(request.plan)) {
        return Err(OfOneStack(option).into());
    }
    let StackArguments { parameter, parameter_from, .. } = request.stack;
    let names = parameter.iter().map(|(name, _)| name);
    let names = names.chain(parameter_from.iter().map(|(name, _)| name));
    let mut takes: BTreeMap<String, bool> = names.map(|name| (name.clone(), !several)).collect();
    let mut templates = Vec::new();
    for file in files {
        let PlanRequest { context, stack, plan, lint, .. } = request;
        let loaded =
            PreparedTemplate::load(context, file, stack, plan, lint, several.then_some(&mut takes));
        templates.push(loaded.map_err(|error| of_stack(error, &file.name, several))?);
    }
    all_taken(&takes)?;
    let mut out: Vec<PlannedStack<'a>> = Vec::new();
    let mut outputs = PlannedOutputs::default();
    for (file, template) in files.iter().zip(templates) {
        let first = out.first().map(|stack| &stack.session);
        let planned = plan_one(request, file, template, (display, first), &outputs).await;
        let planned = planned.map_err(|error| of_stack(error, &file.name, several))?;
        outputs.add(&planned.plan);
        out.push(planned);
    }
    Ok(out)
}

/// An option about a resource was given for several stacks.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` names a resource, and several stacks were named")]
pub(super) struct OfOneStack(pub(super) &'static str);

impl From<OfOneStack> for CommandError {
    fn from(error: OfOneStack) -> Self {
        let hint = "name the stack, and leave out those that it needs with `--exclusively`";
        Self::of(ErrorCode::OptionConflict, &error).with_hint(Some(hint))
    }
}

/// An option that names a resource of one stack, if one was given.
fn of_one_stack(arguments: &PlanArguments) -> Option<&'static str> {
    let given = [
        ("--delete-first", !arguments.delete_first.is_empty()),
        ("--replace", !arguments.replace.is_empty()),
    ];
    given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
}

async fn plan_one<'a>(
    request: PlanRequest<'_>,
    file: &'a StackFile,
    mut template: PreparedTemplate,
    (display, first): (&Arc<Display>, Option<&Session>),
    outputs: &PlannedOutputs,
) -> Result<PlannedStack<'a>, CommandError> {
    let PlanRequest { context, plan: arguments, command, .. } = request;
    let place = &file.settings.environment;
    let mut session = Session::open(context, place, Arc::clone(display)).await?;
    first.into_iter().for_each(|first| session.end_with(first));
    let wanted = template.evaluate(&session, file, context, outputs).await?;
    let allowed = plan_options(arguments, file);
    let deploy = wanted.deploy(&allowed, arguments);
    let front = TerminalFrontEnd {
        context,
        session: &session,
        options: ReviewOptions::default(),
        may_replace: RefCell::default(),
        template: Some(RefCell::new(&mut template)),
    };
    let holder = holder(context, command);
    let planning = rstack_ops::plan(&session.ops, &deploy, &holder, &front);
    let plan = session.display.during(planning).await?;
    drop(front);
    drop(wanted);
    Ok(PlannedStack { file, session, template, plan: Arc::new(plan) })
}
