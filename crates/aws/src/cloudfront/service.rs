//! The parts of the service that all CloudFront drivers need: its model, the schemas, and answers'
//! fields.

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::model::{Service, ServiceModel};

/// The service's name before an operation, as IAM actions have it.
pub(super) fn action(operation: &str) -> String {
    format!("cloudfront:{operation}")
}

/// CloudFront's model.
pub(super) fn model() -> Result<&'static ServiceModel, DriverError> {
    ServiceModel::of(Service::CLOUDFRONT)
        .map_err(|error| DriverError::new(ErrorKind::Unsupported, "cloudfront", error.to_string()))
}

/// The schema of a CloudFront type.
pub(super) fn schema(type_name: &str) -> Result<std::sync::Arc<TypeSchema>, DriverError> {
    let unsupported =
        |problem: String| DriverError::new(ErrorKind::Unsupported, type_name, problem);
    Registry::embedded()
        .get(type_name)
        .map_err(|error| unsupported(error.to_string()))?
        .ok_or_else(|| unsupported("the registry does not have the type".to_owned()))
}

/// A map in an answer that must be there.
pub(super) fn map<'a>(
    answer: &'a KnownMap,
    name: &str,
    operation: &str,
) -> Result<&'a KnownMap, DriverError> {
    answer.get(name).and_then(KnownValue::as_map).ok_or_else(|| incomplete(name, operation))
}

/// A text in an answer that must be there.
pub(super) fn text<'a>(
    answer: &'a KnownMap,
    name: &str,
    operation: &str,
) -> Result<&'a str, DriverError> {
    answer.get(name).and_then(KnownValue::as_str).ok_or_else(|| incomplete(name, operation))
}

/// The declared `Name`, which must be text. `within` is the property it stands in.
pub(super) fn declared_name<'a>(
    properties: &'a KnownMap,
    within: &PropertyPath,
    operation: &str,
) -> Result<&'a str, DriverError> {
    properties.get("Name").and_then(KnownValue::as_str).ok_or_else(|| {
        let path = within.name("Name");
        let message = format!("`{path}` must be given as text");
        let kind = ErrorKind::Invalid { property: Some(path) };
        DriverError::new(kind, action(operation), message)
    })
}

fn incomplete(name: &str, operation: &str) -> DriverError {
    let message = format!("the answer lacks `{name}`");
    DriverError::new(ErrorKind::UnknownOutcome, action(operation), message)
}

/// True if the error says that the object is not there.
pub(super) fn is_missing(error: &DriverError) -> bool {
    error.kind == ErrorKind::NotFound
}

/// An input of one text.
pub(super) fn key(name: &str, value: &str) -> KnownMap {
    KnownMap::from([(name.to_owned(), KnownValue::from(value))])
}
