//! The simulated cloud as the engine and the command line see it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_catalog::{FinalSnapshot, Registry, TypeSchema};
use rstack_driver::custom::{CustomResource, CustomTransport};
use rstack_driver::signals::{self, SignalTransport};
use rstack_driver::{
    BucketAccess, Cloud, DriverError, Identity, Noop, OpenBucket, OpenRegistry, RegistryAccess,
    ResourceDriver, SecretStore, VersionHistory, json_field,
};
use rstack_model::state::Environment;
use rstack_model::value::{Lookup, ParameterReference, SecretsManagerReference};
use rstack_model::{
    AccountId, KnownValue, ObjectKey, Partition, PhysicalId, PropertyPath, Region, ResourceType,
    SecretString, TemplateAddress, Value,
};

use crate::bucket::SandboxBucket;
use crate::check;
use crate::custom::{CustomRules, SandboxHandlers, signal_url};
use crate::defaults;
use crate::driver::SandboxDriver;
use crate::fault_injection::FaultInjector;
use crate::final_snapshot::Snapshotting;
use crate::image_registry::SandboxRegistry;
use crate::inventory::{Inventory, Scopes, StoredObject, View};
use crate::object_bytes::ObjectBytes;
use crate::objects::Service;
use crate::play::{self, Marks, Playback, Scene};
use crate::redaction::Redactor;
use crate::rules::Refusal;
use crate::store::Store;
use crate::time::{Now, StandingTime, Time};
use crate::{
    ParameterKind, SandboxError, SandboxOptions, deferred, lookup, parameter, secretsmanager,
};

/// The account of the caller where no other one is chosen.
pub use rstack_model::state::SANDBOX_ACCOUNT as ACCOUNT;
/// The type that stands for code which transforms templates, and which the sandbox cannot run.
const MACRO: &str = "AWS::CloudFormation::Macro";

/// The parts that the drivers of one sandbox share.
pub(crate) struct Inner {
    store: Arc<Store>,
    pub(crate) environment: Environment,
    scopes: Scopes,
    options: SandboxOptions,
    pub(crate) fault_injector: FaultInjector,
    time: Arc<dyn Time>,
    marks: Marks,
    pub(crate) objects: ObjectBytes,
    rules: Arc<CustomRules>,
}

impl Inner {
    /// The time in seconds since 1970.
    pub(crate) fn seconds(&self) -> u64 {
        self.time.now().as_secs()
    }

    pub(crate) fn seed(&self) -> u64 {
        self.options.seed
    }

    pub(crate) fn api_polls(&self) -> u32 {
        self.options.api_polls
    }

    pub(crate) fn ask_again_in(&self) -> std::time::Duration {
        self.options.ask_again_in
    }

    pub(crate) fn service<'a>(
        &'a self,
        resource_type: &'a ResourceType,
        schema: &'a TypeSchema,
    ) -> Service<'a> {
        Service {
            options: &self.options,
            environment: &self.environment,
            fault_injector: &self.fault_injector,
            now: self.now(),
            resource_type,
            schema,
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now::of(self.time.as_ref())
    }

    /// Works on the inventory; what comes of it is durable when this returns.
    pub(crate) async fn call<T: Send + 'static>(
        self: &Arc<Self>,
        operation: &str,
        work: impl FnOnce(&Self, &mut View<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, DriverError> {
        let inner = Arc::clone(self);
        let done = self.store.call(move |inventory| work(&inner, &mut inner.view(inventory)));
        let done = done.await.map_err(|error| error.of_call(operation))?;
        done.map_err(|refusal| refusal.of(operation))
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut View<'_>) -> T) -> Result<T, SandboxError> {
        self.store.with(|inventory| work(&mut self.view(inventory)))
    }

    fn view<'a>(&'a self, inventory: &'a mut Inventory) -> View<'a> {
        View { inventory, region: &self.environment.region, scopes: &self.scopes }
    }

    /// True if every account has the bucket and the parameter of bootstrapping.
    pub(crate) fn bootstrapped(&self) -> bool {
        self.options.bootstrapped
    }

    /// The parts of a sandbox with a store, the bytes of its objects and a clock.
    fn new(
        (store, objects): (Arc<Store>, ObjectBytes),
        environment: Environment,
        options: SandboxOptions,
        time: Arc<dyn Time>,
        rules: Arc<CustomRules>,
    ) -> Self {
        let scopes = Scopes::of(&environment);
        let (fault_injector, marks) = (FaultInjector::new(options), Marks::default());
        Self { store, environment, scopes, options, fault_injector, time, marks, objects, rules }
    }

    /// The store and the bytes of its objects, which sandboxes share.
    fn kept(&self) -> (Arc<Store>, ObjectBytes) {
        (Arc::clone(&self.store), self.objects.clone())
    }
}

