//! Evaluation: parameters and conditions decided, intrinsics applied, what is not known deferred.

mod arn_as_name;
mod aws_kind;
mod budget;
mod condition;
mod constraint;
mod depth;
mod duplicates;
mod expression;
mod extension;
mod external;
mod finding;
mod key_case;
mod mapping;
mod nested;
mod order;
mod parameter;
mod policy;
mod policy_size;
mod presence;
mod properties;
mod quotas;
mod rules;
mod secret_names;
mod stored;
mod templates;
mod text_references;
mod unresolved;
mod wait_condition;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rstack_model::desired::{Desired, DesiredOutput, DesiredResource};
use rstack_model::state::Environment;
use rstack_model::value::Lookup;
use rstack_model::value::redact::has_secret;
use rstack_model::{
    Address, Code, Diagnostic, Digest, Importer, Presence, PropertyPath, SecretString, Span,
    StackName, Value, ValueMap, shown_address,
};

pub use self::constraint::has_large_pattern;
use self::expression::Evaluator;
pub use self::external::ExternalValues;
use self::finding::{Findings, Reported};
pub use self::nested::WantedFile;
use self::nested::{NestedStack, Progress};
use self::parameter::Passed;
pub(crate) use self::parameter::{is_list, items};
pub use self::templates::Templates;
use crate::check::cycles;
use crate::include::Included;
use crate::template::{Expression, ExpressionKind, Output, Resource, SubPart, Template};

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
    /// The files of nested stacks whose text is missing: with them the template is to be evaluated again,
    /// and nothing else of this evaluation is of use.
    pub wanted: Vec<WantedFile>,
    /// The templates of nested stacks that are not fetched: nothing of these stacks is in `desired`.
    pub left_out: Vec<WantedFile>,
    /// The files of nested stacks, and where their places begin.
    pub files: Vec<Included>,
    /// The templates of nested stacks, by the addresses of these.
    pub nested: BTreeMap<Address, Template>,
    /// The locations of these templates: a path relative to the stack's own template, or an address.
    pub locations: BTreeMap<Address, String>,
    /// The tags that nested stacks give to their resources, by the addresses of the stacks.
    pub nested_tags: BTreeMap<Address, BTreeMap<String, String>>,
    /// The parts of the template that are in the stack, and those that are not.
    pub presence: Presence,
    /// The findings, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

/// The resources and outputs of one template, with the resources of its nested stacks.
struct Level {
    resources: BTreeMap<Address, DesiredResource>,
    outputs: BTreeMap<String, DesiredOutput>,
}

/// Evaluates a template. One that was read with errors is evaluated to find more of them.
pub fn evaluate(template: &Template, inputs: &Inputs<'_>) -> Evaluation {
    let mut findings = Findings::new(template.has_errors);
    let mut lookups = BTreeMap::new();
    let none = Passed::default();
    let parameters = parameter::values(template, inputs, &none, &mut lookups, &mut findings);
    let mut evaluator = Evaluator::new(template, inputs, parameters, findings);
    evaluator.lookups = lookups;
    let Level { resources, mut outputs } = level(&mut evaluator);
    outputs.append(&mut evaluator.exports);
    exported_twice(&mut evaluator, &outputs);
    // The user may allow them: they do not stand in the way of an evaluation.
    let secret_names = secret_names::check(&evaluator, &resources, &outputs);
    let presence = presence::of(&mut evaluator);
    let template_digest = digest(template, &evaluator.digests);
    let Evaluator { mut findings, parameters, lookups, imports, .. } = evaluator;
    let Evaluator { files, templates: nested, nested_tags, mut nested_secrets, .. } = evaluator;
    let Evaluator { locations, creation_limits, .. } = evaluator;
    let (files, [wanted, left_out]) = files.into_parts();
    let complete = !findings.failed() && wanted.is_empty();
    let desired = complete.then(|| Desired {
        stack: inputs.stack.clone(),
        template_digest,
        parameters: parameters.shown(),
        given: BTreeMap::new(),
        kept: BTreeSet::new(),
        resources,
        outputs,
        imports,
        awaits: BTreeSet::new(),
        assets: Vec::new(),
        images: Vec::new(),
        templates: BTreeMap::new(),
        creation_limits,
    });
    findings.list().extend(secret_names);
    let diagnostics = findings.into_sorted();
    let mut secrets = parameters.secrets;
    secrets.append(&mut nested_secrets);
    Evaluation {
        desired,
        secrets,
        lookups,
        wanted,
        left_out,
        files,
        nested,
        locations,
        nested_tags,
        presence,
        diagnostics,
    }
}

/// The digest of a template and of those of its nested stacks.
fn digest(template: &Template, nested: &BTreeMap<String, Digest>) -> Digest {
    if nested.is_empty() {
        return template.digest.clone();
    }
    let mut text = template.digest.to_string();
    for (location, digest) in nested {
        text.push_str(&format!("\n{digest} {}", shown_address(location)));
    }
    Digest::of(text.as_bytes())
}

