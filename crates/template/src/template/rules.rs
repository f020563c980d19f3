//! Reading `Rules`.

use std::collections::BTreeMap;

use rstack_model::{Code, Diagnostic};

use super::function::Place;
use super::section::Section;
use super::{Assertion, Rule};
use crate::syntax::{Entry, Node, Spanned};

/// The rule by which the CDK guards the bootstrap stack that its own deployment needs. rstack needs
/// none, so the rule is passed over, and the parameter behind it is never resolved.
const BOOTSTRAP_RULE: &str = "CheckBootstrapVersion";

/// True if the rule that is passed over is there.
pub(super) fn has_bootstrap_rule(node: &Node<'_>) -> bool {
    node.as_map().into_iter().flatten().any(|entry| entry.key.value == BOOTSTRAP_RULE)
}

impl Section<'_> {
    pub(super) fn rules(&mut self, node: &Node) -> BTreeMap<String, Rule> {
        let mut out = BTreeMap::new();
        for Entry { key, value } in self.entries(node, "`Rules`") {
            if key.value == BOOTSTRAP_RULE {
                continue;
            }
            self.check_rule_name(key);
            out.insert(key.value.clone(), self.rule(key, value));
        }
        out
    }

    fn rule(&mut self, name: &Spanned<String>, node: &Node) -> Rule {
        let what = format!("the rule `{}`", name.value);
        let mut rule = Rule { condition: None, assertions: Vec::new() };
        let mut has_assertions = false;
        for Entry { key, value } in self.entries(node, &what) {
            match key.value.as_str() {
                "RuleCondition" => rule.condition = self.expression(value, Place::Rule),
                "Assertions" => {
                    has_assertions = true;
                    rule.assertions = self.assertions(value);
                }
                _ => self.unknown_key(key, "a rule", &["RuleCondition", "Assertions"]),
            }
        }
        if !has_assertions {
            self.missing(name, "Assertions");
        }
        rule
    }

    fn assertions(&mut self, node: &Node) -> Vec<Assertion> {
        let Some(items) = node.as_list() else {
            let message = format!("`Assertions` must be a list, found {}", node.words());
            self.report(Diagnostic::error(Code::Shape, message).at(node.span, ""));
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in items {
            let (mut assert, mut description) = (None, None);
            for Entry { key, value } in self.entries(item, "an assertion") {
                match key.value.as_str() {
                    "Assert" => assert = Some(self.expression(value, Place::Rule)),
                    "AssertDescription" => {
                        description = self.text(value, "`AssertDescription`").map(|t| t.value);
                    }
                    _ => {
                        let message = format!("`{}` in an assertion has no effect", key.value);
                        let warning = Diagnostic::warning(Code::NoEffect, message).at(key.span, "");
                        let known = ["Assert", "AssertDescription"];
                        let near = self.diagnostics.suggestion(&key.value, known.into_iter());
                        self.report(match near {
                            Some(near) => warning.help(near),
                            None => warning.help("the keys are Assert, AssertDescription"),
                        });
                    }
                }
            }
            match assert {
                Some(Some(assert)) => out.push(Assertion { assert, description }),
                // It could not be read, which has been reported.
                Some(None) => {}
                None => self.missing(&Spanned::new("an assertion".to_owned(), item.span), "Assert"),
            }
        }
        out
    }
}
