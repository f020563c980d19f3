//! Filling in attributes as they become known.

use super::{AttributeRef, Deferred, FunctionError, SecretReference, Text, TextPart, Value};
use super::{ValueMap, function};

/// Attributes known so far.
pub trait Attributes {
    /// The attribute's value, or `None` while it is not known.
    fn attribute(&self, reference: &AttributeRef) -> Option<Value>;
}

impl Value {
    /// This value with every known attribute filled in and the functions around them applied.
    /// Parts that are still unknown stay deferred.
    ///
    /// # Errors
    /// [`FunctionError`] if a function cannot take what an attribute turned out to be.
    pub fn resolve(&self, attributes: &dyn Attributes) -> Result<Self, FunctionError> {
        Ok(match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => self.clone(),
            Self::Text(text) => resolve_text(text, attributes)?,
            Self::Deferred(deferred) => resolve_deferred(deferred, attributes)?,
            Self::List(list) => Self::List(
                list.iter().map(|item| item.resolve(attributes)).collect::<Result<_, _>>()?,
            ),
            Self::Map(map) => Self::Map(resolve_map(map, attributes)?),
        })
    }
}

/// [`Value::resolve`] for a tree.
///
/// # Errors
/// As [`Value::resolve`].
pub fn resolve_map(map: &ValueMap, attributes: &dyn Attributes) -> Result<ValueMap, FunctionError> {
    map.iter().map(|(k, v)| Ok((k.clone(), v.resolve(attributes)?))).collect()
}

fn resolve_deferred(
    deferred: &Deferred,
    attributes: &dyn Attributes,
) -> Result<Value, FunctionError> {
    match deferred {
        Deferred::Attribute(reference) => Ok(attributes
            .attribute(reference)
            .unwrap_or_else(|| Value::Deferred(Box::new(deferred.clone())))),
        Deferred::Lookup(_) => Ok(Value::Deferred(Box::new(deferred.clone()))),
        Deferred::Select { index, list } => function::select(*index, list.resolve(attributes)?),
        Deferred::Split { delimiter, text } => {
            function::split(delimiter, text.resolve(attributes)?)
        }
        Deferred::Join { delimiter, list } => function::join(delimiter, list.resolve(attributes)?),
        Deferred::Base64(inner) => function::base64(inner.resolve(attributes)?),
        Deferred::Cidr { block, count, bits } => {
            function::cidr(block.resolve(attributes)?, *count, *bits)
        }
    }
}

fn resolve_text(text: &Text, attributes: &dyn Attributes) -> Result<Value, FunctionError> {
    let mut parts = Vec::new();
    for part in text.parts() {
        match part {
            TextPart::Literal(_) => parts.push(part.clone()),
            TextPart::Deferred(deferred) => {
                parts.extend(function::text_parts(resolve_deferred(deferred, attributes)?)?);
            }
            TextPart::Secret(SecretReference::SecretsManager(body)) => {
                let body = Box::new(body.resolve(attributes)?);
                parts.push(TextPart::Secret(SecretReference::SecretsManager(body)));
            }
            TextPart::Secret(SecretReference::SecureParameter(body)) => {
                let body = Box::new(body.resolve(attributes)?);
                parts.push(TextPart::Secret(SecretReference::SecureParameter(body)));
            }
            TextPart::Secret(SecretReference::SignalUrl(handle)) => {
                let handle = Box::new(handle.resolve(attributes)?);
                parts.push(TextPart::Secret(SecretReference::SignalUrl(handle)));
            }
            TextPart::Secret(SecretReference::Parameter(_) | SecretReference::Hidden) => {
                parts.push(part.clone());
            }
        }
    }
    Ok(Text::concat(parts))
}
