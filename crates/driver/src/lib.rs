//! The Driver trait and its errors: what the engine may ask of a cloud.
//!
//! The engine owns time, order, the journal and retries. A driver makes calls and returns
//! their outcomes; it never waits, and it never chooses a name the engine has not journaled.

mod asset_store;
pub mod calls;
mod cloud;
pub mod conformance;
pub mod custom;
mod direct;
mod error;
mod image_registry;
mod managed_stacks;
mod name;
mod noop;
mod object;
mod protocol;
mod resource;
mod secret;
pub mod signals;

pub use asset_store::{
    AssetContent, AssetStore, BucketAccess, DEFAULT_QUALIFIER, InMemory, ObjectSummary,
    ObjectVersion, OpenBucket, Sent, default_asset_bucket,
};
pub use cloud::{CallInFlight, Cloud, Identity};
pub use direct::{Direct, DirectDriver};
pub use error::{DriverError, ErrorKind, HandlerFailure};
pub use image_registry::{ImageRegistry, OpenRegistry, RegistryAccess, RegistryLogin};
pub use managed_stacks::{ManagedExport, ManagedStacks};
pub use name::{NameRule, Separator};
pub use noop::Noop;
pub use object::{Object, Observed};
pub use protocol::{Finish, OperationKind, Pending, Poll, Request, Step};
pub use resource::{
    CreateRequest, DeleteRequest, EffectSink, Found, NoEffects, Progress, Removal, ResourceDriver,
    SinkError, UnsupportedProperty, UpdateRequest,
};
pub use secret::{SecretStore, VersionHistory, json_field};
