"""Reads every object of a state back with boto3 and compares each declared property.

    read_back.py STATE.json [NAME=VALUE…]    with the values of secret parameters

Independent of rstack: it has its own mapping from CloudFormation's property names to those of the
APIs, and its own resolution of secret references. It gives one report, and has failed if a
property differs or could not be looked up, or a resource had nothing to compare. Values that come
from a secret are compared and never shown.

    {"failed": false, "compared": 131,
     "resources": {"Channel": {"type": "…", "compared": 2, "mismatches": []}},
     "limits": ["Endpoint.…: why it is not compared"]}
"""

import base64
import functools
import hashlib
import io
import json
import re
import sys
import zipfile
from urllib.parse import unquote
from urllib.request import urlopen

import boto3

import buckets
import media
import network
import provisioned
import rest_apis

# Resources that are nothing in the cloud.
NOTHING = {"AWS::CDK::Metadata", "AWS::CloudFormation::WaitConditionHandle"}

# Where no comparison is possible: (type, path) with `*` for an index, and the reason.
LIMITS = {
    # The API gives the URL of a manifest and takes none; CloudFormation ignores it, too.
    ("AWS::MediaPackage::OriginEndpoint", "CmafPackage.HlsManifests.*.Url"): "read-only in the API",
    # A secret's value is generated once. Its form is checked instead, see `generated`.
    ("AWS::SecretsManager::Secret", "GenerateSecretString.SecretStringTemplate"): "checked by form",
    # DocumentDB shows no password.
    ("AWS::DocDB::DBCluster", "MasterUserPassword"): "never shown",
    # IAM shows no password.
    ("AWS::IAM::User", "LoginProfile.Password"): "never shown",
    # MiniStack 1.5.33 takes a creation's `AddReplicaRegions` and shows no `ReplicationStatus`.
    # Nothing that rstack made is replicated in these tests, so no row is needed for it.
    **media.LIMITS,
    **rest_apis.LIMITS,
}

# CloudFormation's name → the API's, where they differ.
RENAMED = {
    "BuildSpec": "Buildspec",
    "AcmCertificateArn": "ACMCertificateArn",
    "IPV6Enabled": "IsIPV6Enabled",
    "OriginCustomHeaders": "CustomHeaders",
    "OriginSSLProtocols": "OriginSslProtocols",
    "SslSupportMethod": "SSLSupportMethod",
    "IamCertificateId": "IAMCertificateId",
}

# Properties of a list whose order means nothing, by their last name.
SETS = {
    "AllowedMethods", "CachedMethods", "Headers", "Cookies", "QueryStrings", "Tags", "Policies",
    "ManagedPolicyArns", "Roles", "Aliases", "CustomErrorResponses", "Locations", "StatusCodes",
    "OriginSSLProtocols", "Origins", "OriginCustomHeaders", "FunctionAssociations", "Queues",
    "Topics", "Groups", "RouteTableIds", "Targets", "AttributeDefinitions", "GlobalSecondaryIndexes",
    "TagFilters",
}

# Lists to which rstack, or another resource, adds elements of its own: all declared ones must be
# there. By the name that tells them apart.
OTHERS_ADD = {"Tags": "Key", "Policies": "PolicyName"}


# The values of secret parameters.
PARAMETERS = {}


class Secret(str):
    """Text that is compared and never printed."""


class Stripped(str):
    """Text that is the same with other space at its end."""

    def __eq__(self, other):
        return isinstance(other, str) and str(self).rstrip() == str(other).rstrip()

    __hash__ = str.__hash__


class Missing:
    """What the API does not give."""

    def __repr__(self):
        return "(nothing)"


MISSING = Missing()


client = functools.cache(boto3.client)


def secret_value(secret_id, **version):
    answer = client("secretsmanager").get_secret_value(SecretId=secret_id, **version)
    return answer["SecretString"]


def resolved(reference):
    """The text behind `SECRET-ID:SecretString:KEY:STAGE:VERSION`."""
    fields = reference.split(":")
    split = 7 if reference.startswith("arn:") else 1
    secret_id, fields = ":".join(fields[:split]), fields[split:] + [""] * 4
    version = {}
    if fields[2]:
        version["VersionStage"] = fields[2]
    if fields[3]:
        version["VersionId"] = fields[3]
    text = secret_value(secret_id, **version)
    return Secret(json.loads(text)[fields[1]] if fields[1] else text)


def behind(reference):
    if "parameter" in reference:
        return PARAMETERS[reference["parameter"]]
    return resolved(reference["secrets-manager"])


