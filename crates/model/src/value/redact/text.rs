//! Observed text where text with a secret in it is declared.

use super::{HIDDEN, Masker, Redactor, tree};
use crate::value::{
    Deferred, KnownValue, SecretReference, SecretString, Text, TextPart, Value, function,
};

/// Marks of secrets in a document, around their index: characters for private use.
const OPEN: char = '\u{E0F0}';
const CLOSE: char = '\u{E0F1}';
/// The shortest secret, in bytes, that is recognized with certainty: only then the text beside it
/// is shown.
const RECOGNIZED: usize = 8;

impl Redactor<'_> {
    /// The observed text: the declared one if they are the same, or may be; else with references in
    /// the place of the secrets; else hidden.
    pub(super) fn text(&self, declared: &Text, observed: &str) -> Value {
        let same = || Value::Text(declared.clone());
        let resolved = self.resolved(same());
        match &resolved {
            Some(text) if text.expose() == observed => return same(),
            Some(text) if same_number(text.expose(), observed) => return same(),
            Some(_) => {}
            None if self.fits_in_base64(declared, observed) => return same(),
            None => {}
        }
        let json = tree(observed).map(KnownValue::from_json);
        if let Some(redacted) = json.and_then(|json| self.as_document(declared, &json)) {
            return redacted;
        }
        let beside = resolved.and_then(|_| self.beside(declared, observed));
        beside.unwrap_or_else(|| Value::secret(SecretReference::Hidden))
    }

    /// An observed document where a text is declared; `None` if the text is no document.
    pub(super) fn as_document(&self, declared: &Text, observed: &KnownValue) -> Option<Value> {
        let same = || Value::Text(declared.clone());
        let resolved = self.resolved(same());
        let json = resolved.as_ref().and_then(|text| tree(text.expose()));
        if json.is_some_and(|json| KnownValue::from_json(json) == *observed) {
            return Some(same());
        }
        let wanted = document(declared)?;
        let redacted = self.value(Some(&wanted), observed);
        // The bytes of a secret may be part of the document's syntax: then its values are others.
        let may_be_same = redacted == wanted && resolved.is_none();
        Some(if may_be_same { same() } else { redacted })
    }

    /// The whole text, if all its secrets are known.
    fn resolved(&self, value: Value) -> Option<SecretString> {
        match value.known(self.current) {
            Ok(KnownValue::Secret(text)) => Some(text),
            Ok(_) | Err(_) => None,
        }
    }

    /// As [`Self::fits`]; of a text that is base64 as a whole, the text that it encodes is looked at.
    fn fits_in_base64(&self, declared: &Text, observed: &str) -> bool {
        match declared.parts() {
            [TextPart::Deferred(Deferred::Base64(Value::Text(inner)))] => {
                match function::decoded(observed) {
                    Some(observed) => self.fits_in_base64(inner, observed.expose()),
                    // The service returns it in a form of its own, which no file describes.
                    None => true,
                }
            }
            _ => self.fits(declared, observed),
        }
    }

    /// True if some values of the secrets that are not known make the declared text the observed one.
    fn fits(&self, declared: &Text, observed: &str) -> bool {
        let known = |part: &TextPart| match part {
            TextPart::Literal(text) => Some(SecretString::new(text.clone())),
            TextPart::Deferred(_) | TextPart::Secret(_) => {
                self.resolved(Text::concat([part.clone()]))
            }
        };
        let parts: Vec<Option<SecretString>> = declared.parts().iter().map(known).collect();
        let mut runs: Vec<String> = vec![String::new()];
        for part in &parts {
            match (part, runs.last_mut()) {
                (Some(text), Some(run)) => run.push_str(text.expose()),
                (Some(_), None) | (None, _) => runs.push(String::new()),
            }
        }
        let Some((first, rest)) = runs.split_first() else { return false };
        let Some(mut left) = observed.strip_prefix(first.as_str()) else { return false };
        let Some((last, between)) = rest.split_last() else { return left.is_empty() };
        for run in between {
            let Some((_, after)) = left.split_once(run.as_str()) else { return false };
            left = after;
        }
        left.ends_with(last.as_str())
    }

    /// A text in which every declared secret is recognized, and something beside them differs.
    fn beside(&self, declared: &Text, observed: &str) -> Option<Value> {
        let mut secrets: Vec<(&SecretReference, SecretString)> = Vec::new();
        for part in declared.parts() {
            match part {
                TextPart::Literal(_) => {}
                TextPart::Deferred(_) => return None,
                TextPart::Secret(reference) => {
                    secrets.push((reference, self.current.get(reference)?.clone()));
                }
            }
        }
        let clear =
            |text: &str| text.len() >= RECOGNIZED && observed.contains(text) && text != HIDDEN;
        if !secrets.iter().all(|(_, secret)| clear(secret.expose())) {
            return None;
        }
        let masker = Masker::new(secrets.iter().map(|(_, secret)| secret));
        let (mut parts, mut end) = (Vec::new(), 0);
        for masked in masker.find(observed) {
            parts.push(TextPart::Literal(observed.get(end..masked.range.start)?.to_owned()));
            let reference = masked.exact.and_then(|index| secrets.get(index));
            let reference =
                reference.map_or(SecretReference::Hidden, |(reference, _)| (*reference).clone());
            parts.push(TextPart::Secret(reference));
            end = masked.range.end;
        }
        parts.push(TextPart::Literal(observed.get(end..)?.to_owned()));
        // Other secrets of the run may be in what is beside.
        Some(self.scrub_literals(parts))
    }

    fn scrub_literals(&self, parts: Vec<TextPart>) -> Value {
        let mut out = Vec::new();
        for part in parts {
            match part {
                TextPart::Literal(text) => match self.known.scrubbed(&text, super::SHORTEST) {
                    Value::Text(text) => out.extend(text.parts().iter().cloned()),
                    _ => out.push(TextPart::Literal(text)),
                },
                TextPart::Deferred(_) | TextPart::Secret(_) => out.push(part),
            }
        }
        Text::concat(out)
    }
}

