//! The fate of objects that are no longer wanted: `DeletionPolicy`, `UpdateReplacePolicy`.

use rstack_catalog::{FinalSnapshot, NoFinalSnapshot};
use rstack_model::desired::RemovalPolicy;
use rstack_model::{Code, Diagnostic, Span, Value, ValueMap};

use super::expression::Evaluator;
use super::external;
use super::finding::Reported;
use crate::template::{Expression, Resource};

/// The fate of the object when the resource leaves the template.
///
/// Source for the defaults: "DeletionPolicy attribute", AWS CloudFormation User Guide: `Delete`, but
/// `Snapshot` for database clusters and for database instances that are in no cluster. Of a read
/// replica, which is in none either, RDS takes no snapshot.
pub(super) fn deletion(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
    properties: &ValueMap,
) -> Result<RemovalPolicy, Reported> {
    let rule = FinalSnapshot::of(resource.resource_type.value.as_str());
    match &resource.deletion_policy {
        Some(written) => policy(evaluator, "DeletionPolicy", written, (resource, properties)),
        None if rule.is_some_and(|rule| rule.is_default(properties)) => Ok(RemovalPolicy::Snapshot),
        None => Ok(RemovalPolicy::Delete),
    }
}

/// The fate of the old object when the resource is replaced.
pub(super) fn update_replace(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
    properties: &ValueMap,
) -> Result<RemovalPolicy, Reported> {
    let Some(written) = &resource.update_replace_policy else { return Ok(RemovalPolicy::Delete) };
    let policy = policy(evaluator, "UpdateReplacePolicy", written, (resource, properties))?;
    if policy == RemovalPolicy::RetainExceptOnCreate {
        let help = "use `Delete`, `Retain` or `Snapshot`";
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

/// Refuses `Snapshot` where no service takes a snapshot of the object.
fn snapshot(
    evaluator: &mut Evaluator<'_>,
    key: &str,
    span: Span,
    (resource, properties): (&Resource, &ValueMap),
) -> Result<RemovalPolicy, Reported> {
    let resource_type = resource.resource_type.value.as_str();
    let Some(rule) = FinalSnapshot::of(resource_type) else {
        let message = format!("no service takes a snapshot of `{resource_type}` before a deletion");
        let types: Vec<String> = FinalSnapshot::types().map(|name| format!("`{name}`")).collect();
        let help =
            format!("use `Retain` or `Delete`; `{key}: Snapshot` is for {}", types.join(", "));
        let error = Diagnostic::error(Code::Policy, message).at(span, "").help(help);
        return Err(evaluator.findings.report(error));
    };
    let Some(NoFinalSnapshot { property, reason }) = rule.exception(properties) else {
        return Ok(RemovalPolicy::Snapshot);
    };
    let service = resource.resource_type.value.service().unwrap_or("the service");
    let message = format!(
        "`{key}: Snapshot` cannot be carried out: {service} takes no final snapshot of {reason}"
    );
    let error = Diagnostic::error(Code::Policy, message).at(span, "");
    let help = format!("use `Retain` or `Delete`: `{property}` makes it one");
    Err(evaluator.findings.report(error.help(help)))
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
    of: (&Resource, &ValueMap),
) -> Result<RemovalPolicy, Reported> {
    let value = evaluator.needed(written)?;
    match value.as_str() {
        Some("Delete") => Ok(RemovalPolicy::Delete),
        Some("Retain") => Ok(RemovalPolicy::Retain),
        Some("RetainExceptOnCreate") => Ok(RemovalPolicy::RetainExceptOnCreate),
        Some("Snapshot") => snapshot(evaluator, key, written.span, of),
        Some(other) => {
            let help = match key {
                "DeletionPolicy" => "use `Delete`, `Retain`, `RetainExceptOnCreate` or `Snapshot`",
                _ => "use `Delete`, `Retain` or `Snapshot`",
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
