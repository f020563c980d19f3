//! The data rstack works on: identifiers, values, plans, states, events, diagnostics.
//!
//! This crate holds data and the laws of that data only. It does no I/O, reads no clock, no
//! environment and no randomness; every other crate of the workspace speaks its vocabulary.

pub mod asset;
pub mod built_in;
pub mod code;
pub mod cross_region;
pub mod desired;
pub mod diagnostic;
pub mod digest;
pub mod error_code;
pub mod event;
pub mod id;
pub mod image;
pub mod import;
pub mod object_key;
pub mod parameter;
pub mod path;
pub mod plan;
pub mod presence;
pub mod span;
pub mod stack_id;
pub mod state;
pub mod template_address;
pub mod update;
pub mod value;

pub use asset::{Asset, AssetPlace, AssetRole, AssetUpload, Packaging};
pub use built_in::BuiltIn;
pub use code::{Code, FindingCode};
pub use cross_region::CrossRegionExports;
pub use diagnostic::{Diagnostic, Label, Severity};
pub use digest::Digest;
pub use error_code::ErrorCode;
pub use id::{
    AccountId, Address, Cursor, InvalidId, Lineage, LockId, LogicalId, Partition, PhysicalId,
    Region, ResourceType, Serial, SnapshotName, StackName, Token,
};
pub use image::{Image, ImageBuild, ImagePlace};
pub use import::{Importer, Imports, add_imports};
pub use object_key::{Identifier, ObjectKey};
pub use parameter::{FormerParameters, GivenValue, GivenValues};
pub use path::{PathSegment, PropertyPath};
pub use presence::Presence;
pub use span::Span;
pub use stack_id::{declaring_stack, nested_stack_name, stack_id};
pub use template_address::{
    AddressError, FetchedTemplate, S3Address, TemplateAddress, WebAddress, shown_address,
    without_signatures,
};
pub use update::UpdateKind;
pub use value::{KnownMap, KnownValue, SecretString, Value, ValueMap};
