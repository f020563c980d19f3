//! The particulars of Secrets Manager: versions, and resolving references.
//!
//! A deleted secret frees its name at once, where AWS keeps it for the recovery window: a sandbox
//! is for trying again.

use rstack_driver::{CreateRequest, ErrorKind, UpdateRequest, VersionHistory};
use rstack_model::value::{SecretVersion, SecretsManagerReference};
use rstack_model::{KnownMap, KnownValue, ResourceType, SecretString};

use crate::index::Facet;
use crate::inventory::{StoredObject, View};
use crate::redaction::JsonMap;
use crate::rules::Refusal;
use crate::secret::{SecretRecord, Shape};
use crate::time::Now;

pub(crate) const SECRET: &str = "AWS::SecretsManager::Secret";
/// The properties that give a secret its text.
const SOURCES: [&str; 2] = ["SecretString", "GenerateSecretString"];

fn shape(properties: &KnownMap) -> Option<Shape> {
    if let Some(text) = properties.get("SecretString").and_then(KnownValue::expose_str) {
        return Some(Shape::given(text));
    }
    properties.get("GenerateSecretString").map(Shape::asked)
}

/// The versions of a new secret; the token of its creation is the first one's ID, as at AWS.
pub(crate) fn first(
    resource_type: &ResourceType,
    request: &CreateRequest,
    now: Now,
) -> Option<SecretRecord> {
    if resource_type.as_str() != SECRET {
        return None;
    }
    let mut record = SecretRecord::default();
    if let Some(shape) = shape(&request.properties) {
        record.add(request.token.as_str(), shape, now.moment());
    }
    Some(record)
}

/// Adds a version if an update gives a secret another text.
pub(crate) fn next(
    record: &mut SecretRecord,
    before: &JsonMap,
    after: &JsonMap,
    request: &UpdateRequest,
    now: Now,
) {
    let changed = SOURCES
        .iter()
        .any(|name| after.get(*name).is_some_and(|source| before.get(*name) != Some(source)));
    if let Some(shape) = shape(&request.properties).filter(|_| changed) {
        record.add(request.token.as_str(), shape, now.moment());
    }
}

/// The secret of this name or ARN. The six characters at the end of an ARN may be left out.
pub(crate) fn named<'a>(view: &'a View<'_>, id: &str) -> Option<(&'a String, &'a StoredObject)> {
    let secret = ResourceType::from(SECRET);
    let key = view.having(&secret, &Facet::SecretName, id).into_iter().next()?;
    view.entry(&secret, &key)
}

/// The names and ARNs by which a secret is found.
pub(crate) fn names_of<'a>(
    arn: &'a str,
    stored: &'a StoredObject,
) -> impl Iterator<Item = &'a str> {
    let name = stored.properties.get("Name").and_then(serde_json::Value::as_str);
    let whole = arn.rsplit_once('-').map(|(whole, _)| whole);
    [Some(arn), name, whole].into_iter().flatten()
}

fn not_found(message: String) -> Refusal {
    Refusal::new(ErrorKind::NotFound, "ResourceNotFoundException", message)
}

fn found<'a>(
    view: &'a View<'_>,
    reference: &SecretsManagerReference,
) -> Result<(&'a StoredObject, &'a SecretRecord, String), Refusal> {
    let id = &reference.secret_id;
    let stored = named(view, id).map(|(_, stored)| stored);
    let Some((stored, record)) = stored.and_then(|s| Some((s, s.secret.as_ref()?))) else {
        return Err(not_found(format!("there is no secret `{id}`")));
    };
    let version = record.version(&reference.version).ok_or_else(|| {
        let which = match &reference.version {
            SecretVersion::Stage(stage) => format!("version with the stage `{stage}`"),
            SecretVersion::Id(version) => format!("version `{version}`"),
        };
        let message = format!("the secret `{id}` has no {which}");
        let kind = ErrorKind::Invalid { property: None };
        Refusal::new(kind, "ResourceNotFoundException", message)
    })?;
    Ok((stored, record, version.to_owned()))
}

/// The ID of the version a reference means. The JSON key of the reference is one that the version has.
pub(crate) fn version(
    view: &View<'_>,
    reference: &SecretsManagerReference,
) -> Result<String, Refusal> {
    let (_, record, version) = found(view, reference)?;
    let id = &reference.secret_id;
    let missing = reference.json_key.iter().find(|key| !record.has_key(&version, key));
    match missing {
        Some(key) => {
            let message = format!("the secret `{id}` has no key `{key}`");
            let kind = ErrorKind::Invalid { property: None };
            Err(Refusal::new(kind, "ValidationException", message))
        }
        None => Ok(version),
    }
}

/// The version a reference means, since when, and which one was before it.
pub(crate) fn history(
    view: &View<'_>,
    reference: &SecretsManagerReference,
    now: Now,
) -> Result<VersionHistory, Refusal> {
    let (_, record, version) = found(view, reference)?;
    let previous = record.previous().map(str::to_owned);
    Ok(VersionHistory { version, age: record.age(now), previous })
}

/// The whole text of the version a reference means, and its ID.
pub(crate) fn resolve(
    view: &View<'_>,
    reference: &SecretsManagerReference,
) -> Result<(SecretString, String), Refusal> {
    let (stored, record, version) = found(view, reference)?;
    let text = record.text(view.key(), &stored.nonce, &version).ok_or_else(|| {
        not_found(format!("the secret `{}` has no such version", reference.secret_id))
    })?;
    Ok((text, version))
}
