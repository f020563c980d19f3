//! Changes of an inventory: what a call touched, and how it is written and read back.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::inventory::{Inventory, StoredObject};

/// The place of an object: scope, type and key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slot {
    pub(crate) scope: String,
    #[serde(rename = "type")]
    pub(crate) resource_type: String,
    pub(crate) key: String,
}

impl Slot {
    pub(crate) fn new(scope: &str, resource_type: &str, key: &str) -> Self {
        let [scope, resource_type, key] = [scope, resource_type, key].map(str::to_owned);
        Self { scope, resource_type, key }
    }
}

/// One change of an inventory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Change<'a> {
    /// The key of the digests is this.
    Key(Cow<'a, str>),
    /// So many objects were made for a resource.
    Made(Cow<'a, str>, u64),
    /// The object at a place is this.
    Put(Cow<'a, Slot>, Box<Cow<'a, StoredObject>>),
    /// No object is at a place any more.
    Removed(Cow<'a, Slot>),
}

/// The parts of an inventory that were touched since they were last written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    pub(crate) key: bool,
    pub(crate) made: BTreeSet<String>,
    pub(crate) objects: BTreeSet<Slot>,
}

impl Touched {
    fn is_empty(&self) -> bool {
        !self.key && self.made.is_empty() && self.objects.is_empty()
    }
}

impl Inventory {
    /// Gives what was touched since the last call to `write`, if anything was.
    pub(crate) fn take_changes<T>(&mut self, write: impl FnOnce(&[Change<'_>]) -> T) -> Option<T> {
        let touched = std::mem::take(&mut self.touched);
        if touched.is_empty() {
            return None;
        }
        let key = touched.key.then(|| Change::Key(Cow::Borrowed(&self.key)));
        let made = touched.made.iter().map(|of| {
            Change::Made(Cow::Borrowed(of), self.made.get(of).copied().unwrap_or_default())
        });
        let objects = touched.objects.iter().map(|slot| match self.at(slot) {
            Some(object) => put(Cow::Borrowed(slot), object),
            None => Change::Removed(Cow::Borrowed(slot)),
        });
        let changes: Vec<Change<'_>> = key.into_iter().chain(made).chain(objects).collect();
        Some(write(&changes))
    }

    /// The changes that lead from an empty inventory to this one.
    pub(crate) fn all_changes(&self) -> impl Iterator<Item = Change<'_>> {
        let key = (!self.key.is_empty()).then(|| Change::Key(Cow::Borrowed(&self.key)));
        let made = self.made.iter().map(|(of, count)| Change::Made(Cow::Borrowed(of), *count));
        let objects = self.objects.iter().flat_map(|(scope, types)| {
            types.iter().flat_map(move |(resource_type, all)| {
                all.iter().map(move |(key, object)| {
                    put(Cow::Owned(Slot::new(scope, resource_type, key)), object)
                })
            })
        });
        key.into_iter().chain(made).chain(objects)
    }

    /// The number of objects that exist.
    pub(crate) fn count(&self) -> u64 {
        let types = self.objects.values().flat_map(|types| types.values());
        types.map(|objects| objects.len() as u64).sum()
    }

    /// Makes a change that was written.
    pub(crate) fn replay(&mut self, change: Change<'_>) {
        match change {
            Change::Key(key) => self.key = key.into_owned(),
            Change::Made(of, count) => {
                self.made.insert(of.into_owned(), count);
            }
            Change::Put(slot, object) => {
                let Slot { scope, resource_type, key } = slot.into_owned();
                self.leave_index(&Slot::new(&scope, &resource_type, &key));
                let types = self.objects.entry(scope).or_default();
                types.entry(resource_type).or_default().insert(key, object.into_owned());
            }
            Change::Removed(slot) => {
                self.leave_index(&slot);
                self.take_away(&slot);
            }
        }
    }

    /// The object at a place.
    pub(crate) fn at(&self, slot: &Slot) -> Option<&StoredObject> {
        self.objects.get(&slot.scope)?.get(&slot.resource_type)?.get(&slot.key)
    }

    /// Takes the object at a place away; says whether there was one.
    pub(crate) fn take_away(&mut self, slot: &Slot) -> bool {
        let Some(types) = self.objects.get_mut(&slot.scope) else { return false };
        let Some(all) = types.get_mut(&slot.resource_type) else { return false };
        let removed = all.remove(&slot.key).is_some();
        if all.is_empty() {
            types.remove(&slot.resource_type);
        }
        if types.is_empty() {
            self.objects.remove(&slot.scope);
        }
        removed
    }

    /// An object is about to be changed: it is written, and indexed anew when it is looked for.
    pub(crate) fn touch(&mut self, slot: Slot) {
        self.leave_index(&slot);
        self.touched.objects.insert(slot);
    }

    fn leave_index(&mut self, slot: &Slot) {
        let object = self.objects.get(&slot.scope);
        let object = object.and_then(|types| types.get(&slot.resource_type)?.get(&slot.key));
        self.index.get_mut().forget(slot, object);
    }
}

fn put<'a>(slot: Cow<'a, Slot>, object: &'a StoredObject) -> Change<'a> {
    Change::Put(slot, Box::new(Cow::Borrowed(object)))
}
