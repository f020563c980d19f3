//! Dependency graph, three-way comparison, planner and plan checker.
//!
//! Everything here is a pure function of its arguments. The planner leaves no choice open; the
//! checker derives every invariant again, and what a plan says, from its objects and the catalog.

mod check;
mod checked;
pub mod compare;
mod derived;
mod draft;
mod error;
mod evidence;
mod facts;
mod input;
mod name;
mod order;
mod outlook;
mod planner;
mod propagation;
mod readopt;
mod registry;
mod retention;
mod rollback;
mod steps;
mod together;

pub use rstack_catalog::Handler;

pub use check::{Violation, check};
pub use checked::CheckedPlan;
pub use derived::Field;
pub use error::PlanError;
pub use evidence::{Contradiction, Moved, contradictions, moved, moved_secrets};
pub use facts::{Scalar, Schemas, TypeFacts};
pub use input::{DestroyOptions, Observation, Observations, PlanInput, PlanOptions};
pub use planner::{plan, plan_destroy};
pub use readopt::Readopted;
pub use registry::RegistrySchemas;
pub use rollback::{RollbackInput, plan_rollback};
