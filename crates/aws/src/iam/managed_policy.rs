//! `AWS::IAM::ManagedPolicy`.
//!
//! A document is changed by a new default version. Principals that the template does not declare
//! may have the policy too: they are not shown, and lose it only when it is deleted.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, Token};

use super::document::{as_declared, declared_document, decoded, required_document, same_document};
use super::fields::{Fields, arguments, journal_failed, part, text_in};
use super::principal::{Principal, PrincipalKind, show_principals};
use super::service::{Iam, is_gone, items, not_ours, not_yet_empty, not_yet_visible, without_tags};
use super::tags::{Tags, nonce, with_nonce};
use crate::api::Api;

/// The number of versions that a policy can have.
const MOST_VERSIONS: usize = 5;

/// The driver of managed policies. The physical ID is the ARN.
pub(crate) struct ManagedPolicy {
    iam: Iam,
}

impl ManagedPolicy {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { iam: Iam::new(api) }
    }

    async fn get(&self, arn: &str) -> Result<KnownMap, DriverError> {
        let answer = self.iam.call("GetPolicy", named(arn)).await?;
        part(&answer, "Policy", "iam:GetPolicy").cloned()
    }

    /// The document of the default version.
    async fn document(&self, policy: &KnownMap, arn: &str) -> Result<KnownValue, DriverError> {
        let mut input = named(arn);
        let version = text_in(policy, "DefaultVersionId").unwrap_or("v1");
        input.insert("VersionId".to_owned(), version.into());
        let answer = self.iam.call("GetPolicyVersion", input).await?;
        let version = part(&answer, "PolicyVersion", "iam:GetPolicyVersion")?;
        Ok(text_in(version, "Document").map_or(KnownValue::Null, decoded))
    }

    /// The principals that have the policy among their permissions.
    async fn holders(&self, arn: &str) -> Result<BTreeSet<Principal>, DriverError> {
        let mut input = named(arn);
        input.insert("PolicyUsageFilter".to_owned(), "PermissionsPolicy".into());
        let pages = self.iam.pages("ListEntitiesForPolicy", input).await?.unwrap_or_default();
        let mut holders = BTreeSet::new();
        for kind in PrincipalKind::ALL {
            let entries = pages.iter().flat_map(|page| items(page, kind.entities()));
            holders.extend(entries.filter_map(|entry| {
                let name = entry.get(kind.member())?.expose_str()?.to_owned();
                Some(Principal { kind, name })
            }));
        }
        Ok(holders)
    }

    async fn attach(&self, arn: &str, principal: &Principal) -> Result<(), DriverError> {
        let operation = principal.kind.operations().attach;
        let called = self.iam.call(operation, principal.managed(arn)).await;
        called.map(drop).map_err(not_yet_visible)
    }

    async fn detach(&self, arn: &str, principal: &Principal) -> Result<(), DriverError> {
        let operation = principal.kind.operations().detach;
        self.iam.call_if_exists(operation, principal.managed(arn)).await.map(drop)
    }

    /// The policy in the vocabulary of the template.
    async fn object(
        &self,
        policy: &KnownMap,
        arn: &str,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let principals = Principal::declared(Fields::new(declared, "iam:GetPolicy"))?;
        let mut properties = KnownMap::new();
        let given =
            [("ManagedPolicyName", "PolicyName"), ("Path", "Path"), ("Description", "Description")];
        for (property, member) in given {
            if let Some(value) = policy.get(member) {
                properties.insert(property.to_owned(), value.clone());
            }
        }
        let document = self.document(policy, arn).await?;
        let document = as_declared(declared.get("PolicyDocument"), document);
        properties.insert("PolicyDocument".to_owned(), document);
        if !principals.is_empty() {
            let holders = self.holders(arn).await?;
            let seen = principals.intersection(&holders).cloned().collect();
            show_principals(&mut properties, &principals, &seen);
        }
        Ok(Object::named(arn.into(), properties, attributes(policy, arn)))
    }

    /// Makes the document the default version, unless it is.
    async fn change_document(
        &self,
        policy: &KnownMap,
        arn: &str,
        desired: Fields<'_>,
    ) -> Result<(), DriverError> {
        let key = "PolicyDocument";
        let Some(text) = declared_document(desired, key)? else {
            return Ok(());
        };
        let current = self.document(policy, arn).await?;
        if same_document(desired.value(key).unwrap_or(&text), &current) {
            return Ok(());
        }
        let versions = self.versions(arn).await?;
        if versions.len() >= MOST_VERSIONS
            && let Some(oldest) = versions.iter().find(|version| !version.is_default)
        {
            self.delete_version(arn, &oldest.id).await?;
        }
        let mut input = named(arn);
        input.insert("PolicyDocument".to_owned(), text);
        input.insert("SetAsDefault".to_owned(), true.into());
        self.iam.call("CreatePolicyVersion", input).await.map(drop)
    }

    /// The versions, the oldest first.
    async fn versions(&self, arn: &str) -> Result<Vec<Version>, DriverError> {
        let pages = self.iam.pages("ListPolicyVersions", named(arn)).await?.unwrap_or_default();
        let entries = pages.iter().flat_map(|page| items(page, "Versions"));
        let mut versions: Vec<Version> = entries.filter_map(Version::parse).collect();
        versions.sort_by_key(|version| version.number);
        Ok(versions)
    }

    async fn delete_version(&self, arn: &str, id: &str) -> Result<(), DriverError> {
        let mut input = named(arn);
        input.insert("VersionId".to_owned(), id.into());
        self.iam.call_if_exists("DeletePolicyVersion", input).await.map(drop)
    }

    async fn change_principals(
        &self,
        arn: &str,
        prior: &BTreeSet<Principal>,
        desired: &BTreeSet<Principal>,
    ) -> Result<(), DriverError> {
        if prior.is_empty() && desired.is_empty() {
            return Ok(());
        }
        let current = self.holders(arn).await?;
        for principal in desired.difference(&current) {
            self.attach(arn, principal).await?;
        }
        for principal in prior.difference(desired).filter(|old| current.contains(*old)) {
            self.detach(arn, principal).await?;
        }
        Ok(())
    }

    /// The ARN of the customer's policy of this name. Names are unique in an account whatever the
    /// path and the case of their letters.
    async fn arn_of(&self, name: &str) -> Result<Option<String>, DriverError> {
        let input = arguments([("Scope", "Local".into()), ("MaxItems", 1000.into())]);
        let pages = self.iam.pages("ListPolicies", input).await?.unwrap_or_default();
        let mut entries = pages.iter().flat_map(|page| items(page, "Policies"));
        let same = |entry: &&KnownValue| {
            let found = entry.get("PolicyName").and_then(KnownValue::as_str);
            found.is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        let arn = entries.find(same).and_then(|entry| entry.get("Arn")?.as_str());
        Ok(arn.map(str::to_owned))
    }

    /// True if the policy's tags say that this operation made it, if they may be listed.
    async fn is_ours(&self, arn: &str, token: &Token) -> Result<bool, DriverError> {
        let pages = self.iam.pages("ListPolicyTags", named(arn)).await.or_else(without_tags)?;
        Ok(pages
            .unwrap_or_default()
            .iter()
            .any(|page| nonce(page.get("Tags")) == Some(token.as_str())))
    }
}

