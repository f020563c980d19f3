//! Tests of the drivers of EC2.

mod attachments;
mod conformance;
mod network_acl_entry;
mod tagged;
