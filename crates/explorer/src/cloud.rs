//! The cloud as one process sees it: every call passes the crash injector and the fault injector.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_apply::Clock;
use rstack_driver::custom::CustomResource;
use rstack_driver::signals::{self, SignalTransport};
use rstack_driver::{
    BucketAccess, Cloud, CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Finish,
    Found, Identity, NameRule, NoEffects, Object, Observed, OpenBucket, OperationKind, Pending,
    Poll, Request, ResourceDriver, SecretStore, SinkError, Step, VersionHistory,
};
use rstack_model::value::{Lookup, ParameterReference, SecretsManagerReference};
use rstack_model::{
    Address, Identifier, KnownMap, ObjectKey, ResourceType, SecretString, SnapshotName, Token,
    Value,
};
use rstack_sandbox::SandboxCloud;

use crate::assets::WatchedStore;
use crate::clock::VirtualClock;
use crate::crash_injector::{CrashInjector, Verdict, lock};
use crate::crash_point::Act;
use crate::disk_image::DiskImage;
use crate::fault_injection::{FaultInjector, InjectedFault};
use crate::handlers::Handlers;
use crate::signals::{Senders, WatchedSignals};
use crate::transport::WatchedTransport;

/// The resource that an object in the cloud was made for, and the operation that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Maker {
    pub(crate) address: Address,
    pub(crate) token: Token,
}

/// The objects that were ever made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    /// The last maker of each.
    pub(crate) last: BTreeMap<ObjectKey, Maker>,
    /// All of them, in the order in which they were made: one identifier may have had several.
    pub(crate) ever: Vec<(ObjectKey, Maker)>,
}

/// The surroundings of the calls of a process.
pub(crate) struct Wire {
    pub(crate) sandbox: Arc<SandboxCloud>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) image: Arc<DiskImage>,
    pub(crate) injector: Arc<CrashInjector>,
    pub(crate) faults: FaultInjector,
    pub(crate) made: Arc<Mutex<Made>>,
    /// True if drivers create in more than one call: they prove that nothing is there, create,
    /// tell that the object exists, and make a last call.
    pub(crate) in_parts: bool,
    /// The handlers of custom resources.
    pub(crate) handlers: Arc<Mutex<Handlers>>,
    /// The senders of signals.
    pub(crate) senders: Arc<Mutex<Senders>>,
    /// Changes that were begun although the disk had failed.
    pub(crate) reckless: Mutex<Vec<String>>,
}

impl Wire {
    /// Makes a call that only asks.
    pub(crate) async fn ask<T>(
        &self,
        verb: &'static str,
        resource_type: &ResourceType,
        work: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        self.clock.sleep(self.faults.pause()).await;
        let verdict = self.meet(verb).await;
        if let Some(refusal) = self.faults.refusal(verb, resource_type) {
            self.end(verdict).await;
            return Err(refusal);
        }
        let answer = match self.faults.next_fault() {
            InjectedFault::Refused(fault) | InjectedFault::Unanswered(fault) => {
                self.clock.sleep(fault.takes()).await;
                Err(fault.error(verb))
            }
            InjectedFault::Answered | InjectedFault::Late(_) => work.await,
        };
        self.end(verdict).await;
        answer
    }

