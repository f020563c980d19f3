//! Reading `Outputs`.

use std::collections::BTreeMap;

use super::Output;
use super::function::Place;
use super::section::Section;
use crate::syntax::{Entry, Node, Spanned};

const OUTPUT_KEYS: [&str; 4] = ["Value", "Description", "Export", "Condition"];

impl Section<'_> {
    pub(super) fn outputs(&mut self, node: &Node) -> BTreeMap<String, Output> {
        let mut out = BTreeMap::new();
        for Entry { key, value } in self.entries(node, "`Outputs`") {
            if key.value.starts_with("Fn::ForEach") {
                self.needs_extensions(key);
                continue;
            }
            self.check_name(key, "the name of an output");
            if let Some(output) = self.output(key, value) {
                out.insert(key.value.clone(), output);
            }
        }
        out
    }

    fn output(&mut self, name: &Spanned<String>, node: &Node) -> Option<Output> {
        let what = format!("the output `{}`", name.value);
        let (mut value, mut has_value) = (None, false);
        let (mut description, mut export, mut condition) = (None, None, None);
        for Entry { key, value: node } in self.entries(node, &what) {
            match key.value.as_str() {
                "Value" => {
                    has_value = true;
                    value = self.expression(node, Place::Value);
                }
                "Description" => {
                    description = self.text(node, "`Description`").map(|t| t.value);
                }
                "Condition" => condition = self.text(node, "`Condition`"),
                "Export" => {
                    for Entry { key, value } in self.entries(node, "`Export`") {
                        match key.value.as_str() {
                            "Name" => export = self.expression(value, Place::Value),
                            _ => self.unknown_key(key, "an export", &["Name"]),
                        }
                    }
                }
                _ => self.unknown_key(key, "an output", &OUTPUT_KEYS),
            }
        }
        if !has_value && !node.is_null() {
            self.missing(name, "Value");
        }
        Some(Output { name_span: name.span, value: value?, description, export, condition })
    }
}
