//! Wholly known values: the only ones a driver accepts.

use std::collections::BTreeMap;

use serde_json::Number;

use super::{Deferred, ResolvedSecrets, SecretReference, SecretString, Text, TextPart, Value};
use super::{ValueMap, function, one_way_written};
use crate::path::PropertyPath;

/// A tree of named known values.
pub type KnownMap = BTreeMap<String, KnownValue>;

/// A wholly known value. Unlike a [`Value`] it can hold the bytes of a secret, and for that reason
/// it can be neither displayed nor serialized.
#[derive(Clone, Debug, PartialEq)]
pub enum KnownValue {
    /// JSON null.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer or a finite float.
    Number(Number),
    /// Text that may be shown.
    String(String),
    /// Text that may not be shown.
    Secret(SecretString),
    /// A list.
    List(Vec<KnownValue>),
    /// A map.
    Map(KnownMap),
}

/// Why a value could not pass the gate to [`KnownValue`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotKnown {
    /// A part of it exists only after another resource was made.
    #[error("`{path}` is known only after {waits_for}")]
    Deferred {
        /// Where in the tree.
        path: PropertyPath,
        /// The expression that is left.
        waits_for: String,
    },
    /// A secret it refers to was not resolved.
    #[error("the secret {reference} of `{path}` is not resolved")]
    Secret {
        /// Where in the tree.
        path: PropertyPath,
        /// The reference.
        reference: String,
    },
}

impl Value {
    /// The gate: the wholly known value, with secrets filled in from `secrets`.
    ///
    /// # Errors
    /// [`NotKnown`] if a part is deferred or a secret is not among `secrets`.
    pub fn known(&self, secrets: &ResolvedSecrets) -> Result<KnownValue, NotKnown> {
        self.convert(&PropertyPath::root(), &|reference| secrets.get(reference).cloned())
    }

    /// [`Self::known`] for the value of a property, whose name is in the error.
    ///
    /// # Errors
    /// As [`Self::known`].
    pub fn known_property(
        &self,
        name: &str,
        secrets: &ResolvedSecrets,
    ) -> Result<KnownValue, NotKnown> {
        let at = PropertyPath::root().name(name);
        self.convert(&at, &|reference| secrets.get(reference).cloned())
    }

    /// The wholly known value with every secret replaced by an empty one: for prior properties,
    /// of which a driver needs the shape and not the secrets.
    ///
    /// # Errors
    /// [`NotKnown`] if a part is deferred.
    pub fn known_without_secrets(&self) -> Result<KnownValue, NotKnown> {
        self.convert(&PropertyPath::root(), &|_| Some(SecretString::new(String::new())))
    }

    /// The wholly known value, with secrets filled in where all of a text's are among `secrets`, and
    /// an empty secret in the place of every other text with a secret.
    ///
    /// # Errors
    /// [`NotKnown`] if a part is deferred.
    pub fn known_or_empty(&self, secrets: &ResolvedSecrets) -> Result<KnownValue, NotKnown> {
        Ok(match self {
            Self::List(list) => KnownValue::List(
                list.iter().map(|item| item.known_or_empty(secrets)).collect::<Result<_, _>>()?,
            ),
            Self::Map(map) => KnownValue::Map(
                map.iter()
                    .map(|(key, item)| Ok((key.clone(), item.known_or_empty(secrets)?)))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Text(_) => match self.known(secrets) {
                Ok(known) => known,
                Err(_) => self
                    .known_without_secrets()
                    .map(|_| KnownValue::Secret(SecretString::new(String::new())))?,
            },
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Deferred(_) => {
                self.known(secrets)?
            }
        })
    }

    fn convert(
        &self,
        path: &PropertyPath,
        secret: &dyn Fn(&SecretReference) -> Option<SecretString>,
    ) -> Result<KnownValue, NotKnown> {
        Ok(match self {
            Self::Null => KnownValue::Null,
            Self::Bool(b) => KnownValue::Bool(*b),
            Self::Number(n) => KnownValue::Number(n.clone()),
            Self::String(s) => KnownValue::String(s.clone()),
            Self::Text(text) => KnownValue::Secret(known_text(text, path, secret)?),
            Self::Deferred(deferred) => {
                return Err(NotKnown::Deferred {
                    path: path.clone(),
                    waits_for: deferred.to_string(),
                });
            }
            Self::List(list) => KnownValue::List(
                list.iter()
                    .enumerate()
                    .map(|(i, item)| item.convert(&path.index(i), secret))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Map(map) => KnownValue::Map(
                map.iter()
                    .map(|(k, item)| Ok((k.clone(), item.convert(&path.name(k), secret)?)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }
}

/// A text with a part that is not literal is unknown or secret: without an error it is secret.
fn known_text(
    text: &Text,
    path: &PropertyPath,
    secret: &dyn Fn(&SecretReference) -> Option<SecretString>,
) -> Result<SecretString, NotKnown> {
    let mut out = String::new();
    for part in text.parts() {
        match part {
            TextPart::Literal(literal) => out.push_str(literal),
            TextPart::Deferred(Deferred::Base64(Value::Text(inner))) => {
                let inner = known_text(inner, path, secret)?;
                let encoded = SecretString::new(function::encoded(inner.expose()));
                out.push_str(encoded.expose());
            }
            TextPart::Deferred(deferred) => {
                return Err(NotKnown::Deferred {
                    path: path.clone(),
                    waits_for: deferred.to_string(),
                });
            }
            TextPart::Secret(reference) => {
                let resolved = secret(reference).ok_or_else(|| NotKnown::Secret {
                    path: path.clone(),
                    reference: reference.to_string(),
                })?;
                out.push_str(resolved.expose());
            }
        }
    }
    Ok(SecretString::new(out))
}

impl KnownValue {
    /// The value as it may be stored and shown: secrets become [`SecretReference::Hidden`].
    pub fn redacted(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(*b),
            Self::Number(n) => Value::Number(n.clone()),
            Self::String(s) => Value::String(s.clone()),
            Self::Secret(_) => Value::secret(SecretReference::Hidden),
            Self::List(list) => Value::List(list.iter().map(Self::redacted).collect()),
            Self::Map(map) => Value::Map(redacted_map(map)),
        }
    }

    /// A plain JSON tree as a known value.
    pub fn from_json(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(b),
            serde_json::Value::Number(n) => Self::Number(one_way_written(n)),
            serde_json::Value::String(s) => Self::String(s),
            serde_json::Value::Array(a) => Self::List(a.into_iter().map(Self::from_json).collect()),
            serde_json::Value::Object(o) => {
                Self::Map(o.into_iter().map(|(k, v)| (k, Self::from_json(v))).collect())
            }
        }
    }

    /// The text, if this is text that may be shown.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The text, secret or not, for a call that sends it.
    pub fn expose_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Secret(secret) => Some(secret.expose()),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The map, if this is one.
    pub fn as_map(&self) -> Option<&KnownMap> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The list, if this is one.
    pub fn as_list(&self) -> Option<&[KnownValue]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// The value under a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&KnownValue> {
        self.as_map()?.get(key)
    }
}

/// [`KnownValue::redacted`] for a tree.
pub fn redacted_map(map: &KnownMap) -> ValueMap {
    map.iter().map(|(k, v)| (k.clone(), v.redacted())).collect()
}

impl From<&str> for KnownValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for KnownValue {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for KnownValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for KnownValue {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<KnownMap> for KnownValue {
    fn from(map: KnownMap) -> Self {
        Self::Map(map)
    }
}
