//! Evaluating expressions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;

use rstack_model::desired::DesiredOutput;
use rstack_model::value::{
    AttributeRef, FunctionError, Lookup, SecretReference, Text, TextPart, function,
};
use rstack_model::{
    Address, Code, Diagnostic, Digest, Importer, Imports, SecretString, Span, Value,
};

use super::Inputs;
use super::budget::{self, Budget};
use super::condition::{self, Decision, Undecided};
use super::finding::{Findings, Reported};
use super::nested::{NestedFiles, Progress, is_nested};
use super::parameter::ParameterValues;
use super::unresolved::NotResolved;
use super::{extension, external, rules, wait_condition};
use crate::check;
use crate::syntax::Spanned;
use crate::template::{Expression, ExpressionKind, Resource, SubPart, Template};

/// A value, or nothing at all (`AWS::NoValue`).
pub(super) type Evaluated = Result<Option<Value>, Reported>;

/// The evaluator: its inputs, the values that it has decided and the findings.
pub(super) struct Evaluator<'a> {
    pub(super) template: &'a Template,
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) parameters: ParameterValues,
    pub(super) decisions: BTreeMap<String, Decision>,
    pub(super) findings: Findings,
    pub(super) budget: Budget,
    /// The resources that the expressions so far have named.
    pub(super) dependencies: BTreeSet<Address>,
    /// The questions that the cloud has to be asked, and their places.
    pub(super) lookups: BTreeMap<Lookup, Span>,
    /// The place that is being evaluated.
    pub(super) importer: Importer,
    /// The exports that places so far have used.
    pub(super) imports: Imports,
    /// The address of the nested stack whose template this is.
    pub(super) path: Option<Address>,
    /// The number of stacks that the template is nested in.
    pub(super) depth: usize,
    /// The folder of the template, relative to the stack's own template.
    pub(super) folder: String,
    /// True if the template was fetched: it names no files.
    pub(super) is_fetched: bool,
    /// The nested stacks of the template so far, by logical ID.
    pub(super) nested: BTreeMap<String, Progress>,
    /// The files of nested stacks.
    pub(super) files: NestedFiles,
    /// The templates of nested stacks, also of those in them.
    pub(super) templates: BTreeMap<Address, Template>,
    /// The digests of these templates, by location.
    pub(super) digests: BTreeMap<String, Digest>,
    /// The locations of these templates.
    pub(super) locations: BTreeMap<Address, String>,
    /// The minutes within which nested stacks are to be created.
    pub(super) creation_limits: BTreeMap<Address, u32>,
    /// The tags that nested stacks give to their resources.
    pub(super) nested_tags: BTreeMap<Address, BTreeMap<String, String>>,
    /// The secret parameters of nested stacks, by the names of their references.
    pub(super) nested_secrets: BTreeMap<String, SecretString>,
    /// The exported outputs of nested stacks, by address.
    pub(super) exports: BTreeMap<String, DesiredOutput>,
    /// The custom resources of the stacks around this one, and of those beside it.
    pub(super) custom: BTreeSet<Address>,
    /// The exports of nested stacks so far, by name: others of the same stack may import them.
    pub(super) own_exports: BTreeMap<String, Value>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        template: &'a Template,
        inputs: &'a Inputs<'a>,
        parameters: ParameterValues,
        findings: Findings,
    ) -> Self {
        Self {
            template,
            inputs,
            parameters,
            decisions: BTreeMap::new(),
            findings,
            budget: Budget::default(),
            dependencies: BTreeSet::new(),
            lookups: BTreeMap::new(),
            importer: Importer::Template,
            imports: Imports::new(),
            path: None,
            depth: 0,
            folder: String::new(),
            is_fetched: false,
            nested: BTreeMap::new(),
            files: NestedFiles::behind(template.end),
            templates: BTreeMap::new(),
            digests: BTreeMap::new(),
            locations: BTreeMap::new(),
            creation_limits: BTreeMap::new(),
            nested_tags: BTreeMap::new(),
            nested_secrets: BTreeMap::new(),
            exports: BTreeMap::new(),
            custom: BTreeSet::new(),
            own_exports: BTreeMap::new(),
        }
    }

    /// The address of a resource of the template.
    pub(super) fn address(&self, id: &str) -> Address {
        match &self.path {
            Some(path) => Address::new(format!("{path}/{id}")),
            None => Address::new(id),
        }
    }

    /// `Fn::Split`, also around the names, ARNs and IDs of objects that are not known yet.
    pub(super) fn split(&self, delimiter: &str, text: Value) -> Result<Value, FunctionError> {
        if !text.has_unknown() {
            return function::split(delimiter, text);
        }
        let custom = self.custom_resources();
        function::split_around(delimiter, text, &|part| condition::is_one(part, &custom))
    }

    /// The custom resources of the stack so far, around this template and below it.
    pub(super) fn custom_resources(&self) -> BTreeSet<Address> {
        let mut out = self.custom.clone();
        let mut note = |stack: Option<&Address>, template: &Template| {
            let custom = template.resources.iter();
            let custom = custom.filter(|(_, resource)| resource.resource_type.value.is_custom());
            out.extend(custom.map(|(id, _)| match stack {
                Some(stack) => Address::new(format!("{stack}/{id}")),
                None => Address::new(id.as_str()),
            }));
        };
        note(self.path.as_ref(), self.template);
        self.templates.iter().for_each(|(stack, template)| note(Some(stack), template));
        out
    }

    /// The declaration of a resource of the template.
    pub(super) fn declared(&self, address: &Address) -> Option<&'a Resource> {
        self.template.resources.get(address.logical_id())
    }

    pub(super) fn report(&mut self, error: Diagnostic) -> Reported {
        self.findings.report(error)
    }

    fn function_error(&mut self, name: &str, error: &FunctionError, span: Span) -> Reported {
        let message = format!("`{name}`: {error}");
        self.report(Diagnostic::error(Code::FunctionValue, message).at(span, ""))
    }

    /// Evaluates an expression. What a function makes takes its part of what there may be.
    pub(super) fn value(&mut self, expression: &Expression) -> Evaluated {
        self.check_budget()?;
        let value = self.made(expression)?;
        let passed_on = matches!(
            expression.kind,
            ExpressionKind::Literal(_)
                | ExpressionKind::List(_)
                | ExpressionKind::Map(_)
                | ExpressionKind::If { .. }
        );
        if let Some(value) = value.as_ref().filter(|_| !passed_on) {
            self.spend(budget::weight(value), expression.span)?;
        }
        Ok(value)
    }

    fn made(&mut self, expression: &Expression) -> Evaluated {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Literal(value) => Ok(Some(value.clone())),
            ExpressionKind::List(items) => {
                let values: Vec<Evaluated> = items.iter().map(|item| self.value(item)).collect();
                let values: Result<Vec<Option<Value>>, Reported> = values.into_iter().collect();
                Ok(Some(Value::List(values?.into_iter().flatten().collect())))
            }
            ExpressionKind::Map(entries) => {
                let values: Vec<_> = entries.iter().map(|(key, e)| (key, self.value(e))).collect();
                let mut map = BTreeMap::new();
                for (key, value) in values {
                    if let Some(value) = value? {
                        map.insert(key.value.clone(), value);
                    }
                }
                Ok(Some(Value::Map(map)))
            }
            ExpressionKind::Ref(name) => self.reference(name),
            ExpressionKind::RefBy(name) => self.reference_by(name),
            ExpressionKind::GetAtt { logical_id, attribute } => {
                self.attribute(logical_id, attribute).map(Some)
            }
            ExpressionKind::GetAttBy { logical_id, attribute } => {
                self.attribute_by(logical_id, attribute).map(Some)
            }
            ExpressionKind::Sub { parts, variables } => self.sub(parts, variables, span).map(Some),
            ExpressionKind::Join { delimiter, list } => {
                let list = self.needed(list)?;
                self.spend(budget::joined_weight(delimiter, &list), span)?;
                let joined = function::join(delimiter, list);
                joined.map(Some).map_err(|e| self.function_error("Fn::Join", &e, span))
            }
            ExpressionKind::Select { index, list } => {
                let position = self.needed(index);
                let (position, list) = (position?, self.needed(list)?);
                if let Some(lookup) = external::waits(&position) {
                    return Ok(Some(Value::lookup(lookup)));
                }
                let index = self.index(&position, index.span)?;
                let selected = function::select(index, list);
                selected.map(Some).map_err(|e| self.function_error("Fn::Select", &e, span))
            }
            ExpressionKind::Split { delimiter, text } => {
                let text = self.needed(text)?;
                self.spend(budget::split_weight(delimiter, &text), span)?;
                self.note_references(&text, span, NotResolved::Split);
                let split = self.split(delimiter, text);
                split.map(Some).map_err(|e| self.function_error("Fn::Split", &e, span))
            }
            ExpressionKind::Base64(inner) => {
                let text = self.needed(inner)?;
                self.note_references(&text, span, NotResolved::Base64);
                let encoded = function::base64(text);
                encoded.map(Some).map_err(|e| self.function_error("Fn::Base64", &e, span))
            }
            ExpressionKind::If { condition, then, otherwise } => match self.decide(condition) {
                Ok(true) => self.value(then),
                Ok(false) => self.value(otherwise),
                Err(Undecided::Told(reported)) => Err(reported),
                Err(Undecided::Waits(lookup)) => {
                    let (then, otherwise) = (self.value(then), self.value(otherwise));
                    then.and(otherwise).map(|_| Some(Value::lookup(lookup)))
                }
            },
            ExpressionKind::FindInMap { map, top, second, default } => {
                self.find_in_map([map, top, second], default.as_deref())
            }
            ExpressionKind::Cidr { block, count, bits } => {
                self.cidr([block, count, bits], span).map(Some)
            }
            ExpressionKind::ImportValue(name) => self.import(name).map(Some),
            ExpressionKind::GetAzs(region) => self.zones(region).map(Some),
            ExpressionKind::GetStackOutput { stack, output, region, role } => {
                let place = (region.as_deref(), role.as_deref());
                self.stack_output(stack, output, place, span).map(Some)
            }
            ExpressionKind::Length(list) => extension::length(self, list).map(Some),
            ExpressionKind::ToJsonString(inner) => extension::to_json(self, inner).map(Some),
            ExpressionKind::RefAll(kind) => rules::all_of(self, &kind.value).map(Some),
            ExpressionKind::ValueOf { parameter, attribute } => {
                rules::value_of(self, &parameter.value, attribute).map(Some)
            }
            ExpressionKind::ValueOfAll { kind, attribute } => {
                rules::value_of_all(self, &kind.value, attribute).map(Some)
            }
            ExpressionKind::Unread => Err(self.findings.told_before("a value", span)),
            ExpressionKind::Equals(..)
            | ExpressionKind::Contains(..)
            | ExpressionKind::EachMemberEquals(..)
            | ExpressionKind::EachMemberIn(..)
            | ExpressionKind::Implies(..)
            | ExpressionKind::And(_)
            | ExpressionKind::Or(_)
            | ExpressionKind::Not(_)
            | ExpressionKind::Condition(_) => {
                let message = "true or false cannot stand where a value is needed";
                Err(self.report(Diagnostic::error(Code::ConditionFunction, message).at(span, "")))
            }
        }
    }

    /// A value that must be there.
    pub(super) fn needed(&mut self, expression: &Expression) -> Result<Value, Reported> {
        self.value(expression)?.ok_or_else(|| {
            let message = "`AWS::NoValue` cannot stand here";
            self.report(Diagnostic::error(Code::NoValue, message).at(expression.span, ""))
        })
    }

    fn index(&mut self, value: &Value, span: Span) -> Result<usize, Reported> {
        self.number(value, "the index of `Fn::Select`", span)
    }

    /// A whole number that must be known.
    fn number<T: FromStr>(&mut self, value: &Value, what: &str, at: Span) -> Result<T, Reported> {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().map_err(|_| {
            let message = format!("{what} must be a number, found `{text}`");
            self.report(Diagnostic::error(Code::FunctionValue, message).at(at, ""))
        })
    }

    fn cidr(&mut self, parts: [&Expression; 3], span: Span) -> Result<Value, Reported> {
        let [block, count, bits] = parts.map(|part| (self.needed(part), part.span));
        let (many, each) = (count.0?, bits.0?);
        if let Some(lookup) = external::waits(&many).or_else(|| external::waits(&each)) {
            return Ok(Value::lookup(lookup));
        }
        let many = self.number(&many, "the number of blocks of `Fn::Cidr`", count.1)?;
        let bits = self.number(&each, "the number of bits of `Fn::Cidr`", bits.1)?;
        let blocks = function::cidr(block.0?, many, bits);
        blocks.map_err(|e| self.function_error("Fn::Cidr", &e, span))
    }

    fn reference(&mut self, name: &Spanned<String>) -> Evaluated {
        let text = name.value.as_str();
        if let Some(value) = self.pseudo(text) {
            return Ok(value);
        }
        if self.template.parameters.contains_key(text) {
            return self.parameter(name).map(Some);
        }
        let (id, resource) = self.resource(name)?;
        if is_nested(resource) {
            return Ok(Some(Value::from(self.nested_id(text))));
        }
        let reference = Value::attribute(AttributeRef::reference(id));
        Ok(Some(match resource.resource_type.value.as_str() {
            wait_condition::HANDLE => {
                Value::secret(SecretReference::SignalUrl(Box::new(reference)))
            }
            _ => reference,
        }))
    }

    /// The value of a reference whose name comes out of a function.
    fn reference_by(&mut self, name: &Expression) -> Evaluated {
        let value = self.needed(name)?;
        let name = match self.known_text(&value, "the name that `Ref` takes", name.span)? {
            Ok(text) => Spanned::new(text, name.span),
            Err(waiting) => return Ok(Some(waiting)),
        };
        let mut wrong = None;
        for mistake in check::reference(self.template, &name) {
            wrong = Some(self.report(mistake));
        }
        match wrong {
            Some(reported) => Err(reported),
            None => self.reference(&name),
        }
    }

    fn parameter(&mut self, name: &Spanned<String>) -> Result<Value, Reported> {
        let known = self.parameters.values.get(&name.value).cloned();
        known.unwrap_or_else(|| {
            let what = format!("the parameter `{}`", name.value);
            Err(self.findings.told_before(&what, name.span))
        })
    }

    /// The outer `None` is for names that are no pseudo parameter, the inner for `AWS::NoValue`.
    fn pseudo(&self, name: &str) -> Option<Option<Value>> {
        let environment = self.inputs.environment;
        let value = match name {
            "AWS::NoValue" => return Some(None),
            "AWS::AccountId" => Value::from(environment.account.as_str()),
            "AWS::Region" => Value::from(environment.region.as_str()),
            "AWS::Partition" => Value::from(environment.partition.as_str()),
            "AWS::URLSuffix" => Value::from(environment.partition.url_suffix()),
            "AWS::StackName" => Value::from(self.inputs.stack.as_str()),
            "AWS::StackId" => Value::from(rstack_model::stack_id(environment, self.inputs.stack)),
            "AWS::NotificationARNs" => Value::List(Vec::new()),
            _ => return None,
        };
        Some(Some(value))
    }

    /// A resource that an expression names; it becomes a dependency.
    fn resource(&mut self, name: &Spanned<String>) -> Result<(Address, &'a Resource), Reported> {
        let template: &'a Template = self.template;
        let Some(resource) = template.resources.get(name.value.as_str()) else {
            let what = format!("a reference to `{}`", name.value);
            return Err(self.findings.told_before(&what, name.span));
        };
        if let Some(condition) = &resource.condition
            && !self.may_hold(condition)?
        {
            let message = format!(
                "`{}` is not in the stack: its condition `{}` does not hold",
                name.value, condition.value
            );
            let error = Diagnostic::error(Code::ConditionalReference, message).at(name.span, "");
            return Err(self.report(error.help("wrap the reference in `Fn::If`")));
        }
        let id = self.address(&name.value);
        self.dependencies.insert(id.clone());
        Ok((id, resource))
    }

    fn attribute(
        &mut self,
        logical_id: &Spanned<String>,
        attribute: &Spanned<String>,
    ) -> Result<Value, Reported> {
        let (id, resource) = self.resource(logical_id)?;
        if is_nested(resource) {
            return self.nested_attribute((logical_id, resource), attribute);
        }
        Ok(Value::attribute(AttributeRef::named(id, attribute.value.as_str())))
    }

    /// An attribute whose name, or whose resource's, comes out of a function.
    fn attribute_by(
        &mut self,
        logical_id: &Expression,
        attribute: &Expression,
    ) -> Result<Value, Reported> {
        let mut names = Vec::new();
        for (part, what) in [(logical_id, "the resource"), (attribute, "the attribute")] {
            let value = self.needed(part)?;
            match self.known_text(&value, &format!("{what} of `Fn::GetAtt`"), part.span)? {
                Ok(text) => names.push(Spanned::new(text, part.span)),
                Err(waiting) => return Ok(waiting),
            }
        }
        let [id, name] = names.as_slice() else {
            return Err(self.findings.told_before("an attribute", attribute.span));
        };
        let mut wrong = None;
        for mistake in check::attribute(self.template, id, name) {
            wrong = Some(self.report(mistake));
        }
        match wrong {
            Some(reported) => Err(reported),
            None => self.attribute(id, name),
        }
    }

    fn sub(
        &mut self,
        parts: &[SubPart],
        variables: &[(Spanned<String>, Expression)],
        span: Span,
    ) -> Result<Value, Reported> {
        let own: HashMap<&str, &Expression> =
            variables.iter().rev().map(|(name, value)| (name.value.as_str(), value)).collect();
        // Each is evaluated once, however often it is used.
        let mut known: HashMap<&str, Value> = HashMap::new();
        let mut out: Vec<TextPart> = Vec::new();
        let mut weight = 0_usize;
        for part in parts {
            let name = match part {
                SubPart::Literal(text) => {
                    out.push(TextPart::Literal(text.clone()));
                    continue;
                }
                SubPart::Variable(name) => name,
            };
            let value = match (own.get(name.value.as_str()), known.get(name.value.as_str())) {
                (_, Some(value)) => value.clone(),
                (Some(expression), None) => {
                    let value = self.needed(expression)?;
                    known.insert(name.value.as_str(), value.clone());
                    value
                }
                (None, None) => self.named(name)?,
            };
            let parts = function::text_parts(value);
            let parts = parts.map_err(|e| self.function_error("Fn::Sub", &e, span))?;
            weight = parts.iter().map(budget::part_weight).fold(weight, usize::saturating_add);
            self.check_size(weight, span)?;
            out.extend(parts);
        }
        Ok(Text::concat(out))
    }

    /// The value of a name inside of a text.
    fn named(&mut self, name: &Spanned<String>) -> Result<Value, Reported> {
        if let Some((id, attribute)) = name.value.split_once('.') {
            let id = Spanned::new(id.to_owned(), name.span);
            return self.attribute(&id, &Spanned::new(attribute.to_owned(), name.span));
        }
        self.reference(name)?.ok_or_else(|| {
            let message = "`AWS::NoValue` cannot stand inside of a text";
            self.report(Diagnostic::error(Code::NoValue, message).at(name.span, ""))
        })
    }
}
