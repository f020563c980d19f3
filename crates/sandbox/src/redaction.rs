//! Property values as the file keeps them: JSON, with a mark in the place of every secret.
//!
//! A secret is kept as `{"$secret": "…"}`, a keyed digest that tells whether it is still the same.
//! The text itself is in no file and cannot be restored.

use rstack_model::{Digest, KnownMap, KnownValue, SecretString};
use serde_json::{Map, Value as Json};

const SECRET: &str = "$secret";
const MAP: &str = "$map";

/// JSON maps as the file has them.
pub(crate) type JsonMap = Map<String, Json>;

/// Replaces secrets by marks before they are stored: keyed digests.
#[derive(Clone, Copy)]
pub(crate) struct Redactor<'a> {
    pub(crate) key: &'a str,
}

impl Redactor<'_> {
    /// The mark of a text that may not be kept.
    pub(crate) fn mark(&self, text: &str) -> Json {
        let digest = Digest::of(format!("{}\0{text}", self.key).as_bytes());
        let mark: String = digest.as_str().chars().take(32).collect();
        Json::Object(Map::from_iter([(SECRET.to_owned(), Json::from(mark))]))
    }

    /// The value as the file keeps it.
    pub(crate) fn redact(&self, value: &KnownValue) -> Json {
        match value {
            KnownValue::Null => Json::Null,
            KnownValue::Bool(b) => Json::Bool(*b),
            KnownValue::Number(n) => Json::Number(n.clone()),
            KnownValue::String(s) => Json::String(s.clone()),
            KnownValue::Secret(secret) => self.mark(secret.expose()),
            KnownValue::List(list) => Json::Array(list.iter().map(|v| self.redact(v)).collect()),
            KnownValue::Map(map) => {
                let kept = Json::Object(self.redact_map(map));
                if map.contains_key(SECRET) || map.contains_key(MAP) {
                    return Json::Object(Map::from_iter([(MAP.to_owned(), kept)]));
                }
                kept
            }
        }
    }

    /// [`Self::redact`] for a tree.
    pub(crate) fn redact_map(&self, map: &KnownMap) -> JsonMap {
        map.iter().map(|(key, value)| (key.clone(), self.redact(value))).collect()
    }
}

/// True if this is the mark of a secret.
pub(crate) fn is_secret(json: &Json) -> bool {
    json.as_object().is_some_and(|map| map.len() == 1 && map.contains_key(SECRET))
}

/// The value that was kept; a secret comes back empty.
pub(crate) fn known(json: &Json) -> KnownValue {
    match json {
        Json::Null => KnownValue::Null,
        Json::Bool(b) => KnownValue::Bool(*b),
        Json::Number(n) => KnownValue::Number(n.clone()),
        Json::String(s) => KnownValue::String(s.clone()),
        Json::Array(list) => KnownValue::List(list.iter().map(known).collect()),
        Json::Object(_) if is_secret(json) => KnownValue::Secret(SecretString::new(String::new())),
        Json::Object(map) => match map.get(MAP) {
            Some(Json::Object(inner)) if map.len() == 1 => KnownValue::Map(known_map(inner)),
            _ => KnownValue::Map(known_map(map)),
        },
    }
}

/// [`known`] for a tree.
pub(crate) fn known_map(map: &JsonMap) -> KnownMap {
    map.iter().map(|(key, value)| (key.clone(), known(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_secrets_is_read_back_and_secrets_are_distinguished() {
        let redactor = Redactor { key: "k" };
        let odd = KnownMap::from([(SECRET.to_owned(), KnownValue::from("not one"))]);
        let value = KnownValue::List(vec![KnownValue::Map(odd), 5.into(), KnownValue::Null]);
        assert_eq!(known(&redactor.redact(&value)), value);
        let secret = |text: &str| KnownValue::Secret(SecretString::new(text.to_owned()));
        let kept = redactor.redact(&secret("hunter2"));
        assert!(is_secret(&kept) && !kept.to_string().contains("hunter2"));
        assert_eq!(known(&kept), secret(""));
        assert_eq!(kept, redactor.redact(&secret("hunter2")));
        assert_ne!(kept, redactor.redact(&secret("hunter3")));
    }
}
