//! Tags of APIs and stages, which templates and the service keep as a map.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use crate::iam::{Fields, Tags};
use crate::ownership::{PREFIX, is_own};
use crate::resource_tags::visible;

const TAGS: &str = "Tags";

/// The tags that a template declares.
///
/// # Errors
/// If a key is one of rstack's own, or a value is no text.
pub(super) fn declared(fields: Fields<'_>) -> Result<Tags, DriverError> {
    let mut tags = Tags::new();
    let Some(map) = fields.tree(TAGS)? else { return Ok(tags) };
    for key in map.all().keys() {
        if is_own(key) {
            let problem = format!("holds the key `{key}`, but `{PREFIX}` begins rstack's own tags");
            return Err(fields.invalid(TAGS, problem));
        }
        tags.extend(map.text(key)?.map(|text| (key.clone(), text)));
    }
    Ok(tags)
}

/// All tags of a description, hidden ones among them.
pub(super) fn of(described: &KnownMap) -> Tags {
    described.get(TAGS).and_then(KnownValue::as_map).cloned().unwrap_or_default()
}

/// The tags of a description that are rstack's own.
pub(super) fn own(described: &KnownMap) -> Tags {
    of(described).into_iter().filter(|(key, _)| is_own(key)).collect()
}

/// The tags of a description that a template can declare, as the property.
pub(super) fn shown(described: &KnownMap) -> (String, KnownValue) {
    (TAGS.to_owned(), visible(&of(described)).into())
}
