//! `AWS::CloudFront::Distribution`.

mod config;
mod driver;
mod keep;
mod legacy;
mod lifetimes;
pub(crate) mod rules;
mod shown;

pub(super) use driver::{Distribution, TYPE};
