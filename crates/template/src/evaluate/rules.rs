//! Rules: what the parameters of a template must fulfil together.

use rstack_model::{Code, Diagnostic, Value};

use super::expression::Evaluator;
use super::finding::Reported;
use super::parameter;

/// Tells every assertion that does not hold.
pub(super) fn check(evaluator: &mut Evaluator<'_>) {
    for (name, rule) in &evaluator.template.rules {
        let applies = rule.condition.as_ref().map_or(Ok(true), |c| evaluator.boolean(c));
        // A condition that cannot be decided has been told.
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

/// The values of all parameters of a type, those of lists one by one.
///
/// # Errors
/// If one of them has no value, which has been told.
pub(super) fn all_of(evaluator: &Evaluator<'_>, kind: &str) -> Result<Value, Reported> {
    let of_kind = evaluator.template.parameters.iter().filter(|(_, declared)| {
        let declared = declared.kind.value.as_str();
        let item = declared.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>'));
        declared == kind || (parameter::is_list(declared) && item == Some(kind))
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
