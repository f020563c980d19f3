//! The whole program, run as a user runs it, in an environment that knows nothing of the machine.
#![cfg(test)]

mod bad_input;
mod bad_template;
mod cdk;
mod explain;
mod harness;
mod interrupt;
mod lifecycle;
mod lock;
<<<<<<< HEAD
mod memory;
=======
mod lookups;
>>>>>>> 9c1459d (Pages, documents and a whole-program test for what templates ask of the cloud and of other stacks)
#[cfg(feature = "aws")]
mod no_cloud;
mod output;
mod plan_output;
mod rollback;
mod saved_plan;
mod secrets;
mod shell;
