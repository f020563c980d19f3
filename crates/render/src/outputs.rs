//! The outputs of a stack.

use std::collections::BTreeMap;

use rstack_model::state::{OutputState, State};

use crate::json::{Shown, document};
use crate::line::{Line, join};
use crate::style::{Palette, Role};
use crate::value::{bare, raw_text};

/// `streaming.Url = https://…`, one line for each output. Secrets are shown by their references.
pub fn outputs_text(state: &State, palette: Palette) -> String {
    let lines: Vec<Line> = lines(state).collect();
    join(&lines, palette)
}

pub(crate) fn lines(state: &State) -> impl Iterator<Item = Line> {
    state.outputs.iter().map(|(name, output)| {
        Line::of(Role::Dim, &format!("{}.", state.stack))
            .with(Role::Name, name)
            .with(Role::Plain, " = ")
            .then(bare(&output.value))
    })
}

/// The outputs as one JSON object: `{"Url": "https://…"}`. Secrets are
/// `{"$secret": "{{resolve:…}}"}`.
///
/// # Errors
/// If the JSON writer fails, which it does not for states that were built or read by this program.
pub fn outputs_json(state: &State) -> Result<String, serde_json::Error> {
    let values: BTreeMap<&str, Shown<'_>> =
        state.outputs.iter().map(|(name, output)| (name.as_str(), Shown(&output.value))).collect();
    document(&values)
}

/// The value of one output alone, for a script: text without quotes, other values as JSON. Unlike
/// everything else it is not escaped, so that what a program reads is what was put out.
pub fn output_value(output: &OutputState) -> String {
    raw_text(&output.value).unwrap_or_else(|| output.value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::state;

    #[test]
    fn outputs_are_values_and_secrets_stay_references() {
        let state = state();
        let text = outputs_text(&state, Palette::Plain);
        let expected = "streaming.Key = ‹secret parameter Key›\nstreaming.Url = https://a/b\n";
        assert_eq!(text, expected);
        let json: serde_json::Value = serde_json::from_str(&outputs_json(&state).unwrap()).unwrap();
        let expected = serde_json::json!({
            "Key": {"$secret": "‹secret parameter Key›"}, "Url": "https://a/b",
        });
        assert_eq!(json, expected);
        assert_eq!(state.outputs.get("Url").map(output_value).as_deref(), Some("https://a/b"));
    }
}
