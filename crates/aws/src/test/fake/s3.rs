//! S3: buckets, their settings as requests put them, and their policies. What the service documents about
//! settings that depend on each other is kept. A list of configurations has one element a page.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Map, Value, json};

use super::REGION;
use super::account::{Account, Reply, refuse, text};
use crate::service_error::Refusal;

/// The settings that a bucket has one of: what shows, sets and removes it, the member of requests, whether
/// answers have the member, too, and the code of a bucket without it.
const SETTINGS: [(&str, &str, &str, &str, bool, &str); 12] = [
    (
        "GetBucketEncryption",
        "PutBucketEncryption",
        "DeleteBucketEncryption",
        "ServerSideEncryptionConfiguration",
        true,
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    ("GetBucketVersioning", "PutBucketVersioning", "", "VersioningConfiguration", false, ""),
    (
        "GetBucketLifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        "DeleteBucketLifecycle",
        "LifecycleConfiguration",
        false,
        "NoSuchLifecycleConfiguration",
    ),
    (
        "GetBucketCors",
        "PutBucketCors",
        "DeleteBucketCors",
        "CORSConfiguration",
        false,
        "NoSuchCORSConfiguration",
    ),
    (
        "GetPublicAccessBlock",
        "PutPublicAccessBlock",
        "",
        "PublicAccessBlockConfiguration",
        true,
        "NoSuchPublicAccessBlockConfiguration",
    ),
    (
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
        "",
        "OwnershipControls",
        true,
        "OwnershipControlsNotFoundError",
    ),
    (
        "GetBucketNotificationConfiguration",
        "PutBucketNotificationConfiguration",
        "",
        "NotificationConfiguration",
        false,
        "",
    ),
    ("GetBucketLogging", "PutBucketLogging", "", "BucketLoggingStatus", false, ""),
    (
        "GetBucketWebsite",
        "PutBucketWebsite",
        "DeleteBucketWebsite",
        "WebsiteConfiguration",
        false,
        "NoSuchWebsiteConfiguration",
    ),
    (
        "GetBucketReplication",
        "PutBucketReplication",
        "DeleteBucketReplication",
        "ReplicationConfiguration",
        true,
        "ReplicationConfigurationNotFoundError",
    ),
    (
        "GetBucketAccelerateConfiguration",
        "PutBucketAccelerateConfiguration",
        "",
        "AccelerateConfiguration",
        false,
        "",
    ),
    (
        "GetObjectLockConfiguration",
        "PutObjectLockConfiguration",
        "",
        "ObjectLockConfiguration",
        true,
        "ObjectLockConfigurationNotFoundError",
    ),
];

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let name = text(input, "Bucket");
    if operation == "CreateBucket" {
        return create(account, &name, input);
    }
    let number = account.next();
    let there: Vec<String> = account.buckets.keys().cloned().collect();
    let missing = || refuse(404, "NoSuchBucket", "The specified bucket does not exist");
    let bucket = account.buckets.get_mut(&name).ok_or_else(missing)?;
    if let Some(row) = SETTINGS.iter().find(|row| [row.0, row.1, row.2].contains(&operation)) {
        let (get, put, _, member, within, code) = *row;
        let parts = bucket["parts"].as_object_mut().unwrap();
        if operation == get {
            let Some(found) = parts.get(member) else {
                return if code.is_empty() { Ok(json!({})) } else { Err(refuse(404, code, code)) };
            };
            return Ok(if within { json!({member: found}) } else { found.clone() });
        }
        if operation == put {
            let value = checked(bucket, (member, input), &there, number)?;
            bucket["parts"][member] = value;
        } else if member == "ServerSideEncryptionConfiguration" {
            parts.insert(member.to_owned(), default_encryption());
        } else {
            parts.remove(member);
        }
        return Ok(json!({}));
    }
    match operation {
        "ListObjectsV2" => {
            let first = bucket["objects"].as_u64().filter(|objects| *objects > 0);
            Ok(first.map_or(json!({}), |_| json!({"Contents": [{"Key": "first"}], "KeyCount": 1})))
        }
        "DeleteBucket" if bucket["objects"].as_u64() != Some(0) => {
            Err(refuse(409, "BucketNotEmpty", "The bucket you tried to delete is not empty"))
        }
        "DeleteBucket" => {
            account.buckets.remove(&name);
            Ok(json!({}))
        }
        "GetBucketTagging" if bucket["tags"].as_array().is_some_and(Vec::is_empty) => {
            Err(refuse(404, "NoSuchTagSet", "The TagSet does not exist"))
        }
        "GetBucketTagging" => Ok(json!({"TagSet": bucket["tags"]})),
        "PutBucketTagging" => {
            let tags = input["Tagging"]["TagSet"].clone();
            assert!(tags.as_array().is_some_and(|tags| !tags.is_empty()), "{input}");
            bucket["tags"] = tags;
            Ok(json!({}))
        }
        "DeleteBucketTagging" => {
            bucket["tags"] = json!([]);
            Ok(json!({}))
        }
        "GetBucketPolicy" if bucket["policy"].is_null() => {
            Err(refuse(404, "NoSuchBucketPolicy", "The bucket policy does not exist"))
        }
        "GetBucketPolicy" => Ok(json!({"Policy": bucket["policy"]})),
        "PutBucketPolicy" => {
            let policy = text(input, "Policy");
            if serde_json::from_str::<Map<String, Value>>(&policy).is_err() {
                return Err(refuse(400, "MalformedPolicy", "Policies must be valid JSON"));
            }
            let is_new = bucket["policy"].is_null();
            bucket["policy"] = policy.into();
            if is_new {
                account.note("AWS::S3::BucketPolicy", &name);
            }
            Ok(json!({}))
        }
        "DeleteBucketPolicy" => {
            bucket["policy"] = Value::Null;
            Ok(json!({}))
        }
        "PutBucketAcl" => {
            if is_owner_enforced(bucket) {
                return Err(refuse(400, "AccessControlListNotSupported", "no ACLs"));
            }
            let acl = text(input, "ACL");
            let blocks = &bucket["parts"]["PublicAccessBlockConfiguration"]["BlockPublicAcls"];
            if acl.starts_with("public") && *blocks == json!(true) {
                return Err(refuse(403, "AccessDenied", "public ACLs are blocked"));
            }
            bucket["acl"] = acl.into();
            Ok(json!({}))
        }
        _ => listed(bucket, operation, input),
    }
}

