//! Values of properties: known, partly known, or known only after apply.

mod cidr;
mod deferred;
mod dynamic;
pub mod function;
mod known;
mod lookup;
pub mod redact;
mod resolve;
mod secret;
mod serial;
mod text;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Number;

pub use deferred::{Attribute, AttributeRef, Deferred};
pub use dynamic::DynamicReferenceError;
pub use function::FunctionError;
pub use known::{KnownMap, KnownValue, NotKnown, redacted_map};
pub use lookup::{Answers, InvalidParameter, Lookup, ParameterReference};
pub use resolve::{Attributes, Unresolvable, resolve_map, uses};
pub use secret::{
    InvalidReference, ResolvedSecrets, SecretAttribute, SecretReference, SecretString,
    SecretVersion, SecretsManagerReference,
};
pub use text::{Text, TextPart};

/// A tree of named values.
pub type ValueMap = BTreeMap<String, Value>;

/// The value of a property as its template declares it, as far as it is known.
///
/// Integers are exact to 64 bits. Secrets appear as references only: no variant can hold the
/// bytes of a secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// JSON null.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer or a finite float.
    Number(Number),
    /// Wholly known text.
    String(String),
    /// Text of which at least one part is unknown or secret.
    Text(Text),
    /// A value of any kind, none of which is known before apply.
    Deferred(Box<Deferred>),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(ValueMap),
}

impl Value {
    /// A deferred attribute of another resource.
    pub fn attribute(reference: AttributeRef) -> Self {
        Self::Deferred(Box::new(Deferred::Attribute(reference)))
    }

    /// The value of a look-up that the cloud has not answered yet.
    pub fn lookup(lookup: Lookup) -> Self {
        Self::Deferred(Box::new(Deferred::Lookup(lookup)))
    }

    /// A reference to a secret, alone.
    pub fn secret(reference: SecretReference) -> Self {
        Self::Text(Text::secret(reference))
    }

    /// The text, if this is wholly known text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::Deferred(_)
            | Self::List(_)
            | Self::Map(_) => None,
        }
    }

    /// The map, if this is one.
    pub fn as_map(&self) -> Option<&ValueMap> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The list, if this is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// True if some part of the value is known only after apply. Secret references whose
    /// reference is known are known in this sense.
    pub fn has_unknown(&self) -> bool {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => false,
            Self::Text(text) => text.has_unknown(),
            Self::Deferred(_) => true,
            Self::List(list) => list.iter().any(Self::has_unknown),
            Self::Map(map) => map.values().any(Self::has_unknown),
        }
    }

    /// Calls `found` for every attribute of another resource this value waits for.
    pub fn visit_attributes<'a>(&'a self, found: &mut dyn FnMut(&'a AttributeRef)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
            Self::Text(text) => text.visit_attributes(found),
            Self::Deferred(deferred) => deferred.visit_attributes(found),
            Self::List(list) => list.iter().for_each(|v| v.visit_attributes(found)),
            Self::Map(map) => map.values().for_each(|v| v.visit_attributes(found)),
        }
    }

    /// Calls `found` for every secret reference in this value.
    pub fn visit_secrets<'a>(&'a self, found: &mut dyn FnMut(&'a SecretReference)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
            Self::Text(text) => text.visit_secrets(found),
            Self::Deferred(deferred) => deferred.visit_secrets(found),
            Self::List(list) => list.iter().for_each(|v| v.visit_secrets(found)),
            Self::Map(map) => map.values().for_each(|v| v.visit_secrets(found)),
        }
    }

    /// Calls `found` for everything that the cloud has to be asked before this value is known.
    pub fn visit_lookups<'a>(&'a self, found: &mut dyn FnMut(&'a Lookup)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
            Self::Text(text) => text.visit_lookups(found),
            Self::Deferred(deferred) => deferred.visit_lookups(found),
            Self::List(list) => list.iter().for_each(|v| v.visit_lookups(found)),
            Self::Map(map) => map.values().for_each(|v| v.visit_lookups(found)),
        }
    }

    /// A plain JSON tree as a value.
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
}

/// The number as it is written here: JSON has several ways, and keeps the one it has read.
fn one_way_written(number: Number) -> Number {
    let integer = number.as_i64().map(Number::from).or_else(|| number.as_u64().map(Number::from));
    let float = || number.as_f64().and_then(Number::from_f64);
    integer.or_else(float).unwrap_or(number)
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

/// One line, in the form a plan shows: JSON, with `‹CDN.DomainName›` for what is not yet known.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => b.fmt(f),
            Self::Number(n) => n.fmt(f),
            Self::String(s) => write!(f, "{}", serde_json::Value::from(s.as_str())),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Deferred(deferred) => deferred.fmt(f),
            Self::List(list) => {
                f.write_str("[")?;
                for (i, item) in list.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (i, (key, item)) in map.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{}: {item}", serde_json::Value::from(key.as_str()))?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_in_whichever_way_json_writes_it() {
        let read = |text: &str| Value::from_json(serde_json::from_str(text).unwrap());
        assert_eq!(read("1.10"), read("1.1"));
        assert_eq!(read("1e3"), read("1000.0"));
        assert_eq!(read("5"), Value::from(5));
        assert_eq!(read("18446744073709551615").to_string(), "18446744073709551615");
        let typed: Value = serde_json::from_str("[1.10]").unwrap();
        assert_eq!(typed, Value::List(vec![read("1.1")]));
    }
}
