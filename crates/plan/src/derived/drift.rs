//! Facts of drift that need no cloud: where it may be, and what its repair does.

use rstack_model::plan::{Change, Checked, Difference};
use rstack_model::{PathSegment, PropertyPath};

use super::{Field, definition};
use crate::name::value_at;
use crate::type_definition::{Schemas, TypeDefinition};

/// The field, if the plan has drift that cannot be: of an object that was not read or is
/// replaced by one of another type, at a place that is not declared, or with another value before
/// than was applied.
pub(super) fn wrong(change: &Change, schemas: &dyn Schemas) -> Option<Field> {
    if change.drift.is_empty() {
        return None;
    }
    let definition = definition(schemas, change);
    let fits = match (&change.checked, &change.prior, &change.desired) {
        (Checked::Read(_), Some(prior), Some(_)) => {
            prior.resource_type == change.resource_type
                && change.drift.iter().all(|it| {
                    let declared = value_at(&prior.properties, &it.path);
                    let before = it.before.as_ref();
                    before == declared
                        && (before.is_some() || is_added(definition.as_ref(), &it.path))
                        && is_compared(definition.as_ref(), it)
                })
        }
        (Checked::Read(_) | Checked::Absent | Checked::Nothing | Checked::Unchecked(_), _, _) => {
            false
        }
    };
    (!fits).then_some(Field::Drift)
}

fn is_compared(definition: &dyn TypeDefinition, difference: &Difference) -> bool {
    let path = &difference.path;
    difference.before != difference.after
        && difference.update_kind == definition.update_kind(path)
        && !definition.is_read_only(path)
        && !definition.is_write_only(path)
}

/// True if a key at this place may have been added elsewhere: to a map whose keys are free.
fn is_added(definition: &dyn TypeDefinition, path: &PropertyPath) -> bool {
    match path.segments() {
        [above @ .., PathSegment::Name(_)] => {
            let above = above.iter().fold(PropertyPath::root(), |path, segment| match segment {
                PathSegment::Name(name) => path.name(name),
                PathSegment::Index(index) => path.index(*index),
            });
            definition.is_open_map(&above)
        }
        _ => false,
    }
}
