//! `rstack docs`: what resource types take and give, without a network.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use clap::Args;
#[cfg(feature = "aws")]
use rstack_catalog::ended_service;
use rstack_catalog::{Documentation, Property, Registry, TypeSchema, nearest};
use rstack_model::{ErrorCode, ResourceType};
use rstack_render::{
    Served, TypeDocs, attribute_json, attribute_text, first_sentence, property_json, property_text,
    terms, type_json, type_text,
};
use serde_json::{Value, json};

use crate::args::DetailArguments;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// The arguments of `rstack docs`.
#[derive(Args, Debug)]
pub(crate) struct DocsArgs {
    /// A type, a property or an attribute (`AWS::SNS::Topic.DisplayName`), or a prefix of types
    /// (`AWS::SNS`). Without one, the services are listed.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The number of levels of properties to show.
    #[arg(long, value_name = "N", default_value = "1")]
    depth: NonZeroUsize,
}

/// The reasons why there is no such documentation.
#[derive(Debug, thiserror::Error)]
enum DocsError {
    /// There is no such resource type.
    #[error("no resource type `{text}` exists")]
    NoType {
        /// The name that was asked for.
        text: String,
        /// The nearest known name, which was perhaps meant.
        near: Option<String>,
    },
    /// A type, or a property of one, that has no such property.
    #[error("`{holder}` has no property `{name}`")]
    NoProperty {
        /// The type or property.
        holder: String,
        /// The name that was asked for.
        name: String,
        /// The nearest known name, which was perhaps meant.
        near: Option<String>,
        /// The properties it has.
        names: Vec<String>,
    },
}

impl From<DocsError> for CommandError {
    fn from(error: DocsError) -> Self {
        let hint = match &error {
            DocsError::NoType { near: Some(near), .. }
            | DocsError::NoProperty { near: Some(near), .. } => {
                Some(format!("did you mean `{near}`?"))
            }
            DocsError::NoType { near: None, .. } => {
                Some("`rstack docs` lists the services, `rstack docs AWS::SNS` types".to_owned())
            }
            DocsError::NoProperty { near: None, names, .. } if names.is_empty() => None,
            DocsError::NoProperty { near: None, names, .. } => {
                Some(format!("it has {}", names.join(", ")))
            }
        };
        Self::of(ErrorCode::DocsNotFound, &error).with_hint(hint)
    }
}

/// Shows a type, a property or an attribute of one, the types that begin with a text, or, without
/// a name, the services.
pub(crate) fn run(context: &Context, args: &DocsArgs) -> Result<Exit, CommandError> {
    let (terminal, depth) = (&context.terminal, args.depth.get());
    let registry = Registry::embedded();
    let Some(name) = args.name.as_deref() else { return services(registry, terminal) };
    let (type_name, path) = name.split_once('.').unwrap_or((name, ""));
    let exact = registry.names().find(|known| known.eq_ignore_ascii_case(type_name));
    let Some(type_name) = exact else {
        let begin = type_name.trim_end_matches(':');
        return types(registry, type_name, begin, terminal);
    };
    let schema = registry.get(type_name)?.ok_or_else(|| no_type(registry, name))?;
    let documentation = Documentation::of(type_name)?;
    let served = served(&ResourceType::new(type_name));
    let docs = TypeDocs { schema: &schema, documentation: &documentation, served, depth };
    let view = terminal.view(DetailArguments::default());
    if path.is_empty() {
        show(terminal, || type_text(&docs, &view), || type_json(&docs))
    } else if let Some(property) = find(&schema, &documentation, path) {
        show(
            terminal,
            || property_text(&docs, &property, &view),
            || property_json(&property, depth),
        )
    } else if let Some(attribute) = find_attribute(&schema, path) {
        show(
            terminal,
            || attribute_text(&docs, &attribute, &view),
            || attribute_json(&docs, &attribute),
        )
    } else {
        Err(no_property(&schema, &documentation, path).into())
    }
}

fn show(
    terminal: &Terminal,
    text: impl Fn() -> String,
    json: impl Fn() -> Value,
) -> Result<Exit, CommandError> {
    if terminal.json {
        terminal.line(&json().to_string())?;
    } else {
        terminal.text(&text())?;
    }
    Ok(Exit::Done)
}

fn find_attribute(schema: &TypeSchema, path: &str) -> Option<String> {
    schema.attributes().into_iter().find(|name| name.eq_ignore_ascii_case(path))
}

