//! The front end of an operation: it receives the events, and decides what is carried out.

use std::collections::BTreeSet;

use rstack_apply::{GivenSecret, OldSecret, Waiting};
use rstack_driver::DriverError;
use rstack_model::plan::Plan;
use rstack_model::state::State;
use rstack_plan::CheckedPlan;

use crate::{Lease, OpsError};

/// The front end of an operation.
pub trait FrontEnd {
    /// The error of a front end, which an operation's own becomes.
    type Error: From<OpsError>;

    /// An earlier run of the stack was interrupted, and recovery begins.
    fn recovering(&self, _lease: &dyn Lease) {}

    /// The stack is open: this is its state, after recovery if there was one; `None` if it has none.
    ///
    /// # Errors
    /// If the front end does not go on.
    fn opened(&self, _state: Option<&State>, _recovered: bool) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Planning has ended: with this plan, or in failure. What was checked meanwhile is shown first.
    ///
    /// # Errors
    /// If the front end does not go on.
    fn planned(&self, _plan: Option<&Plan>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Stacks that CloudFormation manages cannot be looked at, and what is planned counts none of them. Of
    /// these exports it is not known whether such a stack imports them, or exports their names.
    fn managed_stacks_not_read(&self, _error: &DriverError, _exports: &BTreeSet<&str>) {}

    /// A plan is refused; the error that follows says why.
    ///
    /// # Errors
    /// If the front end cannot show it.
    fn refused(&self, _review: &Review<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Decides whether a plan is carried out. Called once for each plan. A front end that waits for a
    /// user does not block the thread: the lease of the stack is renewed on it meanwhile. When the
    /// lease is lost, the future is dropped.
    ///
    /// # Errors
    /// If the front end cannot decide.
    fn review(&self, review: &Review<'_>) -> impl Future<Output = Result<Verdict, Self::Error>>;

    /// A plan is carried out from here on, and nothing was changed yet: its assets are published. When
    /// the lease of the stack is lost, the future is dropped.
    ///
    /// # Errors
    /// If they cannot be published: the plan is not carried out.
    fn publish(&self, _plan: &CheckedPlan) -> impl Future<Output = Result<(), Self::Error>> {
        async { Ok(()) }
    }
}

/// A plan before it is carried out.
#[derive(Debug)]
pub struct Review<'a> {
    /// The plan.
    pub plan: &'a CheckedPlan,
    /// The state that it was made from.
    pub state: &'a State,
    /// The amount of work: whether consent is needed.
    pub work: Work,
    /// The secret parameters that objects of a rollback are made with.
    pub secrets: BTreeSet<OldSecret>,
}

impl Review<'_> {
    /// The secret parameters without which a rollback is refused.
    pub fn missing_secrets(&self) -> BTreeSet<String> {
        let missing = self.secrets.iter().filter(|secret| secret.given == GivenSecret::Missing);
        missing.map(|secret| secret.parameter.clone()).collect()
    }
}

/// The amount of work of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing: the stack is as wanted, and the state says so. It is not carried out.
    Nothing,
    /// Nothing in the cloud: the state alone is brought up to date, which needs no consent.
    Record,
    /// Something, which needs consent.
    Changes,
}

/// The decision about a plan.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is not carried out.
    Stop,
    /// It is carried out.
    Proceed {
        /// Which objects are waited for, and how long.
        waiting: Waiting,
        /// True if a deploy that fails is rolled back at once.
        rollback: bool,
    },
}
