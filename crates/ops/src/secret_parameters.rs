//! The values of secret (`NoEcho`) parameters: which of them an operation takes, and the digests by
//! which a change of one is noticed. The values are kept nowhere.

use std::collections::{BTreeMap, BTreeSet};

use rstack_apply::SecretParameters;
use rstack_journal::Entry;
use rstack_model::plan::Plan;
use rstack_model::state::State;
use rstack_model::value::SecretReference;
use rstack_model::{SecretString, ValueMap};
use rstack_store::keyed_digest;

use crate::{Backend, OpsError, Record};

/// The secret parameters of an evaluated template.
///
/// # Errors
/// If the key of the digests cannot be read or made.
pub async fn parameters_of_evaluation(
    backend: &dyn Backend,
    secrets: &BTreeMap<String, SecretString>,
) -> Result<SecretParameters, OpsError> {
    let mut out = SecretParameters::default();
    for (name, secret) in secrets {
        add(backend, &mut out, name, secret).await?;
    }
    Ok(out)
}

/// The secret parameters of a plan, whose values are given when it is carried out.
pub fn secret_names(plan: &Plan) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    note(&plan.parameters, &mut names);
    names
}

/// The values that a user gives to an operation without a template.
#[derive(Clone, Copy, Debug)]
pub struct GivenSecrets<'a>(pub &'a [(String, SecretString)]);

impl GivenSecrets<'_> {
    /// The values for a stack. Only the secret parameters that it has, now or before, take one:
    /// every other parameter is decided.
    ///
    /// # Errors
    /// If a value is given for another parameter, or the key of the digests cannot be read or made.
    pub async fn for_stack(
        self,
        backend: &dyn Backend,
        record: &Record,
    ) -> Result<SecretParameters, OpsError> {
        let names = names_of(record);
        let mut out = SecretParameters::default();
        for (name, secret) in self.0 {
            if !names.contains(name) {
                return Err(OpsError::NoSecretParameter(name.clone()));
            }
            add(backend, &mut out, name, secret).await?;
        }
        Ok(out)
    }

    /// The values for a saved plan, which must be the ones that it was made with.
    ///
    /// # Errors
    /// If one is missing, is another one, or is for no secret parameter of the plan.
    pub async fn for_plan(
        self,
        backend: &dyn Backend,
        plan: &Plan,
    ) -> Result<SecretParameters, OpsError> {
        let names = secret_names(plan);
        if let Some((name, _)) = self.0.iter().find(|(name, _)| !names.contains(name)) {
            return Err(OpsError::SavedPlanParameter(name.clone()));
        }
        let mut out = SecretParameters::default();
        for name in names {
            let Some((_, secret)) = self.0.iter().rfind(|(key, _)| *key == name) else {
                return Err(OpsError::SecretParameter(name));
            };
            let (shown, version) = add(backend, &mut out, &name, secret).await?;
            let mut planned = plan.changes.values().filter_map(|change| change.desired.as_ref());
            if planned.any(|o| o.secret_versions.get(&shown).is_some_and(|known| *known != version))
            {
                return Err(OpsError::OtherSecret(name));
            }
        }
        Ok(out)
    }
}

/// Adds a value; returns its reference and its digest.
async fn add(
    backend: &dyn Backend,
    parameters: &mut SecretParameters,
    name: &str,
    secret: &SecretString,
) -> Result<(String, String), OpsError> {
    let reference = SecretReference::Parameter(name.to_owned());
    let (shown, version) =
        (reference.to_string(), keyed_digest(&backend.digest_key().await?, secret));
    parameters.versions.insert(shown.clone(), version.clone());
    parameters.values.insert(&reference, secret.clone());
    Ok((shown, version))
}

/// The secret parameters that a stack has, now or before.
fn names_of(record: &Record) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let states = |state: &State| {
        let former = state.former.as_deref().map(|former| former.parameters.clone());
        [Some(state.parameters.clone()), former]
    };
    record.state.iter().flat_map(states).flatten().for_each(|values| note(&values, &mut names));
    if let Some(Entry::Begin { parameters, .. }) = record.journal.iter().flatten().next() {
        note(parameters, &mut names);
    }
    let objects = record.state.iter().flat_map(|state| state.resources.values());
    objects.for_each(|object| note(&object.properties, &mut names));
    names
}

fn note(values: &ValueMap, names: &mut BTreeSet<String>) {
    for value in values.values() {
        value.visit_secrets(&mut |reference| {
            if let SecretReference::Parameter(name) = reference {
                names.insert(name.clone());
            }
        });
    }
}
