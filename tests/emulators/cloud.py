"""Looks at the emulated cloud and changes it behind rstack's back, for one test after another
call: a line of JSON on standard input is a call, a line on standard output its answer.

    ["ls"]                             what there is: kind → names
    ["read_back", STATE, …]            see read_back.py
    ["secret", ID]                     the value of a secret: to look for, never to show
    ["describe_secret", ID]            what Secrets Manager says of it, without the value
    ["rotate", ID]                     gives a secret a new value under its JSON key
    ["forget_secret", ID]              removes a secret at once, also one that is to be deleted
    ["access_keys", USER]              the IDs of the access keys of a user of IAM
    ["forget_password", USER]          removes the password of a user of IAM
    ["forget_member", GROUP, USER]     takes a user out of a group of IAM
    ["comment", DISTRIBUTION, TEXT]    gives a distribution another comment
    ["header", DISTRIBUTION, TEXT]     gives its first origin another first custom header value
    ["window", ENDPOINT, SECONDS]      gives an endpoint another playlist or manifest window
    ["delete_endpoint", ENDPOINT]      removes an origin endpoint
    ["parameter", NAME, TYPE, VALUE]   gives a parameter of the Parameter Store a value
    ["parameter_value", NAME]          the value of one that is no secret
    ["key"]                            makes a key of KMS; its ID
    ["retention", GROUP, DAYS]         gives a log group another retention
    ["named_ls"]                       parameters, log groups, aliases, alarms and queues: kind → names
    ["function", NAME]                 makes a function of Lambda; its ARN
    ["handler", NAME, NOTES]           makes one with handler.py, which notes requests in a file; its ARN
    ["handler_topic", NAME, ARN]       makes a topic beside Lambda with a function as subscriber; its ARN
    ["queue_beside", NAME]             makes a queue where Lambda looks for it; its ARN
    ["enable_rule", NAME]              enables a rule of EventBridge
    ["name_topic", ARN, TEXT]          gives a topic another display name
    ["archive", BUCKET, KEY, TEXT]     puts an archive with the file main.py into a bucket
    ["set_timeout", FUNCTION, SECONDS] gives a function another timeout
    ["invoke", FUNCTION]               what a function answers
    ["rotator", NAME]                  makes a function that rotates secrets, in moto; its ARN
    ["set_rotation", SECRET, DAYS]     rotates a secret at other times
    ["rotation", SECRET]               true if a secret is rotated
    ["functions_ls"]                   functions, and versions of their layers
    ["kinesis_stream", NAME]           makes a stream of Kinesis; its ARN
    ["disturb_table", TABLE, INDEX]    deletes an index of a table, and gives the table another class
    ["disturb_api", API]               gives an API another description, and its stages other variables
    ["apis"]                           the names of the APIs of API Gateway
    ["rest_apis"]                      the names of its REST APIs
    ["deployments", API]               the deployments of a REST API, and the one of each stage
    ["rest_api_tree", API] …           see rest_apis.py
    ["disturb_rest_api", API, METHOD]  changes a REST API, its stages, and the integration of a method
    ["tables"]                         the names of the tables of DynamoDB
    ["serverless_ls", FUNCTION]        topics, keys, rules and what belongs to a function: kind → names
    ["zones"]                          the Availability Zones of the Region, by name
    ["networks"]                       its default VPC with a subnet and the default group
    ["queue", NAME]                    makes a queue; its URL
    ["topic", NAME]                    makes a topic; its ARN
    ["queue_policy", URL]              the policy of a queue, or null
    ["topic_policy", ARN]              the policy of a topic
    ["set_queue_policy", URL, JSON]    gives a queue another policy, or none
    ["set_topic_policy", ARN, JSON]    gives a topic another policy
    ["network_acl"]                    makes a network ACL in the default VPC; its ID
    ["acl_rules", ACL]                 the rules of a network ACL
    ["delete_acl_rule", ACL, N, WAY]   removes a rule, `in` or `out`
    ["graphql_api", NAME]              makes a GraphQL API; its ID
    ["graphql_schema", API]            the text of its schema
    ["machine_definition", ARN]        the definition of a state machine
    ["put_text", BUCKET, KEY, TEXT]    puts a text into a bucket
    ["describe_project", NAME, TEXT]   gives a project of CodeBuild another description
    ["project_description", NAME]      its description
    ["projects"]                       the names of the projects of CodeBuild
    ["provisioned_at_once"]            makes clusters of moto available after one question
    ["disturb_provisioned", CACHE, WORK]   changes clusters of DAX and EMR
    ["provisioned_ls"]                 the names of those that exist
    ["cloud_control", TYPE, ID]        the properties of an object of Cloud Control
    ["cloud_control_ls", TYPE]         the identifiers of its objects of a type
    ["cloud_control_make", TYPE, JSON] makes one with these properties
    ["patch", TYPE, ID, JSON]          changes one by a JSON Patch
    ["objects", BUCKET]                its objects: key → bytes in hex, number of versions
    ["versions", BUCKET]               the keys of all versions and delete markers
    ["fill", BUCKET, N]                puts N objects into a bucket, each twice, and deletes the first one
    ["has_bucket", BUCKET]             true if there is such a bucket
    ["group_rules", GROUP]             the rules of a security group: `in` and `out`
    ["put_url", URL, TEXT]             puts a text to a signed URL, without credentials
    ["open_uploads", BUCKET]           the keys of its uploads that are not complete
    ["bucket_settings", BUCKET]        versioning, encryption, public access, policy
    ["make_bucket", BUCKET]            makes one without settings
    ["managed_stack", EMULATOR, NAME, TEMPLATE] makes a stack by its own CloudFormation
    ["delete_managed_stack", EMULATOR, NAME] deletes it
    ["media_ls"]                       flows, inputs, encoders and channel groups: kind → names
    ["rename_encoder", CHANNEL, NAME]  gives a channel of MediaLive another name
    ["hosted_zone", NAME]              makes a hosted zone; its ID
    ["records", ZONE]                  its record sets but NS and SOA: name, type and identifier → values
    ["set_record", ZONE, JSON]         gives it a record set
    ["database", NAME, ENGINE]         makes a DB instance; its ID
    ["entries", SECRET]                the names of the entries of a secret, and those that are no secret
    ["set_entry", SECRET, NAME, TEXT]  gives a secret another entry, or takes one away
    ["repository", NAME]               makes a repository of container images; its address
    ["images", REPOSITORY]             its images: tag → digest of what was built
    ["stack_elsewhere", ROLE, REGION, NAME, VALUE] makes a stack with an output in the account of a role
    ["network", VPC] …                 see network.py

An answer is `{"answer": …}` or `{"failure": "…"}`.
"""

