//! The template: sections, resources and expressions with their places, not yet evaluated.

mod expression;
mod function;
mod outputs;
mod parameters;
mod place;
mod read;
mod resources;
mod rules;
mod section;
mod transform;
mod unquoted;

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::{Digest, LogicalId, ResourceType, Span, Value};

pub use expression::{Expression, ExpressionKind, SubPart};
pub(crate) use parameters::is_true;
pub(crate) use place::{key_place, value_place};
pub(crate) use read::read;
pub(crate) use section::SERVERLESS;
pub(crate) use transform::{Dialect, dialect, untranslated};
pub(crate) use unquoted::unquoted;

use crate::syntax::Spanned;

/// Two-level lookup tables, by map name, top-level key and second-level key.
pub type Mappings = BTreeMap<String, BTreeMap<String, BTreeMap<String, Value>>>;

/// A template as it was written.
#[derive(Clone, Debug)]
pub struct Template {
    /// Digest of its text.
    pub digest: Digest,
    /// Its description of itself.
    pub description: Option<String>,
    /// Its parameters, by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// Its lookup tables.
    pub mappings: Mappings,
    /// Its conditions, by name.
    pub conditions: BTreeMap<String, Condition>,
    /// Its resources.
    pub resources: BTreeMap<LogicalId, Resource>,
    /// Its outputs, by name.
    pub outputs: BTreeMap<String, Output>,
    /// The rules that its parameters must fulfil together, by name.
    pub rules: BTreeMap<String, Rule>,
    /// True if the rule by which the CDK guards its own bootstrap stack is passed over.
    pub passes_bootstrap: bool,
    /// The place behind its text and those of the files that it includes.
    pub(crate) end: usize,
    /// True if reading it has reported errors: something of it may be missing here.
    pub(crate) has_errors: bool,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Where its name stands.
    pub name_span: Span,
    /// Its type, such as `String` or `AWS::SSM::Parameter::Value<String>`.
    pub kind: Spanned<String>,
    /// Its value when none is given.
    pub default: Option<Spanned<String>>,
    /// Its description in the template.
    pub description: Option<String>,
    /// True if its value is a secret.
    pub no_echo: bool,
    /// The only values it may have.
    pub allowed_values: Option<Vec<String>>,
    /// The regular expression its value must match as a whole.
    pub allowed_pattern: Option<Spanned<String>>,
    /// The shortest and the longest value, in characters.
    pub length: (Option<usize>, Option<usize>),
    /// The smallest and the largest value.
    pub range: (Option<f64>, Option<f64>),
    /// The message for a value that breaks a rule.
    pub constraint_description: Option<String>,
}

/// One condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Where its name stands.
    pub name_span: Span,
    /// When it holds; `None` if that could not be read, which has been reported.
    pub expression: Option<Expression>,
}

/// One resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Where its logical ID stands.
    pub name_span: Span,
    /// Where all of it stands, from its logical ID on.
    pub span: Span,
    /// Its type.
    pub resource_type: Spanned<ResourceType>,
    /// Its properties: a map, or `Fn::If` between maps. `None` if they could not be read, which has
    /// been reported: the resource is there nevertheless, for those who refer to it.
    pub properties: Option<Expression>,
    /// The resources it waits for without naming them in a property.
    pub depends_on: Vec<Spanned<String>>,
    /// Its metadata, if a reference is in them: the resource waits for what they refer to.
    pub metadata: Option<Expression>,
    /// The condition under which it exists.
    pub condition: Option<Spanned<String>>,
    /// The fate of the object when the resource leaves the template.
    pub deletion_policy: Option<Expression>,
    /// The fate of the old object when it is replaced.
    pub update_replace_policy: Option<Expression>,
    /// True if its metadata allow deleting the old object first.
    pub delete_first: bool,
    /// The entries of its `UpdatePolicy`.
    pub update_policy: Vec<Spanned<String>>,
    /// The file that the CDK made for one of its properties, and the name of the property: both out of
    /// its metadata.
    pub asset: Option<Asset>,
}

/// The file that the CDK made for a property of a resource.
///
/// Source: "Assets", AWS CDK Developer Guide: the metadata `aws:asset:path` and `aws:asset:property`.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The path of the file, relative to the template.
    pub path: Spanned<String>,
    /// The property; `None` if the metadata name none.
    pub property: Option<String>,
}

/// One output.
#[derive(Clone, Debug)]
pub struct Output {
    /// Where its name stands.
    pub name_span: Span,
    /// Its value.
    pub value: Expression,
    /// Its description in the template.
    pub description: Option<String>,
    /// The name it is exported under.
    pub export: Option<Expression>,
    /// The condition under which it exists.
    pub condition: Option<Spanned<String>>,
}

/// A rule about parameters.
#[derive(Clone, Debug)]
pub struct Rule {
    /// When its assertions must hold; always if there is none.
    pub condition: Option<Expression>,
    /// The conditions that must hold.
    pub assertions: Vec<Assertion>,
}

/// One assertion of a rule.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The condition that must hold.
    pub assert: Expression,
    /// The message if it does not.
    pub description: Option<String>,
}

impl Template {
    /// The names of the parameters that some expression uses.
    pub fn used_parameters(&self) -> BTreeSet<&str> {
        let mut used = BTreeSet::new();
        self.visit_expressions(&mut |expression| {
            expression.visit(&mut |part| match &part.kind {
                ExpressionKind::Ref(name) if self.parameters.contains_key(&name.value) => {
                    used.insert(name.value.as_str());
                }
                // It may be any of them.
                ExpressionKind::RefBy(_) => used.extend(self.parameters.keys().map(String::as_str)),
                ExpressionKind::ValueOf { parameter, .. } => {
                    used.insert(parameter.value.as_str());
                }
                ExpressionKind::Sub { parts, variables } => {
                    for name in SubPart::names(parts, variables) {
                        if self.parameters.contains_key(&name.value) {
                            used.insert(name.value.as_str());
                        }
                    }
                }
                _ => {}
            });
        });
        used
    }

    /// Calls `found` for every outermost expression of the template.
    pub(crate) fn visit_expressions<'a>(&'a self, found: &mut dyn FnMut(&'a Expression)) {
        self.conditions.values().filter_map(|c| c.expression.as_ref()).for_each(&mut *found);
        for rule in self.rules.values() {
            let assertions = rule.assertions.iter().map(|assertion| &assertion.assert);
            rule.condition.iter().chain(assertions).for_each(&mut *found);
        }
        for resource in self.resources.values() {
            let policies = [&resource.deletion_policy, &resource.update_replace_policy];
            policies.into_iter().flatten().chain(&resource.properties).for_each(&mut *found);
        }
        for output in self.outputs.values() {
            found(&output.value);
            if let Some(export) = &output.export {
                found(export);
            }
        }
    }
}
