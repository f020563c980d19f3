//! The drivers against a scripted service.

mod conformance;
mod deleting;
mod finding;
mod functions;
mod identities;
mod keeping;
mod key_value_stores;
mod legacy;
mod log_configs;
mod named;
mod streaming;
mod support;
mod updating;
