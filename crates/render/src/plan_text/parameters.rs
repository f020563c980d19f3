//! The parameters of a plan whose values a user would not expect: kept ones, and defaults in the place of
//! others. The longest form of a plan has all parameters.

use rstack_model::plan::{Plan, PlanMode};

use crate::line::Line;
use crate::parameters::{ParameterSource, before};
use crate::style::{Detail, Role, View};
use crate::value::inline;

/// One line for each parameter.
pub(super) fn lines(plan: &Plan, view: &View) -> Vec<Line> {
    let mut out = Vec::new();
    for (name, value) in &plan.parameters {
        let note = note(plan, name);
        if note.is_some() || view.detail == Detail::Full {
            let line = Line::plain(name).with(Role::Plain, " = ").then(inline(value));
            out.push(match note {
                Some(note) => line.with(Role::Plain, " (").then(note).with(Role::Plain, ")"),
                None => line,
            });
        }
    }
    out
}

fn note(plan: &Plan, name: &str) -> Option<Line> {
    if plan.mode != PlanMode::Deploy {
        return None;
    }
    let default = |line: Line| match before(plan, name) {
        Some(before) => line.with(Role::Plain, "; before: ").then(inline(before)),
        None => line,
    };
    match ParameterSource::of(plan, name) {
        ParameterSource::Kept => Some(Line::of(Role::Dim, "kept from the last apply")),
        ParameterSource::DefaultNotStored => {
            Some(Line::of(Role::Update, "the default: the last value is secret and not stored"))
        }
        ParameterSource::DefaultAgain => Some(default(Line::of(Role::Update, "the default"))),
        // The template has another default, or what it names in the Parameter Store has changed.
        ParameterSource::Default if before(plan, name).is_some() => {
            Some(default(Line::of(Role::Update, "the default has another value")))
        }
        ParameterSource::Default | ParameterSource::Given => None,
    }
}
