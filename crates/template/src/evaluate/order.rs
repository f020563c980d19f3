//! In which order conditions are decided: those first that others name.
//!
//! Deciding them in this order takes a stack of its own and not the program's, however long a chain
//! of conditions is.

use std::collections::BTreeMap;

use rstack_model::{Code, Diagnostic, Span};

use super::condition::Decision;
use super::expression::Evaluator;
use crate::syntax::Spanned;
use crate::template::{Condition, ExpressionKind};

/// The number of references of a circle that are shown.
const SHOWN: usize = 10;

/// The progress of the search with a condition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Those that it names are being looked at.
    Open,
    /// It has its place in the order.
    Placed,
}

/// A condition on the way of the search.
struct Step<'a> {
    name: &'a str,
    name_span: Span,
    /// Where the condition before it names it.
    place: Span,
    /// The conditions that it names and that have not been looked at, the first one last.
    inside: Vec<&'a Spanned<String>>,
}

impl<'a> Step<'a> {
    fn new(name: &'a str, condition: &'a Condition, place: Span) -> Self {
        Self { name, name_span: condition.name_span, place, inside: named(condition) }
    }
}

/// Decides all conditions; those that nothing uses must be decidable too. A circle is reported.
pub(super) fn decide_all(evaluator: &mut Evaluator<'_>) {
    let conditions = &evaluator.template.conditions;
    let mut marks: BTreeMap<&str, Mark> = BTreeMap::new();
    for (name, condition) in conditions {
        if marks.contains_key(name.as_str()) {
            continue;
        }
        marks.insert(name, Mark::Open);
        let mut path = vec![Step::new(name, condition, condition.name_span)];
        while let Some(step) = path.last_mut() {
            let name = step.name;
            let Some(next) = step.inside.pop() else {
                evaluator.holds(Some(&Spanned::new(name.to_owned(), step.name_span)));
                marks.insert(name, Mark::Placed);
                path.pop();
                continue;
            };
            match (marks.get(next.value.as_str()), conditions.get_key_value(&next.value)) {
                (None, Some((known, condition))) => {
                    marks.insert(known, Mark::Open);
                    path.push(Step::new(known, condition, next.span));
                }
                (Some(Mark::Open), _) => {
                    let told = evaluator.report(circle(&path, next));
                    evaluator.decisions.insert(name.to_owned(), Decision::Made(Err(told.into())));
                }
                // A name without a condition has been reported.
                (Some(Mark::Placed), _) | (None, None) => {}
            }
        }
    }
}

/// The error for a circle: the way from a condition back to it, with the place of each reference.
fn circle(path: &[Step<'_>], back: &Spanned<String>) -> Diagnostic {
    let start = path.iter().position(|step| step.name == back.value).unwrap_or_default();
    let inside = path.get(start..).unwrap_or_default();
    let names: Vec<&str> = inside.iter().map(|step| step.name).collect();
    let last = names.last().copied().unwrap_or_default();
    if names.len() == 1 {
        let message = format!("the condition `{last}` depends on itself");
        return Diagnostic::error(Code::Cycle, message).at(back.span, "");
    }
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let mut text = shown.join(" → ");
    if let Some(more @ 1..) = names.len().checked_sub(SHOWN) {
        text.push_str(&format!(" → … ({more} more)"));
    }
    let message = format!("conditions depend on each other in a circle: {text} → `{}`", back.value);
    let edges = inside.windows(2).filter_map(|pair| {
        let [from, to] = pair else { return None };
        Some((to.place, format!("`{}` needs `{}`", from.name, to.name)))
    });
    let end = (back.span, format!("`{last}` needs `{}`", back.value));
    let edges = edges.take(SHOWN - 1).chain([end]);
    let error = edges.fold(Diagnostic::error(Code::Cycle, message), |error, (place, label)| {
        error.at(place, label)
    });
    error.help("take one of these references out of the circle")
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
