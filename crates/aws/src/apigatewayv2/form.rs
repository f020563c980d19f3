//! The properties of a type as calls take them and as API Gateway shows them, and what an update sends.

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};
use serde_json::Value;

use crate::iam::Fields;
use crate::mapping::{Mapper, Rules, equivalent, holds, in_declared_order, json_tree};
use crate::model::{Service, ServiceModel};

/// The form of a type.
pub(super) struct Form {
    /// The type.
    pub(super) type_name: &'static str,
    /// The input of the call that creates.
    pub(super) create: &'static str,
    /// The input of the call that changes.
    pub(super) update: &'static str,
    /// The output of the call that reads.
    pub(super) shown: &'static str,
    /// Properties that neither call takes, or another one does.
    pub(super) apart: &'static [&'static str],
    /// Properties that the call which changes does not take: they name the object, or what it is for.
    pub(super) names: &'static [&'static str],
    /// Properties that are taken and never shown.
    pub(super) unread: &'static [&'static str],
    /// Maps whose keys are taken back with an empty value, and that value.
    ///
    /// Source: terraform-provider-aws, `internal/service/apigatewayv2`, `stage.go` and
    /// `integration.go`, the comments "are removed by setting the associated value to".
    pub(super) emptied: &'static [(&'static str, Emptied)],
    /// Members that a change of any other needs beside it, if they are declared.
    pub(super) beside: &'static [&'static str],
    /// Brings properties into the form of the call.
    pub(super) to_wire: fn(&mut KnownMap, Fields<'_>) -> Result<(), DriverError>,
    /// Properties that a description says in another form.
    pub(super) from_wire: fn(&KnownMap) -> KnownMap,
    /// The value that takes a property back, of an HTTP API or (`true`) a WebSocket API.
    pub(super) reset: fn(&str, bool) -> Option<Value>,
}

/// The value that takes a key of a map back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Emptied {
    /// The empty text.
    Text,
    /// The empty map.
    Map,
}

impl Emptied {
    fn value(self) -> KnownValue {
        match self {
            Self::Text => "".into(),
            Self::Map => KnownMap::new().into(),
        }
    }
}

/// No change of form.
pub(super) fn as_it_is(_: &mut KnownMap, _: Fields<'_>) -> Result<(), DriverError> {
    Ok(())
}

/// No property has another form.
pub(super) fn none(_: &KnownMap) -> KnownMap {
    KnownMap::new()
}