    /// Makes a call that changes something.
    pub(crate) async fn change<T: Send + 'static, F>(
        &self,
        verb: &'static str,
        resource_type: &ResourceType,
        work: impl FnOnce() -> F,
    ) -> Result<T, DriverError>
    where
        F: Future<Output = Result<T, DriverError>> + Send + 'static,
    {
        self.clock.sleep(self.faults.pause()).await;
        if self.image.has_failed() && !self.injector.is_dead() {
            lock(&self.reckless).push(format!("{verb} {resource_type}"));
        }
        let verdict = self.meet(verb).await;
        if let Some(refusal) = self.faults.refusal(verb, resource_type) {
            self.end(verdict).await;
            return Err(refusal);
        }
        let answer = match self.faults.next_fault() {
            InjectedFault::Answered => work().await,
            InjectedFault::Refused(fault) => {
                self.clock.sleep(fault.takes()).await;
                Err(fault.error(verb))
            }
            InjectedFault::Unanswered(fault) => {
                let _lost = work().await;
                self.clock.sleep(fault.takes()).await;
                Err(fault.error(verb))
            }
            InjectedFault::Late(after) => {
                let work = work();
                self.clock.later(
                    after,
                    Box::pin(async move {
                        let _dropped = work.await;
                    }),
                );
                Err(crate::fault_injection::FaultKind::Lost.error(verb))
            }
        };
        self.end(verdict).await;
        self.clock.sleep(self.faults.pause()).await;
        answer
    }

    /// Makes a call that sends what is read while it goes on: it is never late.
    pub(crate) async fn send<T>(
        &self,
        verb: &'static str,
        work: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        self.clock.sleep(self.faults.pause()).await;
        let verdict = self.meet(verb).await;
        let answer = match self.faults.next_fault() {
            InjectedFault::Answered | InjectedFault::Late(_) => work.await,
            InjectedFault::Refused(fault) => {
                self.clock.sleep(fault.takes()).await;
                Err(fault.error(verb))
            }
            InjectedFault::Unanswered(fault) => {
                let _lost = work.await;
                self.clock.sleep(fault.takes()).await;
                Err(fault.error(verb))
            }
        };
        self.end(verdict).await;
        answer
    }

    /// A moment in a call at which the process can die.
    pub(crate) async fn pass(&self, verb: &'static str) {
        let verdict = self.meet(verb).await;
        self.end(verdict).await;
    }

    async fn meet(&self, verb: &'static str) -> Verdict {
        let verdict = self.injector.meet(Act::Call(verb));
        if verdict == Verdict::Dead {
            self.injector.die();
            pending::<()>().await;
        }
        verdict
    }

    async fn end(&self, verdict: Verdict) {
        if verdict == Verdict::Last {
            self.injector.die();
            pending::<()>().await;
        }
    }
}

/// The cloud as one process sees it.
pub(crate) struct WatchedCloud(pub(crate) Arc<Wire>);

#[async_trait]
impl Cloud for WatchedCloud {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.0.sandbox.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        if resource_type.is_custom() {
            let (wire, handlers) = (Arc::clone(&self.0), Arc::clone(&self.0.handlers));
            let transport = Arc::new(WatchedTransport { wire, handlers });
            return Some(Arc::new(CustomResource::new(resource_type.clone(), transport)));
        }
        let signals = || Arc::new(WatchedSignals(Arc::clone(&self.0))) as Arc<dyn SignalTransport>;
        if let Some(driver) = signals::driver(resource_type, signals) {
            return Some(driver);
        }
        let inner = self.0.sandbox.driver(resource_type)?;
        let (wire, resource_type) = (Arc::clone(&self.0), resource_type.clone());
        Some(Arc::new(WatchedDriver { inner, wire, resource_type }))
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.0.sandbox.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self
    }

    async fn signal_url(&self, handle: &str) -> Result<SecretString, DriverError> {
        crate::signals::url(&self.0, handle).await
    }

    async fn bucket(&self, access: &BucketAccess) -> Result<OpenBucket, DriverError> {
        let open = self.0.sandbox.bucket(access).await?;
        let (inner, wire) = (open.store, Arc::clone(&self.0));
        Ok(OpenBucket { store: Arc::new(WatchedStore { inner, wire }), note: open.note })
    }
}

#[async_trait]
impl SecretStore for WatchedCloud {
    async fn version(&self, reference: &SecretsManagerReference) -> Result<String, DriverError> {
        self.0.ask("version", &"".into(), self.0.sandbox.secrets().version(reference)).await
    }

