//! `rstack apply` of several stacks of an app: planned and agreed to as a whole, then applied one after the
//! other. A failure stops the stacks that need the one that failed, and no others.

use std::sync::Arc;

use super::apply_template::apply_template;
use super::front_end::ReviewOptions;
use super::plan_request::PlanRequest;
use super::planned_stack::{OfOneStack, plan_all};
use super::stacks_run::{Ends, StackEnd, begin, consent, show};
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
    let Context { terminal, global, .. } = request.context;
    let display = Arc::new(Display::new(terminal.clone()));
    if review.wait.names_resource() {
        return Err(OfOneStack("--timeout").into());
    }
    let planned = plan_all(request, files, &display).await?;
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
    let mut ends = Ends::default();
    for mut planned in planned {
        let name = &planned.file.name;
        if let Some(waits_for) = ends.in_the_way(&planned.file.needs) {
            ends.add(name, StackEnd::NotBegun { waits_for });
            continue;
        }
        begin(name, terminal)?;
        let options = ReviewOptions { agreed: Some(planned.plan), ..review.clone() };
        let stack = (planned.file, &planned.session, &mut planned.template);
        let end = match apply_template(request, stack, options).await {
            Ok(exit) => StackEnd::of(exit),
            Err(error) if error.is_silent() => return Err(error),
            Err(error) => {
                terminal.error(&error, &|words| global.line(words));
                StackEnd::Refused
            }
        };
        ends.add(name, end);
    }
    ends.tell(terminal, "done")
}
