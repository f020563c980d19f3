//! Handlers of custom resources whose code is known. They are recognized by the digests of all files of their
//! asset, and never by a name alone: other code under the same name is asked.
//!
//! A resource stays what its state says: one that its handler has made is left to the handler, and one that
//! rstack has made itself is left to rstack. An update that only goes from one to the other could end in another
//! physical ID, and the deletion of the old one empties the bucket.

use std::ffi::OsStr;
use std::path::Path;

use rstack_model::desired::Desired;
use rstack_model::state::State;
use rstack_model::value::{Attribute, AttributeRef, Deferred};
use rstack_model::{Address, Asset, BuiltIn, Digest, Value, ValueMap};
use serde::Deserialize;

use crate::env::Env;
use crate::files::Project;

/// The digests of the CDK's handlers, with their source.
pub const KNOWN_HANDLERS: &str = include_str!("cdk-handlers.json");

/// The bytes of the longest file that is looked at: the CDK's have less than 16 KiB.
const LONGEST: u64 = 1 << 18;

const CODE: &str = "index.js";
const ENTRY_POINT: &str = "__entrypoint__.js";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    handlers: Vec<Handler>,
    entry_points: Vec<EntryPoint>,
}

#[derive(Deserialize)]
struct Handler {
    code: String,
    sha256: String,
}

#[derive(Deserialize)]
struct EntryPoint {
    sha256: String,
}

/// Notes which custom resources are carried out without their handlers. `former` is the state before.
pub(crate) fn settle(env: &Env, desired: &mut Desired, former: Option<&State>, asks_all: bool) {
    let of_type = |kind: &str| BuiltIn::ALL.into_iter().find(|it| it.resource_type() == kind);
    let custom: Vec<(Address, BuiltIn)> = desired
        .resources
        .iter()
        .filter_map(|(address, it)| Some((address.clone(), of_type(it.resource_type.as_str())?)))
        .collect();
    for (address, built_in) in custom {
        let before = former.and_then(|state| state.resources.get(&address));
        let before = before.filter(|it| it.resource_type.as_str() == built_in.resource_type());
        let known = match before {
            Some(before) => BuiltIn::of(&before.properties) == Some(built_in),
            None => !asks_all && is_known(env, desired, &address, built_in),
        };
        if let Some(resource) = desired.resources.get_mut(&address) {
            resource.properties.remove(BuiltIn::PROPERTY);
            if known {
                let name = (BuiltIn::PROPERTY.to_owned(), Value::from(built_in.name()));
                resource.properties.extend([name]);
            }
        }
    }
    // No template says it.
    let others = desired.resources.values_mut();
    for resource in others.filter(|it| of_type(it.resource_type.as_str()).is_none()) {
        if resource.resource_type.is_custom() {
            resource.properties.remove(BuiltIn::PROPERTY);
        }
    }
}

/// True if the handler of a resource is a function of the same stack with this code.
fn is_known(env: &Env, desired: &Desired, address: &Address, built_in: BuiltIn) -> bool {
    let function = desired.resources.get(address).and_then(|it| function_of(&it.properties));
    let function = function.and_then(|address| desired.resources.get(address));
    let Some(function) = function.filter(|it| it.resource_type.as_str() == "AWS::Lambda::Function")
    else {
        return false;
    };
    let text = |name: &str| function.properties.get(name).and_then(Value::as_str);
    let code = function.properties.get("Code").and_then(Value::as_map);
    let key = code.and_then(|code| code.get("S3Key")).and_then(Value::as_str);
    let asset = desired.assets.iter().find(|asset| Some(asset.place.key.as_str()) == key);
    let Some(asset) = asset else { return false };
    text("Handler").is_some_and(|handler| has_code(env, asset, handler, built_in))
}

/// The function whose ARN is the service token.
fn function_of(properties: &ValueMap) -> Option<&Address> {
    let Some(Value::Deferred(token)) = properties.get("ServiceToken") else { return None };
    match token.as_ref() {
        Deferred::Attribute(AttributeRef { address, attribute: Attribute::Named(name) })
            if name == "Arn" =>
        {
            Some(address)
        }
        _ => None,
    }
}

/// True if the files of an asset are those of a handler, and no others. What cannot be read is not known.
fn has_code(env: &Env, asset: &Asset, handler: &str, built_in: BuiltIn) -> bool {
    let Ok(known) = serde_json::from_str::<Known>(env.known_handlers) else { return false };
    let Ok(project) = Project::alone(env, Path::new(&asset.assembly)) else { return false };
    let folder = Path::new(&asset.source);
    let Ok(Some(names)) = project.names(folder, 3) else { return false };
    let digest = |name: &str| {
        let bytes = project.read(env, &folder.join(name), LONGEST).ok()?;
        Some(Digest::of(&bytes))
    };
    let is_code = || {
        digest(CODE).is_some_and(|found| {
            let mut handlers = known.handlers.iter();
            handlers.any(|it| it.code == built_in.name() && it.sha256 == found.as_str())
        })
    };
    let is_entry_point = || {
        digest(ENTRY_POINT)
            .is_some_and(|found| known.entry_points.iter().any(|it| it.sha256 == found.as_str()))
    };
    match (handler, names.as_slice()) {
        ("index.handler", [only]) if only == OsStr::new(CODE) => is_code(),
        ("__entrypoint__.handler", [entry, code])
            if entry == OsStr::new(ENTRY_POINT) && code == OsStr::new(CODE) =>
        {
            is_code() && is_entry_point()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_are_digests_of_known_code() {
        let known: Known = serde_json::from_str(KNOWN_HANDLERS).unwrap();
        let all = known.handlers.iter().map(|it| it.sha256.as_str());
        let all: Vec<&str> =
            all.chain(known.entry_points.iter().map(|it| it.sha256.as_str())).collect();
        assert!(all.iter().all(|digest| Digest::parse(digest).is_some()), "{all:?}");
        let unique: std::collections::BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(unique.len(), all.len());
        assert!(known.handlers.iter().all(|it| BuiltIn::named(&it.code).is_some()));
        for built_in in BuiltIn::ALL {
            assert!(known.handlers.iter().any(|it| it.code == built_in.name()), "{built_in}");
        }
    }
}
