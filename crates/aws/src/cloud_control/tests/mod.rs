//! The driver over the fake of Cloud Control, call by call.

mod conformance;
mod creating;
mod deleting;
mod finding;
mod support;
mod updating;
