//! The files of services and types against the models, the registry and the drivers.

use std::collections::BTreeSet;

use rstack_catalog::{Registry, TypeSchema};
use rstack_model::PropertyPath;

use super::*;
use crate::model::{ServiceModel, Shape};

#[test]
fn a_service_says_how_long_its_answers_may_be() {
    let file = |mebibytes: u64, source: &str| -> ServiceFile {
        let mut json = serde_json::to_value(Service::STS.file().unwrap()).unwrap();
        json["answers"] = serde_json::json!([
            {"operations": ["GetReport"], "maxMebibytes": mebibytes, "source": source},
        ]);
        serde_json::from_value(json).unwrap()
    };
    let sound = file(32, "a page");
    assert_eq!(sound.problem(), None);
    assert_eq!((sound.answer_mebibytes("GetReport"), sound.answer_mebibytes("GetOther")), (32, 8));
    let written = serde_json::to_string(&sound).unwrap();
    let read: ServiceFile = serde_json::from_str(&written).unwrap();
    assert_eq!(read.answer_mebibytes("GetReport"), 32);
    assert!(file(32, "").problem().unwrap().contains("answers"));
    for wrong in [0, 33] {
        let problem = file(wrong, "a page").problem().unwrap();
        assert_eq!(problem, format!("`maxMebibytes` is {wrong}, not 1 to 32"));
    }
    for &service in Service::ALL {
        // A program that is to stay below 200 MB reads no more than the default of any.
        assert!(service.file().unwrap().answers.is_empty(), "{service:?}: measure it, then say so");
    }
}

/// A definition with what it is held to.
struct Case {
    kind: &'static TypeDefinition,
    model: &'static ServiceModel,
    schema: std::sync::Arc<TypeSchema>,
}

fn cases() -> impl Iterator<Item = Case> {
    TypeDefinition::names().map(|name| {
        let kind = TypeDefinition::of(&name.into()).unwrap().unwrap();
        let model = ServiceModel::of(kind.service).unwrap();
        let schema = Registry::embedded().get(name).unwrap().expect(name);
        Case { kind, model, schema }
    })
}

impl Case {
    fn shape(&self, operation: &str, input: bool) -> &'static Shape {
        let found = self.model.operation(operation).expect(operation);
        let shape = if input { &found.input } else { &found.output };
        self.model.shape(shape.as_deref().expect(operation)).unwrap()
    }

    /// Fails the test if the operation does not take these members.
    fn takes<'a>(&self, operation: &str, members: impl IntoIterator<Item = &'a String>) {
        let taken = self.shape(operation, true).members().unwrap();
        for member in members {
            let name = self.name();
            assert!(entry(taken, member).is_some(), "{name}: `{operation}` takes no `{member}`");
        }
    }

    /// Fails the test if the operation does not take the name of an object.
    fn takes_name(&self, operation: &str, names: &[String]) {
        for name in names {
            let place = self.kind.name_place(operation, name);
            assert!(place.is_some(), "{}: `{operation}` takes no `{name}`", self.name());
        }
    }

    /// Fails the test if the operation does not give these members.
    fn gives<'a>(&self, operation: &str, members: impl IntoIterator<Item = &'a String>) {
        self.has(operation, self.shape(operation, false), members);
    }

    /// Fails the test if the structure that an operation gives has not these members.
    fn has<'a>(
        &self,
        operation: &str,
        given: &Shape,
        members: impl IntoIterator<Item = &'a String>,
    ) {
        let given = given.members().unwrap();
        for member in members {
            let name = self.name();
            assert!(entry(given, member).is_some(), "{name}: `{operation}` gives no `{member}`");
        }
    }

    /// The structure in a member of an operation's answer, or the answer itself.
    fn described(&self, operation: &str, within: Option<&str>) -> &'static Shape {
        let shape = self.kind.described(operation, within);
        self.model.shape(shape.unwrap_or_else(|| panic!("{operation} {within:?}"))).unwrap()
    }

    /// Fails the test if a state is none of the model's.
    fn has_states(&self, states: &States) {
        let all = [&states.passing, &states.failed, &states.deleting, &states.gone];
        let blocked = states.blocked.iter().map(|blocked| &blocked.state);
        let named: Vec<_> = all.into_iter().flatten().chain(blocked).collect();
        let distinct: BTreeSet<_> = named.iter().collect();
        assert_eq!(named.len(), distinct.len(), "{}: a state has two meanings", self.name());
    }

    fn name(&self) -> &str {
        &self.kind.file.type_name
    }

    /// The members that properties have in the input or in a part of the answer of an operation.
    fn members(
        &self,
        operation: &str,
        input: bool,
        within: Option<&str>,
        properties: &[String],
    ) -> Vec<String> {
        let shape = match input {
            true => self.model.operation(operation).unwrap().input.as_deref(),
            false => self.kind.described(operation, within),
        };
        let rules = self.kind.rules.of(shape.unwrap());
        let member = |property: &String| rules.member_of(property).unwrap_or(property).to_owned();
        properties.iter().map(member).collect()
    }

    fn has_property(&self, name: &str) -> bool {
        self.schema.property(self.schema.root(), name).is_some()
    }
}

