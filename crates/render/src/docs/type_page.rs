//! A type on one page.

use rstack_catalog::{Handler, Property, Provisioning, SchemaPath, UpdateKind};
use rstack_model::PropertyPath;

use super::{TypeDocs, first_sentence, properties};
use crate::line::{Line, join};
use crate::markdown::{READABLE, lines};
use crate::style::{Role, View};
use crate::table::columns;

/// The page of a type: its terms, properties and attributes.
pub fn type_text(docs: &TypeDocs<'_>, view: &View) -> String {
    let width = view.columns();
    let mut out = vec![Line::of(Role::Heading, docs.schema.name())];
    if let Some(about) = docs.documentation.about() {
        out.push(Line::default());
        // Notes before the first paragraph and what follows it are seldom of use at a terminal.
        let mut paragraphs = about.split("\n\n");
        let first = paragraphs.clone().find(|paragraph| !paragraph.starts_with('>'));
        let first = first.or(paragraphs.next()).unwrap_or_default();
        out.extend(lines(first, width.min(READABLE)));
    }
    out.push(Line::default());
    out.extend(terms(docs, width));
    let all = Property::all(docs.schema, docs.documentation);
    section(&mut out, "Properties");
    out.extend(properties::tree(&all, docs.depth, width));
    section(&mut out, "Attributes");
    out.extend(attributes(docs, width));
    section(&mut out, "Permissions");
    out.extend(permissions(docs, width));
    join(&out, view.palette)
}

fn section(out: &mut Vec<Line>, title: &str) {
    out.push(Line::default());
    out.push(Line::of(Role::Heading, title));
}

fn terms(docs: &TypeDocs<'_>, width: usize) -> Vec<Line> {
    let mut terms = vec![("Ref", reference(docs))];
    if let Some(arn) = docs.schema.arn_template() {
        terms.push(("ARN", arn.to_owned()));
    }
    let data = if docs.schema.is_stateful() {
        "holds data, which is lost with the object"
    } else {
        "not known to hold data"
    };
    terms.push(("Data", data.to_owned()));
    let update = match docs.schema.provisioning() {
        Provisioning::FullyMutable | Provisioning::NonProvisionable => {
            "in place, except properties marked `replaces`"
        }
        Provisioning::Immutable => "always a replacement",
    };
    terms.push(("Changes", update.to_owned()));
    let limits: Vec<String> = [Handler::Create, Handler::Update, Handler::Delete]
        .into_iter()
        .filter_map(|handler| {
            Some(format!("{} {} min", handler.name(), docs.schema.time_limit(handler)?))
        })
        .collect();
    if !limits.is_empty() {
        terms.push(("Limits", format!("{} at the most", limits.join(", "))));
    }
    terms.push(("Tags", tags(docs)));
    terms.push(("Driver", docs.served.words().into_owned()));
    let mut rows = Vec::new();
    for (term, text) in terms {
        let mut name = Line::of(Role::Name, term);
        for part in Line::plain(&text).wrap(width.saturating_sub(9)) {
            rows.push(vec![std::mem::take(&mut name), part]);
        }
    }
    columns(&rows, 2)
}

fn reference(docs: &TypeDocs<'_>) -> String {
    let paths = docs.schema.ref_identifier().iter().map(SchemaPath::to_string);
    match paths.collect::<Vec<_>>().as_slice() {
        [] => "the physical ID".to_owned(),
        names => names.join("|"),
    }
}

fn tags(docs: &TypeDocs<'_>) -> String {
    let Some(property) = docs.schema.tag_property() else { return "none".to_owned() };
    let change = match docs.schema.update_kind(&PropertyPath::root().name(property)) {
        UpdateKind::Replaces => ", cannot be changed in place",
        UpdateKind::MayReplace => ", some changes replace the object",
        UpdateKind::InPlace => "",
    };
    format!("in `{property}`{change}")
}

fn attributes(docs: &TypeDocs<'_>, width: usize) -> Vec<Line> {
    let names = docs.schema.attributes();
    if names.is_empty() {
        return vec![Line::of(Role::Dim, "  none")];
    }
    let rows: Vec<Vec<Line>> = names
        .iter()
        .map(|name| {
            let text = docs.documentation.attribute(name).map(first_sentence).unwrap_or_default();
            let mut said = Line::default();
            if docs.schema.is_secret_attribute(name) {
                said.push(Role::Secret, "secret ");
            }
            vec![Line::plain("  ").with(Role::Plain, name), said.with(Role::Dim, &text)]
        })
        .collect();
    columns(&rows, 2).into_iter().map(|line| line.cut(width)).collect()
}

fn permissions(docs: &TypeDocs<'_>, width: usize) -> Vec<Line> {
    let mut rows = Vec::new();
    for (handler, actions) in docs.documentation.permissions() {
        let mut name = Line::plain("  ").with(Role::Name, handler.name());
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        for part in Line::plain(&actions.join(", ")).wrap(width.saturating_sub(10)) {
            rows.push(vec![std::mem::take(&mut name), part]);
        }
    }
    if rows.is_empty() {
        return vec![Line::of(Role::Dim, "  the registry names none")];
    }
    columns(&rows, 2)
}
