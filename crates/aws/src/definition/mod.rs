//! Services and resource types that are data: the folders of `data`, compiled into the program.
//!
//! Nothing is parsed at the start: a service or a type is opened when it is first asked for.

#[expect(dead_code, reason = "the build alone reads sources, titles and permissions")]
mod format;
mod members;
mod once;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use rstack_driver::{NameRule, Separator, UnsupportedProperty};
use rstack_model::ResourceType;

use crate::mapping::Rules;
pub(crate) use format::{
    Attribute, BatchRead, DEFAULT_ANSWER_MEBIBYTES, ErrorMeaning, Listing, Reset, ServiceFile,
    Settings, SettingsReading, States, TagOperations, TextAttributes, TypeFile, WireProtocol,
    braced,
};
use format::{NameSeparator, Unsupported};
pub(crate) use members::entry;
pub(crate) use once::Once;

include!(concat!(env!("OUT_DIR"), "/definitions.rs"));

/// The embedded data of a service.
#[derive(Debug)]
struct ServiceData {
    name: &'static str,
    file: &'static str,
    model: &'static [u8],
    endpoints: &'static [u8],
}

/// A service whose description is part of the program: a folder of `data`.
#[derive(Clone, Copy)]
pub(crate) struct Service(&'static ServiceData);

impl Service {
    /// The service's name: that of its folder, and the prefix of its IAM actions.
    pub(crate) fn name(self) -> &'static str {
        self.0.name
    }

    /// The service of an action, such as `iam:CreateRole`.
    pub(crate) fn of_action(action: &str) -> Option<Self> {
        let (name, _) = action.split_once(':')?;
        Self::ALL.iter().copied().find(|service| service.name() == name)
    }

    /// The facts in `service.yaml`.
    ///
    /// # Errors
    /// [`DefinitionError`] if the embedded data are damaged.
    pub(crate) fn file(self) -> Result<&'static ServiceFile, DefinitionError> {
        static FILES: Once<Service, Result<ServiceFile, DefinitionError>> = Once::new();
        let opened = FILES.get(self, || open(self.name(), self.0.file));
        opened.as_ref().map_err(Clone::clone)
    }

    /// The model, compressed.
    pub(crate) fn model_bytes(self) -> &'static [u8] {
        self.0.model
    }

    /// The endpoint rules, compressed.
    pub(crate) fn endpoint_bytes(self) -> &'static [u8] {
        self.0.endpoints
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Service {}

impl PartialOrd for Service {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Service {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name().cmp(other.name())
    }
}

/// The embedded data of a type.
#[derive(Debug)]
struct TypeData {
    name: &'static str,
    service: Service,
    file: &'static str,
}

/// A resource type that is data.
#[derive(Debug)]
pub(crate) struct TypeDefinition {
    /// The service that keeps its objects.
    pub(crate) service: Service,
    /// The operations that change its tags; `None` if it has none.
    pub(crate) tags: Option<&'static TagOperations>,
    /// The one code for everything that the service refuses, if it has one.
    pub(crate) refused_code: Option<&'static str>,
    /// The rules of the mapping.
    pub(crate) rules: &'static Rules,
    /// The properties that a template may not declare, for the engine.
    pub(crate) unsupported: &'static [UnsupportedProperty],
    /// The facts of its file.
    pub(crate) file: TypeFile,
}

impl TypeDefinition {
    /// The definition of a type; `None` for a type that is no data.
    ///
    /// # Errors
    /// [`DefinitionError`] if the embedded data are damaged.
    pub(crate) fn of(name: &ResourceType) -> Result<Option<&'static Self>, DefinitionError> {
        static TYPES_OPEN: Once<&str, Result<TypeDefinition, DefinitionError>> = Once::new();
        let Some(data) = TYPES.iter().find(|data| data.name == name.as_str()) else {
            return Ok(None);
        };
        let opened = TYPES_OPEN.get(data.name, || Self::open(data));
        opened.as_ref().map(Some).map_err(Clone::clone)
    }

    fn open(data: &TypeData) -> Result<Self, DefinitionError> {
        let (service, file) = (data.service.file()?, open::<TypeFile>(data.name, data.file)?);
        let damaged = |problem: &str| DefinitionError {
            name: data.name.to_owned(),
            problem: problem.to_owned(),
        };
        // The definition lives as long as the program, and so may what it is made of.
        let tags = file.tags(service).cloned().map(|tags| &*Box::leak(Box::new(tags)));
        Ok(Self {
            service: data.service,
            tags,
            refused_code: service.refused_code(),
            rules: rules::of(&file.mapping).map_err(|problem| damaged(&problem))?,
            unsupported: file.unsupported.iter().map(unsupported).collect::<Vec<_>>().leak(),
            file,
        })
    }

    /// The rule for the names of objects that the template does not name.
    pub(crate) fn naming(&'static self) -> Option<NameRule> {
        let names = &self.file.identifier;
        let naming = names.naming.as_ref()?;
        let separator = match naming.separator {
            NameSeparator::Hyphen => Separator::Hyphen,
            NameSeparator::LowercaseHyphen => Separator::LowercaseHyphen,
        };
        let ending = naming.ending.as_ref().map_or(0, |ending| ending.text.len());
        let max_length = naming.max_length.saturating_sub(ending);
        Some(NameRule { property: names.chosen()?, max_length, separator })
    }

    /// The names of all types that are data, by service and name.
    #[cfg(test)]
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        TYPES.iter().map(|data| data.name)
    }
}

/// The entry as the engine knows it, for the life of the program.
fn unsupported(entry: &Unsupported) -> UnsupportedProperty {
    let kept = |text: &str| -> &'static str { Box::leak(Box::from(text)) };
    UnsupportedProperty { property: kept(&entry.property), instead: kept(&entry.instead) }
}

fn open<T: serde::de::DeserializeOwned>(name: &str, file: &str) -> Result<T, DefinitionError> {
    serde_json::from_str(file)
        .map_err(|error| DefinitionError { name: name.to_owned(), problem: error.to_string() })
}

/// A definition that cannot be opened. Definitions are part of the program, so the program is
/// damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the definition of `{name}` is damaged: {problem}")]
pub(crate) struct DefinitionError {
    /// The service or type.
    pub(crate) name: String,
    /// The problem.
    pub(crate) problem: String,
}
