//! Finding a distribution by the caller reference it was created under.
//!
//! CloudFront takes a caller reference once per account, so a distribution that carries the
//! journaled token was made by that very operation. Listings do not show caller references: the
//! distributions with the declared comment, or with none, are read one by one.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use crate::api::Api;
use crate::cloudfront::pages;
use crate::cloudfront::service::{is_missing, key, map, text};

/// The answer of `GetDistribution` for the distribution of this caller reference.
pub(super) async fn by_caller_reference(
    api: &dyn Api,
    token: &str,
    comment: &str,
) -> Result<Option<KnownMap>, DriverError> {
    let operation = "ListDistributions";
    for item in pages::all(api, operation, &KnownMap::new(), "DistributionList").await? {
        let theirs = item.get("Comment").and_then(KnownValue::expose_str).unwrap_or_default();
        if theirs != comment && !theirs.is_empty() {
            continue;
        }
        let id = text(&item, "Id", operation)?;
        if let Some(found) = with_caller_reference(api, id, token).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The answer of `GetDistribution`, if the distribution is there and has the caller reference.
pub(super) async fn with_caller_reference(
    api: &dyn Api,
    id: &str,
    token: &str,
) -> Result<Option<KnownMap>, DriverError> {
    let operation = "GetDistribution";
    let answer = match api.call(operation, key("Id", id)).await {
        Ok(answer) => answer,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let config = map(map(&answer, "Distribution", operation)?, "DistributionConfig", operation)?;
    let ours = config.get("CallerReference").and_then(KnownValue::as_str) == Some(token);
    Ok(ours.then_some(answer))
}

/// The ID in the message of `DistributionAlreadyExists`: more than a dozen capitals and digits.
pub(super) fn id_in(message: &str) -> Option<&str> {
    let is_id = |word: &&str| {
        word.len() >= 12
            && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            && word.chars().any(|c| c.is_ascii_digit())
    };
    message.split(|c: char| !c.is_ascii_alphanumeric()).find(is_id)
}
