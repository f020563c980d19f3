//! One record set: as it is declared, and as Route 53 shows it.

use std::sync::Arc;

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::domain;
use super::record_set_group::{CHANGE, SETS, TYPE};
use crate::definition::Service;
use crate::iam::{Fields, arguments, text_in};
use crate::mapping::{Fill, FillRow, Mapper, Rules, ShapeRules, equivalent};
use crate::model::ServiceModel;

/// The shape of a record set.
const SHAPE: &str = "ResourceRecordSet";

/// The property and the member with the values.
const VALUES: &str = "ResourceRecords";

/// The zone is said by the call, and the values are elements of their own.
const RULES: Rules = Rules(&[
    ShapeRules { omitted: &["HostedZoneId", "HostedZoneName", VALUES], ..ShapeRules::of(SHAPE) },
    ShapeRules {
        fills: &[FillRow::new("EvaluateTargetHealth", Fill::Bool(false))],
        ..ShapeRules::of("AliasTarget")
    },
]);

/// The record sets of a zone that Route 53 tells apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The ID of the hosted zone.
    pub(super) zone: String,
    /// The name, in one form.
    pub(super) name: String,
    /// The type.
    pub(super) kind: String,
    /// The identifier among those of the name and type.
    pub(super) set: Option<String>,
}

impl Key {
    /// The key of a record set that a zone shows.
    pub(super) fn of(zone: &str, members: &KnownMap) -> Option<Self> {
        Some(Self {
            zone: zone.to_owned(),
            name: domain::canonical(text_in(members, "Name")?),
            kind: text_in(members, "Type")?.to_owned(),
            set: text_in(members, "SetIdentifier").map(str::to_owned),
        })
    }
}

/// A record set of a template.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The name that Route 53 knows it by.
    pub(super) key: Key,
    /// The members that say what is declared.
    pub(super) members: KnownMap,
    /// The properties.
    properties: KnownMap,
}

/// The record set as the template names it: a name may hold a secret, and messages hide a secret in the form
/// in which it is declared.
impl std::fmt::Display for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Key { zone, kind, set, .. } = &self.key;
        let name = text_in(&self.members, "Name").unwrap_or_default();
        write!(f, "{kind} record set `{name}`")?;
        if let Some(set) = set {
            write!(f, " with the set identifier `{set}`")?;
        }
        write!(f, " of the hosted zone {zone}")
    }
}

fn damaged(problem: String) -> DriverError {
    DriverError::new(ErrorKind::Unsupported, CHANGE, problem)
}

fn model() -> Result<&'static ServiceModel, DriverError> {
    ServiceModel::of(Service::ROUTE53).map_err(|error| damaged(error.to_string()))
}

fn schema() -> Result<Arc<TypeSchema>, DriverError> {
    let found = Registry::embedded().get(TYPE).map_err(|error| damaged(error.to_string()))?;
    found.ok_or_else(|| damaged(format!("the registry has no `{TYPE}`")))
}

impl Record {
    /// The record set at a position of a list, in a zone.
    ///
    /// # Errors
    /// If a property is missing, or has a value that its member cannot take.
    pub(super) fn declared(
        zone: &str,
        fields: Fields<'_>,
        position: usize,
    ) -> Result<Self, DriverError> {
        let key = Key {
            zone: zone.to_owned(),
            name: domain::canonical(&fields.required_name("Name")?),
            kind: fields.required_name("Type")?,
            set: fields.name("SetIdentifier")?,
        };
        let at = PropertyPath::root().name(SETS).index(position);
        let mapper = Mapper::new(model()?, SHAPE, &RULES).at(at);
        let made = mapper.to_members(fields.all());
        let mut members = made.map_err(|error| error.for_operation(CHANGE))?;
        let values = fields.list(VALUES)?;
        if !values.is_empty() {
            let value = |value: &KnownValue| {
                let text = match value {
                    KnownValue::String(_) | KnownValue::Secret(_) => Some(value.clone()),
                    KnownValue::Number(number) => Some(number.to_string().into()),
                    KnownValue::Bool(bool) => Some(bool.to_string().into()),
                    KnownValue::Null | KnownValue::List(_) | KnownValue::Map(_) => None,
                };
                let text = text.ok_or_else(|| fields.invalid(VALUES, "holds more than texts"))?;
                Ok(KnownValue::Map(arguments([("Value", text)])))
            };
            let values = values.iter().map(value).collect::<Result<_, DriverError>>()?;
            members.insert(VALUES.to_owned(), KnownValue::List(values));
        }
        Ok(Self { key, members, properties: fields.all().clone() })
    }

