//! Finding a distribution by the caller reference it was created under.
//!
//! CloudFront takes a caller reference once per account, so a distribution that carries the
//! journaled token was made by that very operation. Listings do not show caller references: the
//! distributions with the declared comment, or with none, are read one by one.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use crate::api::Api;
use crate::cloudfront::pages;
use crate::cloudfront::service::{is_missing, key, map, text};

/// The result of a search.
pub(super) enum Search {
    /// The answer of `GetDistribution` for the distribution that was looked for.
    Found(KnownMap),
    /// There is none.
    Absent,
    /// None of those that may be read is it.
    Unclear {
        /// The number of those that may not be read.
        skipped: usize,
    },
}

/// Looks for the distribution of this caller reference. A foreign one that may not be read is no
/// reason to stop.
pub(super) async fn by_caller_reference(
    api: &dyn Api,
    token: &str,
    comment: &str,
) -> Result<Search, DriverError> {
    let operation = "ListDistributions";
    let mut skipped = 0;
    for item in pages::all(api, operation, &KnownMap::new(), "DistributionList").await? {
        let theirs = item.get("Comment").and_then(KnownValue::expose_str).unwrap_or_default();
        if theirs != comment && !theirs.is_empty() {
            continue;
        }
        let id = text(&item, "Id", operation)?;
        match with_caller_reference(api, id, token).await {
            Ok(Some(found)) => return Ok(Search::Found(found)),
            Ok(None) => {}
            Err(error) if matches!(error.kind, ErrorKind::AccessDenied { .. }) => skipped += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(if skipped == 0 { Search::Absent } else { Search::Unclear { skipped } })
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
