//! `AWS::IAM::UserToGroupAddition`: users in a group.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::fields::{Fields, arguments};
use super::service::{Iam, not_yet_visible};
use crate::api::Api;
use crate::members::{Facts, Kind, Members};

const ADD: &str = "iam:AddUserToGroup";
const GROUP: &str = "GroupName";
const USERS: &str = "Users";

/// Users that are added to groups.
pub(crate) struct UsersOfGroup {
    iam: Iam,
}

impl UsersOfGroup {
    /// A kind that calls IAM.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { iam: Iam::new(api) }
    }
}

fn with_user(set: &KnownMap, user: &str) -> KnownMap {
    let mut input = set.clone();
    input.insert("UserName".to_owned(), user.into());
    input
}

#[async_trait]
impl Kind for UsersOfGroup {
    const FACTS: Facts = Facts { action: ADD, noun: "group", member: "user", batch: 1 };

    fn declared(&self, properties: &KnownMap) -> Result<Members, DriverError> {
        let fields = Fields::new(properties, ADD);
        let group = fields.required_name(GROUP)?;
        let users = fields.texts(USERS)?;
        if users.is_empty() {
            return Err(fields.invalid(USERS, "is empty"));
        }
        Ok(Members::new(arguments([(GROUP, group.as_str().into())]), group, users))
    }

    fn shown(&self, set: &KnownMap, members: &[&str]) -> KnownMap {
        let mut properties = set.clone();
        let users = members.iter().map(|user| KnownValue::from(*user)).collect();
        properties.insert(USERS.to_owned(), KnownValue::List(users));
        properties
    }

    async fn held(&self, of: &Members) -> Result<Option<BTreeSet<String>>, DriverError> {
        let listed = self.iam.listed("GetGroup", of.set.clone(), USERS, Some("UserName")).await?;
        Ok(listed.map(|users| users.into_iter().collect()))
    }

    /// The group or the user may have been made a moment ago.
    async fn add(&self, set: &KnownMap, members: &[&str]) -> Result<(), DriverError> {
        for user in members {
            let added = self.iam.call("AddUserToGroup", with_user(set, user)).await;
            added.map_err(not_yet_visible)?;
        }
        Ok(())
    }

    async fn remove(&self, set: &KnownMap, members: &[&str]) -> Result<(), DriverError> {
        for user in members {
            self.iam.call_if_exists("RemoveUserFromGroup", with_user(set, user)).await?;
        }
        Ok(())
    }
}
