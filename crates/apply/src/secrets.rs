//! Resolving secret references at the moment of a call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use rstack_driver::DriverError;
use rstack_model::state::{ResourceState, State};
use rstack_model::value::redact::{Masker, SHORTEST};
use rstack_model::value::{
    NotKnown, ParameterReference, ResolvedSecrets, SecretAttribute, SecretReference,
    SecretsManagerReference,
};
use rstack_model::{PropertyPath, SecretString, Token, Value, ValueMap};

use crate::observe::without_secrets;
use crate::{Engine, StepError};

/// The values of `NoEcho` parameters, and a keyed digest of each that may be stored.
#[derive(Clone, Debug, Default)]
pub struct SecretParameters {
    /// The values.
    pub values: ResolvedSecrets,
    /// The digests, by the reference's text.
    pub versions: BTreeMap<String, String>,
    names: BTreeSet<String>,
    /// Other digests of the same values, by the reference's text.
    replaced: BTreeMap<String, BTreeSet<String>>,
}

impl SecretParameters {
    /// The secrets that were given, with their references.
    pub fn given(&self) -> impl Iterator<Item = (SecretReference, &SecretString)> {
        self.names.iter().filter_map(|name| {
            let reference = SecretReference::Parameter(name.clone());
            let value = self.values.get(&reference)?;
            Some((reference, value))
        })
    }

    /// Notes another digest of a value that was added: it means the same, and is not kept.
    pub fn replace(&mut self, name: &str, digest: String) {
        let reference = SecretReference::Parameter(name.to_owned()).to_string();
        self.replaced.entry(reference).or_default().insert(digest);
    }

    /// True if a digest is one of the value that was given behind a reference.
    pub(crate) fn is_of_given(&self, reference: &str, digest: Option<&String>) -> bool {
        let Some(digest) = digest else { return false };
        self.versions.get(reference) == Some(digest)
            || self.replaced.get(reference).is_some_and(|replaced| replaced.contains(digest))
    }

    /// The state with the digests of these parameters in the place of others of the same values.
    pub fn renewed(&self, mut state: State) -> State {
        if self.replaced.is_empty() {
            return state;
        }
        let renew = |object: &mut ResourceState| {
            for (reference, replaced) in &self.replaced {
                if let (Some(version), Some(digest)) =
                    (object.secret_versions.get_mut(reference), self.versions.get(reference))
                    && replaced.contains(version)
                {
                    version.clone_from(digest);
                }
            }
        };
        state.resources.values_mut().for_each(renew);
        state.deposed.iter_mut().for_each(|deposed| renew(&mut deposed.object));
        if let Some(former) = state.former.take() {
            state.former = Some(Box::new(self.renewed(*former)));
        }
        state
    }

    /// Adds a value, and the digest by which a change of it is noticed.
    pub fn insert(&mut self, name: &str, value: SecretString, version: String) {
        let reference = SecretReference::Parameter(name.to_owned());
        self.versions.insert(reference.to_string(), version);
        self.values.insert(&reference, value);
        self.names.insert(name.to_owned());
    }
}

/// The secrets of one call.
#[derive(Debug, Default)]
pub(crate) struct CallSecrets {
    /// Their values, for the call.
    pub(crate) values: ResolvedSecrets,
    /// Their versions, for the state.
    pub(crate) versions: BTreeMap<String, String>,
    texts: Vec<SecretString>,
    /// Masks all of them, and all others that the run was given: made when it is first needed.
    masker: OnceLock<Masker>,
}

impl CallSecrets {
    /// Those that other calls of the run send, of which a service may quote one. Those that are too
    /// short to be masked withhold the messages of the calls that send them, and no other ones.
    pub(crate) fn given(parameters: &SecretParameters) -> Self {
        let texts = parameters.given().map(|(_, secret)| secret.clone());
        let texts = texts.filter(|secret| secret.expose().len() >= SHORTEST).collect();
        Self { texts, ..Self::default() }
    }

    fn insert(&mut self, reference: &SecretReference, secret: SecretString, version: String) {
        self.texts.push(secret.clone());
        self.values.insert(reference, secret);
        self.versions.insert(reference.to_string(), version);
    }

    /// The error without the secrets: a service may quote what it was sent, and errors are
    /// recorded and shown.
    pub(crate) fn redact(&self, error: DriverError) -> DriverError {
        let message = self.hidden(&error.message);
        DriverError { message, ..error }
    }

    /// A text of a service without the secrets, in whichever form it quotes them.
    pub(crate) fn hidden(&self, text: &str) -> String {
        self.masker.get_or_init(|| Masker::new(&self.texts)).mask(text)
    }
}

