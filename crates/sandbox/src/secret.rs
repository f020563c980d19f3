//! Secrets of the simulated Secrets Manager: what the file keeps of them, and their texts.
//!
//! The sandbox keeps no secret text. A secret's text is derived, each time it is asked for, from
//! the file's key, the secret and its version; a text that was given is replaced by a derived one
//! of the same shape, so that what refers to its JSON keys still finds them.

use std::collections::BTreeMap;
use std::time::Duration;

use rstack_model::value::SecretVersion;
use rstack_model::{KnownValue, SecretString};
use serde::{Deserialize, Serialize};

use crate::derive::Derivation;
use crate::time::{Moment, Now};

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
/// Source: `GetRandomPassword`, AWS Secrets Manager API Reference.
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// The rule by which a text is generated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Password {
    length: usize,
    classes: Vec<String>,
    /// True if each class of characters must appear.
    each: bool,
}

/// One field of a secret that is a JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Field {
    /// Text of the template that is no secret.
    Plain(serde_json::Value),
    /// Derived text.
    Derived(Password),
}

/// The shape of a version's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shape {
    /// One derived text.
    Text(Password),
    /// A JSON object.
    Fields(BTreeMap<String, Field>),
}

/// The number of versions that are kept, those that have lost their labels included.
const KEPT: usize = 8;

/// A version and since when it is, or was, the current one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reign {
    version: String,
    since: Moment,
}

/// The versions of a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretRecord {
    versions: BTreeMap<String, Shape>,
    current: Option<String>,
    previous: Option<String>,
    /// The last versions that were or are the current one, oldest first.
    #[serde(default)]
    reigns: Vec<Reign>,
}

impl Password {
    fn given() -> Self {
        Self { length: 32, classes: vec![LOWER.into(), UPPER.into(), NUMBERS.into()], each: false }
    }

    /// As `GenerateSecretString` asks.
    fn asked(rule: &KnownValue) -> Self {
        let flag = |name: &str, default: bool| match rule.get(name) {
            Some(KnownValue::Bool(value)) => *value,
            Some(KnownValue::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => default,
        };
        let length = match rule.get("PasswordLength") {
            Some(KnownValue::Number(n)) => n.as_u64(),
            Some(KnownValue::String(text)) => text.parse().ok(),
            _ => None,
        };
        let excluded = rule.get("ExcludeCharacters").and_then(KnownValue::expose_str).unwrap_or("");
        let classes = [
            (LOWER, !flag("ExcludeLowercase", false)),
            (UPPER, !flag("ExcludeUppercase", false)),
            (NUMBERS, !flag("ExcludeNumbers", false)),
            (PUNCTUATION, !flag("ExcludePunctuation", false)),
            (" ", flag("IncludeSpace", false)),
        ];
        let classes = classes
            .into_iter()
            .filter(|(_, included)| *included)
            .map(|(class, _)| class.chars().filter(|c| !excluded.contains(*c)).collect::<String>());
        Self {
            length: usize::try_from(length.unwrap_or(32).min(4096)).unwrap_or(32),
            classes: classes.filter(|class| !class.is_empty()).collect(),
            each: flag("RequireEachIncludedType", true),
        }
    }

    fn text(&self, mut derived: Derivation) -> String {
        let all: String = self.classes.concat();
        let mut text: Vec<u8> = derived.text(all.as_bytes(), self.length).into_bytes();
        if self.each && self.classes.len() <= self.length {
            let mut places: Vec<usize> = (0..self.length).collect();
            for class in &self.classes {
                let place = places.swap_remove(derived.below(places.len()));
                if let (Some(at), Some(byte)) =
                    (text.get_mut(place), derived.pick(class.as_bytes()))
                {
                    *at = byte;
                }
            }
        }
        text.into_iter().map(char::from).collect()
    }
}

impl Shape {
    /// The shape of a text that was given.
    pub(crate) fn given(text: &str) -> Self {
        match serde_json::from_str::<BTreeMap<String, serde_json::Value>>(text) {
            Ok(map) => {
                let derived = |name| (name, Field::Derived(Password::given()));
                Self::Fields(map.into_keys().map(derived).collect())
            }
            Err(_) => Self::Text(Password::given()),
        }
    }

    /// The shape that a `GenerateSecretString` asks for.
    pub(crate) fn asked(rule: &KnownValue) -> Self {
        let password = Password::asked(rule);
        let template = rule.get("SecretStringTemplate");
        let text = template.and_then(KnownValue::expose_str).unwrap_or("{}");
        let key = rule.get("GenerateStringKey").and_then(KnownValue::expose_str);
        let fields: Result<BTreeMap<String, serde_json::Value>, _> = serde_json::from_str(text);
        let (Some(key), Ok(fields)) = (key, fields) else { return Self::Text(password) };
        let secret = matches!(template, Some(KnownValue::Secret(_)));
        let field = |value| {
            if secret { Field::Derived(Password::given()) } else { Field::Plain(value) }
        };
        let mut fields: BTreeMap<String, Field> =
            fields.into_iter().map(|(name, value)| (name, field(value))).collect();
        fields.insert(key.to_owned(), Field::Derived(password));
        Self::Fields(fields)
    }

