//! The tags of a stack: every resource that takes tags gets them, under its own ones.
//!
//! Source: "Resource tag", AWS CloudFormation User Guide. Pure.

use std::collections::BTreeMap;

use rstack_catalog::{PROPAGATES, Registry, TagForm};
use rstack_driver::Cloud;
use rstack_model::desired::{Desired, DesiredResource};
use rstack_model::state::State;
use rstack_model::{
    Address, Code, Diagnostic, PropertyPath, ResourceType, UpdateKind, Value, ValueMap,
};
use rstack_template::Templates;

/// The tags of a stack, by key.
pub type StackTags = BTreeMap<String, String>;

/// Gives the tags of a stack to its resources, and those of its nested stacks to theirs. A tag of the same
/// key that a resource has itself stays, and so does one of the innermost stack. The diagnostics name
/// resources whose tags are known only after apply, which get none.
///
/// An object whose tags only a replacement changes keeps those that `former`, the last state, says that it has:
/// a tag of the stack replaces nothing.
pub fn add_stack_tags(
    (tags, nested): (&StackTags, &BTreeMap<Address, StackTags>),
    cloud: &dyn Cloud,
    templates: Templates<'_>,
    desired: &mut Desired,
    former: Option<&State>,
) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    if tags.is_empty() && nested.is_empty() {
        return out;
    }
    out.extend(tags.iter().chain(nested.values().flatten()).filter_map(refused));
    for (address, resource) in &mut desired.resources {
        let tags = &all_tags(tags, nested, address);
        if tags.is_empty() {
            continue;
        }
        let warn = |message: String, help: &str| {
            let span = templates.resource(address).map(|it| it.name_span);
            let warning = Diagnostic::warning(Code::Unsupported, message);
            warning.at(span.unwrap_or_default(), "").help(help)
        };
        let (property, form) = match form(cloud, resource) {
            Form::Tagged(property, form) => (property, form),
            Form::Untagged => continue,
            Form::Unsupported => {
                let kind = &resource.resource_type;
                let message = format!(
                    "`{address}` gets no tags of the stack: rstack cannot add tags to `{kind}` yet"
                );
                out.push(warn(message, "declare its tags in the template"));
                continue;
            }
        };
        let own = resource.properties.get(&property).unwrap_or(&Value::Null);
        let made = former.and_then(|state| state.resources.get(address)).filter(|made| {
            made.resource_type == resource.resource_type && is_fixed(&made.resource_type, &property)
        });
        let held = made.map(|made| inherited(own, &form, made.properties.get(&property)));
        match tagged(own, &form, held.as_ref().unwrap_or(tags)) {
            Some(all) => {
                if held.is_some_and(|_| Some(&all) != tagged(own, &form, tags).as_ref()) {
                    let message = format!(
                        "`{address}` keeps the tags of the stack that it was made with: others would replace it"
                    );
                    out.push(warn(message, "`--replace` makes a new object, with the new tags"));
                }
                resource.properties.insert(property, all);
            }
            None => {
                let message = format!(
                    "`{address}` gets no tags of the stack: its own `{property}` is known only after apply"
                );
                out.push(warn(message, "give it tags that are known before"));
            }
        }
    }
    out
}

/// True if only a replacement changes the tags of an object.
fn is_fixed(resource_type: &ResourceType, property: &str) -> bool {
    let schema = Registry::embedded().get(resource_type.as_str()).ok().flatten();
    let path = PropertyPath::root().name(property);
    schema.is_some_and(|schema| schema.update_kind(&path) == UpdateKind::Replaces)
}

