"""Clusters and instances that take minutes to be provisioned: readers for `read_back.py`, calls for `cloud.py`.

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


def documents_cluster(identifier, _wanted):
    [found] = client("rds").describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
    tags = client("rds").list_tags_for_resource(ResourceName=found["DBClusterArn"])["TagList"]
    groups = [group["VpcSecurityGroupId"] for group in found["VpcSecurityGroups"]]
    return {**found, "VpcSecurityGroupIds": groups, "Tags": tag_list(tags)}


def documents_instance(identifier, _wanted):
    [found] = client("rds").describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    tags = client("rds").list_tags_for_resource(ResourceName=found["DBInstanceArn"])["TagList"]
    return {**found, "Tags": tag_list(tags)}


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
    "AWS::DocDB::DBCluster": documents_cluster,
    "AWS::DocDB::DBInstance": documents_instance,
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


def disturb_provisioned(cluster, name, work_id):
    """What others may change: the retention of backups, the tags of a cache, the number of instances."""
    [core] = [
        group
        for group in client("emr").list_instance_groups(ClusterId=work_id)["InstanceGroups"]
        if group["InstanceGroupType"] == "CORE"
    ]
    change = {"InstanceGroupId": core["Id"], "InstanceCount": 9}
    client("emr").modify_instance_groups(ClusterId=work_id, InstanceGroups=[change])
    client("rds").modify_db_cluster(DBClusterIdentifier=cluster, BackupRetentionPeriod=20)
    arn = client("dax").describe_clusters(ClusterNames=[name])["Clusters"][0]["ClusterArn"]
    client("dax").tag_resource(ResourceName=arn, Tags=[{"Key": "round", "Value": "by hand"}])


def provisioned_ls():
    clusters = client("rds").describe_db_clusters()["DBClusters"]
    instances = client("rds").describe_db_instances()["DBInstances"]
    caches = client("dax").describe_clusters()["Clusters"]
    alive = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]
    works = client("emr").list_clusters(ClusterStates=alive)["Clusters"]
    names = [work["Id"] for work in works]
    names += [cluster["DBClusterIdentifier"] for cluster in clusters]
    names += [instance["DBInstanceIdentifier"] for instance in instances]
    return sorted(names + [cluster["ClusterName"] for cluster in caches])


CALLS = (disturb_provisioned, provisioned_at_once, provisioned_ls)
