//! Evaluation: parameters and conditions decided, intrinsics applied, what is not known deferred.

mod condition;
mod expression;
mod parameter;
mod properties;

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::{Desired, DesiredOutput, DesiredResource};
use rstack_model::state::Environment;
use rstack_model::{Diagnostic, LogicalId, PropertyPath, SecretString, StackName, Value, ValueMap};

use self::expression::Evaluator;
use crate::check::cycles;
use crate::template::Template;

/// What a template is evaluated with.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The stack.
    pub stack: &'a StackName,
    /// Where it is going to live.
    pub environment: &'a Environment,
    /// The values given for parameters.
    pub parameters: &'a BTreeMap<String, String>,
}

/// What came of an evaluation.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// What the template asks for; `None` if there was an error.
    pub desired: Option<Desired>,
    /// The values of the `NoEcho` parameters, by name.
    pub secrets: BTreeMap<String, SecretString>,
    /// What was found, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

/// Evaluates a template.
pub fn evaluate(template: &Template, inputs: &Inputs<'_>) -> Evaluation {
    let mut diagnostics = Vec::new();
    let parameters = parameter::values(template, inputs.parameters, &mut diagnostics);
    let secrets = parameters.secrets.clone();
    let mut evaluator = Evaluator::new(template, inputs, parameters, &mut diagnostics);
    let resources = resources(&mut evaluator);
    let outputs = outputs(&mut evaluator);
    let parameters: ValueMap = evaluator.parameters.shown.clone();
    let dependencies = resources.iter().map(|(id, r)| (id, &r.dependencies)).collect();
    cycles(template, &dependencies, &mut diagnostics);
    crate::sort(&mut diagnostics);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let desired = (!failed).then(|| Desired {
        stack: inputs.stack.clone(),
        template_digest: template.digest.clone(),
        parameters,
        resources,
        outputs,
    });
    Evaluation { desired, secrets, diagnostics }
}

fn resources(evaluator: &mut Evaluator<'_>) -> BTreeMap<LogicalId, DesiredResource> {
    let mut out = BTreeMap::new();
    let template = evaluator.template;
    for (id, resource) in &template.resources {
        if !evaluator.holds(resource.condition.as_ref()) {
            continue;
        }
        evaluator.dependencies = BTreeSet::new();
        let properties = properties::properties(evaluator, resource);
        for dependency in &resource.depends_on {
            // A dependency whose condition does not hold is none.
            if let Some(target) = template.resources.get(dependency.value.as_str())
                && evaluator.holds(target.condition.as_ref())
            {
                evaluator.dependencies.insert(LogicalId::new(dependency.value.as_str()));
            }
        }
        let Some(properties) = properties else { continue };
        out.insert(
            id.clone(),
            DesiredResource {
                resource_type: resource.resource_type.value.clone(),
                properties,
                dependencies: std::mem::take(&mut evaluator.dependencies),
                deletion_policy: resource.deletion_policy,
                update_replace_policy: resource.update_replace_policy,
                delete_first: resource.delete_first,
            },
        );
    }
    out
}

fn outputs(evaluator: &mut Evaluator<'_>) -> BTreeMap<String, DesiredOutput> {
    let mut out = BTreeMap::new();
    let template = evaluator.template;
    for (name, output) in &template.outputs {
        if !evaluator.holds(output.condition.as_ref()) {
            continue;
        }
        let Ok(Some(value)) = evaluator.value(&output.value) else { continue };
        let value = match value.with_dynamic_references(&PropertyPath::root()) {
            Ok(value) => value,
            Err(error) => {
                let error = Diagnostic::error("dynamic-reference", error.to_string());
                evaluator.diagnostics.push(error.at(output.value.span, ""));
                continue;
            }
        };
        if matches!(value, Value::Map(_) | Value::List(_) | Value::Null) {
            let message = format!("the output `{name}` must be text");
            let error = Diagnostic::error("output-kind", message).at(output.value.span, "");
            evaluator.diagnostics.push(error.help("join a list with `Fn::Join`"));
            continue;
        }
        let export = output.export.as_ref().and_then(|e| evaluator.value(e).ok().flatten());
        let description = output.description.clone();
        out.insert(name.clone(), DesiredOutput { value, description, export });
    }
    out
}
