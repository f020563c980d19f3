//! `AWS::DAX::Cluster`.
//!
//! Nodes come and go by operations of their own, each of which takes the cluster minutes, in which it takes no
//! other: nodes that are missing come first, and those that are too many go when these are there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::compare::Form;
use super::kind::{Asked, Change, Facts, Kind, Statuses, at, from_description};
use crate::api::Api;
use crate::definition::Service;
use crate::iam::{Fields, arguments, text_in};
use crate::mapping::{Rules, ShapeRules};
use crate::resource_tags::TagCalls;

const CREATE: &str = "CreateCluster";
const UPDATE: &str = "UpdateCluster";
const MORE_NODES: &str = "IncreaseReplicationFactor";
const FEWER_NODES: &str = "DecreaseReplicationFactor";
const UPDATE_ACTION: &str = "dax:UpdateCluster";

const TOPIC: &str = "NotificationTopicARN";
const FACTOR: &str = "ReplicationFactor";
const ZONES: &str = "AvailabilityZones";

/// Properties that `UpdateCluster` takes.
///
/// Source: DAX API reference, UpdateCluster.
const CHANGEABLE: [&str; 5] =
    ["Description", TOPIC, "ParameterGroupName", "PreferredMaintenanceWindow", "SecurityGroupIds"];

/// The rules of the mapping: all else is mapped by names.
///
/// Source: CloudFormation registry and DAX API reference, SSESpecification.
static RULES: Rules = Rules(&[ShapeRules {
    renames: &[("SSEEnabled", "Enabled")],
    ..ShapeRules::of("SSESpecification")
}]);

/// Clusters of DAX.
pub(super) struct Cluster;

/// The values of properties that nothing declares.
///
/// Source: DAX API reference, CreateCluster and UpdateCluster; DAX Developer Guide, Parameter groups.
fn defaults() -> KnownMap {
    arguments([("Description", "".into()), ("ParameterGroupName", "default.dax1.0".into())])
}

#[async_trait]
impl Kind for Cluster {
    const FACTS: Facts = Facts {
        type_name: "AWS::DAX::Cluster",
        noun: "DAX cluster",
        service: Service::DAX,
        name: "ClusterName",
        // Source: DAX API reference, CreateCluster.
        max_length: 20,
        create: "dax:CreateCluster",
        describe: "DescribeClusters",
        delete: "DeleteCluster",
        answer: "Cluster",
        items: "Clusters",
        id: "ClusterName",
        tagged: "ClusterArn",
        tags: TagCalls {
            set: "TagResource",
            remove: "UntagResource",
            list: "ListTags",
            resource: "ResourceName",
            keys: "TagKeys",
            tags: "Tags",
            shown: "Tags",
            pair: ["Key", "Value"],
            next: Some(["NextToken", "NextToken"]),
        },
        tags_are_map: true,
        status: "Status",
        // Source: DAX Developer Guide, Managing DAX clusters.
        statuses: Statuses {
            passing: &["creating", "modifying"],
            failed: &["failed"],
            deleting: "deleting",
            gone: "deleted",
        },
        // Source: DAX API reference, CreateCluster: the name is stored in lower case.
        forms: &[
            ("ClusterName", Form::AnyCase),
            ("NetworkType", Form::AnyCase),
            ("PreferredMaintenanceWindow", Form::AnyCase),
        ],
    };

    fn question(asked: Asked<'_>) -> KnownMap {
        let (Asked::Identifier(name) | Asked::Name(name)) = asked;
        arguments([("ClusterNames", KnownValue::List(vec![name.into()]))])
    }

    fn creation(properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        zones(properties)?;
        Ok((CREATE, Self::FACTS.members(CREATE, properties, &RULES)?))
    }

    fn shown(members: &KnownMap) -> Result<KnownMap, DriverError> {
        let places = [
            (ZONES, "Nodes/*/AvailabilityZone"),
            (TOPIC, "NotificationConfiguration/TopicArn"),
            ("ParameterGroupName", "ParameterGroup/ParameterGroupName"),
            (FACTOR, "TotalNodes"),
            ("SecurityGroupIds", "SecurityGroups/*/SecurityGroupIdentifier"),
            ("SubnetGroupName", "SubnetGroup"),
        ];
        let mut shown = from_description(&Self::FACTS, members, &places)?;
        let topic = at(members, "NotificationConfiguration/TopicStatus");
        if topic.as_ref().and_then(KnownValue::as_str) == Some("inactive") {
            shown.remove(TOPIC);
        }
        let encryption = at(members, "SSEDescription/Status");
        let encryption = encryption.as_ref().and_then(KnownValue::as_str);
        let enabled = encryption.is_some_and(|status| status.starts_with("ENABL"));
        let encryption = arguments([("SSEEnabled", enabled.into())]);
        shown.insert("SSESpecification".to_owned(), encryption.into());
        // What no cluster shows is what one without it has.
        for (name, value) in [
            ("Description", ""),
            ("ClusterEndpointEncryptionType", "NONE"),
            ("NetworkType", "ipv4"),
        ] {
            shown.entry(name.to_owned()).or_insert_with(|| value.into());
        }
        Ok(shown)
    }

