//! `AWS::EC2::SecurityGroup`.

use async_trait::async_trait;
use rstack_driver::{DriverError, NameRule, Separator};
use rstack_model::{Identifier, KnownMap};

use super::calls::{Ec2, identifying};
use super::rules::inline;
use super::tagged::{Change, Facts, Kind, States, same_names, without};
use crate::iam::text_in;
use crate::mapping::{Rules, ShapeRules};

/// Security groups.
pub(super) struct SecurityGroup;

const DESCRIPTION: &[(&str, &str)] = &[("GroupDescription", "Description")];

static RULES: Rules = Rules(&[
    ShapeRules { renames: DESCRIPTION, ..ShapeRules::of("CreateSecurityGroupRequest") },
    ShapeRules { renames: DESCRIPTION, ..ShapeRules::of("SecurityGroup") },
]);

/// The beginning of the ID of a group; no name of a group begins so.
///
/// Source: EC2 API reference, CreateSecurityGroup, `GroupName`.
const ID: &str = "sg-";

#[async_trait]
impl Kind for SecurityGroup {
    const FACTS: Facts = Facts {
        type_name: "AWS::EC2::SecurityGroup",
        noun: "security group",
        tagged_as: "security-group",
        create: "CreateSecurityGroup",
        answer: None,
        token: None,
        describe: "DescribeSecurityGroups",
        items: "SecurityGroups",
        shape: "SecurityGroup",
        ids: "GroupIds",
        filters: "Filters",
        id: "GroupId",
        delete: "DeleteSecurityGroup",
        states: States::NONE,
        rules: &RULES,
    };

    fn naming() -> Option<NameRule> {
        Some(NameRule { property: "GroupName", max_length: 255, separator: Separator::Hyphen })
    }

    fn creation(ec2: &Ec2, properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let create = "CreateSecurityGroup";
        if !properties.contains_key("VpcId") {
            identifying(properties, "GroupName", "ec2:CreateSecurityGroup")?;
        }
        let apart = ["SecurityGroupEgress", "SecurityGroupIngress", "Tags"];
        Ok((create, ec2.members(create, &without(properties, &apart), &RULES)?))
    }

    /// The ID, or the name of a group that is declared without a VPC.
    ///
    /// Source: CloudFormation user guide, AWS::EC2::SecurityGroup, return values.
    fn identity(members: &KnownMap, declared: &KnownMap) -> Option<Identifier> {
        let name = || text_in(members, "GroupName").or_else(|| text_in(declared, "GroupName"));
        match declared.contains_key("VpcId") {
            true => text_in(members, "GroupId").map(Identifier::from),
            false => name().map(Identifier::from),
        }
    }

    fn name_in(identifier: &Identifier) -> Result<(&'static str, String), DriverError> {
        let name = identifier.only();
        let member = if name.starts_with(ID) { "GroupIds" } else { "GroupNames" };
        Ok((member, name.to_owned()))
    }

    async fn complete(
        ec2: &Ec2,
        members: &KnownMap,
        declared: &KnownMap,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        inline::show(ec2, members, declared, properties).await
    }

    async fn attributes(
        _: &Ec2,
        members: &KnownMap,
        identifier: &Identifier,
    ) -> Result<KnownMap, DriverError> {
        let mut out = same_names(members, ["GroupId", "VpcId"]);
        out.insert("Id".to_owned(), identifier.only().into());
        Ok(out)
    }

    async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
        inline::set(ec2, text_in(change.current, "GroupId").unwrap_or_default(), change).await
    }
}
