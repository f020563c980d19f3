//! Tags of objects of EC2: given in a specification at creation, changed by operations of their own.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue, Token};

use crate::ec2::calls::{Ec2, filters, list};
use crate::iam::{
    Fields, TagChanges, Tags, arguments, declared_tags, tag_list, visible_tags, with_nonce,
    with_token,
};
use crate::ownership::{OPERATION, forbids_tags, needs_tag};

/// The declared tags.
///
/// # Errors
/// If a tag has no key, or one that is rstack's own.
pub(in crate::ec2) fn declared(properties: &KnownMap) -> Result<Tags, DriverError> {
    declared_tags(Fields::new(properties, "ec2:CreateTags"))
}

/// The member of a creating operation with tags and the token of the operation.
pub(in crate::ec2) fn specification(tagged_as: &str, tags: Tags, token: &Token) -> KnownValue {
    let tags = tag_list(&with_nonce(tags, token));
    let one = arguments([("ResourceType", tagged_as.into()), ("Tags", tags)]);
    KnownValue::List(vec![KnownValue::Map(one)])
}

/// The filter of the objects that an operation made, by its token.
pub(in crate::ec2) fn made_by(token: &str) -> KnownValue {
    filters([(format!("tag:{OPERATION}").as_str(), token)])
}

/// The token of the operation that made the object of a description.
pub(in crate::ec2) fn token_in(members: &KnownMap) -> Option<&str> {
    let tags = members.get("Tags").and_then(KnownValue::as_list).unwrap_or_default();
    let own =
        tags.iter().find(|tag| tag.get("Key").and_then(KnownValue::as_str) == Some(OPERATION));
    own?.get("Value")?.expose_str()
}

/// Calls an operation that makes an object with these tags. Where the request itself has a token, a caller
/// who may not tag and has declared no tags makes the object without. Any other object is known again by
/// its tag alone, and is not made without.
///
/// # Errors
/// If the call failed, or there is no room for the tag that is needed.
pub(in crate::ec2) async fn create(
    ec2: &Ec2,
    operation: &'static str,
    mut input: KnownMap,
    (tagged_as, noun): (&str, &str),
    tags: Tags,
    (token, by_request): (&Token, bool),
) -> Result<KnownMap, DriverError> {
    if !by_request {
        with_token(Fields::new(&input, operation), &tags, token)?;
    }
    let (untagged, undeclared) = (input.clone(), tags.is_empty());
    input.insert("TagSpecifications".to_owned(), specification(tagged_as, tags, token));
    match ec2.call(operation, input).await {
        Err(error) if by_request && undeclared && forbids_tags(&error) => {
            ec2.call(operation, untagged).await
        }
        Err(error) if !by_request => Err(needs_tag(error, noun, "ec2:CreateTags")),
        answered => answered,
    }
}

/// Makes the tags of an object the declared ones.
///
/// # Errors
/// If a call failed, or a tag cannot be declared.
pub(in crate::ec2) async fn change(
    ec2: &Ec2,
    id: &str,
    current: &KnownMap,
    prior: &KnownMap,
    properties: &KnownMap,
) -> Result<(), DriverError> {
    let (before, wanted) = (declared(prior)?, declared(properties)?);
    let changes = TagChanges::between(&before, &wanted, &visible_tags(current.get("Tags")));
    if !changes.remove.is_empty() {
        let key = |key: &String| KnownValue::Map(arguments([("Key", key.as_str().into())]));
        let keys = KnownValue::List(changes.remove.iter().map(key).collect());
        ec2.call("DeleteTags", arguments([("Resources", list([id])), ("Tags", keys)])).await?;
    }
    if !changes.set.is_empty() {
        let tags = tag_list(&changes.set);
        ec2.call("CreateTags", arguments([("Resources", list([id])), ("Tags", tags)])).await?;
    }
    Ok(())
}

/// The property that shows the tags of a description; `None` if it has no tag of the template's.
pub(in crate::ec2) fn shown(members: &KnownMap) -> Option<KnownValue> {
    let tags = visible_tags(members.get("Tags"));
    (!tags.is_empty()).then(|| tag_list(&tags))
}