/// The property at a dotted path, if a template can declare it.
fn find<'a>(
    schema: &'a TypeSchema,
    documentation: &'a Documentation,
    path: &str,
) -> Option<Property<'a>> {
    let mut found: Option<Property<'a>> = None;
    for name in path.split('.') {
        let inside = match &found {
            None => Property::all(schema, documentation),
            Some(property) => property.properties(),
        };
        let same = |property: &Property<'_>| property.name().eq_ignore_ascii_case(name);
        let any = inside.iter().find(|property| property.name() == "*").cloned();
        found = Some(inside.into_iter().find(same).or(any)?);
    }
    found.filter(|property| !property.is_refused())
}

/// The first name of the path that there is not, and what was perhaps meant.
fn no_property(schema: &TypeSchema, documentation: &Documentation, path: &str) -> DocsError {
    let (mut inside, mut known) = (Property::all(schema, documentation), schema.name().to_owned());
    let mut names = path.split('.');
    let mut missing = path;
    for name in names.by_ref() {
        let same = |property: &&Property<'_>| property.name().eq_ignore_ascii_case(name);
        let Some(property) = inside.iter().find(same) else {
            missing = name;
            break;
        };
        known = format!("{}.{}", schema.name(), property.dotted());
        inside = property.properties();
    }
    let attributes = if known == schema.name() { schema.attributes() } else { Vec::new() };
    let candidates = inside.iter().map(Property::name).chain(attributes.iter().map(String::as_str));
    let near = nearest(missing, candidates).map(str::to_owned);
    let names = inside.iter().map(|property| property.name().to_owned()).collect();
    DocsError::NoProperty { holder: known, name: missing.to_owned(), near, names }
}

fn no_type(registry: &Registry, name: &str) -> DocsError {
    DocsError::NoType { text: name.to_owned(), near: registry.nearest(name).map(str::to_owned) }
}

/// The clouds that make the objects of a type.
#[cfg(feature = "aws")]
fn served(resource_type: &ResourceType) -> Served {
    if let Some(ended) = ended_service(resource_type.as_str()) {
        return Served::Ended(ended);
    }
    match rstack_aws::AwsCloud::serves(resource_type) {
        Some(rstack_aws::Serving::Native) => Served::Native,
        Some(rstack_aws::Serving::CloudControl) => Served::CloudControl,
        None => Served::SandboxOnly,
    }
}

/// The clouds that make the objects of a type.
#[cfg(not(feature = "aws"))]
fn served(_: &ResourceType) -> Served {
    Served::NotBuilt
}

/// The types whose names begin so: with whole parts of the name, else with the text.
fn types(
    registry: &Registry,
    text: &str,
    begin: &str,
    terminal: &Terminal,
) -> Result<Exit, CommandError> {
    let begin = begin.to_lowercase();
    let found = |whole: bool| -> Vec<&'static str> {
        let names = registry.names().filter(|name| {
            let rest = name.to_lowercase();
            let rest = rest.strip_prefix(&begin);
            rest.is_some_and(|rest| !whole || rest.starts_with("::"))
        });
        names.collect()
    };
    let mut names = found(true);
    if names.is_empty() {
        names = found(false);
    }
    if names.is_empty() || begin.is_empty() {
        return Err(no_type(registry, text).into());
    }
    let mut rows = Vec::new();
    for name in names {
        let documentation = Documentation::of(name)?;
        rows.push((name, documentation.about().map(first_sentence).unwrap_or_default()));
    }
    if terminal.json {
        let list = rows.iter().map(|(name, text)| json!({"type": name, "text": text}));
        terminal.line(&Value::from(list.collect::<Vec<_>>()).to_string())?;
        return Ok(Exit::Done);
    }
    let rows: Vec<(&str, &str)> = rows.iter().map(|(name, text)| (*name, text.as_str())).collect();
    terminal.text(&terms(&rows, &terminal.view(DetailArguments::default())))?;
    Ok(Exit::Done)
}

/// The services and how many types each has.
fn services(registry: &Registry, terminal: &Terminal) -> Result<Exit, CommandError> {
    let mut services: BTreeMap<&str, usize> = BTreeMap::new();
    for name in registry.names() {
        let service = name.rsplit_once("::").map_or(name, |(service, _)| service);
        *services.entry(service).or_default() += 1;
    }
    if terminal.json {
        terminal.line(&json!(services).to_string())?;
        return Ok(Exit::Done);
    }
    let counted: Vec<(&str, String)> = services
        .iter()
        .map(|(service, count)| {
            let plural = if *count == 1 { "" } else { "s" };
            (*service, format!("{count} type{plural}"))
        })
        .collect();
    let rows: Vec<(&str, &str)> =
        counted.iter().map(|(name, text)| (*name, text.as_str())).collect();
    terminal.text(&terms(&rows, &terminal.view(DetailArguments::default())))?;
    Ok(Exit::Done)
}