/// Evaluates the template of an evaluator.
fn level(evaluator: &mut Evaluator<'_>) -> Level {
    order::decide_all(evaluator);
    rules::check(evaluator);
    let Resources { mut own, nested, mut dependencies } = resources(evaluator);
    let ordered = text_references::order(evaluator, &mut own, &mut dependencies);
    let duplicates = duplicates::check(evaluator, &mut own);
    let quotas = quotas::check(evaluator, &own);
    let policy_sizes = policy_size::check(evaluator, &own);
    let outputs = outputs(evaluator);
    let more = duplicates.into_iter().chain(quotas).chain(policy_sizes);
    let list = evaluator.findings.list();
    list.extend(ordered.into_iter().chain(more));
    let resources = match cycles(evaluator.template, &dependencies, list) {
        true => BTreeMap::new(),
        false => nested::expand(own, &nested),
    };
    Level { resources, outputs }
}

/// The resources of one template whose condition holds, and the dependencies of each, also of those that
/// could not be evaluated: that is reported, and nothing is planned.
#[derive(Default)]
struct Resources {
    own: BTreeMap<Address, DesiredResource>,
    nested: BTreeMap<Address, Rc<NestedStack>>,
    dependencies: BTreeMap<Address, BTreeSet<Address>>,
}

fn resources(evaluator: &mut Evaluator<'_>) -> Resources {
    let template = evaluator.template;
    let mut out = Resources::default();
    for (id, resource) in &template.resources {
        if !evaluator.holds(resource.condition.as_ref()) {
            continue;
        }
        let address = evaluator.address(id.as_str());
        if nested::is_nested(resource) {
            if let Progress::Done(Ok(stack)) = evaluator.nested(id.as_str(), resource) {
                out.dependencies.insert(address.clone(), stack.needs.clone());
                out.nested.insert(address, stack);
            }
            continue;
        }
        evaluator.importer = Importer::Resource(address.clone());
        let (desired, needs) = self::resource(evaluator, resource);
        out.dependencies.insert(address.clone(), needs);
        if let Ok(desired) = desired {
            out.own.insert(address, desired);
        }
    }
    out
}

fn resource(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
) -> (Result<DesiredResource, Reported>, BTreeSet<Address>) {
    evaluator.dependencies = BTreeSet::new();
    let properties = properties::properties(evaluator, resource);
    evaluator.depends_on(resource);
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

impl Evaluator<'_> {
    /// Adds what a resource waits for without naming it in a property.
    fn depends_on(&mut self, resource: &Resource) {
        for dependency in &resource.depends_on {
            // A dependency whose condition does not hold is none.
            if let Some(target) = self.template.resources.get(dependency.value.as_str())
                && self.holds(target.condition.as_ref())
            {
                let address = self.address(&dependency.value);
                self.dependencies.insert(address);
            }
        }
        if let Some(metadata) = &resource.metadata {
            self.depends_on_parts(metadata, resource);
        }
    }

    /// Adds the resources that a part of the metadata of a resource refers to. Of `Fn::If` it is the part whose
    /// condition holds, by which a resource waits for another one under a condition.
    fn depends_on_parts(&mut self, part: &Expression, of: &Resource) {
        let mut names: Vec<&str> = Vec::new();
        match &part.kind {
            ExpressionKind::If { condition, then, otherwise } => {
                if self.template.conditions.contains_key(&condition.value) {
                    let holds = self.holds(Some(condition));
                    self.depends_on_parts(if holds { then } else { otherwise }, of);
                }
                return;
            }
            ExpressionKind::Ref(name) => names.push(&name.value),
            ExpressionKind::GetAtt { logical_id, .. } => names.push(&logical_id.value),
            ExpressionKind::Sub { parts, variables } => {
                let used = SubPart::names(parts, variables);
                names.extend(used.filter_map(|name| name.value.split('.').next()));
            }
            _ => {}
        }
        for name in names {
            if let Some(target) = self.template.resources.get(name)
                && target.name_span != of.name_span
                && self.holds(target.condition.as_ref())
            {
                let address = self.address(name);
                self.dependencies.insert(address);
            }
        }
        part.parts().into_iter().for_each(|part| self.depends_on_parts(part, of));
    }
}

fn outputs(evaluator: &mut Evaluator<'_>) -> BTreeMap<String, DesiredOutput> {
    let mut out = BTreeMap::new();
    let template = evaluator.template;
    for (name, output) in &template.outputs {
        if !evaluator.holds(output.condition.as_ref()) {
            continue;
        }
        evaluator.importer = Importer::Output(evaluator.address(name).to_string());
        // As with resources.
        if let Ok(desired) = self::output(evaluator, name, output) {
            out.insert(name.clone(), desired);
        }
    }
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
    let mut made = None;
    value.visit_attributes(&mut |of| made = Some(of.address.clone()));
    if let Some(made) = made {
        let message = format!("the name of an export cannot depend on the resource `{made}`");
        let error = Diagnostic::error(Code::ExportName, message).at(export.span, "");
        let help = "make it of parameters and pseudo parameters, such as `${AWS::StackName}-Queue`";
        return Err(evaluator.findings.report(error.help(help)));
    }
    if has_secret(&value) {
        let message = "the name of an export cannot hold a secret";
        let error = Diagnostic::error(Code::ExportName, message).at(export.span, "");
        let help = "every stack can see the names of exports: take the secret out of this one";
        return Err(evaluator.findings.report(error.help(help)));
    }
    Ok(value)
}