/// One version of a policy. Their numbers only grow.
struct Version {
    number: u64,
    id: String,
    is_default: bool,
}

impl Version {
    fn parse(entry: &KnownValue) -> Option<Self> {
        let id = entry.get("VersionId")?.as_str()?.to_owned();
        let number = id.strip_prefix('v').and_then(|number| number.parse().ok()).unwrap_or(0);
        let is_default = entry.get("IsDefaultVersion") == Some(&KnownValue::Bool(true));
        Some(Self { number, id, is_default })
    }
}

fn named(arn: &str) -> KnownMap {
    arguments([("PolicyArn", arn.into())])
}

fn attributes(policy: &KnownMap, arn: &str) -> KnownMap {
    let mut attributes = arguments([("PolicyArn", arn.into())]);
    for key in [
        "AttachmentCount",
        "CreateDate",
        "DefaultVersionId",
        "IsAttachable",
        "PermissionsBoundaryUsageCount",
        "PolicyId",
        "UpdateDate",
    ] {
        if let Some(value) = policy.get(key) {
            attributes.insert(key.to_owned(), value.clone());
        }
    }
    attributes
}

#[async_trait]
impl DirectDriver for ManagedPolicy {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        let separator = Separator::Hyphen;
        Some(NameRule { property: "ManagedPolicyName", max_length: 128, separator })
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let arn = identifier.only();
        match self.get(arn).await {
            Ok(policy) => Ok(Observed::Present(self.object(&policy, arn, declared).await?)),
            Err(error) if is_gone(&error) => Ok(Observed::Absent),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let operation = "iam:CreatePolicy";
        let fields = Fields::new(&request.properties, operation);
        let principals = Principal::declared(fields)?;
        let mut input = arguments([
            ("PolicyName", fields.required("ManagedPolicyName")?),
            ("PolicyDocument", required_document(fields, "PolicyDocument")?),
        ]);
        for key in ["Path", "Description"] {
            if let Some(value) = fields.text(key)? {
                input.insert(key.to_owned(), value);
            }
        }
        let tags = with_nonce(Tags::new(), &request.token);
        let answer = self.iam.create("CreatePolicy", input, &tags).await?;
        let policy = part(&answer, "Policy", operation)?;
        let arn = text_in(policy, "Arn").ok_or_else(|| {
            let message = "the answer does not hold the policy's ARN";
            DriverError::new(ErrorKind::UnknownOutcome, operation, message)
        })?;
        let physical_id = PhysicalId::from(arn);
        let recorded = effects.created_as(&physical_id).await;
        recorded.map_err(|error| journal_failed(operation, &error))?;
        for principal in &principals {
            self.attach(arn, principal).await?;
        }
        let mut attributes = attributes(policy, arn);
        if let Ok(count) = i64::try_from(principals.len()) {
            attributes.insert("AttachmentCount".to_owned(), count.into());
        }
        Ok(Object::named(physical_id, request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let arn = request.identifier.only();
        let desired = Fields::new(&request.properties, "iam:CreatePolicyVersion");
        let prior = Fields::new(&request.prior, "iam:CreatePolicyVersion");
        let (principals, before) = (Principal::declared(desired)?, Principal::declared(prior)?);
        // With nothing declared before, this completes a create: it may not be visible yet.
        let completes = request.prior.is_empty();
        let passing = |error| {
            if completes { not_yet_visible(error) } else { error }
        };
        let policy = self.get(arn).await.map_err(passing)?;
        self.change_document(&policy, arn, desired).await.map_err(passing)?;
        self.change_principals(arn, &before, &principals).await?;
        let changed = self.get(arn).await.map_err(passing)?;
        Ok(Object::named(
            request.identifier.only().into(),
            request.properties.clone(),
            attributes(&changed, arn),
        ))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let arn = request.identifier.only();
        for principal in self.holders(arn).await? {
            self.detach(arn, &principal).await?;
        }
        for version in self.versions(arn).await? {
            if !version.is_default {
                self.delete_version(arn, &version.id).await?;
            }
        }
        self.iam.call_if_exists("DeletePolicy", named(arn)).await.map_err(not_yet_empty)?;
        Ok(Progress::Done)
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let fields = Fields::new(&request.properties, "iam:ListPolicies");
        let name = fields.required_name("ManagedPolicyName")?;
        let Some(arn) = self.arn_of(&name).await? else {
            return Ok(Found::Absent);
        };
        if !self.is_ours(&arn, &request.token).await? {
            return Ok(not_ours(&format!("the policy `{arn}`")));
        }
        let policy = self.get(&arn).await?;
        let object = self.object(&policy, &arn, &request.properties).await?;
        Ok(Found::Ours(Box::new(object)))
    }
}

#[cfg(test)]
mod tests;
