//! A state normalized for comparison: without the names that the cloud has chosen.

use rstack_model::state::State;
use serde_json::{Value, json};

/// Shorter texts name nothing that is distinguished by them.
const SHORTEST: usize = 8;

/// A state as text in which what the cloud has chosen is replaced by what it stands for. Two runs
/// that made the same are the same text.
pub(crate) fn normalize(state: &State) -> Result<String, String> {
    normalize_all(&[state])
}

/// As [`normalize`], of several stacks, each of which may have what the cloud has chosen for another.
pub(crate) fn normalize_all(states: &[&State]) -> Result<String, String> {
    let mut chosen: Vec<(String, String)> = Vec::new();
    let whole = states.iter().map(|state| form(state, &mut chosen)).collect::<Vec<_>>();
    // Longer texts first: one may be part of another.
    chosen.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    chosen.dedup_by(|a, b| a.0 == b.0);
    let text = serde_json::to_string(&whole).map_err(|error| error.to_string())?;
    Ok(chosen.iter().fold(text, |text, (from, to)| text.replace(from, to)))
}

/// The parts of a state that two runs have in common; what the cloud has chosen is added to `chosen`.
fn form(state: &State, chosen: &mut Vec<(String, String)>) -> Value {
    let mut objects = serde_json::Map::new();
    for (id, object) in &state.resources {
        chosen.push((object.physical_id.to_string(), format!("‹{id}›")));
        for (name, value) in &object.attributes {
            // Functions take attributes apart: a URL gives a host and a path.
            let text = value.as_str().unwrap_or_default();
            let parts = text.split('/').enumerate();
            let parts = parts.map(|(number, part)| (part, format!("‹{id}.{name}/{number}›")));
            let named = parts.chain([(text, format!("‹{id}.{name}›"))]);
            let long = named.filter(|(text, _)| text.len() >= SHORTEST);
            chosen.extend(long.map(|(text, name)| (text.to_owned(), name)));
        }
        let attributes: Vec<&String> = object.attributes.keys().collect();
        let object = json!({
            "type": object.resource_type,
            "properties": object.properties,
            "attributes": attributes,
            "dependencies": object.dependencies,
            "deletion": object.deletion_policy,
            "replacement": object.update_replace_policy,
            "driver": object.driver,
            "secrets": object.secret_versions.keys().collect::<Vec<_>>(),
        });
        objects.insert(id.to_string(), object);
    }
    json!({
        "environment": state.environment,
        "template": state.template_digest,
        "parameters": state.parameters,
        "given": state.given,
        "resources": Value::Object(objects),
        "outputs": state.outputs,
    })
}
