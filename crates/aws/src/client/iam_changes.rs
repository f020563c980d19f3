//! The changes that this process makes in IAM: what they allow is not visible everywhere at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// The time of the last change. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct IamChanges(Arc<Mutex<Option<SystemTime>>>);

impl IamChanges {
    /// Notes a call that was answered now, also with a failure: it may have been carried out.
    pub(super) fn heard(&self, operation: &str, now: SystemTime) {
        if !["Get", "List"].iter().any(|verb| operation.starts_with(verb)) {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *last = (*last).max(Some(now));
        }
    }

    /// The time of the last change, if there was one.
    pub(super) fn last(&self) -> Option<SystemTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_last_change_counts_and_no_question() {
        let (changes, time) = (IamChanges::default(), SystemTime::UNIX_EPOCH);
        for question in ["GetRole", "ListRoles"] {
            changes.clone().heard(question, time);
        }
        assert_eq!(changes.last(), None);
        for (operation, after) in [("CreateRole", 5), ("PutRolePolicy", 3), ("GetRole", 9)] {
            changes.clone().heard(operation, time + Duration::from_secs(after));
        }
        assert_eq!(changes.last(), Some(time + Duration::from_secs(5)));
    }
}
