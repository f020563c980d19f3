//! The intrinsic functions that may have to wait for attributes.
//!
//! Their meaning lives here once: template evaluation calls them before the plan, and
//! [`Value::resolve`] calls them again when an attribute becomes known.
//!
//! Source: "Intrinsic function reference", AWS CloudFormation User Guide.

use super::{Deferred, SecretString, Text, TextPart, Value};

/// Why a function cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// A list or map where text is needed.
    #[error("expected text, found {found}")]
    NotText {
        /// The kind of value that was found instead.
        found: &'static str,
    },
    /// Something else where a list is needed.
    #[error("expected a list, found {found}")]
    NotList {
        /// The kind of value that was found instead.
        found: &'static str,
    },
    /// `Fn::Select` behind the end of its list.
    #[error("index {index} is outside of the list of {len}")]
    OutOfRange {
        /// The index, from 0.
        index: usize,
        /// The number of elements in the list.
        len: usize,
    },
    /// `Fn::Split` with nothing to split at.
    #[error("the delimiter is empty")]
    EmptyDelimiter,
    /// `Fn::Cidr` of something that is no block, or of one that is too small.
    #[error("{problem}")]
    Cidr {
        /// The mistake in the argument.
        problem: String,
    },
    /// A function that would have to look inside a secret.
    #[error("`{function}` cannot be applied to a secret reference")]
    Secret {
        /// The function.
        function: &'static str,
    },
}

/// `Fn::Join`: the elements' texts with `delimiter` between them.
///
/// # Errors
/// If `list` is not a list, or an element is a list or a map.
pub fn join(delimiter: &str, list: Value) -> Result<Value, FunctionError> {
    match list {
        Value::List(items) => {
            let mut parts = Vec::new();
            for (i, item) in items.into_iter().enumerate() {
                if i > 0 {
                    parts.push(TextPart::Literal(delimiter.to_owned()));
                }
                parts.extend(text_parts(item)?);
            }
            Ok(Text::concat(parts))
        }
        Value::Deferred(_) => {
            Ok(deferred(Deferred::Join { delimiter: delimiter.to_owned(), list }))
        }
        other => Err(FunctionError::NotList { found: kind(&other) }),
    }
}

/// `Fn::Select`: the element at `index`, from 0.
///
/// # Errors
/// If `list` is not a list or too short.
pub fn select(index: usize, list: Value) -> Result<Value, FunctionError> {
    match list {
        Value::List(items) => {
            let len = items.len();
            items.into_iter().nth(index).ok_or(FunctionError::OutOfRange { index, len })
        }
        Value::Deferred(_) => Ok(deferred(Deferred::Select { index, list })),
        other => Err(FunctionError::NotList { found: kind(&other) }),
    }
}

/// `Fn::Split`: the pieces of a text between the delimiters.
///
/// # Errors
/// If `text` is not text, holds a secret, or the delimiter is empty.
pub fn split(delimiter: &str, text: Value) -> Result<Value, FunctionError> {
    if delimiter.is_empty() {
        return Err(FunctionError::EmptyDelimiter);
    }
    match text {
        Value::String(s) => Ok(Value::List(s.split(delimiter).map(Value::from).collect())),
        Value::Text(ref partly) if partly.has_secret() => {
            Err(FunctionError::Secret { function: "Fn::Split" })
        }
        Value::Text(_) | Value::Deferred(_) => {
            Ok(deferred(Deferred::Split { delimiter: delimiter.to_owned(), text }))
        }
        other => Err(FunctionError::NotText { found: kind(&other) }),
    }
}

