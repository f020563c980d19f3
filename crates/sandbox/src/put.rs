//! Secrets and parameters that a user puts into the sandbox, as if by hand in the console: templates
//! refer to them, and no stack made them.

use std::fmt;

use rstack_driver::CreateRequest;
use rstack_model::value::ParameterReference;
use rstack_model::{
    Address, Identifier, KnownMap, KnownValue, ResourceType, SecretString, StackName, Token,
};
use serde_json::Value as Json;

use crate::cloud::{Inner, SandboxCloud};
use crate::derive::Derivation;
use crate::inventory::View;
use crate::parameter::{self, PARAMETER, SECURE};
use crate::secret::{SecretRecord, Shape};
use crate::secretsmanager::{self, SECRET};
use crate::{SandboxError, TypeSchema};

/// The length of a secret's name at most. Source: `CreateSecret`, AWS Secrets Manager API Reference.
const SECRET_NAME: usize = 512;
/// The stack that what is made by hand belongs to, as far as identifiers are derived from one.
const BY_HAND: &str = "by-hand";

/// The kind of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A text.
    String,
    /// A list of texts, separated by commas.
    StringList,
    /// A secret text.
    SecureString,
}

impl ParameterKind {
    /// The name that the Parameter Store has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::StringList => "StringList",
            Self::SecureString => SECURE,
        }
    }
}

impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl SandboxCloud {
    /// Gives the secret of this name or ARN a new version, and makes the secret if there is none;
    /// returns the version's ID.
    ///
    /// Of the text only its form is kept: the keys, if it is a JSON object. The text that a reference
    /// resolves to is derived, as [`SandboxCloud::rotate_secret`] says.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] if no secret can have the name, or the file cannot be written.
    pub fn put_secret(&self, name: &str, text: &SecretString) -> Result<String, SandboxError> {
        let (inner, shape) = (&self.inner, Shape::given(text.expose()));
        let resource_type = ResourceType::from(SECRET);
        let now = inner.now().moment();
        inner.with(|view| {
            let made = view.nonce(&format!("put/{name}"));
            let version = Derivation::new(&["put", &made]).uuid();
            let found = secretsmanager::named(view, name).map(|(arn, _)| arn.clone());
            let key = match found {
                Some(key) => key,
                None => make_secret(inner, view, name)?,
            };
            if let Some(stored) = view.get_mut(&resource_type, &key) {
                let record = stored.secret.get_or_insert_with(SecretRecord::default);
                record.add(&version, shape, now);
            }
            Ok(version)
        })?
    }

    /// Gives the parameter of this name or ARN a new version, and makes the parameter if there is
    /// none; returns the version's number. Without a kind the parameter keeps its own, and a new one
    /// is a `String`. The text of a `SecureString` is not kept: one is derived.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] if no parameter can have the name or the text,
    /// [`SandboxError::OtherKind`] if the parameter has another kind, or the file cannot be written.
    pub fn put_parameter(
        &self,
        name: &str,
        text: &SecretString,
        kind: Option<ParameterKind>,
    ) -> Result<u64, SandboxError> {
        let inner = &self.inner;
        let resource_type = ResourceType::from(PARAMETER);
        inner.with(|view| {
            if let Some(key) = parameter::key(view, name) {
                return put_version(view, &resource_type, (&key, text, kind));
            }
            let name = parameter_name(name)?;
            let kind = kind.unwrap_or(ParameterKind::String);
            let secret = kind == ParameterKind::SecureString;
            // The schema is that of CloudFormation, which makes no secret parameter.
            let declared = if secret { ParameterKind::String } else { kind };
            let value = if secret { "-" } else { text.expose() };
            let properties = KnownMap::from([
                ("Name".to_owned(), KnownValue::from(name)),
                ("Type".to_owned(), KnownValue::from(declared.name())),
                ("Value".to_owned(), KnownValue::from(value)),
            ]);
            let key = create(inner, view, (&resource_type, name), properties)?;
            if secret && let Some(stored) = view.get_mut(&resource_type, &key) {
                stored.properties.remove("Value");
                stored.properties.insert("Type".to_owned(), Json::from(SECURE));
                stored.versions = parameter::first(&resource_type, &stored.properties);
            }
            Ok(1)
        })?
    }
}

