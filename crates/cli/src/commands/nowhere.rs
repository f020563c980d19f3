//! A place to evaluate templates for when no cloud is asked.

use rstack_model::Partition;
use rstack_model::state::{Environment, SANDBOX_ACCOUNT};
use rstack_template::StackEnvironment;

use crate::context::Context;
use crate::session;

/// The environment of a template that is going to live in no cloud, or in one that is not asked: that of
/// its app as far as it says one.
pub(super) fn nowhere(context: &Context, place: &StackEnvironment) -> Environment {
    let region = place.region.clone().unwrap_or_else(|| session::region(context));
    Environment {
        account: place.account.clone().unwrap_or_else(|| SANDBOX_ACCOUNT.into()),
        partition: Partition::of_region(&region),
        region,
        sandbox: true,
    }
}
