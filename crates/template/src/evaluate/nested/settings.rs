//! The settings of a nested stack besides its template and parameters: tags, a time limit, topics.

use std::collections::BTreeMap;

use rstack_model::{Address, Code, Diagnostic, PropertyPath, Value, ValueMap};

use super::super::expression::Evaluator;
use super::super::external::waits;
use super::super::finding::Reported;
use super::super::properties::place;
use crate::template::Resource;

/// The settings that are not carried out, and what stands in their place.
const NOT_CARRIED_OUT: [(&str, &str); 1] =
    [("NotificationARNs", "rstack sends no notifications: take it out")];

/// The property with the time within which a nested stack is to be created.
const TIMEOUT: &str = "TimeoutInMinutes";

impl Evaluator<'_> {
    /// Notes the tags of a nested stack and the time for its creation, and warns of what is not carried out.
    ///
    /// # Errors
    /// If its tags or the time are not known before apply, or there is no such time, which is reported.
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
        self.note_creation_limit((address, resource), properties)?;
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

    /// Notes the time within which a nested stack is to be created.
    fn note_creation_limit(
        &mut self,
        (address, resource): (&Address, &Resource),
        properties: &ValueMap,
    ) -> Result<(), Reported> {
        let mistake = match properties.get(TIMEOUT) {
            None | Some(Value::Null) => return Ok(()),
            Some(value) if waits(value).is_some() => return Ok(()),
            Some(Value::Text(_) | Value::Deferred(_)) => "must be known before apply",
            Some(value) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                match text.parse() {
                    Ok(minutes @ 1..) => {
                        self.creation_limits.insert(address.clone(), minutes);
                        return Ok(());
                    }
                    Ok(0) | Err(_) => "must be a number of minutes, 1 or more",
                }
            }
        };
        let at = place(self, resource, &PropertyPath::root().name(TIMEOUT), false);
        let message = format!("`{TIMEOUT}` of the nested stack `{address}` {mistake}");
        let error = Diagnostic::error(Code::NestedStack, message).at(at, "");
        Err(self.report(error.help(format!("write `{TIMEOUT}: 30`, or take it out"))))
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