/// `Fn::Split`, also of a text that is known but for parts which are `one` text without a comma, such as the IDs of
/// objects between commas.
///
/// # Errors
/// As [`split`].
pub fn split_around(
    delimiter: &str,
    text: Value,
    one: &dyn Fn(&Deferred) -> bool,
) -> Result<Value, FunctionError> {
    let parts = match &text {
        Value::Text(text) => text.parts().to_vec(),
        Value::Deferred(part) => vec![TextPart::Deferred((**part).clone())],
        _ => return split(delimiter, text),
    };
    let has_no_comma = |part: &TextPart| match part {
        TextPart::Literal(_) => true,
        TextPart::Deferred(part) => one(part),
        TextPart::Secret(_) => false,
    };
    if delimiter != "," || !parts.iter().all(has_no_comma) {
        return split(delimiter, text);
    }
    let mut pieces: Vec<Value> = Vec::new();
    let mut piece = Vec::new();
    for part in parts {
        let TextPart::Literal(literal) = part else {
            piece.push(part);
            continue;
        };
        let mut texts = literal.split(delimiter);
        piece.extend(texts.next().map(|text| TextPart::Literal(text.to_owned())));
        for text in texts {
            pieces.push(whole(std::mem::take(&mut piece)));
            piece.push(TextPart::Literal(text.to_owned()));
        }
    }
    pieces.push(whole(piece));
    Ok(Value::List(pieces))
}

/// A text of these parts; what is not known yet alone is that itself, as a reference to it is.
fn whole(mut parts: Vec<TextPart>) -> Value {
    parts.retain(|part| !matches!(part, TextPart::Literal(text) if text.is_empty()));
    match parts.as_slice() {
        [TextPart::Deferred(only)] => deferred(only.clone()),
        _ => Text::concat(parts),
    }
}

/// `Fn::Base64`: the text in standard base64 with padding. A secret in it is put in at the call.
///
/// # Errors
/// If `text` is not text.
pub fn base64(text: Value) -> Result<Value, FunctionError> {
    match text {
        Value::String(s) => Ok(Value::String(encoded(&s))),
        Value::Text(ref partly) if partly.has_secret() => {
            Ok(Text::concat([TextPart::Deferred(Deferred::Base64(text))]))
        }
        Value::Text(_) | Value::Deferred(_) => Ok(deferred(Deferred::Base64(text))),
        other => Err(FunctionError::NotText { found: kind(&other) }),
    }
}

/// A text in standard base64 with padding.
pub(super) fn encoded(text: &str) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text.as_bytes())
}

/// The text that a base64 text stands for; `None` if it is not base64 of a text.
pub(super) fn decoded(text: &str) -> Option<SecretString> {
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text);
    String::from_utf8(bytes.ok()?).ok().map(SecretString::new)
}

/// `Fn::Cidr`: so many blocks, each of which leaves `bits` bits to its addresses, from the start
/// of a block.
///
/// # Errors
/// If `block` is not an IPv4 or IPv6 block, holds a secret, or has no room for them.
pub fn cidr(block: Value, count: u16, bits: u8) -> Result<Value, FunctionError> {
    match block {
        Value::String(text) => match super::cidr::blocks(&text, count, bits) {
            Ok(blocks) => Ok(Value::List(blocks.into_iter().map(Value::String).collect())),
            Err(problem) => Err(FunctionError::Cidr { problem }),
        },
        Value::Text(ref partly) if partly.has_secret() => {
            Err(FunctionError::Secret { function: "Fn::Cidr" })
        }
        Value::Text(_) | Value::Deferred(_) => Ok(deferred(Deferred::Cidr { block, count, bits })),
        other => Err(FunctionError::NotText { found: kind(&other) }),
    }
}

/// A scalar as parts of a text; numbers and booleans as CloudFormation writes them.
///
/// # Errors
/// If the value is null, a list or a map.
pub fn text_parts(value: Value) -> Result<Vec<TextPart>, FunctionError> {
    match value {
        Value::String(s) => Ok(vec![TextPart::Literal(s)]),
        Value::Bool(b) => Ok(vec![TextPart::Literal(b.to_string())]),
        Value::Number(n) => Ok(vec![TextPart::Literal(n.to_string())]),
        Value::Text(text) => Ok(text.parts().to_vec()),
        Value::Deferred(inner) => Ok(vec![TextPart::Deferred(*inner)]),
        other @ (Value::Null | Value::List(_) | Value::Map(_)) => {
            Err(FunctionError::NotText { found: kind(&other) })
        }
    }
}

