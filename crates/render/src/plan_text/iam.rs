//! Which permissions a plan gives and takes away, as tables.

use std::collections::BTreeSet;

use rstack_model::ValueMap;
use rstack_model::plan::{Action, Change, Plan};

use super::statement::{Owner, Statement, managed_policies, statements};
use crate::line::Line;
use crate::style::{Role, View};
use crate::table::{Cell, boxed};

/// The statements that are added and removed; empty if there are none.
pub(super) fn statement_table(plan: &Plan, view: &View) -> Vec<Line> {
    let mut rows = Vec::new();
    for change in plan.changes.values() {
        let owner = Owner { address: &change.address, resource_type: &change.resource_type };
        let of = |properties: &ValueMap| statements(owner, properties);
        compared(change, of, |mark, statement: Statement| {
            let Statement { resource, effect, action, principal, condition } = statement;
            let cells = [resource, effect, action, principal, condition];
            let mut row = vec![vec![Line::of(mark_role(mark), mark)]];
            row.extend(cells.iter().map(|cell| lines(cell, mark)));
            rows.push(row);
        });
    }
    let header = ["", "Resource", "Effect", "Action", "Principal", "Condition"];
    table(&header, &rows, view)
}

/// The managed policies that are attached and detached; empty if there are none.
pub(super) fn policy_table(plan: &Plan, view: &View) -> Vec<Line> {
    let mut rows = Vec::new();
    for change in plan.changes.values() {
        compared(change, managed_policies, |mark, policy: String| {
            let holder = format!("‹{}›", change.address);
            rows.push(vec![
                vec![Line::of(mark_role(mark), mark)],
                lines(&[holder], mark),
                lines(&[policy], mark),
            ]);
        });
    }
    table(&["", "Resource", "Managed Policy ARN"], &rows, view)
}

fn table(header: &[&str], rows: &[Vec<Cell>], view: &View) -> Vec<Line> {
    if rows.is_empty() { Vec::new() } else { boxed(header, rows, view.columns()) }
}

/// Calls `row` for what goes and for what comes with a change.
fn compared<T: Ord + Clone>(
    change: &Change,
    of: impl Fn(&ValueMap) -> BTreeSet<T>,
    mut row: impl FnMut(&'static str, T),
) {
    let prior = || change.prior.as_ref().map_or_else(BTreeSet::new, |p| of(&p.properties));
    let desired = || change.desired.as_ref().map_or_else(BTreeSet::new, |d| of(&d.properties));
    let (before, after) = match change.action {
        Action::Create => (BTreeSet::new(), desired()),
        Action::Update | Action::Replace(_) | Action::Restore => (prior(), desired()),
        Action::Delete => (prior(), BTreeSet::new()),
        Action::NoOp | Action::Record | Action::Retain | Action::Forget => return,
    };
    before.difference(&after).for_each(|item| row("-", item.clone()));
    after.difference(&before).for_each(|item| row("+", item.clone()));
}

fn mark_role(mark: &str) -> Role {
    if mark == "+" { Role::Create } else { Role::Delete }
}

fn lines(entries: &[String], mark: &str) -> Cell {
    entries.iter().map(|entry| Line::of(mark_role(mark), entry)).collect()
}