    async fn history(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<VersionHistory, DriverError> {
        self.0.ask("history", &"".into(), self.0.sandbox.secrets().history(reference)).await
    }

    async fn resolve(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<(SecretString, String), DriverError> {
        self.0.ask("resolve", &"".into(), self.0.sandbox.secrets().resolve(reference)).await
    }

    async fn parameter_version(
        &self,
        parameter: &ParameterReference,
    ) -> Result<String, DriverError> {
        let asked = self.0.sandbox.secrets().parameter_version(parameter);
        self.0.ask("version", &"".into(), asked).await
    }

    async fn resolve_parameter(
        &self,
        parameter: &ParameterReference,
    ) -> Result<(SecretString, String), DriverError> {
        let asked = self.0.sandbox.secrets().resolve_parameter(parameter);
        self.0.ask("resolve", &"".into(), asked).await
    }
}

struct WatchedDriver {
    inner: Arc<dyn ResourceDriver>,
    wire: Arc<Wire>,
    resource_type: ResourceType,
}

fn broken(error: SinkError) -> DriverError {
    DriverError::new(ErrorKind::Transient, "create", error.to_string())
}

impl WatchedDriver {
    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        if self.wire.in_parts {
            effects.absent().await.map_err(broken)?;
        }
        let create = || {
            let (inner, made) = (Arc::clone(&self.inner), Arc::clone(&self.wire.made));
            let (request, sandbox) = (request.clone(), Arc::clone(&self.wire.sandbox));
            async move {
                // An API that is polled does not tell of what it has begun to make.
                let before = existing(&sandbox);
                let step = inner.begin(&Request::Create(request.clone()), &NoEffects).await?;
                let (address, token) = (request.address, request.token);
                for key in existing(&sandbox).difference(&before) {
                    let maker = Maker { address: address.clone(), token: token.clone() };
                    let mut made = lock(&made);
                    made.ever.push((key.clone(), maker.clone()));
                    made.last.insert(key.clone(), maker);
                }
                Ok(step)
            }
        };
        let step = self.wire.change("create", &self.resource_type, create).await?;
        if self.wire.in_parts {
            if let Some(object) = object_of(&step) {
                let recorded = effects.created(&object.identifier, &object.physical_id).await;
                recorded.map_err(broken)?;
            }
            self.wire.change("finish", &self.resource_type, || async { Ok(()) }).await?;
        }
        Ok(step)
    }

    async fn change(&self, verb: &'static str, request: &Request) -> Result<Step, DriverError> {
        let change = || {
            let (inner, request) = (Arc::clone(&self.inner), request.clone());
            async move { inner.begin(&request, &NoEffects).await }
        };
        self.wire.change(verb, &self.resource_type, change).await
    }
}

/// The objects in the cloud. One that cannot be listed counts as made without a maker later.
fn existing(sandbox: &SandboxCloud) -> BTreeSet<ObjectKey> {
    sandbox.list().unwrap_or_default().into_iter().map(|(key, _)| key).collect()
}

/// The object that a step tells of.
fn object_of(step: &Step) -> Option<&Object> {
    match step {
        Step::Done(Finish::Object(object)) => Some(object),
        Step::Pending(Pending { object, .. }) => object.as_deref(),
        Step::Done(
            Finish::Stabilized
            | Finish::Gone
            | Finish::Snapshotted(_)
            | Finish::Failed(_)
            | Finish::FailedForNow(_),
        ) => None,
    }
}

#[async_trait]
impl ResourceDriver for WatchedDriver {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn naming(&self) -> Option<NameRule> {
        self.inner.naming()
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        self.wire.ask("read", &self.resource_type, self.inner.read(id, declared)).await
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        match request {
            Request::Create(create) => self.create(create, effects).await,
            Request::Update(_) => self.change("update", request).await,
            Request::Delete(_) | Request::DeleteWithSnapshot { .. } => {
                self.change("delete", request).await
            }
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        match poll.kind {
            OperationKind::Create | OperationKind::Update => {
                self.wire.ask("stabilized", &self.resource_type, self.inner.poll(poll)).await
            }
            OperationKind::Delete => {
                let delete = || {
                    let (inner, poll) = (Arc::clone(&self.inner), poll.clone());
                    async move { inner.poll(&poll).await }
                };
                self.wire.change("delete", &self.resource_type, delete).await
            }
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.wire.ask("find", &self.resource_type, self.inner.find(request)).await
    }

    async fn find_deletion(
        &self,
        request: &DeleteRequest,
        snapshot: &SnapshotName,
    ) -> Result<Option<Step>, DriverError> {
        let find = self.inner.find_deletion(request, snapshot);
        self.wire.ask("find", &self.resource_type, find).await
    }
}