    fn text(&self, parts: [&str; 3]) -> SecretString {
        let [key, nonce, version] = parts;
        let derived = |field: &str| Derivation::new(&["secret", key, nonce, version, field]);
        SecretString::new(match self {
            Self::Text(password) => password.text(derived("")),
            Self::Fields(fields) => {
                let value = |(name, field): (&String, &Field)| {
                    let value = match field {
                        Field::Plain(value) => value.clone(),
                        Field::Derived(password) => password.text(derived(name)).into(),
                    };
                    (name.clone(), value)
                };
                serde_json::Value::Object(fields.iter().map(value).collect()).to_string()
            }
        })
    }
}

impl SecretRecord {
    /// Adds a version and makes it the current one. Adding it again changes nothing.
    pub(crate) fn add(&mut self, version: &str, shape: Shape, since: Moment) {
        if self.versions.contains_key(version) {
            return;
        }
        self.versions.insert(version.to_owned(), shape);
        self.previous = self.current.replace(version.to_owned());
        self.reigns.push(Reign { version: version.to_owned(), since });
        let surplus = self.reigns.len().saturating_sub(KEPT);
        self.reigns.drain(..surplus);
        let (previous, reigns) = (&self.previous, &self.reigns);
        self.versions.retain(|id, _| {
            previous.as_ref() == Some(id) || reigns.iter().any(|reign| reign.version == *id)
        });
    }

    /// Adds a version of the current shape under an ID derived from the current one; gives the ID.
    pub(crate) fn rotate(&mut self, nonce: &str, since: Moment) -> Option<String> {
        let current = self.current.clone()?;
        let shape = self.versions.get(&current)?.clone();
        let version = Derivation::new(&["rotation", nonce, &current]).uuid();
        self.add(&version, shape, since);
        Some(version)
    }

    /// The time since which the current version is the current one.
    pub(crate) fn age(&self, now: Now) -> Duration {
        self.reigns.last().map_or(Duration::MAX, |reign| now.since(reign.since))
    }

    /// The ID of the version before the current one.
    pub(crate) fn previous(&self) -> Option<&str> {
        self.previous.as_deref()
    }

    /// The current version and the one before it, as a machine knows them that asked so long ago.
    /// One that asked before there was a version has asked again since for the first one.
    pub(crate) fn known(&self, asked: Duration, now: Now) -> Vec<&str> {
        let before = self.reigns.iter().filter(|reign| now.since(reign.since) >= asked).count();
        let seen = self.reigns.get(..before.max(1)).unwrap_or(&self.reigns);
        seen.iter().rev().take(2).map(|reign| reign.version.as_str()).collect()
    }

    /// The ID of a version.
    pub(crate) fn version(&self, version: &SecretVersion) -> Option<&str> {
        match version {
            SecretVersion::Stage(stage) => match stage.as_str() {
                "AWSCURRENT" => self.current.as_deref(),
                "AWSPREVIOUS" => self.previous.as_deref(),
                _ => None,
            },
            SecretVersion::Id(id) => self.versions.get_key_value(id).map(|(id, _)| id.as_str()),
        }
    }

    /// True if a version is a JSON object that has this key.
    pub(crate) fn has_key(&self, version: &str, key: &str) -> bool {
        match self.versions.get(version) {
            Some(Shape::Fields(fields)) => fields.contains_key(key),
            Some(Shape::Text(_)) | None => false,
        }
    }

    /// The text of a version.
    pub(crate) fn text(&self, key: &str, nonce: &str, version: &str) -> Option<SecretString> {
        self.versions.get(version).map(|shape| shape.text([key, nonce, version]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::StandingTime;

    fn start() -> Moment {
        Now::of(&StandingTime).moment()
    }

    #[test]
    fn a_generated_secret_has_the_form_that_was_asked_for() {
        let rule = KnownValue::from_json(serde_json::json!({
            "SecretStringTemplate": "{\"user\":\"admin\"}", "GenerateStringKey": "password",
            "PasswordLength": "20", "ExcludePunctuation": true, "ExcludeCharacters": "abc"
        }));
        let mut record = SecretRecord::default();
        record.add("v1", Shape::asked(&rule), start());
        let text = |record: &SecretRecord, version: &str| {
            let text = record.text("key", "nonce", version).unwrap();
            serde_json::from_str::<serde_json::Value>(text.expose()).unwrap()
        };
        let first = text(&record, "v1");
        assert_eq!(first["user"], "admin");
        let password = first["password"].as_str().unwrap();
        assert_eq!(password.len(), 20);
        for class in [LOWER, UPPER, NUMBERS] {
            assert!(password.contains(|c| class.contains(c)), "{password}");
        }
        assert!(!password.contains(|c| PUNCTUATION.contains(c) || "abc".contains(c)));
        let second = record.rotate("nonce", start()).unwrap();
        assert_ne!(text(&record, &second)["password"], first["password"]);
        assert_eq!(record.version(&SecretVersion::Stage("AWSPREVIOUS".into())), Some("v1"));
        assert!(!serde_json::to_string(&record).unwrap().contains(password));
    }

    #[test]
    fn a_given_secret_keeps_its_keys_and_nothing_else() {
        let mut record = SecretRecord::default();
        record.add("v", Shape::given("{\"Key\":\"hunter2\"}"), start());
        let text = record.text("k", "n", "v").unwrap();
        assert!(text.expose().starts_with("{\"Key\":\"") && !text.expose().contains("hunter2"));
        assert!(!serde_json::to_string(&record).unwrap().contains("hunter2"));
    }
}
