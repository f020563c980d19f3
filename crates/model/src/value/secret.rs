//! Secrets: references that may be kept, and bytes that may not.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{AttributeRef, Deferred, Lookup, Text, TextPart, Value};
use crate::{PhysicalId, Token};

/// Where a secret text comes from. A reference may be shown, planned and stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretReference {
    /// `{{resolve:secretsmanager:BODY}}`. The body is a [`Value::String`], or a [`Value::Text`]
    /// while it names a secret whose ARN is not yet known.
    SecretsManager(Box<Value>),
    /// `{{resolve:ssm-secure:BODY}}`, with a body of the same kinds.
    SecureParameter(Box<Value>),
    /// The value of a template parameter declared `NoEcho`.
    Parameter(String),
    /// The URL to which the signals of a wait condition handle are put. The body is the handle's `Ref`,
    /// or what names it while it is not yet known. Its text is signed anew whenever it is needed: it is
    /// the same secret as long as the handle is the same.
    SignalUrl(Box<Value>),
    /// The text of an attribute that the service or the handler of an object keeps secret.
    Attribute(SecretAttribute),
    /// Secret text that was read from the cloud at a place where none is declared; it can be
    /// shown as such and not be resolved.
    Hidden,
}

impl SecretReference {
    /// True if the text of the reference is known only after apply.
    pub fn has_unknown(&self) -> bool {
        match self {
            Self::SecretsManager(body) | Self::SecureParameter(body) | Self::SignalUrl(body) => {
                body.has_unknown()
            }
            Self::Parameter(_) | Self::Attribute(_) | Self::Hidden => false,
        }
    }

    pub(super) fn visit_attributes<'a>(&'a self, found: &mut dyn FnMut(&'a AttributeRef)) {
        match self {
            Self::SecretsManager(body) | Self::SecureParameter(body) | Self::SignalUrl(body) => {
                body.visit_attributes(found);
            }
            Self::Parameter(_) | Self::Attribute(_) | Self::Hidden => {}
        }
    }

    pub(super) fn visit_lookups<'a>(&'a self, found: &mut dyn FnMut(&'a Lookup)) {
        match self {
            Self::SecretsManager(body) | Self::SecureParameter(body) | Self::SignalUrl(body) => {
                body.visit_lookups(found);
            }
            Self::Parameter(_) | Self::Attribute(_) | Self::Hidden => {}
        }
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SecretsManager(body) => dynamic(f, "secretsmanager", body),
            Self::SecureParameter(body) => dynamic(f, "ssm-secure", body),
            Self::Parameter(name) => write!(f, "‹secret parameter {name}›"),
            Self::SignalUrl(handle) => match handle.as_ref() {
                Value::String(handle) => write!(f, "‹signal URL of {handle}›"),
                other => write!(f, "‹signal URL of {other}›"),
            },
            Self::Attribute(attribute) => write!(f, "‹{attribute}›"),
            Self::Hidden => f.write_str("‹secret›"),
        }
    }
}

/// A secret attribute of an object, such as the secret of an access key. It is found by the object and not
/// by its resource, which can be renamed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SecretAttribute {
    /// The name by which `Fn::GetAtt` takes it.
    pub name: String,
    /// The object.
    pub of: PhysicalId,
    /// The operation that returned it, where another one of the same object may return another text: of
    /// custom resources. Elsewhere it is the same as long as the object is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_by: Option<Token>,
}

impl fmt::Display for SecretAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.name, self.of)
    }
}

fn dynamic(f: &mut fmt::Formatter<'_>, service: &str, body: &Value) -> fmt::Result {
    write!(f, "{{{{resolve:{service}:")?;
    match body {
        Value::String(text) => f.write_str(text)?,
        Value::Text(text) => write!(f, "{text}")?,
        other => write!(f, "{other}")?,
    }
    f.write_str("}}")
}

/// Which version of a Secrets Manager secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretVersion {
    /// The version with this staging label (`AWSCURRENT` unless said otherwise).
    Stage(String),
    /// The version with this ID.
    Id(String),
}

/// A wholly known `{{resolve:secretsmanager:…}}`.
///
/// Source: "Get a secret or secret value from Secrets Manager", AWS CloudFormation User Guide:
/// `secret-id:secret-string:json-key:version-stage:version-id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretsManagerReference {
    /// The secret's name or ARN.
    pub secret_id: String,
    /// The key of the JSON object in the secret; `None` for the whole text.
    pub json_key: Option<String>,
    /// Which version.
    pub version: SecretVersion,
}

