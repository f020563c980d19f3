//! In which order conditions are decided: those first that others name.
//!
//! Deciding them in this order takes a stack of its own and not the program's, however long a chain
//! of conditions is.

use std::collections::BTreeMap;

use rstack_model::{Code, Diagnostic};

use super::condition::Decision;
use super::expression::Evaluator;
use crate::syntax::Spanned;
use crate::template::{Condition, ExpressionKind};

/// How far the search has come with a condition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Those that it names are being looked at.
    Open,
    /// It has its place in the order.
    Placed,
}

/// Decides all conditions; those that nothing uses must be decidable too. A circle is told.
pub(super) fn decide_all(evaluator: &mut Evaluator<'_>) {
    let conditions = &evaluator.template.conditions;
    let mut marks: BTreeMap<&str, Mark> = BTreeMap::new();
    for (name, condition) in conditions {
        if marks.contains_key(name.as_str()) {
            continue;
        }
        marks.insert(name, Mark::Open);
        let mut path = vec![(name.as_str(), condition, named(condition))];
        while let Some((name, condition, inside)) = path.last_mut() {
            let (name, span) = (*name, condition.name_span);
            let Some(next) = inside.pop() else {
                evaluator.holds(Some(&Spanned::new(name.to_owned(), span)));
                marks.insert(name, Mark::Placed);
                path.pop();
                continue;
            };
            match (marks.get(next.value.as_str()), conditions.get_key_value(&next.value)) {
                (None, Some((next, condition))) => {
                    marks.insert(next, Mark::Open);
                    path.push((next, condition, named(condition)));
                }
                (Some(Mark::Open), _) => {
                    let message = format!("the condition `{}` depends on itself", next.value);
                    let error = Diagnostic::error(Code::Cycle, message).at(next.span, "");
                    let told = evaluator.report(error);
                    evaluator.decisions.insert(name.to_owned(), Decision::Made(Err(told.into())));
                }
                // One that there is not has been told.
                (Some(Mark::Placed), _) | (None, None) => {}
            }
        }
    }
}

/// The conditions that one names, the first one last.
fn named(condition: &Condition) -> Vec<&Spanned<String>> {
    let mut names = Vec::new();
    if let Some(expression) = &condition.expression {
        expression.visit(&mut |part| match &part.kind {
            ExpressionKind::Condition(name) | ExpressionKind::If { condition: name, .. } => {
                names.push(name);
            }
            _ => {}
        });
    }
    names.reverse();
    names
}