def declared(value):
    """A value of the state as plain data, secret references resolved."""
    if isinstance(value, list):
        return [declared(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$rstack" not in value:
        return {name: declared(item) for name, item in value.items()}
    special = value["$rstack"]
    if "map" in special:
        return {name: declared(item) for name, item in special["map"].items()}
    text, secret = "", False
    for part in special["text"]:
        if "literal" in part:
            text += part["literal"]
        else:
            text += behind(part["secret"])
            secret = True
    return Secret(text) if secret else text


# --- What the APIs say, one function for each type: (physical id, declared properties) → a tree
# --- that has the property names of CloudFormation or, below RENAMED, of the API.


def tag_list(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def channel(physical_id, _):
    found = client("mediapackage").describe_channel(Id=physical_id)
    return {**found, "Tags": tag_list(found.get("Tags", {}))}


def origin_endpoint(physical_id, _):
    found = client("mediapackage").describe_origin_endpoint(Id=physical_id)
    return {**found, "Tags": tag_list(found.get("Tags", {}))}


def distribution(physical_id, _):
    cloudfront = client("cloudfront")
    found = cloudfront.get_distribution(Id=physical_id)["Distribution"]
    tags = cloudfront.list_tags_for_resource(Resource=found["ARN"])["Tags"]["Items"]
    config = found["DistributionConfig"]
    # CloudFormation has the cached methods beside the allowed ones, the API inside of them.
    for behavior in [config["DefaultCacheBehavior"], *config["CacheBehaviors"].get("Items", [])]:
        allowed = behavior.get("AllowedMethods", {})
        behavior["CachedMethods"] = allowed.get("CachedMethods", MISSING)
    # And names the list of countries, which in the API has no name of its own.
    countries = config.get("Restrictions", {}).get("GeoRestriction", {})
    if "Items" in countries:
        countries["Locations"] = countries["Items"]
    return {"DistributionConfig": config, "Tags": tags}


def named(get, outer, inner):
    """The reader of a CloudFront type that is one tree, such as a cache policy."""

    def read(physical_id, _):
        found = getattr(client("cloudfront"), get)(Id=physical_id)
        return {inner: found[outer][inner]}

    return read


def public_key(physical_id, _):
    found = client("cloudfront").get_public_key(Id=physical_id)["PublicKey"]["PublicKeyConfig"]
    # CloudFront ends a key with a line break.
    return {"PublicKeyConfig": {**found, "EncodedKey": Stripped(found["EncodedKey"])}}


def key_value_store(physical_id, _):
    cloudfront = client("cloudfront")
    found = cloudfront.describe_key_value_store(Name=physical_id)["KeyValueStore"]
    tags = cloudfront.list_tags_for_resource(Resource=found["ARN"])["Tags"]["Items"]
    return {**found, "Tags": tags}


def function(_, properties):
    cloudfront, name = client("cloudfront"), properties["Name"]
    found = {"Name": name}
    # What is published is what viewers meet.
    stage = "LIVE" if properties.get("AutoPublish") else "DEVELOPMENT"
    summary = cloudfront.describe_function(Name=name, Stage=stage)["FunctionSummary"]
    found["FunctionConfig"] = summary["FunctionConfig"]
    found["AutoPublish"] = summary["FunctionMetadata"]["Stage"] == "LIVE"
    code = cloudfront.get_function(Name=name, Stage=stage)["FunctionCode"].read()
    found["FunctionCode"] = code.decode()
    return found


def document(value):
    """A policy document, whether the client has decoded it or not."""
    return json.loads(unquote(value)) if isinstance(value, str) else value


def inline(role, name):
    found = client("iam").get_role_policy(RoleName=role, PolicyName=name)
    return document(found["PolicyDocument"])


def role(physical_id, _):
    iam = client("iam")
    found = iam.get_role(RoleName=physical_id)["Role"]
    attached = iam.list_attached_role_policies(RoleName=physical_id)["AttachedPolicies"]
    boundary = found.get("PermissionsBoundary", {})
    return {
        **found,
        "AssumeRolePolicyDocument": document(found["AssumeRolePolicyDocument"]),
        "PermissionsBoundary": boundary.get("PermissionsBoundaryArn", MISSING),
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
        "Policies": [
            {"PolicyName": name, "PolicyDocument": inline(physical_id, name)}
            for name in iam.list_role_policies(RoleName=physical_id)["PolicyNames"]
        ],
        "Tags": iam.list_role_tags(RoleName=physical_id)["Tags"],
    }


def inline_policies(kind, name):
    """The inline policies of a user or a group."""
    iam, member = client("iam"), {f"{kind.title()}Name": name}
    names = getattr(iam, f"list_{kind}_policies")(**member)["PolicyNames"]
    get = getattr(iam, f"get_{kind}_policy")
    documents = {policy: get(PolicyName=policy, **member)["PolicyDocument"] for policy in names}
    return [
        {"PolicyName": policy, "PolicyDocument": document(text)}
        for policy, text in documents.items()
    ]


def attached_policies(kind, name):
    """The ARNs of the managed policies of a user or a group."""
    call = getattr(client("iam"), f"list_attached_{kind}_policies")
    return [item["PolicyArn"] for item in call(**{f"{kind.title()}Name": name})["AttachedPolicies"]]


def login_profile(name):
    iam = client("iam")
    try:
        return iam.get_login_profile(UserName=name)["LoginProfile"]
    except iam.exceptions.NoSuchEntityException:
        return MISSING


def user(physical_id, _):
    iam = client("iam")
    found = iam.get_user(UserName=physical_id)["User"]
    boundary = found.get("PermissionsBoundary", {})
    groups = iam.list_groups_for_user(UserName=physical_id)["Groups"]
    return {
        **found,
        "PermissionsBoundary": boundary.get("PermissionsBoundaryArn", MISSING),
        "Groups": [group["GroupName"] for group in groups],
        "LoginProfile": login_profile(physical_id),
        "ManagedPolicyArns": attached_policies("user", physical_id),
        "Policies": inline_policies("user", physical_id),
        "Tags": iam.list_user_tags(UserName=physical_id)["Tags"],
    }


def group(physical_id, _):
    found = client("iam").get_group(GroupName=physical_id)["Group"]
    return {
        **found,
        "ManagedPolicyArns": attached_policies("group", physical_id),
        "Policies": inline_policies("group", physical_id),
    }


def members(_, properties):
    name = properties["GroupName"]
    found = client("iam").get_group(GroupName=name)["Users"]
    return {"GroupName": name, "Users": [user["UserName"] for user in found]}


def instance_profile(physical_id, _):
    found = client("iam").get_instance_profile(InstanceProfileName=physical_id)["InstanceProfile"]
    return {**found, "Roles": [role["RoleName"] for role in found["Roles"]]}


def managed_policy(physical_id, _):
    iam = client("iam")
    found = iam.get_policy(PolicyArn=physical_id)["Policy"]
    version = iam.get_policy_version(PolicyArn=physical_id, VersionId=found["DefaultVersionId"])
    users = iam.list_entities_for_policy(PolicyArn=physical_id)
    return {
        **found,
        "ManagedPolicyName": found["PolicyName"],
        "PolicyDocument": document(version["PolicyVersion"]["Document"]),
        "Roles": [role["RoleName"] for role in users["PolicyRoles"]],
        "Tags": iam.list_policy_tags(PolicyArn=physical_id)["Tags"],
    }


def inline_policy(_, properties):
    name, iam = properties["PolicyName"], client("iam")
    holders = [
        role
        for role in properties["Roles"]
        if name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    documents = [inline(role, name) for role in holders]
    same = all(document == documents[0] for document in documents)
    return {
        "PolicyName": name,
        "Roles": holders,
        "PolicyDocument": documents[0] if documents and same else MISSING,
    }


def secret(physical_id, properties):
    secrets = client("secretsmanager")
    found = secrets.describe_secret(SecretId=physical_id)
    if "GenerateSecretString" in properties:
        rules = properties["GenerateSecretString"]
        found["GenerateSecretString"] = generated(secret_value(physical_id), rules)
    if "SecretString" in properties:
        found["SecretString"] = Secret(secret_value(physical_id))
    return found


def rotation_schedule(arn, properties):
    found = client("secretsmanager").describe_secret(SecretId=arn)
    if not found["RotationEnabled"]:
        return {}
    # It says when the call is carried out, and leaves nothing behind.
    at_once = properties.get("RotateImmediatelyOnUpdate", MISSING)
    return {**found, "SecretId": found["ARN"], "RotateImmediatelyOnUpdate": at_once}


def target_attachment(arn, properties):
    """The target that the entries of a secret are those of, by the description of RDS."""
    held = client("secretsmanager").get_secret_value(SecretId=arn)
    entries = json.loads(held["SecretString"])
    name = entries.get("dbInstanceIdentifier")
    if not name or not entries.get("password"):
        return {}
    found = client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    wanted = {
        "host": found["Endpoint"]["Address"],
        "port": found["Endpoint"]["Port"],
        "dbname": found["DBName"],
        "engine": found["Engine"],
    }
    if wanted != {name: entries.get(name) for name in wanted}:
        return {}
    kind = "AWS::RDS::DBInstance"
    return {"SecretId": held["ARN"], "TargetId": name, "TargetType": kind}


def record_set_group(_, properties):
    """Its record sets in their order, in the words of the template."""
    service = client("route53")
    zone = properties.get("HostedZoneId")
    if zone is None:
        name = properties["HostedZoneName"].rstrip(".") + "."
        zone = service.list_hosted_zones_by_name(DNSName=name)["HostedZones"][0]["Id"]
    found = service.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]

    def key(record):
        name = record["Name"].replace("\\052", "*").rstrip(".").lower()
        return name, record["Type"], record.get("SetIdentifier")

    found = {key(record): record for record in found}
    sets = []
    for declared in properties["RecordSets"]:
        shown = dict(found.get(key(declared), {}))
        # A name is the same with and without a trailing dot, and in any case.
        if shown:
            shown["Name"] = declared["Name"]
        if "AliasTarget" in shown:
            alias = dict(shown["AliasTarget"])
            same = alias["DNSName"].rstrip(".").lower()
            if same == declared["AliasTarget"]["DNSName"].rstrip(".").lower():
                alias["DNSName"] = declared["AliasTarget"]["DNSName"]
            shown["AliasTarget"] = alias
        values = [record["Value"] for record in shown.get("ResourceRecords", [])]
        shown["ResourceRecords"] = values
        sets.append(shown)
    return {**properties, "RecordSets": sets}


# The entries of a secret that an attachment writes.
CONNECTION = {"dbInstanceIdentifier", "dbname", "engine", "host", "port"}


def generated(value, rules):
    """The rules that a generated value keeps."""
    kept, key = {}, rules.get("GenerateStringKey")
    if key:
        fields = json.loads(value)
        value = fields.get(key, "")
        template = json.loads(rules["SecretStringTemplate"])
        # An attachment adds the connection to a database, which its own reader compares.
        added = CONNECTION if "dbInstanceIdentifier" in fields else set()
        others = {name: text for name, text in fields.items() if name != key and name not in added}
        if others == {name: text for name, text in template.items() if name != key}:
            kept["GenerateStringKey"] = key
    kept["PasswordLength"] = len(value)
    kept["ExcludePunctuation"] = value.isalnum()
    kept["ExcludeNumbers"] = not any(character.isdigit() for character in value)
    kept["ExcludeLowercase"] = value == value.upper()
    kept["ExcludeUppercase"] = value == value.lower()
    left_out = rules.get("ExcludeCharacters", "")
    kept["ExcludeCharacters"] = "".join(c for c in left_out if c not in value)
    return kept


def policy_of_queue(url):
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    policy = found.get("Attributes", {}).get("Policy")
    return json.loads(policy) if policy else None


def policy_of_topic(arn):
    found = client("sns").get_topic_attributes(TopicArn=arn)
    return json.loads(found["Attributes"]["Policy"])


def queue(url, _):
    sqs = client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
    policy = json.loads(found["RedrivePolicy"]) if "RedrivePolicy" in found else MISSING
    name = found["QueueArn"].rsplit(":", 1)[1]
    return {**found, "QueueName": name, "RedrivePolicy": policy, "Tags": tag_list(tags)}


def attached(holders, policy_of):
    """A policy that is an attribute of each of its holders."""

    def read(_, properties):
        policies = {name: policy_of(name) for name in properties[holders]}
        found = [name for name, policy in policies.items() if policy is not None]
        first = policies[found[0]] if found else MISSING
        same = all(policies[name] == first for name in found)
        return {holders: found, "PolicyDocument": first if same else MISSING}

    return read


def rules_of(acl):
    found = client("ec2").describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    return found[0]["Entries"]


def network_acl_entry(_, properties):
    egress = properties.get("Egress", False) in (True, "true")
    number = int(properties["RuleNumber"])
    for rule in rules_of(properties["NetworkAclId"]):
        if rule["RuleNumber"] == number and rule["Egress"] == egress:
            return {**rule, "NetworkAclId": properties["NetworkAclId"]}
    return {}


def capitals(value):
    """With the names of members in the capitals of templates."""
    if isinstance(value, list):
        return [capitals(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name[0].upper() + name[1:]: capitals(item) for name, item in value.items()}


def build_project(physical_id, _):
    found = client("codebuild").batch_get_projects(names=[physical_id])["projects"]
    return capitals(found[0]) if found else {}


def parameter(physical_id, _):
    ssm = client("ssm")
    found = ssm.get_parameter(Name=physical_id)["Parameter"]
    named = [{"Key": "Name", "Values": [physical_id]}]
    described = ssm.describe_parameters(ParameterFilters=named)["Parameters"][0]
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=physical_id)["TagList"]
    return {**described, **found, "Tags": {tag["Key"]: tag["Value"] for tag in tags}}


def log_group(physical_id, _):
    logs = client("logs")
    listed = logs.describe_log_groups(logGroupNamePrefix=physical_id)["logGroups"]
    found = next(group for group in listed if group["logGroupName"] == physical_id)
    arn = found["arn"].removesuffix(":*")
    tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
    return {**capitals(found), "Tags": tag_list(tags)}


def alias(physical_id, properties):
    listed = client("kms").list_aliases()["Aliases"]
    found = next(item for item in listed if item["AliasName"] == physical_id)
    # The service shows the ID of a key that was given as an ARN.
    if properties["TargetKeyId"].endswith(f"/{found['TargetKeyId']}"):
        found["TargetKeyId"] = properties["TargetKeyId"]
    return found


def alarm(physical_id, _):
    cloudwatch = client("cloudwatch")
    found = cloudwatch.describe_alarms(AlarmNames=[physical_id])["MetricAlarms"][0]
    tags = cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    return {**found, "Tags": tags}


def graphql_schema(_, properties):
    """AppSync shows a schema in a form of its own: its fields are compared."""
    appsync, api = client("appsync"), properties["ApiId"]
    status = appsync.get_schema_creation_status(apiId=api)["status"]
    text = appsync.get_introspection_schema(apiId=api, format="SDL")["schema"].read().decode()
    fields = re.findall(r"(\w+):", properties["Definition"])
    there = status == "SUCCESS" and fields and all(f"{field}:" in text for field in fields)
    return {"ApiId": api, "Definition": properties["Definition"] if there else text}


def topic(arn, properties):
    sns = client("sns")
    found = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    name = arn.rsplit(":", 1)[1]
    # Other resources subscribe to it, too.
    declared_ones = [it["Endpoint"] for it in properties.get("Subscription", [])]
    own = [it for it in subscriptions if it["Endpoint"] in declared_ones]
    tags = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return {**found, "TopicName": name, "Subscription": own, "Tags": tags}


def subscription(arn, _):
    found = client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    policies = {
        name: json.loads(found[name]) for name in ("FilterPolicy", "RedrivePolicy") if name in found
    }
    return {**found, **policies}


def kms_key(key, properties):
    kms = client("kms")
    found = kms.describe_key(KeyId=key)["KeyMetadata"]
    rotates = kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    tags = kms.list_resource_tags(KeyId=key)["Tags"]
    return {
        **found,
        "KeyPolicy": json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]),
        "EnableKeyRotation": rotates,
        # KMS shows it of a key that is to be deleted.
        "PendingWindowInDays": properties.get("PendingWindowInDays"),
        "Tags": [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in tags],
    }


def event_rule(name, _):
    events = client("events")
    found = events.describe_rule(Name=name)
    pattern = json.loads(found["EventPattern"]) if found.get("EventPattern") else MISSING
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    tags = events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
    return {**found, "EventPattern": pattern, "Targets": targets, "Tags": tags}


def packed(name):
    """The text of each file in the archive of a function."""
    place = client("lambda").get_function(FunctionName=name)["Code"]["Location"]
    with urlopen(place) as answer, zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
        return {file: archive.read(file).decode() for file in archive.namelist()}


def is_object(sha, place):
    """True if an object of S3 has this digest in base64."""
    body = client("s3").get_object(Bucket=place["S3Bucket"], Key=place["S3Key"])["Body"].read()
    return base64.b64encode(hashlib.sha256(body).digest()).decode() == sha


def code(name, found, wanted):
    """The declared code, if the function has it."""
    if "ImageUri" in wanted:
        return found["Code"]
    if "ZipFile" in wanted:
        return {"ZipFile": packed(name).get("index.py", MISSING)}
    return wanted if is_object(found["Configuration"]["CodeSha256"], wanted) else MISSING


def lambda_function(name, properties):
    functions = client("lambda")
    found = functions.get_function(FunctionName=name)
    configuration = found["Configuration"]
    signing = functions.get_function_code_signing_config(FunctionName=name)
    return {
        **configuration,
        **found.get("Concurrency", {}),
        "Code": code(name, found, properties["Code"]),
        "CodeSigningConfigArn": signing["CodeSigningConfigArn"],
        "ImageConfig": configuration.get("ImageConfigResponse", {}).get("ImageConfig", MISSING),
        "KmsKeyArn": configuration.get("KMSKeyArn", MISSING),
        "Layers": [layer["Arn"] for layer in configuration.get("Layers", [])],
        "RecursiveLoop": functions.get_function_recursion_config(FunctionName=name)["RecursiveLoop"],
        "Tags": tag_list(found.get("Tags", {})),
    }


def layer_version(arn, properties):
    found = client("lambda").get_layer_version_by_arn(Arn=arn)
    same = is_object(found["Content"]["CodeSha256"], properties["Content"])
    content = properties["Content"] if same else MISSING
    return {**found, "LayerName": arn.split(":")[-2], "Content": content}


def function_permission(physical_id, _):
    function, sid = physical_id.rsplit("|", 1)
    policy = json.loads(client("lambda").get_policy(FunctionName=function)["Policy"])
    [found] = [it for it in policy["Statement"] if it["Sid"] == sid]
    return {
        "FunctionName": function,
        "Action": found["Action"],
        "Principal": found["Principal"]["Service"],
        "SourceArn": found["Condition"]["ArnLike"]["AWS:SourceArn"],
    }


def function_version(arn, _):
    found = client("lambda").get_function_configuration(FunctionName=arn)
    return {**found, "FunctionName": arn.rsplit(":", 1)[0]}


def function_alias(arn, _):
    function, name = arn.rsplit(":", 1)
    found = client("lambda").get_alias(FunctionName=function, Name=name)
    return {**found, "FunctionName": function}


def event_source(uuid, _):
    found = client("lambda").get_event_source_mapping(UUID=uuid)
    enabled = found["State"] in ("Enabled", "Enabling", "Creating")
    return {**found, "FunctionName": found["FunctionArn"], "Enabled": enabled}


def state_machine(arn, properties):
    machines = client("stepfunctions")
    found = machines.describe_state_machine(stateMachineArn=arn)
    tags = machines.list_tags_for_resource(resourceArn=arn)["tags"]
    substitutions = properties.get("DefinitionSubstitutions", {})
    wanted = properties["DefinitionString"]
    for name, value in substitutions.items():
        wanted = wanted.replace("${" + name + "}", value)
    same = json.loads(wanted) == json.loads(found["definition"])
    return {
        "StateMachineName": found["name"],
        "RoleArn": found["roleArn"],
        "DefinitionString": properties["DefinitionString"] if same else found["definition"],
        # They are in the definition.
        "DefinitionSubstitutions": substitutions if same else MISSING,
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags],
    }


