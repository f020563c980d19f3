//! Asking the cloud what a template leaves to it, before anything is planned.

use futures_util::stream::{self, StreamExt};
use rstack_driver::{DriverError, ErrorKind, ManagedExport};
use rstack_model::value::{Lookup, SecretReference};
use rstack_model::{TemplateAddress, Value};

use crate::observe::stops_everything;
use crate::reads::{CLOUDFORMATION, Lookups, PARAMETER_STORE, SECRETS_MANAGER, service_of};
use crate::{Engine, secrets};

/// The service that templates are read from.
const TEMPLATES: &str = "AWS::S3";

/// The service that is asked.
fn service(lookup: &Lookup) -> &str {
    match lookup {
        Lookup::Zones(_) => "AWS::EC2",
        Lookup::Parameter(_) => PARAMETER_STORE,
        Lookup::Attribute { resource_type, .. } => service_of(resource_type),
        Lookup::Exports | Lookup::StackOutputs { .. } => CLOUDFORMATION,
    }
}

impl Engine {
    /// The answer to each question, or why there is none.
    ///
    /// # Errors
    /// If the cloud cannot be asked at all: no credentials, or no connection.
    pub async fn look_up<'a>(
        &self,
        lookups: impl IntoIterator<Item = &'a Lookup>,
    ) -> Result<Vec<(Lookup, Result<Value, DriverError>)>, DriverError> {
        let reads = &Lookups::default();
        let asked: Vec<_> = stream::iter(lookups)
            .map(|lookup| async move {
                let call = || self.cloud.lookup(lookup);
                (lookup.clone(), self.look(reads, service(lookup), call).await)
            })
            .buffer_unordered(self.parallelism.get())
            .collect()
            .await;
        // A network may have no way to CloudFormation, and one to everything else.
        let counts = |lookup: &Lookup, error: &DriverError| {
            stops_everything(error)
                && !(lookup.is_of_managed_stacks() && error.kind == ErrorKind::Unreachable)
        };
        let mut failed = asked.iter().filter_map(|(it, answer)| Some((it, answer.as_ref().err()?)));
        match failed.find(|(lookup, error)| counts(lookup, error)) {
            Some((_, error)) => Err(error.clone()),
            None => Ok(asked),
        }
    }

    /// The bytes of a template at an address, at most `limit`.
    ///
    /// # Errors
    /// If the cloud does not give it, within the time of a look-up.
    pub async fn template(
        &self,
        address: &TemplateAddress,
        limit: u64,
    ) -> Result<Vec<u8>, DriverError> {
        let call = || self.cloud.template(address, limit);
        self.look(&Lookups::default(), TEMPLATES, call).await
    }

    /// The references of these whose secrets do not exist, or are none, each with its error. A secret
    /// that cannot be looked up for another reason is left out.
    ///
    /// # Errors
    /// If the cloud cannot be asked at all.
    pub async fn missing_secrets<'a>(
        &self,
        references: impl IntoIterator<Item = &'a SecretReference>,
    ) -> Result<Vec<(&'a SecretReference, DriverError)>, DriverError> {
        let reads = &Lookups::default();
        let asked: Vec<_> = stream::iter(references)
            .map(|reference| async move { (reference, self.look_for(reads, reference).await) })
            .buffered(self.parallelism.get())
            .collect()
            .await;
        let mut missing = Vec::new();
        for (reference, found) in asked {
            match found {
                Err(error) if stops_everything(&error) => return Err(error),
                Err(error) if is_missing(&error) => missing.push((reference, error)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(missing)
    }

    /// The exports of stacks that CloudFormation manages; none in a cloud without such stacks.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub async fn managed_exports(&self) -> Result<Vec<ManagedExport>, DriverError> {
        let Some(stacks) = self.cloud.managed_stacks() else { return Ok(Vec::new()) };
        self.look(&Lookups::default(), CLOUDFORMATION, || stacks.exports()).await
    }

    /// The stacks that CloudFormation manages and that import these exports, or why they are not known;
    /// nothing in a cloud without such stacks.
    ///
    /// # Errors
    /// If there are no credentials.
    pub async fn managed_importers<'a>(
        &self,
        exports: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<(&'a str, Result<Vec<String>, DriverError>)>, DriverError> {
        let Some(stacks) = self.cloud.managed_stacks() else { return Ok(Vec::new()) };
        let reads = &Lookups::default();
        let asked: Vec<_> = stream::iter(exports)
            .map(|export| async move {
                let call = || stacks.importers(export);
                (export, self.look(reads, CLOUDFORMATION, call).await)
            })
            .buffered(self.parallelism.get())
            .collect()
            .await;
        let failed = asked.iter().filter_map(|(_, answer)| answer.as_ref().err());
        match { failed }.find(|error| error.kind == ErrorKind::Credentials) {
            Some(error) => Err(error.clone()),
            None => Ok(asked),
        }
    }

    /// Looks for the secret of a reference, if it is one of the cloud.
    async fn look_for(
        &self,
        reads: &Lookups,
        reference: &SecretReference,
    ) -> Result<(), DriverError> {
        match reference {
            SecretReference::SecretsManager(body) => {
                let Ok(parsed) = secrets::parse(body) else { return Ok(()) };
                let ask = || self.cloud.secrets().version(&parsed);
                self.look(reads, SECRETS_MANAGER, ask).await.map(drop)
            }
            SecretReference::SecureParameter(body) => {
                let Ok(parsed) = secrets::parse_parameter(body) else { return Ok(()) };
                let ask = || self.cloud.secrets().parameter_version(&parsed);
                self.look(reads, PARAMETER_STORE, ask).await.map(drop)
            }
            SecretReference::Parameter(_)
            | SecretReference::SignalUrl(_)
            | SecretReference::Attribute(_)
            | SecretReference::Hidden => Ok(()),
        }
    }
}

/// True if an error says that there is no such secret.
fn is_missing(error: &DriverError) -> bool {
    match error.kind {
        ErrorKind::NotFound | ErrorKind::Invalid { .. } => true,
        ErrorKind::AlreadyExists
        | ErrorKind::Throttled
        | ErrorKind::DependencyNotReady
        | ErrorKind::AccessDenied { .. }
        | ErrorKind::Credentials
        | ErrorKind::Handler(_)
        | ErrorKind::Conflict
        | ErrorKind::Transient
        | ErrorKind::Unreachable
        | ErrorKind::UnknownOutcome
        | ErrorKind::Unsupported => false,
    }
}
