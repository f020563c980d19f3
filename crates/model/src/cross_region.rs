//! The custom resources by which the CDK refers to stacks in other Regions: a writer in one stack makes
//! parameters of the Parameter Store, which another stack reads.
//!
//! Source: `crossRegionReferences`, AWS CDK v2 API Reference (`StackProps`), and the templates that
//! `cdk synth` writes for it.

use crate::id::{Region, ResourceType};
use crate::value::{Value, ValueMap};

/// The exports of a writer.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossRegionExports<'a> {
    /// The Region that they are made in; `None` is the stack's own.
    pub region: Option<Region>,
    /// The values by the names of the parameters.
    pub exports: &'a ValueMap,
}

impl<'a> CrossRegionExports<'a> {
    /// The type of a writer.
    pub const WRITER: &'static str = "Custom::CrossRegionExportWriter";

    /// The type of a reader.
    pub const READER: &'static str = "Custom::CrossRegionExportReader";

    /// The exports of a resource with these properties; `None` if it is no writer.
    pub fn of(resource_type: &ResourceType, properties: &'a ValueMap) -> Option<Self> {
        if resource_type.as_str() != Self::WRITER {
            return None;
        }
        let properties = properties.get("WriterProps")?.as_map()?;
        let region = properties.get("region").and_then(Value::as_str);
        Some(Self {
            region: region.map(Region::from),
            exports: properties.get("exports")?.as_map()?,
        })
    }
}
