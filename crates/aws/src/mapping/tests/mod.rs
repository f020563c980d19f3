//! The mapping against the real models and schemas.

pub(crate) mod generate;
mod laws;
mod table;
