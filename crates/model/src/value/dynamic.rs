//! Finding dynamic references in texts, also in texts of which a part is not yet known.
//!
//! Source: "Get values stored in other services using dynamic references", AWS CloudFormation
//! User Guide.

use super::redact::has_secret;
use super::{
    Answers, Deferred, Lookup, ParameterReference, SecretReference, SecretsManagerReference, Text,
    TextPart, Value, function,
};
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
    /// A service that CloudFormation does not document.
    #[error(
        "there are no dynamic references to `{service}`: only to `secretsmanager`, `ssm` and `ssm-secure`"
    )]
    Service {
        /// Where in the property tree.
        path: PropertyPath,
        /// The text behind `{{resolve:`.
        service: String,
    },
    /// A parameter that is named by something that exists only after apply.
    #[error("the name in a reference to `ssm` must be known before apply")]
    Unknown {
        /// Where in the property tree.
        path: PropertyPath,
    },
    /// A reference that is named by a secret: the name would be in every plan, state and request.
    #[error("a secret cannot be a part of a dynamic reference")]
    Secret {
        /// Where in the property tree.
        path: PropertyPath,
    },
    /// A reference of the wrong form.
    #[error("{problem}")]
    Invalid {
        /// Where in the property tree.
        path: PropertyPath,
        /// The mistake in the reference.
        problem: String,
    },
}

impl DynamicReferenceError {
    /// Where in the property tree.
    pub fn path(&self) -> &PropertyPath {
        match self {
            Self::Unclosed { path }
            | Self::Service { path, .. }
            | Self::Unknown { path }
            | Self::Secret { path }
            | Self::Invalid { path, .. } => path,
        }
    }
}

