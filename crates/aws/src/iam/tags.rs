//! Tags: those the template declares, those that AWS sets, and the one that says an object is
//! ours.

use std::collections::BTreeMap;

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue, Token};

use super::fields::{Fields, arguments, text_in};
use crate::api::Api;
use crate::ownership::{OPERATION, PREFIX, forbids_tags, is_hidden, is_own};

/// The number of tags that an object of IAM or Secrets Manager can have.
const MOST: usize = 50;

/// Tags by key. Values may be secret.
pub(crate) type Tags = BTreeMap<String, KnownValue>;

/// The tags that a template declares.
pub(crate) fn declared_tags(fields: Fields<'_>) -> Result<Tags, DriverError> {
    let mut tags = Tags::new();
    for tag in fields.trees("Tags")? {
        let key = tag.required_name("Key")?;
        if is_own(&key) {
            let problem = format!("holds the key `{key}`, but `{PREFIX}` begins rstack's own tags");
            return Err(fields.invalid("Tags", problem));
        }
        // Of some types the registry does not require a value.
        tags.insert(key, tag.text("Value")?.unwrap_or_else(|| "".into()));
    }
    Ok(tags)
}

/// The tags as a call takes them.
pub(crate) fn tag_list(tags: &Tags) -> KnownValue {
    let tag = |(key, value): (&String, &KnownValue)| {
        arguments([("Key", key.as_str().into()), ("Value", value.clone())]).into()
    };
    KnownValue::List(tags.iter().map(tag).collect())
}

/// The tags of a new object: the declared ones and, while there is room, the token.
pub(crate) fn with_nonce(mut tags: Tags, token: &Token) -> Tags {
    add_own(&mut tags, OPERATION, token.as_str());
    tags
}

/// The tags of a new object that is known again by the token alone.
///
/// # Errors
/// If so many tags are declared that there is no room for it.
pub(crate) fn with_token(
    fields: Fields<'_>,
    tags: &Tags,
    token: &Token,
) -> Result<Tags, DriverError> {
    if tags.len() >= MOST {
        let most = MOST - 1;
        let problem = format!("are {}: rstack needs one of its own, declare {most}", tags.len());
        return Err(fields.invalid("Tags", problem));
    }
    Ok(with_nonce(tags.clone(), token))
}

/// Adds a tag of rstack's own, if there is room.
pub(crate) fn add_own(tags: &mut Tags, key: &str, value: &str) {
    if tags.len() < MOST {
        tags.insert(key.to_owned(), value.into());
    }
}

fn entries(list: Option<&KnownValue>) -> impl Iterator<Item = &KnownMap> {
    list.and_then(KnownValue::as_list).unwrap_or_default().iter().filter_map(KnownValue::as_map)
}

/// The token of the operation that created an object with these tags.
pub(crate) fn nonce(list: Option<&KnownValue>) -> Option<&str> {
    tag_of(list, OPERATION)
}

/// The value of the tag with this key.
pub(crate) fn tag_of<'a>(list: Option<&'a KnownValue>, key: &str) -> Option<&'a str> {
    let tag = entries(list).find(|tag| text_in(tag, "Key") == Some(key))?;
    text_in(tag, "Value")
}

/// True if there is no tag that the template declares.
pub(crate) fn only_own(tags: &Tags) -> bool {
    tags.keys().all(|key| is_own(key))
}

/// Calls a creating operation with these tags. A caller who may not tag and has declared no tags
/// makes it without the tags that are rstack's own: what it made is then known again by other
/// means, or not for certain.
pub(crate) async fn create_tagged(
    api: &dyn Api,
    operation: &'static str,
    mut input: KnownMap,
    tags: &Tags,
) -> Result<KnownMap, DriverError> {
    input.insert("Tags".to_owned(), tag_list(tags));
    let mut untagged = input.clone();
    match api.call(operation, input).await {
        Err(error) if forbids_tags(&error) && only_own(tags) => {
            untagged.remove("Tags");
            api.call(operation, untagged).await
        }
        answered => answered,
    }
}

/// The tags of an object, without those that AWS or rstack has set.
pub(crate) fn visible_tags(list: Option<&KnownValue>) -> Tags {
    let visible = entries(list).filter_map(|tag| {
        let key = text_in(tag, "Key").filter(|key| !is_hidden(key))?;
        Some((key.to_owned(), tag.get("Value").cloned().unwrap_or_else(|| "".into())))
    });
    visible.collect()
}

/// The changes that make an object's tags the declared ones.
#[derive(Debug, PartialEq)]
pub(crate) struct TagChanges {
    /// The tags to set.
    pub(crate) set: Tags,
    /// The keys to remove.
    pub(crate) remove: Vec<String>,
}

impl TagChanges {
    /// While tags are declared, every other visible tag is removed; when they no longer are, only
    /// those that were.
    pub(crate) fn between(prior: &Tags, desired: &Tags, current: &Tags) -> Self {
        let differs = |(key, value): &(&String, &KnownValue)| {
            current.get(*key).and_then(KnownValue::expose_str) != value.expose_str()
        };
        let set = desired.iter().filter(differs).map(|(k, v)| (k.clone(), v.clone())).collect();
        let goes = |key: &&String| {
            !desired.contains_key(*key) && (!desired.is_empty() || prior.contains_key(*key))
        };
        Self { set, remove: current.keys().filter(goes).cloned().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), KnownValue::from(*v))).collect()
    }

    #[test]
    fn undeclared_tags_are_left_when_none_is_declared() {
        let current = tags(&[("a", "1"), ("b", "2"), ("foreign", "x")]);
        let changes =
            TagChanges::between(&tags(&[("b", "2")]), &tags(&[("a", "1"), ("c", "3")]), &current);
        assert_eq!(changes.set, tags(&[("c", "3")]));
        assert_eq!(changes.remove, ["b", "foreign"]);
        let none = TagChanges::between(&tags(&[("b", "2")]), &Tags::new(), &current);
        assert_eq!((none.set.len(), none.remove), (0, vec!["b".to_owned()]));
    }

    #[test]
    fn tags_of_aws_and_of_rstack_are_not_shown() {
        let all = with_nonce(tags(&[("a", "1"), ("aws:cloudformation:x", "y")]), &"T".into());
        let list = tag_list(&all);
        assert_eq!(nonce(Some(&list)), Some("T"));
        assert_eq!(visible_tags(Some(&list)), tags(&[("a", "1")]));
    }

    #[test]
    fn a_template_cannot_declare_the_tag_that_says_an_object_is_ours() {
        let list = tag_list(&tags(&[("rstack:operation", "x")]));
        let map = arguments([("Tags", list)]);
        assert!(declared_tags(Fields::new(&map, "iam:CreateRole")).is_err());
    }

    #[test]
    fn there_is_no_room_beside_fifty_tags() {
        let full: Tags = (0..MOST).map(|i| (i.to_string(), "v".into())).collect();
        assert_eq!(with_nonce(full, &"T".into()).len(), MOST);
    }
}
