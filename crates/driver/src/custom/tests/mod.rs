//! The contract with handlers, over a handler that says what a test lets it say.

mod contract;
mod driving;
mod handler;
