//! Custom resources in the sandbox. Nothing is executed: a file of rules says what each handler answers,
//! and without a rule physical ID and attributes are invented.

mod answer;
mod rules;
#[cfg(test)]
mod tests;
mod transport;

pub use rules::{CustomRules, InvalidRules};

pub(crate) use transport::SandboxHandlers;
