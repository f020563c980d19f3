//! The order that exports give: a stack comes behind the one whose export it imports by name, also where
//! the manifest does not say so. The CDK knows only of references between its own objects.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::{AccountId, Region};
use rstack_template::{MAX_SIZE, StackEnvironment};
use serde_json::Value;

use super::AssemblyStack;
use crate::env::Env;

/// The words that every template with an import has.
const IMPORT: &str = "Fn::ImportValue";

/// Adds what stacks need by the names of exports that are plain text, as far as no circle comes of it. A
/// template that cannot be read adds nothing: it is reported where it is read as a template.
pub(super) fn add_needs(env: &Env, stacks: &mut [AssemblyStack]) {
    if stacks.len() < 2 {
        return;
    }
    let limit = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX);
    let texts: Vec<Vec<u8>> =
        stacks.iter().map(|stack| stack.template.read(env, limit).unwrap_or_default()).collect();
    let has_import = |text: &Vec<u8>| text.windows(IMPORT.len()).any(|it| it == IMPORT.as_bytes());
    if !texts.iter().any(has_import) {
        return;
    }
    let templates: Vec<Value> =
        texts.iter().map(|text| serde_json::from_slice(text).unwrap_or_default()).collect();
    let mut exporters = BTreeMap::new();
    for (number, (stack, template)) in stacks.iter().zip(&templates).enumerate() {
        for name in exports(template) {
            exporters.insert((place(stack), name), number);
        }
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (number, (stack, template)) in stacks.iter().zip(&templates).enumerate() {
        let mut names = BTreeSet::new();
        imports(template, &mut names);
        let places = names.into_iter().map(|name| (place(stack), name));
        found.extend(places.filter_map(|place| Some((number, *exporters.get(&place)?))));
    }
    for (importer, exporter) in found {
        if !needs(stacks, exporter, importer)
            && let Some(stack) = stacks.get_mut(importer)
        {
            stack.needs.insert(exporter);
        }
    }
}

/// The account and the Region in which names of exports are unique, as far as the app says them.
fn place(stack: &AssemblyStack) -> (Option<&str>, Option<&str>) {
    let StackEnvironment { account, region } = &stack.settings.environment;
    (account.as_ref().map(AccountId::as_str), region.as_ref().map(Region::as_str))
}

/// The names of exports that are plain text.
fn exports(template: &Value) -> impl Iterator<Item = &str> {
    let outputs = template.get("Outputs").and_then(Value::as_object);
    outputs
        .into_iter()
        .flat_map(|outputs| outputs.values())
        .filter_map(|output| output.get("Export")?.get("Name")?.as_str())
}

/// The names of imports that are plain text.
fn imports<'a>(value: &'a Value, out: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(map) => {
            out.extend(map.get(IMPORT).and_then(Value::as_str));
            map.values().for_each(|value| imports(value, out));
        }
        Value::Array(items) => items.iter().for_each(|item| imports(item, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// True if a stack is another one, or needs it, whatever is in between.
fn needs(stacks: &[AssemblyStack], number: usize, other: usize) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![number]);
    while let Some(number) = next.pop() {
        if number == other {
            return true;
        }
        if seen.insert(number) {
            next.extend(stacks.get(number).into_iter().flat_map(|stack| &stack.needs));
        }
    }
    false
}
