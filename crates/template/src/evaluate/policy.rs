//! The fate of objects that are no longer wanted: `DeletionPolicy`, `UpdateReplacePolicy`.

use rstack_model::desired::RemovalPolicy;
use rstack_model::{Code, Diagnostic, Span, Value, ValueMap};

use super::expression::Evaluator;
use super::external;
use super::finding::Reported;
use crate::template::{Expression, Resource};

/// The fate of the object when the resource leaves the template.
///
/// Source for the defaults: "DeletionPolicy attribute", AWS CloudFormation User Guide: `Delete`, but
/// `Snapshot` for database clusters and for database instances that are in no cluster.
pub(super) fn deletion(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
    properties: &ValueMap,
) -> Result<RemovalPolicy, Reported> {
    if let Some(written) = &resource.deletion_policy {
        return policy(evaluator, "DeletionPolicy", written);
    }
    let resource_type = resource.resource_type.value.as_str();
    let snapshot = match resource_type {
        "AWS::RDS::DBCluster" => true,
        "AWS::RDS::DBInstance" => !properties.contains_key("DBClusterIdentifier"),
        _ => false,
    };
    if !snapshot {
        return Ok(RemovalPolicy::Delete);
    }
    let message = format!(
        "`{resource_type}` has the `DeletionPolicy` `Snapshot` unless another is given, and rstack \
         takes no snapshots yet"
    );
    let warning = Diagnostic::warning(Code::Unsupported, message).at(resource.name_span, "");
    let help = "say `DeletionPolicy: Retain` or `DeletionPolicy: Delete`";
    evaluator.findings.warn(warning.help(help));
    Ok(RemovalPolicy::Snapshot)
}

/// The fate of the old object when the resource is replaced.
pub(super) fn update_replace(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
) -> Result<RemovalPolicy, Reported> {
    let Some(written) = &resource.update_replace_policy else { return Ok(RemovalPolicy::Delete) };
    let policy = policy(evaluator, "UpdateReplacePolicy", written)?;
    if policy == RemovalPolicy::RetainExceptOnCreate {
        let help = "use `Delete` or `Retain`";
        return Err(refuse(
            evaluator,
            "UpdateReplacePolicy",
            "RetainExceptOnCreate",
            help,
            written.span,
        ));
    }
    Ok(policy)
}

fn refuse(
    evaluator: &mut Evaluator<'_>,
    key: &str,
    text: &str,
    help: &str,
    span: Span,
) -> Reported {
    let message = format!("`{text}` is not a value of `{key}`");
    evaluator.findings.report(Diagnostic::error(Code::Policy, message).at(span, "").help(help))
}

fn policy(
    evaluator: &mut Evaluator<'_>,
    key: &str,
    written: &Expression,
) -> Result<RemovalPolicy, Reported> {
    let value = evaluator.needed(written)?;
    match value.as_str() {
        Some("Delete") => Ok(RemovalPolicy::Delete),
        Some("Retain") => Ok(RemovalPolicy::Retain),
        Some("RetainExceptOnCreate") => Ok(RemovalPolicy::RetainExceptOnCreate),
        Some("Snapshot") => {
            let message =
                format!("rstack takes no snapshots yet, which `{key}: Snapshot` asks for");
            let warning = Diagnostic::warning(Code::Unsupported, message).at(written.span, "");
            let help = "use `Retain`, and take the snapshot yourself";
            evaluator.findings.warn(warning.help(help));
            Ok(RemovalPolicy::Snapshot)
        }
        Some(other) => {
            let help = match key {
                "DeletionPolicy" => "use `Delete`, `Retain` or `RetainExceptOnCreate`",
                _ => "use `Delete` or `Retain`",
            };
            Err(refuse(evaluator, key, other, help, written.span))
        }
        None if external::waits(&value).is_some() => Ok(RemovalPolicy::Delete),
        // Only resources are not known yet, and the reference check refuses them here.
        None if matches!(value, Value::Deferred(_) | Value::Text(_)) => {
            Err(evaluator.findings.told_before(&format!("`{key}`"), written.span))
        }
        None => {
            let message = format!("`{key}` must be text");
            let error = Diagnostic::error(Code::Policy, message).at(written.span, "");
            Err(evaluator.findings.report(error))
        }
    }
}
