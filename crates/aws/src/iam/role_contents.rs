//! The contents of a role: inline policies and attached managed policies.
//!
//! Only declared policies are a role's own. Others were put there by an `AWS::IAM::Policy` or an
//! `AWS::IAM::ManagedPolicy` of the same stack, or from outside of it: they are not shown, not
//! drift, and not touched before the role is deleted, as with CloudFormation.

use std::collections::{BTreeMap, BTreeSet};

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::document::{as_declared, decoded, required_document, same_document};
use super::fields::{Fields, arguments, text_in};
use super::principal::{Principal, PrincipalKind};
use super::service::{Iam, not_yet_visible};

/// A declared inline policy.
struct InlinePolicy {
    /// The document, as it was declared.
    declared: KnownValue,
    /// The document, as a call takes it.
    text: KnownValue,
}

/// The policies that a role declares.
pub(super) struct Contents {
    inline: BTreeMap<String, InlinePolicy>,
    managed: BTreeSet<String>,
}

impl Contents {
    pub(super) fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        let mut inline = BTreeMap::new();
        for policy in fields.trees("Policies")? {
            let name = policy.required_name("PolicyName")?;
            let text = required_document(policy, "PolicyDocument")?;
            let declared = policy.value("PolicyDocument").cloned().unwrap_or(KnownValue::Null);
            inline.insert(name, InlinePolicy { declared, text });
        }
        Ok(Self { inline, managed: fields.names("ManagedPolicyArns")? })
    }

    /// Gives all of them to a role that was just made.
    pub(super) async fn fill(&self, iam: &Iam, role: &str) -> Result<(), DriverError> {
        for (name, policy) in &self.inline {
            put(iam, role, name, policy).await.map_err(not_yet_visible)?;
        }
        for arn in &self.managed {
            attach(iam, role, arn).await.map_err(not_yet_visible)?;
        }
        Ok(())
    }

    /// Puts those of them that the role has into its properties.
    pub(super) async fn show(
        &self,
        iam: &Iam,
        role: &str,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        if !self.inline.is_empty() {
            let mut seen = Vec::new();
            for (name, policy) in &self.inline {
                let Some(observed) = document(iam, role, name).await? else {
                    continue;
                };
                let document = as_declared(Some(&policy.declared), observed);
                seen.push(
                    arguments([("PolicyName", name.as_str().into()), ("PolicyDocument", document)])
                        .into(),
                );
            }
            properties.insert("Policies".to_owned(), KnownValue::List(seen));
        }
        if !self.managed.is_empty() {
            let attached = attached(iam, role).await?.unwrap_or_default();
            let seen = self.managed.intersection(&attached).map(|arn| arn.as_str().into());
            properties.insert("ManagedPolicyArns".to_owned(), KnownValue::List(seen.collect()));
        }
        Ok(())
    }

    /// Makes the role hold them, and no longer those that only `prior` declared.
    pub(super) async fn change(
        &self,
        iam: &Iam,
        role: &str,
        prior: &Self,
    ) -> Result<(), DriverError> {
        for (name, policy) in &self.inline {
            let current = document(iam, role, name).await?;
            if !current.is_some_and(|current| same_document(&policy.declared, &current)) {
                put(iam, role, name, policy).await?;
            }
        }
        for name in prior.inline.keys().filter(|name| !self.inline.contains_key(*name)) {
            let input = principal(role).inline(name);
            iam.call_if_exists("DeleteRolePolicy", input).await?;
        }
        self.change_managed(iam, role, prior).await
    }

    /// New policies are attached before old ones are detached, unless there is no room for both.
    async fn change_managed(&self, iam: &Iam, role: &str, prior: &Self) -> Result<(), DriverError> {
        if self.managed.is_empty() && prior.managed.is_empty() {
            return Ok(());
        }
        let current = attached(iam, role).await?.unwrap_or_default();
        let mut old: Vec<&String> =
            prior.managed.difference(&self.managed).filter(|arn| current.contains(*arn)).collect();
        for arn in self.managed.difference(&current) {
            match attach(iam, role, arn).await {
                Err(error) if error.has_code("LimitExceeded") && !old.is_empty() => {
                    for arn in old.drain(..) {
                        detach(iam, role, arn).await?;
                    }
                    attach(iam, role, arn).await?;
                }
                attached => attached?,
            }
        }
        for arn in old {
            detach(iam, role, arn).await?;
        }
        Ok(())
    }
}

/// Takes everything from a role that keeps it from being deleted, declared or not. Says
/// whether the role exists.
pub(super) async fn empty(iam: &Iam, role: &str) -> Result<bool, DriverError> {
    let Some(attached) = attached(iam, role).await? else {
        return Ok(false);
    };
    for arn in attached {
        detach(iam, role, &arn).await?;
    }
    let named = || arguments([("RoleName", role.into())]);
    let inline = iam.listed("ListRolePolicies", named(), "PolicyNames", None).await?;
    for name in inline.unwrap_or_default() {
        iam.call_if_exists("DeleteRolePolicy", principal(role).inline(&name)).await?;
    }
    let profiles = iam
        .listed(
            "ListInstanceProfilesForRole",
            named(),
            "InstanceProfiles",
            Some("InstanceProfileName"),
        )
        .await?;
    for profile in profiles.unwrap_or_default() {
        let mut input = named();
        input.insert("InstanceProfileName".to_owned(), profile.into());
        iam.call_if_exists("RemoveRoleFromInstanceProfile", input).await?;
    }
    Ok(true)
}

fn principal(role: &str) -> Principal {
    Principal { kind: PrincipalKind::Role, name: role.to_owned() }
}

async fn document(iam: &Iam, role: &str, name: &str) -> Result<Option<KnownValue>, DriverError> {
    let answer = iam.call_if_exists("GetRolePolicy", principal(role).inline(name)).await?;
    Ok(answer.and_then(|answer| text_in(&answer, "PolicyDocument").map(decoded)))
}

async fn attached(iam: &Iam, role: &str) -> Result<Option<BTreeSet<String>>, DriverError> {
    let input = arguments([("RoleName", role.into())]);
    let listed =
        iam.listed("ListAttachedRolePolicies", input, "AttachedPolicies", Some("PolicyArn"));
    Ok(listed.await?.map(BTreeSet::from_iter))
}

async fn put(iam: &Iam, role: &str, name: &str, policy: &InlinePolicy) -> Result<(), DriverError> {
    let mut input = principal(role).inline(name);
    input.insert("PolicyDocument".to_owned(), policy.text.clone());
    iam.call("PutRolePolicy", input).await.map(drop)
}

async fn attach(iam: &Iam, role: &str, arn: &str) -> Result<(), DriverError> {
    iam.call("AttachRolePolicy", principal(role).managed(arn)).await.map(drop)
}

async fn detach(iam: &Iam, role: &str, arn: &str) -> Result<(), DriverError> {
    iam.call_if_exists("DetachRolePolicy", principal(role).managed(arn)).await.map(drop)
}
