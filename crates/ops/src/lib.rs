//! The operations on a stack: plan, apply, destroy, roll back, resolve. One function each, over a
//! cloud, the schemas of resource types and the store of states.
//!
//! Every front end calls them: the command line, the crash explorer, the test benches. A front end
//! ([`FrontEnd`]) is told what happens and decides whether a plan is carried out; nothing here knows
//! a terminal, a file of a template or an argument.

mod apply;
mod backend;
mod cross_stack;
mod destroy;
mod environment;
mod error;
mod evaluate;
mod front_end;
mod open;
mod operations;
mod plan;
mod preflight;
mod resolve;
mod rollback;
mod saved_plan;
mod secret_parameters;
mod template_files;

pub use apply::{Applied, apply, apply_saved};
pub use backend::{Backend, Holder, Lease, Record};
pub use cross_stack::cross_stack_values;
pub use destroy::{Destroy, destroy};
pub use environment::describe;
pub use error::OpsError;
pub use evaluate::{Evaluated, Unanswered, evaluate};
pub use front_end::{FrontEnd, Review, Verdict, Work};
pub use operations::{DigestSettings, Operations};
pub use plan::{Deploy, plan};
pub use preflight::preflight;
pub use resolve::resolve;
pub use rollback::{Rollback, RolledBack, rollback};
pub use saved_plan::{SavedPlanError, read_plan, write_plan};
pub use secret_parameters::{
    GivenSecrets, parameters_of_evaluation, secret_names, secret_names_of_stack,
};
pub use template_files::{Loader, TemplateFiles};
