//! The fate of the present objects in the steps of a plan.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::plan::{Operation, Plan};
use rstack_model::state::ResourceState;
use rstack_model::{Address, ObjectKey, SnapshotName};

/// The objects that go, and those that stay and are managed no longer.
pub(crate) struct Removals<'a> {
    deleted: BTreeMap<(&'a Address, ObjectKey), Option<&'a SnapshotName>>,
    kept: BTreeSet<(&'a Address, ObjectKey)>,
}

impl<'a> Removals<'a> {
    /// Reads the steps.
    pub(crate) fn of(plan: &'a Plan) -> Self {
        let mut removals = Self { deleted: BTreeMap::new(), kept: BTreeSet::new() };
        for step in &plan.steps {
            match &step.operation {
                Operation::Delete(object) | Operation::DeleteWithSnapshot { object, .. } => {
                    let snapshot = step.operation.final_snapshot();
                    removals.deleted.insert((&step.address, object.key()), snapshot);
                }
                Operation::Forget(object) => {
                    removals.kept.insert((&step.address, object.key()));
                }
                Operation::Create
                | Operation::Update
                | Operation::Record
                | Operation::Restore(_) => {}
            }
        }
        removals
    }

    /// True if this object of a resource is deleted.
    pub(crate) fn deletes(&self, id: &Address, object: &ResourceState) -> bool {
        self.deleted.contains_key(&(id, object.key()))
    }

    /// The final snapshot that is taken of this object of a resource.
    pub(crate) fn snapshot(
        &self,
        id: &Address,
        object: &ResourceState,
    ) -> Option<&'a SnapshotName> {
        self.deleted.get(&(id, object.key())).copied().flatten()
    }

    /// True if this object of a resource stays in the cloud, or is gone, and leaves the state.
    pub(crate) fn forgets(&self, id: &Address, object: &ResourceState) -> bool {
        self.kept.contains(&(id, object.key()))
    }
}