fn default_encryption() -> Value {
    json!({"Rules": [{
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": false,
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }]})
}

fn create(account: &mut Account, name: &str, input: &Value) -> Reply {
    if account.buckets.contains_key(name) {
        let message = "Your previous request to create the named bucket succeeded";
        return Err(refuse(409, "BucketAlreadyOwnedByYou", message));
    }
    let given = &input["CreateBucketConfiguration"];
    assert_eq!(text(given, "LocationConstraint"), REGION, "{input}");
    let lock = text(input, "ObjectLockEnabledForBucket") == "true";
    let blocks =
        ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
    let blocks: Map<_, _> = blocks.map(|name| (name.to_owned(), json!(true))).into_iter().collect();
    let mut parts = json!({
        "ServerSideEncryptionConfiguration": default_encryption(),
        "PublicAccessBlockConfiguration": blocks,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    });
    if lock {
        parts["ObjectLockConfiguration"] = json!({"ObjectLockEnabled": "Enabled"});
        parts["VersioningConfiguration"] = json!({"Status": "Enabled"});
    }
    let tags = given.get("Tags").cloned().unwrap_or_else(|| json!([]));
    let bucket = json!({
        "parts": parts, "tags": tags, "policy": null, "acl": "private", "objects": 0, "lists": {},
    });
    account.note("AWS::S3::Bucket", name);
    account.buckets.insert(name.to_owned(), bucket);
    Ok(json!({"Location": format!("http://{name}.s3.amazonaws.com/")}))
}

