//! Reading the objects of a state, and the versions of the secrets that are referred to.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};
use rstack_driver::{DriverError, ErrorKind, Finish, Observed, OperationKind, Pending, Poll, Step};
use rstack_model::desired::Desired;
use rstack_model::event::Event;
use rstack_model::plan::{Plan, PlanBase};
use rstack_model::state::{ObjectStatus, ResourceState, State};
use rstack_model::value::{SecretAttribute, SecretReference, resolve_map};
use rstack_model::{Address, KnownMap, Token, ValueMap};
use rstack_plan::{Observation, Observations, Readopted};
use rstack_store::Lease;

use crate::reads::{Lookups, PARAMETER_STORE, SECRETS_MANAGER, service_of};
use crate::run_secrets::RunSecrets;
use crate::shown_secrets::secret_attributes;
use crate::{ApplyError, Engine, SecretParameters, secrets};

/// Declared properties with their secrets left empty, as drivers get them.
pub(crate) fn without_secrets(properties: &ValueMap) -> KnownMap {
    let known = properties
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value.known_without_secrets().ok()?)));
    known.collect()
}

impl Engine {
    /// Reads every object of the state that is to be the resource's own, and looks up the secrets
    /// that the state and the template refer to. What cannot be read is unchecked, with the reason.
    ///
    /// # Errors
    /// If the cloud cannot be asked at all: no credentials, or no connection.
    pub async fn observe(
        &self,
        desired: Option<&Desired>,
        state: &State,
        parameters: &SecretParameters,
    ) -> Result<Observations, DriverError> {
        let readopted = desired.map(|it| Readopted::of(it, state, self.schemas.as_ref()));
        let state = readopted.as_ref().map_or(state, Readopted::state);
        self.events.emit(Event::Observing { objects: state.resources.len() });
        let lookups = Lookups::default();
        let secrets = self.run_secrets(&lookups, state.resources.values(), parameters).await?;
        let objects: Vec<_> = stream::iter(&state.resources)
            .map(|it| (it, &secrets, &lookups))
            .map(|((id, object), secrets, lookups)| async move {
                (id.clone(), self.read(lookups, object, secrets).await)
            })
            .buffer_unordered(self.parallelism.get())
            .collect()
            .await;
        let mut observations = Observations::default();
        for (id, observed) in objects {
            observations.objects.insert(id, observed?);
        }
        self.report_stabilizing(&lookups, state).await?;
        let versions = self.secret_versions(&lookups, desired, state, parameters);
        observations.secret_versions = versions.await?;
        observations.lost_secrets = self.lost_secrets(state);
        Ok(observations)
    }

    /// The secret attributes of a state that were shown once, to a run before this one.
    fn lost_secrets(&self, state: &State) -> BTreeSet<SecretAttribute> {
        let mut lost = BTreeSet::new();
        for object in state.resources.values() {
            secret_attributes(object.attributes.values(), &mut |attribute| {
                if self.shown.get(attribute).is_none() {
                    lost.insert(attribute.clone());
                }
            });
        }
        lost
    }

    /// Tells which objects that were not waited for are not stable yet.
    async fn report_stabilizing(
        &self,
        lookups: &Lookups,
        state: &State,
    ) -> Result<(), DriverError> {
        for (address, progress) in self.not_waited_for(lookups, state).await? {
            if let Step::Pending(Pending { waits_for, .. }) = progress {
                self.events.emit(Event::StillStabilizing { address, waits_for });
            }
        }
        Ok(())
    }

