//! Resources that name others of the stack by text: `ChannelId: live` where a channel has the `Id`
//! `live`. Nothing in such a template says that one needs the other.
//!
//! The resources are ordered as a reference would order them, and a warning says so: CloudFormation
//! does not.

use std::collections::{BTreeMap, BTreeSet};

use rstack_catalog::{Registry, TypeSchema};
use rstack_model::desired::DesiredResource;
use rstack_model::{Address, Code, Diagnostic, PathSegment, PropertyPath, Value};

use super::expression::Evaluator;
use super::properties::place;

/// The endings after a resource's name in the name of a property that takes its identifier.
const ENDINGS: [&str; 7] = ["", "id", "name", "arn", "identifier", "ref", "ids"];
/// The length of the name of a type that stands at the end of a longer property name.
const LONG_ENOUGH: usize = 4;

type Dependencies = BTreeMap<Address, BTreeSet<Address>>;

/// A resource that others may name by text.
struct Named {
    address: Address,
    resource_type: String,
    /// The last part of its type, in lower case.
    resource: String,
    is_arn: bool,
}

/// Adds the dependencies on resources that are named by text, with a warning for each.
pub(super) fn order(
    evaluator: &Evaluator<'_>,
    resources: &mut BTreeMap<Address, DesiredResource>,
    dependencies: &mut Dependencies,
) -> Vec<Diagnostic> {
    let named = named(evaluator, resources);
    if named.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(Address, PropertyPath, &Named)> = Vec::new();
    for (address, resource) in resources.iter() {
        for (name, value) in &resource.properties {
            let path = PropertyPath::root().name(name);
            visit(value, &path, &mut |path, text| {
                let users = named.get(text).into_iter().flatten();
                let user = users.filter(|it| it.address != *address).find(|it| {
                    let own = resource.resource_type.as_str();
                    it.resource_type != own
                        && if it.is_arn { needs(path) } else { takes(path, own, it) }
                });
                found.extend(user.map(|it| (address.clone(), path.clone(), it)));
            });
        }
    }
    let mut out = Vec::new();
    for (address, path, target) in found {
        let target_address = &target.address;
        if reaches(dependencies, &address, target_address)
            || reaches(dependencies, target_address, &address)
        {
            continue;
        }
        dependencies.entry(address.clone()).or_default().insert(target_address.clone());
        if let Some(resource) = resources.get_mut(&address) {
            resource.dependencies.insert(target_address.clone());
        }
        out.push(warning(evaluator, (&address, &path), target));
    }
    out
}

fn warning(
    evaluator: &Evaluator<'_>,
    (address, path): (&Address, &PropertyPath),
    target: &Named,
) -> Diagnostic {
    let other = &target.address;
    let message = format!(
        "`{path}` of `{address}` names `{other}` by text: rstack makes `{other}` first, and \
         CloudFormation does not"
    );
    let warning = Diagnostic::warning(Code::TextReference, message);
    let declared = evaluator.declared(address);
    let warning = match declared {
        Some(declared) => warning.at(place(evaluator, declared, path, false), ""),
        None => warning,
    };
    match target.is_arn {
        true => warning.help(format!("refer to it with `!GetAtt {other}.Arn` or `!Ref {other}`")),
        false => warning.help(format!("write `!Ref {other}`")),
    }
}

/// The resources by the texts that name them: what `Ref` returns, where that is declared, and ARNs
/// whose parts are all declared.
fn named(
    evaluator: &Evaluator<'_>,
    resources: &BTreeMap<Address, DesiredResource>,
) -> BTreeMap<String, Vec<Named>> {
    let mut out: BTreeMap<String, Vec<Named>> = BTreeMap::new();
    for (address, resource) in resources {
        let resource_type = resource.resource_type.as_str();
        let Ok(Some(schema)) = Registry::embedded().get(resource_type) else { continue };
        let last = resource_type.rsplit("::").next().unwrap_or_default();
        let mut add = |text: String, is_arn| {
            let resource = last.to_ascii_lowercase();
            let (address, resource_type) = (address.clone(), resource_type.to_owned());
            out.entry(text).or_default().push(Named { address, resource_type, resource, is_arn });
        };
        if let Some(text) = declared_ref(&schema, resource) {
            add(text.to_owned(), false);
        }
        if let Some(arn) = arn(evaluator, &schema, resource) {
            add(arn, true);
        }
    }
    out
}

