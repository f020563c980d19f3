//! Attributes that are secrets of their service. No file of the sandbox has their texts: they are derived
//! anew from the object whenever it shows them.

use rstack_catalog::TypeSchema;
use rstack_model::{Digest, KnownMap, KnownValue, SecretString};

use crate::inventory::StoredObject;
use crate::redaction::known_map;

/// Types whose secrets are in the answer to the call that makes the object, and in no other.
///
/// Source: IAM API reference, `CreateAccessKey`.
const SHOWN_ONCE: [&str; 1] = ["AWS::IAM::AccessKey"];

/// The characters of a secret.
const LENGTH: usize = 40;

/// The attributes of an object as a read of it shows them.
pub(crate) fn shown(schema: &TypeSchema, stored: &StoredObject) -> KnownMap {
    let mut out = known_map(&stored.attributes);
    let once = SHOWN_ONCE.contains(&schema.name());
    for (name, value) in &mut out {
        if is_secret(schema, name, value) {
            let text = if once { String::new() } else { text(stored, name) };
            *value = KnownValue::Secret(SecretString::new(text));
        }
    }
    out
}

/// The attributes that only the answer to the call shows that makes the object.
pub(crate) fn shown_once(schema: &TypeSchema, stored: &StoredObject) -> KnownMap {
    let secrets = shown(schema, stored).into_iter();
    let once = SHOWN_ONCE.contains(&schema.name());
    let secrets = secrets.filter(|(name, value)| once && is_secret(schema, name, value));
    let with_text = secrets.map(|(name, _)| {
        let text = SecretString::new(text(stored, &name));
        (name, KnownValue::Secret(text))
    });
    with_text.collect()
}

fn is_secret(schema: &TypeSchema, name: &str, value: &KnownValue) -> bool {
    schema.is_secret_attribute(name) && value.expose_str().is_some()
}

fn text(stored: &StoredObject, name: &str) -> String {
    let digest = Digest::of(format!("{}\0{name}", stored.nonce).as_bytes());
    digest.as_str().chars().take(LENGTH).collect()
}