fn is_owner_enforced(bucket: &Value) -> bool {
    bucket["parts"]["OwnershipControls"]["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced"
}

fn malformed(problem: &str) -> Refusal {
    refuse(400, "MalformedXML", problem)
}

/// A setting that is put, as the bucket keeps it.
fn checked(
    bucket: &Value,
    (member, input): (&str, &Value),
    there: &[String],
    number: u64,
) -> Reply {
    let (mut value, parts) = (input[member].clone(), &bucket["parts"]);
    let versions = &parts["VersioningConfiguration"]["Status"];
    match member {
        "LifecycleConfiguration" => {
            let size = input.get("TransitionDefaultMinimumObjectSize").cloned();
            let size = size.unwrap_or_else(|| json!("all_storage_classes_128K"));
            rules(&mut value, "Rules", number, is_lifecycle_rule)?;
            value["TransitionDefaultMinimumObjectSize"] = size;
        }
        "CORSConfiguration" => rules(&mut value, "CORSRules", number, |rule| {
            !rule["AllowedMethods"].is_null() && !rule["AllowedOrigins"].is_null()
        })?,
        "ReplicationConfiguration" => {
            if *versions != json!("Enabled") {
                let message = "Versioning must be 'Enabled' on the bucket";
                return Err(refuse(400, "InvalidRequest", message));
            }
            rules(&mut value, "Rules", number, |rule| {
                rule["Filter"].is_null() || !rule["DeleteMarkerReplication"].is_null()
            })?;
        }
        "VersioningConfiguration" => {
            let lock = !parts["ObjectLockConfiguration"].is_null();
            let replicated = !parts["ReplicationConfiguration"].is_null();
            if value["Status"] == "Suspended" && (lock || replicated) {
                return Err(refuse(409, "InvalidBucketState", "versions are needed"));
            }
        }
        "ObjectLockConfiguration" if parts[member].is_null() => {
            return Err(refuse(409, "InvalidBucketState", "Object Lock is not enabled"));
        }
        "OwnershipControls" => {
            let enforced = value["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced";
            if enforced && bucket["acl"] != "private" {
                return Err(refuse(400, "InvalidBucketAclWithObjectOwnership", "it has an ACL"));
            }
        }
        "BucketLoggingStatus" => {
            let target = text(&value["LoggingEnabled"], "TargetBucket");
            let prefix = &value["LoggingEnabled"]["TargetPrefix"];
            if !target.is_empty() && (!there.contains(&target) || prefix.is_null()) {
                return Err(refuse(400, "InvalidTargetBucketForLogging", "no such bucket"));
            }
        }
        "WebsiteConfiguration" => {
            let index = !value["IndexDocument"]["Suffix"].is_null();
            if index != value["RedirectAllRequestsTo"].is_null() {
                return Err(malformed("one of IndexDocument and RedirectAllRequestsTo"));
            }
        }
        "NotificationConfiguration" => notification(&mut value, number)?,
        _ => {}
    }
    if value.is_null() {
        value = json!({});
    }
    Ok(value)
}

/// Checks rules, and gives those an ID that have none.
fn rules(
    value: &mut Value,
    name: &str,
    number: u64,
    fits: fn(&Value) -> bool,
) -> Result<(), Refusal> {
    let Some(rules) = value[name].as_array_mut().filter(|rules| !rules.is_empty()) else {
        return Err(malformed("there is no rule"));
    };
    for (at, rule) in rules.iter_mut().enumerate() {
        if !fits(rule) {
            return Err(malformed(&rule.to_string()));
        }
        if rule["ID"].is_null() {
            rule["ID"] = format!("made-up-{number}-{at}").into();
        }
    }
    Ok(())
}

/// True of a rule with a filter of one part and an action.
fn is_lifecycle_rule(rule: &Value) -> bool {
    let filter = rule["Filter"].as_object();
    let one = filter.is_some_and(|filter| filter.len() == 1 && !filter.contains_key("Tags"));
    let days = rule["Expiration"].as_object().is_none_or(|expiration| expiration.len() == 1);
    let actions = [
        "AbortIncompleteMultipartUpload",
        "Expiration",
        "NoncurrentVersionExpiration",
        "NoncurrentVersionTransitions",
        "Transitions",
    ];
    one && days && actions.iter().any(|action| !rule[*action].is_null())
}

fn notification(value: &mut Value, number: u64) -> Result<(), Refusal> {
    let Some(members) = value.as_object_mut() else { return Ok(()) };
    for (name, configurations) in members {
        for (at, entry) in configurations.as_array_mut().into_iter().flatten().enumerate() {
            if entry["Events"].as_array().is_none_or(Vec::is_empty) {
                return Err(malformed(&entry.to_string()));
            }
            entry["Id"] = format!("{name}-{number}-{at}").into();
            let rules = entry
                .get_mut("Filter")
                .and_then(|filter| filter["Key"]["FilterRules"].as_array_mut());
            for rule in rules.into_iter().flatten() {
                let capital = match rule["Name"].as_str() {
                    Some("prefix") => "Prefix",
                    Some("suffix") => "Suffix",
                    _ => return Err(malformed("the name of a filter rule")),
                };
                rule["Name"] = capital.into();
            }
        }
    }
    Ok(())
}

/// Configurations of which a bucket has several.
fn listed(bucket: &mut Value, operation: &str, input: &Value) -> Reply {
    for kind in ["Analytics", "IntelligentTiering", "Inventory", "Metrics"] {
        let (put, remove) =
            (format!("PutBucket{kind}Configuration"), format!("DeleteBucket{kind}Configuration"));
        let lists = bucket["lists"].as_object_mut().unwrap();
        let all = lists.entry(kind).or_insert_with(|| json!({})).as_object_mut().unwrap();
        let id = text(input, "Id");
        if operation == put {
            let value = input[format!("{kind}Configuration")].clone();
            assert_eq!(text(&value, "Id"), id, "{input}");
            all.insert(id, value);
            return Ok(json!({}));
        }
        if operation == remove {
            let gone = all.remove(&id);
            let missing = || refuse(404, "NoSuchConfiguration", "it does not exist");
            return gone.map(|_| json!({})).ok_or_else(missing);
        }
        if operation == format!("ListBucket{kind}Configurations") {
            let after = text(input, "ContinuationToken");
            let sorted: BTreeMap<_, _> = all.iter().collect();
            let mut rest = sorted.into_iter().filter(|(id, _)| **id > after);
            let mut page = json!({"IsTruncated": false});
            if let Some((id, first)) = rest.next() {
                page[format!("{kind}ConfigurationList")] = json!([first]);
                if rest.next().is_some() {
                    page["NextContinuationToken"] = json!(id);
                    page["IsTruncated"] = json!(true);
                }
            }
            return Ok(page);
        }
    }
    panic!("s3:{operation}")
}

/// The names of the buckets that have a policy.
pub(super) fn with_policy(account: &Account) -> Vec<String> {
    let with = account.buckets.iter().filter(|(_, bucket)| !bucket["policy"].is_null());
    with.map(|(name, _)| name.clone()).collect()
}

/// Puts the bucket of a host into the path, where the model has it.
pub(super) fn address_by_path(request: &mut HttpRequest) {
    let uri = request.uri().to_owned();
    let mut parts = uri.splitn(4, '/');
    let (host, rest) = (parts.nth(2).unwrap(), parts.next().unwrap_or_default());
    let (bucket, _) = host.split_once(".s3.").unwrap();
    let rest =
        if rest.is_empty() { String::new() } else { rest.trim_start_matches('/').to_owned() };
    request.set_uri(format!("https://{host}/{bucket}{rest}")).unwrap();
}

/// A body that S3 wants a digest of has the right one.
///
/// Source: the model of S3, `httpChecksum`.
pub(super) fn check_digest(request: &HttpRequest, body: &[u8]) {
    let named = request.headers().get("x-amz-sdk-checksum-algorithm");
    let wants = ["analytics", "intelligent-tiering", "inventory", "metrics", "notification"];
    let query = request.uri().split_once('?').map(|(_, query)| query).unwrap_or_default();
    let without =
        wants.iter().any(|name| query.split('&').any(|pair| pair.trim_end_matches('=') == *name));
    if request.method() == "PUT" && !query.is_empty() && !without {
        assert_eq!(named, Some("SHA256"), "{}", request.uri());
        let digest = request.headers().get("x-amz-checksum-sha256");
        assert_eq!(digest, Some(crate::client::digest(body).as_str()));
    }
}
