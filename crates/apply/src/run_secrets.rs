//! The secrets that a run knows before it changes anything: with their values observed objects are
//! compared and redacted.

use std::collections::BTreeMap;

use rstack_driver::{DriverError, Object};
use rstack_model::state::ResourceState;
use rstack_model::value::redact::{KnownSecrets, Redactor};
use rstack_model::value::{ResolvedSecrets, SecretReference};
use rstack_model::{KnownMap, PropertyPath, SecretString, ValueMap};
use rstack_plan::Observation;

use crate::observe::{stops_everything, without_secrets};
use crate::reads::{Lookups, PARAMETER_STORE, SECRETS_MANAGER, service_of};
use crate::shown_secrets::source;
use crate::{Engine, SecretParameters, ShownSecrets, secrets};

/// The value of a secret and its version.
struct Current {
    value: SecretString,
    version: String,
}

/// The values of secrets, by reference, that are known for the observation of a stack.
pub(crate) struct RunSecrets {
    current: BTreeMap<String, Current>,
    known: KnownSecrets,
    shown: ShownSecrets,
}

impl RunSecrets {
    /// No secret is known.
    pub(crate) fn none() -> Self {
        let (current, shown) = (BTreeMap::new(), ShownSecrets::default());
        Self { current, known: KnownSecrets::new(&[]), shown }
    }

    /// The secrets that an object was made with, of those that are known.
    fn of(&self, object: &ResourceState) -> ResolvedSecrets {
        let mut out = ResolvedSecrets::default();
        for properties in std::iter::once(&object.properties).chain(&object.in_doubt) {
            visit(properties, &mut |_, reference| {
                let text = reference.to_string();
                let same = |it: &&Current| object.secret_versions.get(&text) == Some(&it.version);
                if let Some(known) = self.current.get(&text).filter(same) {
                    out.insert(reference, known.value.clone());
                }
            });
        }
        out
    }

    /// Declared properties as a driver that reads the object gets them: texts with secrets are whole
    /// where their secrets are known, and empty elsewhere.
    pub(crate) fn declared(&self, object: &ResourceState, properties: &ValueMap) -> KnownMap {
        let secrets = self.of(object);
        let known = properties
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), value.known_or_empty(&secrets).ok()?)));
        known.collect()
    }

    /// An error of a service that may quote what an object is.
    pub(crate) fn redact(&self, error: DriverError) -> DriverError {
        let message = self.known.mask(&error.message);
        DriverError { message, ..error }
    }

    /// The observation of an object, redacted.
    pub(crate) fn observation(&self, object: &ResourceState, seen: &Object) -> Observation {
        let current = self.of(object);
        let redactor = Redactor::new(&current, &self.known);
        let (declared, in_doubt) = (&object.properties, &object.in_doubt);
        let properties = redactor.properties(declared, in_doubt, &seen.properties);
        let mut attributes = redacted_attributes(declared, &current, &seen.attributes);
        self.shown.note(&seen.physical_id, None, &seen.attributes, &mut attributes);
        Observation::Present { properties, attributes }
    }
}

/// The attributes of an object that was made with these secrets, as a state records them.
pub(crate) fn redacted_attributes(
    declared: &ValueMap,
    secrets: &ResolvedSecrets,
    attributes: &KnownMap,
) -> ValueMap {
    Redactor::new(secrets, &own(secrets, declared)).attributes(declared, attributes)
}

/// The secrets that a resource itself declares: what its attributes repeat.
fn own(current: &ResolvedSecrets, declared: &ValueMap) -> KnownSecrets {
    let mut out: Vec<(SecretReference, SecretString)> = Vec::new();
    visit(declared, &mut |_, reference| {
        if let Some(secret) = current.get(reference)
            && out.iter().all(|(known, _)| known != reference)
        {
            out.push((reference.clone(), secret.clone()));
        }
    });
    KnownSecrets::new(&out)
}

