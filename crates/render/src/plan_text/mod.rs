//! A plan as text for people: what `cdk diff` shows, and what has to be known to approve it.

mod assets;
mod change;
mod difference;
mod drift;
mod iam;
mod nested;
mod outputs;
mod parameters;
mod reason;
mod statement;

use std::collections::BTreeSet;

use rstack_model::plan::{Action, Certainty, Plan, PlanMode, Protection};
use rstack_model::state::ResourceState;
use rstack_model::{Address, Importer, ResourceType};

use crate::line::{Line, join};
use crate::object_names::object_names;
use crate::removals::Removals;
use crate::style::{Detail, Role, View};
use crate::summary::{summary_line, unchecked};
use crate::table::columns;
use crate::words::{mark, place};

/// The whole plan: headline, drift, resources, permissions, outputs, what was not checked, and
/// the summary. Sections without content are left out.
pub fn plan_text(plan: &Plan, view: &View) -> String {
    let mut sections = vec![headline(plan)];
    let mut add = |title: &str, lines: Vec<Line>| {
        if !lines.is_empty() {
            let mut section = vec![Line::of(Role::Heading, title)];
            section.extend(lines);
            sections.push(section);
        }
    };
    add("Parameters", parameters::lines(plan, view));
    if view.detail == Detail::Full {
        add("Imports", imports(plan));
    }
    add("Nested stacks", nested::lines(plan, view));
    add("Assets", assets::lines(plan, view));
    add("Drift: changed outside rstack", drift::lines(plan, view));
    add("Resources", resources(plan, view));
    // Permissions that come are never left out of a plan; a short one need not list what goes with
    // the whole stack.
    let short = view.detail == Detail::Compact;
    if !(short && plan.mode == PlanMode::Destroy) {
        add("IAM Statement Changes", iam::statement_table(plan, view));
        add("IAM Policy Changes", iam::policy_table(plan, view));
    }
    add("Deposed by earlier applies", deposed(plan));
    add("Outputs", outputs::lines(plan, view));
    add("Not checked for drift", not_checked(plan));
    sections.push(Line::of(Role::Name, &summary_line(plan)).wrap(view.columns()));
    sections.iter().map(|section| join(section, view.palette)).collect::<Vec<_>>().join("\n")
}

fn headline(plan: &Plan) -> Vec<Line> {
    let line = match plan.mode {
        PlanMode::Deploy => Line::plain("Stack "),
        PlanMode::Destroy => Line::of(Role::Warning, "Destroy").with(Role::Plain, " stack "),
        PlanMode::Rollback => Line::of(Role::Update, "Roll back").with(Role::Plain, " stack "),
    };
    let line = line
        .with(Role::Name, plan.stack.as_str())
        .with(Role::Dim, &format!(" ({})", place(&plan.environment)));
    let protection = match plan.termination_protection {
        Protection { before: false, after: true } => "Termination protection is turned on.",
        Protection { before: true, after: false } => "Termination protection is turned off.",
        Protection { before: true, after: true } | Protection { before: false, after: false } => {
            return vec![line];
        }
    };
    vec![line, Line::of(Role::Update, protection)]
}

fn imports(plan: &Plan) -> Vec<Line> {
    let line = |(export, places): (&String, &BTreeSet<Importer>)| {
        let places: Vec<String> = places.iter().map(ToString::to_string).collect();
        Line::of(Role::Name, export).with(Role::Dim, &format!(" used by {}", places.join(", ")))
    };
    plan.imports.iter().map(line).collect()
}

fn resources(plan: &Plan, view: &View) -> Vec<Line> {
    let removals = Removals::of(plan);
    let changed = plan.changes.values().filter(|change| change.action != Action::NoOp);
    match view.detail {
        Detail::Compact => {
            let rows: Vec<Vec<Line>> =
                changed.map(|change| change::compact(change, plan, &removals)).collect();
            columns(&rows, 1)
        }
        Detail::Normal | Detail::Full => {
            changed.flat_map(|change| change::tree(change, plan, &removals, view).draw()).collect()
        }
    }
}

fn deposed(plan: &Plan) -> Vec<Line> {
    let removals = Removals::of(plan);
    let line = |id: &Address, object: &ResourceState| {
        let (action, what) = if removals.deletes(id, object) {
            let snapshot = removals.snapshot(id, object).map(change::final_snapshot);
            (Action::Delete, snapshot.map_or_else(String::new, |text| format!("  {text}")))
        } else {
            (Action::Retain, "  stays in the cloud, no longer managed".to_owned())
        };
        mark(action, Certainty::Certain)
            .with(Role::Plain, " ")
            .then(subject(&object.resource_type, id))
            .with(Role::Dim, &format!(" {}{what}", object_names(object)))
    };
    plan.deposed.iter().map(|deposed| line(&deposed.address, &deposed.object)).collect()
}

fn not_checked(plan: &Plan) -> Vec<Line> {
    let rows: Vec<Vec<Line>> = plan
        .changes
        .values()
        .filter_map(|change| {
            let reason = unchecked(plan.mode, change)?;
            let subject = subject(&change.resource_type, &change.address);
            Some(vec![Line::of(Role::Update, "[?]"), subject, Line::plain(reason)])
        })
        .collect();
    columns(&rows, 1)
}

/// `AWS::MediaPackage::Channel Channel`.
fn subject(resource_type: &ResourceType, id: &Address) -> Line {
    Line::plain(resource_type.as_str()).with(Role::Plain, " ").with(Role::Name, id.as_str())
}

#[cfg(test)]
mod tests;