/// The tags that an object has beside its own: those of the stack when it was made.
fn inherited(own: &Value, form: &TagForm, made: Option<&Value>) -> StackTags {
    let pairs = |tags: &Value| -> StackTags {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        match (form, tags) {
            (TagForm::Map, Value::Map(map)) => {
                let pairs = map.iter().map(|(key, value)| (key.clone(), text(Some(value))));
                pairs.map(|(key, value)| (key, value.unwrap_or_default())).collect()
            }
            (TagForm::List { key, value, .. }, Value::List(items)) => {
                let maps = items.iter().filter_map(Value::as_map);
                let pair = |map: &ValueMap| Some((text(map.get(key))?, text(map.get(value))));
                let pairs = maps.filter_map(pair);
                pairs.map(|(key, value)| (key, value.unwrap_or_default())).collect()
            }
            (TagForm::Map | TagForm::List { .. }, _) => StackTags::new(),
        }
    };
    let mut all = made.map(pairs).unwrap_or_default();
    pairs(own).keys().for_each(|key| {
        all.remove(key);
    });
    all
}

/// The tags of the stacks that a resource is in, those of the innermost one above all.
fn all_tags(
    tags: &StackTags,
    nested: &BTreeMap<Address, StackTags>,
    address: &Address,
) -> StackTags {
    let mut all = tags.clone();
    let text = address.as_str();
    for (end, _) in text.match_indices('/') {
        let stack = text.get(..end).map(Address::new);
        let own = stack.and_then(|stack| nested.get(&stack));
        all.extend(own.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
    }
    all
}

/// The tags that a resource takes.
enum Form {
    /// None.
    Untagged,
    /// Some, which cannot be added to.
    Unsupported,
    /// Those of this property, in this form.
    Tagged(String, TagForm),
}

fn form(cloud: &dyn Cloud, resource: &DesiredResource) -> Form {
    let schema = Registry::embedded().get(resource.resource_type.as_str()).ok().flatten();
    let driver = cloud.driver(&resource.resource_type);
    let (Some(schema), Some(driver)) = (schema, driver) else { return Form::Untagged };
    let Some(property) = schema.tag_property().filter(|_| schema.takes_tags()) else {
        return Form::Untagged;
    };
    let refused = driver.unsupported().iter().any(|it| it.property == property);
    match schema.tag_form().filter(|_| !refused) {
        Some(form) => Form::Tagged(property.to_owned(), form),
        None => Form::Unsupported,
    }
}

/// The tags of a resource with those of its stack; `None` if its own ones are not known.
fn tagged(own: &Value, form: &TagForm, tags: &StackTags) -> Option<Value> {
    match (form, own) {
        (TagForm::Map, Value::Null) => Some(Value::Map(as_map(tags, &ValueMap::new()))),
        (TagForm::Map, Value::Map(own)) => Some(Value::Map(as_map(tags, own))),
        (TagForm::List { .. }, Value::Null) => Some(Value::List(as_list(tags, form, &[]))),
        (TagForm::List { .. }, Value::List(own)) => Some(Value::List(as_list(tags, form, own))),
        (TagForm::Map | TagForm::List { .. }, _) => None,
    }
}

fn as_map(tags: &StackTags, own: &ValueMap) -> ValueMap {
    let mut all = own.clone();
    for (key, value) in tags {
        all.entry(key.clone()).or_insert_with(|| Value::from(value.as_str()));
    }
    all
}

fn as_list(tags: &StackTags, form: &TagForm, own: &[Value]) -> Vec<Value> {
    let mut all = own.to_vec();
    let TagForm::List { key, value, propagates } = form else { return all };
    let has = |wanted: &str| {
        let keys = own.iter().filter_map(|tag| tag.as_map()?.get(key)?.as_str());
        keys.into_iter().any(|key| key == wanted)
    };
    for (name, text) in tags.iter().filter(|(name, _)| !has(name)) {
        let mut tag = ValueMap::new();
        tag.insert(key.clone(), Value::from(name.as_str()));
        tag.insert(value.clone(), Value::from(text.as_str()));
        if *propagates {
            tag.insert(PROPAGATES.to_owned(), Value::Bool(true));
        }
        all.push(Value::Map(tag));
    }
    all
}

/// The error of a tag that services refuse.
///
/// Source: "Tag", AWS CloudFormation API Reference: 1 to 128 characters and not beginning with `aws:`, at most 256.
fn refused((key, value): (&String, &String)) -> Option<Diagnostic> {
    let problem = match (key.chars().count(), value.chars().count()) {
        (0, _) => "has no key",
        (129.., _) => "has a key of more than 128 characters",
        (_, 257..) => "has a value of more than 256 characters",
        _ if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) => {
            "begins with `aws:`, which AWS keeps for itself"
        }
        _ => return None,
    };
    let shown: String = key.chars().take(40).collect();
    let message = format!("the tag `{shown}` of the stack {problem}");
    let help = "correct it in the app, in `--tag` or in the file that gives it";
    Some(Diagnostic::error(Code::PropertyValue, message).help(help))
}

