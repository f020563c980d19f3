//! Partly known text.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AttributeRef, Deferred, Lookup, SecretReference, Value};

/// One part of a [`Text`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextPart {
    /// Known text.
    Literal(String),
    /// Text known only after apply.
    Deferred(Deferred),
    /// Text that is a secret: known by its reference only.
    Secret(SecretReference),
}

/// Text made of parts, at least one of which is not literal; literals are never empty and never
/// stand side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text {
    parts: Vec<TextPart>,
}

impl Text {
    /// The text that is one secret.
    pub fn secret(reference: SecretReference) -> Self {
        Self { parts: vec![TextPart::Secret(reference)] }
    }

    /// Puts parts together: a [`Value::String`] if all are literal, otherwise a [`Value::Text`].
    pub fn concat(parts: impl IntoIterator<Item = TextPart>) -> Value {
        let mut merged: Vec<TextPart> = Vec::new();
        for part in parts {
            match (part, merged.last_mut()) {
                (TextPart::Literal(text), _) if text.is_empty() => {}
                (TextPart::Literal(text), Some(TextPart::Literal(last))) => last.push_str(&text),
                (part, _) => merged.push(part),
            }
        }
        match merged.as_slice() {
            [] => Value::String(String::new()),
            [TextPart::Literal(text)] => Value::String(text.clone()),
            _ => Value::Text(Self { parts: merged }),
        }
    }

    /// The parts in order.
    pub fn parts(&self) -> &[TextPart] {
        &self.parts
    }

    /// True if some part is known only after apply.
    pub fn has_unknown(&self) -> bool {
        self.parts.iter().any(|part| match part {
            TextPart::Literal(_) => false,
            TextPart::Deferred(deferred) => deferred.has_unknown(),
            TextPart::Secret(reference) => reference.has_unknown(),
        })
    }

    /// True if some part is secret.
    pub fn has_secret(&self) -> bool {
        let mut found = false;
        self.visit_secrets(&mut |_| found = true);
        found
    }

    pub(super) fn visit_attributes<'a>(&'a self, found: &mut dyn FnMut(&'a AttributeRef)) {
        for part in &self.parts {
            match part {
                TextPart::Literal(_) => {}
                TextPart::Deferred(deferred) => deferred.visit_attributes(found),
                TextPart::Secret(reference) => reference.visit_attributes(found),
            }
        }
    }

    pub(super) fn visit_lookups<'a>(&'a self, found: &mut dyn FnMut(&'a Lookup)) {
        for part in &self.parts {
            match part {
                TextPart::Literal(_) => {}
                TextPart::Deferred(deferred) => deferred.visit_lookups(found),
                TextPart::Secret(reference) => reference.visit_lookups(found),
            }
        }
    }

    pub(super) fn visit_secrets<'a>(&'a self, found: &mut dyn FnMut(&'a SecretReference)) {
        for part in &self.parts {
            match part {
                TextPart::Literal(_) => {}
                TextPart::Deferred(deferred) => deferred.visit_secrets(found),
                TextPart::Secret(reference) => found(reference),
            }
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                TextPart::Literal(text) => {
                    let quoted = serde_json::Value::from(text.as_str()).to_string();
                    let inner = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"'));
                    f.write_str(inner.unwrap_or(&quoted))?;
                }
                TextPart::Deferred(deferred) => deferred.fmt(f)?,
                TextPart::Secret(reference) => reference.fmt(f)?,
            }
        }
        Ok(())
    }
}
