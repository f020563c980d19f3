//! Values as JSON.
//!
//! Plain values are plain JSON. What JSON has no form for is a map with the one key `$rstack`; a
//! map that itself has that key is wrapped, so that reading returns exactly what was written.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Deferred, Text, Value, ValueMap, one_way_written};

const MARK: &str = "$rstack";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Special {
    Text(Text),
    Deferred(Box<Deferred>),
    Map(ValueMap),
}

#[derive(Serialize, Deserialize)]
struct Marked {
    #[serde(rename = "$rstack")]
    special: Special,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Number(n) => n.serialize(serializer),
            Self::String(s) => serializer.serialize_str(s),
            Self::List(list) => list.serialize(serializer),
            Self::Map(map) if map.contains_key(MARK) => {
                Marked { special: Special::Map(map.clone()) }.serialize(serializer)
            }
            Self::Map(map) => map.serialize(serializer),
            Self::Text(text) => {
                Marked { special: Special::Text(text.clone()) }.serialize(serializer)
            }
            Self::Deferred(deferred) => {
                Marked { special: Special::Deferred(deferred.clone()) }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        from_json(json).map_err(serde::de::Error::custom)
    }
}

fn from_json(json: serde_json::Value) -> Result<Value, serde_json::Error> {
    Ok(match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(b),
        serde_json::Value::Number(n) => Value::Number(one_way_written(n)),
        serde_json::Value::String(s) => Value::String(s),
        serde_json::Value::Array(items) => {
            Value::List(items.into_iter().map(from_json).collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(map) if map.contains_key(MARK) => {
            let marked: Marked = serde_json::from_value(serde_json::Value::Object(map))?;
            match marked.special {
                Special::Text(text) => Value::Text(text),
                Special::Deferred(deferred) => Value::Deferred(deferred),
                Special::Map(map) => Value::Map(map),
            }
        }
        serde_json::Value::Object(map) => Value::Map(
            map.into_iter()
                .map(|(k, v)| Ok((k, from_json(v)?)))
                .collect::<Result<_, serde_json::Error>>()?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{AttributeRef, SecretReference};

    #[test]
    fn every_kind_of_value_comes_back_as_it_was() {
        let attribute = Value::attribute(AttributeRef::named("A".into(), "B.C"));
        let marked = ValueMap::from([(MARK.to_owned(), Value::from(i64::MAX))]);
        let secret = SecretReference::SecretsManager(Box::new(attribute.clone()));
        let value = Value::List(vec![
            Value::Null,
            true.into(),
            "x".into(),
            attribute,
            Value::Map(marked.clone()),
            Value::List(vec![Value::Map(marked)]),
            Value::secret(secret),
        ]);
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value, "{json}");
    }
}
