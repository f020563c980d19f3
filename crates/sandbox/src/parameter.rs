//! Parameters of the simulated Parameter Store: their versions, and the texts that references get.
//!
//! The text of a version is kept, except that of a secret one: it is derived from the file's key, the
//! parameter and the number of the version each time it is asked for. Public parameters exist without
//! having been made.

use std::collections::BTreeMap;

use rstack_driver::ErrorKind;
use rstack_model::value::ParameterReference;
use rstack_model::{ResourceType, SecretString, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::defaults;
use crate::derive::{Derivation, LOWER};
use crate::inventory::{StoredObject, View};
use crate::redaction::JsonMap;
use crate::rules::Refusal;

pub(crate) const PARAMETER: &str = "AWS::SSM::Parameter";
pub(crate) const SECURE: &str = "SecureString";
/// The length of the text of a secret parameter, in characters.
const SECRET_LENGTH: usize = 32;
/// The number of versions that are kept.
///
/// Source: "Working with parameter versions in Parameter Store", AWS Systems Manager User Guide.
const KEPT: usize = 100;

/// The versions of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterRecord {
    /// The texts by the numbers of their versions; none for a text that is a secret.
    texts: BTreeMap<u64, Option<String>>,
}

impl ParameterRecord {
    /// The record of a new parameter with these properties: version 1.
    fn first(properties: &JsonMap) -> Self {
        Self { texts: BTreeMap::from([(1, plain_text(properties))]) }
    }

    /// Adds a version with the text of these properties, and gives its number.
    fn add(&mut self, properties: &JsonMap) -> u64 {
        let number = self.newest().saturating_add(1);
        self.texts.insert(number, plain_text(properties));
        while self.texts.len() > KEPT {
            self.texts.pop_first();
        }
        number
    }

    fn newest(&self) -> u64 {
        self.texts.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// The number and the text of a version; without a number, of the newest one.
    fn version(&self, number: Option<u64>) -> Option<(u64, Option<&str>)> {
        let number = number.unwrap_or_else(|| self.newest());
        self.texts.get(&number).map(|text| (number, text.as_deref()))
    }
}

fn plain_text(properties: &JsonMap) -> Option<String> {
    properties.get("Value").and_then(Json::as_str).map(str::to_owned)
}

fn is_secure(properties: &JsonMap) -> bool {
    properties.get("Type").and_then(Json::as_str) == Some(SECURE)
}

/// The versions of a new object, if it is a parameter.
pub(crate) fn first(resource_type: &ResourceType, properties: &JsonMap) -> Option<ParameterRecord> {
    (resource_type.as_str() == PARAMETER).then(|| ParameterRecord::first(properties))
}

/// Adds a version if an object is a parameter and these properties put another one in its place.
/// Tags belong to no version.
pub(crate) fn changed(object: &mut StoredObject, resource_type: &str, before: &JsonMap) {
    if resource_type != PARAMETER {
        return;
    }
    let after = &object.properties;
    let names = before.keys().chain(after.keys());
    let put = names.filter(|name| *name != "Tags").any(|name| before.get(name) != after.get(name));
    if put {
        let record = object.versions.get_or_insert_with(|| ParameterRecord::first(before));
        record.add(after);
    }
}

/// The keys under which a parameter of this name or ARN may be.
fn names(name: &str) -> impl Iterator<Item = &str> {
    let of_arn = name.starts_with("arn:").then(|| name.split_once(":parameter"));
    let of_arn = of_arn.flatten().map_or("", |(_, name)| name);
    [name, of_arn, of_arn.trim_start_matches('/')].into_iter().filter(|name| !name.is_empty())
}

/// The key of the parameter of this name or ARN that was made in the sandbox.
pub(crate) fn key(view: &View<'_>, name: &str) -> Option<String> {
    let resource_type = ResourceType::from(PARAMETER);
    names(name).find_map(|name| view.keys(&resource_type, name).into_iter().next())
}

/// The parameter of this name or ARN that was made in the sandbox.
fn stored<'a>(view: &'a View<'_>, name: &str) -> Option<&'a StoredObject> {
    view.get(&ResourceType::from(PARAMETER), &key(view, name)?)
}

/// Adds a version with the text that a parameter has now, and gives its number.
pub(crate) fn add(object: &mut StoredObject) -> u64 {
    let after = &object.properties;
    let record = object.versions.get_or_insert_with(|| ParameterRecord::first(after));
    record.add(after)
}

fn not_found(parameter: &ParameterReference) -> Refusal {
    let message = format!("there is no parameter `{}`", parameter.name);
    Refusal::new(ErrorKind::NotFound, "ParameterNotFound", message)
}

fn invalid(message: String) -> Refusal {
    Refusal::new(ErrorKind::Invalid { property: None }, "ValidationException", message)
}

/// The number of the version that a reference means, and its text unless that is a secret.
fn version_of(
    object: &StoredObject,
    parameter: &ParameterReference,
) -> Result<(u64, Option<String>), Refusal> {
    // An object in a file of an older rstack has no record.
    let record = object.versions.clone();
    let record = record.unwrap_or_else(|| ParameterRecord::first(&object.properties));
    let Some((number, text)) = record.version(parameter.version) else {
        let (name, newest) = (&parameter.name, record.newest());
        let wanted = parameter.version.unwrap_or_default();
        let message =
            format!("the parameter `{name}` has no version {wanted}: its newest one is {newest}");
        return Err(Refusal::new(ErrorKind::NotFound, "ParameterVersionNotFound", message));
    };
    Ok((number, text.map(str::to_owned)))
}

/// True if there is a parameter of this name.
pub(crate) fn exists(view: &View<'_>, name: &str, bootstrapped: bool) -> bool {
    stored(view, name).is_some() || bootstrapped && defaults::is_of_bootstrap(name)
}

/// The text of a parameter that is no secret.
pub(crate) fn plain(
    view: &View<'_>,
    parameter: &ParameterReference,
    bootstrapped: bool,
) -> Result<Value, Refusal> {
    let name = &parameter.name;
    let Some(object) = stored(view, name) else {
        let public = defaults::parameter(view.region, parameter);
        let public = public.filter(|_| bootstrapped || !defaults::is_of_bootstrap(name));
        return public.map(Value::from).ok_or_else(|| not_found(parameter));
    };
    if is_secure(&object.properties) {
        return Err(invalid(format!(
            "the parameter `{name}` is a `{SECURE}`; refer to it with \
             `{{{{resolve:ssm-secure:{parameter}}}}}`"
        )));
    }
    let (_, text) = version_of(object, parameter)?;
    text.map(Value::from).ok_or_else(|| {
        invalid(format!(
            "the value of the parameter `{name}` is a secret, of which the sandbox keeps nothing"
        ))
    })
}

/// The secret parameter that a reference means, and the number of its version.
fn secure<'a>(
    view: &'a View<'_>,
    parameter: &ParameterReference,
) -> Result<(&'a StoredObject, u64), Refusal> {
    let object = stored(view, &parameter.name).ok_or_else(|| not_found(parameter))?;
    if !is_secure(&object.properties) {
        let message = format!("the parameter `{}` is not a `{SECURE}`", parameter.name);
        return Err(invalid(message));
    }
    Ok((object, version_of(object, parameter)?.0))
}