def table(name, properties):
    dynamodb = client("dynamodb")
    found = dynamodb.describe_table(TableName=name)["Table"]
    billing = found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    encryption = found.get("SSEDescription", {})
    life = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    is_expiring = life["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    tags = dynamodb.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"]

    def insights(**index):
        shown = dynamodb.describe_contributor_insights(TableName=name, **index)
        on = shown["ContributorInsightsStatus"] in ("ENABLED", "ENABLING")
        return {"Enabled": on, "Mode": shown.get("ContributorInsightsMode", MISSING)}

    for index in found.get("GlobalSecondaryIndexes", []):
        index["ContributorInsightsSpecification"] = insights(IndexName=index["IndexName"])
    streams = dynamodb.describe_kinesis_streaming_destination(TableName=name)
    streams = [
        it for it in streams["KinesisDataStreamDestinations"] if it["DestinationStatus"] == "ACTIVE"
    ]
    try:
        answer = dynamodb.get_resource_policy(ResourceArn=found["TableArn"])
        policy = {"PolicyDocument": json.loads(answer["Policy"])}
    except dynamodb.exceptions.PolicyNotFoundException:
        policy = MISSING
    declared_life = properties.get("TimeToLiveSpecification", {})
    return {
        **found,
        "BillingMode": billing,
        "TableClass": found.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "SSESpecification": {
            "SSEEnabled": encryption.get("Status") == "ENABLED",
            "SSEType": encryption.get("SSEType", MISSING),
        },
        "TimeToLiveSpecification": {
            "Enabled": is_expiring,
            # The attribute of what is turned off is not shown.
            "AttributeName": life.get("AttributeName", declared_life.get("AttributeName")),
        },
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": recovery["PointInTimeRecoveryStatus"] == "ENABLED",
            "RecoveryPeriodInDays": recovery.get("RecoveryPeriodInDays", MISSING),
        },
        "ContributorInsightsSpecification": insights(),
        "KinesisStreamSpecification": streams[0] if streams else MISSING,
        "ResourcePolicy": policy,
        "Tags": tags,
    }


