//! The things that an account has from its first day: public parameters, a default VPC, managed
//! policies. They are derived from the Region, are in no file, and cannot be changed.

use rstack_model::value::ParameterReference;
use rstack_model::{Identifier, ObjectKey, PhysicalId, Region, ResourceType, Value};

use crate::cloudfront;
use crate::derive::Derivation;

/// The Availability Zones of a new account, by their letters. Those of Regions that are not listed are
/// `a`, `b` and `c`.
///
/// Source: "AWS Availability Zones" and "AWS Regions", AWS Regions and Availability Zones; `describe-availability-zones`
/// of new accounts, who do not get `us-west-1a` and `ap-northeast-1b`.
const ZONES: [(&str, &[&str]); 7] = [
    ("ap-northeast-1", &["a", "c", "d"]),
    ("ap-northeast-2", &["a", "b", "c", "d"]),
    ("ca-central-1", &["a", "b", "d"]),
    ("cn-north-1", &["a", "b", "d"]),
    ("us-east-1", &["a", "b", "c", "d", "e", "f"]),
    ("us-west-1", &["b", "c"]),
    ("us-west-2", &["a", "b", "c", "d"]),
];

/// The letters of the Availability Zones of a Region.
pub(crate) fn zones(region: &Region) -> &'static [&'static str] {
    let known = ZONES.iter().find(|(name, _)| *name == region.as_str());
    known.map_or(&["a", "b", "c"], |(_, zones)| *zones)
}

/// The version of the CDK's bootstrap stack where the account is bootstrapped.
const BOOTSTRAP: &str = "30";

fn id(region: &Region, prefix: &str, of: &str) -> String {
    format!("{prefix}-0{}", Derivation::new(&["default", region.as_str(), prefix, of]).hex(16))
}

/// The default VPC.
fn vpc(region: &Region) -> String {
    id(region, "vpc", "")
}

/// All objects that every account has.
pub(crate) fn objects(region: &Region) -> Vec<(ObjectKey, PhysicalId)> {
    let object = |resource_type: &str, id: &str| {
        let key = ObjectKey::new(ResourceType::from(resource_type), Identifier::from(id));
        (key, PhysicalId::from(id))
    };
    let managed = cloudfront::MANAGED.iter().map(|(resource_type, id)| object(resource_type, id));
    let zones = zones(region).iter();
    let subnets = zones.map(|zone| object("AWS::EC2::Subnet", &id(region, "subnet", zone)));
    let network = [
        object("AWS::EC2::NetworkAcl", &id(region, "acl", "")),
        object("AWS::EC2::SecurityGroup", &id(region, "sg", "")),
    ];
    let vpc = object("AWS::EC2::VPC", &vpc(region));
    managed.chain(network).chain(subnets).chain([vpc]).collect()
}

/// An attribute of an object that every account has.
pub(crate) fn attribute(
    region: &Region,
    resource_type: &ResourceType,
    of: &str,
    attribute: &str,
) -> Option<Value> {
    let zone = zones(region).iter().find(|zone| id(region, "subnet", zone) == of);
    let text = match (resource_type.as_str(), attribute) {
        ("AWS::EC2::VPC", "DefaultSecurityGroup") if of == vpc(region) => id(region, "sg", ""),
        ("AWS::EC2::VPC", "DefaultNetworkAcl") if of == vpc(region) => id(region, "acl", ""),
        ("AWS::EC2::Subnet", "VpcId") if zone.is_some() => vpc(region),
        ("AWS::EC2::Subnet", "AvailabilityZone") => format!("{region}{}", zone?),
        ("AWS::EC2::SecurityGroup", "VpcId") if of == id(region, "sg", "") => vpc(region),
        _ => return None,
    };
    Some(Value::from(text))
}

/// True of the name of the parameter with the version of the CDK's bootstrap stack.
pub(crate) fn is_of_bootstrap(name: &str) -> bool {
    name.starts_with("/cdk-bootstrap/") && name.ends_with("/version")
}

/// The text of a parameter that every account can read: one that AWS publishes, or the version of the
/// CDK's bootstrap stack. Every version of it exists.
///
/// Source: "Discovering public parameters in Parameter Store", AWS Systems Manager User Guide.
pub(crate) fn parameter(region: &Region, parameter: &ParameterReference) -> Option<String> {
    let name = parameter.name.as_str();
    if is_of_bootstrap(name) {
        return Some(BOOTSTRAP.to_owned());
    }
    name.strip_prefix("/aws/service/").map(|rest| published(region, rest, &parameter.to_string()))
}

