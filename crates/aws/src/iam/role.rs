//! `AWS::IAM::Role`.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, Found, NameRule, Object,
    Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::boundary;
use super::contents::{Contents, empty};
use super::document::{as_declared, declared_document, decoded, required_document, same_document};
use super::fields::{Fields, arguments, journal_failed, part, text_in};
use super::principal::{Principal, PrincipalKind};
use super::service::{
    Iam, is_gone, items, not_ours, not_yet_empty, not_yet_visible, principal_not_yet_visible,
    without_tags,
};
use super::tags::{TagChanges, declared_tags, nonce, tag_list, visible_tags, with_nonce};
use crate::api::Api;

/// The session duration of a role that declares none, in seconds.
const DEFAULT_SESSION: i64 = 3600;

/// The driver of roles. The physical ID is the name.
pub(crate) struct Role {
    iam: Iam,
}

impl Role {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { iam: Iam::new(api) }
    }

    /// The role as IAM describes it, its tags included. To a caller who may not list them a role
    /// that is described without tags has none.
    async fn get(&self, name: &str) -> Result<KnownMap, DriverError> {
        let named = || arguments([("RoleName", name.into())]);
        let answer = self.iam.call("GetRole", named()).await?;
        let mut role = part(&answer, "Role", "iam:GetRole")?.clone();
        if !role.contains_key("Tags") {
            let pages = self.iam.pages("ListRoleTags", named()).await.or_else(without_tags)?;
            let pages = pages.unwrap_or_default();
            let tags = pages.iter().flat_map(|page| items(page, "Tags").to_vec());
            role.insert("Tags".to_owned(), KnownValue::List(tags.collect()));
        }
        Ok(role)
    }

    /// The role in the vocabulary of the template.
    async fn object(
        &self,
        role: &KnownMap,
        name: &str,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let contents = Contents::declared(Fields::new(declared, "iam:GetRole"))?;
        let mut properties = KnownMap::new();
        for key in ["RoleName", "Path", "Description", "MaxSessionDuration"] {
            if let Some(value) = role.get(key) {
                properties.insert(key.to_owned(), value.clone());
            }
        }
        if let Some(text) = text_in(role, "AssumeRolePolicyDocument") {
            let key = "AssumeRolePolicyDocument";
            let document = as_declared(declared.get(key), decoded(text));
            properties.insert(key.to_owned(), document);
        }
        if let Some(arn) = boundary::of(role) {
            properties.insert("PermissionsBoundary".to_owned(), arn.into());
        }
        let tags = visible_tags(role.get("Tags"));
        if !tags.is_empty() {
            properties.insert("Tags".to_owned(), tag_list(&tags));
        }
        contents.show(&self.iam, &principal(name), &mut properties).await?;
        Ok(Object::named(name.into(), properties, attributes(role)))
    }

    async fn change_settings(
        &self,
        name: &str,
        current: &KnownMap,
        prior: Fields<'_>,
        desired: Fields<'_>,
    ) -> Result<(), DriverError> {
        let target = |key: &str, default: KnownValue| -> Result<KnownValue, DriverError> {
            Ok(match (desired.text(key)?, prior.value(key), current.get(key)) {
                (Some(value), _, _) => value,
                (None, None, Some(current)) => current.clone(),
                (None, _, _) => default,
            })
        };
        let description = target("Description", "".into())?;
        let session = match desired.integer("MaxSessionDuration")? {
            Some(seconds) => seconds.into(),
            None => target("MaxSessionDuration", DEFAULT_SESSION.into())?,
        };
        let same_session =
            *current.get("MaxSessionDuration").unwrap_or(&DEFAULT_SESSION.into()) == session;
        if text_in(current, "Description").or(Some("")) == description.expose_str() && same_session
        {
            return Ok(());
        }
        let input = arguments([
            ("RoleName", name.into()),
            ("Description", description),
            ("MaxSessionDuration", session),
        ]);
        self.iam.call("UpdateRole", input).await.map(drop)
    }

    async fn change_trust(
        &self,
        name: &str,
        current: &KnownMap,
        desired: Fields<'_>,
    ) -> Result<(), DriverError> {
        let key = "AssumeRolePolicyDocument";
        let Some(text) = declared_document(desired, key)? else {
            return Ok(());
        };
        let observed = text_in(current, key).map(decoded);
        let declared = desired.value(key).unwrap_or(&text);
        if observed.is_some_and(|observed| same_document(declared, &observed)) {
            return Ok(());
        }
        let input = arguments([("RoleName", name.into()), ("PolicyDocument", text)]);
        let called = self.iam.call("UpdateAssumeRolePolicy", input).await;
        called.map(drop).map_err(principal_not_yet_visible)
    }

    /// Takes the role from the instance profiles that hold it, which keep it from being deleted.
    async fn leave_profiles(&self, name: &str) -> Result<(), DriverError> {
        let named = || arguments([("RoleName", name.into())]);
        let (list, member) = ("InstanceProfiles", Some("InstanceProfileName"));
        let profiles =
            self.iam.listed("ListInstanceProfilesForRole", named(), list, member).await?;
        for profile in profiles.unwrap_or_default() {
            let mut input = named();
            input.insert("InstanceProfileName".to_owned(), profile.into());
            self.iam.call_if_exists("RemoveRoleFromInstanceProfile", input).await?;
        }
        Ok(())
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
        self.iam.change_tags(["TagRole", "UntagRole"], &principal(name).named(), changes).await
    }
}

