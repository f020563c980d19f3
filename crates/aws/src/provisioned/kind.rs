//! The facts in which types of provisioned objects differ.

use async_trait::async_trait;
use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::compare::{Form, same};
use crate::api::Api;
use crate::definition::Service;
use crate::iam::{arguments, text_in};
use crate::mapping::{Mapper, Rules};
use crate::model::{ServiceModel, Shape};
use crate::resource_tags::TagCalls;

/// The names that a type has in its API.
pub(super) struct Facts {
    /// The CloudFormation type.
    pub(super) type_name: &'static str,
    /// The object's name in a sentence.
    pub(super) noun: &'static str,
    /// The service.
    pub(super) service: Service,
    /// The property that names an object; empty if the service chooses the identifier.
    pub(super) name: &'static str,
    /// The longest name.
    pub(super) max_length: usize,
    /// The operation that creates an object.
    pub(super) create: &'static str,
    /// The operation that describes objects.
    pub(super) describe: &'static str,
    /// The operation that deletes an object.
    pub(super) delete: &'static str,
    /// The member of answers that holds the description of one object.
    pub(super) answer: &'static str,
    /// The list of descriptions in the answer of the describing operation.
    pub(super) items: &'static str,
    /// The member of a description that is the identifier.
    pub(super) id: &'static str,
    /// The member of a description that names the object to the operations on tags.
    pub(super) tagged: &'static str,
    /// The operations on tags.
    pub(super) tags: TagCalls,
    /// True if the property `Tags` is a map.
    pub(super) tags_are_map: bool,
    /// The member of a description that holds the status.
    pub(super) status: &'static str,
    /// The statuses of an object.
    pub(super) statuses: Statuses,
    /// Properties that the service shows in another form than they are given in.
    pub(super) forms: &'static [(&'static str, Form)],
}

/// The statuses of an object. One that is not named here is stable.
#[derive(Clone, Copy)]
pub(super) struct Statuses {
    /// Statuses that another one follows without a call.
    pub(super) passing: &'static [&'static str],
    /// Statuses of an object that failed to become stable, or to stay so.
    pub(super) failed: &'static [&'static str],
    /// The status of an object that is being deleted.
    pub(super) deleting: &'static str,
    /// The status of an object that is described although it is deleted.
    pub(super) gone: &'static str,
}

