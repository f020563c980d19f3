//! The driver of attached policies.
//!
//! An object has one policy, and setting it replaces what was there without a word. A policy that
//! means something else than the declared one when it is to be taken back was put by another owner,
//! and stays: two resources may exchange an object in one run.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::declared::Declared;
use super::holder::Holder;
use crate::api::Api;
use crate::iam::{
    arguments, as_declared, decoded, is_partly_unknown, journal_failed, names_principal,
    same_document,
};
use crate::ownership::{made_up_id, made_up_object};

/// The driver of one type of attached policies.
pub(crate) struct AttachedPolicy {
    api: Arc<dyn Api>,
    kind: Holder,
}

impl AttachedPolicy {
    /// A driver that calls the service of the holders.
    pub(crate) fn new(api: Arc<dyn Api>, kind: Holder) -> Self {
        Self { api, kind }
    }

    fn parse(&self, properties: &KnownMap) -> Result<Declared, DriverError> {
        Declared::parse(self.kind, properties)
    }

    /// The policy of an object; `None` if it has none, or does not exist.
    async fn policy(&self, name: &str) -> Result<Option<KnownValue>, DriverError> {
        let (operation, input) = self.kind.get(name);
        let answer = self.api.call_if_exists(operation, input).await?;
        Ok(answer.and_then(|answer| self.kind.policy(&answer).map(decoded)))
    }

    async fn put(&self, name: &str, declared: &Declared) -> Result<(), DriverError> {
        let (operation, input) = self.kind.set(name, declared.text.clone());
        let called = self.api.call(operation, input).await;
        called.map(drop).map_err(|error| not_yet_visible(error, &declared.document))
    }

    /// Takes back the policy of an object, if it is the one that was declared for it.
    async fn take_back(&self, name: &str, declared: &Declared) -> Result<(), DriverError> {
        let own = self
            .policy(name)
            .await?
            .is_some_and(|policy| declared.is(&policy) && !self.kind.is_default(name, &policy));
        if own { self.unset(name).await } else { Ok(()) }
    }

    async fn unset(&self, name: &str) -> Result<(), DriverError> {
        let (operation, input) = self.kind.set(name, self.kind.unset(name));
        match self.api.call(operation, input).await {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The policy as it is seen in its holders. One that is not the declared one in only some of
    /// them is shown for all: it is drift.
    async fn seen(&self, id: &PhysicalId, declared: &Declared) -> Result<Observed, DriverError> {
        let (mut holders, mut shown) = (Vec::new(), None);
        for name in &declared.holders {
            let Some(policy) = self.policy(name).await? else { continue };
            let same = same_document(&declared.document, &policy);
            if !same && self.kind.is_default(name, &policy) {
                continue;
            }
            holders.push(KnownValue::from(name.as_str()));
            if shown.is_none() || !same {
                shown = Some(as_declared(Some(&declared.document), policy));
            }
        }
        let Some(document) = shown else { return Ok(Observed::Absent) };
        let properties = arguments([
            ("PolicyDocument", document),
            (self.kind.property(), KnownValue::List(holders)),
        ]);
        Ok(Observed::Present(made_up_object(id.clone(), properties)))
    }
}

/// The error of a call that sets a policy: one that passes, if the object, or a principal of the
/// document, may have been made a moment ago. SQS says the same of a principal that it does not know
/// as of any other problem.
fn not_yet_visible(error: DriverError, document: &KnownValue) -> DriverError {
    let message = error.message.to_ascii_lowercase();
    let principal = names_principal(document)
        && (message.contains("principalnotfound")
            || message.contains("invalid value for the parameter policy"));
    if error.kind == ErrorKind::NotFound || principal {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

#[async_trait]
impl DirectDriver for AttachedPolicy {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        self.seen(&identifier.only().into(), &self.parse(declared)?).await
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let declared = self.parse(&request.properties)?;
        let physical_id = made_up_id(request);
        for (i, name) in declared.holders.iter().enumerate() {
            self.put(name, &declared).await?;
            if i == 0 {
                let recorded = effects.created_as(&physical_id).await;
                recorded.map_err(|error| journal_failed(self.kind.action(), &error))?;
            }
        }
        Ok(made_up_object(physical_id, request.properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let desired = self.parse(&request.properties)?;
        for name in &desired.holders {
            let policy = self.policy(name).await?;
            if !policy.is_some_and(|policy| same_document(&desired.document, &policy)) {
                self.put(name, &desired).await?;
            }
        }
        // Without a prior it completes a creation.
        if !request.prior.is_empty() {
            let prior = self.parse(&request.prior)?;
            for name in prior.holders.iter().filter(|name| !desired.is_held_by(name)) {
                self.take_back(name, &prior).await?;
            }
        }
        Ok(made_up_object(request.identifier.only().into(), request.properties.clone()))
    }

    /// Every object that has the policy of the update gets back what it had, so that a deletion
    /// finds it. One with a secret cannot be put again; a deletion takes back whatever is there then.
    async fn revert_partial_update(
        &self,
        in_doubt: &KnownMap,
        prior: &KnownMap,
    ) -> Result<(), DriverError> {
        let (in_doubt, prior) = (self.parse(in_doubt)?, self.parse(prior)?);
        let known = !is_partly_unknown(&prior.document);
        for name in &in_doubt.holders {
            let Some(policy) = self.policy(name).await? else { continue };
            if !prior.is_held_by(name) {
                self.take_back(name, &in_doubt).await?;
            } else if in_doubt.is(&policy) && known && !same_document(&prior.document, &policy) {
                self.put(name, &prior).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let prior = self.parse(&request.prior)?;
        for name in &prior.holders {
            self.take_back(name, &prior).await?;
        }
        Ok(Progress::Done)
    }

    /// Setting the policy again changes nothing, so it is taken for ours as soon as one object has
    /// it as declared: an update gives it to the others.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let declared = self.parse(&request.properties)?;
        for name in &declared.holders {
            let policy = self.policy(name).await?;
            if policy.is_some_and(|policy| same_document(&declared.document, &policy)) {
                let object = made_up_object(made_up_id(request), request.properties.clone());
                return Ok(Found::Ours(Box::new(object)));
            }
        }
        Ok(Found::Absent)
    }
}
