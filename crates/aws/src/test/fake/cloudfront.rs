//! CloudFront's distributions: a caller reference is taken once, changes name a version, and only
//! what is disabled and deployed can be deleted.

use serde_json::{Value, json};

use super::account::{ACCOUNT, Account, Reply, list, refuse, set_tags, text, unset_tags};
use super::configured::matches;
use crate::service_error::Refusal;

/// The members that an update must have: "Required API fields for creating and updating
/// distributions", Amazon CloudFront Developer Guide.
const REQUIRED: [&str; 16] = [
    "Aliases",
    "CacheBehaviors",
    "CallerReference",
    "Comment",
    "CustomErrorResponses",
    "DefaultCacheBehavior",
    "DefaultRootObject",
    "Enabled",
    "HttpVersion",
    "IsIPV6Enabled",
    "Logging",
    "Origins",
    "PriceClass",
    "Restrictions",
    "ViewerCertificate",
    "WebACLId",
];

/// The members that an update must have in an origin.
const OF_ORIGIN: [&str; 4] = ["CustomHeaders", "DomainName", "Id", "OriginPath"];

/// The members that an update must have in a cache behavior.
const OF_BEHAVIOR: [&str; 6] = [
    "AllowedMethods",
    "Compress",
    "FieldLevelEncryptionId",
    "SmoothStreaming",
    "TargetOriginId",
    "ViewerProtocolPolicy",
];

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let id = text(input, "Id");
    let missing = || refuse(404, "NoSuchDistribution", "it does not exist");
    match operation {
        "CreateDistribution" => create(account, &input["DistributionConfig"], json!([])),
        "CreateDistributionWithTags" => {
            let both = &input["DistributionConfigWithTags"];
            create(account, &both["DistributionConfig"], list(both["Tags"].get("Items")))
        }
        "GetDistribution" => {
            let found = account.distributions.get_mut(&id).ok_or_else(missing)?;
            let shown = shown(&id, found);
            // It is deployed after it was seen once.
            found["status"] = "Deployed".into();
            Ok(shown)
        }
        "UpdateDistribution" => {
            let mut found = account.distributions.get(&id).cloned().ok_or_else(missing)?;
            matches(input, &found)?;
            let config = &input["DistributionConfig"];
            if config["CallerReference"] != found["config"]["CallerReference"] {
                return Err(refuse(400, "IllegalUpdate", "another caller reference"));
            }
            complete(config)?;
            valid(account, config)?;
            found["config"] = config.clone();
            found["status"] = "InProgress".into();
            found["etag"] = account.id("ETV").into();
            let shown = shown(&id, &found);
            account.distributions.insert(id, found);
            Ok(shown)
        }
        "DeleteDistribution" => {
            let found = account.distributions.get(&id).ok_or_else(missing)?;
            matches(input, found)?;
            if found["config"]["Enabled"] != false || found["status"] != "Deployed" {
                return Err(refuse(409, "DistributionNotDisabled", "disable it first"));
            }
            account.distributions.remove(&id);
            Ok(json!({}))
        }
        "ListDistributions" => {
            let after = text(input, "Marker");
            let mut rest = account.distributions.iter().filter(|(id, _)| **id > after);
            let mut page = json!({"Marker": after, "MaxItems": 1, "Quantity": 0});
            if let Some((id, found)) = rest.next() {
                let mut item = shown(id, found)["Distribution"].take();
                item["Comment"] = found["config"]["Comment"].clone();
                item["Enabled"] = found["config"]["Enabled"].clone();
                item.as_object_mut().unwrap().remove("DistributionConfig");
                item.as_object_mut().unwrap().remove("InProgressInvalidationBatches");
                page["Items"] = json!([item]);
                page["Quantity"] = 1.into();
                if rest.next().is_some() {
                    page["NextMarker"] = id.as_str().into();
                }
            }
            page["IsTruncated"] = page.get("NextMarker").is_some().into();
            Ok(json!({"DistributionList": page}))
        }
        "ListTagsForResource" | "TagResource" | "UntagResource" => {
            let arn = &input["Resource"];
            let others = account.functions.values_mut().chain(account.stores.values_mut());
            let mut all = account.distributions.values_mut().chain(others);
            let found = all.find(|object| object["Arn"] == *arn);
            let found = found.ok_or_else(|| refuse(404, "NoSuchResource", "it does not exist"))?;
            set_tags(&mut found["Tags"], &input["Tags"]["Items"]);
            unset_tags(&mut found["Tags"], &input["TagKeys"]["Items"]);
            let listing = operation == "ListTagsForResource";
            Ok(if listing { json!({"Tags": {"Items": found["Tags"]}}) } else { json!({}) })
        }
        other => panic!("cloudfront:{other}"),
    }
}

