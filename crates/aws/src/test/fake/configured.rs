//! CloudFront's policies and origin access controls: one configuration with a name that is unique,
//! no token, no tags.

use serde_json::{Value, json};

use super::account::{Account, Reply, refuse, text};

/// The types: name in the API, in errors for "not there", resource type.
const KINDS: [(&str, &str, &str); 4] = [
    ("CachePolicy", "NoSuchCachePolicy", "AWS::CloudFront::CachePolicy"),
    ("OriginRequestPolicy", "NoSuchOriginRequestPolicy", "AWS::CloudFront::OriginRequestPolicy"),
    (
        "ResponseHeadersPolicy",
        "NoSuchResponseHeadersPolicy",
        "AWS::CloudFront::ResponseHeadersPolicy",
    ),
    ("OriginAccessControl", "NoSuchOriginAccessControl", "AWS::CloudFront::OriginAccessControl"),
];

/// The resource type of a kind.
pub(super) fn resource_type(kind: &str) -> &'static str {
    KINDS.iter().find(|(name, ..)| *name == kind).unwrap().2
}

/// Carries out an operation, if it is about one of these types.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Option<Reply> {
    let verbs = ["Create", "Get", "Update", "Delete", "List"];
    for (kind, missing, _) in KINDS {
        let plural = kind.strip_suffix('y').map_or(format!("{kind}s"), |stem| format!("{stem}ies"));
        for verb in verbs {
            let of = if verb == "List" { &plural } else { kind };
            if operation == format!("{verb}{of}") {
                return Some(one(account, (kind, missing), verb, input));
            }
        }
    }
    None
}

fn one(
    account: &mut Account,
    (kind, missing): (&'static str, &str),
    verb: &str,
    input: &Value,
) -> Reply {
    let config = format!("{kind}Config");
    let id = text(input, "Id");
    let shown = |id: &str, object: &Value| {
        let mut shown = json!({"Id": id, "LastModifiedTime": "2026-01-02T03:04:05Z"});
        shown[&config] = object["config"].clone();
        let mut answer = json!({"ETag": object["etag"]});
        answer[kind] = shown;
        answer
    };
    if verb == "List" {
        return Ok(listed(account, kind, &config, input));
    }
    if verb == "Create" {
        let there = account.configured.entry(kind).or_default();
        let taken = there.values().any(|o| o["config"]["Name"] == input[&config]["Name"]);
        if taken {
            return Err(refuse(409, &format!("{kind}AlreadyExists"), "the name is taken"));
        }
        let id = account.id("P");
        let object = json!({"config": input[&config], "etag": account.id("ETV")});
        let answer = shown(&id, &object);
        account.note(kind, &text(&input[&config], "Name"));
        account.configured.entry(kind).or_default().insert(id, object);
        return Ok(answer);
    }
    let there = account.configured.get(kind).and_then(|objects| objects.get(&id)).cloned();
    let mut object = there.ok_or_else(|| refuse(404, missing, "it does not exist"))?;
    if verb == "Get" {
        return Ok(shown(&id, &object));
    }
    matches(input, &object)?;
    if verb == "Update" {
        object["config"] = input[&config].clone();
        object["etag"] = account.id("ETV").into();
        let answer = shown(&id, &object);
        account.configured.get_mut(kind).unwrap().insert(id, object);
        return Ok(answer);
    }
    if account.distributions.values().any(|d| d["config"].to_string().contains(&id)) {
        return Err(refuse(409, &format!("{kind}InUse"), "a distribution uses it"));
    }
    account.configured.get_mut(kind).unwrap().remove(&id);
    Ok(json!({}))
}

/// Refuses a change that does not name the version that is there.
pub(super) fn matches(input: &Value, object: &Value) -> Result<(), crate::service_error::Refusal> {
    match input.get("IfMatch") {
        None => Err(refuse(400, "InvalidIfMatchVersion", "the version is missing")),
        Some(etag) if *etag == object["etag"] => Ok(()),
        Some(_) => Err(refuse(412, "PreconditionFailed", "the version is another one")),
    }
}

/// One page with one element, so that pages are followed.
fn listed(account: &Account, kind: &str, config: &str, input: &Value) -> Value {
    let objects = account.configured.get(kind);
    let after = text(input, "Marker");
    let mut rest = objects.into_iter().flatten().filter(|(id, _)| **id > after);
    let item = rest.next();
    let mut page = json!({"MaxItems": 1, "Quantity": usize::from(item.is_some())});
    if let Some((id, object)) = item {
        let mut shown = json!({"Id": id, "LastModifiedTime": "2026-01-02T03:04:05Z"});
        let item = if kind == "OriginAccessControl" {
            let mut summary = object["config"].clone();
            summary["Id"] = id.as_str().into();
            summary
        } else {
            shown[config] = object["config"].clone();
            let mut item = json!({"Type": "custom"});
            item[kind] = shown;
            item
        };
        page["Items"] = json!([item]);
        if rest.next().is_some() {
            page["NextMarker"] = id.as_str().into();
        }
    }
    if kind == "OriginAccessControl" {
        page["IsTruncated"] = page.get("NextMarker").is_some().into();
        page["Marker"] = after.into();
    }
    let mut answer = json!({});
    answer[format!("{kind}List")] = page;
    answer
}
