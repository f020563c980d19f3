"""REST APIs of API Gateway: readers for read_back.py, and calls for cloud.py."""

import functools
import json
import os

import boto3

client = functools.cache(boto3.client)


def titled(tree):
    """The members of a description under the names of properties: with a capital letter."""
    return {name[:1].upper() + name[1:]: value for name, value in tree.items()}


def tag_list(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def policy(text):
    """A resource policy, whose quotes API Gateway escapes."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return json.loads(json.loads(f'"{text}"'))


def rest_api(api, _):
    found = client("apigateway").get_rest_api(restApiId=api)
    return {
        **titled(found),
        "ApiKeySourceType": found.get("apiKeySource"),
        "EndpointConfiguration": titled(found.get("endpointConfiguration", {})),
        "Policy": policy(found["policy"]) if found.get("policy") else None,
        "Tags": tag_list(found.get("tags", {})),
    }


def resource(name, properties):
    api = properties["RestApiId"]
    found = client("apigateway").get_resource(restApiId=api, resourceId=name)
    return {**titled(found), "RestApiId": api}


def templates(tree):
    """Templates by content type: empty ones are described as null."""
    return {kind: text or "" for kind, text in (tree or {}).items()}


def responses(found):
    return [
        {**titled(response), "ResponseTemplates": templates(response.get("responseTemplates"))}
        for _, response in sorted((found or {}).items())
    ]


def method(name, _):
    api, resource_id, verb = name.split("|")
    named = {"restApiId": api, "resourceId": resource_id, "httpMethod": verb}
    found = client("apigateway").get_method(**named)
    integration = found.get("methodIntegration") or {}
    return {
        **titled(found),
        "RestApiId": api,
        "ResourceId": resource_id,
        "MethodResponses": responses(found.get("methodResponses")),
        "Integration": {
            **titled(integration),
            "IntegrationHttpMethod": integration.get("httpMethod"),
            "RequestTemplates": templates(integration.get("requestTemplates")),
            "IntegrationResponses": responses(integration.get("integrationResponses")),
        },
    }


def deployment(name, properties):
    api = properties["RestApiId"]
    found = client("apigateway").get_deployment(restApiId=api, deploymentId=name)
    return {**titled(found), "RestApiId": api}


def setting_path(key):
    """The path of a key of method settings, as templates have it."""
    path = key.rpartition("/")[0]
    return "/*" if path == "*" else "/" + path.replace("/", "~1")


def stage(name, properties):
    api = properties["RestApiId"]
    found = client("apigateway").get_stage(restApiId=api, stageName=name)
    settings = [
        {**titled(setting), "ResourcePath": setting_path(key), "HttpMethod": key.rpartition("/")[2]}
        for key, setting in found.get("methodSettings", {}).items()
    ]
    # The attribute of a log group has an end that API Gateway refuses.
    declared = properties.get("AccessLogSetting", {}).get("DestinationArn", "")
    logs = titled(found.get("accessLogSettings") or {})
    if logs and declared == logs["DestinationArn"] + ":*":
        logs["DestinationArn"] = declared
    return {
        **titled(found),
        "RestApiId": api,
        "AccessLogSetting": logs,
        "CanarySetting": titled(found.get("canarySettings") or {}),
        "MethodSettings": settings,
        "Tags": tag_list(found.get("tags", {})),
    }


def account(name, _):
    """The settings of the account, which Cloud Control serves."""
    answer = client("cloudcontrol").get_resource(
        TypeName="AWS::ApiGateway::Account", Identifier=name
    )
    return json.loads(answer["ResourceDescription"]["Properties"])


READERS = {
    "AWS::ApiGateway::Account": account,
    "AWS::ApiGateway::Deployment": deployment,
    "AWS::ApiGateway::Method": method,
    "AWS::ApiGateway::Resource": resource,
    "AWS::ApiGateway::RestApi": rest_api,
    "AWS::ApiGateway::Stage": stage,
}


# Where no comparison is possible: (type, path), and the reason.
LIMITS = {
    ("AWS::ApiGateway::RestApi", "Body"): "shown by the paths alone, see `paths`",
    ("AWS::ApiGateway::RestApi", "FailOnWarnings"): "said of an import",
    ("AWS::ApiGateway::RestApi", "Parameters"): "said of an import",
}


def disturb_rest_api(api, methods):
    """Gives an API another description, its stages other variables, and a method another URI."""
    gateway = client("apigateway")
    replace = {"op": "replace", "path": "/description", "value": "by hand"}
    gateway.update_rest_api(restApiId=api, patchOperations=[replace])
    for found in gateway.get_stages(restApiId=api)["item"]:
        operation = {"op": "replace", "path": "/variables/foreign", "value": "1"}
        name = found["stageName"]
        gateway.update_stage(restApiId=api, stageName=name, patchOperations=[operation])
    _, resource_id, verb = methods.split("|")
    operation = {"op": "replace", "path": "/uri", "value": "https://by.hand.example"}
    gateway.update_integration(
        restApiId=api, resourceId=resource_id, httpMethod=verb, patchOperations=[operation]
    )


def deployments(api):
    """The deployments of an API, and the one of each stage."""
    gateway = client("apigateway")
    found = gateway.get_deployments(restApiId=api)["items"]
    stages = gateway.get_stages(restApiId=api)["item"]
    return {
        "deployments": [item["id"] for item in found],
        "stages": {item["stageName"]: item["deploymentId"] for item in stages},
    }


def rest_apis():
    """The names of the REST APIs."""
    return [api["name"] for api in client("apigateway").get_rest_apis()["items"]]


# Members of an object that are its own, such as its times.
OWN = {"cacheNamespace", "createdDate", "id", "lastUpdatedDate", "parentId", "rootResourceId"}


def plain(value, names):
    """A value with names in the place of identifiers, and without what is an object's own or says nothing."""
    if isinstance(value, dict):
        kept = {names(key): plain(item, names) for key, item in value.items() if key not in OWN}
        visible = {key: item for key, item in kept.items() if item not in (None, "", [], {}, False)}
        return {key: item for key, item in visible.items() if not key.startswith(("aws:", "rstack:"))}
    if isinstance(value, list):
        return [plain(item, names) for item in value]
    return names(value) if isinstance(value, str) else value


def rest_api_tree(api, known):
    """An API and all that is below it. `known` is JSON: physical IDs → logical IDs."""
    known = sorted(json.loads(known).items(), key=lambda item: -len(item[0]))

    def names(text):
        for physical, logical in known:
            text = text.replace(physical, logical)
        return text

    gateway = client("apigateway")
    resources = {}
    for item in gateway.get_resources(restApiId=api, limit=500)["items"]:
        named = {"restApiId": api, "resourceId": item["id"]}
        verbs = item.get("resourceMethods", {})
        methods = {verb: gateway.get_method(httpMethod=verb, **named) for verb in verbs}
        for method in methods.values():
            method.pop("ResponseMetadata")
        resources[item["path"]] = methods
    found = gateway.get_rest_api(restApiId=api)
    found.pop("ResponseMetadata")
    if found.get("policy"):
        found["policy"] = policy(found["policy"])
    made = gateway.get_deployments(restApiId=api)["items"]
    tree = {
        "api": found,
        "deployments": [item.get("description") for item in made],
        "resources": resources,
        "stages": {item["stageName"]: item for item in gateway.get_stages(restApiId=api)["item"]},
    }
    return {name: plain(item, names) for name, item in tree.items()}


def rest_api_by_cloud_formation(stack, template):
    """Makes a stack by the CloudFormation of MiniStack: physical IDs → logical IDs."""
    service = boto3.client("cloudformation", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    service.create_stack(StackName=stack, TemplateBody=template)
    service.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    made = service.describe_stack_resources(StackName=stack)["StackResources"]
    return {item["PhysicalResourceId"]: item["LogicalResourceId"] for item in made}


def disturb_parts(api):
    """Gives an API another description, and a stage other settings of methods."""
    gateway = client("apigateway")
    replace = {"op": "replace", "path": "/description", "value": "by hand"}
    gateway.update_rest_api(restApiId=api, patchOperations=[replace])
    operation = {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "1"}
    gateway.update_stage(restApiId=api, stageName="live", patchOperations=[operation])


def paths(api):
    """The paths of an API."""
    found = client("apigateway").get_resources(restApiId=api, limit=500)["items"]
    return sorted(item["path"] for item in found)


CALLS = (
    deployments, disturb_parts, disturb_rest_api, paths, rest_api_by_cloud_formation, rest_api_tree,
    rest_apis,
)
