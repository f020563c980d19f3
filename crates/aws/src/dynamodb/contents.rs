//! A table in both vocabularies: properties of the template, members of requests and descriptions.

use rstack_catalog::Registry;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::{encryption, throughput};
use crate::iam::{arguments, text_in};
use crate::mapping::{Fill, FillRow, Mapper, NestedRow, Rules, ShapeRules};
use crate::model::{Service, ServiceModel};

/// The type.
pub(super) const TYPE: &str = "AWS::DynamoDB::Table";

/// Attributes, and properties that operations of their own carry out.
pub(crate) const APART: &[&str] = &[
    "Arn",
    "ContributorInsightsSpecification",
    "ImportSourceSpecification",
    "KinesisStreamSpecification",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "StreamArn",
    "Tags",
    "TimeToLiveSpecification",
];

/// The lists of indexes that a table can be given and relieved of.
pub(super) const GLOBAL: &str = "GlobalSecondaryIndexes";
pub(super) const VECTOR: &str = "VectorIndexes";

/// The rules of the mapping. Source: DynamoDB API reference, CreateTable and TableDescription: a stream
/// is declared by its kind alone; billing mode and table class are described in summaries.
pub(crate) static RULES: Rules = Rules(&[
    ShapeRules { omitted: APART, ..ShapeRules::of("CreateTableInput") },
    ShapeRules {
        omitted: &["ContributorInsightsSpecification"],
        ..ShapeRules::of("GlobalSecondaryIndex")
    },
    ShapeRules {
        omitted: &["ResourcePolicy", "Tags"],
        fills: &[FillRow::new("StreamEnabled", Fill::Bool(true))],
        ..ShapeRules::of("StreamSpecification")
    },
    ShapeRules { renames: &[("SSEEnabled", "Enabled")], ..ShapeRules::of("SSESpecification") },
    ShapeRules {
        nested: &[
            summary("BillingMode", "BillingModeSummary"),
            summary("TableClass", "TableClassSummary"),
        ],
        ..ShapeRules::of("TableDescription")
    },
]);

/// A setting that is described in a summary.
const fn summary(name: &'static str, outer: &'static str) -> NestedRow {
    NestedRow { property: name, outer, inner: name }
}

fn unsupported(problem: impl std::fmt::Display) -> DriverError {
    DriverError::new(ErrorKind::Unsupported, TYPE, problem.to_string())
}

fn mapper(shape: &'static str) -> Result<Mapper<'static>, DriverError> {
    let model = ServiceModel::of(Service::DYNAMODB).map_err(unsupported)?;
    Ok(Mapper::new(model, shape, &RULES))
}

/// The properties as the creating operation takes them, without those that are [`APART`].
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn members(
    properties: &KnownMap,
    operation: &'static str,
) -> Result<KnownMap, DriverError> {
    let made = mapper("CreateTableInput")?.to_members(properties);
    made.map_err(|error| error.for_operation(operation))
}

/// True if the table has a stream.
pub(super) fn has_stream(table: &KnownMap) -> bool {
    let stream = table.get("StreamSpecification").and_then(|stream| stream.get("StreamEnabled"));
    stream == Some(&KnownValue::Bool(true))
}

/// The ARN of the stream of a table, if it has one. A stream that was turned off has an ARN for a day.
pub(super) fn stream_arn(table: &KnownMap) -> Option<&str> {
    text_in(table, "LatestStreamArn").filter(|_| has_stream(table))
}

/// The attributes of a described table.
pub(super) fn attributes(table: &KnownMap) -> KnownMap {
    let arn = table.get("TableArn").cloned().unwrap_or(KnownValue::Null);
    let mut attributes = arguments([("Arn", arn)]);
    let stream = stream_arn(table).map(|arn| ("StreamArn".to_owned(), arn.into()));
    attributes.extend(stream);
    attributes
}

/// The properties that a description shows. What DynamoDB describes only where it differs from the
/// default has the default.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn shown(table: &KnownMap, declared: &KnownMap) -> Result<KnownMap, DriverError> {
    let schema = Registry::embedded().get(TYPE).map_err(unsupported)?;
    let schema = schema.ok_or_else(|| unsupported("the registry lacks the type"))?;
    let mapper = mapper("TableDescription")?;
    let mut properties = mapper.from_members(table, &schema, schema.root());
    let defaults = [
        ("BillingMode", KnownValue::from("PROVISIONED")),
        ("DeletionProtectionEnabled", false.into()),
        ("TableClass", "STANDARD".into()),
    ];
    for (name, default) in defaults {
        properties.entry(name.to_owned()).or_insert(default);
    }
    if !has_stream(table) {
        properties.remove("StreamSpecification");
    }
    properties.extend(encryption::shown(table, declared));
    throughput::show(&mut properties, declared);
    // A list that is declared and has no element left differs from what is declared.
    for name in [GLOBAL, VECTOR] {
        if declared.contains_key(name) {
            properties.entry(name.to_owned()).or_insert(KnownValue::List(Vec::new()));
        }
    }
    Ok(properties)
}
