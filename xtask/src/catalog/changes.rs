//! The differences between two builds of the catalog, for the person who commits the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;

use rstack_catalog::{
    Documentation, Handler, Property, Registry, SchemaPath, TypeSchema, UpdateKind,
};

/// The depth to which properties are compared.
const DEPTH: usize = 12;
/// The most lines of one kind.
const LINES: usize = 60;

const HANDLERS: [Handler; 5] =
    [Handler::Create, Handler::Read, Handler::Update, Handler::Delete, Handler::List];

/// A line for each difference, by kind, and counts.
pub(super) fn report(before: &Registry, after: &Registry) -> Result<String, Box<dyn Error>> {
    let names = |registry: &Registry| registry.names().map(str::to_owned).collect::<BTreeSet<_>>();
    let (old, new) = (names(before), names(after));
    let mut handlers = Vec::new();
    let mut identifiers = Vec::new();
    let mut unique = Vec::new();
    let mut kinds = Vec::new();
    let mut counts: BTreeMap<UpdateKind, usize> = BTreeMap::new();
    for name in &new {
        let Some(now) = after.get(name)? else { continue };
        let kinds_now = update_kinds(&now);
        for kind in kinds_now.values() {
            *counts.entry(*kind).or_default() += 1;
        }
        // A file of another form cannot be compared.
        let Ok(Some(then)) = before.get(name) else { continue };
        for handler in HANDLERS {
            match (then.has_handler(handler), now.has_handler(handler)) {
                (false, true) => handlers.push(format!("{name}: + {}", handler.name())),
                (true, false) => handlers.push(format!("{name}: - {}", handler.name())),
                (true, true) | (false, false) => {}
            }
        }
        let texts = |schema: &TypeSchema| {
            (dotted(schema.primary_identifier()), dotted(schema.ref_identifier()))
        };
        if texts(&then) != texts(&now) {
            identifiers.push(format!("{name}: {:?} → {:?}", texts(&then), texts(&now)));
        }
        if then.unique_names() != now.unique_names() {
            let shown = |schema: &TypeSchema| {
                let names = schema.unique_names().iter();
                let names =
                    names.map(|n| format!("{} in [{}]", dotted(n.name()), dotted(n.scope())));
                names.collect::<Vec<_>>().join("; ")
            };
            unique.push(format!("{name}: {} → {}", shown(&then), shown(&now)));
        }
        let kinds_then = update_kinds(&then);
        for (path, kind) in &kinds_now {
            if let Some(other) = kinds_then.get(path).filter(|other| *other != kind) {
                kinds.push(format!("{name}.{path}: {} → {}", other.name(), kind.name()));
            }
        }
    }
    let mut out = String::new();
    section(&mut out, "types added", &new.difference(&old).cloned().collect::<Vec<_>>())?;
    section(&mut out, "types removed", &old.difference(&new).cloned().collect::<Vec<_>>())?;
    section(&mut out, "handlers changed", &handlers)?;
    section(&mut out, "identifiers changed", &identifiers)?;
    section(&mut out, "unique names changed", &unique)?;
    section(&mut out, "update kinds changed", &kinds)?;
    for (kind, count) in counts {
        writeln!(out, "properties {}: {count}", kind.name())?;
    }
    Ok(out.trim_end().to_owned())
}

fn section(out: &mut String, title: &str, lines: &[String]) -> std::fmt::Result {
    writeln!(out, "{title}: {}", lines.len())?;
    for line in lines.iter().take(LINES) {
        writeln!(out, "  {line}")?;
    }
    if lines.len() > LINES {
        writeln!(out, "  … {} more", lines.len() - LINES)?;
    }
    Ok(())
}

fn dotted(paths: &[SchemaPath]) -> String {
    paths.iter().map(SchemaPath::to_string).collect::<Vec<_>>().join(", ")
}

/// The update kind of every property that templates declare, by its dotted path.
fn update_kinds(schema: &TypeSchema) -> BTreeMap<String, UpdateKind> {
    fn walk(properties: &[Property<'_>], depth: usize, out: &mut BTreeMap<String, UpdateKind>) {
        for property in properties {
            let Some(kind) = property.update_kind() else { continue };
            out.insert(property.dotted(), kind);
            if depth > 0 && !property.repeats() {
                walk(&property.properties(), depth - 1, out);
            }
        }
    }
    let documentation = Documentation::default();
    let mut out = BTreeMap::new();
    walk(&Property::all(schema, &documentation), DEPTH, &mut out);
    out
}