fn visit<'a>(properties: &'a ValueMap, found: &mut dyn FnMut(&str, &'a SecretReference)) {
    for (key, value) in properties {
        value.visit_secrets(&mut |reference| found(key, reference));
    }
}

impl Engine {
    /// The values of the secrets that objects were made with, as far as a service may return them.
    /// A secret that cannot be resolved is left out: what is observed in its place is hidden.
    ///
    /// # Errors
    /// If the cloud cannot be asked at all.
    pub(crate) async fn run_secrets<'a>(
        &self,
        lookups: &Lookups,
        objects: impl IntoIterator<Item = &'a ResourceState>,
        parameters: &SecretParameters,
    ) -> Result<RunSecrets, DriverError> {
        let objects: Vec<&ResourceState> = objects.into_iter().collect();
        let mut references: BTreeMap<String, &SecretReference> = BTreeMap::new();
        for object in &objects {
            let definition = self.schemas.definition(&object.resource_type);
            for properties in std::iter::once(&object.properties).chain(&object.in_doubt) {
                visit(properties, &mut |key, reference| {
                    let path = PropertyPath::root().name(key);
                    if !definition
                        .as_ref()
                        .is_some_and(|definition| definition.is_write_only(&path))
                    {
                        references.insert(reference.to_string(), reference);
                    }
                });
            }
        }
        let (mut current, mut known) = (BTreeMap::new(), Vec::new());
        for (text, reference) in references {
            let Some((value, version)) =
                self.value_of(lookups, (reference, &text), parameters, &objects).await?
            else {
                continue;
            };
            known.push((reference.clone(), value.clone()));
            current.insert(text, Current { value, version });
        }
        // Those of the template that no object has yet.
        for (reference, value) in parameters.given() {
            if !current.contains_key(&reference.to_string()) {
                known.push((reference, value.clone()));
            }
        }
        Ok(RunSecrets { current, known: KnownSecrets::new(&known), shown: self.shown.clone() })
    }

    async fn value_of(
        &self,
        lookups: &Lookups,
        (reference, text): (&SecretReference, &str),
        parameters: &SecretParameters,
        objects: &[&ResourceState],
    ) -> Result<Option<(SecretString, String)>, DriverError> {
        let asked = match reference {
            SecretReference::SecretsManager(body) => {
                let Ok(parsed) = secrets::parse(body) else { return Ok(None) };
                self.look(lookups, SECRETS_MANAGER, || self.cloud.secrets().resolve(&parsed)).await
            }
            SecretReference::SecureParameter(body) => {
                let Ok(parsed) = secrets::parse_parameter(body) else { return Ok(None) };
                let ask = || self.cloud.secrets().resolve_parameter(&parsed);
                self.look(lookups, PARAMETER_STORE, ask).await
            }
            SecretReference::Parameter(_) => {
                let value = parameters.values.get(reference).cloned();
                return Ok(value.zip(parameters.versions.get(text).cloned()));
            }
            SecretReference::Attribute(attribute) => {
                let version = secrets::version_of(attribute);
                if let Some(text) = self.shown.get(attribute) {
                    return Ok(Some((text, version)));
                }
                let Some(source) = source(attribute, objects.iter().copied()) else {
                    return Ok(None);
                };
                let driver = self.cloud.driver(&source.resource_type);
                let Some(driver) = driver else { return Ok(None) };
                let declared = without_secrets(&source.properties);
                let read = || driver.read(&source.identifier, &declared);
                let read = self.look(lookups, service_of(&source.resource_type), read).await;
                match read.map(|seen| self.shown.seen(attribute, seen)) {
                    Ok(Some(text)) => Ok((text, version)),
                    Ok(None) => return Ok(None),
                    Err(error) => Err(error),
                }
            }
            // Another signature is not the text that an object was made with.
            SecretReference::SignalUrl(_) | SecretReference::Hidden => return Ok(None),
        };
        match asked {
            Ok(resolved) => Ok(Some(resolved)),
            Err(error) if stops_everything(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }
}
