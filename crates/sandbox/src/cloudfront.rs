//! The particulars of CloudFront: host names, deployment, and which object may go when.

use rstack_driver::ErrorKind;
use rstack_model::{PropertyPath, ResourceType};
use serde_json::Value as Json;

use crate::derive::LOWER;
use crate::id_context::IdContext;
use crate::index::Facet;
use crate::inventory::View;
use crate::redaction::JsonMap;
use crate::rules::Refusal;

pub(crate) const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

/// The types of the policies that a behaviour names.
const CACHE: &str = "AWS::CloudFront::CachePolicy";
const ORIGIN: &str = "AWS::CloudFront::OriginRequestPolicy";
const RESPONSE: &str = "AWS::CloudFront::ResponseHeadersPolicy";

/// Policies that AWS manages, with their types.
///
/// Source: "Use managed cache policies", "Use managed origin request policies" and "Use managed
/// response headers policies", Amazon CloudFront Developer Guide.
pub(crate) const MANAGED: [(&str, &str); 22] = [
    (CACHE, "08627262-05a9-4f76-9ded-b50ca2e3a84f"),
    (CACHE, "1c6db51a-a33f-469a-8245-dae26771f530"),
    (CACHE, "2e54312d-136d-493c-8eb9-b001f22f67d2"),
    (CACHE, "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"),
    (CACHE, "4cc15a8a-d715-48a4-82b8-cc0b614638fe"),
    (CACHE, "658327ea-f89d-4fab-a63d-7e88639e58f6"),
    (CACHE, "7e5fad67-ee98-4ad0-b05a-394999eefc1a"),
    (CACHE, "83da9c7e-98b4-4e11-a168-04f0df8e2c65"),
    (CACHE, "a6bad946-36c3-4c33-aa98-362c74a7fb13"),
    (CACHE, "b2884449-e4de-46a7-ac36-70bc7f1ddd6d"),
    (ORIGIN, "216adef6-5c7f-47e4-b989-5492eafa07d3"),
    (ORIGIN, "33f36d7e-f396-46d9-90e0-52428a34d9dc"),
    (ORIGIN, "59781a5b-3903-41f3-afcb-af62929ccde1"),
    (ORIGIN, "775133bc-15f2-49f9-abea-afb2e0bf67d2"),
    (ORIGIN, "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"),
    (ORIGIN, "acba4595-bd28-49b8-b9fe-13317c0390fa"),
    (ORIGIN, "b689b0a8-53d0-40ab-baf2-68738e2966ac"),
    (RESPONSE, "5cc3b908-e619-4b99-88e5-2cf7f45965bd"),
    (RESPONSE, "60669652-455b-4ae9-85a4-c4c02393f86c"),
    (RESPONSE, "67f7725c-6f97-4210-82d7-5512b31e9d03"),
    (RESPONSE, "e61eb60c-9c35-4d20-a928-2b84e02af89c"),
    (RESPONSE, "eaab4381-ed33-4a86-88ca-d9558dc6cd63"),
];

/// Which property of a behaviour names which type, and the code when there is no such object and
/// when it is still in use.
const USES: [(&str, &str, &str, &str); 3] = [
    ("CachePolicyId", CACHE, "NoSuchCachePolicy", "CachePolicyInUse"),
    ("OriginRequestPolicyId", ORIGIN, "NoSuchOriginRequestPolicy", "OriginRequestPolicyInUse"),
    (
        "ResponseHeadersPolicyId",
        RESPONSE,
        "NoSuchResponseHeadersPolicy",
        "ResponseHeadersPolicyInUse",
    ),
];
const CONTROL: &str = "AWS::CloudFront::OriginAccessControl";
const FUNCTION: &str = "AWS::CloudFront::Function";

/// The attributes that have a form of their own.
pub(crate) fn attributes(context: &IdContext<'_>, out: &mut JsonMap) {
    if context.resource_type.as_str() == DISTRIBUTION {
        let host = format!("d{}.cloudfront.net", context.derive("domain").text(LOWER, 13));
        out.insert("DomainName".to_owned(), Json::from(host));
    }
    if context.resource_type.as_str() == FUNCTION {
        out.insert("Stage".to_owned(), Json::from("LIVE"));
    }
}

fn behaviours(properties: &JsonMap) -> Vec<(PropertyPath, &Json)> {
    let root = PropertyPath::root().name("DistributionConfig");
    let Some(config) = properties.get("DistributionConfig") else { return Vec::new() };
    let default = config.get("DefaultCacheBehavior");
    let default = default.map(|value| (root.name("DefaultCacheBehavior"), value));
    let others = config.get("CacheBehaviors").and_then(Json::as_array).into_iter().flatten();
    let at = root.name("CacheBehaviors");
    let others = others.enumerate().map(|(i, value)| (at.index(i), value));
    default.into_iter().chain(others).collect()
}

