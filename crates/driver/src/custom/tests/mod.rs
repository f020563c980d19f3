//! The contract with handlers, over a handler that says what a test lets it say.

mod built_in;
mod contract;
mod driving;
mod handler;
