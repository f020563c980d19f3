//! Properties as a tree: one line each.

use rstack_catalog::{Property, UpdateKind};

use super::first_sentence;
use crate::line::Line;
use crate::style::Role;
use crate::table::columns;

/// Columns that the beginning of a text needs to be of use.
const USEFUL: usize = 24;

/// The properties to this depth, one line each. What is said of them stands behind as far as there
/// is room.
pub(super) fn tree(properties: &[Property<'_>], depth: usize, width: usize) -> Vec<Line> {
    let mut rows = Vec::new();
    branch(properties, depth, "  ", &mut rows);
    let widest =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(Line::width).max();
    let taken: usize = (0..3).map(|column| widest(column).unwrap_or(0) + 2).sum();
    if taken + USEFUL > width {
        rows.iter_mut().for_each(|row| row.truncate(3));
    }
    columns(&rows, 2).into_iter().map(|line| line.cut(width)).collect()
}

fn branch(properties: &[Property<'_>], depth: usize, indent: &str, rows: &mut Vec<Vec<Line>>) {
    // What must be given first.
    let mut sorted: Vec<&Property<'_>> =
        properties.iter().filter(|property| !property.is_refused()).collect();
    sorted.sort_by_key(|property| !property.is_required());
    for property in sorted {
        let role = if property.is_required() { Role::Name } else { Role::Plain };
        let name = Line::plain(indent).with(role, property.name());
        let mut kind = Line::of(Role::Unknown, &property.kind());
        let inner = property.properties();
        let more = !inner.is_empty() && (depth <= 1 || property.repeats());
        kind.push(Role::Dim, if more { " …" } else { "" });
        let text = property.text().map(first_sentence).unwrap_or_default();
        rows.push(vec![name, kind, marks(property), Line::of(Role::Dim, &text)]);
        if !more {
            branch(&inner, depth - 1, &format!("{indent}  "), rows);
        }
    }
}

/// The marks of a property at a glance: required, its update kind, deprecated.
fn marks(property: &Property<'_>) -> Line {
    let change = match property.update_kind() {
        _ if property.is_fixed() => Some((Role::Delete, "cannot change")),
        Some(UpdateKind::InPlace) | None => None,
        Some(UpdateKind::Replaces) => Some((Role::Delete, "replaces")),
        Some(UpdateKind::MayReplace) => Some((Role::Delete, "may replace")),
    };
    let required = property.is_required().then_some((Role::Update, "required"));
    let deprecated = property.is_deprecated().then_some((Role::Warning, "deprecated"));
    let mut out = Line::default();
    for (role, mark) in required.into_iter().chain(change).chain(deprecated) {
        out.push(Role::Plain, if out.is_empty() { "" } else { ", " });
        out.push(role, mark);
    }
    out
}
