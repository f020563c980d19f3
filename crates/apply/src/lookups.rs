//! Asking the cloud what a template leaves to it, before anything is planned.

use futures_util::stream::{self, StreamExt};
use rstack_driver::DriverError;
use rstack_model::Value;
use rstack_model::value::Lookup;

use crate::Engine;
use crate::observe::stops_everything;
use crate::reads::{Lookups, PARAMETER_STORE, service_of};

/// The service that is asked.
fn service(lookup: &Lookup) -> &str {
    match lookup {
        Lookup::Zones(_) => "AWS::EC2",
        Lookup::Parameter(_) => PARAMETER_STORE,
        Lookup::Attribute { resource_type, .. } => service_of(resource_type),
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
        let failed = asked.iter().find_map(|(_, answer)| answer.as_ref().err());
        match failed.filter(|error| stops_everything(error)) {
            Some(error) => Err(error.clone()),
            None => Ok(asked),
        }
    }
}
