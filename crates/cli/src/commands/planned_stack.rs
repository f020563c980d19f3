//! A stack of a run, planned: `plan` shows it, `apply` carries it out.

use std::cell::RefCell;
use std::sync::Arc;

use rstack_model::ErrorCode;
use rstack_ops::{PlannedOutputs, check_exports_of_run, check_names_of_run};
use rstack_plan::CheckedPlan;

use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::plan_request::PlanRequest;
use super::prepare::{PreparedTemplate, Values, plan_options};
use super::stacks_run::of_stack;
use crate::args::PlanArguments;
use crate::error::CommandError;
use crate::parameters::RunParameters;
use crate::progress::Display;
use crate::session::{Session, holder};
use crate::stack::StackFile;

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
    let templates = Box::pin(load_all(request, files)).await?;
    let mut out: Vec<PlannedStack<'a>> = Vec::new();
    let mut outputs = PlannedOutputs::default();
    for (file, template) in files.iter().zip(templates) {
        let first = out.first().map(|stack| &stack.session);
        let planned = Box::pin(plan_one(request, file, template, (display, first), &outputs)).await;
        let planned = planned.map_err(|error| of_stack(error, &file.name, several))?;
        let before = out.iter().map(|other| &**other.plan);
        let taken = check_exports_of_run(before, &planned.plan).map_err(CommandError::from);
        taken.map_err(|error| of_stack(error, &file.name, several))?;
        let before = out.iter().map(|other| &**other.plan);
        let named = check_names_of_run(before, &planned.plan).map_err(CommandError::from);
        named.map_err(|error| of_stack(error, &file.name, several))?;
        outputs.add(&planned.plan);
        out.push(planned);
    }
    Ok(out)
}

/// Reads the templates of the stacks, with the values that the command gives to their parameters.
///
/// # Errors
/// If one cannot be read, or a value is for none of them.
pub(super) async fn load_all(
    request: PlanRequest<'_>,
    files: &[StackFile],
) -> Result<Vec<PreparedTemplate>, CommandError> {
    let PlanRequest { context, stack, plan, .. } = request;
    let several = files.len() > 1;
    let parameters = RunParameters::read(context, &stack.parameters)?;
    let mut parameters = parameters.reset(plan.reset_parameters);
    let known: Vec<&str> = files.iter().flat_map(|file| file.names()).collect();
    parameters.check_stacks(&known)?;
    let mut templates = Vec::new();
    for file in files {
        let values = Values { parameters: &mut parameters, several };
        let loaded = Box::pin(PreparedTemplate::load(request, file, values)).await;
        templates.push(loaded.map_err(|error| of_stack(error, &file.name, several))?);
    }
    parameters.all_taken(&known)?;
    Ok(templates)
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
    let wanted = Box::pin(template.evaluate(&session, file, context, outputs)).await?;
    let allowed = plan_options(arguments, file);
    let deploy = wanted.deploy(&allowed, arguments);
    let front = TerminalFrontEnd {
        context,
        session: &session,
        options: ReviewOptions::default(),
        hinted: RefCell::default(),
        template: Some(RefCell::new(&mut template)),
    };
    let holder = holder(context, command);
    let planning = rstack_ops::plan(&session.ops, &deploy, &holder, &front);
    let plan = session.display.during(planning).await?;
    drop(front);
    drop(wanted);
    Ok(PlannedStack { file, session, template, plan: Arc::new(plan) })
}
