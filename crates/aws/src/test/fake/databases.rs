//! Databases and clusters of every name but those that begin with `gone`: what describes them.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Reply, refuse, text};

/// Carries out an operation.
pub(super) fn carry_out(operation: &str, input: &Value) -> Reply {
    let members =
        ["DBInstanceIdentifier", "DBClusterIdentifier", "ClusterIdentifier", "namespaceName"];
    let id = members.iter().map(|member| text(input, member)).find(|id| !id.is_empty());
    let id = id.unwrap_or_default();
    let missing = |code| Err(refuse(404, code, "it does not exist"));
    let gone = id.starts_with("gone");
    let host = |service: &str| format!("{id}.abc.{REGION}.{service}.amazonaws.com");
    match operation {
        "DescribeDBInstances" if gone => missing("DBInstanceNotFound"),
        "DescribeDBInstances" if id.starts_with("young") => Ok(json!({"DBInstances": [
            {"DBInstanceIdentifier": id, "Engine": "mysql", "DBInstanceStatus": "creating"},
        ]})),
        "DescribeDBInstances" => Ok(json!({"DBInstances": [{
            "DBInstanceIdentifier": id.to_lowercase(), "Engine": "sqlserver-ex",
            "Endpoint": {"Address": host("rds"), "Port": 1433, "HostedZoneId": "Z1"},
        }]})),
        "DescribeDBClusters" if gone => missing("DBClusterNotFoundFault"),
        "DescribeDBClusters" => Ok(json!({"DBClusters": [{
            "DBClusterIdentifier": id.to_lowercase(), "Engine": "aurora-postgresql",
            "DatabaseName": "shop", "Endpoint": host("rds"), "Port": 5432,
        }]})),
        "DescribeClusters" if gone => missing("ClusterNotFound"),
        "DescribeClusters" => Ok(json!({"Clusters": [{
            "ClusterIdentifier": id.to_lowercase(), "DBName": "dev",
            "Endpoint": {"Address": host("redshift"), "Port": 5439},
        }]})),
        "GetNamespace" if gone => missing("ResourceNotFoundException"),
        "GetNamespace" => Ok(json!({"namespace": {"namespaceName": id, "dbName": "dev"}})),
        "ListWorkgroups" if text(input, "nextToken").is_empty() => {
            let other = json!({"workgroupName": "other", "namespaceName": "other"});
            Ok(json!({"workgroups": [other], "nextToken": "more"}))
        }
        "ListWorkgroups" => Ok(json!({"workgroups": [{
            "workgroupName": "own", "namespaceName": "sales",
            "endpoint": {"address": "own.redshift-serverless.amazonaws.com", "port": 5440},
        }]})),
        "GetCluster" => Ok(json!({"cluster": {
            "clusterArn": format!("arn:aws:docdb-elastic:{REGION}:{ACCOUNT}:cluster/x"),
            "clusterEndpoint": "x.docdb-elastic.amazonaws.com",
        }})),
        other => panic!("{other}"),
    }
}
