//! The engine against the sandbox: whole lives of stacks, and everything that can go wrong in them.
#![cfg(test)]

mod absence;
mod asking;
mod begun_anew;
mod bench;
mod deadline;
mod disk;
mod echo;
mod expiry;
mod failure;
mod fault_injection;
mod final_snapshots;
mod generated_lifecycles;
mod going_back;
mod integrity;
mod interrupt;
mod journal_tail;
mod lease;
mod life;
mod lower_bound;
mod makespan;
mod names;
mod object_store;
mod order;
mod possible;
mod probe;
mod protocol;
mod random_resources;
mod random_value;
mod recovery;
mod returned_secrets;
mod rotation;
mod saved_plan;
mod second_object;
mod secrets;
mod waiting;
