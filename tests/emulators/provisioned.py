"""Clusters that take minutes to be provisioned: readers for `read_back.py`, calls for `cloud.py`.

Independent of rstack: what a property is in the API is said here once more.
"""

import functools
import json
import os
from urllib.request import Request, urlopen

import boto3

client = functools.cache(boto3.client)


def tag_list(tags):
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in tags]


def cache(name, _wanted):
    [found] = client("dax").describe_clusters(ClusterNames=[name])["Clusters"]
    tags = client("dax").list_tags(ResourceName=found["ClusterArn"])["Tags"]
    return {
        **found,
        "IAMRoleARN": found["IamRoleArn"],
        "ReplicationFactor": len(found["Nodes"]),
        "SSESpecification": {"SSEEnabled": found["SSEDescription"]["Status"] == "ENABLED"},
        "Tags": {tag["Key"]: tag["Value"] for tag in tags},
    }


def work(identifier, _wanted):
    found = client("emr").describe_cluster(ClusterId=identifier)["Cluster"]
    groups = client("emr").list_instance_groups(ClusterId=identifier)["InstanceGroups"]
    parts = {
        f"{group['InstanceGroupType'].title()}InstanceGroup": {
            **group, "InstanceCount": group["RequestedInstanceCount"],
        }
        for group in groups
    }
    instances = {
        **parts,
        "KeepJobFlowAliveWhenNoSteps": not found["AutoTerminate"],
        "TerminationProtected": found["TerminationProtected"],
    }
    profile = found["Ec2InstanceAttributes"]["IamInstanceProfile"]
    tags = tag_list(found["Tags"])
    return {**found, "Instances": instances, "JobFlowRole": profile, "Tags": tags}


READERS = {
    "AWS::DAX::Cluster": cache,
    "AWS::EMR::Cluster": work,
}


def provisioned_at_once():
    """Clusters of moto are available after one question."""
    moto = os.environ["AWS_ENDPOINT_URL_DAX"]
    transition = {"progression": "manual", "times": 1}
    body = json.dumps({"model_name": "dax::cluster", "transition": transition}).encode()
    headers = {"content-type": "application/json"}
    address = f"{moto}/moto-api/state-manager/set-transition"
    with urlopen(Request(address, data=body, headers=headers)) as answer:
        return answer.status


def disturb_provisioned(name, work_id):
    """What others may change: the tags of a cache, the number of instances."""
    [core] = [
        group
        for group in client("emr").list_instance_groups(ClusterId=work_id)["InstanceGroups"]
        if group["InstanceGroupType"] == "CORE"
    ]
    change = {"InstanceGroupId": core["Id"], "InstanceCount": 9}
    client("emr").modify_instance_groups(ClusterId=work_id, InstanceGroups=[change])
    arn = client("dax").describe_clusters(ClusterNames=[name])["Clusters"][0]["ClusterArn"]
    client("dax").tag_resource(ResourceName=arn, Tags=[{"Key": "round", "Value": "by hand"}])


def provisioned_ls():
    alive = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]
    works = client("emr").list_clusters(ClusterStates=alive)["Clusters"]
    caches = client("dax").describe_clusters()["Clusters"]
    return [work["Id"] for work in works] + [cluster["ClusterName"] for cluster in caches]


CALLS = (disturb_provisioned, provisioned_at_once, provisioned_ls)
