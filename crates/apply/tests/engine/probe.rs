//! A cloud whose calls are watched, failed or cut off.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_driver::{
    CallInFlight, Cloud, CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Found,
    Identity, NameRule, Observed, OperationKind, Pending, Poll, Request, ResourceDriver,
    SecretStore, SinkError, Step, VersionHistory,
};
use rstack_model::value::{Lookup, ParameterReference, SecretsManagerReference};
use rstack_model::{Identifier, KnownMap, ResourceType, SecretString, SnapshotName, Value};
use tokio::sync::Notify;

/// One call to the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) verb: &'static str,
    /// The resource type; empty for calls that are not about one.
    pub(crate) resource_type: String,
    /// The logical ID of what is created, otherwise the physical ID.
    pub(crate) of: String,
}

/// A hook around calls. An error takes the place of the call, or of its answer.
#[async_trait]
pub(crate) trait Probe: Send + Sync {
    async fn before(&self, _: &Call) -> Result<(), DriverError> {
        Ok(())
    }

    async fn after(&self, _: &Call) -> Result<(), DriverError> {
        Ok(())
    }

    /// Why it is not told which version of a secret is the current one.
    fn version_error(&self) -> Option<DriverError> {
        None
    }

    /// The version history of a secret, as the engine is to see it.
    fn history_of(&self, history: VersionHistory) -> VersionHistory {
        history
    }

    /// The calls that are not answered.
    fn in_flight(&self) -> Vec<CallInFlight> {
        Vec::new()
    }

    /// With what an object is read.
    fn read(&self, _: &Call, _declared: &KnownMap) {}

    /// With what an object is looked for.
    fn sought(&self, _: &CreateRequest) {}

    /// True if drivers create in more than one call: they prove that nothing is there, create,
    /// report that the object exists, and make a last call, `finish`.
    fn creates_in_parts(&self) -> bool {
        false
    }
}

pub(crate) struct Probed {
    inner: Arc<dyn Cloud>,
    probe: Arc<dyn Probe>,
}

impl Probed {
    pub(crate) fn new(inner: Arc<dyn Cloud>, probe: Arc<dyn Probe>) -> Arc<Self> {
        Arc::new(Self { inner, probe })
    }
}

async fn around<T>(
    probe: &dyn Probe,
    call: Call,
    work: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, DriverError> {
    probe.before(&call).await?;
    let answer = work.await?;
    probe.after(&call).await?;
    Ok(answer)
}

#[async_trait]
impl Cloud for Probed {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.inner.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        let inner = self.inner.driver(resource_type)?;
        let (probe, resource_type) = (Arc::clone(&self.probe), resource_type.clone());
        Some(Arc::new(ProbedDriver { inner, probe, resource_type }))
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        let of = lookup.to_string();
        let call = Call { verb: "lookup", resource_type: String::new(), of };
        around(self.probe.as_ref(), call, self.inner.lookup(lookup)).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self
    }

    fn in_flight(&self) -> Vec<CallInFlight> {
        self.probe.in_flight()
    }
}

#[async_trait]
impl SecretStore for Probed {
    async fn version(&self, reference: &SecretsManagerReference) -> Result<String, DriverError> {
        match self.probe.version_error() {
            Some(error) => Err(error),
            None => self.inner.secrets().version(reference).await,
        }
    }

