//! Destroying one stack.

use std::sync::Arc;

use rstack_model::plan::PlanMode;
use rstack_ops::Destroy;
use rstack_plan::{CheckedPlan, DestroyOptions};

use super::existing_stack::ExistingStack;
use super::outcome::tell;
use crate::args::ExistingStackArgs;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::holder;

/// The arguments that every stack of a run is destroyed with.
#[derive(Clone, Copy)]
pub(super) struct DestroyRequest<'a> {
    pub(super) context: &'a Context,
    pub(super) stack: &'a ExistingStackArgs,
    pub(super) options: DestroyOptions,
}

/// Destroys a stack; `agreed` is the plan that was agreed to before.
pub(super) async fn destroy_stack(
    request: DestroyRequest<'_>,
    existing: &ExistingStack,
    agreed: Option<Arc<CheckedPlan>>,
) -> Result<Exit, CommandError> {
    let DestroyRequest { context, stack: arguments, options } = request;
    let mut front = existing.front_end(context, arguments);
    front.options.agreed = agreed;
    let ExistingStack { session, stack, secrets } = existing;
    let asked = Destroy { stack, secrets, options };
    let holder = holder(context, "destroy");
    let destroying = rstack_ops::destroy(&session.ops, &asked, &holder, &front);
    let applied = session.display.during(destroying).await?;
    tell(context, &front, (stack, PlanMode::Destroy), applied)
}
