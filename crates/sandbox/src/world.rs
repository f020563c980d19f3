//! What exists in a sandbox: the data of its file.

use std::collections::BTreeMap;

use rstack_catalog::Registry;
use rstack_model::{Digest, Identifier, Region, ResourceType};
use serde::{Deserialize, Serialize};

use crate::kept::JsonMap;
use crate::secret::SecretRecord;

/// Services whose objects are in no Region.
const GLOBAL: [&str; 5] = ["CloudFront", "IAM", "Organizations", "Route53", "S3"];

/// One object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredObject {
    /// Its primary identifier, whole.
    #[serde(default = "unidentified")]
    pub(crate) identifier: Identifier,
    /// What `Ref` returns: not always unique, as the stages of two APIs show.
    pub(crate) physical_id: String,
    /// What everything invented for the object is derived from.
    pub(crate) nonce: String,
    /// The token of the operation that created it.
    pub(crate) token: String,
    /// Its properties.
    pub(crate) properties: JsonMap,
    /// Its attributes.
    pub(crate) attributes: JsonMap,
    /// How often it will still answer that it is not settled.
    #[serde(default)]
    pub(crate) unsettled: u32,
    /// For a distribution, what it was before and still is at some edge locations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) former: Vec<JsonMap>,
    /// Whether it is being disabled so that it can be deleted.
    #[serde(default)]
    pub(crate) disabled: bool,
    /// How many calls that name it will find it not yet visible.
    #[serde(default)]
    pub(crate) unseen: u32,
    /// For a secret, its versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<SecretRecord>,
}

impl StoredObject {
    /// What it is now takes its time to come to where `former` still is.
    pub(crate) fn deploy(&mut self, former: JsonMap, polls: u32) {
        self.unsettled = polls;
        self.former.push(former);
        if polls == 0 {
            self.former.clear();
        }
    }

    /// Comes a little nearer to its end.
    pub(crate) fn settle(&mut self) {
        self.unsettled = self.unsettled.saturating_sub(1);
        if self.unsettled == 0 {
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
pub(crate) struct World {
    /// The key of the digests that stand for secrets, made with the first object.
    key: String,
    /// How many objects were created for each resource, so that each has a nonce of its own.
    made: BTreeMap<String, u64>,
    /// Objects by Region (or `global`) and type.
    objects: BTreeMap<String, BTreeMap<String, Objects>>,
    /// Whether it was changed since it was read.
    #[serde(skip)]
    pub(crate) changed: bool,
}

impl World {
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

fn scope<'a>(region: &'a Region, resource_type: &ResourceType) -> &'a str {
    let global = resource_type.service().is_some_and(|service| GLOBAL.contains(&service));
    if global { "global" } else { region.as_str() }
}

/// A world as it is seen from one Region.
pub(crate) struct View<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) region: &'a Region,
}

impl View<'_> {
    /// The key that marks secrets.
    pub(crate) fn key(&self) -> &str {
        &self.world.key
    }

    /// Makes the key out of the seed and the first operation's token.
    pub(crate) fn make_key(&mut self, seed: u64, token: &str) {
        if self.world.key.is_empty() {
            self.world.key = Digest::of(format!("{seed}/{token}").as_bytes()).to_string();
            self.world.changed = true;
        }
    }

    /// A nonce for one more object of a resource.
    pub(crate) fn nonce(&mut self, of: &str) -> String {
        let count = self.world.made.entry(of.to_owned()).or_default();
        *count += 1;
        self.world.changed = true;
        format!("{of}/{count}")
    }

    /// All objects of a type.
    pub(crate) fn all<'a>(
        &'a self,
        resource_type: &ResourceType,
    ) -> impl Iterator<Item = (&'a String, &'a StoredObject)> + use<'a> {
        let types = self.world.objects.get(scope(self.region, resource_type));
        types.and_then(|types| types.get(resource_type.as_str())).into_iter().flatten()
    }

    /// All objects that can be seen, with their types.
    pub(crate) fn everything(&self) -> impl Iterator<Item = (&String, &String, &StoredObject)> {
        let scopes = ["global", self.region.as_str()].into_iter();
        let types = scopes.filter_map(|scope| self.world.objects.get(scope)).flatten();
        types.flat_map(|(name, all)| all.iter().map(move |(id, object)| (name, id, object)))
    }

    /// The keys of the objects that a text names: the one whose key it is, or all of which it is the
    /// physical ID.
    pub(crate) fn keys(&self, resource_type: &ResourceType, physical_id: &str) -> Vec<String> {
        if self.get(resource_type, physical_id).is_some() {
            return vec![physical_id.to_owned()];
        }
        let named = self.all(resource_type).filter(|(_, it)| it.physical_id == physical_id);
        named.map(|(key, _)| key.clone()).collect()
    }

    /// One object, by its key.
    pub(crate) fn get(&self, resource_type: &ResourceType, key: &str) -> Option<&StoredObject> {
        let types = self.world.objects.get(scope(self.region, resource_type))?;
        types.get(resource_type.as_str())?.get(key)
    }

    /// One object, to be changed.
    pub(crate) fn get_mut(
        &mut self,
        resource_type: &ResourceType,
        key: &str,
    ) -> Option<&mut StoredObject> {
        let types = self.world.objects.get_mut(scope(self.region, resource_type))?;
        let found = types.get_mut(resource_type.as_str())?.get_mut(key);
        self.world.changed |= found.is_some();
        found
    }

    /// Puts an object in its place.
    pub(crate) fn insert(&mut self, resource_type: &ResourceType, key: &str, object: StoredObject) {
        let types = self.world.objects.entry(scope(self.region, resource_type).to_owned());
        let all = types.or_default().entry(resource_type.as_str().to_owned()).or_default();
        all.insert(key.to_owned(), object);
        self.world.changed = true;
    }

    /// Takes an object away; says whether it was there.
    pub(crate) fn remove(&mut self, resource_type: &ResourceType, key: &str) -> bool {
        let types = self.world.objects.get_mut(scope(self.region, resource_type));
        let Some(types) = types else { return false };
        let Some(all) = types.get_mut(resource_type.as_str()) else { return false };
        let removed = all.remove(key).is_some();
        if all.is_empty() {
            types.remove(resource_type.as_str());
        }
        self.world.changed |= removed;
        removed
    }

    /// The first object of any type that is not yet visible and that this text names: its
    /// type and key.
    pub(crate) fn unseen_in(&self, text: &str) -> Option<(ResourceType, String)> {
        let names = |object: &StoredObject| {
            let id = &object.physical_id;
            let arn = object.attributes.get("Arn").and_then(serde_json::Value::as_str);
            text.contains(&format!("\"{id}\"")) || arn.is_some_and(|arn| text.contains(arn))
        };
        let mut all = self.everything();
        let found = all.find(|(_, _, object)| object.unseen > 0 && names(object));
        found.map(|(name, key, _)| (ResourceType::from(name.as_str()), key.clone()))
    }
}