/// The text that `Ref` returns, if the template declares it and it names the object alone: the stages
/// of two APIs may have one name.
fn declared_ref<'a>(schema: &TypeSchema, resource: &'a DesiredResource) -> Option<&'a str> {
    let [path] = schema.ref_identifier() else { return None };
    if schema.primary_identifier().len() != 1 {
        return None;
    }
    let [name] = path.segments() else { return None };
    let concrete = path.concrete()?;
    let text = resource.properties.get(name)?.as_str()?;
    (!schema.is_read_only(&concrete) && !text.is_empty()).then_some(text)
}

/// The ARN of an object, if the template declares all of its parts.
fn arn(
    evaluator: &Evaluator<'_>,
    schema: &TypeSchema,
    resource: &DesiredResource,
) -> Option<String> {
    let environment = evaluator.inputs.environment;
    let text = |name: &str| resource.properties.get(name).and_then(Value::as_str);
    let (mut out, mut rest) = (String::new(), schema.arn_template()?);
    let mut own = false;
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, after) = after.split_once('}')?;
        out.push_str(before);
        let value = match variable {
            "Partition" => environment.partition.to_string(),
            "Region" => environment.region.to_string(),
            "Account" => environment.account.to_string(),
            other => {
                own = true;
                match other.strip_suffix("WithPath") {
                    Some(name) => {
                        let path = match resource.properties.get("Path") {
                            None => "",
                            Some(path) => path.as_str()?.trim_start_matches('/'),
                        };
                        format!("{path}{}", text(name)?)
                    }
                    None => text(other)?.to_owned(),
                }
            }
        };
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    own.then_some(out)
}

/// True if what an ARN names must be there first. What a policy allows need not.
fn needs(path: &PropertyPath) -> bool {
    !path.segments().iter().any(|segment| match segment {
        PathSegment::Name(name) => {
            ["Condition", "NotResource", "Resource"].contains(&name.as_str())
        }
        PathSegment::Index(_) => false,
    })
}

/// True if the name of a property of a type says that it takes the identifier of such a resource. The
/// property of another service says so with an ending.
fn takes(path: &PropertyPath, own: &str, named: &Named) -> bool {
    let service = |name: &str| name.rsplit_once("::").map(|(service, _)| service.to_owned());
    let same_service = service(own) == service(&named.resource_type);
    let resource = named.resource.as_str();
    let mut names = path.segments().iter().rev().filter_map(|segment| match segment {
        PathSegment::Name(name) => Some(name.to_ascii_lowercase()),
        PathSegment::Index(_) => None,
    });
    let Some(name) = names.next() else { return false };
    let single = name.strip_suffix('s').unwrap_or(&name);
    ENDINGS.iter().filter(|ending| same_service || !ending.is_empty()).any(|ending| {
        [name.as_str(), single].iter().filter_map(|name| name.strip_suffix(ending)).any(|stem| {
            stem == resource || resource.len() >= LONG_ENOUGH && stem.ends_with(resource)
        })
    })
}

fn visit(value: &Value, path: &PropertyPath, found: &mut dyn FnMut(&PropertyPath, &str)) {
    match value {
        Value::String(text) => found(path, text),
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                visit(item, &path.index(i), found);
            }
        }
        Value::Map(map) => {
            for (name, item) in map {
                visit(item, &path.name(name), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Deferred(_) => {}
    }
}

/// True if one resource needs another, directly or through others.
fn reaches(dependencies: &Dependencies, from: &Address, to: &Address) -> bool {
    let mut seen: BTreeSet<&Address> = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next) {
            open.extend(dependencies.get(next).into_iter().flatten());
        }
    }
    false
}
