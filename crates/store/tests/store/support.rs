//! States and journals to store.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rstack_journal::{Entry, Intent, IntentAction, OperationId, Outcome};
use rstack_model::desired::RemovalPolicy;
use rstack_model::plan::{PlanBase, PlanMode, PlannedObject, StepId};
use rstack_model::state::{Environment, ObjectStatus, ResourceState, State};
use rstack_model::{Digest, ObjectKey, StackName, ValueMap};
use rstack_store::LockHolder;

/// A directory for a store. On Linux it is in memory: what is tested here are bytes, not disks.
pub(crate) fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) fn stack() -> StackName {
    StackName::parse("Live").unwrap()
}

pub(crate) fn holder() -> LockHolder {
    LockHolder {
        id: "lock".into(),
        pid: 1,
        host: "host".into(),
        user: "user".into(),
        command: "rstack apply".into(),
        since: "now".into(),
    }
}

pub(crate) fn state() -> State {
    let environment = Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: false,
    };
    State::empty("lineage".into(), stack(), environment)
}

pub(crate) fn base(state: &State) -> PlanBase {
    PlanBase { lineage: state.lineage.clone(), serial: state.serial }
}

pub(crate) fn begin(state: &State) -> Entry {
    Entry::Begin {
        mode: PlanMode::Deploy,
        base: base(state),
        plan_digest: Digest::of(b"plan"),
        stack: stack(),
        environment: state.environment.clone(),
        template_digest: Some(Digest::of(b"template")),
        imports: Default::default(),
        given: Default::default(),
        termination_protection: false,
        keeps_former: false,
        parameters: ValueMap::from([("P".to_owned(), "v".into())]),
    }
}

pub(crate) fn planned() -> PlannedObject {
    PlannedObject {
        properties: ValueMap::from([("Size".to_owned(), 5.into())]),
        dependencies: Default::default(),
        deletion_policy: RemovalPolicy::Delete,
        update_replace_policy: RemovalPolicy::Delete,
        secret_versions: BTreeMap::new(),
    }
}

pub(crate) fn object(physical_id: &str) -> ResourceState {
    ResourceState {
        resource_type: "Test::Thing".into(),
        identifier: physical_id.into(),
        physical_id: physical_id.into(),
        status: ObjectStatus::Ready,
        properties: planned().properties,
        in_doubt: Vec::new(),
        attributes: ValueMap::new(),
        dependencies: Default::default(),
        deletion_policy: RemovalPolicy::Delete,
        update_replace_policy: RemovalPolicy::Delete,
        secret_versions: BTreeMap::new(),
        driver: "test".into(),
        cursor: None,
        token: None,
    }
}

/// The key of [`object`].
pub(crate) fn key(id: &str) -> ObjectKey {
    ObjectKey::new("Test::Thing".into(), id.into())
}

pub(crate) fn intent(operation: u64, id: &str, action: IntentAction) -> Entry {
    Entry::Intent(Box::new(Intent {
        operation: OperationId(operation),
        step: StepId(0),
        address: id.into(),
        resource_type: "Test::Thing".into(),
        action,
        token: "token".into(),
        input_digest: Digest::of(b"input"),
        driver: "test".into(),
    }))
}

pub(crate) fn create(operation: u64, id: &str) -> Entry {
    intent(operation, id, IntentAction::Create { name: None, object: planned() })
}

pub(crate) fn effect(operation: u64, physical_id: &str) -> Entry {
    Entry::Effect {
        operation: OperationId(operation),
        identifier: physical_id.into(),
        physical_id: physical_id.into(),
    }
}

pub(crate) fn made(operation: u64, physical_id: &str) -> Entry {
    let outcome = Outcome::Object(Box::new(object(physical_id)));
    Entry::Done { operation: OperationId(operation), outcome }
}

pub(crate) fn gone(operation: u64) -> Entry {
    Entry::Done { operation: OperationId(operation), outcome: Outcome::Gone }
}

/// A file as the store makes them.
pub(crate) fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
