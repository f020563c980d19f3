//! Finding an object by the caller reference it was created under.
//!
//! CloudFront takes a caller reference once per account, so an object that carries the journaled
//! token was made by that very operation. Listings do not show caller references: the objects with
//! the declared comment, or with none, are read one by one.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::pages;
use super::service::{is_missing, key, map, text};
use crate::api::Api;

/// The operations and members of a type whose configuration holds a caller reference.
#[derive(Debug)]
pub(super) struct Referenced {
    /// The operation that lists all objects.
    pub(super) list: &'static str,
    /// The member of its answer that holds the list.
    pub(super) items: &'static str,
    /// The operation that reads one.
    pub(super) get: &'static str,
    /// The member of its answer that is the object, and the one in it that is the configuration.
    pub(super) content: [&'static str; 2],
}

/// The result of a search.
pub(super) enum Search {
    /// The answer of the reading operation for the object that was looked for.
    Found(KnownMap),
    /// There is none.
    Absent,
    /// None of those that may be read is it.
    Unclear {
        /// The number of those that may not be read.
        skipped: usize,
    },
}

impl Referenced {
    /// Looks for the object of this caller reference. A foreign one that may not be read is no
    /// reason to stop.
    pub(super) async fn find(
        &self,
        api: &dyn Api,
        token: &str,
        comment: &str,
    ) -> Result<Search, DriverError> {
        let mut skipped = 0;
        for item in pages::all(api, self.list, &KnownMap::new(), self.items).await? {
            let theirs = item.get("Comment").and_then(KnownValue::expose_str).unwrap_or_default();
            if theirs != comment && !theirs.is_empty() {
                continue;
            }
            let id = text(&item, "Id", self.list)?;
            match self.read(api, id, token).await {
                Ok(Some(found)) => return Ok(Search::Found(found)),
                Ok(None) => {}
                Err(error) if matches!(error.kind, ErrorKind::AccessDenied { .. }) => skipped += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(if skipped == 0 { Search::Absent } else { Search::Unclear { skipped } })
    }

    /// The answer of the reading operation, if the object is there and has the caller reference.
    pub(super) async fn read(
        &self,
        api: &dyn Api,
        id: &str,
        token: &str,
    ) -> Result<Option<KnownMap>, DriverError> {
        let [object, config] = self.content;
        let answer = match api.call(self.get, key("Id", id)).await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let members = map(map(&answer, object, self.get)?, config, self.get)?;
        let ours = members.get("CallerReference").and_then(KnownValue::as_str) == Some(token);
        Ok(ours.then_some(answer))
    }
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
