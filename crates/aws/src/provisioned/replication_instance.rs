//! `AWS::DMS::ReplicationInstance`.
//!
//! Its identifier is its ARN, which the service makes; its name is unique and can be changed.

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::compare::Form;
use super::kind::{Asked, Change, Facts, Kind, Statuses, at, filtered, from_description};
use crate::api::Api;
use crate::definition::Service;
use crate::iam::{Fields, arguments, text_in};
use crate::mapping::Rules;
use crate::resource_tags::TagCalls;

const CREATE: &str = "CreateReplicationInstance";
const MODIFY: &str = "ModifyReplicationInstance";

/// Says with a new version of the engine if it may be one with incompatible changes.
const MAJOR: &str = "AllowMajorVersionUpgrade";

/// Properties that `ModifyReplicationInstance` takes.
///
/// Source: AWS DMS API reference, ModifyReplicationInstance.
const CHANGEABLE: [&str; 9] = [
    "AllocatedStorage",
    "AutoMinorVersionUpgrade",
    "EngineVersion",
    "MultiAZ",
    "NetworkType",
    "PreferredMaintenanceWindow",
    "ReplicationInstanceClass",
    "ReplicationInstanceIdentifier",
    "VpcSecurityGroupIds",
];

/// Replication instances.
pub(super) struct ReplicationInstance;

/// The values of properties that nothing declares.
///
/// Source: AWS DMS API reference, CreateReplicationInstance.
fn defaults() -> KnownMap {
    arguments([
        ("AutoMinorVersionUpgrade", true.into()),
        ("MultiAZ", false.into()),
        ("NetworkType", "IPV4".into()),
    ])
}

#[async_trait]
impl Kind for ReplicationInstance {
    const FACTS: Facts = Facts {
        type_name: "AWS::DMS::ReplicationInstance",
        noun: "replication instance",
        service: Service::DMS,
        name: "ReplicationInstanceIdentifier",
        // Source: AWS DMS API reference, CreateReplicationInstance.
        max_length: 63,
        create: "dms:CreateReplicationInstance",
        describe: "DescribeReplicationInstances",
        delete: "DeleteReplicationInstance",
        answer: "ReplicationInstance",
        items: "ReplicationInstances",
        id: "ReplicationInstanceArn",
        tagged: "ReplicationInstanceArn",
        tags: TagCalls {
            set: "AddTagsToResource",
            remove: "RemoveTagsFromResource",
            list: "ListTagsForResource",
            resource: "ResourceArn",
            keys: "TagKeys",
            tags: "Tags",
            shown: "TagList",
            pair: ["Key", "Value"],
            next: None,
        },
        tags_are_map: false,
        status: "ReplicationInstanceStatus",
        // Source: AWS DMS API reference, ReplicationInstance.
        statuses: Statuses {
            passing: &[
                "creating",
                "maintenance",
                "modifying",
                "rebooting",
                "resetting-master-credentials",
                "upgrading",
            ],
            failed: &["failed", "incompatible-credentials", "incompatible-network"],
            deleting: "deleting",
            gone: "deleted",
        },
        // Source: AWS DMS API reference, CreateReplicationInstance: the identifier is stored in lower case.
        forms: &[
            ("EngineVersion", Form::Version),
            ("KmsKeyId", Form::Key),
            ("NetworkType", Form::AnyCase),
            ("PreferredMaintenanceWindow", Form::AnyCase),
            ("ReplicationInstanceIdentifier", Form::AnyCase),
            ("ReplicationSubnetGroupIdentifier", Form::AnyCase),
            ("ResourceIdentifier", Form::AnyCase),
        ],
    };

    fn question(asked: Asked<'_>) -> KnownMap {
        match asked {
            Asked::Identifier(arn) => filtered("replication-instance-arn", arn),
            Asked::Name(name) => filtered("replication-instance-id", name),
        }
    }

    fn creation(properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        Ok((CREATE, Self::FACTS.members(CREATE, properties, &Rules::NONE)?))
    }

    fn shown(members: &KnownMap) -> Result<KnownMap, DriverError> {
        let places = [
            (
                "ReplicationSubnetGroupIdentifier",
                "ReplicationSubnetGroup/ReplicationSubnetGroupIdentifier",
            ),
            ("VpcSecurityGroupIds", "VpcSecurityGroups/*/VpcSecurityGroupId"),
        ];
        let mut shown = from_description(&Self::FACTS, members, &places)?;
        // The ARN ends with it.
        let arn = text_in(members, "ReplicationInstanceArn");
        let resource = arn.and_then(|arn| arn.rsplit(':').next());
        shown.extend(resource.map(|it| ("ResourceIdentifier".to_owned(), it.into())));
        // What the service has accepted and not yet done.
        let pending = at(members, "PendingModifiedValues");
        for (name, value) in pending.as_ref().and_then(KnownValue::as_map).into_iter().flatten() {
            if shown.contains_key(name) {
                shown.insert(name.clone(), value.clone());
            }
        }
        Ok(shown)
    }

    fn attributes(members: &KnownMap) -> KnownMap {
        let mut out = KnownMap::new();
        let arn = at(members, "ReplicationInstanceArn");
        out.extend(arn.map(|arn| ("Id".to_owned(), arn)));
        // The registry has one text for what are several addresses of an instance in two zones.
        for name in
            ["ReplicationInstancePrivateIpAddresses", "ReplicationInstancePublicIpAddresses"]
        {
            let all = members.get(name).and_then(KnownValue::as_list).unwrap_or_default();
            let all: Vec<_> = all.iter().filter_map(KnownValue::as_str).collect();
            let one = name.strip_suffix("es").and_then(|one| text_in(members, one));
            let text = if all.is_empty() { one.map(str::to_owned) } else { Some(all.join(",")) };
            out.extend(text.map(|text| (name.to_owned(), text.into())));
        }
        out
    }

    async fn change(api: &dyn Api, change: &Change<'_>) -> Result<bool, DriverError> {
        let mut differing = Self::FACTS.differing(change, &CHANGEABLE, &defaults());
        if differing.is_empty() {
            return Ok(false);
        }
        let action = "dms:ModifyReplicationInstance";
        Fields::new(change.properties, action).boolean(MAJOR)?;
        if differing.contains_key("EngineVersion")
            && let Some(major) = change.declared(MAJOR)
        {
            differing.insert(MAJOR.to_owned(), major.clone());
        }
        let mut input = Self::FACTS.members(MODIFY, &differing, &Rules::NONE)?;
        input.insert("ReplicationInstanceArn".to_owned(), change.identifier.into());
        input.insert("ApplyImmediately".to_owned(), true.into());
        api.call(MODIFY, input).await.map(|_| true)
    }

    fn deletion(identifier: &str, _: &KnownMap) -> KnownMap {
        arguments([("ReplicationInstanceArn", identifier.into())])
    }
}