fn principal(name: &str) -> Principal {
    Principal::new(PrincipalKind::Role, name)
}

fn attributes(role: &KnownMap) -> KnownMap {
    let known = ["Arn", "RoleId"].into_iter();
    known.filter_map(|key| Some((key.to_owned(), role.get(key)?.clone()))).collect()
}

#[async_trait]
impl DirectDriver for Role {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NameRule { property: "RoleName", max_length: 64, separator: Separator::Hyphen })
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let name = identifier.only();
        match self.get(name).await {
            Ok(role) => Ok(Observed::Present(self.object(&role, name, declared).await?)),
            Err(error) if is_gone(&error) => Ok(Observed::Absent),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, "iam:CreateRole");
        let name = fields.required_name("RoleName")?;
        let contents = Contents::declared(fields)?;
        let mut input = arguments([
            ("RoleName", name.as_str().into()),
            ("AssumeRolePolicyDocument", required_document(fields, "AssumeRolePolicyDocument")?),
        ]);
        for key in ["Path", "Description", "PermissionsBoundary"] {
            if let Some(value) = fields.text(key)? {
                input.insert(key.to_owned(), value);
            }
        }
        if let Some(seconds) = fields.integer("MaxSessionDuration")? {
            input.insert("MaxSessionDuration".to_owned(), seconds.into());
        }
        let tags = with_nonce(declared_tags(fields)?, &request.token);
        let called = self.iam.create("CreateRole", input, &tags).await;
        // Nothing but the boundary is looked for, which may just have been made.
        let answer = called.map_err(principal_not_yet_visible).map_err(not_yet_visible)?;
        let physical_id = PhysicalId::from(name.as_str());
        let recorded = effects.created_as(&physical_id).await;
        recorded.map_err(|error| journal_failed("iam:CreateRole", &error))?;
        let attributes = attributes(part(&answer, "Role", "iam:CreateRole")?);
        contents.fill(&self.iam, &principal(&name)).await?;
        Ok(Object::named(physical_id, request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let name = request.identifier.only();
        let desired = Fields::new(&request.properties, "iam:UpdateRole");
        let prior = Fields::new(&request.prior, "iam:UpdateRole");
        // With nothing declared before, this completes a create: the role may not be visible yet.
        let completes = request.prior.is_empty();
        let passing = |error| {
            if completes { not_yet_visible(error) } else { error }
        };
        let (contents, before) = (Contents::declared(desired)?, Contents::declared(prior)?);
        let role = self.get(name).await.map_err(passing)?;
        self.change_trust(name, &role, desired).await.map_err(passing)?;
        self.change_settings(name, &role, prior, desired).await.map_err(passing)?;
        let operations = ["PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"];
        let of = principal(name).named();
        let changed = boundary::change(&self.iam, operations, of, &role, prior, desired).await;
        changed.map_err(passing)?;
        contents.change(&self.iam, &principal(name), &before).await.map_err(passing)?;
        self.change_tags(name, &role, prior, desired).await.map_err(passing)?;
        Ok(Object::named(
            request.identifier.only().into(),
            request.properties.clone(),
            attributes(&role),
        ))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let name = request.identifier.only();
        if empty(&self.iam, &principal(name)).await? {
            self.leave_profiles(name).await?;
            let input = arguments([("RoleName", name.into())]);
            self.iam.call_if_exists("DeleteRole", input).await.map_err(not_yet_empty)?;
        }
        Ok(Progress::Done)
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let input = arguments([("RoleName", identifier.only().into())]);
        self.iam.visible("GetRole", input, &format!("role `{identifier}`")).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let fields = Fields::new(&request.properties, "iam:GetRole");
        let name = fields.required_name("RoleName")?;
        let role = match self.get(&name).await {
            Ok(role) => role,
            Err(error) if is_gone(&error) => return Ok(Found::Absent),
            Err(error) => return Err(error),
        };
        if nonce(role.get("Tags")) == Some(request.token.as_str()) {
            let object = self.object(&role, &name, &request.properties).await?;
            return Ok(Found::Ours(Box::new(object)));
        }
        Ok(not_ours(&format!("a role named `{name}`")))
    }
}

#[cfg(test)]
mod tests;
