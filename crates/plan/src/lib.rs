//! Dependency graph, three-way comparison, planner and plan checker.
//!
//! Everything here is a pure function of its arguments. The planner leaves no choice open; the
//! checker derives every invariant again, and what a plan says, from its objects and the catalog.

mod check;
mod checked;
pub mod compare;
mod custom_type;
mod derived;
mod error;
mod evidence;
mod final_snapshot;
mod input;
mod name;
mod name_conflicts;
mod order;
mod planner;
mod prediction;
mod propagation;
mod protection;
mod readopt;
mod registry;
mod replace_cascade;
mod resource_change;
mod retention;
mod rollback;
mod steps;
mod type_definition;
mod violation;

pub use rstack_catalog::Handler;

pub use check::check;
pub use checked::CheckedPlan;
pub use derived::Field;
pub use error::{Fate, PlanError};
pub use evidence::{Contradiction, Moved, contradictions, moved, moved_secrets};
pub use input::{DestroyOptions, Observation, Observations, PlanInput, PlanOptions};
pub use name_conflicts::{NameOfStack, names_of_other_stack};
pub use planner::{plan, plan_destroy};
pub use readopt::Readopted;
pub use registry::RegistrySchemas;
pub use rollback::{RollbackInput, plan_rollback};
pub use steps::removal_of_replaced;
pub use type_definition::{Scalar, Schemas, TypeDefinition};
pub use violation::Violation;
