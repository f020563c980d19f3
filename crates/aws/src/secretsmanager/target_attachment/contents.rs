//! The JSON of a secret, in memory for the one call that reads or writes it. All texts of it are
//! wiped, whichever way they leave.

use rstack_model::SecretString;
use serde_json::{Map, Value};

/// The entries of a secret.
pub(super) struct Contents(Map<String, Value>);

impl Contents {
    /// The entries of a text; `None` if it is no JSON object. What is wrong with it is not said, which
    /// could quote it.
    pub(super) fn parse(text: &SecretString) -> Option<Self> {
        serde_json::from_str(text.expose()).ok().map(Self)
    }

    /// The text of an entry.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    /// True if there is one of these entries.
    pub(super) fn has_one_of(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.0.contains_key(*key))
    }

    /// True if the secret has all these entries. A number may be a text.
    pub(super) fn has(&self, entries: &Map<String, Value>) -> bool {
        entries.iter().all(|(key, wanted)| {
            self.0.get(key).is_some_and(|found| match (found, wanted) {
                (Value::String(found), Value::Number(wanted)) => *found == wanted.to_string(),
                _ => found == wanted,
            })
        })
    }

    /// Removes entries, and sets others. True if it has changed something.
    pub(super) fn change(&mut self, remove: &[&str], set: &Map<String, Value>) -> bool {
        let mut changed = false;
        for key in remove.iter().filter(|key| !set.contains_key(**key)) {
            if let Some(old) = self.0.remove(*key) {
                wipe(old);
                changed = true;
            }
        }
        if !self.has(set) {
            for (key, value) in set {
                self.0.insert(key.clone(), value.clone()).into_iter().for_each(wipe);
            }
            changed = true;
        }
        changed
    }

    /// The text of the secret.
    pub(super) fn to_text(&self) -> SecretString {
        SecretString::new(serde_json::to_string(&self.0).unwrap_or_default())
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        wipe(Value::Object(std::mem::take(&mut self.0)));
    }
}

/// Drops a value; the type of secret texts wipes its own.
fn wipe(value: Value) {
    match value {
        Value::String(text) => drop(SecretString::new(text)),
        Value::Array(items) => items.into_iter().for_each(wipe),
        Value::Object(entries) => entries.into_iter().for_each(|(_, value)| wipe(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contents(text: &str) -> Contents {
        Contents::parse(&SecretString::new(text.to_owned())).unwrap()
    }

    fn entries(json: Value) -> Map<String, Value> {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn only_what_differs_is_changed() {
        let mut secret = contents(r#"{"password":"p","port":"5432","host":"h","dbname":"d"}"#);
        let same = entries(json!({"port": 5432, "host": "h"}));
        assert!(secret.has(&same));
        assert!(!secret.change(&["host", "engine"], &same));
        assert!(secret.change(&["dbname"], &entries(json!({"host": "i", "port": 1}))));
        let text = secret.to_text();
        assert_eq!(text.expose(), r#"{"password":"p","port":1,"host":"i"}"#);
    }

    #[test]
    fn a_secret_that_is_no_object_has_no_entries() {
        for text in ["hunter2", "[1]", "\"x\"", ""] {
            assert!(Contents::parse(&SecretString::new(text.to_owned())).is_none(), "{text}");
        }
    }
}
