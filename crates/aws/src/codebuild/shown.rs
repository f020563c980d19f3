//! A project as it is shown, in the vocabulary of templates.

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind, Object};
use rstack_model::{KnownMap, KnownValue};

use super::contents::{PROJECT_RULES, model, text};
use crate::iam::{arguments, tag_list, text_in, visible_tags};
use crate::mapping::{Mapper, in_declared_order};

/// The properties that tell the elements of lists apart.
const KEYS: &[&str] = &["Key", "Name", "ArtifactIdentifier", "SourceIdentifier", "Identifier"];

fn schema() -> Result<std::sync::Arc<TypeSchema>, DriverError> {
    let name = "AWS::CodeBuild::Project";
    let unsupported = |problem: String| DriverError::new(ErrorKind::Unsupported, name, problem);
    let found = Registry::embedded().get(name).map_err(|error| unsupported(error.to_string()))?;
    found.ok_or_else(|| unsupported("the registry does not have the type".to_owned()))
}

/// The webhook of a project; `None` if it has none.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn webhook(project: &KnownMap) -> Result<Option<KnownMap>, DriverError> {
    let Some(webhook) = project.get("webhook").and_then(KnownValue::as_map) else {
        return Ok(None);
    };
    let schema = schema()?;
    let mut triggers = match schema.property(schema.root(), "Triggers") {
        Some(node) => {
            let mapper = Mapper::new(model()?, "Webhook", &PROJECT_RULES);
            mapper.from_members(webhook, &schema, node)
        }
        None => KnownMap::new(),
    };
    if let Some(groups) = triggers.get_mut("FilterGroups") {
        capitalize(groups);
    }
    triggers.insert("Webhook".to_owned(), true.into());
    Ok(Some(triggers))
}

/// Gives the keys of filters, which the registry does not describe, the capitals of templates.
fn capitalize(value: &mut KnownValue) {
    match value {
        KnownValue::List(items) => items.iter_mut().for_each(capitalize),
        KnownValue::Map(map) => {
            let capital = |name: String| {
                let mut chars = name.chars();
                let first = chars.next().map(|first| first.to_ascii_uppercase());
                first.into_iter().chain(chars).collect()
            };
            *map = std::mem::take(map).into_iter().map(|(k, v)| (capital(k), v)).collect();
        }
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_) => {}
    }
}

/// The object that a description shows, lists in the order in which they are declared.
///
/// # Errors
/// If the description names no project.
pub(super) fn object(
    project: &KnownMap,
    declared: &KnownMap,
    action: &str,
) -> Result<Object, DriverError> {
    let name = text_in(project, "name").ok_or_else(|| {
        let message = "the answer does not name the project";
        DriverError::new(ErrorKind::UnknownOutcome, action, message)
    })?;
    let schema = schema()?;
    let mapper = Mapper::new(model()?, "Project", &PROJECT_RULES);
    let mut properties = mapper.from_members(project, &schema, schema.root());
    for attribute in ["Arn", "Id"] {
        properties.remove(attribute);
    }
    let tags = tag_list(&visible_tags(properties.get("Tags")));
    properties.insert("Tags".to_owned(), tags);
    if let Some(visibility) = project.get("projectVisibility") {
        properties.insert("Visibility".to_owned(), visibility.clone());
    }
    let badge = project.get("badge").and_then(|badge| badge.get("badgeEnabled"));
    if let Some(enabled) = badge {
        properties.insert("BadgeEnabled".to_owned(), enabled.clone());
    }
    let triggers = match webhook(project)? {
        Some(triggers) => triggers,
        None => arguments([("Webhook", false.into())]),
    };
    properties.insert("Triggers".to_owned(), triggers.into());
    let key = (text(declared, "EncryptionKey"), text(&properties, "EncryptionKey"));
    if let (Some(declared), Some(found)) = key
        && is_key(declared, found)
    {
        let declared = declared.to_owned();
        properties.insert("EncryptionKey".to_owned(), declared.into());
    }
    let arn = project.get("arn").cloned().unwrap_or(KnownValue::Null);
    let attributes = arguments([("Arn", arn), ("Id", name.into())]);
    let properties = in_declared_order(properties, declared, KEYS);
    Ok(Object::named(name.into(), properties, attributes))
}

/// True if a key that was given by its ID or alias is the one that is shown by its ARN.
fn is_key(declared: &str, found: &str) -> bool {
    let end = found.strip_suffix(declared);
    end.is_some_and(|start| start.ends_with(':') || start.ends_with(":key/"))
}
