//! The drivers against a scripted service.

mod deleting;
mod finding;
mod functions;
mod keeping;
mod legacy;
mod named;
mod streaming;
mod support;
mod updating;
