//! Builds the service models of the native drivers.
//!
//! From botocore's `service-2.json` the operations below and the shapes they reach are taken,
//! without documentation, limits and error shapes.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

use serde_json::{Map, Value, json};

const LEVEL: i32 = 19;

/// What is taken of one service.
struct Service {
    /// The directory of botocore and the name of the data file.
    name: &'static str,
    /// The version of the API.
    version: &'static str,
    operations: &'static [&'static str],
    /// Shapes the model calls sensitive and that templates show anyway: without their text a
    /// change made by somebody else could not be seen.
    shown: &'static [&'static str],
    /// Shapes the model does not call sensitive and that hold credentials.
    hidden: &'static [&'static str],
}

const SERVICES: &[Service] = &[
    Service {
        name: "cloudfront",
        version: "2020-05-31",
        operations: &[
            "CreateCachePolicy",
            "CreateCloudFrontOriginAccessIdentity",
            "CreateDistribution",
            "CreateDistributionWithTags",
            "CreateFunction",
            "CreateKeyGroup",
            "CreateKeyValueStore",
            "CreateOriginAccessControl",
            "CreateOriginRequestPolicy",
            "CreatePublicKey",
            "CreateResponseHeadersPolicy",
            "DeleteCachePolicy",
            "DeleteCloudFrontOriginAccessIdentity",
            "DeleteDistribution",
            "DeleteFunction",
            "DeleteKeyGroup",
            "DeleteKeyValueStore",
            "DeleteOriginAccessControl",
            "DeleteOriginRequestPolicy",
            "DeletePublicKey",
            "DeleteResponseHeadersPolicy",
            "DescribeFunction",
            "DescribeKeyValueStore",
            "GetCachePolicy",
            "GetCloudFrontOriginAccessIdentity",
            "GetDistribution",
            "GetDistributionConfig",
            "GetFunction",
            "GetKeyGroup",
            "GetOriginAccessControl",
            "GetOriginRequestPolicy",
            "GetPublicKey",
            "GetResponseHeadersPolicy",
            "ListCachePolicies",
            "ListCloudFrontOriginAccessIdentities",
            "ListDistributions",
            "ListFunctions",
            "ListKeyGroups",
            "ListKeyValueStores",
            "ListOriginAccessControls",
            "ListOriginRequestPolicies",
            "ListPublicKeys",
            "ListResponseHeadersPolicies",
            "ListTagsForResource",
            "PublishFunction",
            "TagResource",
            "UntagResource",
            "UpdateCachePolicy",
            "UpdateCloudFrontOriginAccessIdentity",
            "UpdateDistribution",
            "UpdateFunction",
            "UpdateKeyGroup",
            "UpdateKeyValueStore",
            "UpdateOriginAccessControl",
            "UpdateOriginRequestPolicy",
            "UpdatePublicKey",
            "UpdateResponseHeadersPolicy",
        ],
        shown: &["CommentType", "FunctionBlob"],
        hidden: &[],
    },
    Service {
        name: "ec2",
        version: "2016-11-15",
        operations: &[
            "DescribeAvailabilityZones",
            "DescribeNetworkAcls",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeVpcs",
        ],
        shown: &[],
        hidden: &[],
    },
    Service {
        name: "iam",
        version: "2010-05-08",
        operations: &[
            "AddRoleToInstanceProfile",
            "AddUserToGroup",
            "AttachGroupPolicy",
            "AttachRolePolicy",
            "AttachUserPolicy",
            "CreateGroup",
            "CreateInstanceProfile",
            "CreatePolicy",
            "CreatePolicyVersion",
            "CreateRole",
            "CreateUser",
            "DeleteGroup",
            "DeleteGroupPolicy",
            "DeleteInstanceProfile",
            "DeletePolicy",
            "DeletePolicyVersion",
            "DeleteRole",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DeleteUser",
            "DeleteUserPermissionsBoundary",
            "DeleteUserPolicy",
            "DetachGroupPolicy",
            "DetachRolePolicy",
            "DetachUserPolicy",
            "GetGroup",
            "GetGroupPolicy",
            "GetInstanceProfile",
            "GetPolicy",
            "GetPolicyVersion",
            "GetRole",
            "GetRolePolicy",
            "GetUser",
            "GetUserPolicy",
            "ListAttachedGroupPolicies",
            "ListAttachedRolePolicies",
            "ListAttachedUserPolicies",
            "ListEntitiesForPolicy",
            "ListGroupPolicies",
            "ListGroupsForUser",
            "ListInstanceProfileTags",
            "ListInstanceProfilesForRole",
            "ListPolicies",
            "ListPolicyTags",
            "ListPolicyVersions",
            "ListRolePolicies",
            "ListRoleTags",
            "ListUserPolicies",
            "ListUserTags",
            "PutGroupPolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "PutUserPermissionsBoundary",
            "PutUserPolicy",
            "RemoveRoleFromInstanceProfile",
            "RemoveUserFromGroup",
            "SetDefaultPolicyVersion",
            "TagInstanceProfile",
            "TagPolicy",
            "TagRole",
            "TagUser",
            "UntagInstanceProfile",
            "UntagPolicy",
            "UntagRole",
            "UntagUser",
            "UpdateAssumeRolePolicy",
            "UpdateGroup",
            "UpdateRole",
            "UpdateRoleDescription",
            "UpdateUser",
        ],
        shown: &[],
        hidden: &[],
    },
    Service {
        name: "mediapackage",
        version: "2017-10-12",
        operations: &[
            "ConfigureLogs",
            "CreateChannel",
            "CreateOriginEndpoint",
            "DeleteChannel",
            "DeleteOriginEndpoint",
            "DescribeChannel",
            "DescribeOriginEndpoint",
            "ListChannels",
            "ListOriginEndpoints",
            "ListTagsForResource",
            "TagResource",
            "UntagResource",
            "UpdateChannel",
            "UpdateOriginEndpoint",
        ],
        shown: &[],
        hidden: &[],
    },
    Service {
        name: "secretsmanager",
        version: "2017-10-17",
        operations: &[
            "CreateSecret",
            "DeleteResourcePolicy",
            "DeleteSecret",
            "DescribeSecret",
            "GetRandomPassword",
            "GetResourcePolicy",
            "GetSecretValue",
            "ListSecretVersionIds",
            "ListSecrets",
            "PutResourcePolicy",
            "PutSecretValue",
            "RemoveRegionsFromReplication",
            "ReplicateSecretToRegions",
            "RestoreSecret",
            "RotateSecret",
            "CancelRotateSecret",
            "TagResource",
            "UntagResource",
            "UpdateSecret",
            "UpdateSecretVersionStage",
        ],
        shown: &[],
        hidden: &[],
    },
    Service {
        name: "ssm",
        version: "2014-11-06",
        operations: &["GetParameter"],
        shown: &[],
        hidden: &[],
    },
    Service {
        name: "sts",
        version: "2011-06-15",
        operations: &["GetCallerIdentity"],
        shown: &[],
        hidden: &[],
    },
];

