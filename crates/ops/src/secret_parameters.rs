//! The values of secret (`NoEcho`) parameters: which of them an operation takes, and the digests by
//! which a change of one is noticed. The values are kept nowhere.

use std::collections::{BTreeMap, BTreeSet};

use rstack_apply::SecretParameters;
use rstack_journal::{Entry, IntentAction};
use rstack_model::plan::Plan;
use rstack_model::state::State;
use rstack_model::value::SecretReference;
use rstack_model::{SecretString, StackName, ValueMap};
use rstack_store::{Comparison, SecretDigests};

use crate::{Operations, OpsError, Record};

/// The number of records of one parameter that a value is compared with: each costs what a guess
/// costs.
const MOST_RECORDS: usize = 8;

/// The secret parameters of an evaluated template, for a stack.
///
/// # Errors
/// If the state cannot be read, the key of the digests cannot be read or made, or a digest not be
/// made.
pub async fn parameters_of_evaluation(
    ops: &Operations,
    stack: &StackName,
    secrets: &BTreeMap<String, SecretString>,
) -> Result<SecretParameters, OpsError> {
    let mut out = SecretParameters::default();
    if secrets.is_empty() {
        return Ok(out);
    }
    let record = ops.backend.read(stack).await?;
    let digests = ops.secret_digests().await?;
    for (name, secret) in secrets {
        add(&digests, &mut out, name, secret, &records_of(&record, name))?;
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
        ops: &Operations,
        record: &Record,
    ) -> Result<SecretParameters, OpsError> {
        let names = secret_names_of_stack(record);
        let mut out = SecretParameters::default();
        if self.0.is_empty() {
            return Ok(out);
        }
        let digests = ops.secret_digests().await?;
        for (name, secret) in self.0 {
            if !names.contains(name) {
                return Err(OpsError::NoSecretParameter(name.clone()));
            }
            add(&digests, &mut out, name, secret, &records_of(record, name))?;
        }
        Ok(out)
    }

    /// The values for a saved plan, which must be the ones that it was made with.
    ///
    /// # Errors
    /// If one is missing, is another one, or is for no secret parameter of the plan.
    pub async fn for_plan(
        self,
        ops: &Operations,
        plan: &Plan,
    ) -> Result<SecretParameters, OpsError> {
        let names = secret_names(plan);
        if let Some((name, _)) = self.0.iter().find(|(name, _)| !names.contains(name)) {
            return Err(OpsError::SavedPlanParameter(name.clone()));
        }
        let mut out = SecretParameters::default();
        if names.is_empty() {
            return Ok(out);
        }
        let digests = ops.secret_digests().await?;
        let stored = ops.backend.read(&plan.stack).await?;
        for name in names {
            let Some((_, secret)) = self.0.iter().rfind(|(key, _)| *key == name) else {
                return Err(OpsError::SecretParameter(name));
            };
            let shown = SecretReference::Parameter(name.clone()).to_string();
            let planned = plan.changes.values().filter_map(|change| change.desired.as_ref());
            let records: BTreeSet<&String> =
                planned.filter_map(|object| object.secret_versions.get(&shown)).collect();
            // All of a plan's objects have one record.
            match (records.first(), records.len()) {
                (None, _) => add(&digests, &mut out, &name, secret, &BTreeSet::new())?,
                (Some(record), 1) => match digests.compare(record, secret)? {
                    Comparison::Same | Comparison::Outdated => {
                        out.insert(&name, secret.clone(), (*record).clone());
                        // A rollback goes back to objects with other records of the same value.
                        let known = records_of(&stored, &name);
                        for other in known.iter().filter(|it| *it != *record).take(MOST_RECORDS) {
                            if digests.compare(other, secret)? != Comparison::Other {
                                out.replace(&name, other.clone());
                            }
                        }
                    }
                    Comparison::Other => return Err(OpsError::OtherSecret(name)),
                },
                (Some(_), _) => return Err(OpsError::OtherSecret(name)),
            }
        }
        Ok(out)
    }
}

/// Adds a value under the record that the stack has of it, or a new one. Other records of the same
/// value, and outdated ones, are replaced by it ([`SecretParameters::renewed`]).
fn add(
    digests: &SecretDigests,
    parameters: &mut SecretParameters,
    name: &str,
    secret: &SecretString,
    records: &BTreeSet<String>,
) -> Result<(), OpsError> {
    let (mut current, mut replaced) = (None, Vec::new());
    for record in records.iter().take(MOST_RECORDS) {
        match (digests.compare(record, secret)?, &current) {
            (Comparison::Same, None) => current = Some(record.clone()),
            (Comparison::Same, Some(_)) | (Comparison::Outdated, _) => {
                replaced.push(record.clone());
            }
            (Comparison::Other, _) => {}
        }
    }
    let version = current.map_or_else(|| digests.record(secret), Ok)?;
    parameters.insert(name, secret.clone(), version);
    replaced.into_iter().for_each(|record| parameters.replace(name, record));
    Ok(())
}

/// The records that a stack has of a parameter, now or before.
fn records_of(record: &Record, name: &str) -> BTreeSet<String> {
    let shown = SecretReference::Parameter(name.to_owned()).to_string();
    let mut out = BTreeSet::new();
    let mut note = |versions: &BTreeMap<String, String>| {
        out.extend(versions.get(&shown).filter(|version| !version.is_empty()).cloned());
    };
    let states = record.state.iter().flat_map(|it| [Some(it), it.former.as_deref()]).flatten();
    for state in states {
        state.resources.values().for_each(|object| note(&object.secret_versions));
        state.deposed.iter().for_each(|deposed| note(&deposed.object.secret_versions));
    }
    for entry in record.journal.iter().flatten() {
        if let Entry::Intent(intent) = entry
            && let IntentAction::Create { object, .. } | IntentAction::Update { object, .. } =
                &intent.action
        {
            note(&object.secret_versions);
        }
    }
    out
}

/// The secret parameters that a stack has, now or before.
pub fn secret_names_of_stack(record: &Record) -> BTreeSet<String> {
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