    /// Records which objects that were not waited for have stabilized meanwhile.
    ///
    /// # Errors
    /// If the cloud cannot be asked at all, or the state not be published.
    pub async fn record_stabilized(
        &self,
        locked: &dyn Lease,
        state: State,
    ) -> Result<State, ApplyError> {
        let progress = self.not_waited_for(&Lookups::default(), &state).await;
        let progress = progress.map_err(ApplyError::Cloud)?;
        if progress.iter().all(|(_, step)| matches!(step, Step::Pending(_))) {
            return Ok(state);
        }
        let base = PlanBase { lineage: state.lineage.clone(), serial: state.serial };
        let mut now = state;
        for (id, step) in progress {
            let Some(object) = now.resources.get_mut(&id) else { continue };
            let stabilized = match step {
                Step::Pending(_) => continue,
                Step::Done(Finish::Stabilized) => true,
                Step::Done(Finish::Object(seen)) => seen.identifier == object.identifier,
                Step::Done(
                    Finish::Gone
                    | Finish::Snapshotted(_)
                    | Finish::Failed(_)
                    | Finish::FailedForNow(_),
                ) => false,
            };
            // What did not stabilize as it was left is changed again by the next plan.
            object.status =
                if stabilized { ObjectStatus::Ready } else { ObjectStatus::PartlyUpdated };
            object.cursor = None;
        }
        Ok(locked.revise(now, &base).await?)
    }

