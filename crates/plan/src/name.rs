//! Names that stand in the way of a replacement.

use rstack_model::{PathSegment, PropertyPath, Value, ValueMap};

use crate::facts::TypeFacts;

/// The value at a path of a declared tree.
pub(crate) fn value_at<'a>(properties: &'a ValueMap, path: &PropertyPath) -> Option<&'a Value> {
    let mut segments = path.segments().iter();
    let PathSegment::Name(top) = segments.next()? else { return None };
    let mut value = properties.get(top)?;
    for segment in segments {
        value = match (segment, value) {
            (PathSegment::Name(name), Value::Map(map)) => map.get(name)?,
            (PathSegment::Index(index), Value::List(list)) => list.get(*index)?,
            _ => return None,
        };
    }
    Some(value)
}

/// The name that the new object of a replacement would share with the old one, if both are
/// declared and the same: the property and the name.
pub(crate) fn taken(
    facts: &dyn TypeFacts,
    prior: &ValueMap,
    desired: &ValueMap,
) -> Option<(PropertyPath, String)> {
    facts.name_properties().into_iter().find_map(|group| {
        let mut names = Vec::new();
        for path in &group {
            let before = value_at(prior, path)?;
            if before.has_unknown() || value_at(desired, path)? != before {
                return None;
            }
            names.push(before.as_str().map_or_else(|| before.to_string(), str::to_owned));
        }
        let first = group.into_iter().next()?;
        Some((first, names.join("/")))
    })
}
