//! JSON documents: trees in templates, text in the API.

use rstack_model::{KnownValue, SecretString};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use zeroize::Zeroizing;

/// The JSON text of a tree; secret if anything in it is. `None` if it cannot be written.
pub(crate) fn write(tree: &KnownValue) -> Option<KnownValue> {
    let mut bytes = Zeroizing::new(Vec::new());
    serde_json::to_writer(&mut *bytes, &Exposed(tree)).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?.to_owned();
    if holds_secret(tree) {
        return Some(KnownValue::Secret(SecretString::new(text)));
    }
    Some(KnownValue::String(text))
}

/// The tree of a JSON text; any other value stays as it is.
pub(crate) fn read(value: &KnownValue) -> KnownValue {
    let KnownValue::String(text) = value else { return value.clone() };
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
            KnownValue::from_json(json)
        }
        Ok(_) | Err(_) => value.clone(),
    }
}

fn holds_secret(tree: &KnownValue) -> bool {
    match tree {
        KnownValue::Secret(_) => true,
        KnownValue::List(items) => items.iter().any(holds_secret),
        KnownValue::Map(map) => map.values().any(holds_secret),
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::String(_) => {
            false
        }
    }
}

/// A tree with its secrets, for the moment of writing it.
struct Exposed<'a>(&'a KnownValue);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            KnownValue::Null => serializer.serialize_unit(),
            KnownValue::Bool(b) => serializer.serialize_bool(*b),
            KnownValue::Number(n) => n.serialize(serializer),
            KnownValue::String(text) => serializer.serialize_str(text),
            KnownValue::Secret(secret) => serializer.serialize_str(secret.expose()),
            KnownValue::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Exposed(item))?;
                }
                list.end()
            }
            KnownValue::Map(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map {
                    out.serialize_entry(key, &Exposed(value))?;
                }
                out.end()
            }
        }
    }
}
