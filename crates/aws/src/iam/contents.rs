//! The contents of a role, a user or a group: inline policies and attached managed policies.
//!
//! Only declared policies are a principal's own. Others were put there by an `AWS::IAM::Policy` or an
//! `AWS::IAM::ManagedPolicy` of the same stack, or from outside of it: they are not shown, not
//! drift, and not touched before the principal is deleted, as with CloudFormation.

use std::collections::{BTreeMap, BTreeSet};

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::document::{as_declared, decoded, required_document, same_document};
use super::fields::{Fields, arguments, text_in};
use super::principal::Principal;
use super::service::{Iam, not_yet_visible};

/// A declared inline policy.
struct InlinePolicy {
    /// The document, as it was declared.
    declared: KnownValue,
    /// The document, as a call takes it.
    text: KnownValue,
}

/// The policies that a principal declares.
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

    /// Gives all of them to a principal that was just made.
    pub(super) async fn fill(&self, iam: &Iam, holder: &Principal) -> Result<(), DriverError> {
        for (name, policy) in &self.inline {
            put(iam, holder, name, policy).await.map_err(not_yet_visible)?;
        }
        for arn in &self.managed {
            attach(iam, holder, arn).await?;
        }
        Ok(())
    }

    /// Puts those of them that the principal has into its properties.
    pub(super) async fn show(
        &self,
        iam: &Iam,
        holder: &Principal,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        if !self.inline.is_empty() {
            let mut seen = Vec::new();
            for (name, policy) in &self.inline {
                let Some(observed) = document(iam, holder, name).await? else {
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
            let attached = attached(iam, holder).await?.unwrap_or_default();
            let seen = self.managed.intersection(&attached).map(|arn| arn.as_str().into());
            properties.insert("ManagedPolicyArns".to_owned(), KnownValue::List(seen.collect()));
        }
        Ok(())
    }

    /// Makes the principal hold them, and no longer those that only `prior` declared.
    pub(super) async fn change(
        &self,
        iam: &Iam,
        holder: &Principal,
        prior: &Self,
    ) -> Result<(), DriverError> {
        for (name, policy) in &self.inline {
            let current = document(iam, holder, name).await?;
            if !current.is_some_and(|current| same_document(&policy.declared, &current)) {
                put(iam, holder, name, policy).await?;
            }
        }
        for name in prior.inline.keys().filter(|name| !self.inline.contains_key(*name)) {
            let input = holder.inline(name);
            iam.call_if_exists(holder.kind.operations().delete, input).await?;
        }
        self.change_managed(iam, holder, prior).await
    }

    /// New policies are attached before old ones are detached, unless there is no room for both.
    async fn change_managed(
        &self,
        iam: &Iam,
        holder: &Principal,
        prior: &Self,
    ) -> Result<(), DriverError> {
        if self.managed.is_empty() && prior.managed.is_empty() {
            return Ok(());
        }
        let current = attached(iam, holder).await?.unwrap_or_default();
        let mut old: Vec<&String> =
            prior.managed.difference(&self.managed).filter(|arn| current.contains(*arn)).collect();
        for arn in self.managed.difference(&current) {
            match attach(iam, holder, arn).await {
                Err(error) if error.has_code("LimitExceeded") && !old.is_empty() => {
                    for arn in old.drain(..) {
                        detach(iam, holder, arn).await?;
                    }
                    attach(iam, holder, arn).await?;
                }
                attached => attached?,
            }
        }
        for arn in old {
            detach(iam, holder, arn).await?;
        }
        Ok(())
    }
}

/// Takes all policies from a principal, declared or not: they keep it from being deleted. Says
/// whether the principal exists.
pub(super) async fn empty(iam: &Iam, holder: &Principal) -> Result<bool, DriverError> {
    let Some(attached) = attached(iam, holder).await? else {
        return Ok(false);
    };
    for arn in attached {
        detach(iam, holder, &arn).await?;
    }
    let operations = holder.kind.operations();
    let inline = iam.listed(operations.inline, holder.named(), "PolicyNames", None).await?;
    for name in inline.unwrap_or_default() {
        iam.call_if_exists(operations.delete, holder.inline(&name)).await?;
    }
    Ok(true)
}

async fn document(
    iam: &Iam,
    holder: &Principal,
    name: &str,
) -> Result<Option<KnownValue>, DriverError> {
    let answer = iam.call_if_exists(holder.kind.operations().get, holder.inline(name)).await?;
    Ok(answer.and_then(|answer| text_in(&answer, "PolicyDocument").map(decoded)))
}

async fn attached(iam: &Iam, holder: &Principal) -> Result<Option<BTreeSet<String>>, DriverError> {
    let operation = holder.kind.operations().attached;
    let listed =
        iam.listed(operation, holder.named(), "AttachedPolicies", Some("PolicyArn")).await?;
    Ok(listed.map(BTreeSet::from_iter))
}

async fn put(
    iam: &Iam,
    holder: &Principal,
    name: &str,
    policy: &InlinePolicy,
) -> Result<(), DriverError> {
    let mut input = holder.inline(name);
    input.insert("PolicyDocument".to_owned(), policy.text.clone());
    iam.call(holder.kind.operations().put, input).await.map(drop)
}

/// The policy may just have been made.
async fn attach(iam: &Iam, holder: &Principal, arn: &str) -> Result<(), DriverError> {
    let called = iam.call(holder.kind.operations().attach, holder.managed(arn)).await;
    called.map(drop).map_err(not_yet_visible)
}

async fn detach(iam: &Iam, holder: &Principal, arn: &str) -> Result<(), DriverError> {
    iam.call_if_exists(holder.kind.operations().detach, holder.managed(arn)).await.map(drop)
}