/// A simulated cloud. It serves every resource type of the registry, with no account and no
/// network; see [`SandboxOptions`] for what it can be asked to be like.
///
/// No secret text is ever kept: see [`SandboxCloud::rotate_secret`] for what stands in its place.
pub struct SandboxCloud {
    pub(crate) inner: Arc<Inner>,
}

impl SandboxCloud {
    /// Opens the sandbox that is kept in a file, or with no path one that is kept in memory. Its
    /// clock stands still.
    ///
    /// # Errors
    /// If the file cannot be read or written, or is damaged.
    pub fn open(
        path: Option<PathBuf>,
        region: Region,
        options: SandboxOptions,
    ) -> Result<Self, SandboxError> {
        let environment = Environment {
            account: AccountId::from(ACCOUNT),
            partition: Partition::of_region(&region),
            region,
            sandbox: true,
        };
        let objects = ObjectBytes::beside(path.as_deref());
        let store = Arc::new(Store::open(path)?);
        let kept = (store, objects);
        let inner = Inner::new(kept, environment, options, Arc::new(StandingTime), Arc::default());
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The same sandbox as the caller of this account sees it: every account exists.
    #[must_use]
    pub fn in_account(self, account: AccountId) -> Self {
        let environment = Environment { account, ..self.inner.environment.clone() };
        self.with(environment, Arc::clone(&self.inner.time), Arc::clone(&self.inner.rules))
    }

    /// The same sandbox with this clock.
    #[must_use]
    pub fn with_time(self, time: Arc<dyn Time>) -> Self {
        self.with(self.inner.environment.clone(), time, Arc::clone(&self.inner.rules))
    }

    /// The same sandbox, whose custom resources answer by these rules.
    #[must_use]
    pub fn with_custom_rules(self, rules: CustomRules) -> Self {
        let (environment, time) = (self.inner.environment.clone(), Arc::clone(&self.inner.time));
        self.with(environment, time, Arc::new(rules))
    }

    fn with(&self, environment: Environment, time: Arc<dyn Time>, rules: Arc<CustomRules>) -> Self {
        let (kept, options) = (self.inner.kept(), self.inner.options);
        let inner = Inner::new(kept, environment, options, time, rules);
        Self { inner: Arc::new(inner) }
    }

    /// The way to the handlers of custom resources.
    pub fn handlers(&self) -> Arc<dyn CustomTransport> {
        Arc::new(self.simulated())
    }

    fn simulated(&self) -> SandboxHandlers {
        SandboxHandlers::new(Arc::clone(&self.inner), Arc::clone(&self.inner.rules))
    }

    /// A sandbox in memory with the same objects, which goes its own way from here on.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn fork(&self) -> Result<Self, SandboxError> {
        let inventory = self.inner.store.with(|inventory| inventory.clone())?;
        let (environment, options) = (self.inner.environment.clone(), self.inner.options);
        let kept = (Arc::new(Store::of(inventory)), self.inner.objects.fork());
        let (time, rules) = (Arc::clone(&self.inner.time), Arc::clone(&self.inner.rules));
        Ok(Self { inner: Arc::new(Inner::new(kept, environment, options, time, rules)) })
    }

    /// Where the objects are.
    pub fn environment(&self) -> &Environment {
        &self.inner.environment
    }