fn create(account: &mut Account, config: &Value, tags: Value) -> Reply {
    let reference = &config["CallerReference"];
    let same = |(_, found): &(&String, &Value)| found["config"]["CallerReference"] == *reference;
    if let Some((id, _)) = account.distributions.iter().find(same) {
        let message = format!(
            "The caller reference that you are using to create a distribution is associated with \
             another distribution. Already exists: {id}"
        );
        return Err(refuse(409, "DistributionAlreadyExists", &message));
    }
    valid(account, config)?;
    let id = account.id("E");
    let found = json!({
        "Arn": format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{id}"),
        "domain": format!("d{:013}.cloudfront.net", account.next()),
        "config": config,
        "status": "InProgress",
        "etag": account.id("ETV"),
        "Tags": tags,
    });
    let shown = shown(&id, &found);
    account.note("distribution", &text(config, "Comment"));
    account.distributions.insert(id, found);
    Ok(shown)
}

fn shown(id: &str, found: &Value) -> Value {
    json!({
        "Distribution": {
            "Id": id,
            "ARN": found["Arn"],
            "Status": found["status"],
            "LastModifiedTime": "2026-01-02T03:04:05Z",
            "InProgressInvalidationBatches": 0,
            "DomainName": found["domain"],
            "DistributionConfig": found["config"],
        },
        "ETag": found["etag"],
    })
}

fn behaviors(config: &Value) -> Vec<&Value> {
    let items = config["CacheBehaviors"]["Items"].as_array().into_iter().flatten();
    std::iter::once(&config["DefaultCacheBehavior"]).chain(items).collect()
}

/// An update says everything.
fn complete(config: &Value) -> Result<(), Refusal> {
    let check = |tree: &Value, names: &[&str]| {
        let lacks = names.iter().find(|name| tree.get(**name).is_none());
        lacks.map_or(Ok(()), |name| Err(refuse(400, "MissingArgument", name)))
    };
    check(config, &REQUIRED)?;
    for origin in config["Origins"]["Items"].as_array().into_iter().flatten() {
        check(origin, &OF_ORIGIN)?;
    }
    behaviors(config).into_iter().try_for_each(|behavior| check(behavior, &OF_BEHAVIOR))
}

/// Refuses a configuration that names something that is not there.
fn valid(account: &Account, config: &Value) -> Result<(), Refusal> {
    let origins = config["Origins"]["Items"].as_array().into_iter().flatten();
    let groups = config["OriginGroups"]["Items"].as_array().into_iter().flatten();
    let targets: Vec<&Value> = origins.clone().chain(groups).map(|origin| &origin["Id"]).collect();
    for behavior in behaviors(config) {
        if !targets.contains(&&behavior["TargetOriginId"]) {
            return Err(refuse(404, "NoSuchOrigin", "no such origin"));
        }
        for (member, kind) in [
            ("CachePolicyId", "CachePolicy"),
            ("OriginRequestPolicyId", "OriginRequestPolicy"),
            ("ResponseHeadersPolicyId", "ResponseHeadersPolicy"),
        ] {
            let id = text(behavior, member);
            // The ID of a managed policy is a UUID.
            let own = !id.is_empty() && !id.contains('-');
            if own && !account.configured.get(kind).is_some_and(|known| known.contains_key(&id)) {
                return Err(refuse(404, &format!("NoSuch{kind}"), "no such policy"));
            }
        }
        let functions = behavior["FunctionAssociations"]["Items"].as_array().into_iter().flatten();
        for function in functions {
            let arn = &function["FunctionARN"];
            let live = |known: &Value| known["Arn"] == *arn && known.get("live").is_some();
            if !account.functions.values().any(live) {
                return Err(refuse(400, "InvalidFunctionAssociation", "no such function"));
            }
        }
    }
    for origin in origins {
        let id = text(origin, "OriginAccessControlId");
        let known = account.configured.get("OriginAccessControl");
        if !id.is_empty() && !known.is_some_and(|known| known.contains_key(&id)) {
            return Err(refuse(400, "InvalidOriginAccessControl", "no such control"));
        }
    }
    Ok(())
}
