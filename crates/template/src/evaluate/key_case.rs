//! Keys that CloudFormation takes in another case than its schema has them.

use rstack_model::{Code, Diagnostic, PropertyPath, Value, ValueMap};

use super::expression::Evaluator;
use super::properties::place;
use crate::template::Resource;

/// The keys of a property that are taken whatever the case of their first letter.
struct AnyCase {
    type_name: &'static str,
    property: &'static str,
    keys: &'static [&'static str],
}

/// The CDK's own construct of flow logs writes its keys with small letters, and is deployed so (issue 25432 of
/// aws/aws-cdk and its snapshot `integ.vpc-flow-logs`).
const ANY_CASE: [AnyCase; 1] = [AnyCase {
    type_name: "AWS::EC2::FlowLog",
    property: "DestinationOptions",
    keys: &["FileFormat", "HiveCompatiblePartitions", "PerHourPartition"],
}];

/// Gives such keys the case of the schema, and warns of each.
pub(super) fn correct(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
    properties: &mut ValueMap,
) {
    let type_name = resource.resource_type.value.as_str();
    for entry in ANY_CASE.iter().filter(|entry| entry.type_name == type_name) {
        let Some(Value::Map(map)) = properties.get_mut(entry.property) else { continue };
        for key in entry.keys {
            let other = map.keys().find(|name| *name != key && name.eq_ignore_ascii_case(key));
            let Some(other) = other.cloned().filter(|_| !map.contains_key(*key)) else { continue };
            let path = PropertyPath::root().name(entry.property).name(&other);
            if let Some(value) = map.remove(&other) {
                map.insert((*key).to_owned(), value);
            }
            let message = format!("`{other}` is taken for `{key}`");
            let at = place(evaluator, resource, &path, true);
            let warning = Diagnostic::warning(Code::PropertyValue, message).at(at, "");
            evaluator.findings.warn(warning.help(format!("write `{key}`")));
        }
    }
}