/// A secret that stands for a number comes back in the service's way of writing it.
fn same_number(one: &str, other: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    number(one).is_some_and(|one| number(other) == Some(one))
}

/// The document that a text writes in JSON, with the secrets in its texts as references; `None` if
/// it is none, or secrets stand elsewhere than in its texts.
fn document(text: &Text) -> Option<Value> {
    let mut written = String::new();
    for (index, part) in text.parts().iter().enumerate() {
        match part {
            TextPart::Literal(literal) if literal.contains([OPEN, CLOSE]) => return None,
            TextPart::Literal(literal) => written.push_str(literal),
            TextPart::Deferred(_) | TextPart::Secret(_) => {
                written.push_str(&format!("{OPEN}{index}{CLOSE}"));
            }
        }
    }
    with_references(text.parts(), &tree(&written)?)
}

fn with_references(parts: &[TextPart], json: &serde_json::Value) -> Option<Value> {
    Some(match json {
        serde_json::Value::Array(items) => Value::List(
            items.iter().map(|item| with_references(parts, item)).collect::<Option<_>>()?,
        ),
        serde_json::Value::Object(map) => {
            let entry = |(key, item): (&String, &serde_json::Value)| {
                let plain = !key.contains(OPEN);
                Some((plain.then(|| key.clone())?, with_references(parts, item)?))
            };
            Value::Map(map.iter().map(entry).collect::<Option<_>>()?)
        }
        serde_json::Value::String(text) => {
            let mut out = Vec::new();
            for (i, piece) in text.split(OPEN).enumerate() {
                let literal = match (i, piece.split_once(CLOSE)) {
                    (0, _) => piece,
                    (_, Some((index, literal))) => {
                        out.push(parts.get(index.parse::<usize>().ok()?)?.clone());
                        literal
                    }
                    (_, None) => return None,
                };
                out.push(TextPart::Literal(literal.to_owned()));
            }
            Text::concat(out)
        }
        scalar @ (serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)) => Value::from_json(scalar.clone()),
    })
}
