//! The inventory of a sandbox: the objects that exist, which are the data of its file.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rstack_catalog::Registry;
use rstack_model::state::Environment;
use rstack_model::{Digest, Identifier, Region, ResourceType};
use serde::{Deserialize, Serialize};

use crate::cloud::ACCOUNT;
use crate::delta::{Slot, Touched};
use crate::index::{Facet, Index};
use crate::parameter::ParameterRecord;
use crate::redaction::JsonMap;
use crate::secret::SecretRecord;

/// The place of the objects that are in no Region.
pub(crate) const GLOBAL_SCOPE: &str = "global";
/// Services whose objects are in no Region.
const GLOBAL: [&str; 5] = ["CloudFront", "IAM", "Organizations", "Route53", "S3"];

/// One object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredObject {
    /// Its primary identifier, whole.
    #[serde(default = "unidentified")]
    pub(crate) identifier: Identifier,
    /// The value that `Ref` returns: not always unique, as the stages of two APIs show.
    pub(crate) physical_id: String,
    /// The text that everything invented for the object is derived from.
    pub(crate) nonce: String,
    /// The token of the operation that created it.
    pub(crate) token: String,
    /// Its properties.
    pub(crate) properties: JsonMap,
    /// Its attributes.
    pub(crate) attributes: JsonMap,
    /// The number of polls that it will still answer with "not yet stabilized".
    #[serde(rename = "unsettled", default)]
    pub(crate) polls_left: u32,
    /// For a distribution, what it was before and still is at some edge locations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) former: Vec<JsonMap>,
    /// True while it is being disabled so that it can be deleted.
    #[serde(default)]
    pub(crate) disabled: bool,
    /// The number of calls that name it and will find it not yet visible.
    #[serde(default)]
    pub(crate) unseen: u32,
    /// For a secret, its versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<SecretRecord>,
    /// For a parameter of the Parameter Store, its versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) versions: Option<ParameterRecord>,
}

impl StoredObject {
    /// Begins the deployment of a change: `former` is still at some edge locations for so many
    /// polls.
    pub(crate) fn deploy(&mut self, former: JsonMap, polls: u32) {
        self.polls_left = polls;
        self.former.push(former);
        if polls == 0 {
            self.former.clear();
        }
    }

    /// Counts one poll; with the last one it is as it was changed to be, everywhere.
    pub(crate) fn count_poll(&mut self) {
        self.polls_left = self.polls_left.saturating_sub(1);
        if self.polls_left == 0 {
            self.former.clear();
        }
    }
}

/// The identifier of an object whose file did not have one yet.
fn unidentified() -> Identifier {
    Identifier::new([])
}

/// An identifier as a text that no other one has: its parts joined by `|`, with `|` and `\\` inside
/// of a part escaped. Most identifiers have one part, and are that.
pub(crate) fn key_of(identifier: &Identifier) -> String {
    let parts = identifier.parts().iter();
    let escaped = parts.map(|part| part.replace('\\', "\\\\").replace('|', "\\|"));
    match identifier.parts() {
        [only] => only.clone(),
        _ => escaped.collect::<Vec<_>>().join("|"),
    }
}

/// The objects of one type, by [`key_of`] their identifiers.
pub(crate) type Objects = BTreeMap<String, StoredObject>;

/// Everything that exists.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inventory {
    /// The key of the digests that stand for secrets, made with the first object.
    pub(crate) key: String,
    /// The number of objects that were created for each resource, so that each has a nonce of its
    /// own.
    pub(crate) made: BTreeMap<String, u64>,
    /// Objects by Region (or `global`) and type.
    pub(crate) objects: BTreeMap<String, BTreeMap<String, Objects>>,
    /// The parts that were touched since they were written.
    #[serde(skip)]
    pub(crate) touched: Touched,
    /// The indexes of the objects.
    #[serde(skip)]
    pub(crate) index: RefCell<Index>,
}

