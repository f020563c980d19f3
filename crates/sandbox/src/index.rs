//! Indexes over the objects of an inventory: who has a token, a physical ID, a name; who uses what.
//!
//! They are in memory only, and each is built when it is first asked for. Whatever is changed
//! leaves the indexes before, and comes back when the next question is asked.

use std::collections::{BTreeMap, BTreeSet};

use rstack_catalog::{ObjectName, UniqueName};

use crate::delta::Slot;
use crate::inventory::{Objects, StoredObject};
use crate::{cloudfront, mediapackage, names, secretsmanager};

/// A property of objects by which they are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Facet {
    /// The token of the operation that created it.
    Token,
    /// The value that `Ref` returns.
    PhysicalId,
    /// A name that no two objects share; see [`name_value`].
    Name(UniqueName),
    /// A text that names a secret: its ARN or its name.
    SecretName,
    /// The channel of an endpoint.
    Channel,
    /// The objects that a distribution uses.
    Used,
}

/// The value of [`Facet::Name`] for a name.
pub(crate) fn name_value(name: &ObjectName) -> String {
    name.identity()
}

impl Facet {
    fn values(&self, key: &str, object: &StoredObject) -> BTreeSet<String> {
        let properties = &object.properties;
        match self {
            Self::Token => BTreeSet::from([object.token.clone()]),
            Self::PhysicalId => BTreeSet::from([object.physical_id.clone()]),
            Self::Name(rule) => names::name(rule, properties).iter().map(name_value).collect(),
            Self::SecretName => secretsmanager::names_of(key, object).map(str::to_owned).collect(),
            Self::Channel => mediapackage::channel_of(properties).map(str::to_owned).collect(),
            Self::Used => cloudfront::used_by(properties).into_iter().map(str::to_owned).collect(),
        }
    }
}

/// The keys of the objects of one type by the values of one facet.
#[derive(Clone, Debug)]
struct Table {
    facet: Facet,
    keys: BTreeMap<String, BTreeSet<String>>,
}

impl Table {
    fn add(&mut self, key: &str, object: &StoredObject) {
        for value in self.facet.values(key, object) {
            self.keys.entry(value).or_default().insert(key.to_owned());
        }
    }

    fn forget(&mut self, key: &str, object: &StoredObject) {
        for value in self.facet.values(key, object) {
            if let Some(keys) = self.keys.get_mut(&value) {
                keys.remove(key);
                if keys.is_empty() {
                    self.keys.remove(&value);
                }
            }
        }
    }
}

/// Objects by Region and type, as an inventory has them.
type ByType = BTreeMap<String, BTreeMap<String, Objects>>;

/// The indexes that were asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    tables: BTreeMap<String, BTreeMap<String, Vec<Table>>>,
    /// The objects that are not yet visible.
    unseen: Option<BTreeSet<Slot>>,
    /// The objects that left the indexes because they were about to change.
    stale: BTreeSet<Slot>,
}

impl Index {
    fn tables(&mut self, slot: &Slot) -> &mut [Table] {
        let types = self.tables.get_mut(&slot.scope);
        types.and_then(|types| types.get_mut(&slot.resource_type)).map_or(&mut [], Vec::as_mut)
    }

    /// Takes an object out of the indexes before it changes.
    pub(crate) fn forget(&mut self, slot: &Slot, object: Option<&StoredObject>) {
        let none = self.tables.is_empty() && self.unseen.is_none();
        // What is stale already is in no table.
        if none || !self.stale.insert(slot.clone()) {
            return;
        }
        if let Some(object) = object {
            self.tables(slot).iter_mut().for_each(|table| table.forget(&slot.key, object));
        }
        if let Some(unseen) = &mut self.unseen {
            unseen.remove(slot);
        }
    }

    fn refresh(&mut self, objects: &ByType) {
        for slot in std::mem::take(&mut self.stale) {
            let types = objects.get(&slot.scope);
            let found = types.and_then(|types| types.get(&slot.resource_type)?.get(&slot.key));
            let Some(object) = found else { continue };
            self.tables(&slot).iter_mut().for_each(|table| table.add(&slot.key, object));
            if let Some(unseen) = self.unseen.as_mut().filter(|_| object.unseen > 0) {
                unseen.insert(slot);
            }
        }
    }

    /// The keys of the objects of a type that have this value.
    pub(crate) fn keys(
        &mut self,
        objects: &ByType,
        (scope, resource_type): (&str, &str),
        facet: &Facet,
        value: &str,
    ) -> Vec<String> {
        self.refresh(objects);
        let types = self.tables.entry(scope.to_owned()).or_default();
        let tables = types.entry(resource_type.to_owned()).or_default();
        let known = tables.iter().position(|table| table.facet == *facet);
        let at = known.unwrap_or_else(|| {
            let mut table = Table { facet: facet.clone(), keys: BTreeMap::new() };
            let all = objects.get(scope).and_then(|types| types.get(resource_type));
            all.into_iter().flatten().for_each(|(key, object)| table.add(key, object));
            tables.push(table);
            tables.len() - 1
        });
        let keys = tables.get(at).and_then(|table| table.keys.get(value));
        keys.into_iter().flatten().cloned().collect()
    }

    /// The places in a scope whose objects are not yet visible.
    pub(crate) fn unseen(&mut self, objects: &ByType, scope: &str) -> Vec<Slot> {
        self.refresh(objects);
        let unseen = self.unseen.get_or_insert_with(|| {
            let mut unseen = BTreeSet::new();
            for (scope, types) in objects {
                for (resource_type, all) in types {
                    let hidden = all.iter().filter(|(_, object)| object.unseen > 0);
                    unseen.extend(hidden.map(|(key, _)| Slot::new(scope, resource_type, key)));
                }
            }
            unseen
        });
        unseen.iter().filter(|slot| slot.scope == scope).cloned().collect()
    }
}
