//! Secrets Manager: the drivers of secrets and of what belongs to them, and the store behind dynamic
//! references.
//!
//! A value is in memory only for the call that sends it, in types that are wiped. It is read to look at
//! the one thing that is kept in it, the connection to a database.

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
mod target_attachment;
mod value;

pub(crate) use resource_policy::ResourcePolicy;
pub(crate) use rotation_schedule::RotationSchedule;
pub(crate) use secret::Secret;
pub(crate) use store::SecretsManager;
pub(crate) use target_attachment::TargetAttachment;
