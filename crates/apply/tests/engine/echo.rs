//! A cloud that returns what it was sent, as services do: the text of a secret is text to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_driver::{
    Cloud, CreateRequest, DriverError, EffectSink, Finish, Found, Identity, NameRule, Observed,
    Poll, Request, ResourceDriver, SecretStore, Step,
};
use rstack_model::value::Lookup;
use rstack_model::{Identifier, KnownMap, KnownValue, ResourceType, Value};

/// The properties that objects were last sent, by type and identifier. Nothing of it is on a disk.
type Sent = Arc<Mutex<BTreeMap<(String, String), KnownMap>>>;

/// The form in which the service returns properties, or a change by another user.
pub(crate) type Form = fn(KnownMap) -> KnownMap;

/// A sandbox whose objects are read as they were sent.
pub(crate) struct Echo {
    inner: Arc<dyn Cloud>,
    sent: Sent,
    form: Mutex<Form>,
}

impl Echo {
    pub(crate) fn new(inner: Arc<dyn Cloud>) -> Arc<Self> {
        Arc::new(Self { inner, sent: Sent::default(), form: Mutex::new(|sent| sent) })
    }

    /// From now on objects are read in this form.
    pub(crate) fn returns(&self, form: Form) {
        *self.form.lock().unwrap() = form;
    }
}

/// The value as a service returns it.
pub(crate) fn plain(value: &KnownValue) -> KnownValue {
    match value {
        KnownValue::Secret(secret) => KnownValue::from(secret.expose()),
        KnownValue::List(list) => KnownValue::List(list.iter().map(plain).collect()),
        KnownValue::Map(map) => plain_map(map).into(),
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::String(_) => {
            value.clone()
        }
    }
}

fn plain_map(map: &KnownMap) -> KnownMap {
    map.iter().map(|(key, value)| (key.clone(), plain(value))).collect()
}

#[async_trait]
impl Cloud for Echo {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.inner.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        let inner = self.inner.driver(resource_type)?;
        let (sent, form) = (self.sent.clone(), *self.form.lock().unwrap());
        Some(Arc::new(EchoDriver { inner, sent, form, resource_type: resource_type.to_string() }))
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.inner.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.inner.secrets()
    }
}

struct EchoDriver {
    inner: Arc<dyn ResourceDriver>,
    sent: Sent,
    form: Form,
    resource_type: String,
}

impl EchoDriver {
    fn key(&self, identifier: &Identifier) -> (String, String) {
        (self.resource_type.clone(), identifier.to_string())
    }
}

#[async_trait]
impl ResourceDriver for EchoDriver {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn naming(&self) -> Option<NameRule> {
        self.inner.naming()
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        let observed = self.inner.read(id, declared).await?;
        let Observed::Present(mut object) = observed else { return Ok(observed) };
        let sent = self.sent.lock().unwrap().get(&self.key(id)).cloned().unwrap_or_default();
        for (name, value) in &mut object.properties {
            if let Some(sent) = sent.get(name) {
                *value = sent.clone();
            }
        }
        for (name, value) in &mut object.attributes {
            if let (KnownValue::Secret(_), Some(sent)) = (&*value, sent.get(name)) {
                *value = sent.clone();
            }
        }
        object.properties = (self.form)(object.properties);
        Ok(Observed::Present(object))
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let step = self.inner.begin(request, effects).await?;
        let made = match &step {
            Step::Done(Finish::Object(object)) => Some(object),
            Step::Pending(pending) => pending.object.as_ref(),
            Step::Done(_) => None,
        };
        let (identifier, properties) = match request {
            Request::Create(create) => {
                (made.map(|object| object.identifier.clone()), &create.properties)
            }
            Request::Update(update) => (Some(update.identifier.clone()), &update.properties),
            Request::Delete(_) | Request::DeleteWithSnapshot { .. } => return Ok(step),
        };
        if let Some(identifier) = identifier {
            self.sent.lock().unwrap().insert(self.key(&identifier), plain_map(properties));
        }
        Ok(step)
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        self.inner.poll(poll).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.inner.find(request).await
    }
}
