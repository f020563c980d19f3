//! Evaluation: parameters and conditions decided, intrinsics applied, what is not known deferred.

mod budget;
mod condition;
mod constraint;
mod depth;
mod duplicates;
mod expression;
mod extension;
mod external;
mod finding;
mod mapping;
mod order;
mod parameter;
mod policy;
mod policy_size;
mod properties;
mod quotas;
mod rules;
mod secret_names;
mod stored;
mod text_references;

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::{Desired, DesiredOutput, DesiredResource};
use rstack_model::state::Environment;
use rstack_model::value::Lookup;
use rstack_model::value::redact::has_secret;
use rstack_model::{
    Address, Code, Diagnostic, Importer, PropertyPath, SecretString, Span, StackName, Value,
    ValueMap,
};

pub use self::constraint::has_large_pattern;
use self::expression::Evaluator;
pub use self::external::ExternalValues;
use self::finding::{Findings, Reported};
pub(crate) use self::parameter::{is_list, items};
use crate::check::cycles;
use crate::template::{Expression, Output, Resource, Template};

/// The inputs of the evaluation of a template.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The stack.
    pub stack: &'a StackName,
    /// Where it is going to live.
    pub environment: &'a Environment,
    /// The values given for parameters.
    pub parameters: &'a BTreeMap<String, String>,
    /// Values from outside of the template.
    pub external: &'a ExternalValues,
}

/// The outcome of an evaluation.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The resources and outputs of the template; `None` if there was an error.
    pub desired: Option<Desired>,
    /// The values of the `NoEcho` parameters, by name.
    pub secrets: BTreeMap<String, SecretString>,
    /// The questions that the cloud has to be asked first, and their places: with the answers the
    /// template is to be evaluated again. Until then values of `desired` are not known, and
    /// everything with an undecided condition is in it.
    pub lookups: BTreeMap<Lookup, Span>,
    /// The findings, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

/// Evaluates a template. One that was read with errors is evaluated to find more of them.
pub fn evaluate(template: &Template, inputs: &Inputs<'_>) -> Evaluation {
    let mut findings = Findings::new(template.has_errors);
    let mut lookups = BTreeMap::new();
    let parameters = parameter::values(template, inputs, &mut lookups, &mut findings);
    let mut evaluator = Evaluator::new(template, inputs, parameters, findings);
    evaluator.lookups = lookups;
    order::decide_all(&mut evaluator);
    rules::check(&mut evaluator);
    let (mut resources, mut dependencies) = resources(&mut evaluator);
    let ordered = text_references::order(&evaluator, &mut resources, &mut dependencies);
    let duplicates = duplicates::check(&evaluator, &mut resources);
    let quotas = quotas::check(&evaluator, &resources);
    let policy_sizes = policy_size::check(&evaluator, &resources);
    let outputs = outputs(&mut evaluator);
    // The user may allow them: they do not stand in the way of an evaluation.
    let secret_names = secret_names::check(&evaluator, &resources, &outputs);
    let Evaluator { mut findings, parameters, lookups, imports, .. } = evaluator;
    let more = duplicates.into_iter().chain(quotas).chain(policy_sizes);
    findings.list().extend(ordered.into_iter().chain(more));
    cycles(template, &dependencies, findings.list());
    let desired = (!findings.failed()).then(|| Desired {
        stack: inputs.stack.clone(),
        template_digest: template.digest.clone(),
        parameters: parameters.shown(),
        resources,
        outputs,
        imports,
        awaits: BTreeSet::new(),
    });
    findings.list().extend(secret_names);
    let diagnostics = findings.into_sorted();
    Evaluation { desired, secrets: parameters.secrets, lookups, diagnostics }
}

/// The resources whose condition holds, and the dependencies of each, also of those that could not
/// be evaluated: that is reported, and nothing is planned.
fn resources(
    evaluator: &mut Evaluator<'_>,
) -> (BTreeMap<Address, DesiredResource>, BTreeMap<Address, BTreeSet<Address>>) {
    let template = evaluator.template;
    let (mut out, mut dependencies) = (BTreeMap::new(), BTreeMap::new());
    for (id, resource) in &template.resources {
        if !evaluator.holds(resource.condition.as_ref()) {
            continue;
        }
        let address = Address::from(id);
        evaluator.importer = Importer::Resource(address.clone());
        let (desired, needs) = self::resource(evaluator, resource);
        dependencies.insert(address.clone(), needs);
        if let Ok(desired) = desired {
            out.insert(address, desired);
        }
    }
    (out, dependencies)
}