    /// True if Route 53 shows the record set as it is declared.
    pub(super) fn is(&self, found: &KnownMap) -> bool {
        let (wanted, found) = (self.in_one_form(&self.members), self.in_one_form(found));
        equivalent(&KnownValue::Map(wanted), &KnownValue::Map(found), &[])
    }

    /// The properties that Route 53 shows: as they are declared, where that says the same.
    pub(super) fn shown(&self, found: &KnownMap) -> Result<KnownMap, DriverError> {
        let schema = schema()?;
        let sets = schema.property(schema.root(), SETS);
        let element = sets.and_then(|sets| schema.element(schema.resolve(sets)));
        let element = element.ok_or_else(|| damaged(format!("`{TYPE}` has no `{SETS}`")))?;
        let mapper = Mapper::new(model()?, SHAPE, &RULES);
        let mut shown = mapper.from_members(found, &schema, element);
        let values = found.get(VALUES).and_then(KnownValue::as_list).unwrap_or_default();
        if !values.is_empty() {
            let values = values.iter().filter_map(|value| value.get("Value")).cloned().collect();
            shown.insert(VALUES.to_owned(), KnownValue::List(values));
        }
        let (wanted, found) = (self.in_one_form(&self.members), self.in_one_form(found));
        for (name, value) in &self.properties {
            let zone = ["HostedZoneId", "HostedZoneName"].contains(&name.as_str());
            let nothing = KnownValue::Null;
            let (one, other) = (wanted.get(name), found.get(name));
            let (one, other) = (one.unwrap_or(&nothing), other.unwrap_or(&nothing));
            if zone || equivalent(one, other, &[]) {
                shown.insert(name.clone(), value.clone());
            }
        }
        Ok(shown)
    }

    /// Members in the one form in which they are compared.
    fn in_one_form(&self, members: &KnownMap) -> KnownMap {
        let mut out = members.clone();
        let named = |map: &mut KnownMap, name: &str| {
            if let Some(text) = map.get(name).and_then(KnownValue::expose_str) {
                let text = domain::canonical(text);
                map.insert(name.to_owned(), text.into());
            }
        };
        named(&mut out, "Name");
        if let Some(KnownValue::Map(alias)) = out.get_mut("AliasTarget") {
            named(alias, "DNSName");
            // Source: Route 53 API reference, ResourceRecordSet, TTL: an alias has that of its target.
            out.remove("TTL");
        }
        // What is not moved is shown as moved by nothing.
        if let Some(KnownValue::Map(location)) = out.get_mut("GeoProximityLocation") {
            location.retain(|name, value| name != "Bias" || *value != KnownValue::from(0));
        }
        if let Some(KnownValue::List(values)) = out.get_mut(VALUES) {
            let text = |value: &KnownValue| match value.get("Value") {
                Some(KnownValue::String(text)) => domain::value(&self.key.kind, text).into(),
                Some(other) => other.clone(),
                None => KnownValue::Null,
            };
            let mut texts: Vec<KnownValue> = values.iter().map(text).collect();
            texts.sort_by(|one, other| one.expose_str().cmp(&other.expose_str()));
            *values = texts;
        }
        out
    }
}