impl Engine {
    /// Resolves every secret in a tree. `sources` are the objects of secret attributes.
    ///
    /// # Errors
    /// [`StepError`] naming the reference that cannot be resolved.
    pub(crate) async fn resolve_secrets(
        &self,
        parameters: &SecretParameters,
        properties: &ValueMap,
        sources: impl Fn(&SecretAttribute) -> Option<ResourceState>,
    ) -> Result<CallSecrets, StepError> {
        let mut references: Vec<(&String, &SecretReference)> = Vec::new();
        for (property, value) in properties {
            value.visit_secrets(&mut |reference| references.push((property, reference)));
        }
        let mut secrets = CallSecrets::given(parameters);
        let on_retry = |error: &_, attempt| self.asking_again(error, attempt);
        for (property, reference) in references {
            let text = reference.to_string();
            if secrets.versions.contains_key(&text) {
                continue;
            }
            match reference {
                SecretReference::SecretsManager(body) => {
                    let parsed = parse(body)?;
                    let store = self.cloud.secrets();
                    let resolved = self.persist_read(|| store.resolve(&parsed), on_retry).await;
                    let (secret, version) =
                        resolved.map_err(|source| StepError::Secret { reference: text, source })?;
                    secrets.insert(reference, secret, version);
                }
                SecretReference::SecureParameter(body) => {
                    let parsed = parse_parameter(body)?;
                    let store = self.cloud.secrets();
                    let secrets_of = || store.resolve_parameter(&parsed);
                    let resolved = self.persist_read(secrets_of, on_retry).await;
                    let (secret, version) =
                        resolved.map_err(|source| StepError::Secret { reference: text, source })?;
                    secrets.insert(reference, secret, version);
                }
                SecretReference::Parameter(name) => {
                    let value = parameters.values.get(reference);
                    let value = value.ok_or_else(|| StepError::Parameter(name.clone()))?;
                    let version = parameters.versions.get(&text).cloned().unwrap_or_default();
                    secrets.insert(reference, value.clone(), version);
                }
                SecretReference::SignalUrl(handle) => {
                    let handle = known(handle)?;
                    let sign = || self.cloud.signal_url(handle);
                    let signed = self.persist_read(sign, on_retry).await;
                    let secret =
                        signed.map_err(|source| StepError::Secret { reference: text, source })?;
                    secrets.insert(reference, secret, handle.to_owned());
                }
                SecretReference::Attribute(attribute) => {
                    let lost = || StepError::SecretLost(attribute.clone());
                    let secret = self.attribute_text(attribute, sources(attribute)).await;
                    let secret =
                        secret.map_err(|source| StepError::Secret { reference: text, source })?;
                    secrets.insert(reference, secret.ok_or_else(lost)?, version_of(attribute));
                }
                // It was hidden because it could not be told from another secret.
                SecretReference::Hidden => {
                    let path = PropertyPath::root().name(property);
                    return Err(StepError::SecretAttribute(path));
                }
            }
        }
        Ok(secrets)
    }

    /// The text of a secret attribute: as the run has seen it, or as its object shows it now. `None` if
    /// it does not.
    async fn attribute_text(
        &self,
        attribute: &SecretAttribute,
        source: Option<ResourceState>,
    ) -> Result<Option<SecretString>, DriverError> {
        if let Some(text) = self.shown.get(attribute) {
            return Ok(Some(text));
        }
        let Some(source) = source else { return Ok(None) };
        let Some(driver) = self.cloud.driver(&source.resource_type) else { return Ok(None) };
        let declared = without_secrets(&source.properties);
        let read = || driver.read(&source.identifier, &declared);
        let on_retry = |error: &_, attempt| self.asking_again(error, attempt);
        Ok(self.shown.seen(attribute, self.persist_read(read, on_retry).await?))
    }
}

/// The version of a secret attribute: it is the same as long as its object, or what returned it, is.
pub(crate) fn version_of(attribute: &SecretAttribute) -> String {
    let returned_by = attribute.returned_by.as_ref().map(Token::as_str);
    returned_by.unwrap_or(attribute.of.as_str()).to_owned()
}

/// The reference whose body is this value.
///
/// # Errors
/// If the body is not wholly known or malformed.
pub(crate) fn parse(body: &Value) -> Result<SecretsManagerReference, StepError> {
    SecretsManagerReference::parse(known(body)?).map_err(StepError::Reference)
}

/// The parameter whose name is this value.
///
/// # Errors
/// If the name is not wholly known or malformed.
pub(crate) fn parse_parameter(body: &Value) -> Result<ParameterReference, StepError> {
    ParameterReference::parse(known(body)?).map_err(StepError::ParameterName)
}

fn known(body: &Value) -> Result<&str, StepError> {
    body.as_str().ok_or_else(|| {
        StepError::NotKnown(NotKnown::Deferred {
            path: PropertyPath::root(),
            waits_for: body.to_string(),
        })
    })
}

#[cfg(test)]
mod tests {
    use rstack_driver::ErrorKind;

    use super::*;

    #[test]
    fn a_service_that_quotes_a_secret_gives_nothing_away() {
        let mut secrets = CallSecrets::default();
        let reference = SecretReference::Parameter("P".to_owned());
        secrets.insert(&reference, SecretString::new("hun\"ter2".to_owned()), String::new());
        let message = "the header `hun\"ter2` is wrong: {\"HeaderValue\": \"hun\\\"ter2\"}";
        let error = secrets.redact(DriverError::new(ErrorKind::Transient, "x:Y", message));
        assert_eq!(
            error.to_string(),
            "x:Y: the header `‹secret›` is wrong: {\"HeaderValue\": \"‹secret›\"}"
        );
    }
}
