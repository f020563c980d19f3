//! The commands, one file each: its arguments, and what it does.

pub(crate) mod apply;
mod apply_plan_file;
pub(crate) mod destroy;
pub(crate) mod docs;
mod existing_stack;
pub(crate) mod explain;
mod front_end;
pub(crate) mod graph;
mod known_stack;
pub(crate) mod ls;
mod named_places;
mod nowhere;
mod outcome;
pub(crate) mod output;
pub(crate) mod plan;
mod prepare;
pub(crate) mod reference;
pub(crate) mod resolve;
pub(crate) mod rollback;
mod runtimes;
pub(crate) mod sandbox;
pub(crate) mod shell;
pub(crate) mod show;
pub(crate) mod state;
pub(crate) mod validate;
mod validate_report;