import collections
import functools
import io
import json
import os
import pathlib
import sys
import traceback
import zipfile
from urllib.request import Request, urlopen

import boto3

import buckets
import images
import media
import network
import provisioned
import rest_apis
from read_back import policy_of_queue, policy_of_topic, read_back, rules_of

client = functools.cache(boto3.client)


def ls():
    cloudfront, iam = client("cloudfront"), client("iam")
    mediapackage, secrets = client("mediapackage"), client("secretsmanager")

    def custom(call, outer, inner, config):
        found = getattr(cloudfront, call)(Type="custom")[outer].get("Items", [])
        return [item[inner][config]["Name"] for item in found]

    def listed(call, outer):
        return getattr(cloudfront, call)()[outer].get("Items", [])

    distributions = cloudfront.list_distributions()["DistributionList"].get("Items", [])
    controls = cloudfront.list_origin_access_controls()["OriginAccessControlList"]
    functions = cloudfront.list_functions()["FunctionList"].get("Items", [])
    found = {
        "channels": [item["Id"] for item in mediapackage.list_channels()["Channels"]],
        "endpoints": [
            item["Id"] for item in mediapackage.list_origin_endpoints()["OriginEndpoints"]
        ],
        "distributions": [item["Id"] for item in distributions],
        "functions": [item["Name"] for item in functions],
        "origin access controls": [item["Name"] for item in controls.get("Items", [])],
        "origin request policies": custom(
            "list_origin_request_policies",
            "OriginRequestPolicyList",
            "OriginRequestPolicy",
            "OriginRequestPolicyConfig",
        ),
        "cache policies": custom(
            "list_cache_policies", "CachePolicyList", "CachePolicy", "CachePolicyConfig"
        ),
        "response headers policies": custom(
            "list_response_headers_policies",
            "ResponseHeadersPolicyList",
            "ResponseHeadersPolicy",
            "ResponseHeadersPolicyConfig",
        ),
        "roles": [item["RoleName"] for item in iam.list_roles()["Roles"]],
        "policies": [item["PolicyName"] for item in iam.list_policies(Scope="Local")["Policies"]],
        "users": [item["UserName"] for item in iam.list_users()["Users"]],
        "groups": [item["GroupName"] for item in iam.list_groups()["Groups"]],
        "instance profiles": [
            item["InstanceProfileName"] for item in iam.list_instance_profiles()["InstanceProfiles"]
        ],
        "public keys": [item["Name"] for item in listed("list_public_keys", "PublicKeyList")],
        "key groups": [
            item["KeyGroup"]["KeyGroupConfig"]["Name"]
            for item in listed("list_key_groups", "KeyGroupList")
        ],
        "key value stores": [
            item["Name"] for item in listed("list_key_value_stores", "KeyValueStoreList")
        ],
        "secrets": [
            item["Name"] for item in secrets.list_secrets()["SecretList"] if "DeletedDate" not in item
        ],
    }
    # A function is listed once for each of its stages.
    return {kind: sorted(set(names)) for kind, names in found.items()}


