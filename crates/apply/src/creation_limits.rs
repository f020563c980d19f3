//! The time limits of nested stacks that are created: from the first operation on a resource of a stack until
//! the last one is done. A stack that takes longer has failed.
//!
//! Source: `TimeoutInMinutes` of `AWS::CloudFormation::Stack`, AWS CloudFormation Template Reference.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use rstack_model::Address;
use rstack_model::plan::Step;

use crate::StepError;
use crate::step::Context;

/// A nested stack that is being created.
struct Creation {
    minutes: u32,
    /// The number of steps that are not done.
    left: usize,
    /// The resources that are worked on.
    running: BTreeSet<Address>,
    /// True from its first operation on.
    has_begun: bool,
}

/// The nested stacks of a run whose creation has a time limit.
pub(crate) struct CreationLimits<'a> {
    context: Context<'a>,
    creations: BTreeMap<&'a Address, Creation>,
    limits: FuturesUnordered<BoxFuture<'a, &'a Address>>,
}

impl<'a> CreationLimits<'a> {
    /// The time limits of the stacks to which some of these steps belong.
    pub(crate) fn of(context: Context<'a>, steps: &[&'a Step]) -> Self {
        let of = |stack: &Address| steps.iter().filter(|step| step.address.is_in(stack)).count();
        let creations = context.plan.creation_limits.iter().map(|(stack, minutes)| {
            let (left, running) = (of(stack), BTreeSet::new());
            (stack, Creation { minutes: *minutes, left, running, has_begun: false })
        });
        let creations = creations.filter(|(_, creation)| creation.left > 0).collect();
        Self { context, creations, limits: FuturesUnordered::new() }
    }

    /// The stacks that a resource lies in.
    fn around<'s>(
        creations: &'s mut BTreeMap<&'a Address, Creation>,
        address: &'s Address,
    ) -> impl Iterator<Item = (&'a Address, &'s mut Creation)> {
        let creations = creations.iter_mut().filter(|(stack, _)| address.is_in(stack));
        creations.map(|(stack, creation)| (*stack, creation))
    }

    /// A step begins: the time of its stacks runs from the first one on.
    pub(crate) fn begin(&mut self, address: &Address) {
        let clock = &self.context.engine.clock;
        for (stack, creation) in Self::around(&mut self.creations, address) {
            creation.running.insert(address.clone());
            if !std::mem::replace(&mut creation.has_begun, true) {
                let limit = Duration::from_secs(u64::from(creation.minutes) * 60);
                self.limits.push(Box::pin(async move {
                    clock.limit(limit).await;
                    stack
                }));
            }
        }
    }

    /// A step is done.
    pub(crate) fn done(&mut self, address: &Address) {
        for (_, creation) in Self::around(&mut self.creations, address) {
            creation.running.remove(address);
            creation.left = creation.left.saturating_sub(1);
        }
    }

    /// Returns when a stack has not been created in time, with the stack and why it failed; never, if that does
    /// not happen.
    pub(crate) async fn exceeded(&mut self) -> (Address, StepError) {
        while let Some(stack) = self.limits.next().await {
            let Some(creation) = self.creations.remove(stack) else { continue };
            if creation.left > 0 {
                let Creation { minutes, running, .. } = creation;
                return (stack.clone(), StepError::CreationTimeout { minutes, running });
            }
        }
        std::future::pending().await
    }
}
