//! `AWS::CloudFront::Distribution`.

mod config;
mod driver;
mod find;
mod legacy;
mod lifetimes;
pub(crate) mod rules;

pub(super) use driver::{Distribution, TYPE};