def secret(secret_id):
    return client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]


def describe_secret(secret_id):
    return client("secretsmanager").describe_secret(SecretId=secret_id)


def access_keys(user):
    found = client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
    return [key["AccessKeyId"] for key in found]


def forget_password(user):
    client("iam").delete_login_profile(UserName=user)


def forget_member(group, user):
    client("iam").remove_user_from_group(GroupName=group, UserName=user)


def comment(distribution, text):
    cloudfront = client("cloudfront")
    found = cloudfront.get_distribution_config(Id=distribution)
    config = {**found["DistributionConfig"], "Comment": text}
    cloudfront.update_distribution(
        Id=distribution, IfMatch=found["ETag"], DistributionConfig=config
    )


def header(distribution, text):
    cloudfront = client("cloudfront")
    found = cloudfront.get_distribution_config(Id=distribution)
    config = found["DistributionConfig"]
    config["Origins"]["Items"][0]["CustomHeaders"]["Items"][0]["HeaderValue"] = text
    cloudfront.update_distribution(
        Id=distribution, IfMatch=found["ETag"], DistributionConfig=config
    )


def window(endpoint, seconds):
    mediapackage = client("mediapackage")
    found = mediapackage.describe_origin_endpoint(Id=endpoint)
    names = ("Id", "Authorization", "Description", "HlsPackage", "DashPackage", "MssPackage")
    wanted = {name: found[name] for name in names if name in found}
    for package in ("HlsPackage", "DashPackage", "MssPackage"):
        for name in ("PlaylistWindowSeconds", "ManifestWindowSeconds"):
            if name in wanted.get(package, {}):
                wanted[package][name] = int(seconds)
    mediapackage.update_origin_endpoint(**wanted)


def delete_endpoint(endpoint):
    client("mediapackage").delete_origin_endpoint(Id=endpoint)


def forget_secret(secret_id):
    secrets = client("secretsmanager")
    secrets.delete_secret(SecretId=secret_id, ForceDeleteWithoutRecovery=True)


def rotate(secret_id):
    """Twice: what was sent last is accepted no longer, so that rstack does not wait ten minutes."""
    secrets = client("secretsmanager")
    for _ in range(2):
        fields = json.loads(secrets.get_secret_value(SecretId=secret_id)["SecretString"])
        rotated = {name: value[1:] + value[:1] for name, value in fields.items()}
        secrets.put_secret_value(SecretId=secret_id, SecretString=json.dumps(rotated))


def parameter(name, kind, value):
    client("ssm").put_parameter(Name=name, Type=kind, Value=value, Overwrite=True)


def parameter_value(name):
    return client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def key():
    return client("kms").create_key()["KeyMetadata"]["KeyId"]


def retention(group, days):
    client("logs").put_retention_policy(logGroupName=group, retentionInDays=int(days))


