//! `AWS::IAM::User`.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, Found, NameRule, Object,
    Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::boundary;
use super::contents::{Contents, empty};
use super::fields::{Fields, arguments, journal_failed, part, text_in};
use super::login_profile::{self, LoginProfile};
use super::memberships::{Memberships, leave_all};
use super::principal::{Principal, PrincipalKind};
use super::service::{Iam, is_gone, items, not_ours, not_yet_empty, not_yet_visible, without_tags};
use super::tags::{TagChanges, declared_tags, nonce, tag_list, visible_tags, with_nonce};
use crate::api::Api;

/// The driver of users. The physical ID is the name.
pub(crate) struct User {
    iam: Iam,
}

/// The parts of a user that have operations of their own.
struct Declared {
    contents: Contents,
    groups: Memberships,
    login: Option<LoginProfile>,
}

impl Declared {
    fn parse(fields: Fields<'_>) -> Result<Self, DriverError> {
        Ok(Self {
            contents: Contents::declared(fields)?,
            groups: Memberships::declared(fields)?,
            login: LoginProfile::declared(fields)?,
        })
    }
}

fn principal(name: &str) -> Principal {
    Principal::new(PrincipalKind::User, name)
}

fn attributes(user: &KnownMap) -> KnownMap {
    user.get("Arn").map(|arn| ("Arn".to_owned(), arn.clone())).into_iter().collect()
}