def http_api(api, _):
    return client("apigatewayv2").get_api(ApiId=api)


def below_api(noun, member):
    """The reader of what is below an API."""

    def read(name, properties):
        get = getattr(client("apigatewayv2"), f"get_{noun}")
        found = get(ApiId=properties["ApiId"], **{member: name})
        found["ApiId"] = properties["ApiId"]
        # CloudFormation writes the pairs of a map as a list, below the name of the property again.
        if "ResponseParameters" in found:
            found["ResponseParameters"] = {
                status: {
                    "ResponseParameters": [
                        {"Destination": to, "Source": source} for to, source in pairs.items()
                    ]
                }
                for status, pairs in found["ResponseParameters"].items()
            }
        return found

    return read


READERS = {
    "AWS::ApiGatewayV2::Api": http_api,
    "AWS::ApiGatewayV2::Deployment": below_api("deployment", "DeploymentId"),
    "AWS::ApiGatewayV2::Integration": below_api("integration", "IntegrationId"),
    "AWS::ApiGatewayV2::Route": below_api("route", "RouteId"),
    "AWS::ApiGatewayV2::Stage": below_api("stage", "StageName"),
    "AWS::CloudFront::CachePolicy": named("get_cache_policy", "CachePolicy", "CachePolicyConfig"),
    "AWS::CloudFront::Distribution": distribution,
    "AWS::CloudFront::Function": function,
    "AWS::CloudFront::KeyGroup": named("get_key_group", "KeyGroup", "KeyGroupConfig"),
    "AWS::CloudFront::KeyValueStore": key_value_store,
    "AWS::CloudFront::OriginAccessControl": named(
        "get_origin_access_control", "OriginAccessControl", "OriginAccessControlConfig"
    ),
    "AWS::CloudFront::OriginRequestPolicy": named(
        "get_origin_request_policy", "OriginRequestPolicy", "OriginRequestPolicyConfig"
    ),
    "AWS::CloudFront::PublicKey": public_key,
    "AWS::CloudFront::ResponseHeadersPolicy": named(
        "get_response_headers_policy", "ResponseHeadersPolicy", "ResponseHeadersPolicyConfig"
    ),
    "AWS::AppSync::GraphQLSchema": graphql_schema,
    "AWS::CodeBuild::Project": build_project,
    "AWS::DynamoDB::Table": table,
    "AWS::EC2::NetworkAclEntry": network_acl_entry,
    "AWS::Events::Rule": event_rule,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::IAM::Group": group,
    "AWS::IAM::InstanceProfile": instance_profile,
    "AWS::IAM::ManagedPolicy": managed_policy,
    "AWS::IAM::Policy": inline_policy,
    "AWS::IAM::Role": role,
    "AWS::IAM::User": user,
    "AWS::IAM::UserToGroupAddition": members,
    "AWS::KMS::Alias": alias,
    "AWS::KMS::Key": kms_key,
    "AWS::Lambda::Alias": function_alias,
    "AWS::Lambda::EventSourceMapping": event_source,
    "AWS::Lambda::Function": lambda_function,
    "AWS::Lambda::LayerVersion": layer_version,
    "AWS::Lambda::Permission": function_permission,
    "AWS::Lambda::Version": function_version,
    "AWS::Logs::LogGroup": log_group,
    "AWS::MediaPackage::Channel": channel,
    "AWS::MediaPackage::OriginEndpoint": origin_endpoint,
    "AWS::Route53::RecordSetGroup": record_set_group,
    "AWS::SNS::Subscription": subscription,
    "AWS::SNS::Topic": topic,
    "AWS::SNS::TopicPolicy": attached("Topics", policy_of_topic),
    "AWS::SQS::Queue": queue,
    "AWS::SQS::QueuePolicy": attached("Queues", policy_of_queue),
    "AWS::SSM::Parameter": parameter,
    "AWS::SecretsManager::RotationSchedule": rotation_schedule,
    "AWS::SecretsManager::Secret": secret,
    "AWS::SecretsManager::SecretTargetAttachment": target_attachment,
    "AWS::StepFunctions::StateMachine": state_machine,
    **buckets.READERS,
    **media.READERS,
    **network.READERS,
    **provisioned.READERS,
    **rest_apis.READERS,
}


