//! Waiting for objects: for which of them, and the time limits.

use std::collections::BTreeMap;
use std::time::Duration;

use rstack_model::{Address, ResourceType};
use rstack_plan::Handler;

use crate::Engine;

/// The time limit of an operation whose provider names none: what CloudFormation then takes, by the
/// definition schema of resource types (`timeoutInMinutes`).
const USUAL: Duration = Duration::from_mins(120);

/// Which objects are waited for until they are stable. Before old objects are deleted, all that
/// was made is waited for in any case: what serves goes when its successor serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// Every object: a distribution is deployed at all edge locations.
    #[default]
    Full,
    /// Those that others cannot use before: not a distribution, whose domain name holds at once.
    Ready,
    /// Of these only those that another step of the plan uses.
    None,
}

/// The objects that are waited for, and the time limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The objects that are waited for.
    pub wait: Wait,
    /// The time limit of every operation; else it is the one of the type's provider.
    pub timeout: Option<Duration>,
    /// The time limits of operations on these objects, before all others.
    pub timeouts: BTreeMap<Address, Duration>,
}

impl Engine {
    /// The time limit of an operation on an object: the user's for the object, the user's for all, or
    /// the one of the type's provider.
    pub(crate) fn time_limit(
        &self,
        address: &Address,
        resource_type: &ResourceType,
        operation: Handler,
    ) -> Duration {
        let Waiting { timeout, timeouts, .. } = &self.waiting;
        let asked_for = timeouts.get(address).copied().or(*timeout);
        asked_for.unwrap_or_else(|| {
            let definition = self.schemas.definition(resource_type);
            definition.and_then(|definition| definition.time_limit(operation)).unwrap_or(USUAL)
        })
    }
}
