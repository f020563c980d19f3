//! CloudFront's types that are one configuration: policies, origin access controls and identities,
//! public keys and groups of them. A name or a caller reference is unique; there are no tags.

use serde_json::{Value, json};

use super::account::{Account, Reply, refuse, text};
use crate::service_error::Refusal;

/// A type.
#[derive(Clone, Copy)]
struct Kind {
    /// Its name in the API.
    name: &'static str,
    /// The resource type.
    resource_type: &'static str,
    /// The code of the error for "not there".
    missing: &'static str,
    /// The code of the error for "in use".
    used: &'static str,
    /// The member of the configuration that no two objects share.
    unique: &'static str,
    /// The form of the elements of a listing.
    listed: Listed,
}

/// The form of the elements of a listing.
#[derive(Clone, Copy, PartialEq)]
enum Listed {
    /// The object in a member, beside its kind.
    Policy,
    /// The object in a member.
    Object,
    /// The ID and the members of the configuration.
    Summary,
}

const KINDS: [Kind; 7] = [
    Kind {
        name: "CachePolicy",
        resource_type: "AWS::CloudFront::CachePolicy",
        missing: "NoSuchCachePolicy",
        used: "CachePolicyInUse",
        unique: "Name",
        listed: Listed::Policy,
    },
    Kind {
        name: "OriginRequestPolicy",
        resource_type: "AWS::CloudFront::OriginRequestPolicy",
        missing: "NoSuchOriginRequestPolicy",
        used: "OriginRequestPolicyInUse",
        unique: "Name",
        listed: Listed::Policy,
    },
    Kind {
        name: "ResponseHeadersPolicy",
        resource_type: "AWS::CloudFront::ResponseHeadersPolicy",
        missing: "NoSuchResponseHeadersPolicy",
        used: "ResponseHeadersPolicyInUse",
        unique: "Name",
        listed: Listed::Policy,
    },
    Kind {
        name: "OriginAccessControl",
        resource_type: "AWS::CloudFront::OriginAccessControl",
        missing: "NoSuchOriginAccessControl",
        used: "OriginAccessControlInUse",
        unique: "Name",
        listed: Listed::Summary,
    },
    Kind {
        name: "CloudFrontOriginAccessIdentity",
        resource_type: "AWS::CloudFront::CloudFrontOriginAccessIdentity",
        missing: "NoSuchCloudFrontOriginAccessIdentity",
        used: "CloudFrontOriginAccessIdentityInUse",
        unique: "CallerReference",
        listed: Listed::Summary,
    },
    Kind {
        name: "PublicKey",
        resource_type: "AWS::CloudFront::PublicKey",
        missing: "NoSuchPublicKey",
        used: "PublicKeyInUse",
        unique: "Name",
        listed: Listed::Summary,
    },
    Kind {
        name: "KeyGroup",
        resource_type: "AWS::CloudFront::KeyGroup",
        missing: "NoSuchResource",
        used: "ResourceInUse",
        unique: "Name",
        listed: Listed::Object,
    },
];

impl Kind {
    fn plural(&self) -> String {
        match self.name.strip_suffix('y').filter(|stem| !stem.ends_with('e')) {
            Some(stem) => format!("{stem}ies"),
            None => format!("{}s", self.name),
        }
    }

    fn config(&self) -> String {
        format!("{}Config", self.name)
    }

    /// The object itself.
    fn object(&self, id: &str, object: &Value) -> Value {
        let mut shown = json!({"Id": id});
        match self.name {
            "CloudFrontOriginAccessIdentity" => shown["S3CanonicalUserId"] = object["user"].clone(),
            "PublicKey" => shown["CreatedTime"] = "2026-01-02T03:04:05Z".into(),
            _ => shown["LastModifiedTime"] = "2026-01-02T03:04:05Z".into(),
        }
        shown[&self.config()] = object["config"].clone();
        shown
    }

    /// The answer about an object.
    fn shown(&self, id: &str, object: &Value) -> Value {
        let mut answer = json!({"ETag": object["etag"]});
        answer[self.name] = self.object(id, object);
        answer
    }

    /// The configuration of an input, as the service keeps it.
    fn kept(&self, input: &Value) -> Value {
        let mut config = input[&self.config()].clone();
        if let Some(key) = config.get("EncodedKey").and_then(Value::as_str) {
            config["EncodedKey"] = format!("{}\n", key.trim_end()).into();
        }
        config
    }
}

/// The resource type of a kind.
pub(super) fn resource_type(kind: &str) -> &'static str {
    KINDS.iter().find(|known| known.name == kind).unwrap().resource_type
}

/// Carries out an operation, if it is about one of these types.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Option<Reply> {
    for kind in KINDS {
        for verb in ["Create", "Get", "Update", "Delete", "List"] {
            let of = if verb == "List" { kind.plural() } else { kind.name.to_owned() };
            if operation == format!("{verb}{of}") {
                return Some(one(account, kind, verb, input));
            }
        }
    }
    None
}

