//! Secret parameters that are given to commands that need no template: `rollback` and `destroy`.

use std::collections::BTreeSet;

use rstack_apply::SecretParameters;
use rstack_journal::Entry;
use rstack_model::state::State;
use rstack_model::value::SecretReference;
use rstack_model::{SecretString, ValueMap};
use rstack_store::Stored;

use crate::error::CliError;
use crate::session::Session;

/// The values that were given for secret parameters. Only those are taken that the stack has, now or
/// before: every other parameter is decided.
///
/// # Errors
/// If a value is given for another parameter, or the key of the digests cannot be read or made.
pub(super) fn given_secrets(
    session: &Session,
    stored: &Stored,
    given: &[(String, String)],
) -> Result<SecretParameters, CliError> {
    let mut names = BTreeSet::new();
    let mut note = |parameters: &ValueMap| {
        for value in parameters.values() {
            value.visit_secrets(&mut |reference| {
                if let SecretReference::Parameter(name) = reference {
                    names.insert(name.clone());
                }
            });
        }
    };
    let states = |state: &State| {
        let former = state.former.as_deref().map(|former| former.parameters.clone());
        [Some(state.parameters.clone()), former]
    };
    stored.state.iter().flat_map(states).flatten().for_each(|parameters| note(&parameters));
    if let Some(Entry::Begin { parameters, .. }) = stored.journal.iter().flatten().next() {
        note(parameters);
    }
    let objects = stored.state.iter().flat_map(|state| state.resources.values());
    objects.for_each(|object| note(&object.properties));
    let mut out = SecretParameters::default();
    for (name, text) in given {
        if !names.contains(name) {
            return Err(CliError::NoSecretParameter(name.clone()));
        }
        session.add_secret(&mut out, name, SecretString::new(text.clone()))?;
    }
    Ok(out)
}
