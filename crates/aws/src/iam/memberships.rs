//! The groups that a user is in.
//!
//! Only declared memberships are the user's own. Others were made by an
//! `AWS::IAM::UserToGroupAddition` or from outside of the stack: they are neither shown nor touched
//! before the user is deleted.

use std::collections::BTreeSet;

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::fields::{Fields, arguments};
use super::service::{Iam, not_yet_visible};

const PROPERTY: &str = "Groups";

/// The groups that a user declares.
pub(super) struct Memberships(BTreeSet<String>);

impl Memberships {
    pub(super) fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        fields.names(PROPERTY).map(Self)
    }

    /// Adds a user that was just made to all of them.
    pub(super) async fn fill(&self, iam: &Iam, user: &str) -> Result<(), DriverError> {
        for group in &self.0 {
            add(iam, user, group).await?;
        }
        Ok(())
    }

    /// Puts those of them that the user is in into its properties.
    pub(super) async fn show(
        &self,
        iam: &Iam,
        user: &str,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let current = current(iam, user).await?;
        let seen = self.0.intersection(&current).map(|group| group.as_str().into());
        properties.insert(PROPERTY.to_owned(), KnownValue::List(seen.collect()));
        Ok(())
    }

    /// Makes the user a member of them, and no longer of those that only `prior` declared.
    pub(super) async fn change(
        &self,
        iam: &Iam,
        user: &str,
        prior: &Self,
    ) -> Result<(), DriverError> {
        if self.0.is_empty() && prior.0.is_empty() {
            return Ok(());
        }
        let current = current(iam, user).await?;
        for group in self.0.difference(&current) {
            add(iam, user, group).await?;
        }
        for group in prior.0.difference(&self.0).filter(|group| current.contains(*group)) {
            remove(iam, user, group).await?;
        }
        Ok(())
    }
}

/// Takes a user out of all groups, declared or not: they keep it from being deleted.
pub(super) async fn leave_all(iam: &Iam, user: &str) -> Result<(), DriverError> {
    for group in current(iam, user).await? {
        remove(iam, user, &group).await?;
    }
    Ok(())
}

async fn current(iam: &Iam, user: &str) -> Result<BTreeSet<String>, DriverError> {
    let input = arguments([("UserName", user.into())]);
    let listed = iam.listed("ListGroupsForUser", input, PROPERTY, Some("GroupName")).await?;
    Ok(listed.unwrap_or_default().into_iter().collect())
}

fn both(user: &str, group: &str) -> KnownMap {
    arguments([("GroupName", group.into()), ("UserName", user.into())])
}

/// The group may just have been made.
async fn add(iam: &Iam, user: &str, group: &str) -> Result<(), DriverError> {
    iam.call("AddUserToGroup", both(user, group)).await.map(drop).map_err(not_yet_visible)
}

async fn remove(iam: &Iam, user: &str, group: &str) -> Result<(), DriverError> {
    iam.call_if_exists("RemoveUserFromGroup", both(user, group)).await.map(drop)
}
