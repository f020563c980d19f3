//! Errors that pass, the access control list and the tags of a bucket.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::KnownValue;

use super::setting::Place;
use crate::iam::{Fields, TagChanges, Tags, arguments, tag_list, text_in};
use crate::resource_tags::visible;

/// The error of a change: one that passes where what the setting names (a function and its permission, a
/// queue or a topic and its policy, another bucket) may have been made a moment ago.
///
/// Source: S3 User Guide, "Troubleshooting" of event notifications (S3 validates destinations when they are
/// named); S3 API reference, PutBucketReplication (the destination exists and has versions).
pub(super) fn passing(error: DriverError) -> DriverError {
    const MARKS: [&str; 2] =
        ["unable to validate the following destination", "destination bucket must"];
    let message = error.message.to_ascii_lowercase();
    if MARKS.iter().any(|mark| message.contains(mark)) {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

/// The property that gives the access control list. It is written and never shown.
pub(super) const ACCESS_CONTROL: &str = "AccessControl";

/// The list of a new bucket.
pub(super) const PRIVATE: &str = "private";

/// Access control lists by their names in templates. Those that S3 ignores for buckets are the list of a
/// new bucket.
///
/// Source: S3 API reference, PutBucketAcl; S3 User Guide, "Canned ACL".
const LISTS: [(&str, &str); 8] = [
    ("AuthenticatedRead", "authenticated-read"),
    ("AwsExecRead", "aws-exec-read"),
    ("BucketOwnerFullControl", PRIVATE),
    ("BucketOwnerRead", PRIVATE),
    ("LogDeliveryWrite", "log-delivery-write"),
    ("Private", PRIVATE),
    ("PublicRead", "public-read"),
    ("PublicReadWrite", "public-read-write"),
];

/// The access control list that is declared; that of a new bucket if none is.
///
/// # Errors
/// If the word is none that S3 knows.
pub(super) fn access_control(fields: Fields<'_>) -> Result<&'static str, DriverError> {
    let Some(given) = fields.name(ACCESS_CONTROL)? else { return Ok(PRIVATE) };
    let known = LISTS.iter().find(|(name, _)| *name == given).map(|(_, list)| *list);
    known.ok_or_else(|| fields.invalid(ACCESS_CONTROL, "is not an access control list of S3"))
}

/// Gives the bucket its access control list, where it is not the one before.
///
/// # Errors
/// If the call fails.
pub(super) async fn control_access(
    place: Place<'_>,
    [prior, wanted]: [&'static str; 2],
) -> Result<(), DriverError> {
    if prior == wanted {
        return Ok(());
    }
    let mut input = place.named();
    input.insert("ACL".to_owned(), wanted.into());
    match place.change("PutBucketAcl", input).await {
        // Where the owner of the bucket owns everything in it, there are no lists, and it is private.
        Err(error) if wanted == PRIVATE && error.has_code("AccessControlListNotSupported") => {
            Ok(())
        }
        other => other,
    }
}

/// All tags of a bucket, hidden ones among them; empty if it has none.
///
/// # Errors
/// If they cannot be read, or there is no bucket.
pub(super) async fn tags(place: Place<'_>) -> Result<Tags, DriverError> {
    let answer = place.part("GetBucketTagging", place.named()).await?.unwrap_or_default();
    let list = answer.get("TagSet").and_then(KnownValue::as_list).unwrap_or_default();
    let tag = |item: &KnownValue| {
        let item = item.as_map()?;
        let value = item.get("Value").cloned().unwrap_or_else(|| "".into());
        Some((text_in(item, "Key")?.to_owned(), value))
    };
    Ok(list.iter().filter_map(tag).collect())
}

/// Sets all tags of a bucket. A set without tags is another call.
///
/// # Errors
/// If the call fails.
pub(super) async fn set_tags(place: Place<'_>, tags: &Tags) -> Result<(), DriverError> {
    if tags.is_empty() {
        return place.change("DeleteBucketTagging", place.named()).await;
    }
    let mut input = place.named();
    input.insert("Tagging".to_owned(), arguments([("TagSet", tag_list(tags))]).into());
    place.change("PutBucketTagging", input).await
}

/// Gives the bucket the declared tags. The call replaces all tags, so that those of AWS and of rstack are
/// sent again.
///
/// Source: S3 API reference, PutBucketTagging.
///
/// # Errors
/// If a call fails.
pub(super) async fn change_tags(
    place: Place<'_>,
    [prior, wanted]: [&Tags; 2],
) -> Result<(), DriverError> {
    if prior.is_empty() && wanted.is_empty() {
        return Ok(());
    }
    let mut all = tags(place).await?;
    let TagChanges { set, remove } = TagChanges::between(prior, wanted, &visible(&all));
    if set.is_empty() && remove.is_empty() {
        return Ok(());
    }
    all.retain(|key, _| !remove.contains(key));
    all.extend(set);
    set_tags(place, &all).await
}
