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
    by: By,
    /// The names of what contains it, by property: another container has another object of its name.
    scope: BTreeMap<String, String>,
}

/// The text that names a resource.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The text that `Ref` returns.
    Ref,
    /// Its ARN.
    Arn,
    /// Its name, which no function of a template returns.
    Name,
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
                        && match it.by {
                            By::Arn => needs(path, own),
                            By::Ref | By::Name => takes(path, own, it),
                        }
                        && it.is_in(&resource.properties)
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
    match target.by {
        By::Arn => {
            warning.help(format!("refer to it with `!GetAtt {other}.Arn` or `!Ref {other}`"))
        }
        By::Ref => warning.help(format!("write `!Ref {other}`")),
        By::Name => warning.help(format!("write `DependsOn: {other}` beside the properties")),
    }
}

impl Named {
    /// True unless properties name another container than its own.
    fn is_in(&self, properties: &BTreeMap<String, Value>) -> bool {
        self.scope.iter().all(|(name, text)| {
            properties.get(name).and_then(Value::as_str).is_none_or(|other| other == text)
        })
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
        let mut add = |text: String, by, scope| {
            let resource = last.to_ascii_lowercase();
            let (address, resource_type) = (address.clone(), resource_type.to_owned());
            let named = Named { address, resource_type, resource, by, scope };
            out.entry(text).or_default().push(named);
        };
        if let Some(text) = declared_ref(&schema, resource) {
            add(text.to_owned(), By::Ref, BTreeMap::new());
        } else if let Some((text, scope)) = own_name(&schema, last, resource) {
            add(text, By::Name, scope);
        }
        if let Some(arn) = arn(evaluator, &schema, resource) {
            add(arn, By::Arn, BTreeMap::new());
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

/// The name of an object whose `Ref` is something else, and the names of what contains it: the property
/// `ChannelName` of a channel, and beside it `ChannelGroupName`. Both stay as long as the object does.
fn own_name(
    schema: &TypeSchema,
    last: &str,
    resource: &DesiredResource,
) -> Option<(String, BTreeMap<String, String>)> {
    let fixed = |name: &str| {
        name.ends_with("Name") && schema.is_create_only(&PropertyPath::root().name(name))
    };
    let own = format!("{last}Name");
    let text = resource.properties.get(&own).and_then(Value::as_str);
    let text = text.filter(|text| fixed(&own) && !text.is_empty())?;
    let others = resource.properties.iter().filter(|(name, _)| **name != own && fixed(name));
    let scope = others.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some((text.to_owned(), scope.collect::<Option<_>>()?))
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

/// True if what an ARN names must be there first. What a policy allows need not, and what may call a function
/// even must not: S3 refuses the notification of a bucket whose function it may not call yet.
///
/// Source: aws/serverless-application-model#184.
fn needs(path: &PropertyPath, own: &str) -> bool {
    if own == "AWS::Lambda::Permission" && path.top() == Some("SourceArn") {
        return false;
    }
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
