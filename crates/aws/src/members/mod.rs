//! Types that add members to a set which belongs to an object of another type: users to a group of IAM,
//! certificates to a listener of a load balancer, and permissions to those that a principal has in Lake
//! Formation.
//!
//! The services have no object for such an addition and no identity. The physical ID is made up at creation,
//! as CloudFormation does; what there is to read, change or take back follows from the declared properties.
//! A member that is in the set already belongs to another owner: an addition that declares it is refused
//! before it adds anything, so that no deletion takes it out.

mod driver;
mod kind;
mod listener_certificate;
#[cfg(test)]
mod tests;

pub(crate) use driver::Addition;
pub(crate) use kind::{Facts, Kind, Members};
pub(crate) use listener_certificate::ListenerCertificates;
