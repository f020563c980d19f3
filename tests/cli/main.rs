//! The whole program, run as a user runs it, in an environment that knows nothing of the machine.
#![cfg(test)]

mod assembly;
mod assets;
mod bad_input;
mod bad_template;
mod cdk;
mod cross_region;
mod custom_resources;
mod disk;
mod docs;
mod error_gallery;
mod explain;
mod exports;
mod file_root;
mod final_snapshots;
mod first_minutes;
mod forged_plan;
mod formats;
#[cfg(feature = "lint")]
mod guardrails;
mod guide;
mod harness;
mod hostile;
mod identity;
mod injection;
mod interrupt;
mod lifecycle;
#[cfg(feature = "lint")]
mod lint;
mod lock;
mod lookups;
mod media_stacks;
mod memory;
mod nested;
#[cfg(feature = "aws")]
mod no_cloud;
mod output;
mod parameters;
mod plain_words;
mod plan_output;
mod protection;
mod reference;
mod refusals;
mod remote_templates;
mod replace;
mod rollback;
mod same_things;
mod sandbox_put;
mod sarif;
mod saved_plan;
mod saved_run;
mod secret_args;
mod secret_canary;
mod secret_outputs;
mod secrets;
mod shell;
mod signals;
mod stack_concurrency;
mod stacks;
mod state;
mod streams;
mod synth;
mod update_policies;
mod wait_conditions;
mod written_files;
