//! The secrets of a run, recognized at places where none is declared.

use std::sync::OnceLock;

use super::{Masked, Masker, SHORTEST};
use crate::value::{SecretReference, SecretString, Text, TextPart, Value};

/// All the secrets whose values a run knows, for places at which none is declared.
#[derive(Clone, Debug)]
pub struct KnownSecrets {
    secrets: Vec<(SecretReference, SecretString)>,
    /// Made when a text is first searched: most objects are as declared.
    masker: OnceLock<Masker>,
}

impl KnownSecrets {
    /// The secrets behind these references.
    pub fn new(secrets: &[(SecretReference, SecretString)]) -> Self {
        Self { secrets: secrets.to_vec(), masker: OnceLock::new() }
    }

    fn masker(&self) -> &Masker {
        self.masker.get_or_init(|| Masker::new(self.secrets.iter().map(|(_, secret)| secret)))
    }

    /// A message of a service that was not sent any of the secrets ([`Masker::mask_long`]).
    pub fn mask(&self, text: &str) -> String {
        self.masker().mask_long(text)
    }

    /// A text that was not declared with a secret, with references in the place of those that it
    /// holds. Secrets of fewer than `least` bytes are left alone.
    pub(super) fn scrubbed(&self, text: &str, least: usize) -> Value {
        if self.secrets.is_empty() || text.len() < SHORTEST {
            return Value::String(text.to_owned());
        }
        let (mut parts, mut end) = (Vec::new(), 0);
        for Masked { range, exact } in self.masker().find(text) {
            let found = exact.and_then(|index| self.secrets.get(index));
            let reference = match found {
                Some((_, secret)) if secret.expose().len() < least => continue,
                Some((reference, _)) => reference.clone(),
                // Not as it is: in another case, escaped or a part.
                None if range.len() < least => continue,
                None => SecretReference::Hidden,
            };
            parts.push(TextPart::Literal(text.get(end..range.start).unwrap_or("").to_owned()));
            parts.push(TextPart::Secret(reference));
            end = range.end;
        }
        parts.push(TextPart::Literal(text.get(end..).unwrap_or("").to_owned()));
        Text::concat(parts)
    }
}
