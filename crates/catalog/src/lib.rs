//! The definitions of the resource types of the CloudFormation registry, compressed per type: schema,
//! identifiers, names, update kinds.
//!
//! The data come from cfn-lint's copy of the registry, from AWS's service specification and from the
//! overlays; see `data/NOTICE.md`. Opening the registry costs nothing, opening a type some microseconds.

mod attribute_change;
mod attributes;
mod cidr;
pub mod container;
mod declarable;
mod deletion_protection;
mod documentation;
mod ended_service;
mod error;
mod final_snapshot;
mod home_region;
mod identity;
mod kept_set;
mod kinds;
mod namespace;
mod nearest;
mod node;
mod normal_text;
mod path;
mod property;
mod property_attributes;
mod property_locations;
mod quota;
mod refused_change;
mod registry;
mod required_state;
mod reserved_name;
mod sameness;
mod served;
mod service_default;
mod service_rule;
mod tag_form;
mod type_schema;
mod unique_name;
mod update_kind;
mod update_policy;
mod update_rule;
mod validate;

pub use cidr::{canonical_range, protocol_name, same_range};
pub use deletion_protection::DeletionProtection;
pub use documentation::Documentation;
pub use ended_service::{EndedService, ended_service};
pub use error::RegistryError;
pub use final_snapshot::{FinalSnapshot, NoFinalSnapshot};
pub use home_region::{Taken, home_region, taken};
pub use kinds::Kind;
pub use namespace::{NameReach, name_reach, namespace};
pub use nearest::nearest;
pub use node::Node;
pub use normal_text::{domain_name, is_meaningless, normal_text};
pub use path::SchemaPath;
pub use property::Property;
pub use quota::{Quota, default_quota};
pub use refused_change::refused_change;
pub use registry::Registry;
pub use required_state::{RequiredState, required_state};
pub use reserved_name::reserved_prefixes;
pub use rstack_model::UpdateKind;
pub use sameness::{Sameness, distinguishing, sameness};
pub use served::Unserved;
pub use service_default::service_default;
pub use service_rule::{NameEnding, name_ending, takes_empty_name};
pub use tag_form::{PROPAGATES, TagForm};
pub use type_schema::{Handler, TypeSchema};
pub use unique_name::{NamePart, ObjectName, UniqueName};
pub use update_kind::Provisioning;
pub use update_policy::governs;
pub use update_rule::{Transition, UpdateRule};
pub use validate::{Violation, ViolationKind, validate};
