//! The driver of additions.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, PhysicalId};

use super::kind::{Kind, Members};
use crate::iam::journal_failed;
use crate::ownership::{made_up_id, made_up_object};

/// The driver of one type of additions.
pub(crate) struct Addition<K>(pub(crate) K);

impl<K: Kind> Addition<K> {
    /// The declared members that are in the set; `None` if there is no such set.
    async fn there(&self, declared: &Members) -> Result<Option<Vec<String>>, DriverError> {
        let held = self.0.held(declared).await?;
        Ok(held.map(|held| {
            let there = declared.members.iter().filter(|member| held.contains(*member));
            there.cloned().collect()
        }))
    }

    /// No declared member is in the set.
    async fn prove_absence(&self, declared: &Members) -> Result<(), DriverError> {
        let facts = K::FACTS;
        let Some(there) = self.there(declared).await? else {
            let message = format!("there is no {} `{}`", facts.noun, declared.name);
            return Err(DriverError::new(ErrorKind::DependencyNotReady, facts.action, message));
        };
        let Some(member) = there.first() else { return Ok(()) };
        let message = format!(
            "the {} `{}` has the {} `{member}` already, which was not added by this run; take it \
             out, or do not declare it",
            facts.noun, declared.name, facts.member
        );
        Err(DriverError::new(ErrorKind::Conflict, facts.action, message))
    }

    /// Adds those of these members that are not in the set.
    async fn complete(&self, declared: &Members) -> Result<(), DriverError> {
        let there = self.there(declared).await?.unwrap_or_default();
        let there: BTreeSet<String> = there.into_iter().collect();
        let missing = declared.members.iter().filter(|member| !there.contains(*member));
        let missing: Vec<&str> = missing.map(String::as_str).collect();
        for batch in missing.chunks(K::FACTS.batch) {
            self.0.add(&declared.set, batch).await?;
        }
        Ok(())
    }

    /// Takes those of these members out of the set that are in it.
    async fn take_out(&self, members: &Members) -> Result<(), DriverError> {
        if members.members.is_empty() {
            return Ok(());
        }
        let there = self.there(members).await?.unwrap_or_default();
        let there: Vec<&str> = there.iter().map(String::as_str).collect();
        for batch in there.chunks(K::FACTS.batch) {
            self.0.remove(&members.set, batch).await?;
        }
        Ok(())
    }
}

/// Those members of the one that the other does not declare.
fn without(one: &Members, other: &Members) -> Members {
    let kept = |member: &&String| one.set != other.set || !other.members.contains(*member);
    let members = one.members.iter().filter(kept).cloned().collect();
    Members { members, ..one.clone() }
}

#[async_trait]
impl<K: Kind> DirectDriver for Addition<K> {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let declared = self.0.declared(declared)?;
        let there = self.there(&declared).await?.unwrap_or_default();
        if there.is_empty() {
            return Ok(Observed::Absent);
        }
        let there: Vec<&str> = there.iter().map(String::as_str).collect();
        let properties = self.0.shown(&declared.set, &there);
        Ok(Observed::Present(made_up_object(identifier.only().into(), properties)))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let action = K::FACTS.action;
        let declared = self.0.declared(&request.properties)?;
        let physical_id = made_up_id(request);
        if !request.absence_proven {
            self.prove_absence(&declared).await?;
            let recorded = effects.absent().await;
            recorded.map_err(|error| journal_failed(action, &error))?;
        }
        let members: Vec<&str> = declared.members.iter().map(String::as_str).collect();
        for (number, batch) in members.chunks(K::FACTS.batch).enumerate() {
            self.0.add(&declared.set, batch).await?;
            if number == 0 {
                let recorded = effects.created_as(&physical_id).await;
                recorded.map_err(|error| journal_failed(action, &error))?;
            }
        }
        Ok(made_up_object(physical_id, request.properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let desired = self.0.declared(&request.properties)?;
        self.complete(&desired).await?;
        // Without a prior it completes a creation.
        if !request.prior.is_empty() {
            let prior = self.0.declared(&request.prior)?;
            self.take_out(&without(&prior, &desired)).await?;
        }
        let physical_id = PhysicalId::from(request.identifier.only());
        Ok(made_up_object(physical_id, request.properties.clone()))
    }

    /// Members that the update added are taken out, so that a deletion finds what it declares.
    async fn revert_partial_update(
        &self,
        in_doubt: &KnownMap,
        prior: &KnownMap,
    ) -> Result<(), DriverError> {
        let (in_doubt, prior) = (self.0.declared(in_doubt)?, self.0.declared(prior)?);
        self.take_out(&without(&in_doubt, &prior)).await
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        self.take_out(&self.0.declared(&request.prior)?).await?;
        Ok(Progress::Done)
    }

    /// Before it was proven that the set has none of the members nothing was added. After that, adding one
    /// again changes nothing, and it is taken for ours as soon as one is there: an update adds the others.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let declared = self.0.declared(&request.properties)?;
        if self.there(&declared).await?.unwrap_or_default().is_empty() {
            return Ok(Found::Absent);
        }
        let object = made_up_object(made_up_id(request), request.properties.clone());
        Ok(Found::Ours(Box::new(object)))
    }
}