pub(crate) fn origins(properties: &JsonMap) -> Vec<(PropertyPath, &Json)> {
    let root = PropertyPath::root().name("DistributionConfig").name("Origins");
    let config = properties.get("DistributionConfig");
    let list = config.and_then(|config| config.get("Origins")?.as_array());
    list.into_iter().flatten().enumerate().map(|(i, value)| (root.index(i), value)).collect()
}

/// The origins and origin groups that a behaviour may name.
fn targets(properties: &JsonMap) -> Vec<&str> {
    let config = properties.get("DistributionConfig");
    let groups = config.and_then(|config| config.get("OriginGroups")?.get("Items")?.as_array());
    let groups = groups.into_iter().flatten();
    let all = origins(properties).into_iter().map(|(_, value)| value).chain(groups);
    all.filter_map(|value| value.get("Id")?.as_str()).collect()
}

fn functions(behaviour: &Json) -> impl Iterator<Item = (usize, &str)> {
    let list = behaviour.get("FunctionAssociations").and_then(Json::as_array);
    let items = list.into_iter().flatten().enumerate();
    items.filter_map(|(i, value)| Some((i, value.get("FunctionARN")?.as_str()?)))
}

/// Everything that a distribution of these properties uses.
pub(crate) fn used_by(properties: &JsonMap) -> Vec<&str> {
    let mut used = Vec::new();
    for (_, behaviour) in behaviours(properties) {
        let policy = |(property, ..): (&str, _, _, _)| behaviour.get(property)?.as_str();
        used.extend(USES.into_iter().filter_map(policy));
        used.extend(functions(behaviour).map(|(_, arn)| arn));
    }
    let origins = origins(properties).into_iter();
    used.extend(origins.filter_map(|(_, origin)| origin.get("OriginAccessControlId")?.as_str()));
    used
}

fn exists(view: &View<'_>, resource_type: &str, id: &str) -> bool {
    view.get(&ResourceType::from(resource_type), id).is_some()
}

/// Refuses a distribution that names what does not exist.
pub(crate) fn before_write(view: &View<'_>, properties: &JsonMap) -> Result<(), Refusal> {
    let targets = targets(properties);
    for (path, behaviour) in behaviours(properties) {
        let target = behaviour.get("TargetOriginId").and_then(Json::as_str);
        if let Some(target) = target.filter(|target| !targets.contains(target)) {
            let message = format!("no origin of the distribution has the ID `{target}`");
            return Err(Refusal::invalid(path.name("TargetOriginId"), "NoSuchOrigin", message));
        }
        for (property, resource_type, code, _) in USES {
            let Some(id) = behaviour.get(property).and_then(Json::as_str) else { continue };
            if !MANAGED.contains(&(resource_type, id)) && !exists(view, resource_type, id) {
                let message = format!("there is no policy `{id}`");
                return Err(Refusal::invalid(path.name(property), code, message));
            }
        }
        for (i, arn) in functions(behaviour) {
            if !exists(view, FUNCTION, arn) {
                let path = path.name("FunctionAssociations").index(i).name("FunctionARN");
                let message = format!("there is no function `{arn}`");
                return Err(Refusal::invalid(path, "NoSuchFunctionExists", message));
            }
        }
    }
    for (path, origin) in origins(properties) {
        let control = origin.get("OriginAccessControlId").and_then(Json::as_str);
        let control = control.filter(|id| !id.is_empty() && !exists(view, CONTROL, id));
        if let Some(id) = control {
            let path = path.name("OriginAccessControlId");
            let message = format!("there is no origin access control `{id}`");
            return Err(Refusal::invalid(path, "NoSuchOriginAccessControl", message));
        }
    }
    Ok(())
}

/// Refuses to delete what a distribution uses.
pub(crate) fn before_delete(
    view: &View<'_>,
    resource_type: &ResourceType,
    id: &str,
) -> Result<(), Refusal> {
    let uses = USES.iter().find(|(_, name, ..)| *name == resource_type.as_str());
    let code = match (uses, resource_type.as_str()) {
        (Some((.., in_use)), _) => in_use,
        (None, CONTROL) => "OriginAccessControlInUse",
        (None, FUNCTION) => "FunctionInUse",
        (None, _) => return Ok(()),
    };
    let names = |properties: &JsonMap| {
        let is_it = |value: Option<&Json>| value.and_then(Json::as_str) == Some(id);
        let by_behaviour = behaviours(properties).into_iter().any(|(_, behaviour)| {
            uses.is_some_and(|(property, ..)| is_it(behaviour.get(property)))
                || functions(behaviour).any(|(_, arn)| arn == id)
        });
        by_behaviour
            || origins(properties)
                .into_iter()
                .any(|(_, origin)| is_it(origin.get("OriginAccessControlId")))
    };
    let distribution = ResourceType::from(DISTRIBUTION);
    let users = view.having(&distribution, &Facet::Used, id).into_iter();
    let mut users =
        users.filter(|key| view.get(&distribution, key).is_some_and(|d| names(&d.properties)));
    match users.next() {
        Some(user) => {
            let message = format!("`{id}` is in use by the distribution `{user}`");
            Err(Refusal::new(ErrorKind::Conflict, code, message))
        }
        None => Ok(()),
    }
}
