//! Nested stacks: resources of the type `AWS::CloudFormation::Stack`. Their resources become resources of
//! the parent, under an address that begins with the nested stack's: one plan, one order, one rollback.
//!
//! A nested stack is evaluated where its parent first needs it, with the values that the parent passes:
//! they may be unknown or secret. A reference to one of its outputs is the value of that output. The order
//! is that of CloudFormation: its resources wait for everything that the nested stack names, and what
//! names it waits for all its resources.
//!
//! Source: "Embed stacks within other stacks using nested stacks", AWS CloudFormation User Guide.

mod expand;
mod files;
mod location;
mod pass;
mod policy;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use rstack_model::desired::{DesiredOutput, DesiredResource};
use rstack_model::{
    Address, Code, Diagnostic, Importer, Span, StackName, Value, ValueMap, nested_stack_name,
    shown_address,
};

pub(super) use self::expand::expand;
pub(super) use self::files::NestedFiles;
pub use self::files::WantedFile;
use super::expression::Evaluator;
use super::finding::Reported;
use super::parameter::{self, Passed};
use super::{Inputs, Level, level, properties};
use crate::syntax::Spanned;
use crate::template::{Resource, Template};
use crate::{Parsed, Reading, parse_at};

/// The type of nested stacks.
const STACK: &str = "AWS::CloudFormation::Stack";
/// The number of nested stacks that may lie in each other.
const MAX_DEPTH: usize = 8;
/// The number of nested stacks of one stack.
const MAX_STACKS: usize = 200;
/// The bytes of the templates of all nested stacks, each as often as it is nested.
const MAX_TEXT: usize = 32 << 20;

/// The resources and outputs of a nested stack.
#[derive(Debug)]
pub(super) struct NestedStack {
    /// The resources that the nested stack itself needs, at the level of its parent.
    pub(super) needs: BTreeSet<Address>,
    /// Its resources, also those of the stacks nested in it.
    pub(super) resources: BTreeMap<Address, DesiredResource>,
    /// Its outputs.
    outputs: BTreeMap<String, DesiredOutput>,
}

/// The progress of a nested stack.
#[derive(Clone, Debug)]
pub(super) enum Progress {
    /// It is being evaluated: to meet it again is a circle.
    Open,
    /// The text of its template is missing: everything is to be evaluated again.
    Missing,
    /// It has been evaluated.
    Done(Result<Rc<NestedStack>, Reported>),
}

/// True if a resource is a nested stack.
pub(super) fn is_nested(resource: &Resource) -> bool {
    resource.resource_type.value.as_str() == STACK
}

impl<'a> Evaluator<'a> {
    /// Evaluates a nested stack of the template, at its first use.
    pub(super) fn nested(&mut self, id: &str, resource: &Resource) -> Progress {
        match self.nested.get(id) {
            Some(Progress::Open) => {
                let message = format!("the nested stack `{id}` needs its own outputs");
                let error = Diagnostic::error(Code::Cycle, message).at(resource.name_span, "");
                let help = "take the reference to its outputs out of its properties";
                return Progress::Done(Err(self.report(error.help(help))));
            }
            Some(known) => return known.clone(),
            None => {}
        }
        self.nested.insert(id.to_owned(), Progress::Open);
        let dependencies = std::mem::take(&mut self.dependencies);
        let address = self.address(id);
        let importer = std::mem::replace(&mut self.importer, Importer::Resource(address.clone()));
        let progress = match self.nested_stack(id, &address, resource) {
            Ok(Some(stack)) => Progress::Done(Ok(Rc::new(stack))),
            Ok(None) => Progress::Missing,
            Err(reported) => Progress::Done(Err(reported)),
        };
        self.dependencies = dependencies;
        self.importer = importer;
        self.nested.insert(id.to_owned(), progress.clone());
        progress
    }

    /// The value of an attribute of a nested stack.
    pub(super) fn nested_attribute(
        &mut self,
        (id, resource): (&Spanned<String>, &Resource),
        attribute: &Spanned<String>,
    ) -> Result<Value, Reported> {
        let Some(name) = attribute.value.strip_prefix("Outputs.") else {
            if attribute.value == "StackId" {
                return Ok(Value::from(self.nested_id(&id.value)));
            }
            let message = format!("`{}` of a nested stack is not supported", attribute.value);
            let error = Diagnostic::error(Code::UnknownAttribute, message).at(attribute.span, "");
            return Err(self.report(error.help("take an output: `!GetAtt Nested.Outputs.NAME`")));
        };
        match self.nested(&id.value, resource) {
            Progress::Done(stack) => {
                let stack = stack?;
                if let Some(output) = stack.outputs.get(name) {
                    return Ok(output.value.clone());
                }
                let names = stack.outputs.keys().map(String::as_str);
                let near = self.findings.list().suggestion(name, names.clone());
                let message = format!("the nested stack `{}` has no output `{name}`", id.value);
                let error = Diagnostic::error(Code::UnknownAttribute, message);
                let error = error.at(attribute.span, "");
                let known: Vec<&str> = names.collect();
                Err(self.report(match near {
                    Some(near) => error.help(near),
                    None if known.is_empty() => error.help("its template has no outputs"),
                    None => error.help(format!("its outputs are {}", known.join(", "))),
                }))
            }
            Progress::Missing | Progress::Open => Ok(properties::unknown()),
        }
    }

