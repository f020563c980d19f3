//! The values that services give to properties that are not declared, or no longer.

use rstack_model::PropertyPath;
use serde_json::{Value, json};

use crate::documentation::Documentation;

/// Defaults that the registry does not say, by type and property.
///
/// Sources: `CreateRole`, AWS Identity and Access Management API Reference; `CreateQueue`, Amazon SQS
/// API Reference; `CreateFunction`, AWS Lambda API Reference; `CreateVpcEndpoint`, `ModifyVpcAttribute`
/// and `ModifySubnetAttribute`, Amazon EC2 API Reference; `CreateTopic`, Amazon SNS API Reference;
/// `CreateStateMachine`, AWS Step Functions API Reference; `CreateLoadBalancer` and `CreateTargetGroup`,
/// Elastic Load Balancing API Reference; `CreateDBInstance`, Amazon RDS API Reference;
/// `CreateFileSystem`, Amazon EFS API Reference; `CreateKey`, AWS Key Management Service API Reference.
fn stated(type_name: &str, property: &str) -> Option<Value> {
    Some(match (type_name, property) {
        (
            "AWS::IAM::Role"
            | "AWS::IAM::User"
            | "AWS::IAM::Group"
            | "AWS::IAM::InstanceProfile"
            | "AWS::IAM::ManagedPolicy",
            "Path",
        ) => json!("/"),
        ("AWS::EFS::FileSystem", "Encrypted")
        | ("AWS::KMS::Key", "MultiRegion")
        | ("AWS::RDS::DBInstance", "StorageEncrypted")
        | ("AWS::SNS::Topic", "FifoTopic")
        | ("AWS::SQS::Queue", "FifoQueue") => json!(false),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Scheme") => json!("internet-facing"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Type") => json!("application"),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetType") => json!("instance"),
        ("AWS::KMS::Key", "KeySpec") => json!("SYMMETRIC_DEFAULT"),
        ("AWS::KMS::Key", "KeyUsage") => json!("ENCRYPT_DECRYPT"),
        ("AWS::KMS::Key", "Origin") => json!("AWS_KMS"),
        ("AWS::Lambda::Function", "PackageType") => json!("Zip"),
        ("AWS::StepFunctions::StateMachine", "StateMachineType") => json!("STANDARD"),
        ("AWS::IAM::Role", "MaxSessionDuration") => json!(3600),
        ("AWS::SQS::Queue", "DelaySeconds" | "ReceiveMessageWaitTimeSeconds") => json!(0),
        ("AWS::SQS::Queue", "MessageRetentionPeriod") => json!(345_600),
        ("AWS::SQS::Queue", "VisibilityTimeout") => json!(30),
        ("AWS::Lambda::Function", "MemorySize") => json!(128),
        ("AWS::Lambda::Function", "Timeout") => json!(3),
        ("AWS::EC2::VPCEndpoint", "PrivateDnsEnabled")
        | ("AWS::EC2::VPC", "EnableDnsHostnames")
        | ("AWS::EC2::Subnet", "MapPublicIpOnLaunch") => json!(false),
        ("AWS::EC2::VPC", "EnableDnsSupport") => json!(true),
        _ => return None,
    })
}

/// The value that a property of a type has when it is not declared, where that is known.
pub fn service_default(type_name: &str, path: &PropertyPath) -> Option<Value> {
    let name = path.to_string();
    if path.segments().len() != 1 {
        return None;
    }
    let registry = || Documentation::of(type_name).ok()?.default_of(&name).cloned();
    stated(type_name, &name).or_else(registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_comes_from_the_services_or_from_the_registry() {
        let of = |name: &str, property: &str| {
            service_default(name, &PropertyPath::root().name(property))
        };
        assert_eq!(of("AWS::IAM::Role", "MaxSessionDuration"), Some(json!(3600)));
        assert_eq!(of("AWS::IAM::Role", "Description"), None);
        let deep = PropertyPath::root().name("Path").name("x");
        assert_eq!(service_default("AWS::IAM::Role", &deep), None);
    }
}