#[test]
fn operations_take_and_give_what_the_files_say() {
    let mut types = 0;
    for case in cases() {
        types += 1;
        let TypeFile { operations, identifier, settings, resets, kept, .. } = &case.kind.file;
        let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let (id, declared) = (names(identifier.members()), names(identifier.declared()));
        let description = case.described(&operations.read, operations.described.as_deref());
        case.takes(&operations.create, &declared);
        match &identifier.lookup {
            None => case.has(&operations.read, description, identifier.names()),
            Some(lookup) => {
                case.takes(&operations.create, [&lookup.property]);
                case.takes(&lookup.operation, [&lookup.property]);
                case.gives(&lookup.operation, identifier.names());
                case.gives(&operations.create, identifier.names());
            }
        }
        if let Some(texts) = &operations.attributes {
            case.takes(&operations.create, [&texts.member]);
            case.takes(operations.update.as_ref().unwrap(), [&texts.member]);
            case.gives(&operations.read, [&texts.member]);
        }
        case.takes(&operations.read, operations.reading.keys());
        case.takes_name(&operations.delete, &id);
        // What is found in a list need not be asked for by its name.
        if operations.next.is_none() {
            case.takes_name(&operations.read, &id);
        }
        for (operation, member) in &identifier.inputs {
            case.takes(operation, [member]);
        }
        if let Some(next) = &operations.next {
            case.gives(&operations.read, [&next.answer]);
            case.takes(&operations.read, [&next.input]);
        }
        if let Some(tags) = case.kind.tags {
            case.takes(&operations.create, [&tags.property]);
            let named = identifier.lookup.as_ref().and(identifier.property.as_ref());
            let shown = [&tags.arn].into_iter().filter(|arn| named != Some(*arn));
            case.has(&operations.read, description, shown);
            for operation in tags.operations() {
                case.takes(operation, tags.beside.keys().chain([&tags.resource]));
            }
            match &tags.read {
                Some(read) => case.gives(&read.operation, [&read.tags]),
                None => {
                    let answer = case.described(&operations.create, operations.answer.as_deref());
                    let members = identifier.names().chain([&tags.property]);
                    case.has(&operations.create, answer, members);
                    case.has(&operations.read, description, [&tags.property]);
                }
            }
            case.takes(&tags.set, [&tags.property]);
            case.takes(&tags.remove, [&tags.keys]);
        }
        if let Some(listing) = &identifier.listing {
            case.gives(&listing.operation, [&listing.items, &listing.next]);
            case.takes(&listing.operation, [&listing.next]);
        }
        if let Some(states) = &case.kind.file.states {
            case.has(&operations.read, description, [&states.member]);
            case.has_states(states);
        }
        for row in settings {
            case.takes_name(&row.operation, &id);
            row.remove.iter().for_each(|operation| case.takes_name(operation, &id));
            case.takes(&row.operation, &case.members(&row.operation, true, None, &row.properties));
            let (read, within) = match &row.read {
                None => (&operations.read, operations.described.as_deref()),
                Some(read) => (&read.operation, read.described.as_deref()),
            };
            case.takes_name(read, row.read.as_ref().map_or(&[], |_| &id));
            let members = case.members(read, false, within, &row.properties);
            let only = row.read.iter().flat_map(|read| read.only.keys());
            case.has(read, case.described(read, within), members.iter().chain(only));
        }
        let is_setting = |name: &&String| settings.iter().any(|row| row.properties.contains(*name));
        let changed = resets.iter().flat_map(|row| row.values.keys());
        let changed = changed.chain(kept.iter().flat_map(|row| &row.properties));
        let is_text = |name: &&String| operations.attributes.is_some() && case.has_property(name);
        let changed = changed.filter(|name| !is_setting(name) && !is_text(name));
        match &operations.update {
            Some(update) => {
                case.takes_name(update, &id);
                case.takes(update, operations.updating.keys().chain(changed));
            }
            None => assert_eq!(changed.count(), 0, "{}: nothing is updated", case.name()),
        }
    }
    assert!(types >= 2, "{types}");
}