    /// All objects that can be seen from the Region: what names each, and what `Ref` returns.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn list(&self) -> Result<Vec<(ObjectKey, PhysicalId)>, SandboxError> {
        self.inner.with(|view| {
            let name = |(name, _, stored): (&String, &String, &StoredObject)| {
                let id = PhysicalId::from(stored.physical_id.as_str());
                (ObjectKey::new(ResourceType::from(name.as_str()), stored.identifier.clone()), id)
            };
            view.everything().map(name).collect()
        })
    }

    /// The objects that every account has without having made them: the default VPC with its subnets
    /// and its security group, the policies that AWS manages for CloudFront. No file has them.
    pub fn defaults(&self) -> Vec<(ObjectKey, PhysicalId)> {
        defaults::objects(&self.inner.environment.region)
    }

    /// Sets a property outside of every stack, or removes it without a value: drift.
    ///
    /// # Errors
    /// If there is no such object or no such place, or the file cannot be written.
    pub fn set_property(
        &self,
        resource_type: &ResourceType,
        physical_id: &PhysicalId,
        path: &PropertyPath,
        value: Option<&KnownValue>,
    ) -> Result<(), SandboxError> {
        self.inner.with(|view| {
            let value = value.map(|value| Redactor { key: view.key() }.redact(value));
            let key = the_key(view, resource_type, physical_id)?;
            let stored = view.get_mut(resource_type, &key);
            let stored = stored.ok_or_else(|| no_object(resource_type, physical_id))?;
            let before = stored.properties.clone();
            if check::set(&mut stored.properties, path, value) {
                parameter::changed(stored, resource_type.as_str(), &before);
                return Ok(());
            }
            Err(SandboxError::NoPlace { path: path.to_string() })
        })?
    }

    /// Deletes an object outside of every stack.
    ///
    /// # Errors
    /// If there is no such object, or the file cannot be written.
    pub fn remove(
        &self,
        resource_type: &ResourceType,
        physical_id: &PhysicalId,
    ) -> Result<(), SandboxError> {
        self.inner.with(|view| {
            let key = the_key(view, resource_type, physical_id)?;
            view.remove(resource_type, &key);
            Ok(())
        })?
    }

    /// Gives a secret, named by its name or ARN, a new version; returns the version's ID.
    ///
    /// A secret's text is derived from the sandbox file's key, the secret and the version's ID,
    /// each time it is asked for. It is in no file. A `SecretString` that was given is forgotten,
    /// and a derived one stands in its place, with the same JSON keys if it was a JSON object.
    ///
    /// # Errors
    /// If there is no such secret or it has no version, or the file cannot be written.
    pub fn rotate_secret(&self, id: &str) -> Result<String, SandboxError> {
        let resource_type = ResourceType::from(secretsmanager::SECRET);
        let now = self.inner.now().moment();
        self.inner.with(|view| {
            let arn = secretsmanager::named(view, id).map(|(arn, _)| arn.clone());
            let version = arn.and_then(|arn| {
                let stored = view.get_mut(&resource_type, &arn)?;
                stored.secret.as_mut()?.rotate(&stored.nonce, now)
            });
            version.ok_or_else(|| no_object(&resource_type, &PhysicalId::from(id)))
        })?
    }
}

impl SandboxCloud {
    /// The answers that viewers get who play this URL now, each once: see [`Playback`].
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn play(&self, url: &str) -> Result<Vec<Playback>, SandboxError> {
        let (now, seed, marks) = (self.inner.now(), self.inner.options.seed, &self.inner.marks);
        self.inner.with(|view| play::play(Scene { view, marks, now, seed }, url))
    }
}

/// The key of the one object that a text names: its identifier or its physical ID.
fn the_key(
    view: &View<'_>,
    resource_type: &ResourceType,
    id: &PhysicalId,
) -> Result<String, SandboxError> {
    let mut keys = view.keys(resource_type, id.as_str());
    match (keys.pop(), keys.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            keys.push(last);
            Err(SandboxError::SeveralObjects {
                resource_type: resource_type.to_string(),
                physical_id: id.to_string(),
                identifiers: keys,
            })
        }
        (None, _) => Err(no_object(resource_type, id)),
    }
}

fn no_object(resource_type: &ResourceType, physical_id: &PhysicalId) -> SandboxError {
    SandboxError::NoObject {
        resource_type: resource_type.to_string(),
        physical_id: physical_id.to_string(),
    }
}

