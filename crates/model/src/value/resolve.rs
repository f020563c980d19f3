//! Filling in attributes as they become known.

use super::{AttributeRef, Deferred, FunctionError, SecretReference, Text, TextPart, Value};
use super::{ValueMap, function};
use crate::path::PropertyPath;

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
            Self::Map(map) => Self::Map(
                map.iter()
                    .map(|(key, item)| Ok((key.clone(), item.resolve(attributes)?)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }
}

/// A property that cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be evaluated: {error}{}", uses(of))]
pub struct Unresolvable {
    /// The property.
    pub path: PropertyPath,
    /// The attributes that it uses, each once.
    pub of: Vec<AttributeRef>,
    /// Why not.
    pub error: FunctionError,
}

/// [`Value::resolve`] for the properties of a resource.
///
/// # Errors
/// As [`Value::resolve`], with the place.
pub fn resolve_map(map: &ValueMap, attributes: &dyn Attributes) -> Result<ValueMap, Unresolvable> {
    let resolved = |(name, value): (&String, &Value)| {
        let failed = |error| {
            let (path, value) = failing(PropertyPath::root().name(name), value, attributes);
            let mut of = Vec::new();
            value.visit_attributes(&mut |attribute| {
                if !of.contains(attribute) {
                    of.push(attribute.clone());
                }
            });
            Unresolvable { path, of, error }
        };
        Ok((name.clone(), value.resolve(attributes).map_err(failed)?))
    };
    map.iter().map(resolved).collect()
}

/// The attributes that a value uses, at the end of a message about it.
pub fn uses(of: &[AttributeRef]) -> String {
    match of {
        [] => String::new(),
        of => {
            let names: Vec<String> = of.iter().map(|it| format!("`{it}`")).collect();
            format!(" (it uses {})", names.join(", "))
        }
    }
}

/// The innermost value that cannot be evaluated, and its path, of one at `path` that cannot be.
fn failing<'a>(
    path: PropertyPath,
    value: &'a Value,
    attributes: &dyn Attributes,
) -> (PropertyPath, &'a Value) {
    let mut inner: Vec<(PropertyPath, &Value)> = match value {
        Value::List(list) => list.iter().enumerate().map(|(i, it)| (path.index(i), it)).collect(),
        Value::Map(map) => map.iter().map(|(name, it)| (path.name(name), it)).collect(),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_) => Vec::new(),
    };
    inner.retain(|(_, value)| value.resolve(attributes).is_err());
    match inner.into_iter().next() {
        Some((path, value)) => failing(path, value, attributes),
        None => (path, value),
    }
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
            TextPart::Secret(
                SecretReference::Parameter(_)
                | SecretReference::Attribute(_)
                | SecretReference::Hidden,
            ) => parts.push(part.clone()),
        }
    }
    Ok(Text::concat(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Arn;

    impl Attributes for Arn {
        fn attribute(&self, _: &AttributeRef) -> Option<Value> {
            Some(Value::from("a:b"))
        }
    }

    #[test]
    fn an_error_has_the_place_of_the_value() {
        let arn = Value::attribute(AttributeRef::named("Q".into(), "Arn"));
        let part =
            |index| function::select(index, function::split(":", arn.clone()).unwrap()).unwrap();
        let tag = |index| Value::Map([("Value".to_owned(), part(index))].into());
        let tags = |second| Value::List(vec![tag(0), tag(second)]);
        let map = |second| ValueMap::from([("Tags".to_owned(), tags(second))]);
        assert!(resolve_map(&map(1), &Arn).is_ok());
        let error = resolve_map(&map(2), &Arn).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`Tags[1].Value` cannot be evaluated: index 2 is outside of the list of 2 (it uses `Q.Arn`)"
        );
    }
}