/// Makes a secret of this name or ARN without a version; gives its key. What has an ARN may be a
/// secret of another account or Region.
fn make_secret(inner: &Inner, view: &mut View<'_>, id: &str) -> Result<String, SandboxError> {
    let arn = id.split_once(":secret:").filter(|_| id.starts_with("arn:"));
    let name = arn.map_or(id, |(_, rest)| rest.rsplit_once('-').map_or(rest, |(name, _)| name));
    let legal = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if name.is_empty() || name.len() > SECRET_NAME || !name.chars().all(legal) {
        let message =
            "a name has letters, digits, and `/`, `_`, `+`, `=`, `.`, `@`, `-`, at most 512";
        return Err(refused(id, message));
    }
    let resource_type = ResourceType::from(SECRET);
    let properties = [("Name".to_owned(), KnownValue::from(name))];
    let key = create(inner, view, (&resource_type, name), properties.into())?;
    if arn.is_none() {
        return Ok(key);
    }
    if let Some(mut stored) = view.get(&resource_type, &key).cloned() {
        view.remove(&resource_type, &key);
        stored.identifier = Identifier::from(id);
        id.clone_into(&mut stored.physical_id);
        stored.attributes.insert("Id".to_owned(), Json::from(id));
        view.insert(&resource_type, id, stored);
    }
    Ok(id.to_owned())
}

fn refused(name: &str, message: &str) -> SandboxError {
    SandboxError::Refused { name: name.to_owned(), message: message.to_owned() }
}

/// The name of a new parameter.
fn parameter_name(id: &str) -> Result<&str, SandboxError> {
    let parsed = ParameterReference::parse(id).map_err(|error| refused(id, &error.to_string()))?;
    let reserved = ["/aws/", "/ssm/", "aws/", "ssm/"];
    if reserved.iter().any(|prefix| id.starts_with(prefix)) {
        return Err(refused(id, "the names that begin with `aws` and `ssm` are those of AWS"));
    }
    if parsed.version.is_some() || id.contains(':') && !id.starts_with("arn:") {
        return Err(refused(id, "the number of a version is not a part of the name"));
    }
    let Some((_, name)) = id.split_once(":parameter/").filter(|_| id.starts_with("arn:")) else {
        return Ok(id);
    };
    // `parameter/a/b` is the ARN of `/a/b`, and `parameter/a` that of `a`.
    let slash = id.len().saturating_sub(name.len()).saturating_sub(1);
    Ok(if name.contains('/') { id.get(slash..).unwrap_or(name) } else { name })
}

/// Adds a version to a parameter.
fn put_version(
    view: &mut View<'_>,
    resource_type: &ResourceType,
    (key, text, kind): (&str, &SecretString, Option<ParameterKind>),
) -> Result<u64, SandboxError> {
    let Some(stored) = view.get_mut(resource_type, key) else {
        return Err(SandboxError::NoObject {
            resource_type: resource_type.to_string(),
            physical_id: key.to_owned(),
        });
    };
    let is = stored.properties.get("Type").and_then(Json::as_str).unwrap_or("String");
    if let Some(asked) = kind.filter(|asked| asked.name() != is) {
        let (name, is) = (key.to_owned(), is.to_owned());
        return Err(SandboxError::OtherKind { name, is, asked });
    }
    if is != SECURE {
        stored.properties.insert("Value".to_owned(), Json::from(text.expose()));
    }
    Ok(parameter::add(stored))
}

/// Makes an object by hand; gives its key.
pub(crate) fn create(
    inner: &Inner,
    view: &mut View<'_>,
    (resource_type, name): (&ResourceType, &str),
    properties: KnownMap,
) -> Result<String, SandboxError> {
    let schema = rstack_catalog::Registry::embedded().get(resource_type.as_str()).ok().flatten();
    let schema: std::sync::Arc<TypeSchema> =
        schema.ok_or_else(|| refused(name, &format!("there is no type `{resource_type}`")))?;
    let stack = StackName::parse(BY_HAND).map_err(|error| refused(name, &error.to_string()))?;
    let made = view.nonce(&format!("by hand/{name}"));
    let request = CreateRequest {
        stack,
        address: Address::from(made.as_str()),
        token: Token::from(Derivation::new(&["by hand", &made]).uuid().as_str()),
        properties,
        absence_proven: true,
        begun: None,
    };
    let object = inner.service(resource_type, &schema).create(view, &request);
    let object = object.map_err(|refusal| refused(name, refusal.message()))?;
    Ok(crate::inventory::key_of(&object.identifier))
}
