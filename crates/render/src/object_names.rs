//! The name of an object in messages to people.

use rstack_model::state::ResourceState;

/// The return value of `Ref` for an object, and its identifier where that is not the same.
pub(crate) fn object_names(object: &ResourceState) -> String {
    let (id, identifier) = (&object.physical_id, &object.identifier);
    // The stack and the logical ID that the identifier of a custom resource has, too, are shown anyway.
    let whole = identifier.to_string();
    if identifier.is(id.as_str()) || whole == id.as_str() || object.resource_type.is_custom() {
        id.to_string()
    } else {
        format!("{id} ({whole})")
    }
}