def named_ls():
    aliases = [item["AliasName"] for item in client("kms").list_aliases()["Aliases"]]
    return {
        "parameters": [item["Name"] for item in client("ssm").describe_parameters()["Parameters"]],
        "log groups": [
            item["logGroupName"] for item in client("logs").describe_log_groups()["logGroups"]
        ],
        "aliases": [name for name in aliases if not name.startswith("alias/aws/")],
        "alarms": [
            item["AlarmName"] for item in client("cloudwatch").describe_alarms()["MetricAlarms"]
        ],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
    }


def function(name):
    """A function without callers."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", "def handler(event, context): return event")
    made = client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": archive.getvalue()},
    )
    return made["FunctionArn"]


def handler(name, notes):
    archive = io.BytesIO()
    code = pathlib.Path(__file__).with_name("handler.py").read_text()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", code)
    made = client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": {"NOTES": os.path.abspath(notes)}},
    )
    return made["FunctionArn"]


def handler_topic(name, function):
    """In the SNS of the same emulator as Lambda: not the one that the variables name."""
    sns = boto3.client("sns", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    arn = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=function)
    return arn


def archive(bucket, key, text):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("main.py", text)
    client("s3").put_object(Bucket=bucket, Key=key, Body=packed.getvalue())


def set_timeout(name, seconds):
    functions = client("lambda")
    functions.update_function_configuration(FunctionName=name, Timeout=int(seconds))
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def invoke(name):
    answer = client("lambda").invoke(FunctionName=name)
    return {"error": answer.get("FunctionError"), "payload": json.loads(answer["Payload"].read())}


def rotator(name):
    """In moto, which invokes no function by itself: it is told to invoke none at all."""
    moto = os.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"]
    settings = json.dumps({"lambda": {"use_docker": False}}).encode()
    urlopen(Request(f"{moto}/moto-api/config", data=settings, method="POST")).read()
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    roles = boto3.client("iam", endpoint_url=moto)
    if not roles.list_roles()["Roles"]:
        roles.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    role = roles.get_role(RoleName="r")["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("index.py", "def handler(event, context): return event")
    made = boto3.client("lambda", endpoint_url=moto).create_function(
        FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=role,
        Code={"ZipFile": packed.getvalue()},
    )
    return made["FunctionArn"]


def set_rotation(secret_id, days):
    found = describe_secret(secret_id)
    client("secretsmanager").rotate_secret(
        SecretId=secret_id, RotationLambdaARN=found["RotationLambdaARN"],
        RotationRules={"AutomaticallyAfterDays": int(days)}, RotateImmediately=False,
    )


def rotation(secret_id):
    return describe_secret(secret_id)["RotationEnabled"]


def functions_ls():
    functions = client("lambda")
    layers = [it["LayerName"] for it in functions.list_layers()["Layers"]]
    versions = [functions.list_layer_versions(LayerName=name)["LayerVersions"] for name in layers]
    return {
        "functions": [it["FunctionName"] for it in functions.list_functions()["Functions"]],
        "layers": [it["LayerVersionArn"] for listed in versions for it in listed],
    }


def queue_beside(name):
    """The SQS of the same emulator as Lambda: not the one that the variables name."""
    sqs = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return attributes["Attributes"]["QueueArn"]


def enable_rule(name):
    client("events").enable_rule(Name=name)


def name_topic(arn, text):
    client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="DisplayName", AttributeValue=text
    )


def kinesis_stream(name):
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    return kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]


def disturb_table(name, index):
    dynamodb = client("dynamodb")
    gone = [{"Delete": {"IndexName": index}}]
    dynamodb.update_table(TableName=name, GlobalSecondaryIndexUpdates=gone)
    dynamodb.update_table(TableName=name, TableClass="STANDARD")


def tables():
    return client("dynamodb").list_tables()["TableNames"]


def serverless_ls(name):
    sns, kms, functions = client("sns"), client("kms"), client("lambda")
    keys = [kms.describe_key(KeyId=it["KeyId"])["KeyMetadata"] for it in kms.list_keys()["Keys"]]
    versions = functions.list_versions_by_function(FunctionName=name)["Versions"]
    try:
        policy = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    except functions.exceptions.ResourceNotFoundException:
        policy = []
    return {
        "topics": [it["TopicArn"] for it in sns.list_topics()["Topics"]],
        "subscriptions": [it["Endpoint"] for it in sns.list_subscriptions()["Subscriptions"]],
        "keys": [
            it["KeyId"] for it in keys
            if it["KeyState"] != "PendingDeletion" and it.get("KeyManager") != "AWS"
        ],
        "rules": [it["Name"] for it in client("events").list_rules()["Rules"]],
        "versions": [it["Version"] for it in versions if it["Version"] != "$LATEST"],
        "aliases": [it["Name"] for it in functions.list_aliases(FunctionName=name)["Aliases"]],
        "mappings": [
            it["UUID"] for it in functions.list_event_source_mappings()["EventSourceMappings"]
        ],
        "statements": [it["Sid"] for it in policy],
        "machines": [
            it["name"] for it in client("stepfunctions").list_state_machines()["stateMachines"]
        ],
    }


def zones():
    found = client("ec2").describe_availability_zones()["AvailabilityZones"]
    return sorted(zone["ZoneName"] for zone in found)


def networks():
    ec2 = client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    groups = ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"]
    return {
        "vpc": vpc,
        "subnet": ec2.describe_subnets(Filters=of_vpc)["Subnets"][0]["SubnetId"],
        "group": next(group["GroupId"] for group in groups if group["GroupName"] == "default"),
    }


def queue(name):
    return client("sqs").create_queue(QueueName=name)["QueueUrl"]


def topic(name):
    return client("sns").create_topic(Name=name)["TopicArn"]


def queue_policy(url):
    return policy_of_queue(url)


def topic_policy(arn):
    return policy_of_topic(arn)


def set_queue_policy(url, policy):
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def set_topic_policy(arn, policy):
    client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=policy
    )


def network_acl():
    ec2 = client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    return ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]


def acl_rules(acl):
    return rules_of(acl)


def delete_acl_rule(acl, number, way):
    client("ec2").delete_network_acl_entry(
        NetworkAclId=acl, RuleNumber=int(number), Egress=way == "out"
    )


def graphql_api(name):
    made = client("appsync").create_graphql_api(name=name, authenticationType="API_KEY")
    return made["graphqlApi"]["apiId"]


def describe_project(name, text):
    client("codebuild").update_project(name=name, description=text)


def project_description(name):
    return client("codebuild").batch_get_projects(names=[name])["projects"][0]["description"]


def projects():
    return client("codebuild").list_projects()["projects"]


def cloud_control(kind, identifier):
    found = client("cloudcontrol").get_resource(TypeName=kind, Identifier=identifier)
    return json.loads(found["ResourceDescription"]["Properties"])


def cloud_control_ls(kind):
    found = client("cloudcontrol").list_resources(TypeName=kind)["ResourceDescriptions"]
    return sorted(item["Identifier"] for item in found)


def disturb_api(api):
    gateway = client("apigatewayv2")
    gateway.update_api(ApiId=api, Description="by hand")
    for stage in gateway.get_stages(ApiId=api)["Items"]:
        variables = {**stage["StageVariables"], "foreign": "1"}
        gateway.update_stage(ApiId=api, StageName=stage["StageName"], StageVariables=variables)


def apis():
    return [api["Name"] for api in client("apigatewayv2").get_apis()["Items"]]


def cloud_control_make(kind, properties):
    client("cloudcontrol").create_resource(TypeName=kind, DesiredState=properties)


def patch(kind, identifier, document):
    client("cloudcontrol").update_resource(
        TypeName=kind, Identifier=identifier, PatchDocument=document
    )


def objects(bucket):
    s3 = client("s3")
    versions = s3.list_object_versions(Bucket=bucket).get("Versions", [])
    counts = collections.Counter(item["Key"] for item in versions)
    found = {}
    for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        key = item["Key"]
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        found[key] = {"hex": content.hex(), "versions": counts[key]}
    return found


def fill(bucket, count):
    s3 = client("s3")
    for number in range(int(count)):
        for text in ("old", "new"):
            s3.put_object(Bucket=bucket, Key=f"folder & <{number}>", Body=text.encode())
    s3.delete_object(Bucket=bucket, Key="folder & <0>")


def has_bucket(bucket):
    return any(found["Name"] == bucket for found in client("s3").list_buckets()["Buckets"])


def group_rules(group):
    found = client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    return {"in": found["IpPermissions"], "out": found["IpPermissionsEgress"]}


def put_url(url, text):
    with urlopen(Request(url, data=text.encode(), method="PUT")) as answer:
        return answer.status


def versions(bucket):
    listed = client("s3").list_object_versions(Bucket=bucket)
    return [item["Key"] for kind in ("Versions", "DeleteMarkers") for item in listed.get(kind, [])]


def open_uploads(bucket):
    found = client("s3").list_multipart_uploads(Bucket=bucket)
    return [upload["Key"] for upload in found.get("Uploads", [])]


def bucket_settings(bucket):
    s3 = client("s3")
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    rule = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    return {
        "versioning": s3.get_bucket_versioning(Bucket=bucket)["Status"],
        "encryption": rule["SSEAlgorithm"],
        "public_access": [access[name] for name in names],
        "policy": json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]),
    }


def make_bucket(bucket):
    place = {"LocationConstraint": "eu-west-1"}
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)


def hosted_zone(name):
    made = client("route53").create_hosted_zone(Name=name, CallerReference=name)
    return made["HostedZone"]["Id"].rsplit("/", 1)[-1]


def records(zone):
    found = client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    found = [record for record in found if record["Type"] not in ("NS", "SOA")]
    return {
        "|".join((record["Name"], record["Type"], record.get("SetIdentifier", ""))): [
            value["Value"] for value in record.get("ResourceRecords", [])
        ]
        for record in found
    }


def set_record(zone, record):
    change = {"Action": "UPSERT", "ResourceRecordSet": json.loads(record)}
    batch = {"Changes": [change]}
    client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def database(name, engine):
    made = client("rds").create_db_instance(
        DBInstanceIdentifier=name, Engine=engine, DBInstanceClass="db.t3.micro", DBName="shop",
        AllocatedStorage=20, MasterUsername="shop", MasterUserPassword="of-the-test",
    )
    return made["DBInstance"]["DBInstanceIdentifier"]


def entries(secret_id):
    found = json.loads(secret(secret_id))
    return {name: None if name == "password" else value for name, value in found.items()}


def set_entry(secret_id, name, text):
    found = json.loads(secret(secret_id))
    found.pop(name, None)
    if text:
        found[name] = text
    value = json.dumps(found)
    client("secretsmanager").put_secret_value(SecretId=secret_id, SecretString=value)


def cloudformation(emulator):
    if emulator == "moto":
        return client("cloudformation")
    return boto3.client("cloudformation", endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def managed_stack(emulator, name, template):
    service = cloudformation(emulator)
    service.create_stack(StackName=name, TemplateBody=template)
    service.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def delete_managed_stack(emulator, name):
    service = cloudformation(emulator)
    service.delete_stack(StackName=name)
    service.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def put_text(bucket, key, text):
    client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())


def graphql_schema(api):
    found = client("appsync").get_introspection_schema(apiId=api, format="SDL")
    return found["schema"].read().decode()


def machine_definition(arn):
    return json.loads(client("stepfunctions").describe_state_machine(stateMachineArn=arn)["definition"])


CALLS = {
    call.__name__: call
    for call in (
        *buckets.CALLS,
        *images.CALLS,
        *media.CALLS,
        *network.CALLS,
        *provisioned.CALLS,
        *rest_apis.CALLS,
        ls, read_back, secret, describe_secret, rotate, forget_secret, comment, header, window,
        delete_endpoint, parameter, zones, networks, cloud_control, cloud_control_ls,
        cloud_control_make, patch, queue, topic, queue_policy, topic_policy, set_queue_policy,
        set_topic_policy, network_acl, acl_rules, delete_acl_rule, graphql_api, describe_project,
        objects, put_url, fill, has_bucket, group_rules, open_uploads, bucket_settings, make_bucket,
        access_keys, project_description, projects, parameter_value, key, retention, named_ls,
        forget_member, forget_password,
        apis, archive, disturb_api, disturb_table, enable_rule, function, functions_ls, handler, handler_topic,
        invoke, kinesis_stream, name_topic, queue_beside, rotation, rotator, serverless_ls,
        set_rotation, set_timeout, tables, versions, managed_stack, delete_managed_stack,
        hosted_zone, records, set_record, database, entries, set_entry, put_text, graphql_schema,
        machine_definition,
    )
}


def main():
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {"answer": CALLS[name](*arguments)}
        except Exception:
            answer = {"failure": traceback.format_exc()}
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
