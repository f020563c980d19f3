//! Redaction: observed values without the secrets of a run.
//!
//! A service returns what it was sent, and it was sent secrets. Before an observed object is compared,
//! shown or recorded, it is taken into the form in which it was declared, where secrets are
//! references: the values that were declared with secrets are matched in memory, at any depth of a
//! document, and what does not match is hidden. The result is a [`Value`], which holds no secret.

mod declared;
mod known_secrets;
mod mask;
mod text;
mod variants;

use self::declared::{at, declared_text, is_as_declared, note_literals, tree};
pub use known_secrets::KnownSecrets;
pub use mask::{HIDDEN, Masked, Masker, SHORTEST, WITHHELD};

use super::{KnownMap, KnownValue, ResolvedSecrets, SecretReference, TextPart, Value, ValueMap};

/// Shorter secrets are not searched for in attributes, which other resources are made from: a text
/// that has one by chance is not made to depend on it.
const SHORTEST_IN_ATTRIBUTES: usize = 8;

/// Redacts the observed object of one resource.
#[derive(Clone, Copy, Debug)]
pub struct Redactor<'a> {
    /// The secrets that the object was made with, as far as their values are known. A secret that has
    /// another version now is not among them.
    current: &'a ResolvedSecrets,
    /// The secrets that are recognized where none is declared.
    known: &'a KnownSecrets,
}

impl<'a> Redactor<'a> {
    /// A redactor for an object that was made with the secrets `current`.
    pub fn new(current: &'a ResolvedSecrets, known: &'a KnownSecrets) -> Self {
        Self { current, known }
    }

    /// The properties of an object, redacted by those that were declared for it. `in_doubt` are the
    /// properties of updates that may have been carried out: what they declare with a secret is
    /// redacted by them.
    pub fn properties(
        &self,
        declared: &ValueMap,
        in_doubt: &[ValueMap],
        observed: &KnownMap,
    ) -> ValueMap {
        let property = |(name, value): (&String, &KnownValue)| {
            let first = declared.get(name);
            let redacted = self.value(first, value);
            let as_declared = Some(&redacted) == first || first.is_some_and(has_secret);
            let mut others = in_doubt.iter().filter_map(|properties| properties.get(name));
            let other = others.find(|other| !as_declared && has_secret(other));
            (name.clone(), other.map_or(redacted, |other| self.value(Some(other), value)))
        };
        observed.iter().map(property).collect()
    }

    /// The attributes of an object. One that repeats a declared property is redacted as that; in any
    /// other text the secrets of the run become references.
    pub fn attributes(&self, declared: &ValueMap, observed: &KnownMap) -> ValueMap {
        let attribute = |(name, value): (&String, &KnownValue)| {
            let redacted = match at(declared, name).filter(|declared| has_secret(declared)) {
                Some(declared) => self.value(Some(declared), value),
                None => self.undeclared(value, SHORTEST_IN_ATTRIBUTES),
            };
            (name.clone(), redacted)
        };
        observed.iter().map(attribute).collect()
    }

    /// An observed value where `declared` was declared. It is equal to `declared` if the values are
    /// the same, and if they differ at most in secrets whose values are not known.
    pub fn value(&self, declared: Option<&Value>, observed: &KnownValue) -> Value {
        match declared {
            None => self.undeclared(observed, SHORTEST),
            Some(declared) if has_secret(declared) => self.with_secret(declared, observed),
            Some(declared) => self.without_secret(declared, observed),
        }
    }

    /// Redacts where nothing secret is declared: a value that is not as declared may repeat a
    /// secret.
    fn without_secret(&self, declared: &Value, observed: &KnownValue) -> Value {
        match (declared, observed) {
            (Value::Map(declared), KnownValue::Map(observed)) => {
                let entry = |(key, value): (&String, &KnownValue)| {
                    (self.key(key), self.value(declared.get(key), value))
                };
                Value::Map(observed.iter().map(entry).collect())
            }
            (Value::List(declared), KnownValue::List(observed)) => {
                self.items(declared, observed, |redactor, item| redactor.undeclared(item, SHORTEST))
            }
            (Value::String(declared), KnownValue::Secret(secret))
                if declared == secret.expose() =>
            {
                Value::String(declared.clone())
            }
            (_, KnownValue::String(text)) => self.text_without_secret(declared, text),
            (Value::String(text), KnownValue::Map(_) | KnownValue::List(_)) => match tree(text) {
                Some(declared) => self.without_secret(&Value::from_json(declared), observed),
                None => self.undeclared(observed, SHORTEST),
            },
            (_, KnownValue::Number(number))
                if declared_text(declared) == Some(number.to_string()) =>
            {
                Value::Number(number.clone())
            }
            _ => self.undeclared(observed, SHORTEST),
        }
    }

