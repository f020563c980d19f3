//! The name of an object in messages to people.

use rstack_model::state::ResourceState;

/// The return value of `Ref` for an object, and its identifier where that is not the same.
pub(crate) fn object_names(object: &ResourceState) -> String {
    let (id, identifier) = (&object.physical_id, &object.identifier);
    if identifier.is(id.as_str()) { id.to_string() } else { format!("{id} ({identifier})") }
}