    fn attributes(members: &KnownMap) -> KnownMap {
        let address = at(members, "ClusterDiscoveryEndpoint/Address");
        let port = at(members, "ClusterDiscoveryEndpoint/Port");
        let endpoint = match (address.as_ref().and_then(KnownValue::as_str), port) {
            (Some(address), Some(KnownValue::Number(port))) => {
                Some(format!("{address}:{port}").into())
            }
            _ => address.clone(),
        };
        let places = [
            ("Arn", at(members, "ClusterArn")),
            ("ClusterDiscoveryEndpoint", endpoint),
            ("ClusterDiscoveryEndpointURL", at(members, "ClusterDiscoveryEndpoint/URL")),
            ("Id", at(members, "ClusterName")),
        ];
        let there = places.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        there.collect()
    }

    async fn change(api: &dyn Api, change: &Change<'_>) -> Result<bool, DriverError> {
        let differing = Self::FACTS.differing(change, &CHANGEABLE, &defaults());
        let mut input = Self::FACTS.members(UPDATE, &differing, &RULES)?;
        let unsubscribed = change.prior.contains_key(TOPIC)
            && change.declared(TOPIC).is_none()
            && change.shown.contains_key(TOPIC);
        if unsubscribed || differing.contains_key(TOPIC) {
            let status = if unsubscribed { "inactive" } else { "active" };
            input.insert("NotificationTopicStatus".to_owned(), status.into());
        }
        let named = ("ClusterName".to_owned(), KnownValue::from(change.identifier));
        if !input.is_empty() {
            input.extend([named]);
            return api.call(UPDATE, input).await.map(|_| true);
        }
        let Some((operation, mut input)) = nodes(change)? else { return Ok(false) };
        input.extend([named]);
        api.call(operation, input).await.map(|_| true)
    }

    fn goes_on(change: &Change<'_>) -> bool {
        nodes(change).is_ok_and(|more| more.is_some())
    }

    fn deletion(identifier: &str, _: &KnownMap) -> KnownMap {
        arguments([("ClusterName", identifier.into())])
    }
}

/// The number of nodes that are declared for each zone; `None` if no zones are declared.
///
/// # Errors
/// If there is not one zone for each node.
fn zones(properties: &KnownMap) -> Result<Option<BTreeMap<String, usize>>, DriverError> {
    let fields = Fields::new(properties, UPDATE_ACTION);
    let declared = fields.list(ZONES)?;
    if declared.is_empty() {
        return Ok(None);
    }
    let mut zones = BTreeMap::new();
    for zone in declared {
        let name =
            zone.expose_str().ok_or_else(|| fields.invalid(ZONES, "holds more than texts"))?;
        *zones.entry(name.to_owned()).or_insert(0) += 1;
    }
    let wanted = fields.integer(FACTOR)?.and_then(|wanted| usize::try_from(wanted).ok());
    if wanted != Some(declared.len()) {
        let message = format!("`{ZONES}` has to name one zone for each node of `{FACTOR}`");
        let property = Some(PropertyPath::root().name(ZONES));
        return Err(DriverError::new(ErrorKind::Invalid { property }, UPDATE_ACTION, message));
    }
    Ok(Some(zones))
}

/// The call that brings a cluster nearer to the declared nodes, and its input; `None` if it has them.
fn nodes(change: &Change<'_>) -> Result<Option<(&'static str, KnownMap)>, DriverError> {
    let fields = Fields::new(change.properties, UPDATE_ACTION);
    let Some(wanted) = fields.integer(FACTOR)? else { return Ok(None) };
    let number = |tree: &KnownMap, name| Fields::new(tree, UPDATE_ACTION).integer(name);
    let total = number(change.current, "TotalNodes")?.unwrap_or(wanted);
    let texts =
        |texts: Vec<&str>| KnownValue::List(texts.into_iter().map(KnownValue::from).collect());
    let factor = |number: i64| ("NewReplicationFactor", KnownValue::from(number));
    let Some(mut missing) = zones(change.properties)? else {
        let operation = match total.cmp(&wanted) {
            std::cmp::Ordering::Equal => return Ok(None),
            std::cmp::Ordering::Less => MORE_NODES,
            std::cmp::Ordering::Greater => FEWER_NODES,
        };
        return Ok(Some((operation, arguments([factor(wanted)]))));
    };
    let nodes = change.current.get("Nodes").and_then(KnownValue::as_list).unwrap_or_default();
    let mut surplus = Vec::new();
    for node in nodes.iter().filter_map(KnownValue::as_map) {
        let zone = text_in(node, "AvailabilityZone").unwrap_or_default();
        match missing.get_mut(zone).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => surplus.extend(text_in(node, "NodeId")),
        }
    }
    let missing = missing.iter().flat_map(|(zone, left)| std::iter::repeat_n(zone.as_str(), *left));
    let missing: Vec<&str> = missing.collect();
    let count = |list: &[&str]| i64::try_from(list.len()).unwrap_or(i64::MAX);
    if !missing.is_empty() {
        let more = factor(total.saturating_add(count(&missing)));
        return Ok(Some((MORE_NODES, arguments([more, (ZONES, texts(missing))]))));
    }
    if surplus.is_empty() {
        return Ok(None);
    }
    let fewer = factor(total.saturating_sub(count(&surplus)));
    Ok(Some((FEWER_NODES, arguments([fewer, ("NodeIdsToRemove", texts(surplus))]))))
}