#[async_trait]
impl Cloud for SandboxCloud {
    async fn identity(&self) -> Result<Identity, DriverError> {
        let environment = self.inner.environment.clone();
        let Environment { account, partition, .. } = &environment;
        let caller = format!("arn:{partition}:iam::{account}:user/sandbox");
        Ok(Identity { environment, caller })
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        if Noop::serves(resource_type) {
            return Some(Arc::new(Noop));
        }
        if resource_type.as_str() == MACRO {
            return None;
        }
        let signals = || Arc::new(self.simulated()) as Arc<dyn SignalTransport>;
        if let Some(driver) = signals::driver(resource_type, signals) {
            return Some(driver);
        }
        if resource_type.is_custom() {
            return Some(Arc::new(CustomResource::new(resource_type.clone(), self.handlers())));
        }
        let schema = Registry::embedded().get(resource_type.as_str()).ok().flatten()?;
        let polls = self.inner.options.api_polls;
        let driver = || {
            let (cloud, schema) = (Arc::clone(&self.inner), Arc::clone(&schema));
            SandboxDriver::new(cloud, resource_type.clone(), schema)
        };
        let inner = deferred::driver(driver(), polls);
        Some(match FinalSnapshot::of(resource_type.as_str()) {
            Some(rule) => Arc::new(Snapshotting { inner, service: driver(), rule, polls }),
            None => inner,
        })
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        let operation = match lookup {
            Lookup::Zones(_) => "sandbox ec2:DescribeAvailabilityZones",
            Lookup::Parameter(_) => "sandbox ssm:GetParameter",
            Lookup::Attribute { .. } => "sandbox ec2:Describe",
            Lookup::Exports => "sandbox cloudformation:ListExports",
            Lookup::StackOutputs { .. } => "sandbox cloudformation:DescribeStacks",
        };
        let lookup = lookup.clone();
        let answer = move |inner: &Inner, view: &mut View<'_>| {
            lookup::answer(view, &lookup, inner.bootstrapped())
        };
        self.inner.call(operation, answer).await
    }

    async fn bucket(&self, access: &BucketAccess) -> Result<OpenBucket, DriverError> {
        let (cloud, access) = (Arc::clone(&self.inner), access.clone());
        Ok(OpenBucket { store: Arc::new(SandboxBucket { cloud, access }), note: None })
    }

    async fn template(
        &self,
        address: &TemplateAddress,
        limit: u64,
    ) -> Result<Vec<u8>, DriverError> {
        self.template_at(address, limit).await
    }

    async fn signal_url(&self, handle: &str) -> Result<SecretString, DriverError> {
        signal_url(handle).map(SecretString::new)
    }

    async fn registry(&self, access: &RegistryAccess) -> Result<OpenRegistry, DriverError> {
        let (cloud, access) = (Arc::clone(&self.inner), access.clone());
        Ok(OpenRegistry { registry: Arc::new(SandboxRegistry { cloud, access }), note: None })
    }

    async fn make_parameter(&self, name: &str, text: &str) -> Result<bool, DriverError> {
        let operation = "sandbox ssm:PutParameter";
        let name = name.to_owned();
        let wanted = name.clone();
        let exists = move |inner: &Inner, view: &mut View<'_>| {
            Ok(parameter::exists(view, &wanted, inner.bootstrapped()))
        };
        if self.inner.call(operation, exists).await? {
            return Ok(false);
        }
        let text = SecretString::new(text.to_owned());
        let made = self.put_parameter(&name, &text, Some(ParameterKind::String));
        made.map(|_| true).map_err(|error| error.of_call(operation))
    }

    fn secrets(&self) -> &dyn SecretStore {
        self
    }
}

#[async_trait]
impl SecretStore for SandboxCloud {
    async fn version(&self, reference: &SecretsManagerReference) -> Result<String, DriverError> {
        let (operation, wanted) = ("sandbox secretsmanager:DescribeSecret", reference.clone());
        let version = move |_: &Inner, view: &mut View<'_>| secretsmanager::version(view, &wanted);
        self.inner.call(operation, version).await
    }

    async fn history(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<VersionHistory, DriverError> {
        let (operation, wanted) = ("sandbox secretsmanager:DescribeSecret", reference.clone());
        let history = move |inner: &Inner, view: &mut View<'_>| {
            secretsmanager::history(view, &wanted, inner.now())
        };
        self.inner.call(operation, history).await
    }

    async fn resolve(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<(SecretString, String), DriverError> {
        let (operation, wanted) = ("sandbox secretsmanager:GetSecretValue", reference.clone());
        let resolve = move |_: &Inner, view: &mut View<'_>| secretsmanager::resolve(view, &wanted);
        let (text, version) = self.inner.call(operation, resolve).await?;
        Ok((json_field(&text, reference)?, version))
    }

    async fn parameter_version(
        &self,
        parameter: &ParameterReference,
    ) -> Result<String, DriverError> {
        let wanted = parameter.clone();
        let version = move |_: &Inner, view: &mut View<'_>| parameter::version(view, &wanted);
        self.inner.call("sandbox ssm:GetParameter", version).await
    }

    async fn resolve_parameter(
        &self,
        parameter: &ParameterReference,
    ) -> Result<(SecretString, String), DriverError> {
        let wanted = parameter.clone();
        let resolve = move |_: &Inner, view: &mut View<'_>| parameter::resolve(view, &wanted);
        self.inner.call("sandbox ssm:GetParameter", resolve).await
    }
}
