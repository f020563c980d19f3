//! The settings of a nested stack besides its template and parameters: tags, a time limit, topics.

use std::collections::BTreeMap;

use rstack_model::{Address, Code, Diagnostic, PropertyPath, Value, ValueMap};

use super::super::expression::Evaluator;
use super::super::finding::Reported;
use super::super::properties::place;
use crate::template::Resource;

/// The settings that are not carried out, and what stands in their place.
const NOT_CARRIED_OUT: [(&str, &str); 2] = [
    ("NotificationARNs", "rstack sends no notifications: take it out"),
    ("TimeoutInMinutes", "each resource has a time limit of its own type"),
];

impl Evaluator<'_> {
    /// Notes the tags of a nested stack, and warns of what is not carried out.
    ///
    /// # Errors
    /// If its tags are not known before apply, which is reported.
    pub(super) fn note_settings(
        &mut self,
        (address, resource): (&Address, &Resource),
        properties: &ValueMap,
    ) -> Result<(), Reported> {
        for (name, instead) in NOT_CARRIED_OUT {
            if properties.contains_key(name) {
                let path = PropertyPath::root().name(name);
                let message = format!("`{name}` of the nested stack `{address}` is not supported");
                let warning = Diagnostic::warning(Code::Unsupported, message);
                let at = place(self, resource, &path, true);
                self.findings.warn(warning.at(at, "").help(instead));
            }
        }
        let Some(tags) = properties.get("Tags").filter(|tags| **tags != Value::Null) else {
            return Ok(());
        };
        let Some(tags) = known(tags) else {
            let message =
                format!("the tags of the nested stack `{address}` must be known before apply");
            let at = place(self, resource, &PropertyPath::root().name("Tags"), true);
            let error = Diagnostic::error(Code::NestedStack, message).at(at, "");
            return Err(self.report(error.help("give tags to the resources themselves")));
        };
        self.nested_tags.insert(address.clone(), tags);
        Ok(())
    }
}

/// Tags by key, if all are known.
fn known(tags: &Value) -> Option<BTreeMap<String, String>> {
    let text = |tag: &Value, name: &str| match tag.as_map()?.get(name)? {
        Value::String(text) => Some(text.clone()),
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        _ => None,
    };
    tags.as_list()?.iter().map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect()
}