/// The stage of an object's life.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage<'a> {
    /// Nothing happens to it without a call.
    Stable,
    /// Another status follows without a call.
    Passing(&'a str),
    /// It failed.
    Failed(&'a str),
    /// It is being deleted.
    Deleting,
    /// It is deleted and described nevertheless.
    Gone,
}

impl Facts {
    /// The form in which the service shows a property.
    pub(super) fn form(&self, property: &str) -> Form {
        let found = self.forms.iter().find(|(name, _)| *name == property);
        found.map_or(Form::Same, |(_, form)| *form)
    }

    /// The stage of the object of a description.
    pub(super) fn stage<'a>(&self, members: &'a KnownMap) -> Stage<'a> {
        let Some(status) = text_in(members, self.status) else { return Stage::Stable };
        let is_one_of = |list: &[&str]| list.iter().any(|name| name.eq_ignore_ascii_case(status));
        let Statuses { passing, failed, deleting, gone } = self.statuses;
        if is_one_of(&[gone]) {
            Stage::Gone
        } else if is_one_of(&[deleting]) {
            Stage::Deleting
        } else if is_one_of(failed) {
            Stage::Failed(status)
        } else if is_one_of(passing) {
            Stage::Passing(status)
        } else {
            Stage::Stable
        }
    }

    /// An operation as errors have it, such as `rds:CreateDBCluster`.
    pub(super) fn action(&self, operation: &str) -> String {
        format!("{}:{operation}", self.service.name())
    }

    /// The registry's schema of the type.
    pub(super) fn schema(&self) -> Result<std::sync::Arc<TypeSchema>, DriverError> {
        let found = Registry::embedded().get(self.type_name);
        let found = found.map_err(|error| self.damaged(error.to_string()))?;
        found.ok_or_else(|| self.damaged("the registry does not have the type".to_owned()))
    }

    fn damaged(&self, problem: String) -> DriverError {
        DriverError::new(ErrorKind::Unsupported, self.type_name, problem)
    }

    fn model(&self) -> Result<&'static ServiceModel, DriverError> {
        ServiceModel::of(self.service).map_err(|error| self.damaged(error.to_string()))
    }

    /// The members of an operation's input that say what those of the properties say which it takes; tags
    /// have a form of their own.
    ///
    /// # Errors
    /// If a property has a value that its member cannot take.
    pub(super) fn members(
        &self,
        operation: &str,
        properties: &KnownMap,
        rules: &'static Rules,
    ) -> Result<KnownMap, DriverError> {
        let model = self.model()?;
        let shape = model.operation(operation).and_then(|found| found.input.as_deref());
        let shape = shape.ok_or_else(|| self.damaged(format!("`{operation}` takes nothing")))?;
        let taken = model.shape(shape).and_then(Shape::members);
        let takes = |name: &str| {
            let name = rules.of(shape).member_of(name).unwrap_or(name);
            taken.is_some_and(|all| all.keys().any(|member| member.eq_ignore_ascii_case(name)))
        };
        let given = properties.iter().filter(|(name, _)| *name != "Tags" && takes(name));
        let given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        let made = Mapper::new(model, shape, rules).to_members(&given);
        made.map_err(|error| error.for_operation(self.action(operation)))
    }

    /// Those of these properties that an update has to say: what is declared and not so, and what is
    /// declared no longer and has a default.
    pub(super) fn differing(
        &self,
        change: &Change<'_>,
        properties: &[&'static str],
        defaults: &KnownMap,
    ) -> KnownMap {
        let differs = |name: &&str| -> Option<(String, KnownValue)> {
            let shown = change.shown.get(*name);
            let Some(given) = change.declared(name) else {
                let default = defaults.get(*name).filter(|_| change.prior.contains_key(*name))?;
                let is = shown.is_some_and(|shown| same(Form::Same, shown, default));
                return (!is).then(|| ((*name).to_owned(), default.clone()));
            };
            let before = change.prior.get(*name);
            let unchanged = before.is_some_and(|before| same(Form::Same, before, given));
            // Of what was not changed another form is no difference, of what was it may be one.
            let form = if unchanged { self.form(name) } else { Form::Same };
            let is = shown.map_or(unchanged, |shown| same(form, shown, given));
            (!is).then(|| ((*name).to_owned(), given.clone()))
        };
        properties.iter().filter_map(differs).collect()
    }
}

/// A change of an object to what is declared.
pub(super) struct Change<'a> {
    /// The journaled token of the operation.
    pub(super) token: &'a str,
    /// The identifier of the object.
    pub(super) identifier: &'a str,
    /// The description of the object.
    pub(super) current: &'a KnownMap,
    /// The properties that it shows, in the service's form.
    pub(super) shown: &'a KnownMap,
    /// The properties that were declared before; empty while a creation is completed.
    pub(super) prior: &'a KnownMap,
    /// The declared properties.
    pub(super) properties: &'a KnownMap,
}

impl Change<'_> {
    /// A declared property with a value.
    pub(super) fn declared(&self, name: &str) -> Option<&KnownValue> {
        self.properties.get(name).filter(|value| **value != KnownValue::Null)
    }
}