impl Value {
    /// This tree with the dynamic references in its texts read: those to `secretsmanager` and
    /// `ssm-secure` become secret references, those to `ssm` the answer, which may be known only after
    /// apply, or a look-up where there is none yet. Applied once, to what the template wrote: text that comes from the cloud is
    /// never read as a reference.
    ///
    /// # Errors
    /// [`DynamicReferenceError`] for references that are not closed, malformed or not known.
    pub fn with_dynamic_references(
        self,
        path: &PropertyPath,
        answers: &Answers,
    ) -> Result<Self, DynamicReferenceError> {
        Ok(match self {
            Self::String(text) if text.contains(OPEN) => {
                references(vec![TextPart::Literal(text)], path, answers)?
            }
            Self::Text(text) => references(text.parts().to_vec(), path, answers)?,
            Self::List(list) => Self::List(
                list.into_iter()
                    .enumerate()
                    .map(|(i, item)| item.with_dynamic_references(&path.index(i), answers))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Map(map) => Self::Map(
                map.into_iter()
                    .map(|(k, item)| {
                        let item = item.with_dynamic_references(&path.name(&k), answers)?;
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
fn references(
    parts: Vec<TextPart>,
    path: &PropertyPath,
    answers: &Answers,
) -> Result<Value, DynamicReferenceError> {
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
                out.extend(reference(whole, path, answers)?);
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
    answers: &Answers,
) -> Result<Vec<TextPart>, DynamicReferenceError> {
    let unknown = |service: &str| DynamicReferenceError::Service {
        path: path.clone(),
        service: service.to_owned(),
    };
    let invalid = |problem: String| DynamicReferenceError::Invalid { path: path.clone(), problem };
    let Some(TextPart::Literal(first)) = whole.first_mut() else { return Err(unknown("")) };
    let (service, rest) = first.split_once(':').unwrap_or((first, ""));
    let (service, rest) = (service.to_owned(), rest.to_owned());
    *first = rest;
    let body = Text::concat(whole);
    if has_secret(&body) {
        return Err(DynamicReferenceError::Secret { path: path.clone() });
    }
    let known = body.as_str().map(str::to_owned);
    let parameter =
        |text: &str| ParameterReference::parse(text).map_err(|error| invalid(error.to_string()));
    match service.as_str() {
        "secretsmanager" => {
            if let Some(text) = known {
                SecretsManagerReference::parse(&text).map_err(|e| invalid(e.to_string()))?;
            } else if let Some(rest) = behind_name(&body) {
                let checked = SecretsManagerReference::check_behind_name(rest);
                checked.map_err(|error| invalid(error.to_string()))?;
            }
            Ok(vec![TextPart::Secret(SecretReference::SecretsManager(Box::new(body)))])
        }
        "ssm-secure" => {
            if let Some(text) = known {
                parameter(&text)?;
            }
            Ok(vec![TextPart::Secret(SecretReference::SecureParameter(Box::new(body)))])
        }
        "ssm" => {
            let text = known.ok_or(DynamicReferenceError::Unknown { path: path.clone() })?;
            let lookup = Lookup::Parameter(parameter(&text)?);
            match answers.get(&lookup) {
                Some(answer) => function::text_parts(answer.clone())
                    .map_err(|error| invalid(format!("the answer for {lookup}: {error}"))),
                None => Ok(vec![TextPart::Deferred(Deferred::Lookup(lookup))]),
            }
        }
        other => Err(unknown(other)),
    }
}

/// The text behind the name or ARN of a secret that one attribute gives.
fn behind_name(body: &Value) -> Option<&str> {
    let Value::Text(text) = body else { return None };
    match text.parts() {
        [TextPart::Deferred(_), TextPart::Literal(rest)] => Some(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::AttributeRef;

    fn find(value: Value) -> Result<Value, DynamicReferenceError> {
        value.with_dynamic_references(&PropertyPath::root(), &Answers::new())
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
    fn what_follows_an_unknown_arn_is_checked() {
        let joined = |rest: &str| {
            let parts = vec![
                "{{resolve:secretsmanager:".into(),
                Value::attribute(AttributeRef::reference("Secret".into())),
                format!("{rest}}}}}").as_str().into(),
            ];
            find(function::join("", Value::List(parts)).unwrap())
        };
        for rest in [":SecretString:k:AWSCURRENT:abcd", ":Secret", ":SecretString:k:a:b:c"] {
            assert!(joined(rest).is_err(), "{rest}");
        }
        for rest in
            ["", ":SecretString:k:AWSCURRENT", ":SecretString:::abcd", "-suffix:SecretString"]
        {
            assert!(joined(rest).is_ok(), "{rest}");
        }
    }

    #[test]
    fn a_plain_parameter_is_its_answer_and_a_secure_one_stays_a_reference() {
        let text = "{{resolve:ssm:/a:2}}/{{resolve:ssm-secure:b}}";
        let open = find(text.into()).unwrap();
        assert_eq!(open.to_string(), "\"‹SSM parameter /a:2›/{{resolve:ssm-secure:b}}\"");
        let lookup = Lookup::Parameter(ParameterReference::parse("/a:2").unwrap());
        // What the cloud answers is not read as a reference.
        let answers = Answers::from([(lookup.clone(), "{{resolve:ssm:x}}".into())]);
        let root = PropertyPath::root();
        let known = Value::from(text).with_dynamic_references(&root, &answers).unwrap();
        assert_eq!(known.to_string(), "\"{{resolve:ssm:x}}/{{resolve:ssm-secure:b}}\"");
        assert!(!known.has_unknown() && open.has_unknown());
        let mut asked = Vec::new();
        open.visit_lookups(&mut |lookup| asked.push(lookup.clone()));
        assert_eq!(asked, [lookup]);
    }

    #[test]
    fn a_parameter_that_another_stack_makes_is_known_after_apply() {
        let lookup = Lookup::Parameter(ParameterReference::parse("/a").unwrap());
        let awaited = Value::attribute(AttributeRef::named("stack Net".into(), "ssm:/a"));
        let answers = Answers::from([(lookup.clone(), awaited)]);
        let root = PropertyPath::root();
        let read = |text: &str, answers| Value::from(text).with_dynamic_references(&root, answers);
        let value = read("x{{resolve:ssm:/a}}y", &answers).unwrap();
        assert_eq!(value.to_string(), "\"x‹stack Net.ssm:/a›y\"");
        let mut asked = 0;
        value.visit_lookups(&mut |_| asked += 1);
        assert_eq!(asked, 0, "it is not asked for again");
        let wrong = Answers::from([(lookup, Value::List(Vec::new()))]);
        assert!(matches!(
            read("{{resolve:ssm:/a}}", &wrong),
            Err(DynamicReferenceError::Invalid { .. })
        ));
    }

    #[test]
    fn text_around_and_between_references_stays() {
        let value = find("a{{resolve:secretsmanager:x}}b{{resolve:secretsmanager:y}}".into());
        let Value::Text(text) = value.unwrap() else { panic!("not a text") };
        assert_eq!(text.parts().len(), 4);
    }

    #[test]
    fn what_cannot_be_resolved_is_an_error() {
        for bad in [
            "{{resolve:secretsmanager:x",
            "{{resolve:s3:x}}",
            "{{resolve:ssm}}",
            "{{resolve:ssm:p:latest}}",
            "{{resolve:ssm-secure:}}",
            "{{resolve:secretsmanager:}}",
        ] {
            assert!(find(bad.into()).is_err(), "{bad} was accepted");
        }
        assert_eq!(find("{{other}}".into()).unwrap(), Value::from("{{other}}"));
    }

    #[test]
    fn no_reference_is_named_by_a_secret() {
        let secret = || TextPart::Secret(SecretReference::Parameter("Pw".to_owned()));
        let literal = |text: &str| TextPart::Literal(text.to_owned());
        for service in ["secretsmanager", "ssm-secure", "ssm"] {
            let open = format!("{{{{resolve:{service}:");
            let named = Text::concat([literal(&open), secret(), literal(":1}}")]);
            let error = find(named).unwrap_err();
            assert!(matches!(error, DynamicReferenceError::Secret { .. }), "{error}");
        }
        // Beside a reference it is a secret as any other.
        let beside = [secret(), literal("{{resolve:ssm-secure:a}}"), secret()];
        assert!(find(Text::concat(beside)).is_ok());
    }
}
