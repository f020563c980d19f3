//! `AWS::IAM::Policy`: one inline policy, given to users, groups and roles.
//!
//! IAM has no object for it and no identity: it is a name in each of its principals. The physical
//! ID is made up when it is created, as CloudFormation does; what there is to read, change or
//! delete follows from the declared properties.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::document::{as_declared, decoded, required_document, same_document};
use super::fields::{Fields, arguments, journal_failed, text_in};
use super::principal::{Principal, show_principals};
use super::service::{Iam, not_yet_visible};
use crate::api::Api;
use crate::ownership::{made_up_id, made_up_object};

/// The driver of inline policies.
pub(crate) struct Policy {
    iam: Iam,
}

/// An inline policy as it is declared.
struct Declared {
    name: String,
    /// As it was declared.
    document: KnownValue,
    /// As a call takes it.
    text: KnownValue,
    principals: BTreeSet<Principal>,
}

impl Declared {
    fn parse(properties: &KnownMap) -> Result<Self, DriverError> {
        let fields = Fields::new(properties, "iam:PutRolePolicy");
        let text = required_document(fields, "PolicyDocument")?;
        let document = fields.value("PolicyDocument").unwrap_or(&text).clone();
        let principals = Principal::declared(fields)?;
        if principals.is_empty() {
            return Err(fields.invalid("Roles", "is empty, and so are `Users` and `Groups`"));
        }
        Ok(Self { name: fields.required_name("PolicyName")?, document, text, principals })
    }

    /// True if it is where a principal has a policy of the other's name.
    fn stands_at(&self, principal: &Principal, other: &Self) -> bool {
        self.name == other.name && self.principals.contains(principal)
    }
}

impl Policy {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { iam: Iam::new(api) }
    }

    async fn document(
        &self,
        principal: &Principal,
        name: &str,
    ) -> Result<Option<KnownValue>, DriverError> {
        let operation = principal.kind.operations().get;
        let answer = self.iam.call_if_exists(operation, principal.inline(name)).await?;
        Ok(answer.and_then(|answer| text_in(&answer, "PolicyDocument").map(decoded)))
    }

    /// No principal has a policy of the name. Putting one replaces what is there under its name
    /// without a word, so whatever is there would be lost.
    async fn prove_absence(&self, declared: &Declared) -> Result<(), DriverError> {
        for principal in &declared.principals {
            if self.document(principal, &declared.name).await?.is_some() {
                return Err(taken(principal, &declared.name));
            }
        }
        Ok(())
    }

    async fn put(&self, declared: &Declared, principal: &Principal) -> Result<(), DriverError> {
        let mut input = principal.inline(&declared.name);
        input.insert("PolicyDocument".to_owned(), declared.text.clone());
        let called = self.iam.call(principal.kind.operations().put, input).await;
        called.map(drop).map_err(not_yet_visible)
    }

    async fn remove(&self, principal: &Principal, name: &str) -> Result<(), DriverError> {
        let operation = principal.kind.operations().delete;
        self.iam.call_if_exists(operation, principal.inline(name)).await.map(drop)
    }

    /// The policy as it is seen in its principals. A document that is not the declared one in
    /// only some of them is shown for all: it is drift.
    async fn seen(&self, id: &PhysicalId, declared: &Declared) -> Result<Observed, DriverError> {
        let mut holders = BTreeSet::new();
        let mut shown = None;
        for principal in &declared.principals {
            let Some(document) = self.document(principal, &declared.name).await? else {
                continue;
            };
            holders.insert(principal.clone());
            let differs = !same_document(&declared.document, &document);
            if shown.is_none() || differs {
                shown = Some(as_declared(Some(&declared.document), document));
            }
        }
        let Some(document) = shown else {
            return Ok(Observed::Absent);
        };
        let mut properties = arguments([
            ("PolicyName", declared.name.as_str().into()),
            ("PolicyDocument", document),
        ]);
        show_principals(&mut properties, &declared.principals, &holders);
        Ok(Observed::Present(made_up_object(id.clone(), properties)))
    }
}

/// A principal has a foreign policy of the name, which would be lost.
fn taken(principal: &Principal, name: &str) -> DriverError {
    let message = format!(
        "the {} `{}` has an inline policy named `{name}` already, which was not made by this run; \
         remove it or choose another name",
        principal.kind.noun(),
        principal.name,
    );
    DriverError::new(ErrorKind::Conflict, "iam:PutRolePolicy", message)
}

#[async_trait]
impl DirectDriver for Policy {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        self.seen(&identifier.only().into(), &Declared::parse(declared)?).await
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let operation = "iam:PutRolePolicy";
        let declared = Declared::parse(&request.properties)?;
        let physical_id = made_up_id(request);
        if !request.absence_proven {
            self.prove_absence(&declared).await?;
            let recorded = effects.absent().await;
            recorded.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, operation, error.to_string())
            })?;
        }
        for (i, principal) in declared.principals.iter().enumerate() {
            self.put(&declared, principal).await?;
            if i == 0 {
                let recorded = effects.created_as(&physical_id).await;
                recorded.map_err(|error| journal_failed(operation, &error))?;
            }
        }
        Ok(made_up_object(physical_id, request.properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let desired = Declared::parse(&request.properties)?;
        // Without a prior it completes a creation, before which the names were proven to be free.
        let prior = match request.prior.is_empty() {
            true => None,
            false => Some(Declared::parse(&request.prior)?),
        };
        let mut missing = Vec::new();
        for principal in &desired.principals {
            match self.document(principal, &desired.name).await? {
                Some(current) if same_document(&desired.document, &current) => {}
                Some(_) if prior.as_ref().is_some_and(|it| !it.stands_at(principal, &desired)) => {
                    return Err(taken(principal, &desired.name));
                }
                Some(_) | None => missing.push(principal),
            }
        }
        for principal in missing {
            self.put(&desired, principal).await?;
        }
        if let Some(prior) = prior {
            for principal in &prior.principals {
                if !desired.stands_at(principal, &prior) {
                    self.remove(principal, &prior.name).await?;
                }
            }
        }
        Ok(made_up_object(request.identifier.only().into(), request.properties.clone()))
    }

    /// Where the policy was remembered to be, update and deletion see to it. Elsewhere a policy
    /// that is not as it would have been put is foreign.
    async fn revert_partial_update(
        &self,
        in_doubt: &KnownMap,
        prior: &KnownMap,
    ) -> Result<(), DriverError> {
        let (in_doubt, prior) = (Declared::parse(in_doubt)?, Declared::parse(prior)?);
        for principal in &in_doubt.principals {
            if prior.stands_at(principal, &in_doubt) {
                continue;
            }
            let document = self.document(principal, &in_doubt.name).await?;
            if document.is_some_and(|document| same_document(&in_doubt.document, &document)) {
                self.remove(principal, &in_doubt.name).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let prior = Declared::parse(&request.prior)?;
        for principal in &prior.principals {
            self.remove(principal, &prior.name).await?;
        }
        Ok(Progress::Done)
    }

    /// Before it was proven that the name is free nothing was put. After that, putting it again
    /// changes nothing, and it is taken for ours as soon as one principal has it as declared: an
    /// update gives it to the others.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let declared = Declared::parse(&request.properties)?;
        for principal in &declared.principals {
            let document = self.document(principal, &declared.name).await?;
            if document.is_some_and(|document| same_document(&declared.document, &document)) {
                let object = made_up_object(made_up_id(request), request.properties.clone());
                return Ok(Found::Ours(Box::new(object)));
            }
        }
        Ok(Found::Absent)
    }
}

#[cfg(test)]
mod tests;