/// The way to ask for one object.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    /// By its identifier.
    Identifier(&'a str),
    /// By its name.
    Name(&'a str),
}

/// A type of provisioned objects.
#[async_trait]
pub(super) trait Kind: Send + Sync + 'static {
    /// Its names in the API.
    const FACTS: Facts;

    /// False if a creation may be answered with an object of another owner that has the name: it is called
    /// after the durable proof that there is none.
    const REFUSES_TAKEN: bool = true;

    /// False if the service chooses the identifier: an object is then found by the token in the tags of its
    /// description.
    const NAMED: bool = true;

    /// The member of an operation that creates which takes the token of the request.
    const TOKEN: Option<&'static str> = None;

    /// The reason in a description for which an object failed.
    fn reason(members: &KnownMap) -> Option<&str> {
        let _ = members;
        None
    }

    /// The stage of the object of a description.
    fn stage(members: &KnownMap) -> Stage<'_> {
        Self::FACTS.stage(members)
    }

    /// An error of the service whose code says less than its message.
    fn understood(error: DriverError) -> DriverError {
        error
    }

    /// The input of the describing operation that asks for one object.
    fn question(asked: Asked<'_>) -> KnownMap;

    /// The operation that creates the object, and its input, without tags.
    ///
    /// # Errors
    /// If a property cannot be sent.
    fn creation(properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError>;

    /// True if a creation with these properties leaves some of them to an update of the object, when that
    /// is stable.
    fn is_completed_later(properties: &KnownMap) -> bool {
        let _ = properties;
        false
    }

    /// The properties that a description shows, without tags.
    ///
    /// # Errors
    /// If the program's data are damaged.
    fn shown(members: &KnownMap) -> Result<KnownMap, DriverError>;

    /// The attributes of the object of a description.
    fn attributes(members: &KnownMap) -> KnownMap;

    /// Makes the calls that lead to what is declared, as far as they can be made now. True if there was
    /// one.
    ///
    /// # Errors
    /// If a call failed, or the service cannot do it.
    async fn change(api: &dyn Api, change: &Change<'_>) -> Result<bool, DriverError>;

    /// True if a change may need more calls, when the object is stable again.
    fn goes_on(change: &Change<'_>) -> bool {
        let _ = change;
        false
    }

    /// The input of the deleting operation, for an object that was declared so.
    fn deletion(identifier: &str, prior: &KnownMap) -> KnownMap;
}

/// The properties of a description that have the names of members, and those that have others: `places`
/// are the properties and where they are.
pub(super) fn from_description(
    facts: &Facts,
    members: &KnownMap,
    places: &[(&str, &str)],
) -> Result<KnownMap, DriverError> {
    let schema = facts.schema()?;
    let model = facts.model()?;
    let output = model.operation(facts.describe).and_then(|found| found.output.as_deref());
    let output = output.and_then(|output| model.shape(output)?.members()?.get(facts.items));
    let shape = output.and_then(|list| match &model.shape(&list.shape)?.kind {
        crate::model::ShapeKind::List { member } => Some(member.shape.as_str()),
        _ => None,
    });
    let shape = shape.ok_or_else(|| facts.damaged(format!("no list `{}`", facts.items)))?;
    let mapper = Mapper::new(model, shape, &Rules::NONE);
    let mut shown = mapper.from_members(members, &schema, schema.root());
    shown.retain(|name, _| schema.takes(&rstack_model::PropertyPath::root().name(name)));
    for (property, place) in places {
        shown.remove(*property);
        shown.extend(at(members, place).map(|value| ((*property).to_owned(), value)));
    }
    Ok(shown)
}

/// The value at a place of a description, steps apart by `/`. With a step `*` it is the list of the values
/// below every element.
pub(super) fn at(members: &KnownMap, place: &str) -> Option<KnownValue> {
    let (first, rest) = place.split_once('/').map_or((place, ""), |(first, rest)| (first, rest));
    let found = members.get(first).filter(|value| **value != KnownValue::Null)?;
    if rest.is_empty() {
        return Some(found.clone());
    }
    match (rest.strip_prefix("*/"), found) {
        (Some(rest), KnownValue::List(items)) => {
            let below = items.iter().filter_map(|item| at(item.as_map()?, rest));
            Some(KnownValue::List(below.collect()))
        }
        (None, found) => at(found.as_map()?, rest),
        (Some(_), _) => None,
    }
}

/// The filters of a list.
pub(super) fn filtered(name: &str, value: &str) -> KnownMap {
    let values = KnownValue::List(vec![value.into()]);
    let filter = arguments([("Name", name.into()), ("Values", values)]);
    arguments([("Filters", KnownValue::List(vec![filter.into()]))])
}
