//! Lookups of templates in an account, before anything is planned.

mod network;
mod parameter;
mod stacks;

pub(crate) use network::{attribute, zones};
pub(crate) use parameter::Parameters;
pub(crate) use stacks::Stacks;