/// What is taken of the description of a service.
const METADATA_KEYS: [&str; 5] =
    ["apiVersion", "endpointPrefix", "protocol", "signingName", "targetPrefix"];

/// What is taken of a shape; its members, elements, keys and values are taken as references.
const SHAPE_KEYS: [&str; 8] = [
    "type",
    "required",
    "sensitive",
    "union",
    "payload",
    "flattened",
    "xmlNamespace",
    "timestampFormat",
];

/// What is taken of a reference to a shape.
const REFERENCE_KEYS: [&str; 10] = [
    "shape",
    "queryName",
    "location",
    "locationName",
    "flattened",
    "xmlAttribute",
    "xmlNamespace",
    "timestampFormat",
    "idempotencyToken",
    "resultWrapper",
];

pub(crate) fn run(models: &Path, output: &Path) -> Result<String, Box<dyn Error>> {
    let mut report = Vec::new();
    for service in SERVICES {
        let path = models.join("data").join(service.name).join(service.version);
        let model: Value = serde_json::from_slice(&std::fs::read(path.join("service-2.json"))?)?;
        let json = serde_json::to_vec(&reduce(service, &model)?)?;
        let bytes = zstd::bulk::compress(&json, LEVEL)?;
        std::fs::write(output.join(format!("{}.bin", service.name)), &bytes)?;
        let operations = service.operations.len();
        report.push(format!("{}: {operations} operations, {} bytes", service.name, bytes.len()));
    }
    Ok(report.join("\n"))
}

fn reduce(service: &Service, model: &Value) -> Result<Value, Box<dyn Error>> {
    let lookup = |path: [&str; 2]| {
        let found = path.iter().try_fold(model, |value, key| value.get(key));
        found.ok_or_else(|| format!("{} has no {}", service.name, path.join("/")))
    };
    let (mut operations, mut open) = (Map::new(), Vec::new());
    for name in service.operations {
        let operation = lookup(["operations", name])?;
        let mut kept = pick(operation, &["http"]);
        for end in ["input", "output"] {
            if let Some(reference) = operation.get(end) {
                kept.insert(end.to_owned(), take_reference(reference, &mut open));
            }
        }
        operations.insert((*name).to_owned(), Value::Object(kept));
    }
    let (mut shapes, mut seen) = (Map::new(), BTreeSet::new());
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let shape = lookup(["shapes", &name])?;
        let mut kept = take_shape(shape, &mut open);
        if service.shown.contains(&name.as_str()) {
            kept.remove("sensitive");
        }
        if service.hidden.contains(&name.as_str()) {
            kept.insert("sensitive".to_owned(), json!(true));
        }
        shapes.insert(name, Value::Object(kept));
    }
    let metadata = pick(model.get("metadata").unwrap_or(&Value::Null), &METADATA_KEYS);
    Ok(json!({ "metadata": metadata, "operations": operations, "shapes": shapes }))
}

fn pick(value: &Value, keys: &[&str]) -> Map<String, Value> {
    let found = keys.iter().filter_map(|key| Some(((*key).to_owned(), value.get(key)?.clone())));
    found.collect()
}

fn take_reference(reference: &Value, open: &mut Vec<String>) -> Value {
    if let Some(shape) = reference.get("shape").and_then(Value::as_str) {
        open.push(shape.to_owned());
    }
    Value::Object(pick(reference, &REFERENCE_KEYS))
}

fn take_shape(shape: &Value, open: &mut Vec<String>) -> Map<String, Value> {
    let mut kept = pick(shape, &SHAPE_KEYS);
    for part in ["member", "key", "value"] {
        if let Some(reference) = shape.get(part) {
            kept.insert(part.to_owned(), take_reference(reference, open));
        }
    }
    if let Some(members) = shape.get("members").and_then(Value::as_object) {
        let members = members.iter().map(|(name, m)| (name.clone(), take_reference(m, open)));
        kept.insert("members".to_owned(), Value::Object(members.collect()));
    }
    kept
}
