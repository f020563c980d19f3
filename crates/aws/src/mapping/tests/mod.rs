//! The mapping against the real models and schemas.

mod generate;
mod laws;
mod table;
