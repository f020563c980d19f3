//! Properties in the vocabulary of the service, and descriptions in that of the template.

use std::sync::Arc;

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::patch::{Patch, Setting, Sides, Stays, complete, same, says_nothing};
use crate::iam::Fields;
use crate::mapping::{Mapper, Rules, ShapeRules, in_declared_order};
use crate::model::{Service, ServiceModel};

/// Properties whose member has another name.
static RULES: Rules = Rules(&[
    ShapeRules { renames: &[("ApiKeySourceType", "apiKeySource")], ..ShapeRules::of("RestApi") },
    ShapeRules {
        renames: &[("AccessLogSetting", "accessLogSettings"), ("CanarySetting", "canarySettings")],
        ..ShapeRules::of("Stage")
    },
    ShapeRules {
        renames: &[("IntegrationHttpMethod", "httpMethod")],
        ..ShapeRules::of("Integration")
    },
]);

/// The part of a type that one structure of the service describes.
pub(super) struct Form {
    /// The type.
    pub(super) type_name: &'static str,
    /// The property below which the part stands; none for the type itself.
    pub(super) below: Option<&'static str>,
    /// The structure.
    pub(super) shape: &'static str,
    /// Properties that other calls take, or that have another form.
    pub(super) apart: &'static [&'static str],
    /// The members that can be changed.
    pub(super) settings: &'static [Setting],
}

