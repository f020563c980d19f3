//! Tags of REST APIs and stages: lists of pairs in templates, a map in the service.

use rstack_model::{KnownMap, KnownValue};

use crate::iam::{Tags, tag_list};
use crate::ownership::is_own;
use crate::resource_tags::visible;

/// All tags of a description, hidden ones among them.
pub(super) fn of(described: &KnownMap) -> Tags {
    described.get("tags").and_then(KnownValue::as_map).cloned().unwrap_or_default()
}

/// The tags that are rstack's own and were lost.
pub(super) fn lost(before: &Tags, now: &Tags) -> Tags {
    let lost = before.iter().filter(|(key, _)| is_own(key) && !now.contains_key(*key));
    lost.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The tags of a description that a template can declare, as the property.
pub(super) fn shown(described: &KnownMap) -> (String, KnownValue) {
    ("Tags".to_owned(), tag_list(&visible(&of(described))))
}
