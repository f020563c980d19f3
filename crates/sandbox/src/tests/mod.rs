//! Tests of the crate as a whole.

pub(crate) mod arns;
mod lifecycle;
mod log;
