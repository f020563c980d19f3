//! `AWS::EC2::VPCEndpoint`.

mod changes;
mod dns;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::calls::{Ec2, action, list, maps};
use super::tagged::{Change, Facts, Kind, States, same_names};
use crate::iam::{arguments, same_document, text_in};
use crate::mapping::{Rules, ShapeRules, json_tree};
use crate::service_error::Refusal;

/// Endpoints of VPCs.
pub(super) struct VpcEndpoint;

static RULES: Rules =
    Rules(&[ShapeRules { renames: &[("Id", "VpcEndpointId")], ..ShapeRules::of("VpcEndpoint") }]);

/// The entries of DNS as the attribute has them: the zone and the name.
///
/// Source: CloudFormation user guide, AWS::EC2::VPCEndpoint, return values.
fn dns_entries(members: &KnownMap) -> KnownValue {
    let entry = |entry: &KnownMap| {
        let zone = text_in(entry, "HostedZoneId").unwrap_or_default();
        Some(KnownValue::from(format!("{zone}:{}", text_in(entry, "DnsName")?)))
    };
    KnownValue::List(maps(members, "DnsEntries").filter_map(entry).collect())
}

#[async_trait]
impl Kind for VpcEndpoint {
    const FACTS: Facts = Facts {
        type_name: "AWS::EC2::VPCEndpoint",
        noun: "VPC endpoint",
        tagged_as: "vpc-endpoint",
        create: "CreateVpcEndpoint",
        answer: Some("VpcEndpoint"),
        token: Some("ClientToken"),
        describe: "DescribeVpcEndpoints",
        items: "VpcEndpoints",
        shape: "VpcEndpoint",
        ids: "VpcEndpointIds",
        filters: "Filters",
        id: "VpcEndpointId",
        delete: "DeleteVpcEndpoints",
        states: States {
            passing: &["Pending"],
            failed: &["Expired", "Failed", "Rejected"],
            deleting: &["Deleting"],
            gone: &["Deleted"],
        },
        rules: &RULES,
    };

    fn creation(ec2: &Ec2, properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let create = "CreateVpcEndpoint";
        Ok((create, ec2.members(create, &dns::sendable(properties)?, &RULES)?))
    }

    async fn complete(
        _: &Ec2,
        members: &KnownMap,
        declared: &KnownMap,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        let groups = maps(members, "Groups").filter_map(|group| text_in(group, "GroupId"));
        properties.insert("SecurityGroupIds".to_owned(), list(groups));
        dns::show(declared, properties);
        if let (Some(given), Some(found)) =
            (declared.get("PolicyDocument"), members.get("PolicyDocument"))
        {
            let same = same_document(given, found);
            let shown = if same { given.clone() } else { json_tree(found) };
            properties.insert("PolicyDocument".to_owned(), shown);
        }
        Ok(())
    }

    async fn attributes(
        _: &Ec2,
        members: &KnownMap,
        identifier: &Identifier,
    ) -> Result<KnownMap, DriverError> {
        let mut out = same_names(members, ["CreationTimestamp", "NetworkInterfaceIds"]);
        out.insert("DnsEntries".to_owned(), dns_entries(members));
        out.insert("Id".to_owned(), identifier.only().into());
        Ok(out)
    }

    async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
        // A new endpoint was given everything.
        if change.prior.is_empty() {
            return Ok(());
        }
        changes::set(ec2, change).await
    }

    /// The answer may hold a failure.
    async fn destroy(ec2: &Ec2, members: &KnownMap, _: &KnownMap) -> Result<(), DriverError> {
        let operation = "DeleteVpcEndpoints";
        let id = text_in(members, "VpcEndpointId").unwrap_or_default();
        let answer = ec2.call(operation, arguments([("VpcEndpointIds", list([id]))])).await?;
        let failed = maps(&answer, "Unsuccessful").next();
        let Some(error) = failed.and_then(|item| item.get("Error")?.as_map()) else {
            return Ok(());
        };
        let text = |name: &str| text_in(error, name).map(str::to_owned);
        let (code, message) = (text("Code"), text("Message"));
        let refusal = Refusal { status: 400, code, message, request_id: None };
        let error = refusal.error(&action(operation));
        if error.kind == ErrorKind::NotFound { Ok(()) } else { Err(error) }
    }
}