    /// The ID of a nested stack: what `Ref` returns.
    pub(super) fn nested_id(&self, id: &str) -> String {
        rstack_model::stack_id(self.inputs.environment, &self.nested_name(id))
    }

    /// The name of a nested stack.
    fn nested_name(&self, id: &str) -> StackName {
        nested_stack_name(self.inputs.stack, id)
    }

    /// A nested stack; `None` if the text of its template is missing.
    fn nested_stack(
        &mut self,
        id: &str,
        address: &Address,
        resource: &Resource,
    ) -> Result<Option<NestedStack>, Reported> {
        let properties = properties::properties(self, resource);
        self.depends_on(resource);
        self.nested_before(resource);
        let needs = std::mem::take(&mut self.dependencies);
        let properties = properties?;
        self.bounded(resource.name_span)?;
        let policy = policy::of(self, resource, &properties)?;
        self.note_settings((address, resource), &properties)?;
        let Some(location) = self.location((address, resource), &properties)? else {
            return Ok(None);
        };
        if self.inputs.external.not_fetched.contains(&location.value) {
            let (stack, at) = (address.clone(), location.span);
            let location = location.value;
            self.files.leave_out(WantedFile { location, stack, at, is_template: true });
            return Ok(None);
        }
        let Some(parsed) = self.parse_nested((id, address), &location, &properties)? else {
            return Ok(None);
        };
        let errors = parsed.diagnostics.iter().any(Diagnostic::is_error);
        let is_template = files::is_template(&parsed);
        self.findings.list().extend(parsed.diagnostics);
        let Some(template) = parsed.template.filter(|_| is_template) else {
            return Err(self.unread(errors, resource, &location));
        };
        let passed = self.pass((id, address), resource, &template, &properties)?;
        let mut level = self.enter((id, address), &location.value, &template, &passed);
        level.resources.values_mut().for_each(|child| policy.apply(child));
        self.digests.insert(location.value.clone(), template.digest.clone());
        self.locations.insert(address.clone(), location.value);
        self.templates.insert(address.clone(), template);
        let Level { resources, outputs, .. } = level;
        Ok(Some(NestedStack { needs, resources, outputs }))
    }

    /// Parses the template of a nested stack with the files that it includes; `None` if a text is missing.
    ///
    /// # Errors
    /// If the template was fetched and includes files, which is reported.
    fn parse_nested(
        &mut self,
        (id, address): (&str, &Address),
        location: &Spanned<String>,
        properties: &ValueMap,
    ) -> Result<Option<Parsed>, Reported> {
        let texts: &'a BTreeMap<String, Arc<str>> = &self.inputs.external.templates;
        let wanted = |location: String, at, is_template| {
            let stack = address.clone();
            WantedFile { location, stack, at, is_template }
        };
        let Some(text) = texts.get(&location.value) else {
            self.files.want(wanted(location.value.clone(), location.span, true));
            return Ok(None);
        };
        let is_fetched = self.inputs.external.fetched.contains(&location.value);
        let mut reading = self.reading(id, properties);
        let folder = location::folder(&location.value);
        let base = self.files.base(&location.value);
        let parsed = loop {
            let parsed = parse_at(text, &reading, base);
            if parsed.missing.is_empty() {
                break parsed;
            }
            let mut complete = true;
            if let (true, Some(file)) = (is_fetched, parsed.missing.first()) {
                let (name, at) = (&file.value, file.span);
                self.files.parsed(&location.value, text.len(), &parsed);
                return Err(self.names_file(Code::Include, address, name, at));
            }
            for missing in &parsed.missing {
                let (at, name) = (missing.span, missing.value.clone());
                let file = location::beside(folder, &name);
                match texts.get(&file) {
                    Some(text) => {
                        reading.includes.insert(name, text.to_string());
                    }
                    None => {
                        self.files.want(wanted(file, at, false));
                        complete = false;
                    }
                }
            }
            if !complete {
                return Ok(None);
            }
        };
        self.files.parsed(&location.value, text.len(), &parsed);
        Ok(Some(parsed))
    }

    /// Reports that a template which was fetched names a file: it may come from anywhere, and reads nothing of
    /// this machine.
    fn names_file(&mut self, code: Code, stack: &Address, name: &str, at: Span) -> Reported {
        let message =
            format!("the template of `{stack}` was fetched, and cannot use the file `{name}`");
        let error = Diagnostic::error(code, message).at(at, "");
        self.report(
            error.help("name it by its whole address, or take the template into the project"),
        )
    }

