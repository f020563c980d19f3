//! The operations on a stack: plan, apply, destroy, roll back, resolve, and the edits of its state. One
//! function each, over a cloud, the schemas of resource types and the store of states; an edit makes no
//! cloud calls.
//!
//! Every front end calls them: the command line, the crash explorer, the test benches. A front end
//! ([`FrontEnd`]) receives the events and decides whether a plan is carried out; nothing here knows
//! a terminal, a file of a template or an argument.

mod apply;
mod awaiting;
mod backend;
mod cross_stack;
mod destroy;
mod edit;
mod environment;
mod error;
mod evaluate;
mod exports;
mod front_end;
mod hindrance;
mod home_regions;
mod last_parameters;
mod lease;
mod managed_exports;
mod missing_secrets;
mod names;
mod open;
mod operations;
mod plan;
mod plan_signature;
mod planned_outputs;
mod planned_parameters;
mod preflight;
mod producers;
mod resolve;
mod rollback;
mod saved_plan;
mod saved_run;
mod secret_parameters;
mod stack_run;
mod stack_tags;
mod template_files;

pub use apply::{Applied, apply, apply_saved, check_saved, verify_saved};
pub use awaiting::apply_awaiting;
pub use backend::{Backend, Holder, Lease, Record};
pub use cross_stack::cross_stack_values;
pub use destroy::{Destroy, destroy, plan_destroy};
pub use edit::{
    EditError, EditFrontEnd, EditReview, Move, Replaced, Replacement, States, forget,
    move_resource, rename, replace_state,
};
pub use environment::describe;
pub use error::OpsError;
pub use evaluate::{Evaluated, Unanswered, evaluate};
pub use exports::{Consumer, ExportChange, ExportConflict, check_exports_of_run};
pub use front_end::{FrontEnd, Review, Verdict, Work};
pub use last_parameters::{LastParameters, last_state, record_given};
pub use lease::{Held, hold};
pub use missing_secrets::{MissingSecret, missing_secrets};
pub use names::{NameOfRun, check_names_of_run};
pub use operations::{DigestSettings, Operations};
pub use plan::{Deploy, plan};
pub use plan_signature::{Algorithm, PlanKeyError, PlanSignature, PlanSigner, PlanVerifier};
pub use planned_outputs::{PlannedOutputs, awaited_output};
pub use preflight::preflight;
pub use resolve::resolve;
pub use rollback::{Rollback, RolledBack, rollback};
pub use saved_plan::{ApprovalError, SavedPlan, SavedPlanError, Seal, read_plan, write_plan};
pub use saved_run::{RunProblem, Saved, SavedRun, SavedStack, read_saved, run_digest, write_run};
pub use secret_parameters::{
    GivenSecrets, parameters_of_evaluation, secret_names, secret_names_of_stack,
};
pub use stack_run::{Next, RunEnd, RunStack, run_stacks};
pub use stack_tags::{StackTags, add_stack_tags};
pub use template_files::{Loader, TemplateFiles};
