//! Resolving secret references at the moment of a call.

use std::collections::BTreeMap;

use rstack_driver::Cloud;
use rstack_model::value::{ResolvedSecrets, SecretReference, SecretsManagerReference};
use rstack_model::{Value, ValueMap};

use crate::StepError;

/// The values of `NoEcho` parameters, and a keyed digest of each that may be stored.
#[derive(Clone, Debug, Default)]
pub struct SecretParameters {
    /// The values.
    pub values: ResolvedSecrets,
    /// The digests, by the reference's text.
    pub versions: BTreeMap<String, String>,
}

/// Resolves every secret in a tree: the values for the call, and the versions for the state.
///
/// # Errors
/// [`StepError`] naming the reference that cannot be resolved.
pub(crate) async fn resolve(
    cloud: &dyn Cloud,
    parameters: &SecretParameters,
    properties: &ValueMap,
) -> Result<(ResolvedSecrets, BTreeMap<String, String>), StepError> {
    let mut references: Vec<&SecretReference> = Vec::new();
    for value in properties.values() {
        value.visit_secrets(&mut |reference| references.push(reference));
    }
    let mut secrets = ResolvedSecrets::default();
    let mut versions = BTreeMap::new();
    for reference in references {
        let text = reference.to_string();
        if versions.contains_key(&text) {
            continue;
        }
        match reference {
            SecretReference::SecretsManager(body) => {
                let parsed = parse(body)?;
                let (secret, version) = cloud
                    .secrets()
                    .resolve(&parsed)
                    .await
                    .map_err(|source| StepError::Secret { reference: text.clone(), source })?;
                secrets.insert(reference, secret);
                versions.insert(text, version);
            }
            SecretReference::Parameter(name) => {
                let value = parameters.values.get(reference);
                let value = value.ok_or_else(|| StepError::Parameter(name.clone()))?;
                secrets.insert(reference, value.clone());
                let version = parameters.versions.get(&text).cloned().unwrap_or_default();
                versions.insert(text, version);
            }
            SecretReference::Hidden => return Err(StepError::Parameter("hidden".to_owned())),
        }
    }
    Ok((secrets, versions))
}

/// The reference whose body is this value.
///
/// # Errors
/// If the body is not wholly known or malformed.
pub(crate) fn parse(body: &Value) -> Result<SecretsManagerReference, StepError> {
    let text = body.as_str().ok_or_else(|| {
        StepError::NotKnown(rstack_model::value::NotKnown::Deferred {
            path: rstack_model::PropertyPath::root(),
            waits_for: body.to_string(),
        })
    })?;
    SecretsManagerReference::parse(text).map_err(StepError::Reference)
}
