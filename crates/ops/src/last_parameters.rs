//! The values that were given for the parameters of a stack by its last apply: a later one keeps them, as
//! CloudFormation does with `UsePreviousValue`.

use std::collections::BTreeMap;

use rstack_journal::{base_of, fold};
use rstack_model::desired::Desired;
use rstack_model::state::State;
use rstack_model::{GivenValue, GivenValues, ValueMap};
use rstack_template::Template;

use crate::Record;

/// The parameters of a stack as its last run leaves them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastParameters {
    /// The values in use; secret ones as references.
    pub values: ValueMap,
    /// The values that were given.
    pub given: GivenValues,
}

impl LastParameters {
    /// The parameters of a stack. While a run is open they are those that its recovery is going to leave.
    pub fn of(record: &Record) -> Self {
        last_state(record)
            .map(|State { parameters: values, given, .. }| Self { values, given })
            .unwrap_or_default()
    }
}

/// The state of a stack as its last run leaves it. While a run is open it is the one that its recovery is going
/// to leave, as far as it is recorded.
pub fn last_state(record: &Record) -> Option<State> {
    match &record.journal {
        None => record.state.clone(),
        Some(journal) => {
            let base = base_of(record.state.clone(), journal.first());
            // A journal that cannot be folded is refused when the stack is opened.
            let folded = base.as_ref().and_then(|base| fold(base, journal).ok());
            folded.map(|folded| folded.state).or(base)
        }
    }
}

/// Records with what is desired which values were given for its parameters: `texts` are all of them, and
/// `kept` those among them that the last apply was given.
pub fn record_given(
    desired: &mut Desired,
    template: &Template,
    texts: &BTreeMap<String, String>,
    kept: &GivenValues,
) {
    for (name, text) in texts {
        let Some(parameter) = template.parameters.get(name) else { continue };
        let value = match parameter.no_echo {
            true => GivenValue::Secret,
            false => GivenValue::Text(text.clone()),
        };
        if kept.get(name) == Some(&value) {
            desired.kept.insert(name.clone());
        }
        desired.given.insert(name.clone(), value);
    }
}
