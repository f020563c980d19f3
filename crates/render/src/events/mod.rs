//! The events of an apply: as lines for a pipe, as a live display, as JSON.

mod json;
mod log;
mod progress;
mod tracker;
mod words;

pub use json::{event_json, stack_event_json};
pub use log::EventLog;
pub use progress::Progress;
