//! The simulated cloud behind the Driver trait.
//!
//! It is driven by the resource schemas, so it serves every type of the registry: it checks what
//! it is sent, invents identifiers and attributes of realistic form, keeps names unique, refuses
//! to delete what is in use, and takes its time where AWS does. It keeps its objects in one file,
//! injects faults and latency from a seed, and reads neither clock nor randomness (its time is given
//! to it): the same calls in the same sandbox have the same answers. It is not a test of what AWS would accept.

mod arn;
mod arn_forms;
mod attributes;
mod bucket;
mod check;
mod cloud;
mod cloudfront;
mod custom;
mod defaults;
mod deferred;
mod delta;
mod derive;
mod driver;
mod error;
mod fault_injection;
mod file;
mod final_snapshot;
mod generated;
mod id_context;
mod ids;
mod image_registry;
mod index;
mod inventory;
mod legacy;
mod listing;
mod log;
mod lookup;
mod mediaconnect;
mod mediapackage;
mod mediapackage_v2;
mod mediatailor;
mod minimal;
mod names;
mod object_bytes;
mod objects;
mod options;
mod parameter;
mod pattern;
mod play;
mod put;
mod redaction;
mod referrers;
mod rules;
mod s3;
mod secret;
mod secret_attributes;
mod secretsmanager;
mod store;
mod template;
#[cfg(test)]
mod tests;
mod time;

pub use cloud::{ACCOUNT, SandboxCloud};
pub use custom::{CustomRules, InvalidRules};
pub use error::SandboxError;
pub use final_snapshot::Snapshot;
pub use generated::{GeneratedLife, Move, Moves, NotMoved, compound_types, scoped_types};
pub use listing::ListedObject;
pub use options::{Faults, PerMille, SandboxOptions};
pub use play::Playback;
pub use put::ParameterKind;
pub use rstack_catalog::TypeSchema;
pub use time::{StandingTime, Time};
