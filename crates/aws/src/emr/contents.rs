//! Declared properties as calls take them.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::iam::Fields;
use crate::mapping::{Mapper, Rules, ShapeRules};
use crate::model::{Service, ServiceModel};

pub(super) const CREATE: &str = "elasticmapreduce:RunJobFlow";

/// The rules of the mapping: all else is mapped by names.
///
/// Source: CloudFormation registry and EMR API reference, Configuration, HadoopJarStepConfig and Cluster.
pub(super) static RULES: Rules = Rules(&[
    ShapeRules {
        renames: &[("ConfigurationProperties", "Properties")],
        ..ShapeRules::of("Configuration")
    },
    ShapeRules {
        renames: &[("StepProperties", "Properties")],
        ..ShapeRules::of("HadoopJarStepConfig")
    },
    ShapeRules {
        renames: &[("PlacementGroupConfigs", "PlacementGroups")],
        ..ShapeRules::of("Cluster")
    },
]);

/// A kind of instances in a cluster.
pub(super) struct Part {
    /// The property within `Instances`.
    pub(super) property: &'static str,
    /// The role of the instances.
    pub(super) role: &'static str,
    /// True for fleets, false for groups.
    pub(super) is_fleet: bool,
    /// True if there may be several.
    pub(super) is_list: bool,
}

/// The kinds of instances.
///
/// Source: CloudFormation registry, AWS::EMR::Cluster, JobFlowInstancesConfig; EMR API reference,
/// InstanceGroupConfig and InstanceFleetConfig.
pub(super) const PARTS: [Part; 6] = [
    Part { property: "MasterInstanceGroup", role: "MASTER", is_fleet: false, is_list: false },
    Part { property: "CoreInstanceGroup", role: "CORE", is_fleet: false, is_list: false },
    Part { property: "TaskInstanceGroups", role: "TASK", is_fleet: false, is_list: true },
    Part { property: "MasterInstanceFleet", role: "MASTER", is_fleet: true, is_list: false },
    Part { property: "CoreInstanceFleet", role: "CORE", is_fleet: true, is_list: false },
    Part { property: "TaskInstanceFleets", role: "TASK", is_fleet: true, is_list: true },
];

impl Part {
    /// The declared groups or fleets, and their place.
    pub(super) fn declared<'a>(
        &self,
        instances: &'a KnownMap,
    ) -> Vec<(PropertyPath, &'a KnownMap)> {
        let place = PropertyPath::root().name("Instances").name(self.property);
        match instances.get(self.property) {
            Some(KnownValue::List(items)) if self.is_list => {
                let items = items.iter().enumerate();
                items.filter_map(|(at, item)| Some((place.index(at), item.as_map()?))).collect()
            }
            Some(KnownValue::Map(one)) if !self.is_list => vec![(place, one)],
            Some(_) | None => Vec::new(),
        }
    }

    /// The shape of one in requests.
    pub(super) fn shape(&self) -> &'static str {
        if self.is_fleet { "InstanceFleetConfig" } else { "InstanceGroupConfig" }
    }

    /// One as requests take it.
    ///
    /// # Errors
    /// If a property has a value that its member cannot take.
    pub(super) fn members(
        &self,
        place: PropertyPath,
        one: &KnownMap,
        action: &str,
    ) -> Result<KnownMap, DriverError> {
        let mut made = members(self.shape(), one, place, action)?;
        let role = if self.is_fleet { "InstanceFleetType" } else { "InstanceRole" };
        made.insert(role.to_owned(), self.role.into());
        Ok(made)
    }
}

/// EMR's model.
pub(super) fn model() -> Result<&'static ServiceModel, DriverError> {
    let damaged = |problem: String| DriverError::new(ErrorKind::Unsupported, super::TYPE, problem);
    ServiceModel::of(Service::ELASTICMAPREDUCE).map_err(|error| damaged(error.to_string()))
}

/// The members of a shape that say what properties say.
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn members(
    shape: &str,
    properties: &KnownMap,
    place: PropertyPath,
    action: &str,
) -> Result<KnownMap, DriverError> {
    let mapper = Mapper::new(model()?, shape, &RULES).at(place);
    mapper.to_members(properties).map_err(|error| error.for_operation(action))
}

/// A declared tree; empty if there is none.
pub(super) fn tree(properties: &KnownMap, name: &str) -> KnownMap {
    properties.get(name).and_then(KnownValue::as_map).cloned().unwrap_or_default()
}

/// The input of the creating operation, without tags.
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn creation(properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let mut given = properties.clone();
    given.remove("Tags");
    let fields = Fields::new(properties, CREATE);
    let mut instances = fields.tree("Instances")?.map(|it| it.all().clone()).unwrap_or_default();
    let (mut groups, mut fleets) = (Vec::new(), Vec::new());
    for part in &PARTS {
        for (place, one) in part.declared(&instances) {
            let made = part.members(place, one, CREATE)?.into();
            if part.is_fleet { fleets.push(made) } else { groups.push(made) }
        }
    }
    instances.retain(|name, _| !PARTS.iter().any(|part| part.property == name));
    given.remove("Instances");
    let mut input = members("RunJobFlowInput", &given, PropertyPath::root(), CREATE)?;
    let place = PropertyPath::root().name("Instances");
    let mut instances = members("JobFlowInstancesConfig", &instances, place, CREATE)?;
    for (member, list) in [("InstanceGroups", groups), ("InstanceFleets", fleets)] {
        if !list.is_empty() {
            instances.insert(member.to_owned(), KnownValue::List(list));
        }
    }
    input.insert("Instances".to_owned(), instances.into());
    // CloudFormation's default, which is not that of the API.
    input.entry("VisibleToAllUsers".to_owned()).or_insert_with(|| false.into());
    Ok(input)
}
