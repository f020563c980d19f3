//! A place to evaluate templates for when no cloud is asked.

use rstack_model::Partition;
use rstack_model::state::Environment;

use crate::context::Context;
use crate::session;

/// The environment of a template that is going to live in no cloud.
pub(super) fn nowhere(context: &Context) -> Environment {
    let region = session::region(context);
    Environment {
        account: "000000000000".into(),
        partition: Partition::of_region(&region),
        region,
        sandbox: true,
    }
}
