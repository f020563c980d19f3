//! Declared properties of a project as calls take them.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::iam::{Fields, Tags, tag_list};
use crate::mapping::{Mapper, Rules, ShapeRules};
use crate::model::{Service, ServiceModel};

/// Properties that operations of their own set, or that only the service sets.
pub(crate) const NOT_IN_PROJECT: [&str; 5] =
    ["Arn", "Id", "ResourceAccessRole", "Triggers", "Visibility"];

/// The rules of the mapping: all else is mapped by names.
pub(crate) static PROJECT_RULES: Rules = Rules(&[
    ShapeRules { omitted: &NOT_IN_PROJECT, ..ShapeRules::of("CreateProjectInput") },
    ShapeRules { omitted: &NOT_IN_PROJECT, ..ShapeRules::of("UpdateProjectInput") },
    ShapeRules { omitted: &["Webhook"], ..ShapeRules::of("CreateWebhookInput") },
    ShapeRules {
        omitted: &["ScopeConfiguration", "Webhook"],
        ..ShapeRules::of("UpdateWebhookInput")
    },
]);

/// CodeBuild's model.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn model() -> Result<&'static ServiceModel, DriverError> {
    ServiceModel::of(Service::CODEBUILD)
        .map_err(|error| DriverError::new(ErrorKind::Unsupported, "codebuild", error.to_string()))
}

/// The members that say what the properties say, with these tags.
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn project(
    properties: &KnownMap,
    tags: &Tags,
    shape: &str,
    action: &str,
) -> Result<KnownMap, DriverError> {
    let mut properties = properties.clone();
    if !tags.is_empty() || properties.contains_key("Tags") {
        properties.insert("Tags".to_owned(), tag_list(tags));
    }
    let mapper = Mapper::new(model()?, shape, &PROJECT_RULES);
    mapper.to_members(&properties).map_err(|error| error.for_operation(action))
}

/// The declared webhook; `None` if there is to be none.
///
/// # Errors
/// If a property has another form.
pub(super) fn triggers<'a>(
    properties: &'a KnownMap,
    action: &'static str,
) -> Result<Option<&'a KnownMap>, DriverError> {
    let fields = Fields::new(properties, action);
    let Some(value) = fields.value("Triggers") else { return Ok(None) };
    let triggers = value.as_map().ok_or_else(|| fields.invalid("Triggers", "is not a map"))?;
    let wanted = Fields::new(triggers, action).boolean("Webhook")?.unwrap_or(false);
    Ok(wanted.then_some(triggers))
}

/// The input of the call that creates or changes the webhook of a project.
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn webhook(
    name: &str,
    triggers: &KnownMap,
    shape: &str,
    action: &str,
) -> Result<KnownMap, DriverError> {
    let mapper = Mapper::new(model()?, shape, &PROJECT_RULES);
    let mapper = mapper.at(PropertyPath::root().name("Triggers"));
    let mut input = mapper.to_members(triggers).map_err(|error| error.for_operation(action))?;
    input.insert("projectName".to_owned(), name.into());
    Ok(input)
}

/// A text of a property, as it is declared.
pub(super) fn text<'a>(properties: &'a KnownMap, name: &str) -> Option<&'a str> {
    properties.get(name).and_then(KnownValue::as_str)
}
