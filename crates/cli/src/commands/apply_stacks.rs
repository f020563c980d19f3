//! `rstack apply` of several stacks of an app: planned and agreed to as a whole, then applied, each behind all
//! that it needs. A failure stops the stacks that need the one that failed, and no others.

use std::sync::Arc;

use super::apply_template::apply_template;
use super::front_end::ReviewOptions;
use super::plan_request::PlanRequest;
use super::planned_stack::{OfOneStack, PlannedStack, plan_all};
use super::stacks_run::{self, StackWork, consent, show};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::stack::StackFile;

/// Applies the stacks, each behind all that it needs.
pub(super) async fn run(
    request: PlanRequest<'_>,
    review: ReviewOptions,
    files: &[StackFile],
) -> Result<Exit, CommandError> {
    let Context { terminal, .. } = request.context;
    let display = Arc::new(Display::new(terminal.clone()));
    if review.wait.names_resource() {
        return Err(OfOneStack("--timeout").into());
    }
    let planned = Box::pin(plan_all(request, files, &display)).await?;
    let plans: Vec<_> = planned.iter().map(|planned| &*planned.plan).collect();
    display.pause();
    if !terminal.json {
        show(&plans, review.detail, terminal)?;
    }
    let question = format!("Apply these changes to {} stacks?", plans.len());
    let is_noop = plans.iter().all(|plan| plan.is_noop());
    if !is_noop && !consent(&question, review.yes, terminal).await? {
        return Ok(Exit::Error);
    }
    let stacks = planned.into_iter().map(|planned| StackWork {
        stack: planned.file.name.clone(),
        needs: planned.file.needs.clone(),
        session: |planned: &mut PlannedStack<'_>| &mut planned.session,
        work: planned,
    });
    let review = &review;
    let ends = stacks_run::run(request.context, &display, stacks.collect(), |context, planned| {
        let options = ReviewOptions { agreed: Some(planned.plan), ..review.clone() };
        let PlannedStack { file, session, mut template, .. } = planned;
        async move {
            let request = PlanRequest { context: &context, ..request };
            Box::pin(apply_template(request, (file, &session, &mut template), options)).await
        }
    });
    ends.await?.tell(terminal, "done")
}
