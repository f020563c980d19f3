//! `AWS::S3::Bucket`.

mod attributes;
mod calls;
#[cfg(test)]
mod creating_tests;
mod declared;
mod driver;
mod form;
mod listed;
mod same;
mod setting;
mod tables;
#[cfg(test)]
mod tests;
mod wire;

pub(crate) use driver::BucketDriver;

/// The switches of a public access block.
const PUBLIC_ACCESS_SWITCHES: [&str; 4] =
    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
