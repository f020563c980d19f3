//! Values that are null, which CloudFormation refuses everywhere in a template.
//!
//! Sources: "[/Outputs] 'null' values are not allowed in templates" (getmoto/moto, pull request
//! 4221), the same of properties (cfn-lint, issues 38 and 246) and of JSON inside of them
//! (aws-cloudformation/cloudformation-coverage-roadmap, issue 1378). `Fn::GetAZs: null` is taken for
//! `Fn::GetAZs: ''`: AWS's own sample of a load balancer with access logs has it.

use rstack_model::{Code, Diagnostic, Severity};

use super::node::{Entry, Node, NodeKind};
use crate::diagnostics::Diagnostics;

/// Reports every null of a tree, at the key that has it.
pub(crate) fn nulls(root: &Node<'_>, diagnostics: &mut Diagnostics) {
    if root.is_null() {
        let error = Diagnostic::error(Code::Empty, "the template is empty").at(root.span, "");
        diagnostics.push(error.help("it needs a map with `Resources` in it"));
        return;
    }
    Nulls { path: Vec::new(), diagnostics }.node(root);
}

/// The function that takes null for the own Region.
const ZONES: &str = "Fn::GetAZs";

/// A step to a value.
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

struct Nulls<'a, 'd> {
    path: Vec<Step<'a>>,
    diagnostics: &'d mut Diagnostics,
}

impl<'a> Nulls<'a, '_> {
    fn node(&mut self, node: &'a Node<'_>) {
        match &node.kind {
            NodeKind::Scalar { .. } => {}
            NodeKind::Tagged(tagged) => self.node(&tagged.1),
            NodeKind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(Step::Item(index), item, item.span);
                }
            }
            NodeKind::Map(entries) => {
                for Entry { key, value } in entries.iter().filter(|e| e.key.value != ZONES) {
                    self.value(Step::Key(&key.value), value, key.span);
                }
            }
        }
    }

    fn value(&mut self, step: Step<'a>, value: &'a Node<'_>, place: rstack_model::Span) {
        self.path.push(step);
        if value.is_null() {
            let Self { path, diagnostics } = self;
            diagnostics.push_with(Severity::Error, || error(path).at(place, ""));
        } else {
            self.node(value);
        }
        self.path.pop();
    }
}

fn error(path: &[Step<'_>]) -> Diagnostic {
    let names = path.iter().map(|step| match step {
        Step::Key(key) => format!("/{key}"),
        Step::Item(index) => format!("/{index}"),
    });
    let message =
        format!("`{}` is null, which CloudFormation does not allow", names.collect::<String>());
    let property = path.iter().any(|step| matches!(step, Step::Key("Properties")));
    let help = match path {
        [_] => "leave the section out while it is empty",
        _ if property && path.len() > 3 => "leave it out, or use `!Ref AWS::NoValue`",
        _ => "give it a value, or leave it out",
    };
    Diagnostic::error(Code::NullValue, message).help(help)
}