#[cfg(test)]
mod tests {
    use rstack_model::KnownValue;
    use rstack_model::value::AttributeRef;
    use serde_json::{Value as Json, json};

    use super::*;

    fn list(propagates: bool) -> TagForm {
        TagForm::List { key: "Key".into(), value: "Value".into(), propagates }
    }

    fn with(own: Json, form: &TagForm) -> Option<String> {
        let tags = [("a", "1"), ("b", "2")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let own = KnownValue::from_json(own).redacted();
        tagged(&own, form, &tags.into()).map(|value| value.to_string())
    }

    #[test]
    fn tags_that_services_refuse_are_refused() {
        let long = "k".repeat(129);
        let value = "v".repeat(257);
        for (key, value, problem) in [
            ("aws:x", "y", "begins with `aws:`"),
            ("AWS:x", "y", "begins with `aws:`"),
            ("", "y", "has no key"),
            (long.as_str(), "y", "of more than 128"),
            ("k", value.as_str(), "of more than 256"),
        ] {
            let error = refused((&key.to_owned(), &value.to_owned())).unwrap();
            assert!(error.is_error() && error.message.contains(problem), "{}", error.message);
        }
        for (key, value) in [("awsome", ""), (&long[1..], &value[1..])] {
            assert!(refused((&key.to_owned(), &value.to_owned())).is_none(), "{key}");
        }
    }

    #[test]
    fn a_resource_keeps_its_own_tags() {
        let shown = |json: Json| Some(KnownValue::from_json(json).redacted().to_string());
        let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
        let both = shown(json!([tag("a", "1"), tag("b", "2")]));
        assert_eq!(with(Json::Null, &list(false)), both);
        let own = json!([tag("b", "own")]);
        assert_eq!(with(own, &list(false)), shown(json!([tag("b", "own"), tag("a", "1")])));
        assert_eq!(with(json!({"b": "own"}), &TagForm::Map), shown(json!({"a": "1", "b": "own"})));
        assert_eq!(with(Json::Null, &TagForm::Map), shown(json!({"a": "1", "b": "2"})));
        let given = json!([{"Key": "a", "Value": "x", "PropagateAtLaunch": false},
                           {"Key": "b", "Value": "2", "PropagateAtLaunch": true}]);
        let own = json!([{"Key": "a", "Value": "x", "PropagateAtLaunch": false}]);
        assert_eq!(with(own, &list(true)), shown(given));
    }

    #[test]
    fn an_object_whose_tags_are_fixed_keeps_those_of_the_stack() {
        assert!(is_fixed(&"AWS::MediaPackage::Asset".into(), "Tags"));
        assert!(!is_fixed(&"AWS::SQS::Queue".into(), "Tags"));
        let value = |json: Json| KnownValue::from_json(json).redacted();
        let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
        let own = value(json!([tag("own", "new")]));
        let made = value(json!([tag("own", "old"), tag("cost", "1")]));
        let held = inherited(&own, &list(false), Some(&made));
        assert_eq!(held, StackTags::from([("cost".to_owned(), "1".to_owned())]));
        let map = value(json!({"cost": "1"}));
        assert_eq!(inherited(&Value::Null, &TagForm::Map, Some(&map)), held);
    }

    #[test]
    fn tags_that_are_not_known_are_left_alone() {
        let own = Value::attribute(AttributeRef::named("A".into(), "Tags"));
        assert_eq!(tagged(&own, &list(false), &StackTags::new()), None);
    }
}
