//! The values that a parent passes to a nested stack.

use rstack_model::{Address, Code, Diagnostic, PropertyPath, Value, ValueMap};

use super::super::expression::Evaluator;
use super::super::finding::Reported;
use super::super::parameter::{Passed, is_list};
use super::super::properties::place;
use crate::template::{Resource, Template};

/// The text of a known value.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Text(_) | Value::Deferred(_) | Value::List(_) | Value::Map(_) => None,
    }
}

impl Evaluator<'_> {
    /// The values that a nested stack is given, held against the parameters of its template.
    ///
    /// # Errors
    /// If its template takes others, which is reported.
    pub(super) fn pass(
        &mut self,
        (id, address): (&str, &Address),
        resource: &Resource,
        template: &Template,
        properties: &ValueMap,
    ) -> Result<Passed, Reported> {
        let none = ValueMap::new();
        let given = properties.get("Parameters").and_then(Value::as_map).unwrap_or(&none);
        let mut passed = Passed::of(address);
        let mut wrong = None;
        for (name, value) in given {
            let path = PropertyPath::root().name("Parameters").name(name);
            let Some(parameter) = template.parameters.get(name) else {
                let message = format!("the template of `{id}` has no parameter `{name}`");
                let at = place(self, resource, &path, true);
                let error = Diagnostic::error(Code::UnknownParameter, message).at(at, "");
                let names = template.parameters.keys().map(String::as_str);
                let near = self.findings.list().suggestion(name, names);
                wrong = Some(self.report(match near {
                    Some(near) => error.help(near),
                    None => error.help("take it out, or declare it there"),
                }));
                continue;
            };
            if let Some(text) = text(value) {
                passed.texts.insert(name.clone(), text);
                continue;
            }
            match self.not_known(value, is_list(&parameter.kind.value)) {
                Some(value) => {
                    let secret = self.parameters.text_of(&value);
                    passed.take(name, value, secret);
                }
                None => {
                    let message = format!("the parameter `{name}` takes text");
                    let at = place(self, resource, &path, false);
                    let error = Diagnostic::error(Code::ParameterValue, message).at(at, "");
                    let help = "join a list: `!Join [\",\", …]`";
                    wrong = Some(self.report(error.help(help)));
                }
            }
        }
        for (name, parameter) in &template.parameters {
            if parameter.default.is_none() && !given.contains_key(name) {
                let message = format!("`{id}` gives the parameter `{name}` no value");
                let error = Diagnostic::error(Code::NestedStack, message);
                let error = error.at(resource.name_span, "").at(parameter.name_span, "");
                wrong = Some(self.report(error.help("give it one under `Parameters`")));
            }
        }
        wrong.map_or(Ok(passed), Err)
    }

    /// A value that is unknown or secret, as a parameter has it; `None` if it is no text.
    fn not_known(&self, value: &Value, list: bool) -> Option<Value> {
        match value {
            Value::Text(_) | Value::Deferred(_) if list => self.split(",", value.clone()).ok(),
            Value::Text(_) | Value::Deferred(_) => Some(value.clone()),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::List(_)
            | Value::Map(_) => None,
        }
    }
}
