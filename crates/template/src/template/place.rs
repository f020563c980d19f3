//! From a path in evaluated properties back to the place in the source.

use rstack_model::{PathSegment, PropertyPath, Span};

use super::{Expression, ExpressionKind};

/// The decision of a condition by its name, where it is known.
pub(crate) type Decide<'a> = &'a dyn Fn(&str) -> Option<bool>;

/// The expression at a path and the place of the key that leads to it, as far as the source goes:
/// inside a function, the function.
fn walk<'a>(
    root: &'a Expression,
    path: &PropertyPath,
    decide: Decide<'_>,
) -> (&'a Expression, Option<Span>) {
    let mut at = chosen(root, decide);
    let mut key = None;
    for segment in path.segments() {
        let next = match (segment, &at.kind) {
            (PathSegment::Name(name), ExpressionKind::Map(entries)) => {
                entries.iter().find(|(k, _)| k.value == *name).map(|(k, v)| (v, Some(k.span)))
            }
            (PathSegment::Index(index), ExpressionKind::List(items)) => {
                items.get(*index).map(|item| (item, None))
            }
            _ => None,
        };
        let Some((value, place)) = next else { return (at, key) };
        at = chosen(value, decide);
        key = place;
    }
    (at, key)
}

/// The branch that a `Fn::If` takes, as long as that is known.
fn chosen<'a>(mut expression: &'a Expression, decide: Decide<'_>) -> &'a Expression {
    while let ExpressionKind::If { condition, then, otherwise } = &expression.kind {
        expression = match decide(&condition.value) {
            Some(true) => then,
            Some(false) => otherwise,
            None => return expression,
        };
    }
    expression
}

/// The place of the value at a path.
pub(crate) fn value_place(root: &Expression, path: &PropertyPath, decide: Decide<'_>) -> Span {
    walk(root, path, decide).0.span
}

/// The place of the key that leads to the value at a path; of the value where there is no key.
pub(crate) fn key_place(root: &Expression, path: &PropertyPath, decide: Decide<'_>) -> Span {
    let (value, key) = walk(root, path, decide);
    key.unwrap_or(value.span)
}