/// A dynamic reference that does not have the form CloudFormation documents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{{{{resolve:secretsmanager:{body}}}}}` is not a valid dynamic reference: {problem}")]
pub struct InvalidReference {
    /// The text between `{{resolve:secretsmanager:` and `}}`.
    pub body: String,
    /// The mistake in it.
    pub problem: &'static str,
}

impl SecretsManagerReference {
    /// Checks what is known of a reference to a secret whose name or ARN is known only after apply: the
    /// text behind it.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn check_behind_name(rest: &str) -> Result<(), InvalidReference> {
        match rest.strip_prefix(':') {
            Some(rest) => Self::parse(&format!("‹secret›:{rest}")).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Parses the text between `{{resolve:secretsmanager:` and `}}`.
    ///
    /// # Errors
    /// [`InvalidReference`] if the secret is not named, `SecretString` is misspelt, there are too
    /// many fields, or both a stage and a version are given.
    pub fn parse(body: &str) -> Result<Self, InvalidReference> {
        let invalid = |problem| InvalidReference { body: body.to_owned(), problem };
        let fields: Vec<&str> = body.split(':').collect();
        let id_fields = if body.starts_with("arn:") { 7 } else { 1 };
        let (id, rest) = fields
            .split_at_checked(id_fields)
            .ok_or_else(|| invalid("the secret's ARN is not complete"))?;
        let secret_id = id.join(":");
        if secret_id.is_empty() {
            return Err(invalid("it does not name a secret"));
        }
        let field = |i: usize| rest.get(i).copied().filter(|text| !text.is_empty());
        if field(0).is_some_and(|text| text != "SecretString") {
            return Err(invalid("behind the secret's name only `SecretString` can follow"));
        }
        if rest.len() > 4 {
            return Err(invalid("it has too many fields"));
        }
        let version = match (field(2), field(3)) {
            (Some(_), Some(_)) => {
                return Err(invalid("it gives a version stage and a version ID; give one"));
            }
            (Some(stage), None) => SecretVersion::Stage(stage.to_owned()),
            (None, Some(id)) => SecretVersion::Id(id.to_owned()),
            (None, None) => SecretVersion::Stage("AWSCURRENT".to_owned()),
        };
        Ok(Self { secret_id, json_key: field(1).map(str::to_owned), version })
    }
}

/// The bytes of a secret. They are wiped when dropped, never printed and never serialized.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretString(Zeroizing<String>);

impl SecretString {
    /// Takes ownership of secret text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret text, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(..)")
    }
}

/// The bytes behind references, for as long as a call needs them. Keyed by the reference as
/// [`SecretReference`] displays it.
#[derive(Clone, Debug, Default)]
pub struct ResolvedSecrets(BTreeMap<String, SecretString>);

impl ResolvedSecrets {
    /// Remembers what a reference resolved to.
    pub fn insert(&mut self, reference: &SecretReference, secret: SecretString) {
        self.0.insert(reference.to_string(), secret);
    }

    /// The secret that a reference resolved to.
    pub fn get(&self, reference: &SecretReference) -> Option<&SecretString> {
        self.0.get(&reference.to_string())
    }
}

impl From<Deferred> for TextPart {
    fn from(deferred: Deferred) -> Self {
        Self::Deferred(deferred)
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:MediaPackage/x-AbCdEf";

    #[test]
    fn a_reference_by_arn_keeps_the_arns_colons() {
        let body = format!("{ARN}:SecretString:MediaPackageCDNIdentifier::");
        let parsed = SecretsManagerReference::parse(&body).unwrap();
        assert_eq!(parsed.secret_id, ARN);
        assert_eq!(parsed.json_key.as_deref(), Some("MediaPackageCDNIdentifier"));
        assert_eq!(parsed.version, SecretVersion::Stage("AWSCURRENT".into()));
    }

    #[test]
    fn a_name_alone_is_the_whole_current_secret() {
        let parsed = SecretsManagerReference::parse("my/secret").unwrap();
        assert_eq!((parsed.secret_id.as_str(), parsed.json_key), ("my/secret", None));
    }

    #[test]
    fn wrong_forms_are_refused() {
        for body in ["", "a:Secret:k", "a:SecretString:k:stage:id", "arn:aws:x", "a:::::"] {
            assert!(SecretsManagerReference::parse(body).is_err(), "{body:?} was accepted");
        }
    }

    #[test]
    fn debug_prints_nothing_of_a_secret() {
        let debug = format!("{:?}", SecretString::new("hunter2".into()));
        assert_eq!(debug, "SecretString(..)");
    }
}