/// The version of a secret parameter.
pub(crate) fn version(view: &View<'_>, parameter: &ParameterReference) -> Result<String, Refusal> {
    secure(view, parameter).map(|(_, version)| version.to_string())
}

/// The text of a secret parameter, which is kept nowhere, and its version.
pub(crate) fn resolve(
    view: &View<'_>,
    parameter: &ParameterReference,
) -> Result<(SecretString, String), Refusal> {
    let (object, version) = secure(view, parameter)?;
    let version = version.to_string();
    let parts = ["secure parameter", view.key(), &object.nonce, &version];
    let text = Derivation::new(&parts).text(LOWER, SECRET_LENGTH);
    Ok((SecretString::new(text), version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn properties(value: &str) -> JsonMap {
        let json = json!({"Type": "String", "Value": value});
        json.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn versions_have_numbers_and_the_oldest_one_goes_first() {
        let mut record = ParameterRecord::first(&properties("a"));
        assert_eq!(record.add(&properties("b")), 2);
        assert_eq!(record.version(None), Some((2, Some("b"))));
        assert_eq!(record.version(Some(1)), Some((1, Some("a"))));
        assert_eq!(record.version(Some(3)), None);
        (0..KEPT).for_each(|_| _ = record.add(&properties("c")));
        assert_eq!(record.texts.len(), KEPT);
        assert_eq!((record.version(Some(1)), record.newest()), (None, 102));
        let written = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<ParameterRecord>(&written).unwrap(), record);
    }

    #[test]
    fn a_parameter_is_found_by_its_name_and_its_arn() {
        let of = |name| names(name).collect::<Vec<_>>();
        assert_eq!(of("/a/b"), ["/a/b"]);
        let arn = "arn:aws:ssm:eu-west-1:000000000000:parameter/a/b";
        assert_eq!(of(arn), [arn, "/a/b", "a/b"]);
    }
}
