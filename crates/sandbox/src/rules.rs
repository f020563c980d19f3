//! Refusals of the simulated services, beside what the schemas forbid.

use rstack_catalog::{ObjectName, TypeSchema};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{PropertyPath, ResourceType, Value, ValueMap};

use crate::index::{Facet, name_value};
use crate::inventory::View;
use crate::redaction::JsonMap;
use crate::{cloudfront, mediapackage, names};

/// A call that the service refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    kind: ErrorKind,
    code: Option<&'static str>,
    message: String,
}

impl Refusal {
    pub(crate) fn new(kind: ErrorKind, code: &'static str, message: String) -> Self {
        Self { kind, code: Some(code), message }
    }

    /// A failure that has no code of the service: its answer did not come.
    pub(crate) fn without_code(kind: ErrorKind, message: String) -> Self {
        Self { kind, code: None, message }
    }

    pub(crate) fn invalid(property: PropertyPath, code: &'static str, message: String) -> Self {
        Self::new(ErrorKind::Invalid { property: Some(property) }, code, message)
    }

    /// The message of the service.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The error of the operation that is refused.
    pub(crate) fn of(self, operation: &str) -> DriverError {
        let code = self.code.map(str::to_owned);
        DriverError { code, ..DriverError::new(self.kind, operation, self.message) }
    }
}

/// Refuses an object that may not be made or changed to have these properties.
pub(crate) fn before_write(
    view: &View<'_>,
    resource_type: &ResourceType,
    properties: &JsonMap,
) -> Result<(), Refusal> {
    match resource_type.as_str() {
        cloudfront::DISTRIBUTION => cloudfront::before_write(view, properties),
        _ => mediapackage::before_write(view, resource_type, properties),
    }
}

/// Refuses an object that may not be deleted.
pub(crate) fn before_delete(
    view: &View<'_>,
    resource_type: &ResourceType,
    id: &str,
) -> Result<(), Refusal> {
    cloudfront::before_delete(view, resource_type, id)?;
    mediapackage::before_delete(view, resource_type, id)
}

/// Refuses the deletion of an object that a property of its own protects.
pub(crate) fn unprotected(schema: &TypeSchema, properties: &JsonMap) -> Result<(), Refusal> {
    let properties: ValueMap = properties
        .iter()
        .map(|(name, value)| (name.clone(), Value::from_json(value.clone())))
        .collect();
    let Some(protection) = schema.deletion_protection(&properties) else { return Ok(()) };
    let kind = ErrorKind::Invalid { property: None };
    let message = format!("`{protection}` protects the object from deletion");
    Err(Refusal::new(kind, "OperationNotPermitted", message))
}

/// The object of the type, other than `own`, that has a name these properties declare, too: its
/// physical ID and the name.
pub(crate) fn namesake(
    view: &View<'_>,
    schema: &TypeSchema,
    properties: &JsonMap,
    own: Option<&str>,
) -> Option<(String, ObjectName)> {
    let resource_type = ResourceType::from(schema.name());
    let rules = schema.unique_names().iter().chain(schema.unique_contents());
    rules.into_iter().find_map(|rule| {
        let wanted = names::name(rule, properties)?;
        let facet = Facet::Name(rule.clone());
        let others = view.having(&resource_type, &facet, &name_value(&wanted));
        let other = others.into_iter().find(|id| Some(id.as_str()) != own)?;
        Some((other, wanted))
    })
}

/// The message about a name, or content, that an object has already.
pub(crate) fn shared(name: &ObjectName, whose: &str) -> String {
    match name.is_content() {
        true => format!("{whose} has the same {name}"),
        false => format!("its {name} is that of {whose}"),
    }
}

/// The service's own code for a name that is taken.
pub(crate) fn taken_code(resource_type: &ResourceType) -> &'static str {
    match resource_type.as_str() {
        "AWS::CloudFront::CachePolicy" => "CachePolicyAlreadyExists",
        "AWS::CloudFront::Distribution" => "DistributionAlreadyExists",
        "AWS::CloudFront::Function" => "FunctionAlreadyExists",
        "AWS::CloudFront::OriginAccessControl" => "OriginAccessControlAlreadyExists",
        "AWS::CloudFront::OriginRequestPolicy" => "OriginRequestPolicyAlreadyExists",
        "AWS::CloudFront::ResponseHeadersPolicy" => "ResponseHeadersPolicyAlreadyExists",
        _ => match resource_type.service() {
            Some("IAM") => "EntityAlreadyExists",
            Some("MediaPackage") => "UnprocessableEntityException",
            Some("SecretsManager") => "ResourceExistsException",
            _ => "AlreadyExists",
        },
    }
}
