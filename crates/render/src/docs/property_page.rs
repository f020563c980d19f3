//! A property or an attribute on a page of its own.

use rstack_catalog::{Property, UpdateKind};
use serde_json::Value;

use super::{TypeDocs, properties};
use crate::line::{Line, join};
use crate::markdown::{READABLE, lines};
use crate::style::{Role, View};
use crate::table::columns;

/// The page of a property: its values, the effect of a change of it, and the properties in it.
pub fn property_text(docs: &TypeDocs<'_>, property: &Property<'_>, view: &View) -> String {
    let width = view.columns();
    let name = docs.schema.name();
    let mut out = vec![Line::of(Role::Heading, &format!("{name}.{}", property.dotted()))];
    out.push(Line::default());
    if let Some(text) = property.text() {
        out.extend(lines(text, width.min(READABLE)));
        out.push(Line::default());
    }
    let mut rows = Vec::new();
    for (term, text) in terms(property) {
        let mut term = Line::of(Role::Name, term);
        for part in Line::plain(&text).wrap(width.saturating_sub(12)) {
            rows.push(vec![std::mem::take(&mut term), part]);
        }
    }
    out.extend(columns(&rows, 2));
    let inner = property.properties();
    if !inner.is_empty() {
        out.push(Line::default());
        out.push(Line::of(Role::Heading, "Properties"));
        out.extend(properties::tree(&inner, docs.depth, width));
    }
    join(&out, view.palette)
}

/// The page of an attribute.
pub fn attribute_text(docs: &TypeDocs<'_>, attribute: &str, view: &View) -> String {
    let heading = format!("{}.{attribute}", docs.schema.name());
    let mut out = vec![Line::of(Role::Heading, &heading), Line::default()];
    if let Some(text) = docs.documentation.attribute(attribute) {
        out.extend(lines(text, view.columns().min(READABLE)));
        out.push(Line::default());
    }
    out.push(
        Line::plain("An attribute: `!GetAtt LogicalId.")
            .with(Role::Plain, attribute)
            .with(Role::Plain, "` returns it. Only the service sets it."),
    );
    if docs.schema.is_secret_attribute(attribute) {
        out.push(Line::of(Role::Warning, "It is a secret: rstack does not show it."));
    }
    join(&out, view.palette)
}

fn terms(property: &Property<'_>) -> Vec<(&'static str, String)> {
    let mut terms = Vec::new();
    let set = if property.is_set() { ", in any order" } else { "" };
    terms.push(("Kind", format!("{}{set}", property.kind())));
    let required = if property.is_required() { "yes" } else { "no" };
    terms.push(("Required", required.to_owned()));
    if !property.allowed().is_empty() {
        let values: Vec<String> = property.allowed().iter().map(bare).collect();
        terms.push(("Values", values.join(", ")));
    }
    if !property.bounds().is_empty() {
        terms.push(("Bounds", property.bounds().join("; ")));
    }
    if let Some(pattern) = property.pattern() {
        terms.push(("Pattern", pattern.to_owned()));
    }
    if let Some(default) = property.default() {
        terms.push(("Default", bare(default)));
    }
    terms.push(("A change", change_words(property)));
    if property.is_write_only() {
        let text = "cannot be read back: its drift is not detected";
        terms.push(("Reading", text.to_owned()));
    }
    if property.is_deprecated() {
        terms.push(("Deprecated", "yes".to_owned()));
    }
    terms
}

fn change_words(property: &Property<'_>) -> String {
    let words = match property.update_kind() {
        _ if property.is_fixed() => "is refused",
        Some(UpdateKind::InPlace) => "updates the object in place",
        Some(UpdateKind::Replaces) => "replaces the object",
        Some(UpdateKind::MayReplace) => match property.update_rule() {
            Some(rule) => return format!("replaces the object {rule}"),
            None => "replaces the object in some cases, otherwise updates it in place",
        },
        None => "cannot be set: only the service sets it",
    };
    words.to_owned()
}

/// A text without quotes, everything else as JSON.
fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