impl Inventory {
    /// Gives the objects of a file of format 2 their identifiers: it had them by the texts that
    /// their keys were made of.
    pub(crate) fn identify(&mut self) {
        for types in self.objects.values_mut() {
            for (type_name, objects) in types.iter_mut() {
                let schema = Registry::embedded().get(type_name).ok().flatten();
                let old = std::mem::take(objects);
                objects.extend(old.into_values().map(|mut object| {
                    object.identifier = match &schema {
                        Some(schema) => schema.identifier_in(
                            &object.physical_id,
                            &[&object.attributes, &object.properties],
                        ),
                        None => Identifier::from(object.physical_id.as_str()),
                    };
                    (key_of(&object.identifier), object)
                }));
            }
        }
    }
}

/// The places in the inventory that an account sees from a Region: one for the objects of the Region and
/// one for those that are in none. Those of other accounts than the sandbox's own begin with the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scopes {
    regional: String,
    global: String,
}

impl Scopes {
    pub(crate) fn of(environment: &Environment) -> Self {
        let Environment { account, region, .. } = environment;
        match account.as_str() {
            ACCOUNT => Self { regional: region.to_string(), global: GLOBAL_SCOPE.to_owned() },
            _ => Self {
                regional: format!("{account}/{region}"),
                global: format!("{account}/{GLOBAL_SCOPE}"),
            },
        }
    }

    fn scope(&self, resource_type: &ResourceType) -> &str {
        let global = resource_type.service().is_some_and(|service| GLOBAL.contains(&service));
        if global { &self.global } else { &self.regional }
    }

    fn all(&self) -> [&str; 2] {
        [&self.global, &self.regional]
    }
}

/// An inventory as an account sees it from one Region.
pub(crate) struct View<'a> {
    pub(crate) inventory: &'a mut Inventory,
    pub(crate) region: &'a Region,
    pub(crate) scopes: &'a Scopes,
}