    /// The progress of the objects that an earlier run did not wait for. An object whose driver
    /// cannot say it is left out: the plan reports that it is gone or cannot be read.
    async fn not_waited_for(
        &self,
        lookups: &Lookups,
        state: &State,
    ) -> Result<Vec<(Address, Step)>, DriverError> {
        let settling =
            state.resources.iter().filter(|(_, it)| it.status == ObjectStatus::Stabilizing);
        let mut out = Vec::new();
        for (id, object) in settling {
            let Some(driver) = self.cloud.driver(&object.resource_type) else { continue };
            let Some(cursor) = object.cursor.clone() else { continue };
            let poll = Poll {
                kind: OperationKind::Update,
                cursor,
                identifier: Some(object.identifier.clone()),
                token: Token::from(""),
                declared: without_secrets(&object.properties),
            };
            let service = service_of(&object.resource_type);
            match self.look(lookups, service, || driver.poll(&poll)).await {
                Ok(step) => out.push((id.clone(), step)),
                Err(error) if stops_everything(&error) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(out)
    }

    /// No object is read: what was applied last is taken for what is there. The values of secret
    /// parameters are known without asking.
    pub fn observe_nothing(&self, state: &State, parameters: &SecretParameters) -> Observations {
        let unchecked = |id: &Address| {
            let reason = "not read because of `--no-refresh`".to_owned();
            (id.clone(), Observation::Unchecked { reason })
        };
        Observations {
            objects: state.resources.keys().map(unchecked).collect(),
            secret_versions: parameters.versions.clone(),
            lost_secrets: BTreeSet::new(),
        }
    }

    /// Reads an object. The observation is redacted: nothing else sees what was read.
    pub(crate) async fn read(
        &self,
        lookups: &Lookups,
        object: &ResourceState,
        secrets: &RunSecrets,
    ) -> Result<Observation, DriverError> {
        let Some(driver) = self.cloud.driver(&object.resource_type) else {
            let reason = format!("no driver can read `{}`", object.resource_type);
            return Ok(Observation::Unchecked { reason });
        };
        // An update that was cut off may have left it where it was to be.
        for properties in std::iter::once(&object.properties).chain(&object.in_doubt) {
            let declared = secrets.declared(object, properties);
            let read = || driver.read(&object.identifier, &declared);
            let read = self.look(lookups, service_of(&object.resource_type), read).await;
            match read.map_err(|error| secrets.redact(error)) {
                Ok(Observed::Absent) => {}
                Ok(Observed::Present(seen)) => return Ok(secrets.observation(object, &seen)),
                Err(error) if stops_everything(&error) => return Err(error),
                Err(error) => return Ok(Observation::Unchecked { reason: error.to_string() }),
            }
        }
        Ok(Observation::Absent)
    }

    async fn secret_versions(
        &self,
        lookups: &Lookups,
        desired: Option<&Desired>,
        state: &State,
        parameters: &SecretParameters,
    ) -> Result<BTreeMap<String, String>, DriverError> {
        let mut references = References::default();
        for resource in desired.into_iter().flat_map(|desired| desired.resources.values()) {
            if let Ok(properties) = resolve_map(&resource.properties, &state.resources) {
                references.note(&properties);
            }
        }
        state.resources.values().for_each(|object| references.note(&object.properties));
        self.versions_of(lookups, references, parameters).await
    }

    /// The current versions of the secrets of which a plan says the version.
    pub(crate) async fn planned_secret_versions(
        &self,
        lookups: &Lookups,
        plan: &Plan,
        parameters: &SecretParameters,
    ) -> Result<BTreeMap<String, String>, DriverError> {
        let mut references = References::default();
        let mut planned: BTreeSet<&String> = BTreeSet::new();
        for desired in plan.changes.values().filter_map(|change| change.desired.as_ref()) {
            references.note(&desired.properties);
            planned.extend(desired.secret_versions.keys());
        }
        references.0.retain(|text, _| planned.contains(text));
        self.versions_of(lookups, references, parameters).await
    }

    async fn versions_of(
        &self,
        lookups: &Lookups,
        References(references): References,
        parameters: &SecretParameters,
    ) -> Result<BTreeMap<String, String>, DriverError> {
        let mut versions = BTreeMap::new();
        for (text, reference) in references {
            let asked = match &reference {
                SecretReference::SecretsManager(body) => {
                    let Ok(parsed) = secrets::parse(body) else { continue };
                    let ask = || self.cloud.secrets().version(&parsed);
                    self.look(lookups, SECRETS_MANAGER, ask).await
                }
                SecretReference::SecureParameter(body) => {
                    let Ok(parsed) = secrets::parse_parameter(body) else { continue };
                    let ask = || self.cloud.secrets().parameter_version(&parsed);
                    self.look(lookups, PARAMETER_STORE, ask).await
                }
                SecretReference::Parameter(_) => match parameters.versions.get(&text) {
                    Some(version) => Ok(version.clone()),
                    None => continue,
                },
                // Every signature of the URL means the same handle.
                SecretReference::SignalUrl(handle) => match handle.as_str() {
                    Some(handle) => Ok(handle.to_owned()),
                    None => continue,
                },
                SecretReference::Attribute(attribute) => Ok(secrets::version_of(attribute)),
                SecretReference::Hidden => continue,
            };
            let version = match asked {
                Ok(version) => version,
                Err(error) if stops_everything(&error) => return Err(error),
                // The secret may be one that is going to be made, or be gone: resolving it says so
                // when it is needed.
                Err(error) if error.kind == ErrorKind::NotFound => continue,
                Err(error) => {
                    let error = error.to_string();
                    self.events.emit(Event::SecretUnchecked { reference: text, error });
                    continue;
                }
            };
            versions.insert(text, version);
        }
        Ok(versions)
    }
}

/// Secret references, by their texts.
#[derive(Default)]
struct References(BTreeMap<String, SecretReference>);

impl References {
    /// Adds those of these properties that are wholly known.
    fn note(&mut self, properties: &ValueMap) {
        for value in properties.values() {
            value.visit_secrets(&mut |reference| {
                if !reference.has_unknown() {
                    self.0.insert(reference.to_string(), reference.clone());
                }
            });
        }
    }
}

/// True if no other call can be expected to succeed.
pub(crate) fn stops_everything(error: &DriverError) -> bool {
    matches!(error.kind, ErrorKind::Credentials | ErrorKind::Unreachable)
}

/// The resources whose objects a plan found gone.
pub(crate) fn absent(plan: &rstack_model::plan::Plan) -> BTreeSet<Address> {
    let gone = plan
        .changes
        .values()
        .filter(|change| change.checked == rstack_model::plan::Checked::Absent);
    gone.map(|change| change.address.clone()).collect()
}
