//! Finding dynamic references in texts, also in texts of which a part is not yet known.
//!
//! Source: "Get values stored in other services using dynamic references", AWS CloudFormation
//! User Guide.

use super::{SecretReference, SecretsManagerReference, Text, TextPart, Value};
use crate::path::PropertyPath;

const OPEN: &str = "{{resolve:";
const CLOSE: &str = "}}";

/// A dynamic reference that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DynamicReferenceError {
    /// `{{resolve:` without its `}}`.
    #[error("the dynamic reference is not closed with `}}}}`")]
    Unclosed {
        /// Where in the property tree.
        path: PropertyPath,
    },
    /// A service other than Secrets Manager.
    #[error("dynamic references to `{service}` are not supported yet")]
    Service {
        /// Where in the property tree.
        path: PropertyPath,
        /// The text behind `{{resolve:`.
        service: String,
    },
    /// A Secrets Manager reference of the wrong form.
    #[error("{problem}")]
    Invalid {
        /// Where in the property tree.
        path: PropertyPath,
        /// What is wrong.
        problem: String,
    },
}

impl DynamicReferenceError {
    /// Where in the property tree.
    pub fn path(&self) -> &PropertyPath {
        match self {
            Self::Unclosed { path } | Self::Service { path, .. } | Self::Invalid { path, .. } => {
                path
            }
        }
    }
}

impl Value {
    /// This tree with every `{{resolve:secretsmanager:…}}` in its texts turned into a secret
    /// reference. Applied once, to what the template wrote: text that comes from the cloud is
    /// never read as a reference.
    ///
    /// # Errors
    /// [`DynamicReferenceError`] for references that are not closed, malformed or not supported.
    pub fn with_dynamic_references(
        self,
        path: &PropertyPath,
    ) -> Result<Self, DynamicReferenceError> {
        Ok(match self {
            Self::String(text) if text.contains(OPEN) => {
                references(vec![TextPart::Literal(text)], path)?
            }
            Self::Text(text) => references(text.parts().to_vec(), path)?,
            Self::List(list) => Self::List(
                list.into_iter()
                    .enumerate()
                    .map(|(i, item)| item.with_dynamic_references(&path.index(i)))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Map(map) => Self::Map(
                map.into_iter()
                    .map(|(k, item)| {
                        let item = item.with_dynamic_references(&path.name(&k))?;
                        Ok((k, item))
                    })
                    .collect::<Result<_, _>>()?,
            ),
            other @ (Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::String(_)
            | Self::Deferred(_)) => other,
        })
    }
}

/// Walks the parts; `body` collects those of an open reference.
fn references(parts: Vec<TextPart>, path: &PropertyPath) -> Result<Value, DynamicReferenceError> {
    let mut out: Vec<TextPart> = Vec::new();
    let mut body: Option<Vec<TextPart>> = None;
    for part in parts {
        let TextPart::Literal(literal) = part else {
            body.as_mut().unwrap_or(&mut out).push(part);
            continue;
        };
        let mut rest = literal.as_str();
        loop {
            let mark = if body.is_some() { CLOSE } else { OPEN };
            let Some((before, after)) = rest.split_once(mark) else {
                body.as_mut().unwrap_or(&mut out).push(TextPart::Literal(rest.to_owned()));
                break;
            };
            rest = after;
            if let Some(mut whole) = body.take() {
                whole.push(TextPart::Literal(before.to_owned()));
                out.push(TextPart::Secret(reference(whole, path)?));
            } else {
                out.push(TextPart::Literal(before.to_owned()));
                body = Some(Vec::new());
            }
        }
    }
    if body.is_some() {
        return Err(DynamicReferenceError::Unclosed { path: path.clone() });
    }
    Ok(Text::concat(out))
}

fn reference(
    mut whole: Vec<TextPart>,
    path: &PropertyPath,
) -> Result<SecretReference, DynamicReferenceError> {
    let service = |text: &str| {
        let service = text.split(':').next().unwrap_or_default().to_owned();
        DynamicReferenceError::Service { path: path.clone(), service }
    };
    match whole.first_mut() {
        Some(TextPart::Literal(first)) => match first.strip_prefix("secretsmanager:") {
            Some(stripped) => *first = stripped.to_owned(),
            None => return Err(service(first)),
        },
        Some(TextPart::Deferred(_) | TextPart::Secret(_)) | None => return Err(service("")),
    }
    let body = Text::concat(whole);
    if let Value::String(text) = &body {
        SecretsManagerReference::parse(text).map_err(|error| DynamicReferenceError::Invalid {
            path: path.clone(),
            problem: error.to_string(),
        })?;
    }
    Ok(SecretReference::SecretsManager(Box::new(body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{AttributeRef, function};

    fn find(value: Value) -> Result<Value, DynamicReferenceError> {
        value.with_dynamic_references(&PropertyPath::root())
    }

    #[test]
    fn a_reference_around_an_unknown_arn_is_a_reference() {
        let joined = function::join(
            "",
            Value::List(vec![
                "{{resolve:secretsmanager:".into(),
                Value::attribute(AttributeRef::reference("Secret".into())),
                ":SecretString:Key::}}".into(),
            ]),
        );
        let value = find(joined.unwrap()).unwrap();
        assert_eq!(value.to_string(), "\"{{resolve:secretsmanager:‹Secret›:SecretString:Key::}}\"");
        let mut count = 0;
        value.visit_secrets(&mut |_| count += 1);
        assert_eq!(count, 1);
        assert!(value.has_unknown());
    }

    #[test]
    fn text_around_and_between_references_stays() {
        let value = find("a{{resolve:secretsmanager:x}}b{{resolve:secretsmanager:y}}".into());
        let Value::Text(text) = value.unwrap() else { panic!("not a text") };
        assert_eq!(text.parts().len(), 4);
    }

    #[test]
    fn what_cannot_be_resolved_is_an_error() {
        for bad in
            ["{{resolve:secretsmanager:x", "{{resolve:ssm:p:1}}", "{{resolve:secretsmanager:}}"]
        {
            assert!(find(bad.into()).is_err(), "{bad} was accepted");
        }
        assert_eq!(find("{{other}}".into()).unwrap(), Value::from("{{other}}"));
    }
}