# --- Comparing.


class Comparison:
    def __init__(self, resource_type):
        self.type = resource_type
        self.compared = 0
        self.mismatches = []
        self.limits = []

    def tree(self, path, wanted, found):
        place = (self.type, ".".join("*" if part.isdigit() else part for part in path))
        if place in LIMITS:
            self.limits.append(f"{'.'.join(path)}: {LIMITS[place]}")
        elif isinstance(wanted, dict):
            self.map(path, wanted, found)
        elif isinstance(wanted, list):
            self.list(path, wanted, found)
        else:
            self.scalar(path, wanted, found)

    def map(self, path, wanted, found):
        if not isinstance(found, dict):
            self.differs(path, wanted, found)
            return
        # An empty map is one thing to compare: that there is one.
        self.compared += 0 if wanted else 1
        for name, value in wanted.items():
            self.tree([*path, name], value, found.get(RENAMED.get(name, name), MISSING))

    def list(self, path, wanted, found):
        if isinstance(found, dict) and "Quantity" in found:
            items = found.get("Items", [])
            if len(items) != found["Quantity"]:
                self.differs([*path, "Quantity"], found["Quantity"], len(items))
            found = items
        # An empty list may be shown as none at all.
        found = [] if found is MISSING and not wanted else found
        if not isinstance(found, list):
            self.differs(path, wanted, found)
            return
        if path[-1] in OTHERS_ADD:
            key = OTHERS_ADD[path[-1]]
            names = {item[key] for item in wanted}
            found = [item for item in found if item[key] in names]
        if path[-1] in SETS:
            wanted, found = sorted(wanted, key=order), sorted(found, key=order)
        if len(wanted) != len(found):
            self.differs(path, wanted, found)
            return
        self.compared += 0 if wanted else 1
        for index, (left, right) in enumerate(zip(wanted, found)):
            self.tree([*path, str(index)], left, right)

    def scalar(self, path, wanted, found):
        self.compared += 1
        if not same(wanted, found):
            self.differs(path, wanted, found)

    def differs(self, path, wanted, found):
        if isinstance(wanted, Secret) or isinstance(found, Secret):
            wanted, found = "(secret)", "(another)"
        text = f"{'.'.join(path)}: declared {wanted!r}, found {found!r}"
        self.mismatches.append(text)


