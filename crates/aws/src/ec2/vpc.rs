//! `AWS::EC2::VPC`.
//!
//! The settings of DNS have one operation for each question and each change, of one attribute a call.

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::calls::{Ec2, action, filters, maps};
use super::tagged::{Change, Facts, Kind, States, named, same_names, without};
use crate::iam::{Fields, arguments, text_in};
use crate::mapping::{Rules, ShapeRules};

/// VPCs.
pub(super) struct Vpc;

/// The settings of DNS: property and member, name of the attribute, and the value of a new VPC.
///
/// Source: EC2 API reference, DescribeVpcAttribute and ModifyVpcAttribute.
const DNS: [(&str, &str, bool); 2] = [
    ("EnableDnsSupport", "enableDnsSupport", true),
    ("EnableDnsHostnames", "enableDnsHostnames", false),
];

/// The member of a description that holds the encryption control.
static RULES: Rules = Rules(&[ShapeRules {
    renames: &[("VpcEncryptionControl", "EncryptionControl")],
    ..ShapeRules::of("Vpc")
}]);

/// The value of a setting of DNS.
async fn dns(
    ec2: &Ec2,
    id: &KnownValue,
    property: &str,
    attribute: &str,
) -> Result<Option<bool>, DriverError> {
    let input = arguments([("VpcId", id.clone()), ("Attribute", attribute.into())]);
    let answer = ec2.call("DescribeVpcAttribute", input).await?;
    match answer.get(property).and_then(|held| held.get("Value")) {
        Some(KnownValue::Bool(value)) => Ok(Some(*value)),
        Some(_) | None => Ok(None),
    }
}

/// The ID of what EC2 made with a VPC.
async fn default_of(
    ec2: &Ec2,
    vpc: &str,
    (operation, items, member): (&'static str, &str, &str),
    filter: (&str, &str),
) -> Result<KnownValue, DriverError> {
    let input = arguments([("Filters", filters([("vpc-id", vpc), filter]))]);
    let found = ec2.all(operation, items, input).await?;
    let id = found.first().and_then(|it| it.get(member));
    id.cloned().ok_or_else(|| {
        let message = format!("the default of VPC `{vpc}` is not there");
        DriverError::new(ErrorKind::NotFound, action(operation), message)
    })
}

/// The values of a member of the elements of a list.
fn each(members: &KnownMap, list: &str, member: &str) -> KnownValue {
    let associated = maps(members, list).filter(|it| is_associated(it));
    KnownValue::List(associated.filter_map(|it| it.get(member).cloned()).collect())
}

/// True if a range of addresses is, or will be, associated.
pub(super) fn is_associated(association: &KnownMap) -> bool {
    let states = ["CidrBlockState", "Ipv6CidrBlockState"];
    let state = states.iter().find_map(|state| association.get(*state)?.get("State")?.as_str());
    !matches!(state, Some("disassociating" | "disassociated" | "failing" | "failed"))
}

#[async_trait]
impl Kind for Vpc {
    const FACTS: Facts = Facts {
        type_name: "AWS::EC2::VPC",
        noun: "VPC",
        tagged_as: "vpc",
        create: "CreateVpc",
        answer: Some("Vpc"),
        token: None,
        describe: "DescribeVpcs",
        items: "Vpcs",
        shape: "Vpc",
        ids: "VpcIds",
        filters: "Filters",
        id: "VpcId",
        delete: "DeleteVpc",
        states: States::PENDING,
        rules: &RULES,
    };

    fn creation(ec2: &Ec2, properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let apart = ["EnableDnsHostnames", "EnableDnsSupport", "Tags"];
        Ok(("CreateVpc", ec2.members("CreateVpc", &without(properties, &apart), &RULES)?))
    }

    /// The settings of DNS that are declared.
    async fn complete(
        ec2: &Ec2,
        members: &KnownMap,
        declared: &KnownMap,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        let Some(id) = members.get("VpcId") else { return Ok(()) };
        for (property, attribute, _) in DNS {
            if declared.contains_key(property) {
                let value = dns(ec2, id, property, attribute).await?;
                properties.extend(value.map(|value| (property.to_owned(), value.into())));
            }
        }
        // No description shows what is excluded from encryption.
        let given = declared.get("VpcEncryptionControl").and_then(KnownValue::as_map);
        if let (Some(given), Some(KnownValue::Map(shown))) =
            (given, properties.get_mut("VpcEncryptionControl"))
        {
            shown.retain(|name, _| name == "Mode" && given.contains_key(name));
        }
        Ok(())
    }

    async fn attributes(
        ec2: &Ec2,
        members: &KnownMap,
        _: &Identifier,
    ) -> Result<KnownMap, DriverError> {
        let mut out = same_names(members, ["CidrBlock", "VpcId"]);
        let vpc = text_in(members, "VpcId").unwrap_or_default();
        let acls = ("DescribeNetworkAcls", "NetworkAcls", "NetworkAclId");
        let acl = default_of(ec2, vpc, acls, ("default", "true")).await?;
        let groups = ("DescribeSecurityGroups", "SecurityGroups", "GroupId");
        let group = default_of(ec2, vpc, groups, ("group-name", "default")).await?;
        let blocks = each(members, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock");
        let associations = each(members, "CidrBlockAssociationSet", "AssociationId");
        out.extend(arguments([
            ("CidrBlockAssociations", associations),
            ("DefaultNetworkAcl", acl),
            ("DefaultSecurityGroup", group),
            ("Ipv6CidrBlocks", blocks),
        ]));
        if let Some(control) = members.get("EncryptionControl") {
            out.insert("VpcEncryptionControl".to_owned(), control.clone());
        }
        Ok(out)
    }

    async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
        let operation = "ModifyVpcAttribute";
        let fields = Fields::new(change.properties, "ec2:ModifyVpcAttribute");
        let id = named(change.current, "VpcId", operation)?;
        // Host names need the support of DNS: it comes first, and goes last.
        let support = fields.boolean("EnableDnsSupport")?;
        let settings = match support {
            Some(false) => [DNS[1], DNS[0]],
            Some(true) | None => DNS,
        };
        for (property, attribute, default) in settings {
            let before = change.prior.contains_key(property).then_some(default);
            let Some(wanted) = fields.boolean(property)?.or(before) else { continue };
            let Some(vpc) = id.get("VpcId") else { continue };
            if dns(ec2, vpc, property, attribute).await? == Some(wanted) {
                continue;
            }
            let mut input = id.clone();
            let value = arguments([("Value", wanted.into())]);
            input.insert(property.to_owned(), KnownValue::Map(value));
            ec2.call(operation, input).await?;
        }
        let tenancy = |map: &KnownMap| text_in(map, "InstanceTenancy").map(str::to_owned);
        let (now, wanted) = (tenancy(change.current), tenancy(change.properties));
        if wanted.as_deref() == Some("default") && now.as_deref() == Some("dedicated") {
            let mut input = named(change.current, "VpcId", "ModifyVpcTenancy")?;
            input.insert("InstanceTenancy".to_owned(), "default".into());
            ec2.call("ModifyVpcTenancy", input).await?;
        }
        Ok(())
    }
}