impl User {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { iam: Iam::new(api) }
    }

    /// The user as IAM describes it, its tags included. To a caller who may not list them a user
    /// that is described without tags has none.
    async fn get(&self, name: &str) -> Result<KnownMap, DriverError> {
        let named = || principal(name).named();
        let answer = self.iam.call("GetUser", named()).await?;
        let mut user = part(&answer, "User", "iam:GetUser")?.clone();
        if !user.contains_key("Tags") {
            let pages = self.iam.pages("ListUserTags", named()).await.or_else(without_tags)?;
            let pages = pages.unwrap_or_default();
            let tags = pages.iter().flat_map(|page| items(page, "Tags").to_vec());
            user.insert("Tags".to_owned(), KnownValue::List(tags.collect()));
        }
        Ok(user)
    }

    /// The user in the vocabulary of the template.
    async fn object(
        &self,
        user: &KnownMap,
        name: &str,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let parts = Declared::parse(Fields::new(declared, "iam:GetUser"))?;
        let mut properties = KnownMap::new();
        for key in ["UserName", "Path"] {
            properties.extend(user.get(key).map(|value| (key.to_owned(), value.clone())));
        }
        if let Some(arn) = boundary::of(user) {
            properties.insert("PermissionsBoundary".to_owned(), arn.into());
        }
        let tags = visible_tags(user.get("Tags"));
        if !tags.is_empty() {
            properties.insert("Tags".to_owned(), tag_list(&tags));
        }
        parts.contents.show(&self.iam, &principal(name), &mut properties).await?;
        parts.groups.show(&self.iam, name, &mut properties).await?;
        if let Some(login) = &parts.login {
            login.show(&self.iam, name, &mut properties).await?;
        }
        Ok(Object::named(name.into(), properties, attributes(user)))
    }

    /// Moves the user to its declared path, or back to the default if one was declared before. Says
    /// whether it was moved: its ARN has the path.
    async fn change_path(
        &self,
        name: &str,
        current: &KnownMap,
        prior: Fields<'_>,
        desired: Fields<'_>,
    ) -> Result<bool, DriverError> {
        let wanted = match (desired.text("Path")?, prior.value("Path")) {
            (Some(wanted), _) => wanted,
            (None, Some(_)) => "/".into(),
            (None, None) => return Ok(false),
        };
        if wanted.expose_str() == text_in(current, "Path") {
            return Ok(false);
        }
        let input = arguments([("UserName", name.into()), ("NewPath", wanted)]);
        self.iam.call("UpdateUser", input).await.map(|_| true)
    }

    async fn change_tags(
        &self,
        name: &str,
        current: &KnownMap,
        prior: Fields<'_>,
        desired: Fields<'_>,
    ) -> Result<(), DriverError> {
        let current = visible_tags(current.get("Tags"));
        let changes =
            TagChanges::between(&declared_tags(prior)?, &declared_tags(desired)?, &current);
        self.iam.change_tags(["TagUser", "UntagUser"], &principal(name).named(), changes).await
    }

    /// Deletes the access keys of a user, which keep it from being deleted.
    async fn delete_access_keys(&self, name: &str) -> Result<(), DriverError> {
        let (list, member) = ("AccessKeyMetadata", Some("AccessKeyId"));
        let keys = self.iam.listed("ListAccessKeys", principal(name).named(), list, member).await?;
        for key in keys.unwrap_or_default() {
            let input = arguments([("UserName", name.into()), ("AccessKeyId", key.into())]);
            self.iam.call_if_exists("DeleteAccessKey", input).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl DirectDriver for User {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NameRule { property: "UserName", max_length: 64, separator: Separator::Hyphen })
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let name = identifier.only();
        match self.get(name).await {
            Ok(user) => Ok(Observed::Present(self.object(&user, name, declared).await?)),
            Err(error) if is_gone(&error) => Ok(Observed::Absent),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let operation = "iam:CreateUser";
        let fields = Fields::new(&request.properties, operation);
        let name = fields.required_name("UserName")?;
        let parts = Declared::parse(fields)?;
        let mut input = principal(&name).named();
        for key in ["Path", "PermissionsBoundary"] {
            if let Some(value) = fields.text(key)? {
                input.insert(key.to_owned(), value);
            }
        }
        let tags = with_nonce(declared_tags(fields)?, &request.token);
        // Nothing but the boundary is looked for, which may just have been made.
        let answer = self.iam.create("CreateUser", input, &tags).await.map_err(not_yet_visible)?;
        let physical_id = PhysicalId::from(name.as_str());
        let recorded = effects.created_as(&physical_id).await;
        recorded.map_err(|error| journal_failed(operation, &error))?;
        parts.contents.fill(&self.iam, &principal(&name)).await?;
        parts.groups.fill(&self.iam, &name).await?;
        if let Some(login) = &parts.login {
            login.create(&self.iam, &name).await?;
        }
        let attributes = attributes(part(&answer, "User", operation)?);
        Ok(Object::named(physical_id, request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let name = request.identifier.only();
        let desired = Fields::new(&request.properties, "iam:UpdateUser");
        let prior = Fields::new(&request.prior, "iam:UpdateUser");
        // With nothing declared before, this completes a create: the user may not be visible yet.
        let completes = request.prior.is_empty();
        let passing = |error| {
            if completes { not_yet_visible(error) } else { error }
        };
        let (parts, before) = (Declared::parse(desired)?, Declared::parse(prior)?);
        let mut user = self.get(name).await.map_err(passing)?;
        let operations = ["PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary"];
        let of = principal(name).named();
        let changed = boundary::change(&self.iam, operations, of, &user, prior, desired).await;
        changed.map_err(passing)?;
        let changed = parts.contents.change(&self.iam, &principal(name), &before.contents).await;
        changed.map_err(passing)?;
        parts.groups.change(&self.iam, name, &before.groups).await.map_err(passing)?;
        let cause = login_profile::cause(&request.prior, &request.properties);
        let (old, new) = (before.login.as_ref(), parts.login.as_ref());
        login_profile::change(&self.iam, name, old, new, cause).await.map_err(passing)?;
        self.change_tags(name, &user, prior, desired).await.map_err(passing)?;
        if self.change_path(name, &user, prior, desired).await.map_err(passing)? {
            user = self.get(name).await?;
        }
        Ok(Object::named(name.into(), request.properties.clone(), attributes(&user)))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let name = request.identifier.only();
        if empty(&self.iam, &principal(name)).await? {
            leave_all(&self.iam, name).await?;
            login_profile::remove(&self.iam, name).await?;
            self.delete_access_keys(name).await?;
            let input = principal(name).named();
            self.iam.call_if_exists("DeleteUser", input).await.map_err(not_yet_empty)?;
        }
        Ok(Progress::Done)
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let input = principal(identifier.only()).named();
        self.iam.visible("GetUser", input, &format!("user `{identifier}`")).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let fields = Fields::new(&request.properties, "iam:GetUser");
        let name = fields.required_name("UserName")?;
        let user = match self.get(&name).await {
            Ok(user) => user,
            Err(error) if is_gone(&error) => return Ok(Found::Absent),
            Err(error) => return Err(error),
        };
        if nonce(user.get("Tags")) == Some(request.token.as_str()) {
            let object = self.object(&user, &name, &request.properties).await?;
            return Ok(Found::Ours(Box::new(object)));
        }
        Ok(not_ours(&format!("a user named `{name}`")))
    }
}

#[cfg(test)]
mod tests;
