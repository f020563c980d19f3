//! A cloud: drivers by resource type, an identity, answers to look-ups, and a store of secrets.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_model::state::Environment;
use rstack_model::value::Lookup;
use rstack_model::{ResourceType, SecretString, TemplateAddress, Value};

use crate::{
    BucketAccess, DriverError, ErrorKind, ManagedStacks, OpenBucket, OpenRegistry, RegistryAccess,
    ResourceDriver, SecretStore,
};

/// The identity under which calls are made, and the place where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Account, Region and partition.
    pub environment: Environment,
    /// The ARN of the caller.
    pub caller: String,
}

/// A call that has no answer yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInFlight {
    /// The API operation, such as `sts:GetCallerIdentity`.
    pub operation: String,
    /// The host that is called.
    pub host: String,
    /// The time since the call was made, with all its attempts.
    pub elapsed: Duration,
}

/// Everything the engine needs of one cloud.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// The identity under which calls are made.
    ///
    /// # Errors
    /// If there are no credentials, or the cloud does not accept them or cannot be reached.
    async fn identity(&self) -> Result<Identity, DriverError>;

    /// The driver of a type; `None` if this cloud cannot manage it.
    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>>;

    /// Answers what a template asks before anything is planned. A parameter that is a secret is no
    /// answer, but an error.
    ///
    /// # Errors
    /// If there is nothing of that name, or it may not be read.
    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError>;

    /// Where dynamic references to secrets are resolved.
    fn secrets(&self) -> &dyn SecretStore;

    /// The stacks that CloudFormation manages; `None` in a cloud without such stacks, which is never
    /// asked a [`Lookup::Exports`] or [`Lookup::StackOutputs`].
    fn managed_stacks(&self) -> Option<&dyn ManagedStacks> {
        None
    }

    /// Opens a bucket. No call is made to it yet.
    ///
    /// # Errors
    /// If there are no credentials, or the cloud has no buckets.
    async fn bucket(&self, _access: &BucketAccess) -> Result<OpenBucket, DriverError> {
        let message = "this cloud has no buckets";
        Err(DriverError::new(ErrorKind::Unsupported, "bucket", message))
    }

    /// Opens a registry of container images. No call is made to it yet.
    ///
    /// # Errors
    /// If there are no credentials, or the cloud has no registries.
    async fn registry(&self, _access: &RegistryAccess) -> Result<OpenRegistry, DriverError> {
        let message = "this cloud has no registries of images";
        Err(DriverError::new(ErrorKind::Unsupported, "registry", message))
    }

    /// The bytes of a template at an address, at most `limit`.
    ///
    /// # Errors
    /// If there is nothing, it is longer, it may not be read, or the cloud has no way to the address.
    async fn template(
        &self,
        _address: &TemplateAddress,
        _limit: u64,
    ) -> Result<Vec<u8>, DriverError> {
        let message = "this cloud has no templates";
        Err(DriverError::new(ErrorKind::Unsupported, "template", message))
    }

    /// Looks for the bucket to which the handlers of custom resources respond, in a cloud that needs one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it does not exist; otherwise if it may not be used, or cannot be asked
    /// for.
    async fn response_bucket(&self) -> Result<(), DriverError> {
        Ok(())
    }

    /// Looks for the bucket to which signals of wait conditions are put, in a cloud that needs one. `several`
    /// is true if a condition waits for more than one: then the bucket has to keep versions.
    ///
    /// # Errors
    /// As [`Self::response_bucket`]; [`ErrorKind::Invalid`] if it does not keep versions.
    async fn signal_bucket(&self, _several: bool) -> Result<(), DriverError> {
        Ok(())
    }

    /// The URL to which the signals of a wait condition handle are put, signed anew. The handle is named
    /// by its identifier.
    ///
    /// # Errors
    /// If it cannot be signed, or the handle has no such URL.
    async fn signal_url(&self, handle: &str) -> Result<SecretString, DriverError> {
        let message = format!("the wait condition handle `{handle}` has no URL in this cloud");
        Err(DriverError::new(ErrorKind::Unsupported, "signal URL", message))
    }

    /// Makes a parameter of the Parameter Store with this text, unless there is one of this name; true
    /// if it made it.
    ///
    /// # Errors
    /// If the service cannot be asked, or refuses.
    async fn make_parameter(&self, _name: &str, _text: &str) -> Result<bool, DriverError> {
        let message = "this cloud has no parameters that can be made";
        Err(DriverError::new(ErrorKind::Unsupported, "parameter", message))
    }

    /// The calls that have no answer yet, the oldest first; none in a cloud without a network.
    fn in_flight(&self) -> Vec<CallInFlight> {
        Vec::new()
    }
}
