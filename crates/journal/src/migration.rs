//! Older formats of the state file, brought up to the present one, step by step.

use serde_json::{Map, Value};

use crate::identity_upgrade;

/// One step: what is written in a format becomes what the next one writes.
type Step = fn(&mut Map<String, Value>);

/// The steps, the first of them from format 1 to 2.
const STEPS: [Step; 2] = [one_to_two, two_to_three];

/// The present format.
pub const FORMAT: u32 = 1 + STEPS.len() as u32;

/// Format 2 says who wrote a state, and when. Format 1 did not.
fn one_to_two(content: &mut Map<String, Value>) {
    content.insert("written".to_owned(), Value::Null);
}

/// Format 3 names objects by their whole identifiers, and resources by their addresses.
fn two_to_three(content: &mut Map<String, Value>) {
    content.get_mut("state").into_iter().for_each(identity_upgrade::state);
}

/// Content of this format as the present format writes it; `None` if there was never such a one.
pub fn upgraded(format: u32, mut content: Map<String, Value>) -> Option<Map<String, Value>> {
    let done = usize::try_from(format).ok()?.checked_sub(1)?;
    for step in STEPS.get(done..)? {
        step(&mut content);
    }
    content.insert("format".to_owned(), FORMAT.into());
    Some(content)
}