impl View<'_> {
    /// The key that marks secrets.
    pub(crate) fn key(&self) -> &str {
        &self.inventory.key
    }

    /// Makes the key out of the seed and the first operation's token.
    pub(crate) fn make_key(&mut self, seed: u64, token: &str) {
        if self.inventory.key.is_empty() {
            self.inventory.key = Digest::of(format!("{seed}/{token}").as_bytes()).to_string();
            self.inventory.touched.key = true;
        }
    }

    /// A nonce for one more object of a resource.
    pub(crate) fn nonce(&mut self, of: &str) -> String {
        let count = self.inventory.made.entry(of.to_owned()).or_default();
        *count += 1;
        self.inventory.touched.made.insert(of.to_owned());
        format!("{of}/{count}")
    }

    /// All objects of a type.
    pub(crate) fn all<'a>(
        &'a self,
        resource_type: &ResourceType,
    ) -> impl Iterator<Item = (&'a String, &'a StoredObject)> + use<'a> {
        let types = self.inventory.objects.get(self.scopes.scope(resource_type));
        types.and_then(|types| types.get(resource_type.as_str())).into_iter().flatten()
    }

    /// All objects that can be seen, with their types.
    pub(crate) fn everything(&self) -> impl Iterator<Item = (&String, &String, &StoredObject)> {
        let scopes = self.scopes.all().into_iter();
        let types = scopes.filter_map(|scope| self.inventory.objects.get(scope)).flatten();
        types.flat_map(|(name, all)| all.iter().map(move |(id, object)| (name, id, object)))
    }

    /// The keys of the objects that a text names: the one whose key it is, or all of which it is the
    /// physical ID.
    pub(crate) fn keys(&self, resource_type: &ResourceType, physical_id: &str) -> Vec<String> {
        if self.get(resource_type, physical_id).is_some() {
            return vec![physical_id.to_owned()];
        }
        self.having(resource_type, &Facet::PhysicalId, physical_id)
    }

    /// The keys of the objects of a type that have this value.
    pub(crate) fn having(
        &self,
        resource_type: &ResourceType,
        facet: &Facet,
        value: &str,
    ) -> Vec<String> {
        let of = (self.scopes.scope(resource_type), resource_type.as_str());
        self.inventory.index.borrow_mut().keys(&self.inventory.objects, of, facet, value)
    }

    /// One object, by its key.
    pub(crate) fn get(&self, resource_type: &ResourceType, key: &str) -> Option<&StoredObject> {
        let types = self.inventory.objects.get(self.scopes.scope(resource_type))?;
        types.get(resource_type.as_str())?.get(key)
    }

    /// One object with its key as it is kept.
    pub(crate) fn entry(
        &self,
        resource_type: &ResourceType,
        key: &str,
    ) -> Option<(&String, &StoredObject)> {
        let types = self.inventory.objects.get(self.scopes.scope(resource_type))?;
        types.get(resource_type.as_str())?.get_key_value(key)
    }

    /// One object, to be changed.
    pub(crate) fn get_mut(
        &mut self,
        resource_type: &ResourceType,
        key: &str,
    ) -> Option<&mut StoredObject> {
        self.get(resource_type, key)?;
        let scope = self.scopes.scope(resource_type);
        self.inventory.touch(Slot::new(scope, resource_type.as_str(), key));
        self.inventory.objects.get_mut(scope)?.get_mut(resource_type.as_str())?.get_mut(key)
    }

    /// Puts an object in its place.
    pub(crate) fn insert(&mut self, resource_type: &ResourceType, key: &str, object: StoredObject) {
        let scope = self.scopes.scope(resource_type).to_owned();
        self.insert_at(&scope, resource_type, key, object);
    }

    /// The keys of the objects of a type that the operation of this token made.
    pub(crate) fn keys_by_token(&self, resource_type: &ResourceType, token: &str) -> Vec<String> {
        let scope = self.inventory.objects.get(self.scopes.scope(resource_type));
        let objects = scope.and_then(|types| types.get(resource_type.as_str()));
        let made = objects.into_iter().flatten().filter(|(_, object)| object.token == token);
        made.map(|(key, _)| key.clone()).collect()
    }

    /// One object in a scope that no account sees.
    pub(crate) fn get_at(
        &self,
        scope: &str,
        resource_type: &ResourceType,
        key: &str,
    ) -> Option<&StoredObject> {
        self.inventory.objects.get(scope)?.get(resource_type.as_str())?.get(key)
    }

    /// Puts an object into a scope that no account sees.
    pub(crate) fn insert_at(
        &mut self,
        scope: &str,
        resource_type: &ResourceType,
        key: &str,
        object: StoredObject,
    ) {
        self.inventory.touch(Slot::new(scope, resource_type.as_str(), key));
        let types = self.inventory.objects.entry(scope.to_owned()).or_default();
        let all = types.entry(resource_type.as_str().to_owned()).or_default();
        all.insert(key.to_owned(), object);
    }

    /// Takes an object out of a scope that no account sees.
    pub(crate) fn remove_at(&mut self, scope: &str, resource_type: &ResourceType, key: &str) {
        if self.get_at(scope, resource_type, key).is_some() {
            let slot = Slot::new(scope, resource_type.as_str(), key);
            self.inventory.touch(slot.clone());
            self.inventory.take_away(&slot);
        }
    }

    /// Takes an object away; says whether it was there.
    pub(crate) fn remove(&mut self, resource_type: &ResourceType, key: &str) -> bool {
        if self.get(resource_type, key).is_none() {
            return false;
        }
        let slot = Slot::new(self.scopes.scope(resource_type), resource_type.as_str(), key);
        self.inventory.touch(slot.clone());
        self.inventory.take_away(&slot)
    }

    /// The first object of any type that is not yet visible and that these properties name: its
    /// type and key.
    pub(crate) fn unseen_in(&self, properties: &JsonMap) -> Option<(ResourceType, String)> {
        let mut index = self.inventory.index.borrow_mut();
        let scopes = self.scopes.all().into_iter();
        let mut unseen =
            scopes.flat_map(|scope| index.unseen(&self.inventory.objects, scope)).peekable();
        unseen.peek()?;
        let text = serde_json::to_string(properties).unwrap_or_default();
        let names = |object: &StoredObject| {
            let id = &object.physical_id;
            let arn = object.attributes.get("Arn").and_then(serde_json::Value::as_str);
            text.contains(&format!("\"{id}\"")) || arn.is_some_and(|arn| text.contains(arn))
        };
        let found = unseen.find(|slot| self.inventory.at(slot).is_some_and(names))?;
        Some((ResourceType::from(found.resource_type.as_str()), found.key))
    }
}
