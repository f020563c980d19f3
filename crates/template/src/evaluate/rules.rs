//! Rules: what the parameters of a template must fulfil together.

use rstack_model::value::Lookup;
use rstack_model::{Code, Diagnostic, ResourceType, Value};

use super::expression::Evaluator;
use super::finding::Reported;
use super::{parameter, stored};
use crate::syntax::Spanned;

/// Reports every assertion that does not hold.
pub(super) fn check(evaluator: &mut Evaluator<'_>) {
    for (name, rule) in &evaluator.template.rules {
        let applies = rule.condition.as_ref().map_or(Ok(true), |c| evaluator.boolean(c));
        // A rule that cannot be decided has been reported, or waits for the cloud.
        if applies != Ok(true) {
            continue;
        }
        for assertion in &rule.assertions {
            if evaluator.boolean(&assertion.assert) != Ok(false) {
                continue;
            }
            let said = assertion.description.as_ref();
            let message = said.map_or_else(
                || format!("an assertion of the rule `{name}` does not hold"),
                |said| format!("the rule `{name}` does not hold: {said}"),
            );
            let error = Diagnostic::error(Code::Rule, message).at(assertion.assert.span, "");
            evaluator.findings.report(error.help("give other values with `--parameter`"));
        }
    }
}

/// The attributes that a rule can ask for of the object that a parameter names, besides its tags.
///
/// Source: "Rule functions", "Supported attributes", AWS CloudFormation Template Reference.
fn attributes(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "AWS::EC2::VPC::Id" => Some(&["DefaultNetworkAcl", "DefaultSecurityGroup"]),
        "AWS::EC2::Subnet::Id" => Some(&["AvailabilityZone", "VpcId"]),
        "AWS::EC2::SecurityGroup::Id" => Some(&[]),
        _ => None,
    }
}

/// The type of one element, if the parameter is a list.
fn item_kind(declared: &str) -> &str {
    let item = declared.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>'));
    item.filter(|_| parameter::is_list(declared)).unwrap_or(declared)
}

/// The values of all parameters of a type, those of lists one by one.
///
/// # Errors
/// If one of them has no value, which has been reported.
pub(super) fn all_of(evaluator: &Evaluator<'_>, kind: &str) -> Result<Value, Reported> {
    let of_kind = evaluator.template.parameters.iter().filter(|(_, declared)| {
        let declared = declared.kind.value.as_str();
        declared == kind || item_kind(declared) == kind
    });
    let mut members = Vec::new();
    for (name, _) in of_kind {
        match evaluator.parameters.values.get(name) {
            Some(Ok(Value::List(items))) => members.extend(items.iter().cloned()),
            Some(value) => members.push(value.clone()?),
            None => {}
        }
    }
    Ok(Value::List(members))
}

/// An attribute of what a parameter names; of a list, a list.
pub(super) fn value_of(
    evaluator: &mut Evaluator<'_>,
    parameter: &str,
    attribute: &Spanned<String>,
) -> Result<Value, Reported> {
    let declared = evaluator.template.parameters.get(parameter).map(|p| p.kind.value.as_str());
    let value = evaluator.parameters.values.get(parameter).cloned();
    let (Some(declared), Some(value)) = (declared, value) else {
        let what = format!("the parameter `{parameter}`");
        return Err(evaluator.findings.told_before(&what, attribute.span));
    };
    let kind = item_kind(stored::inner(declared).unwrap_or(declared));
    match value? {
        Value::List(ids) => attributes_of(evaluator, kind, &ids, attribute),
        id => attribute_of(evaluator, kind, &id, attribute),
    }
}

/// An attribute of what all parameters of a type name.
pub(super) fn value_of_all(
    evaluator: &mut Evaluator<'_>,
    kind: &str,
    attribute: &Spanned<String>,
) -> Result<Value, Reported> {
    match all_of(evaluator, kind)? {
        Value::List(ids) => attributes_of(evaluator, item_kind(kind), &ids, attribute),
        other => attribute_of(evaluator, kind, &other, attribute),
    }
}

fn attributes_of(
    evaluator: &mut Evaluator<'_>,
    kind: &str,
    ids: &[Value],
    attribute: &Spanned<String>,
) -> Result<Value, Reported> {
    let values = ids.iter().map(|id| attribute_of(evaluator, kind, id, attribute));
    values.collect::<Result<_, _>>().map(Value::List)
}

fn attribute_of(
    evaluator: &mut Evaluator<'_>,
    kind: &str,
    id: &Value,
    attribute: &Spanned<String>,
) -> Result<Value, Reported> {
    let Some(known) = attributes(kind) else {
        let message = format!("rules cannot ask what a parameter of type `{kind}` names");
        let error = Diagnostic::error(Code::FunctionValue, message).at(attribute.span, "");
        let help = "it must be the `Id` of an `AWS::EC2::VPC`, `::Subnet` or `::SecurityGroup`";
        return Err(evaluator.findings.report(error.help(help)));
    };
    let name = attribute.value.as_str();
    let tag = name.strip_prefix("Tags.").is_some_and(|tag| !tag.is_empty());
    if !tag && !known.contains(&name) {
        let message = format!("rules cannot ask for `{name}` of a `{kind}`");
        let error = Diagnostic::error(Code::FunctionValue, message).at(attribute.span, "");
        let help = [known, &["Tags.KEY"]].concat().join(", ");
        return Err(evaluator.findings.report(error.help(format!("the attributes are {help}"))));
    }
    let id = match evaluator.known_text(id, "what a rule asks about", attribute.span)? {
        Ok(id) => id,
        Err(waiting) => return Ok(waiting),
    };
    // A parameter that is left empty names nothing.
    if id.is_empty() {
        return Ok(Value::from(""));
    }
    let resource_type = ResourceType::new(kind.strip_suffix("::Id").unwrap_or(kind));
    let lookup = Lookup::Attribute { resource_type, id, attribute: name.to_owned() };
    Ok(evaluator.lookup(lookup, attribute.span))
}
