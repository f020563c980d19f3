//! The driver of one type: each call goes through the fault injector to the inventory.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_catalog::{FinalSnapshot, TypeSchema};
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, Found, NameRule, Object,
    Observed, Poll, Progress, Removal, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, ResourceType, SnapshotName, Token};

use crate::cloud::Inner;
use crate::cloudfront::DISTRIBUTION;
use crate::final_snapshot;
use crate::names;
use crate::objects::Service;
use crate::rules::Refusal;

use crate::inventory::View;

/// The sandbox's driver of one type.
pub(crate) struct SandboxDriver {
    cloud: Arc<Inner>,
    resource_type: ResourceType,
    schema: Arc<TypeSchema>,
}

impl SandboxDriver {
    pub(crate) fn new(
        cloud: Arc<Inner>,
        resource_type: ResourceType,
        schema: Arc<TypeSchema>,
    ) -> Self {
        Self { cloud, resource_type, schema }
    }

    fn service(&self) -> Service<'_> {
        self.cloud.service(&self.resource_type, &self.schema)
    }

    /// The time after which it should be asked again.
    pub(crate) fn ask_again_in(&self) -> Duration {
        self.service().options.ask_again_in
    }

    /// The operation that reads an object.
    pub(crate) fn get(&self) -> String {
        self.service().operation("Get")
    }

    /// The object that the operation of this token has created.
    pub(crate) async fn made_with(&self, token: &Token) -> Result<Option<Object>, DriverError> {
        let (sent, name) = (token.clone(), token.to_string());
        self.ask("Get", &name, move |service, view| Ok(service.made_with(view, &sent))).await
    }

    /// Continues a deletion that was begun: it is done when the object is gone.
    pub(crate) async fn poll_delete(&self, poll: &Poll) -> Result<Progress, DriverError> {
        let Some(identifier) = poll.identifier.clone() else { return Ok(Progress::Done) };
        let (token, prior) = (poll.token.clone(), poll.declared.clone());
        let removal = Removal::Recoverable;
        self.delete(&DeleteRequest { identifier, token, prior, removal }).await
    }

    /// Deletes an object with a final snapshot, or continues to.
    pub(crate) async fn delete_with_snapshot(
        &self,
        request: &DeleteRequest,
        (rule, snapshot): (&'static FinalSnapshot, &SnapshotName),
    ) -> Result<final_snapshot::Progress, DriverError> {
        let (sent, name) = (request.clone(), request.identifier.to_string());
        let snapshot = snapshot.clone();
        let delete = self.change("Delete", &name, move |service, view| {
            service.delete_with_snapshot(view, &sent, (rule, &snapshot))
        });
        delete.await
    }

    /// Looks for a deletion with a final snapshot; `None` if it was not accepted.
    pub(crate) async fn find_deletion(
        &self,
        request: &DeleteRequest,
        (rule, snapshot): (&'static FinalSnapshot, &SnapshotName),
    ) -> Result<Option<final_snapshot::Progress>, DriverError> {
        let (sent, snapshot) = (request.clone(), snapshot.clone());
        let operation = self.service().operation("List");
        let find = self.work(&operation, move |service, view| {
            Ok(service.find_deletion(view, &sent, (rule, &snapshot)))
        });
        find.await
    }

    /// Makes a call that changes something: its answer may be lost.
    async fn change<T: Send + 'static>(
        &self,
        verb: &str,
        object: &str,
        work: impl FnOnce(&Service<'_>, &mut View<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, DriverError> {
        let operation = self.service().operation(verb);
        let lost = self.cloud.fault_injector.begin(&operation, object).await;
        let lost = lost.map_err(|refusal| refusal.of(&operation))?;
        let answer = self.work(&operation, work).await?;
        lost.answer(answer).map_err(|refusal| refusal.of(&operation))
    }

    /// Makes a call that only asks.
    async fn ask<T: Send + 'static>(
        &self,
        verb: &str,
        object: &str,
        work: impl FnOnce(&Service<'_>, &mut View<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, DriverError> {
        let operation = self.service().operation(verb);
        let begun = self.cloud.fault_injector.begin(&operation, object).await;
        begun.map_err(|refusal| refusal.of(&operation))?;
        self.work(&operation, work).await
    }

    async fn work<T: Send + 'static>(
        &self,
        operation: &str,
        work: impl FnOnce(&Service<'_>, &mut View<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, DriverError> {
        let (resource_type, schema) = (self.resource_type.clone(), Arc::clone(&self.schema));
        let done = self.cloud.call(operation, move |cloud, view| {
            work(&cloud.service(&resource_type, &schema), view)
        });
        done.await
    }
}

fn of_create(request: &CreateRequest) -> String {
    format!("{}/{}", request.stack, request.address)
}

#[async_trait]
impl DirectDriver for SandboxDriver {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn naming(&self) -> Option<NameRule> {
        names::rule(&self.schema)
    }

    fn is_usable_while_stabilizing(&self) -> bool {
        self.resource_type.as_str() == DISTRIBUTION
    }

    async fn read(&self, identifier: &Identifier, _: &KnownMap) -> Result<Observed, DriverError> {
        let id = identifier.clone();
        let name = identifier.to_string();
        self.ask("Get", &name, move |service, view| Ok(service.read(view, &id))).await
    }

    async fn create(
        &self,
        request: &CreateRequest,
        _: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let (sent, of) = (request.clone(), of_create(request));
        let create = self.change("Create", &of, move |service, view| service.create(view, &sent));
        create.await
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let (sent, name) = (request.clone(), request.identifier.to_string());
        let update = self.change("Update", &name, move |service, view| service.update(view, &sent));
        update.await
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let (sent, name) = (request.clone(), request.identifier.to_string());
        let delete = self.change("Delete", &name, move |service, view| service.delete(view, &sent));
        delete.await
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let (id, name) = (identifier.clone(), identifier.to_string());
        self.ask("Describe", &name, move |service, view| Ok(service.stabilized(view, &id))).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let sent = request.clone();
        let operation = self.service().operation("List");
        self.work(&operation, move |service, view| Ok(service.find(view, &sent))).await
    }
}