    fn text_without_secret(&self, declared: &Value, text: &str) -> Value {
        let original = declared;
        if declared_text(declared).as_deref() == Some(text) {
            return Value::String(text.to_owned());
        }
        let document = match declared {
            Value::String(declared) => tree(declared).map(Value::from_json),
            Value::Map(_) | Value::List(_) => Some(declared.clone()),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Deferred(_) => None,
        };
        if let (Some(declared), Some(observed)) = (document, tree(text)) {
            let redacted = self.without_secret(&declared, &KnownValue::from_json(observed));
            if redacted == *original {
                return redacted;
            }
            return if has_secret(&redacted) { redacted } else { Value::String(text.to_owned()) };
        }
        self.known.scrubbed(text, SHORTEST)
    }

    /// Nothing is declared there.
    fn undeclared(&self, observed: &KnownValue, least: usize) -> Value {
        match observed {
            KnownValue::Null => Value::Null,
            KnownValue::Bool(value) => Value::Bool(*value),
            KnownValue::Number(number) => {
                match self.known.scrubbed(&number.to_string(), least) {
                    Value::String(_) => Value::Number(number.clone()),
                    // A number that has a secret's digits by chance is none.
                    Value::Text(text) if matches!(text.parts(), [TextPart::Secret(_)]) => {
                        Value::Text(text)
                    }
                    _ => Value::Number(number.clone()),
                }
            }
            KnownValue::String(text) => self.known.scrubbed(text, least),
            KnownValue::Secret(_) => Value::secret(SecretReference::Hidden),
            KnownValue::List(list) => {
                Value::List(list.iter().map(|item| self.undeclared(item, least)).collect())
            }
            KnownValue::Map(map) => Value::Map(
                map.iter()
                    .map(|(key, item)| (self.key(key), self.undeclared(item, least)))
                    .collect(),
            ),
        }
    }

    /// The key of a map, which may quote a secret where the map is a document.
    fn key(&self, key: &str) -> String {
        match self.known.scrubbed(key, SHORTEST_IN_ATTRIBUTES) {
            Value::String(key) => key,
            _ => HIDDEN.to_owned(),
        }
    }

    /// Redacts where a secret is declared somewhere in the value.
    fn with_secret(&self, declared: &Value, observed: &KnownValue) -> Value {
        match (declared, observed) {
            // The driver does not know the text, or does not return it: no difference is known.
            (_, KnownValue::Secret(secret)) if secret.expose().is_empty() => declared.clone(),
            (_, KnownValue::Null) => Value::Null,
            (Value::Text(text), KnownValue::String(_) | KnownValue::Secret(_)) => {
                self.text(text, observed.expose_str().unwrap_or(""))
            }
            (Value::Text(text), KnownValue::Number(number)) => self.text(text, &number.to_string()),
            (Value::Text(text), KnownValue::Bool(value)) => self.text(text, &value.to_string()),
            (Value::Map(declared), KnownValue::Map(observed)) => {
                let strange = |item: &KnownValue| self.strange(&Value::Map(declared.clone()), item);
                let entry = |(key, item): (&String, &KnownValue)| {
                    let redacted = match declared.get(key) {
                        Some(declared) => self.value(Some(declared), item),
                        None => strange(item),
                    };
                    (self.key(key), redacted)
                };
                Value::Map(observed.iter().map(entry).collect())
            }
            (Value::List(items), KnownValue::List(observed)) => {
                self.items(items, observed, |redactor, item| redactor.strange(declared, item))
            }
            (Value::Map(_) | Value::List(_), KnownValue::String(_) | KnownValue::Secret(_))
                if observed.expose_str().and_then(tree).is_some() =>
            {
                let json = observed.expose_str().and_then(tree).unwrap_or_default();
                self.with_secret(declared, &KnownValue::from_json(json))
            }
            // A list of one is its element to some services.
            (Value::List(items), _) if items.len() == 1 => {
                let redacted = self.value(items.first(), observed);
                if Some(&redacted) == items.first() { declared.clone() } else { redacted }
            }
            (Value::Text(text), KnownValue::Map(_) | KnownValue::List(_)) => {
                match self.as_document(text, observed) {
                    Some(redacted) => redacted,
                    None => self.only_item(declared, observed),
                }
            }
            (Value::Map(_), KnownValue::List(_)) => self.only_item(declared, observed),
            _ => self.strange(declared, observed),
        }
    }

