//! Lookups of templates in an account, before anything is planned.

mod network;
mod parameter;

pub(crate) use network::{attribute, zones};
pub(crate) use parameter::Parameters;
