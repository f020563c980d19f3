//! The invariants of a plan that can be broken, and their texts.

use std::fmt;

use rstack_model::plan::StepId;
use rstack_model::{Address, ObjectKey};

use crate::derived::Field;

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Two steps have one number, or a step waits for itself, for none, or for a later one.
    Order {
        /// The step.
        step: StepId,
    },
    /// A step of the forward phase waits for one of the cleanup phase.
    PhaseOrder {
        /// The step.
        step: StepId,
    },
    /// A step's resource has no entry among the changes.
    NoChange {
        /// The resource.
        address: Address,
    },
    /// A resource's steps are not those of its action.
    StepsOfAction {
        /// The resource.
        address: Address,
    },
    /// A resource is made before something that it depends on.
    DependencyLater {
        /// The resource.
        address: Address,
        /// The resource it depends on.
        dependency: Address,
    },
    /// A property waits for an attribute that nothing in the plan makes known.
    NeverKnown {
        /// The resource.
        address: Address,
        /// The attribute.
        attribute: String,
    },
    /// Two steps change one object.
    TwoChanges {
        /// The object.
        key: ObjectKey,
    },
    /// An object is deleted before one that depends on it.
    DeletedBeforeReferrer {
        /// The object's resource.
        address: Address,
        /// The resource of the object that depends on it.
        referrer: Address,
    },
    /// An object is deleted that its policy keeps.
    RetainedTouched {
        /// The resource.
        address: Address,
    },
    /// An object is deleted without the final snapshot that its policy asks for, or with one that no
    /// policy asks for.
    FinalSnapshot {
        /// The resource.
        address: Address,
    },
    /// An output waits for a resource that is not in the plan.
    OutputNeverKnown {
        /// The output.
        output: String,
    },
    /// A change waits for a resource that is not in the plan, for none, or not for those that
    /// check what it sends.
    PropagationWait {
        /// The resource whose change waits.
        address: Address,
    },
    /// A step deletes, keeps or restores an object that is not the one of its change.
    OtherObject {
        /// The step.
        step: StepId,
    },
    /// The steps are not those that follow from the changes.
    Steps,
    /// A part of a change does not follow from what its object was and is to become.
    Derived {
        /// The resource.
        address: Address,
        /// The part of the change.
        field: Field,
    },
    /// Declared resources depend on each other in a circle, or on one that is not declared.
    Dependencies,
    /// The plan has what a plan for its purpose cannot have.
    Purpose,
    /// An output has a value and a reason why it has none.
    OutputProblem {
        /// The output.
        output: String,
    },
    /// A time limit is none, or that of a nested stack without resources.
    CreationLimit {
        /// The nested stack.
        stack: Address,
    },
    /// A parameter has a value that was kept, and the stack has none or another one.
    KeptParameter {
        /// The parameter.
        parameter: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order { step } => write!(f, "step {step} is not behind the steps it waits for"),
            Self::PhaseOrder { step } => write!(f, "step {step} waits for a cleanup step"),
            Self::NoChange { address } => write!(f, "`{address}` has steps but no change"),
            Self::StepsOfAction { address } => {
                write!(f, "the steps of `{address}` are not those of its action")
            }
            Self::DependencyLater { address, dependency } => {
                write!(f, "`{address}` is made before `{dependency}`, on which it depends")
            }
            Self::NeverKnown { address, attribute } => {
                write!(f, "`{address}` waits for `{attribute}`, which is never known")
            }
            Self::TwoChanges { key } => write!(f, "two steps change `{key}`"),
            Self::DeletedBeforeReferrer { address, referrer } => {
                write!(f, "`{address}` is deleted before `{referrer}`, which depends on it")
            }
            Self::RetainedTouched { address } => {
                write!(f, "`{address}` is deleted although its policy keeps it")
            }
            Self::FinalSnapshot { address } => {
                write!(f, "the final snapshot of `{address}` is not what its policy asks for")
            }
            Self::OutputNeverKnown { output } => {
                write!(f, "the output `{output}` waits for a resource that is not in the plan")
            }
            Self::PropagationWait { address } => {
                write!(f, "`{address}` does not wait for the resources that check its secret")
            }
            Self::OtherObject { step } => {
                write!(f, "step {step} is about an object that is not the one of its change")
            }
            Self::Steps => write!(f, "the steps are not those that follow from the changes"),
            Self::Derived { address, field } => {
                write!(f, "what is said of `{address}` ({field}) does not follow from its objects")
            }
            Self::Dependencies => {
                write!(f, "the resources depend on each other in a circle, or on missing ones")
            }
            Self::Purpose => write!(f, "it has what a plan for its purpose cannot have"),
            Self::OutputProblem { output } => {
                write!(f, "the output `{output}` has both a value and a problem")
            }
            Self::CreationLimit { stack } => {
                write!(f, "the time limit of the nested stack `{stack}` is none")
            }
            Self::KeptParameter { parameter } => {
                write!(
                    f,
                    "the value of the parameter `{parameter}` is not the one of the last apply"
                )
            }
        }
    }
}