    /// An observed list of one where an element is declared.
    fn only_item(&self, declared: &Value, observed: &KnownValue) -> Value {
        let Some([item]) = observed.as_list() else { return self.strange(declared, observed) };
        let redacted = self.value(Some(declared), item);
        if redacted == *declared { redacted } else { Value::List(vec![redacted]) }
    }

    /// The items of a list: each is redacted by the declared item that it is equal to, in whichever
    /// place, or else by one whose declaration it meets beside what a service adds, such as defaults;
    /// one that is left over by the only declared one that is left. Of equal items those without a
    /// secret come first: an unknown secret is equal to everything. Where a secret of the list is not
    /// known, a declared item without one shows nothing that was added: it may be that secret.
    fn items(
        &self,
        declared: &[Value],
        observed: &[KnownValue],
        strange: impl Fn(&Self, &KnownValue) -> Value,
    ) -> Value {
        let mut left: Vec<Option<&Value>> = declared.iter().map(Some).collect();
        let mut out: Vec<Option<Value>> = vec![None; observed.len()];
        let all_known = declared.iter().all(|item| item.known(self.current).is_ok());
        let mut passes = vec![(false, false), (false, true), (true, true)];
        passes.extend(all_known.then_some((true, false)));
        for (beside_more, secret) in passes {
            for ((i, item), out) in observed.iter().enumerate().zip(&mut out) {
                if out.is_some() {
                    continue;
                }
                let equal = std::iter::once(i).chain(0..left.len()).find_map(|at| {
                    let candidate = left.get(at).copied().flatten()?;
                    let considered = has_secret(candidate) == secret;
                    let redacted = considered.then(|| self.value(Some(candidate), item))?;
                    let meets = match beside_more {
                        true => is_as_declared(candidate, &redacted),
                        false => redacted == *candidate,
                    };
                    meets.then_some((at, redacted))
                });
                if let Some((at, redacted)) = equal
                    && let Some(place) = left.get_mut(at)
                {
                    (*place, *out) = (None, Some(redacted));
                }
            }
        }
        let unequal = out.iter().filter(|item| item.is_none()).count();
        let mut left = left.into_iter().flatten();
        let only = match (left.next(), left.next()) {
            (Some(only), None) if unequal == 1 => Some(only),
            _ => None,
        };
        let secret = declared.iter().any(has_secret);
        let only = only.filter(|only| has_secret(only) || !secret);
        let items = observed.iter().zip(out).map(|(item, redacted)| match (redacted, only) {
            (Some(redacted), _) => redacted,
            (None, Some(only)) => self.value(Some(only), item),
            (None, None) => strange(self, item),
        });
        Value::List(items.collect())
    }

    /// A value for which nothing is declared, beside what is declared with a secret: if not all of
    /// these secrets are known, every text that is not declared may be one.
    fn strange(&self, beside: &Value, observed: &KnownValue) -> Value {
        if beside.known(self.current).is_ok() {
            return self.undeclared(observed, SHORTEST);
        }
        let mut literals = Vec::new();
        note_literals(beside, &mut literals);
        self.hide_but(&literals, observed)
    }

    fn hide_but(&self, literals: &[String], observed: &KnownValue) -> Value {
        let hidden = || Value::secret(SecretReference::Hidden);
        match observed {
            KnownValue::Null => Value::Null,
            KnownValue::Bool(value) => Value::Bool(*value),
            KnownValue::Number(number) if literals.contains(&number.to_string()) => {
                Value::Number(number.clone())
            }
            KnownValue::String(text) if literals.contains(text) => Value::String(text.clone()),
            KnownValue::Number(_) | KnownValue::String(_) | KnownValue::Secret(_) => hidden(),
            KnownValue::List(list) => {
                Value::List(list.iter().map(|item| self.hide_but(literals, item)).collect())
            }
            KnownValue::Map(map) => Value::Map(
                map.iter()
                    .map(|(key, item)| (self.key(key), self.hide_but(literals, item)))
                    .collect(),
            ),
        }
    }
}

/// True if some part of a value is secret.
pub fn has_secret(value: &Value) -> bool {
    let mut found = false;
    value.visit_secrets(&mut |_| found = true);
    found
}

#[cfg(test)]
mod tests;
