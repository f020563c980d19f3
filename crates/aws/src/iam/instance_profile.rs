//! `AWS::IAM::InstanceProfile`.
//!
//! A profile holds at most one role. The registry has no property for its tags: it has one, rstack's
//! own, by which it is known again.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, Found, NameRule, Object,
    Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::fields::{Fields, arguments, journal_failed, part};
use super::service::{Iam, is_gone, items, not_ours, not_yet_empty, not_yet_visible, without_tags};
use super::tags::{Tags, nonce, with_nonce};
use crate::api::Api;

/// The driver of instance profiles. The physical ID is the name.
pub(crate) struct InstanceProfile {
    iam: Iam,
}

fn named(name: &str) -> KnownMap {
    arguments([("InstanceProfileName", name.into())])
}

fn attributes(profile: &KnownMap) -> KnownMap {
    profile.get("Arn").map(|arn| ("Arn".to_owned(), arn.clone())).into_iter().collect()
}

/// The names of the roles in a description.
fn roles(profile: &KnownMap) -> BTreeSet<String> {
    let name = |role: &KnownValue| role.get("RoleName")?.as_str().map(str::to_owned);
    items(profile, "Roles").iter().filter_map(name).collect()
}

impl InstanceProfile {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { iam: Iam::new(api) }
    }

    /// The profile as IAM describes it.
    async fn get(&self, name: &str) -> Result<KnownMap, DriverError> {
        let answer = self.iam.call("GetInstanceProfile", named(name)).await?;
        part(&answer, "InstanceProfile", "iam:GetInstanceProfile").cloned()
    }

    /// The profile in the vocabulary of the template.
    fn object(profile: &KnownMap, name: &str) -> Object {
        let mut properties = KnownMap::new();
        for key in ["InstanceProfileName", "Path"] {
            properties.extend(profile.get(key).map(|value| (key.to_owned(), value.clone())));
        }
        let roles = roles(profile).into_iter().map(KnownValue::from).collect();
        properties.insert("Roles".to_owned(), KnownValue::List(roles));
        Object::named(name.into(), properties, attributes(profile))
    }

    async fn add(&self, name: &str, role: &str) -> Result<(), DriverError> {
        let mut input = named(name);
        input.insert("RoleName".to_owned(), role.into());
        match self.iam.call("AddRoleToInstanceProfile", input).await {
            // There is room for one role: the request may have arrived twice.
            Err(error) if error.has_code("LimitExceeded") => {
                let there = roles(&self.get(name).await?).contains(role);
                if there { Ok(()) } else { Err(error) }
            }
            // The role may just have been made.
            added => added.map(drop).map_err(not_yet_visible),
        }
    }

    async fn remove(&self, name: &str, role: &str) -> Result<(), DriverError> {
        let mut input = named(name);
        input.insert("RoleName".to_owned(), role.into());
        self.iam.call_if_exists("RemoveRoleFromInstanceProfile", input).await.map(drop)
    }
}

#[async_trait]
impl DirectDriver for InstanceProfile {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        let (property, separator) = ("InstanceProfileName", Separator::Hyphen);
        Some(NameRule { property, max_length: 128, separator })
    }

    async fn read(&self, identifier: &Identifier, _: &KnownMap) -> Result<Observed, DriverError> {
        let name = identifier.only();
        match self.get(name).await {
            Ok(profile) => Ok(Observed::Present(Self::object(&profile, name))),
            Err(error) if is_gone(&error) => Ok(Observed::Absent),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let operation = "iam:CreateInstanceProfile";
        let fields = Fields::new(&request.properties, operation);
        let name = fields.required_name("InstanceProfileName")?;
        let roles = fields.names("Roles")?;
        let mut input = named(&name);
        if let Some(path) = fields.text("Path")? {
            input.insert("Path".to_owned(), path);
        }
        let tags = with_nonce(Tags::new(), &request.token);
        let answer = self.iam.create("CreateInstanceProfile", input, &tags).await?;
        let physical_id = PhysicalId::from(name.as_str());
        let recorded = effects.created_as(&physical_id).await;
        recorded.map_err(|error| journal_failed(operation, &error))?;
        for role in &roles {
            self.add(&name, role).await?;
        }
        let attributes = attributes(part(&answer, "InstanceProfile", operation)?);
        Ok(Object::named(physical_id, request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let name = request.identifier.only();
        let fields = Fields::new(&request.properties, "iam:AddRoleToInstanceProfile");
        let wanted = fields.names("Roles")?;
        // With nothing declared before, this completes a create: it may not be visible yet.
        let completes = request.prior.is_empty();
        let profile = self
            .get(name)
            .await
            .map_err(|error| if completes { not_yet_visible(error) } else { error })?;
        let current = roles(&profile);
        // There is room for one role: the old one goes first.
        for role in current.difference(&wanted) {
            self.remove(name, role).await?;
        }
        for role in wanted.difference(&current) {
            self.add(name, role).await?;
        }
        Ok(Object::named(name.into(), request.properties.clone(), attributes(&profile)))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let name = request.identifier.only();
        let profile = match self.get(name).await {
            Ok(profile) => profile,
            Err(error) if is_gone(&error) => return Ok(Progress::Done),
            Err(error) => return Err(error),
        };
        for role in roles(&profile) {
            self.remove(name, &role).await?;
        }
        let deleted = self.iam.call_if_exists("DeleteInstanceProfile", named(name)).await;
        deleted.map_err(not_yet_empty)?;
        Ok(Progress::Done)
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let input = named(identifier.only());
        self.iam
            .visible("GetInstanceProfile", input, &format!("instance profile `{identifier}`"))
            .await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let fields = Fields::new(&request.properties, "iam:GetInstanceProfile");
        let name = fields.required_name("InstanceProfileName")?;
        let profile = match self.get(&name).await {
            Ok(profile) => profile,
            Err(error) if is_gone(&error) => return Ok(Found::Absent),
            Err(error) => return Err(error),
        };
        let ours = Some(request.token.as_str());
        let mut is_ours = nonce(profile.get("Tags")) == ours;
        if !profile.contains_key("Tags") {
            let pages = self.iam.pages("ListInstanceProfileTags", named(&name)).await;
            let pages = pages.or_else(without_tags)?.unwrap_or_default();
            is_ours = pages.iter().any(|page| nonce(page.get("Tags")) == ours);
        }
        if is_ours {
            return Ok(Found::Ours(Box::new(Self::object(&profile, &name))));
        }
        Ok(not_ours(&format!("an instance profile named `{name}`")))
    }
}

#[cfg(test)]
mod tests;
