"""Buckets as boto3 reads them, in the names of CloudFormation; and changes of them by another hand."""

import functools
import json

import boto3

client = functools.cache(boto3.client)


def part(call, bucket, member=None):
    """A part of a bucket; nothing if it has none."""
    s3 = client("s3")
    try:
        found = getattr(s3, call)(Bucket=bucket)
    except s3.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return {}
        raise
    return found[member] if member else found


def encryption(bucket):
    rules = part("get_bucket_encryption", bucket, "ServerSideEncryptionConfiguration")["Rules"]
    for rule in rules:
        rule["ServerSideEncryptionByDefault"] = rule.pop("ApplyServerSideEncryptionByDefault")
    return {"ServerSideEncryptionConfiguration": rules}


def conditions(rule):
    """The filter of a lifecycle rule, its parts side by side."""
    found = rule.get("Filter", {})
    found = {**found, **found.pop("And", {})}
    tags = found.pop("Tags", []) + ([found.pop("Tag")] if "Tag" in found else [])
    return {**found, "TagFilters": tags}


def transitions(items, days):
    return [
        {"StorageClass": item["StorageClass"], "TransitionInDays": item[days]} for item in items
    ]


def lifecycle(bucket):
    found = part("get_bucket_lifecycle_configuration", bucket)
    rules = []
    for rule in found.get("Rules", []):
        ends = rule.get("Expiration", {})
        older = transitions(rule.get("NoncurrentVersionTransitions", []), "NoncurrentDays")
        noncurrent = rule.get("NoncurrentVersionExpiration", {})
        shown = {
            **rule,
            **conditions(rule),
            "Id": rule.get("ID"),
            "ExpirationInDays": ends.get("Days"),
            "Transitions": transitions(rule.get("Transitions", []), "Days"),
            "NoncurrentVersionTransition": older[0] if older else None,
            "NoncurrentVersionExpirationInDays": noncurrent.get("NoncurrentDays"),
        }
        rules.append(shown)
    return {**found, "Rules": rules}


def cors(bucket):
    rules = part("get_bucket_cors", bucket).get("CORSRules", [])
    names = {"ExposeHeaders": "ExposedHeaders", "MaxAgeSeconds": "MaxAge", "ID": "Id"}
    return {"CorsRules": [{names.get(k, k): v for k, v in rule.items()} for rule in rules]}


def notification(bucket):
    found = part("get_bucket_notification_configuration", bucket)
    queues = [
        {
            "Event": event,
            "Queue": item["QueueArn"],
            "Filter": {"S3Key": {"Rules": [
                {"Name": rule["Name"].lower(), "Value": rule["Value"]}
                for rule in item.get("Filter", {}).get("Key", {}).get("FilterRules", [])
            ]}},
        }
        for item in found.get("QueueConfigurations", [])
        for event in item["Events"]
    ]
    bridge = "EventBridgeConfiguration" in found
    return {
        "QueueConfigurations": queues,
        "EventBridgeConfiguration": {"EventBridgeEnabled": bridge},
    }


def logging(bucket):
    found = part("get_bucket_logging", bucket).get("LoggingEnabled", {})
    return {
        "DestinationBucketName": found.get("TargetBucket"),
        "LogFilePrefix": found.get("TargetPrefix"),
    }


def website(bucket):
    found = part("get_bucket_website", bucket)
    rules = [
        {"RedirectRule": rule["Redirect"], "RoutingRuleCondition": rule["Condition"]}
        for rule in found.get("RoutingRules", [])
    ]
    return {
        "IndexDocument": found.get("IndexDocument", {}).get("Suffix"),
        "ErrorDocument": found.get("ErrorDocument", {}).get("Key"),
        "RoutingRules": rules,
    }


def replication(bucket):
    found = part("get_bucket_replication", bucket, "ReplicationConfiguration")
    return {**found, "Rules": [{**rule, "Id": rule["ID"]} for rule in found.get("Rules", [])]}


def bucket(name, properties):
    lock = part("get_object_lock_configuration", name, "ObjectLockConfiguration")
    access = "get_public_access_block"
    accelerated = part("get_bucket_accelerate_configuration", name).get("Status")
    return {
        "BucketName": name,
        # A list of grants is not the word that made it.
        "AccessControl": properties.get("AccessControl"),
        "AccelerateConfiguration": {"AccelerationStatus": accelerated},
        "BucketEncryption": encryption(name),
        "CorsConfiguration": cors(name),
        "LifecycleConfiguration": lifecycle(name),
        "LoggingConfiguration": logging(name),
        "NotificationConfiguration": notification(name),
        "ObjectLockConfiguration": lock,
        "ObjectLockEnabled": lock.get("ObjectLockEnabled") == "Enabled",
        "OwnershipControls": part("get_bucket_ownership_controls", name, "OwnershipControls"),
        "PublicAccessBlockConfiguration": part(access, name, "PublicAccessBlockConfiguration"),
        "ReplicationConfiguration": replication(name),
        "Tags": part("get_bucket_tagging", name, "TagSet"),
        "VersioningConfiguration": part("get_bucket_versioning", name),
        "WebsiteConfiguration": website(name),
    }


def bucket_policy(name, _):
    found = client("s3").get_bucket_policy(Bucket=name)["Policy"]
    return {"Bucket": name, "PolicyDocument": json.loads(found)}


def bucket_names():
    return [it["Name"] for it in client("s3").list_buckets()["Buckets"]]


def suspend_versions(name):
    status = {"Status": "Suspended"}
    client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration=status)


def allow_origin(name, origin):
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": [origin]}
    client("s3").put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})


def put_text(name, key, text):
    client("s3").put_object(Bucket=name, Key=key, Body=text.encode())


def put_versions(name, key, *texts):
    """Puts an object once for each text in a bucket that keeps versions; the IDs of the versions."""
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    put = [s3.put_object(Bucket=name, Key=key, Body=text.encode()) for text in texts]
    return [answer["VersionId"] for answer in put]


def delete_text(name, key):
    client("s3").delete_object(Bucket=name, Key=key)


READERS = {"AWS::S3::Bucket": bucket, "AWS::S3::BucketPolicy": bucket_policy}

CALLS = (bucket_names, suspend_versions, allow_origin, put_text, put_versions, delete_text)