fn deferred(expression: Deferred) -> Value {
    Value::Deferred(Box::new(expression))
}

/// The kind of a value, in words for a message.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) | Value::Text(_) => "text",
        Value::Deferred(_) => "a value known after apply",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{AttributeRef, Attributes, ResolvedSecrets, SecretReference};

    struct Known(&'static str);

    impl Attributes for Known {
        fn attribute(&self, _: &AttributeRef) -> Option<Value> {
            Some(Value::from(self.0))
        }
    }

    fn url() -> Value {
        Value::attribute(AttributeRef::named("Hls".into(), "Url"))
    }

    #[test]
    fn a_select_of_a_split_waits_for_the_attribute_and_then_yields_text() {
        let host = select(2, split("/", url()).unwrap()).unwrap();
        assert!(host.has_unknown());
        assert_eq!(host.to_string(), "‹select 2 of Hls.Url split at \"/\"›");
        assert_eq!(host.resolve(&Known("https://a.b/out")).unwrap(), Value::from("a.b"));
        let error = host.resolve(&Known("nothing")).unwrap_err();
        assert_eq!(error, FunctionError::OutOfRange { index: 2, len: 1 });
    }

    #[test]
    fn names_between_commas_are_split_before_they_are_known() {
        let list = Value::List(vec!["a,b".into(), url(), url()]);
        let joined = join(",", list).unwrap();
        let split = split_around(",", joined.clone(), &|_| true).unwrap();
        assert_eq!(split, Value::List(vec!["a".into(), "b".into(), url(), url()]));
        // What may hold a comma itself is split when it is known.
        assert!(matches!(split_around(",", joined.clone(), &|_| false), Ok(Value::Deferred(_))));
        assert!(matches!(split_around("/", joined, &|_| true), Ok(Value::Deferred(_))));
        assert_eq!(split_around(",", url(), &|_| true), Ok(Value::List(vec![url()])));
        let known = split_around(",", "x,y".into(), &|_| false).unwrap();
        assert_eq!(known, Value::List(vec!["x".into(), "y".into()]));
        let secret = Value::secret(SecretReference::Parameter("Key".into()));
        assert!(split_around(",", secret, &|_| true).is_err());
    }

    #[test]
    fn a_join_shows_what_it_knows() {
        let joined = join("", Value::List(vec!["https://".into(), url(), 8.into()])).unwrap();
        assert_eq!(joined.to_string(), "\"https://‹Hls.Url›8\"");
        assert_eq!(joined.resolve(&Known("x")).unwrap(), Value::from("https://x8"));
    }

    #[test]
    fn a_secret_in_base64_is_put_in_at_the_call() {
        let secret = SecretReference::Parameter("Key".into());
        let around = |middle: Value| {
            let parts = Value::List(vec!["user:".into(), middle]);
            base64(join("", parts).unwrap()).unwrap()
        };
        let value = around(Value::secret(secret.clone()));
        assert!(!value.has_unknown());
        assert_eq!(value.to_string(), "\"‹base64 of \"user:‹secret parameter Key›\"›\"");
        let mut secrets = ResolvedSecrets::default();
        assert!(value.known(&secrets).is_err());
        secrets.insert(&secret, SecretString::new("pass".into()));
        let known = value.known(&secrets).unwrap();
        assert_eq!(known.expose_str(), Some("dXNlcjpwYXNz"));
        assert_eq!(known.redacted(), Value::secret(SecretReference::Hidden));
        assert_eq!(split(":", value.clone()), Err(FunctionError::Secret { function: "Fn::Split" }));

        // With an attribute beside it, it waits for that first.
        let both = around(join("", Value::List(vec![url(), value])).unwrap());
        assert!(both.has_unknown() && both.known(&secrets).is_err());
        let known = both.resolve(&Known("u")).unwrap().known(&secrets).unwrap();
        let expected = encoded("user:udXNlcjpwYXNz");
        assert_eq!(known.expose_str(), Some(expected.as_str()));
        let json = serde_json::to_string(&both).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), both);
    }
}