    /// Evaluates the template of a nested stack, with all that is counted and found in common.
    fn enter(
        &mut self,
        (id, address): (&str, &Address),
        location: &str,
        template: &Template,
        passed: &Passed,
    ) -> Level {
        let stack = self.nested_name(id);
        let inputs = Inputs { stack: &stack, parameters: &passed.texts, ..*self.inputs };
        let mut findings = self.findings.take(template.has_errors);
        let mut lookups = BTreeMap::new();
        let parameters = parameter::values(template, &inputs, passed, &mut lookups, &mut findings);
        let mut child = Evaluator::new(template, &inputs, parameters, findings);
        child.lookups = lookups;
        child.path = Some(address.clone());
        child.depth = self.depth + 1;
        child.budget = self.budget;
        child.custom = self.custom_resources();
        child.own_exports = self.own_exports.clone();
        child.files = std::mem::take(&mut self.files);
        child.folder = location::folder(location).to_owned();
        child.is_fetched = self.inputs.external.fetched.contains(location);
        let level = level(&mut child);
        self.budget = child.budget;
        self.files = child.files;
        self.findings.give_back(child.findings);
        self.lookups.extend(child.lookups);
        self.templates.append(&mut child.templates);
        self.digests.append(&mut child.digests);
        self.locations.append(&mut child.locations);
        self.creation_limits.append(&mut child.creation_limits);
        self.nested_tags.append(&mut child.nested_tags);
        self.nested_secrets.append(&mut child.parameters.secrets);
        self.nested_secrets.append(&mut child.nested_secrets);
        rstack_model::add_imports(&mut self.imports, &child.imports);
        self.own_exports = child.own_exports;
        self.own_exports.extend(level.outputs.values().filter_map(|output| {
            Some((output.export.as_ref()?.as_str()?.to_owned(), output.value.clone()))
        }));
        self.exports.append(&mut child.exports);
        self.exports.extend(exports(address, &level.outputs));
        level
    }

    /// Evaluates the nested stacks that one waits for: it may import what they export.
    fn nested_before(&mut self, resource: &Resource) {
        for name in &resource.depends_on {
            let template: &'a Template = self.template;
            if let Some(other) = template.resources.get(name.value.as_str())
                && is_nested(other)
                && self.holds(other.condition.as_ref())
                && !matches!(self.nested.get(&name.value), Some(Progress::Open))
            {
                self.nested(&name.value, other);
            }
        }
    }

    fn bounded(&mut self, at: Span) -> Result<(), Reported> {
        if let Some(reported) = self.files.full {
            return Err(reported);
        }
        let message = if self.depth >= MAX_DEPTH {
            format!("more than {MAX_DEPTH} stacks are nested in each other")
        } else if self.files.stacks() >= MAX_STACKS {
            format!("the stack has more than {MAX_STACKS} nested stacks")
        } else if self.files.read() >= MAX_TEXT {
            let size = MAX_TEXT >> 20;
            format!("the templates of the nested stacks have together more than {size} MiB")
        } else {
            return Ok(());
        };
        let error = Diagnostic::error(Code::NestedStack, message).at(at, "");
        let help = "does a template nest itself? otherwise split the stack";
        let reported = self.report(error.help(help));
        self.files.full = Some(reported);
        Err(reported)
    }

    /// The known values with which the template is read: they decide what its loops make.
    fn reading(&self, id: &str, properties: &ValueMap) -> Reading {
        let known = |(name, value): (&String, &Value)| Some((name.clone(), pass::text(value)?));
        let parameters = properties.get("Parameters").and_then(Value::as_map);
        Reading {
            parameters: parameters.into_iter().flatten().filter_map(known).collect(),
            pseudo: Reading::place(self.inputs.environment, &self.nested_name(id)),
            includes: BTreeMap::new(),
        }
    }

    /// Reports that the template of a nested stack cannot be read, unless its findings say why.
    fn unread(
        &mut self,
        reported: bool,
        resource: &Resource,
        location: &Spanned<String>,
    ) -> Reported {
        if reported {
            return self.findings.reported_before();
        }
        let message = format!("the template `{}` cannot be read", shown_address(&location.value));
        self.report(Diagnostic::error(Code::NestedStack, message).at(resource.name_span, ""))
    }
}

/// The outputs of a nested stack that are exported: the stack exports them.
fn exports(
    address: &Address,
    outputs: &BTreeMap<String, DesiredOutput>,
) -> BTreeMap<String, DesiredOutput> {
    let exported = outputs.iter().filter(|(_, output)| output.export.is_some());
    exported.map(|(name, output)| (format!("{address}/{name}"), output.clone())).collect()
}
