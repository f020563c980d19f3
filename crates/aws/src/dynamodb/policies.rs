//! The policies and tags of a table and of its stream, both named by their ARNs.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::contents::stream_arn;
use super::settings::{READ, Settings, UPDATE};
use crate::iam::{
    Fields, Tags, arguments, as_declared, declared_tags, decoded, names_principal,
    required_document, same_document, tag_list, text_in,
};
use crate::resource_tags::{TagCalls, visible};

const POLICY: &str = "ResourcePolicy";
const DOCUMENT: &str = "PolicyDocument";
const STREAM: &str = "StreamSpecification";

/// The operations on tags.
pub(super) const TAGS: TagCalls = TagCalls {
    set: "TagResource",
    remove: "UntagResource",
    list: "ListTagsOfResource",
    resource: "ResourceArn",
    keys: "TagKeys",
    tags: "Tags",
    shown: "Tags",
    pair: ["Key", "Value"],
    next: Some(["NextToken", "NextToken"]),
};

/// The policy that properties declare, as text.
///
/// # Errors
/// If it is no document.
pub(super) fn declared(fields: Fields<'_>) -> Result<Option<KnownValue>, DriverError> {
    fields.tree(POLICY)?.map(|tree| required_document(tree, DOCUMENT)).transpose()
}

/// The error of a call with a policy: one that passes, if a principal of it may have been made a moment
/// ago.
pub(super) fn not_yet_visible(error: DriverError, policy: &KnownValue) -> DriverError {
    let principal = error.message.to_ascii_lowercase().contains("principal");
    if matches!(error.kind, ErrorKind::Invalid { .. }) && principal && names_principal(policy) {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

/// The policy of an object, unless it has none.
async fn held(settings: &Settings<'_>, arn: &str) -> Result<Option<KnownValue>, DriverError> {
    let input = arguments([("ResourceArn", arn.into())]);
    let answer = settings.api.call_if_exists("GetResourcePolicy", input).await?;
    Ok(answer.as_ref().and_then(|answer| text_in(answer, "Policy")).map(decoded))
}

/// Gives an object the wanted policy, or takes away the one that was declared before.
async fn change_policy(
    settings: &Settings<'_>,
    arn: &str,
    wanted: Option<KnownValue>,
    dropped: bool,
) -> Result<(), DriverError> {
    if wanted.is_none() && !dropped {
        return Ok(());
    }
    let current = held(settings, arn).await?;
    let mut input = arguments([("ResourceArn", arn.into())]);
    let Some(wanted) = wanted else {
        if current.is_some() {
            settings.api.call_if_exists("DeleteResourcePolicy", input).await?;
        }
        return Ok(());
    };
    if current.is_some_and(|current| same_document(&wanted, &current)) {
        return Ok(());
    }
    input.insert("Policy".to_owned(), wanted.clone());
    let put = settings.api.call("PutResourcePolicy", input).await;
    put.map(drop).map_err(|error| not_yet_visible(error, &wanted))
}

/// Gives an object the wanted tags.
async fn change_tags(
    settings: &Settings<'_>,
    arn: &str,
    [prior, wanted]: [&Tags; 2],
) -> Result<(), DriverError> {
    if prior.is_empty() && wanted.is_empty() {
        return Ok(());
    }
    let current = TAGS.of(settings.api, arn).await?.unwrap_or_default();
    TAGS.change(settings.api, arn, [prior, wanted, &current]).await.map(drop)
}

fn table_arn<'a>(settings: &Settings<'a>) -> &'a str {
    text_in(settings.table, "TableArn").unwrap_or_default()
}

/// Makes policies and tags as declared. A `fresh` table was made with its tags.
pub(super) async fn change(settings: &Settings<'_>, fresh: bool) -> Result<(), DriverError> {
    let (wanted, prior) = (settings.wanted(), Fields::new(settings.declared.prior, UPDATE));
    let (policy, dropped) = (declared(wanted)?, settings.declared.dropped(POLICY));
    change_policy(settings, table_arn(settings), policy, dropped).await?;
    if !fresh {
        let tags = [&declared_tags(prior)?, &declared_tags(wanted)?];
        change_tags(settings, table_arn(settings), tags).await?;
    }
    // The policy and the tags of a stream that is no more went with it.
    let (Some(arn), Some(wanted)) = (stream_arn(settings.table), wanted.tree(STREAM)?) else {
        return Ok(());
    };
    let dropped = settings.declared.dropped_in(STREAM, POLICY);
    change_policy(settings, arn, declared(wanted)?, dropped).await?;
    let before = prior.tree(STREAM)?.map(declared_tags).transpose()?.unwrap_or_default();
    change_tags(settings, arn, [&before, &declared_tags(wanted)?]).await
}

/// The declared policy and tags of an object, as it has them.
async fn shown(
    settings: &Settings<'_>,
    arn: &str,
    given: Fields<'_>,
) -> Result<KnownMap, DriverError> {
    let mut out = KnownMap::new();
    if let Some(given) = given.tree(POLICY)?
        && let Some(policy) = held(settings, arn).await?
    {
        let policy = as_declared(given.value(DOCUMENT), policy);
        out.insert(POLICY.to_owned(), arguments([(DOCUMENT, policy)]).into());
    }
    if given.value("Tags").is_some() {
        let tags = TAGS.of(settings.api, arn).await?.unwrap_or_default();
        out.insert("Tags".to_owned(), tag_list(&visible(&tags)));
    }
    Ok(out)
}

/// Adds declared policies and tags to the properties of a table that was read.
pub(super) async fn show(
    settings: &Settings<'_>,
    properties: &mut KnownMap,
) -> Result<(), DriverError> {
    let given = Fields::new(settings.declared.wanted, READ);
    properties.extend(shown(settings, table_arn(settings), given).await?);
    if let (Some(given), Some(arn)) = (given.tree(STREAM)?, stream_arn(settings.table)) {
        let more = shown(settings, arn, given).await?;
        if let Some(KnownValue::Map(stream)) = properties.get_mut(STREAM) {
            stream.extend(more);
        }
    }
    Ok(())
}
