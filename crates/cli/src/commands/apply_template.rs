//! Applying one stack from its template.

use std::cell::RefCell;

use rstack_model::plan::PlanMode;
use rstack_ops::PlannedOutputs;

use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::outcome::{not_begun, tell};
use super::plan_request::PlanRequest;
use super::prepare::{PreparedTemplate, plan_options};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::{Session, holder};
use crate::stack::StackFile;

/// Applies a stack, as its template and the states of other stacks say now.
pub(super) async fn apply_template(
    request: PlanRequest<'_>,
    (file, session, template): (&StackFile, &Session, &mut PreparedTemplate),
    options: ReviewOptions,
) -> Result<Exit, CommandError> {
    let PlanRequest { context, plan: arguments, command, .. } = request;
    let none = PlannedOutputs::default();
    let wanted = Box::pin(template.evaluate(session, file, context, &none)).await?;
    let allowed = plan_options(arguments, file);
    let deploy = wanted.deploy(&allowed, arguments);
    let (hinted, template) = (RefCell::default(), Some(RefCell::new(template)));
    let front = TerminalFrontEnd { context, session, options, hinted, template };
    let holder = holder(context, command);
    let applying = rstack_ops::apply(&session.ops, &deploy, &holder, &front);
    match session.display.during(applying).await {
        Ok(applied) => tell(context, &front, (&file.name, PlanMode::Deploy), applied),
        Err(error) => not_begun(context, error),
    }
}
