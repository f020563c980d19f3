//! Custom resources in the sandbox. Nothing is executed: a file of rules says what each handler answers,
//! and without a rule physical ID and attributes are invented. The CDK's handlers of references across Regions
//! are known.

mod answer;
mod cross_region;
mod rules;
mod signals;
#[cfg(test)]
mod tests;
mod transport;

pub(crate) use answer::is_invented;
pub(crate) use signals::url as signal_url;

pub use rules::{CustomRules, InvalidRules};

pub(crate) use transport::SandboxHandlers;
