//! A flow in both vocabularies: properties of the template, members of requests and descriptions.

use rstack_catalog::Registry;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use crate::mapping::{Mapper, NestedRow, Rules, ShapeRules};
use crate::model::{Service, ServiceModel};

/// The type.
pub(super) const TYPE: &str = "AWS::MediaConnect::Flow";

/// The rules of the mapping. Source: MediaConnect API reference, `CreateFlow` and `DescribeFlow`: tags
/// have a name of their own in each request; sources and outputs are described with their transport
/// apart.
pub(crate) const RULES: Rules = Rules(&[
    ShapeRules {
        renames: &[("Tags", "FlowTags")],
        omitted: &["EgressIp", "FlowArn", "FlowAvailabilityZone", "FlowNdiMachineName"],
        ..ShapeRules::of("CreateFlowRequest")
    },
    ShapeRules {
        renames: &[("Tags", "SourceTags")],
        omitted: &["FlowArn", "IngestIp", "SourceArn", "SourceIngestPort"],
        ..ShapeRules::of("SetSourceRequest")
    },
    ShapeRules {
        renames: &[("Tags", "MediaStreamTags")],
        omitted: &["Fmt"],
        ..ShapeRules::of("AddMediaStreamRequest")
    },
    ShapeRules {
        renames: &[("Tags", "VpcInterfaceTags")],
        omitted: &["NetworkInterfaceIds"],
        ..ShapeRules::of("VpcInterfaceRequest")
    },
    ShapeRules {
        renames: &[("Tags", "OutputTags")],
        omitted: &["FlowArn", "OutputArn"],
        ..ShapeRules::of("AddOutputRequest")
    },
    ShapeRules {
        nested: &[
            transport("CidrAllowList"),
            transport("MaxLatency"),
            transport("MinLatency"),
            transport("NdiAudioReferenceLevel"),
            transport("NdiOutputTimecodeSource"),
            transport("NdiProgramName"),
            transport("NdiSpeedHqQuality"),
            transport("Protocol"),
            transport("RemoteId"),
            transport("SmoothingLatency"),
            transport("StreamId"),
        ],
        ..ShapeRules::of("Output")
    },
    ShapeRules {
        nested: &[
            transport("MaxBitrate"),
            transport("MaxLatency"),
            transport("MaxSyncBuffer"),
            transport("MinLatency"),
            transport("NdiSourceSettings"),
            transport("Protocol"),
            transport("SenderControlPort"),
            transport("SenderIpAddress"),
            transport("SourceListenerAddress"),
            transport("SourceListenerPort"),
            transport("StreamId"),
        ],
        ..ShapeRules::of("Source")
    },
]);

/// A setting of a source or an output that is described with its transport.
const fn transport(name: &'static str) -> NestedRow {
    NestedRow { property: name, outer: "Transport", inner: name }
}

fn model() -> Result<&'static ServiceModel, DriverError> {
    ServiceModel::of(Service::MEDIACONNECT).map_err(|error| unsupported(error.to_string()))
}

fn unsupported(problem: String) -> DriverError {
    DriverError::new(ErrorKind::Unsupported, TYPE, problem)
}

/// The properties as the creating operation takes them.
pub(super) fn members(properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let mapper = Mapper::new(model()?, "CreateFlowRequest", &RULES);
    let members = mapper.to_members(properties);
    members.map_err(|error| error.for_operation("mediaconnect:CreateFlow"))
}

/// The properties that a description shows, without its attributes.
pub(super) fn properties(flow: &KnownMap) -> Result<KnownMap, DriverError> {
    let schema = Registry::embedded().get(TYPE).map_err(|error| unsupported(error.to_string()))?;
    let schema = schema.ok_or_else(|| unsupported("the registry lacks the type".to_owned()))?;
    let mapper = Mapper::new(model()?, "Flow", &RULES);
    let mut properties = mapper.from_members(flow, &schema, schema.root());
    properties.remove("FlowArn");
    properties.remove("EgressIp");
    Ok(properties)
}

/// The attributes of a described flow.
pub(super) fn attributes(flow: &KnownMap) -> KnownMap {
    let source = flow.get("Source");
    let of_source = |name: &str| source.and_then(|source| source.get(name)).cloned();
    let port = of_source("IngestPort").map(|port| match port {
        KnownValue::Number(number) => KnownValue::from(number.to_string()),
        other => other,
    });
    let machine = flow.get("NdiConfig").and_then(|config| config.get("MachineName")).cloned();
    let all = [
        ("EgressIp", flow.get("EgressIp").cloned()),
        ("FlowArn", flow.get("FlowArn").cloned()),
        ("FlowAvailabilityZone", flow.get("AvailabilityZone").cloned()),
        ("FlowNdiMachineName", machine),
        ("Source.IngestIp", of_source("IngestIp")),
        ("Source.SourceArn", of_source("SourceArn")),
        ("Source.SourceIngestPort", port),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// True if everything in the one is in the other, too. What the other has more are defaults.
pub(super) fn within(here: &KnownValue, there: &KnownValue) -> bool {
    match (here, there) {
        (KnownValue::Map(here), KnownValue::Map(there)) => {
            here.iter().all(|(key, value)| there.get(key).is_some_and(|other| within(value, other)))
        }
        (KnownValue::List(here), KnownValue::List(there)) => {
            here.len() == there.len() && here.iter().zip(there).all(|(a, b)| within(a, b))
        }
        _ => match (here.expose_str(), there.expose_str()) {
            (Some(here), Some(there)) => here == there,
            _ => here == there,
        },
    }
}
