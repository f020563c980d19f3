//! The driver of `AWS::EMR::Cluster`.
//!
//! A cluster has no name of its own: the service gives it an ID, and its creation takes no token. It is known
//! again by the token in its tags, among the clusters of its name. What cannot be changed on a cluster that
//! exists is as it was declared; what can be changed is read, and changed by an operation each.

mod cluster;
mod contents;
mod instances;
mod shown;
#[cfg(test)]
mod tests;

pub(crate) use cluster::Cluster;

/// The type.
pub(crate) const TYPE: &str = "AWS::EMR::Cluster";