/// A property that the catalog changes in place is taken by the updating operation, a setting, or
/// the tags; what cannot is asked of none of them.
#[test]
fn the_operations_agree_with_the_catalog_about_what_changes_in_place() {
    for case in cases() {
        let TypeFile { operations, identifier, settings, attributes, .. } = &case.kind.file;
        let root = case.schema.root();
        let taken = operations.update.as_deref().map(|update| case.shape(update, true));
        for property in case.schema.resolve(root).property_names() {
            let path = PropertyPath::root().name(property);
            let apart = case.schema.is_read_only(&path)
                || attributes.iter().any(|attribute| attribute.name == property)
                || case.kind.tags.is_some_and(|tags| tags.property == property)
                || identifier.members().contains(&property)
                || case.kind.unsupported.iter().any(|row| row.property == property);
            if apart {
                continue;
            }
            let set = settings.iter().any(|row| row.properties.iter().any(|p| p == property));
            let updated =
                taken.and_then(Shape::members).is_some_and(|m| entry(m, property).is_some());
            let in_place = case.schema.update_kind(&path) != rstack_model::UpdateKind::Replaces;
            // The model does not say which texts a map holds.
            let updated = updated || operations.attributes.is_some() && in_place;
            // An operation that also creates takes the properties that are fixed then.
            let creates = operations.update.as_ref() == Some(&operations.create);
            let wanted = in_place || creates && updated;
            assert_eq!(set || updated, wanted, "{} {property}", case.name());
        }
    }
}

#[test]
fn properties_attributes_and_members_are_those_of_registry_and_model() {
    for case in cases() {
        let file = &case.kind.file;
        let name = case.name();
        let identifier = case.schema.primary_identifier();
        let names: Vec<_> = file.identifier.names().map(|name| vec![name.clone()]).collect();
        assert!(identifier.iter().map(|path| path.segments()).eq(&names), "{name}");
        assert_eq!(case.schema.ref_identifier(), identifier, "{name}: `Ref` is something else");
        for declared in file.identifier.declared() {
            assert!(case.schema.takes(&PropertyPath::root().name(declared)), "{name} {declared}");
        }
        let tags = case.kind.tags.map(|tags| tags.property.as_str());
        assert_eq!(case.schema.tag_property(), tags, "{name}");
        let kept = file.kept.iter().flat_map(|entry| &entry.properties);
        let settings = file.settings.iter().flat_map(|row| &row.properties);
        let resets = file.resets.iter().flat_map(|row| row.values.keys());
        let shown = file.references.iter().chain(&file.plain).flat_map(|entry| &entry.properties);
        let unsupported = file.unsupported.iter().map(|row| &row.property);
        for property in kept.chain(settings).chain(resets).chain(shown).chain(unsupported) {
            assert!(case.has_property(property), "{name}: there is no property `{property}`");
        }
        let defaulted = file.defaulted.iter().flat_map(|entry| &entry.properties);
        for member in defaulted.chain(file.withheld.iter().flat_map(|entry| &entry.members)) {
            let mut shapes = case.model.shapes().filter_map(Shape::members);
            let anywhere = shapes.any(|members| members.contains_key(member));
            assert!(anywhere, "{name}: nothing has a member `{member}`");
        }
        let known: BTreeSet<String> = case.schema.attributes().into_iter().collect();
        let own: BTreeSet<String> = file.attributes.iter().map(|row| row.name.clone()).collect();
        // What stands inside of an attribute comes with it.
        let top: BTreeSet<String> =
            known.iter().filter_map(|name| name.split('.').next()).map(str::to_owned).collect();
        assert!(own.is_subset(&top), "{name}: {own:?} of {known:?}");
        let missing: Vec<_> = top.iter().filter(|name| !own.contains(*name)).collect();
        assert!(missing.is_empty(), "{name}: attributes without a place: {missing:?}");
        for shape in &file.mapping {
            let members = case.model.shape(&shape.shape).and_then(Shape::members);
            let members = members.unwrap_or_else(|| panic!("{name}: no structure {}", shape.shape));
            let named = shape.renames.values().chain(shape.fills.iter().map(|fill| &fill.member));
            for member in named.chain(shape.nested.iter().map(|row| &row.outer)) {
                assert!(members.contains_key(member), "{name}: {} has no {member}", shape.shape);
            }
            for property in shape.singles.iter().chain(shape.renames.keys()) {
                assert!(
                    case.has_property(property) || shape.singles.is_empty(),
                    "{name} {property}"
                );
            }
            for property in &shape.omitted {
                assert!(!members.contains_key(property), "{name}: {property} could be sent");
            }
        }
    }
}

#[test]
fn a_service_has_drivers_for_the_types_that_it_lists() {
    for service in Service::ALL {
        let file = service.file().unwrap();
        for name in &file.drivers {
            assert!(TypeDefinition::of(&name.as_str().into()).unwrap().is_none(), "{name}");
            assert!(
                crate::AwsCloud::serves(&name.as_str().into()) == Some(crate::Serving::Native),
                "{name}"
            );
        }
        assert!(file.operations.is_sorted(), "{service:?}: sort the operations");
    }
    let folders: Vec<&str> = Service::ALL.iter().map(|service| service.name()).collect();
    assert!(folders.is_sorted(), "{folders:?}");
    assert_eq!(Service::of_action("iam:CreateRole"), Some(Service::IAM));
    assert_eq!(Service::of_action("s4:Get"), None);
}

#[test]
fn damaged_data_are_an_error() {
    let error = open::<ServiceFile>("x", "{\"title\": \"X\", \"colour\": 1}").unwrap_err();
    assert!(error.to_string().starts_with("the definition of `x` is damaged: "), "{error}");
}
