//! The parts of a template that are in the stack with the values given, for those who look at its text.

use std::collections::BTreeSet;

use rstack_model::{Presence, Span};

use super::expression::Evaluator;
use crate::syntax::Spanned;
use crate::template::{Expression, ExpressionKind};

/// The places so far. What a loop makes has one place several times: it is in the stack if one of
/// them is.
#[derive(Default)]
struct Places {
    present: BTreeSet<Span>,
    absent: BTreeSet<Span>,
    properties: BTreeSet<Span>,
}

impl Places {
    fn add(&mut self, place: Span, is_present: bool) {
        let list = if is_present { &mut self.present } else { &mut self.absent };
        list.insert(place);
    }

    /// Adds the properties in an expression.
    fn add_properties(&mut self, expression: &Expression) {
        expression.visit(&mut |part| {
            if let ExpressionKind::Map(entries) = &part.kind {
                let places = entries.iter().map(|(key, value)| key.span.to(value.span));
                self.properties.extend(places);
            }
        });
    }

    /// Adds the branches of the conditions in an expression that is in the stack.
    fn add_branches(&mut self, expression: &Expression, evaluator: &mut Evaluator<'_>) {
        if let ExpressionKind::If { condition, then, otherwise } = &expression.kind {
            let taken = evaluator.is_decided(condition);
            for (branch, holds) in [(then, true), (otherwise, false)] {
                let is_present = taken.is_none_or(|taken| taken == holds);
                self.add(branch.span, is_present);
                if is_present {
                    self.add_branches(branch, evaluator);
                }
            }
            return;
        }
        expression.parts().into_iter().for_each(|part| self.add_branches(part, evaluator));
    }
}

impl Evaluator<'_> {
    /// True or false if it is decided that a condition holds or does not.
    fn is_decided(&mut self, condition: &Spanned<String>) -> Option<bool> {
        let is_declared = self.template.conditions.contains_key(&condition.value);
        if is_declared { self.decide(condition).ok() } else { None }
    }
}

/// The parts of the template of an evaluator.
pub(super) fn of(evaluator: &mut Evaluator<'_>) -> Presence {
    let template = evaluator.template;
    let mut places = Places::default();
    let mut resources = BTreeSet::new();
    for (id, resource) in &template.resources {
        let condition = resource.condition.as_ref();
        let is_present =
            condition.and_then(|condition| evaluator.is_decided(condition)) != Some(false);
        places.add(resource.span, is_present);
        if is_present {
            resources.insert(id.clone());
        }
        if let Some(properties) = &resource.properties {
            places.add_properties(properties);
            if is_present {
                places.add_branches(properties, evaluator);
            }
        }
    }
    for output in template.outputs.values() {
        let condition = output.condition.as_ref();
        let is_present =
            condition.and_then(|condition| evaluator.is_decided(condition)) != Some(false);
        places.add(output.name_span.to(output.value.span), is_present);
        if is_present {
            places.add_branches(&output.value, evaluator);
        }
    }
    let Places { present, absent, properties } = places;
    Presence {
        resources,
        absent: absent.difference(&present).copied().collect(),
        properties: properties.into_iter().collect(),
    }
}