fn mapper(shape: &'static str) -> Result<Mapper<'static>, DriverError> {
    let model = ServiceModel::of(Service::APIGATEWAYV2).map_err(|error| {
        DriverError::new(ErrorKind::Unsupported, "apigatewayv2", error.to_string())
    })?;
    Ok(Mapper::new(model, shape, &Rules::NONE))
}

/// True for what says nothing, such as an empty text or map.
pub(super) fn says_nothing(value: &KnownValue) -> bool {
    holds(value, None, &[])
}

impl Form {
    fn schema(&self) -> Result<std::sync::Arc<TypeSchema>, DriverError> {
        let unsupported =
            |problem: String| DriverError::new(ErrorKind::Unsupported, self.type_name, problem);
        let found = Registry::embedded().get(self.type_name);
        let found = found.map_err(|error| unsupported(error.to_string()))?;
        found.ok_or_else(|| unsupported("the registry lacks the type".to_owned()))
    }

    /// The members that say what the properties say, as a call with this input takes them: that of a
    /// change without names.
    ///
    /// # Errors
    /// If a property has a value that its member cannot take.
    pub(super) fn members(
        &self,
        properties: &KnownMap,
        shape: &'static str,
        action: &'static str,
    ) -> Result<KnownMap, DriverError> {
        let schema = self.schema()?;
        let mut own = properties.clone();
        let changes = shape == self.update;
        own.retain(|name, value| {
            let taken = !self.apart.contains(&name.as_str());
            *value != KnownValue::Null && taken && !(changes && self.names.contains(&name.as_str()))
        });
        for (name, value) in &mut own {
            let node = schema.node(&PropertyPath::root().name(name));
            if node.is_some_and(|node| schema.is_document(node)) {
                *value = json_tree(value);
            }
        }
        (self.to_wire)(&mut own, Fields::new(properties, action))?;
        mapper(shape)?.to_members(&own).map_err(|error| error.for_operation(action.to_owned()))
    }

    /// The properties that a description shows, documents and defaults in the form in which they are
    /// declared.
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
        for (member, _) in self.emptied {
            if let Some(KnownValue::Map(map)) = described.get_mut(*member) {
                map.retain(|_, value| !says_nothing(value));
            }
        }
        let extra = (self.from_wire)(&described);
        described.retain(|name, _| !extra.contains_key(name));
        let mut out = mapper(self.shown)?.from_members(&described, &schema, schema.root());
        out.extend(extra);
        out.retain(|name, _| schema.takes(&PropertyPath::root().name(name)));
        for (name, given) in declared {
            let node = schema.node(&PropertyPath::root().name(name));
            let is_document = node.is_some_and(|node| schema.is_document(node));
            let same = match out.get(name) {
                Some(found) if is_document => same_document(&json_tree(given), found),
                Some(_) => false,
                None => says_nothing(given) || self.is_default(name, given),
            };
            if same {
                out.insert(name.clone(), given.clone());
            }
        }
        Ok(in_declared_order(out, declared, &["Destination"]))
    }

    /// True for a value that API Gateway may leave out of a description, because it is the default.
    fn is_default(&self, name: &str, given: &KnownValue) -> bool {
        let default = |websocket: bool| (self.reset)(name, websocket).map(KnownValue::from_json);
        [false, true].into_iter().filter_map(default).any(|value| equivalent(given, &value, &[]))
    }

    /// True if a description says all that the members of a creation say.
    pub(super) fn says_same(&self, members: &KnownMap, described: &KnownMap) -> bool {
        members.iter().all(|(name, value)| {
            let named = self.names.contains(&name.as_str());
            named
                || self.unread.contains(&name.as_str())
                || match described.get(name) {
                    Some(found) => holds(value, Some(found), &[]),
                    None => says_nothing(value) || self.is_default(name, value),
                }
        })
    }

    /// True if a property is declared no longer.
    fn is_gone(&self, name: &str, fields: Fields<'_>) -> bool {
        let kept = self.apart.contains(&name) || self.names.contains(&name);
        !kept && fields.value(name).is_none()
    }

    /// The members that differ from what a description shows, and the values that take back what was
    /// declared before and is no longer.
    ///
    /// # Errors
    /// If a property has a value that its member cannot take, or is taken back by no call.
    pub(super) fn changes(
        &self,
        described: &KnownMap,
        [fields, before]: [Fields<'_>; 2],
        websocket: bool,
        action: &'static str,
    ) -> Result<KnownMap, DriverError> {
        let mut wanted = fields.all().clone();
        for name in before.all().keys().filter(|name| self.is_gone(name, fields)) {
            if before.value(name).is_none() {
                continue;
            }
            let Some(value) = (self.reset)(name, websocket) else {
                let problem = "is declared no longer, but API Gateway takes it back by no call; \
                               declare it again, or replace the object with --replace";
                return Err(fields.invalid(name, problem));
            };
            wanted.insert(name.clone(), KnownValue::from_json(value));
        }
        let prior = self.members(before.all(), self.update, action)?;
        let wanted = self.members(&wanted, self.update, action)?;
        let mut out = KnownMap::new();
        for (name, value) in &wanted {
            let (current, was) = (described.get(name), prior.get(name));
            if self.unread.contains(&name.as_str()) {
                if was.is_none_or(|was| !equivalent(value, was, &[])) {
                    out.insert(name.clone(), value.clone());
                }
                continue;
            }
            let value = self.with_emptied(name, value.clone(), current);
            // A service shows more than was asked for. A value that was declared before is a change where it
            // is declared no longer.
            let kept = was.is_some_and(|was| equivalent(&value, was, &[]));
            let same = match current {
                Some(found) => {
                    equivalent(&value, found, &[]) || kept && holds(&value, Some(found), &[])
                }
                None => says_nothing(&value) || self.is_default(name, &value),
            };
            if !same {
                out.insert(name.clone(), value);
            }
        }
        if !out.is_empty() {
            for name in self.beside {
                let value = wanted.get(*name).filter(|value| !says_nothing(value));
                if let (Some(value), false) = (value, out.contains_key(*name)) {
                    out.insert((*name).to_owned(), value.clone());
                }
            }
        }
        Ok(out)
    }

    /// A map with the values that take back the keys which are there and not wanted.
    fn with_emptied(
        &self,
        name: &str,
        value: KnownValue,
        current: Option<&KnownValue>,
    ) -> KnownValue {
        let emptied = self.emptied.iter().find(|(member, _)| *member == name);
        let (Some((_, emptied)), KnownValue::Map(mut map)) = (emptied, value.clone()) else {
            return value;
        };
        let there = current.and_then(KnownValue::as_map).into_iter().flatten();
        for (key, found) in there {
            if !map.contains_key(key) && !says_nothing(found) {
                map.insert(key.clone(), emptied.value());
            }
        }
        KnownValue::Map(map)
    }
}

/// True if a service shows the keys of a document and what they say; it may add defaults below them.
fn same_document(declared: &KnownValue, found: &KnownValue) -> bool {
    let (KnownValue::Map(wanted), KnownValue::Map(there)) = (declared, found) else {
        return equivalent(declared, found, &[]);
    };
    let known = |key: &String| wanted.contains_key(key);
    there.iter().all(|(key, value)| known(key) || says_nothing(value))
        && holds(&scalars(declared), Some(&scalars(found)), &[])
}

/// A tree whose scalars are texts: documents give numbers and booleans in either form.
fn scalars(tree: &KnownValue) -> KnownValue {
    match tree {
        KnownValue::Map(map) => {
            let map = map.iter().map(|(key, value)| (key.clone(), scalars(value)));
            KnownValue::Map(map.collect())
        }
        KnownValue::List(list) => KnownValue::List(list.iter().map(scalars).collect()),
        KnownValue::Bool(value) => value.to_string().into(),
        KnownValue::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).into()
        }
        KnownValue::Null | KnownValue::String(_) | KnownValue::Secret(_) => tree.clone(),
    }
}