fn mapper(shape: &'static str) -> Result<Mapper<'static>, DriverError> {
    let model = ServiceModel::of(Service::APIGATEWAY).map_err(|error| {
        DriverError::new(ErrorKind::Unsupported, "apigateway", error.to_string())
    })?;
    Ok(Mapper::new(model, shape, &RULES))
}

impl Form {
    /// The members that say what the properties say.
    ///
    /// # Errors
    /// If a property has a value that its member cannot take.
    pub(super) fn members(
        &self,
        properties: &KnownMap,
        action: &'static str,
    ) -> Result<KnownMap, DriverError> {
        let mut own = properties.clone();
        own.retain(|name, value| {
            *value != KnownValue::Null && !self.apart.contains(&name.as_str())
        });
        let mut at = PropertyPath::root();
        if let Some(below) = self.below {
            at = at.name(below);
        }
        let mapper = mapper(self.shape)?.at(at);
        mapper.to_members(&own).map_err(|error| error.for_operation(action.to_owned()))
    }

    /// The properties that a description shows, in the form in which they are declared.
    ///
    /// # Errors
    /// If the program's data are damaged.
    pub(super) fn properties(
        &self,
        described: &KnownMap,
        declared: &KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let schema = self.schema()?;
        let mut described = described.clone();
        // A declaration that the service cannot take is no part of a description.
        if let Ok(wanted) = self.members(declared, self.type_name) {
            complete(self.settings, &mut described, &wanted);
        }
        let mut node = schema.root();
        if let Some(below) = self.below {
            let path = PropertyPath::root().name(below);
            let unknown = || {
                let problem = format!("the registry lacks `{below}`");
                DriverError::new(ErrorKind::Unsupported, self.type_name, problem)
            };
            let found = schema.node(&path).ok_or_else(unknown)?;
            node = schema.element(found).unwrap_or_else(|| schema.resolve(found));
        }
        let mut out = mapper(self.shape)?.from_members(&described, &schema, node);
        out.retain(|name, value| {
            let path = PropertyPath::root().name(name);
            let taken = self.below.is_some() || schema.takes(&path);
            taken && !self.apart.contains(&name.as_str()) && *value != KnownValue::Null
        });
        Ok(out)
    }

    /// The operations that make a description what is wanted.
    ///
    /// # Errors
    /// If no operation changes a property as is wanted.
    pub(super) fn patch(&self, sides: Sides<'_>, fields: Fields<'_>) -> Result<Patch, DriverError> {
        Patch::between(self.settings, sides).map_err(|Stays(member)| {
            let name = capitalized(member);
            let problem = match fields.value(&name) {
                Some(_) => "has another value, but API Gateway changes it by no call; declare the former \
                            one, or replace the object with --replace",
                None => "is declared no longer, but API Gateway takes it back by no call; declare it again, \
                         or replace the object with --replace",
            };
            fields.invalid(&name, problem)
        })
    }

    fn schema(&self) -> Result<Arc<TypeSchema>, DriverError> {
        let unsupported =
            |problem: String| DriverError::new(ErrorKind::Unsupported, self.type_name, problem);
        let found = Registry::embedded().get(self.type_name);
        let found = found.map_err(|error| unsupported(error.to_string()))?;
        found.ok_or_else(|| unsupported("the registry lacks the type".to_owned()))
    }
}

/// A member as the property of the same name.
fn capitalized(member: &str) -> String {
    let mut letters = member.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Observed properties with the order of lists, and the form of scalars, that are declared.
pub(super) fn as_declared(observed: KnownMap, declared: &KnownMap) -> KnownMap {
    let keys = ["Key", "StatusCode"];
    let mut out = in_declared_order(observed, declared, &keys);
    for (name, value) in &mut out {
        if let Some(declared) = declared.get(name) {
            alike(value, declared);
        }
    }
    out
}

/// True for what is neither a secret nor a tree.
fn is_scalar(value: &KnownValue) -> bool {
    matches!(value, KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::String(_))
}

/// Gives scalars the form in which they are declared, if they say the same.
fn alike(observed: &mut KnownValue, declared: &KnownValue) {
    match (observed, declared) {
        (KnownValue::Map(observed), KnownValue::Map(declared)) => {
            for (name, value) in observed {
                if let Some(declared) = declared.get(name) {
                    alike(value, declared);
                }
            }
        }
        (KnownValue::List(observed), KnownValue::List(declared)) => {
            observed.iter_mut().zip(declared).for_each(|(one, other)| alike(one, other));
        }
        (observed, declared) => {
            let scalars = is_scalar(observed) && is_scalar(declared);
            if scalars && same(observed, declared) && !says_nothing(observed) {
                *observed = declared.clone();
            }
        }
    }
}

/// Keeps of an element of a list what is declared of it, where any is: API Gateway fills in the rest.
pub(super) fn only_declared(observed: &mut KnownMap, declared: &KnownMap) {
    observed.retain(|name, _| declared.contains_key(name));
    for (name, value) in declared {
        if says_nothing(value) && !observed.contains_key(name) {
            observed.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    /// The properties of a structure that a form neither has nor leaves to others.
    fn without_setting(form: &Form, below: &[&str]) -> Vec<String> {
        let schema = form.schema().unwrap();
        let mut node = schema.root();
        for name in below {
            let found = schema.property(node, name).unwrap();
            node = schema.element(found).unwrap_or_else(|| schema.resolve(found));
        }
        let rules = RULES.of(form.shape);
        let has = |property: &str| {
            let known = form.settings.iter().any(|setting| match rules.member_of(property) {
                Some(member) => member == setting.member,
                None => property.eq_ignore_ascii_case(setting.member),
            });
            known || form.apart.contains(&property)
        };
        let is_read_only = |property: &str| {
            below.is_empty() && !schema.takes(&PropertyPath::root().name(property))
        };
        let all = schema.resolve(node).property_names();
        all.filter(|name| !has(name) && !is_read_only(name)).map(str::to_owned).collect()
    }

    #[test]
    fn every_property_has_a_setting_or_another_owner() {
        use super::super::{deployment, integration, method, responses, rest_api, stage};
        let responses_of = ["Integration", "IntegrationResponses"];
        for (form, below) in [
            (&rest_api::FORM, [].as_slice()),
            (&method::FORM, &[]),
            (&integration::FORM, &["Integration"]),
            (&responses::OF_METHOD, &["MethodResponses"]),
            (&responses::OF_INTEGRATION, &responses_of),
            (&stage::FORM, &[]),
            (&deployment::FORM, &[]),
        ] {
            let lacking = without_setting(form, below);
            let lacking: Vec<_> = lacking.iter().filter(|name| *name != "StatusCode").collect();
            assert!(lacking.is_empty(), "{} {below:?}: {lacking:?}", form.type_name);
        }
    }

    #[test]
    fn scalars_have_the_form_in_which_they_are_declared() {
        let observed = known(json!({"A": true, "B": [{"Key": "k", "Value": 5}], "C": 1, "D": "x"}));
        let declared = known(json!({"A": "true", "B": [{"Key": "k", "Value": "5"}], "C": 2}));
        let expected = json!({"A": "true", "B": [{"Key": "k", "Value": "5"}], "C": 1, "D": "x"});
        assert_eq!(as_declared(observed, &declared), known(expected));
    }

    #[test]
    fn of_an_element_only_what_is_declared_is_compared() {
        let mut observed = known(json!({"A": 1, "B": 2}));
        only_declared(&mut observed, &known(json!({"A": 3, "C": {}})));
        assert_eq!(observed, known(json!({"A": 1, "C": {}})));
    }
}