def order(item):
    """By name where there is one, so that the same things stand side by side."""
    if isinstance(item, dict):
        for name in ("Key", "Id", "PolicyName", "HeaderName", "ErrorCode", "EventType"):
            if name in item:
                return str(item[name])
    return str(item)


def same(wanted, found):
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found or str(wanted).lower() == str(found).lower()
    if isinstance(wanted, (int, float)) or isinstance(found, (int, float)):
        return str(wanted) == str(found) or as_number(wanted) == as_number(found)
    return wanted == found


def as_number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def compare(resource):
    comparison = Comparison(resource["resource_type"])
    wanted = declared(resource["properties"])
    read = READERS.get(comparison.type)
    if read is None:
        comparison.mismatches.append("no reader for this type")
        return comparison
    found = read(resource["physical_id"], wanted)
    for name, value in wanted.items():
        comparison.tree([name], value, found.get(name, MISSING))
    if comparison.compared == 0:
        comparison.mismatches.append("nothing was compared")
    return comparison


def read_back(path, *parameters):
    """The report on the state in a file."""
    PARAMETERS.update(parameter.split("=", 1) for parameter in parameters)
    with open(path, encoding="utf-8") as file:
        state = json.load(file)["state"]
    report = {"failed": bool(state["deposed"]), "compared": 0, "resources": {}, "limits": []}
    for name, resource in state["resources"].items():
        if resource["resource_type"] in NOTHING:
            continue
        comparison = compare(resource)
        report["compared"] += comparison.compared
        report["limits"] += [f"{name}.{limit}" for limit in comparison.limits]
        report["resources"][name] = {
            "type": comparison.type,
            "compared": comparison.compared,
            "mismatches": comparison.mismatches,
        }
        report["failed"] |= bool(comparison.mismatches)
    report["failed"] |= report["compared"] == 0
    return report


if __name__ == "__main__":
    told = read_back(*sys.argv[1:])
    print(json.dumps(told, indent=1))
    sys.exit(told["failed"])
