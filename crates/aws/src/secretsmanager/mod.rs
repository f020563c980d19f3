//! Secrets Manager: the drivers of secrets and their policies, and the store behind dynamic references.
//!
//! A value is in memory only for the call that sends it, in types that are wiped, and is never
//! read to look at a secret.

mod changes;
mod description;
mod generate;
mod key;
mod resource_policy;
mod restore;
mod rotation_schedule;
mod secret;
mod secret_name;
mod store;
mod value;

pub(crate) use resource_policy::ResourcePolicy;
pub(crate) use rotation_schedule::RotationSchedule;
pub(crate) use secret::Secret;
pub(crate) use store::SecretsManager;