    async fn history(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<VersionHistory, DriverError> {
        self.inner.secrets().history(reference).await.map(|history| self.probe.history_of(history))
    }

    async fn resolve(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<(SecretString, String), DriverError> {
        let of = reference.secret_id.clone();
        let call = Call { verb: "resolve", resource_type: String::new(), of };
        around(self.probe.as_ref(), call, self.inner.secrets().resolve(reference)).await
    }

    async fn parameter_version(
        &self,
        parameter: &ParameterReference,
    ) -> Result<String, DriverError> {
        self.inner.secrets().parameter_version(parameter).await
    }

    async fn resolve_parameter(
        &self,
        parameter: &ParameterReference,
    ) -> Result<(SecretString, String), DriverError> {
        let call =
            Call { verb: "resolve", resource_type: String::new(), of: parameter.to_string() };
        around(self.probe.as_ref(), call, self.inner.secrets().resolve_parameter(parameter)).await
    }
}

struct ProbedDriver {
    inner: Arc<dyn ResourceDriver>,
    probe: Arc<dyn Probe>,
    resource_type: ResourceType,
}

impl ProbedDriver {
    async fn around<T>(
        &self,
        verb: &'static str,
        of: &str,
        work: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        let resource_type = self.resource_type.to_string();
        let call = Call { verb, resource_type, of: of.to_owned() };
        around(self.probe.as_ref(), call, work).await
    }
}

#[async_trait]
impl ResourceDriver for ProbedDriver {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn naming(&self) -> Option<NameRule> {
        self.inner.naming()
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        let resource_type = self.resource_type.to_string();
        let call = Call { verb: "read", resource_type, of: id.to_string() };
        self.probe.read(&call, declared);
        around(self.probe.as_ref(), call, self.inner.read(id, declared)).await
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let (verb, of) = match request {
            Request::Create(request) => ("create", request.address.to_string()),
            Request::Update(request) => ("update", request.identifier.to_string()),
            Request::Delete(request) | Request::DeleteWithSnapshot { request, .. } => {
                ("delete", request.identifier.to_string())
            }
        };
        let begun = self.around(verb, &of, self.inner.begin(request, effects));
        if verb != "create" || !self.probe.creates_in_parts() {
            return begun.await;
        }
        let broken =
            |error: SinkError| DriverError::new(ErrorKind::Transient, "create", error.to_string());
        effects.absent().await.map_err(broken)?;
        let step = begun.await?;
        if let Step::Pending(Pending { object: Some(object), .. }) = &step {
            let recorded = effects.created(&object.identifier, &object.physical_id).await;
            recorded.map_err(broken)?;
        }
        self.around("finish", &of, async { Ok(step) }).await
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        let verb = match poll.kind {
            OperationKind::Create | OperationKind::Update => "stabilized",
            OperationKind::Delete => "delete",
        };
        let of = poll.identifier.as_ref().map(ToString::to_string).unwrap_or_default();
        self.around(verb, &of, self.inner.poll(poll)).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.probe.sought(request);
        self.around("find", request.address.as_str(), self.inner.find(request)).await
    }

    async fn find_deletion(
        &self,
        request: &DeleteRequest,
        snapshot: &SnapshotName,
    ) -> Result<Option<Step>, DriverError> {
        let of = request.identifier.to_string();
        self.around("find", &of, self.inner.find_deletion(request, snapshot)).await
    }
}

/// Keeps every call.
#[derive(Default)]
pub(crate) struct Calls(Mutex<Vec<Call>>);

impl Calls {
    pub(crate) fn made(&self) -> Vec<Call> {
        self.0.lock().unwrap().clone()
    }

    /// The calls with this verb, in order.
    pub(crate) fn of(&self, verb: &str) -> Vec<String> {
        self.made().into_iter().filter(|call| call.verb == verb).map(|call| call.of).collect()
    }
}

#[async_trait]
impl Probe for Calls {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        self.0.lock().unwrap().push(call.clone());
        Ok(())
    }
}

/// Fails calls in the place of the cloud.
pub(crate) struct Refuse<F>(pub(crate) F);

#[async_trait]
impl<F: Fn(&Call) -> Option<DriverError> + Send + Sync> Probe for Refuse<F> {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        (self.0)(call).map_or(Ok(()), Err)
    }
}

/// An error of this kind.
pub(crate) fn error(kind: ErrorKind) -> DriverError {
    DriverError::new(kind, "test:Call", "refused by the test")
}

/// Where a call is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// Ends everything at one call: that call and all later ones never return.
pub(crate) struct Crash {
    at: usize,
    side: Side,
    in_parts: bool,
    calls: Mutex<usize>,
    crashed: Notify,
}

impl Crash {
    pub(crate) fn new(at: usize, side: Side, in_parts: bool) -> Arc<Self> {
        Arc::new(Self { at, side, in_parts, calls: Mutex::new(0), crashed: Notify::new() })
    }

    /// Runs a future until it ends or the crash comes; `None` is the crash.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.crashed.notified() => None,
            done = work => Some(done),
        }
    }

    async fn end(&self) {
        self.crashed.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl Probe for Crash {
    async fn before(&self, _: &Call) -> Result<(), DriverError> {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        if number > self.at || (number == self.at && self.side == Side::Before) {
            self.end().await;
        }
        Ok(())
    }

    async fn after(&self, _: &Call) -> Result<(), DriverError> {
        if *self.calls.lock().unwrap() >= self.at {
            self.end().await;
        }
        Ok(())
    }

    fn creates_in_parts(&self) -> bool {
        self.in_parts
    }
}