fn resource(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
) -> (Result<DesiredResource, Reported>, BTreeSet<Address>) {
    evaluator.dependencies = BTreeSet::new();
    let properties = properties::properties(evaluator, resource);
    for dependency in &resource.depends_on {
        // A dependency whose condition does not hold is none.
        if let Some(target) = evaluator.template.resources.get(dependency.value.as_str())
            && evaluator.holds(target.condition.as_ref())
        {
            evaluator.dependencies.insert(Address::new(dependency.value.as_str()));
        }
    }
    let dependencies = std::mem::take(&mut evaluator.dependencies);
    // The policies are checked also where the properties have mistakes.
    let none = ValueMap::new();
    let known = properties.as_ref().unwrap_or(&none);
    let update_replace_policy = policy::update_replace(evaluator, resource, known);
    let desired = properties.and_then(|properties| {
        let deletion_policy = policy::deletion(evaluator, resource, &properties)?;
        Ok(DesiredResource {
            resource_type: resource.resource_type.value.clone(),
            properties,
            dependencies: dependencies.clone(),
            deletion_policy,
            update_replace_policy: update_replace_policy?,
            delete_first: resource.delete_first,
        })
    });
    (desired, dependencies)
}

fn outputs(evaluator: &mut Evaluator<'_>) -> BTreeMap<String, DesiredOutput> {
    let mut out = BTreeMap::new();
    let template = evaluator.template;
    for (name, output) in &template.outputs {
        if !evaluator.holds(output.condition.as_ref()) {
            continue;
        }
        evaluator.importer = Importer::Output(name.clone());
        // As with resources.
        if let Ok(desired) = self::output(evaluator, name, output) {
            out.insert(name.clone(), desired);
        }
    }
    exported_twice(evaluator, &out);
    out
}

/// Reports outputs that are exported under the name of another one.
fn exported_twice(evaluator: &mut Evaluator<'_>, outputs: &BTreeMap<String, DesiredOutput>) {
    let mut exported: BTreeMap<String, &str> = BTreeMap::new();
    for (name, output) in outputs {
        let Some(export) = &output.export else { continue };
        let Some(first) = exported.insert(export.to_string(), name) else { continue };
        let declared = evaluator.template.outputs.get(name).and_then(|it| it.export.as_ref());
        let span = declared.map(|export| export.span).unwrap_or_default();
        let message = format!("the outputs `{first}` and `{name}` have the same export name");
        let error = Diagnostic::error(Code::ExportName, message).at(span, "");
        evaluator.findings.report(error.help("give each export a name of its own"));
    }
}

fn output(
    evaluator: &mut Evaluator<'_>,
    name: &str,
    output: &Output,
) -> Result<DesiredOutput, Reported> {
    let export = output.export.as_ref().map(|export| export_name(evaluator, export)).transpose();
    let span = output.value.span;
    let value = evaluator.needed(&output.value)?;
    let answers = &evaluator.inputs.external.answers;
    let value = value.with_dynamic_references(&PropertyPath::root(), answers).map_err(|error| {
        let error = Diagnostic::error(Code::DynamicReference, error.to_string()).at(span, "");
        evaluator.findings.report(error)
    })?;
    evaluator.note_lookups(&value, span);
    if matches!(value, Value::Map(_) | Value::List(_) | Value::Null) {
        let message = format!("the output `{name}` must be text");
        let error = Diagnostic::error(Code::OutputKind, message).at(span, "");
        return Err(evaluator.findings.report(error.help("join a list with `Fn::Join`")));
    }
    if !depth::fits(&value) {
        let message = format!("the functions of the output `{name}` are nested too deeply");
        return Err(evaluator
            .findings
            .report(Diagnostic::error(Code::Depth, message).at(span, "")));
    }
    Ok(DesiredOutput { value, description: output.description.clone(), export: export? })
}

fn export_name(evaluator: &mut Evaluator<'_>, export: &Expression) -> Result<Value, Reported> {
    let value = evaluator.needed(export)?;
    if matches!(value, Value::Map(_) | Value::List(_) | Value::Null) {
        let error = Diagnostic::error(Code::ExportName, "the name of an export must be text");
        return Err(evaluator.findings.report(error.at(export.span, "")));
    }
    if has_secret(&value) {
        let message = "the name of an export cannot hold a secret";
        let error = Diagnostic::error(Code::ExportName, message).at(export.span, "");
        let help = "every stack can see the names of exports: take the secret out of this one";
        return Err(evaluator.findings.report(error.help(help)));
    }
    Ok(value)
}
