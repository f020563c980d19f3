//! Resource type schemas of the CloudFormation registry, compressed per type.
//!
//! The data come from cfn-lint's copy of the registry and from AWS's service specification; see
//! `data/NOTICE.md`. Opening the registry costs nothing, opening a type some microseconds.

mod attributes;
pub mod container;
mod declarable;
mod documentation;
mod elsewhere;
mod error;
mod identity;
mod kinds;
mod nearest;
mod node;
mod path;
mod property;
mod registry;
mod type_schema;
mod validate;

pub use documentation::Documentation;
pub use error::RegistryError;
pub use kinds::Kind;
pub use nearest::nearest;
pub use node::Node;
pub use path::SchemaPath;
pub use property::{Change, Property};
pub use registry::Registry;
pub use type_schema::{Handler, TypeSchema};
pub use validate::{Violation, ViolationKind, validate};