fn one(account: &mut Account, kind: Kind, verb: &str, input: &Value) -> Reply {
    if verb == "List" {
        return Ok(listed(account, kind, input));
    }
    let config = kind.kept(input);
    if verb == "Create" {
        return create(account, kind, config);
    }
    let id = text(input, "Id");
    let there = account.configured.get(kind.name).and_then(|objects| objects.get(&id)).cloned();
    let mut object = there.ok_or_else(|| refuse(404, kind.missing, "it does not exist"))?;
    if verb == "Get" {
        return Ok(kind.shown(&id, &object));
    }
    matches(input, &object)?;
    if verb == "Update" {
        changeable(kind, &object["config"], &config)?;
        valid(account, &config)?;
        object["config"] = config;
        object["etag"] = account.id("ETV").into();
        let answer = kind.shown(&id, &object);
        account.configured.get_mut(kind.name).unwrap().insert(id, object);
        return Ok(answer);
    }
    let groups = account.configured.get("KeyGroup").into_iter().flat_map(|all| all.values());
    let mut users = account.distributions.values().chain(groups);
    if users.any(|user| user["config"].to_string().contains(&id)) {
        return Err(refuse(409, kind.used, "something uses it"));
    }
    account.configured.get_mut(kind.name).unwrap().remove(&id);
    Ok(json!({}))
}

fn create(account: &mut Account, kind: Kind, config: Value) -> Reply {
    let there = account.configured.entry(kind.name).or_default();
    let same = |object: &&Value| object["config"][kind.unique] == config[kind.unique];
    let taken = there.iter().find(|(_, object)| same(object));
    if let Some((id, object)) = taken {
        // A caller reference with the same content as before is answered like before.
        if kind.unique == "CallerReference" && object["config"] == config {
            return Ok(kind.shown(id, object));
        }
        return Err(refuse(409, &format!("{}AlreadyExists", kind.name), "the name is taken"));
    }
    valid(account, &config)?;
    let id = account.id("P");
    let user = format!("{:064x}", account.next());
    let object = json!({"config": config, "etag": account.id("ETV"), "user": user});
    let answer = kind.shown(&id, &object);
    account.note(kind.name, &text(&object["config"], kind.unique));
    account.configured.entry(kind.name).or_default().insert(id, object);
    Ok(answer)
}

/// Refuses another caller reference, and any change of a public key but of its comment.
fn changeable(kind: Kind, before: &Value, config: &Value) -> Result<(), Refusal> {
    if before["CallerReference"] != config["CallerReference"] {
        return Err(refuse(400, "IllegalUpdate", "another caller reference"));
    }
    let fixed = ["EncodedKey", "Name"].iter().any(|name| before[name] != config[name]);
    if kind.name == "PublicKey" && fixed {
        return Err(refuse(400, "CannotChangeImmutablePublicKeyFields", "only the comment"));
    }
    Ok(())
}

/// Refuses a key group with a key that does not exist.
fn valid(account: &Account, config: &Value) -> Result<(), Refusal> {
    let keys = account.configured.get("PublicKey");
    let known = |id: &Value| keys.is_some_and(|keys| keys.contains_key(id.as_str().unwrap()));
    match config["Items"].as_array() {
        Some(items) if !items.iter().all(known) => {
            Err(refuse(400, "InvalidArgument", "a public key does not exist"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses a change that does not name the version that is there.
pub(super) fn matches(input: &Value, object: &Value) -> Result<(), Refusal> {
    match input.get("IfMatch") {
        None => Err(refuse(400, "InvalidIfMatchVersion", "the version is missing")),
        Some(etag) if *etag == object["etag"] => Ok(()),
        Some(_) => Err(refuse(412, "PreconditionFailed", "the version is another one")),
    }
}

/// One page with one element, so that pages are followed.
fn listed(account: &Account, kind: Kind, input: &Value) -> Value {
    let objects = account.configured.get(kind.name);
    let after = text(input, "Marker");
    let mut rest = objects.into_iter().flatten().filter(|(id, _)| **id > after);
    let item = rest.next();
    let mut page = json!({"MaxItems": 1, "Quantity": usize::from(item.is_some())});
    if let Some((id, object)) = item {
        let item = if kind.listed == Listed::Summary {
            let mut summary = object["config"].clone();
            // Listings do not show what tells equal identities apart.
            summary.as_object_mut().unwrap().remove("CallerReference");
            let mut shown = kind.object(id, object);
            let shown = shown.as_object_mut().unwrap();
            shown.remove(&kind.config());
            summary.as_object_mut().unwrap().append(shown);
            summary
        } else {
            let mut item = json!({});
            if kind.listed == Listed::Policy {
                item["Type"] = "custom".into();
            }
            item[kind.name] = kind.object(id, object);
            item
        };
        page["Items"] = json!([item]);
        if rest.next().is_some() {
            page["NextMarker"] = id.as_str().into();
        }
    }
    let origin = kind.name.contains("OriginAccess");
    if origin {
        page["IsTruncated"] = page.get("NextMarker").is_some().into();
        page["Marker"] = after.into();
    }
    let mut answer = json!({});
    answer[format!("{}List", kind.name)] = page;
    answer
}
