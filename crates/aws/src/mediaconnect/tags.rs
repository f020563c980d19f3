//! Tags of flows and sources: read, set and removed by ARN.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use crate::api::Api;
use crate::iam::{TagChanges, arguments};
use crate::ownership::is_hidden;

/// All tags of an object, those of AWS and rstack among them.
pub(super) async fn of(api: &dyn Api, arn: &str) -> Result<KnownMap, DriverError> {
    let answer = api.call("ListTagsForResource", arguments([("ResourceArn", arn.into())])).await?;
    Ok(answer.get("Tags").and_then(KnownValue::as_map).cloned().unwrap_or_default())
}

/// The tags that neither AWS nor rstack has set.
pub(super) fn visible(tags: KnownMap) -> KnownMap {
    tags.into_iter().filter(|(key, _)| !is_hidden(key)).collect()
}

/// Sets and removes tags of an object.
pub(super) async fn change(
    api: &dyn Api,
    arn: &str,
    changes: TagChanges,
) -> Result<(), DriverError> {
    let named = || arguments([("ResourceArn", arn.into())]);
    if !changes.remove.is_empty() {
        let mut input = named();
        let keys = changes.remove.into_iter().map(KnownValue::from).collect();
        input.insert("TagKeys".to_owned(), KnownValue::List(keys));
        api.call("UntagResource", input).await?;
    }
    if !changes.set.is_empty() {
        let mut input = named();
        input.insert("Tags".to_owned(), changes.set.into());
        api.call("TagResource", input).await?;
    }
    Ok(())
}
