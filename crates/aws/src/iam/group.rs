//! `AWS::IAM::Group`.
//!
//! A group has no tags. It is known again by its name, by the durable proof that the name was free,
//! and by its path; an update completes what it holds.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, PhysicalId};

use super::contents::{Contents, empty};
use super::fields::{Fields, arguments, journal_failed, part, text_in};
use super::principal::{Principal, PrincipalKind};
use super::service::{Iam, awaited, not_yet_empty, not_yet_visible};
use crate::api::Api;

/// The path of a group that declares none.
const ROOT: &str = "/";

/// The driver of groups. The physical ID is the name.
pub(crate) struct Group {
    iam: Iam,
}

fn principal(name: &str) -> Principal {
    Principal::new(PrincipalKind::Group, name)
}

fn attributes(group: &KnownMap) -> KnownMap {
    group.get("Arn").map(|arn| ("Arn".to_owned(), arn.clone())).into_iter().collect()
}

impl Group {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { iam: Iam::new(api) }
    }

    /// The group as IAM describes it; `None` if it is not there.
    async fn get(&self, name: &str) -> Result<Option<KnownMap>, DriverError> {
        let mut input = principal(name).named();
        // Its members are of no interest.
        input.insert("MaxItems".to_owned(), 1.into());
        let Some(answer) = self.iam.call_if_exists("GetGroup", input).await? else {
            return Ok(None);
        };
        part(&answer, "Group", "iam:GetGroup").cloned().map(Some)
    }

    /// The group of a name that must be there.
    async fn existing(&self, name: &str) -> Result<KnownMap, DriverError> {
        let missing = || {
            let message = format!("the group `{name}` does not exist");
            DriverError::new(ErrorKind::NotFound, "iam:GetGroup", message)
        };
        self.get(name).await?.ok_or_else(missing)
    }

    /// The group in the vocabulary of the template.
    async fn object(
        &self,
        group: &KnownMap,
        name: &str,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let contents = Contents::declared(Fields::new(declared, "iam:GetGroup"))?;
        let mut properties = KnownMap::new();
        for key in ["GroupName", "Path"] {
            properties.extend(group.get(key).map(|value| (key.to_owned(), value.clone())));
        }
        contents.show(&self.iam, &principal(name), &mut properties).await?;
        Ok(Object::named(name.into(), properties, attributes(group)))
    }

    /// Moves the group to its declared path, or back to the default if one was declared before. Says
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
            (None, Some(_)) => ROOT.into(),
            (None, None) => return Ok(false),
        };
        if wanted.expose_str() == text_in(current, "Path") {
            return Ok(false);
        }
        let input = arguments([("GroupName", name.into()), ("NewPath", wanted)]);
        self.iam.call("UpdateGroup", input).await.map(|_| true)
    }
}

#[async_trait]
impl DirectDriver for Group {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NameRule { property: "GroupName", max_length: 128, separator: Separator::Hyphen })
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let name = identifier.only();
        Ok(match self.get(name).await? {
            Some(group) => Observed::Present(self.object(&group, name, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let operation = "iam:CreateGroup";
        let fields = Fields::new(&request.properties, operation);
        let name = fields.required_name("GroupName")?;
        let contents = Contents::declared(fields)?;
        let mut input = principal(&name).named();
        if let Some(path) = fields.text("Path")? {
            input.insert("Path".to_owned(), path);
        }
        if !request.absence_proven {
            if self.get(&name).await?.is_some() {
                let message = format!(
                    "a group named `{name}` exists already and was not made by this run; choose \
                     another name"
                );
                return Err(DriverError::new(ErrorKind::Conflict, operation, message));
            }
            let recorded = effects.absent().await;
            recorded.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, operation, error.to_string())
            })?;
        }
        let answer = self.iam.call("CreateGroup", input).await?;
        let physical_id = PhysicalId::from(name.as_str());
        let recorded = effects.created_as(&physical_id).await;
        recorded.map_err(|error| journal_failed(operation, &error))?;
        contents.fill(&self.iam, &principal(&name)).await?;
        let attributes = attributes(part(&answer, "Group", operation)?);
        Ok(Object::named(physical_id, request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let name = request.identifier.only();
        let desired = Fields::new(&request.properties, "iam:UpdateGroup");
        let prior = Fields::new(&request.prior, "iam:UpdateGroup");
        // With nothing declared before, this completes a create: it may not be visible yet.
        let completes = request.prior.is_empty();
        let passing = |error| {
            if completes { not_yet_visible(error) } else { error }
        };
        let (contents, before) = (Contents::declared(desired)?, Contents::declared(prior)?);
        let mut group = self.existing(name).await.map_err(passing)?;
        contents.change(&self.iam, &principal(name), &before).await.map_err(passing)?;
        if self.change_path(name, &group, prior, desired).await.map_err(passing)? {
            group = self.existing(name).await?;
        }
        Ok(Object::named(name.into(), request.properties.clone(), attributes(&group)))
    }

    /// Members that the stack does not declare keep the group from being deleted, as with
    /// CloudFormation.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let group = principal(request.identifier.only());
        if empty(&self.iam, &group).await? {
            let deleted = self.iam.call_if_exists("DeleteGroup", group.named()).await;
            deleted.map_err(not_yet_empty)?;
        }
        Ok(Progress::Done)
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let group = self.get(identifier.only()).await?;
        Ok(group.map_or_else(|| awaited(&format!("group `{identifier}`")), |_| Progress::Done))
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let fields = Fields::new(&request.properties, "iam:GetGroup");
        let (name, path) = (fields.required_name("GroupName")?, fields.name("Path")?);
        let Some(group) = self.get(&name).await? else { return Ok(Found::Absent) };
        let same_path = text_in(&group, "Path") == Some(path.as_deref().unwrap_or(ROOT));
        // Names are not distinguished by the case of their letters.
        if same_path && text_in(&group, "GroupName") == Some(name.as_str()) {
            let object = self.object(&group, &name, &request.properties).await?;
            return Ok(Found::Ours(Box::new(object)));
        }
        let why = format!("a group named `{name}` exists, but not as declared");
        Ok(Found::Ambiguous { why })
    }
}

#[cfg(test)]
mod tests;