/// Beginnings of the names of images, of publishers whose names do not say so.
const IMAGES: [&str; 5] = ["canonical/", "debian/", "freebsd/", "marketplace/", "suse/"];

/// A text of the form that the name of a public parameter lets one expect.
fn published(region: &Region, rest: &str, seed: &str) -> String {
    let last = rest.rsplit('/').next().unwrap_or_default();
    let hex = |length| Derivation::new(&["public parameter", region.as_str(), seed]).hex(length);
    let image = || format!("ami-0{}", hex(16));
    let layer = |owner: &str, name: &str| format!("arn:aws:lambda:{region}:{owner}:layer:{name}:1");
    let is_image = IMAGES.iter().any(|start| rest.starts_with(start))
        || rest.contains("ami")
        || last == "image_id";
    match last {
        "recommended" if rest.starts_with("ecs/") => {
            serde_json::json!({"image_id": image(), "os": "Amazon Linux"}).to_string()
        }
        "image_version" | "release_version" | "version" => "1.0.0".to_owned(),
        // Sources: "Install", Powertools for AWS Lambda; "Install", AWS SDK for pandas.
        _ if rest.starts_with("powertools/") => {
            layer("017000801446", &format!("AWSLambdaPowertools-{}", hex(8)))
        }
        _ if rest.starts_with("aws-sdk-pandas/") => {
            layer("336392948345", &format!("AWSSDKPandas-{}", hex(8)))
        }
        "image_name" => format!("image-{}", hex(8)),
        _ if is_image => image(),
        _ if rest.starts_with("aws-for-fluent-bit/") => {
            format!("906394416424.dkr.ecr.{region}.amazonaws.com/aws-for-fluent-bit:{last}")
        }
        _ if rest.starts_with("global-infrastructure/") => last.to_owned(),
        _ => format!("{last}-{}", hex(8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_parameters_have_the_form_of_their_names() {
        let region = Region::from("eu-west-1");
        let text = |name: &str| parameter(&region, &ParameterReference::parse(name).unwrap());
        for image in [
            "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
            "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id",
            "/aws/service/bottlerocket/aws-ecs-1/x86_64/latest/image_id",
            "/aws/service/marketplace/prod-abc/1.2",
        ] {
            let text = text(image).unwrap();
            assert!(text.starts_with("ami-0") && text.len() == 21, "{image}: {text}");
        }
        let layer = text("/aws/service/powertools/python/x86_64/python3.12/latest").unwrap();
        assert!(layer.starts_with("arn:aws:lambda:eu-west-1:017000801446:layer:"), "{layer}");
        let debian = text("/aws/service/debian/release/12/latest/amd64").unwrap();
        assert!(debian.starts_with("ami-0"), "{debian}");
        let recommended = text("/aws/service/ecs/optimized-ami/amazon-linux-2/recommended");
        assert!(recommended.unwrap().starts_with("{\"image_id\":\"ami-0"));
        let country = "/aws/service/global-infrastructure/regions/eu-west-1";
        assert_eq!(text(country).as_deref(), Some("eu-west-1"));
        assert_eq!(text("/cdk-bootstrap/hnb659fds/version").as_deref(), Some(BOOTSTRAP));
        assert_ne!(text("/aws/service/ami-x:1"), text("/aws/service/ami-x:2"));
        assert_eq!(text("/my/ami"), None);
    }

    #[test]
    fn the_default_network_belongs_together() {
        let region = Region::from("eu-west-1");
        let objects = objects(&region);
        let of_type = |name: &'static str| {
            objects.iter().filter(move |(key, _)| key.resource_type.as_str() == name)
        };
        let (vpc, _) = of_type("AWS::EC2::VPC").next().unwrap();
        let subnet = ResourceType::from("AWS::EC2::Subnet");
        let mut zones = Vec::new();
        for (_, id) in of_type("AWS::EC2::Subnet") {
            let of = |name| attribute(&region, &subnet, id.as_str(), name).unwrap();
            assert_eq!(of("VpcId").to_string(), format!("\"{}\"", vpc.identifier));
            zones.push(of("AvailabilityZone").to_string());
        }
        assert_eq!(zones, ["\"eu-west-1a\"", "\"eu-west-1b\"", "\"eu-west-1c\""]);
        assert_eq!(attribute(&region, &subnet, "subnet-1", "VpcId"), None);
    }
}
