//! The names of objects: which properties no two objects of a type may share, and in what scope.
//!
//! Names are the primary and the additional identifiers that templates declare wholly, and by
//! convention `Name` and `TypeName` where they are fixed at creation. Of these properties the ones
//! that refer to a parent (`RestApiId`, where the service has a type `RestApi`) are the scope of the
//! others; a name by convention has the declared parts of the primary identifier as scope, too, and
//! every other parent that is fixed at creation.
//!
//! A name by convention is unique only if something says so: `Ref` returns it, the type's ARNs are made
//! of a name, or the ARN is the identifier and its form is not known to hold another one. Else it is
//! *likely*: services differ. Overlays correct all of this.

use std::collections::{BTreeMap, BTreeSet};

use rstack_catalog::SchemaPath;
use serde::Serialize;
use serde_json::Value;

use super::overlay::{Overlay, pointer};
use super::sources::{list, object, texts};
use super::updates::Marked;

/// A name, as `rstack_catalog` reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Name {
    name: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scope: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ignore_case: bool,
}

/// The names of a type.
pub(super) struct Names {
    /// The service refuses a second object with the name.
    pub(super) unique: Vec<Name>,
    /// The service may refuse it.
    pub(super) likely: Vec<Name>,
}

/// The types of each service, in lower case without the service.
pub(super) struct Parents(BTreeMap<String, BTreeSet<String>>);

impl Parents {
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut parents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (service, short) in names.filter_map(|name| name.rsplit_once("::")) {
            parents.entry(service.to_owned()).or_default().insert(short.to_lowercase());
        }
        Self(parents)
    }

    /// True if a property of a type refers to an object of another type of its service.
    fn refers(&self, type_name: &str, property: &str) -> bool {
        let Some((service, own)) = type_name.rsplit_once("::") else { return false };
        let ends = ["Identifier", "Name", "Arn", "ARN", "Id"];
        let stem = ends.iter().find_map(|end| property.strip_suffix(end)).unwrap_or(property);
        let (stem, own) = (stem.to_lowercase(), own.to_lowercase());
        let known = self.0.get(service).into_iter().flatten();
        let is_parent =
            |short: &String| *short == stem || (stem.len() > 2 && short.ends_with(&stem));
        !stem.is_empty()
            && !own.ends_with(&stem)
            && known.filter(|short| **short != own).any(is_parent)
    }
}

/// The names of a type.
pub(super) fn of(
    type_name: &str,
    schema: &Value,
    resource: Option<&Value>,
    marked: &Marked,
    overlay: &Overlay,
    parents: &Parents,
) -> Names {
    let naming = TypeNaming {
        type_name,
        schema,
        parents,
        read_only: paths(&texts(schema, "readOnlyProperties"))
            .chain(paths(&overlay.read_only()))
            .collect(),
        create_only: paths(&texts(schema, "createOnlyProperties")).collect(),
        fixed: paths(&texts(schema, "createOnlyProperties")).chain(paths(&marked.yes)).collect(),
        overlay,
    };
    let mut unique = naming.identifiers();
    let (said, mut likely): (Vec<Name>, Vec<Name>) =
        naming.conventions(&unique).into_iter().partition(|name| naming.is_said(name, resource));
    unique.extend(said);
    for named in &overlay.unique_names {
        let said = |path: &String| named.name.contains(path) || named.not.contains(path);
        let dotted = |pointer: &String| SchemaPath::parse(pointer).to_string();
        for names in [&mut unique, &mut likely] {
            names.retain(|known| !known.name.iter().map(dotted).any(|path| said(&path)));
        }
        if !named.name.is_empty() {
            let pointers = |paths: &[String]| paths.iter().map(|path| pointer(path)).collect();
            unique.push(Name {
                name: pointers(&named.name),
                scope: pointers(&named.scope),
                ignore_case: named.ignore_case,
            });
        }
    }
    unique.sort();
    unique.dedup();
    Names { unique, likely }
}

fn paths(pointers: &[String]) -> impl Iterator<Item = SchemaPath> {
    pointers.iter().map(|pointer| SchemaPath::parse(pointer))
}

/// The schema and the overlay of a type, as far as its names follow from them.
struct TypeNaming<'a> {
    type_name: &'a str,
    schema: &'a Value,
    parents: &'a Parents,
    read_only: Vec<SchemaPath>,
    create_only: Vec<SchemaPath>,
    fixed: Vec<SchemaPath>,
    overlay: &'a Overlay,
}

impl TypeNaming<'_> {
    fn declared(&self, path: &SchemaPath) -> bool {
        // Listed as read-only and as create-only: an argument, see `TypeSchema::refuses`.
        let refuses = |known: &SchemaPath| {
            let mut fixed = self.create_only.iter();
            path.segments().starts_with(known.segments())
                && !fixed.any(|fixed| fixed.segments().starts_with(known.segments()))
        };
        path.concrete().is_some() && !self.read_only.iter().any(refuses)
    }

    fn fixed(&self, path: &SchemaPath) -> bool {
        let under = |known: &SchemaPath| path.segments().starts_with(known.segments());
        self.fixed.iter().any(under) && !self.overlay.is_in_place(path)
    }

    fn refers(&self, path: &SchemaPath) -> bool {
        path.segments().last().is_some_and(|last| self.parents.refers(self.type_name, last))
    }

    /// The identifiers that are wholly declared.
    fn identifiers(&self) -> Vec<Name> {
        let primary = texts(self.schema, "primaryIdentifier");
        let additional = list(self.schema, "additionalIdentifiers");
        let additional = additional.iter().map(|pointers| {
            let pointers = pointers.as_array().into_iter().flatten();
            pointers.filter_map(|pointer| Some(pointer.as_str()?.to_owned())).collect()
        });
        let groups = std::iter::once(primary).chain(additional);
        let groups = groups.filter(|group: &Vec<String>| {
            !group.is_empty() && paths(group).all(|path| self.declared(&path))
        });
        groups
            .map(|group| {
                let refers = |pointer: &String| self.refers(&SchemaPath::parse(pointer));
                let (scope, name): (Vec<String>, Vec<String>) =
                    group.iter().cloned().partition(refers);
                match name.is_empty() {
                    // An association of parents has no name but them.
                    true => Name { name: group, scope: Vec::new(), ignore_case: false },
                    false => Name { name, scope, ignore_case: false },
                }
            })
            .collect()
    }

    /// True if a name by convention is unique by what the packages say.
    fn is_said(&self, name: &Name, resource: Option<&Value>) -> bool {
        let own = |pointer: &String| name.name.contains(pointer);
        let primary = texts(self.schema, "primaryIdentifier");
        let reference = resource.and_then(|resource| resource.get("cfnRefIdentifier"));
        let reference = reference.map(|r| r.as_array().cloned().unwrap_or_else(|| vec![r.clone()]));
        let referred = reference
            .into_iter()
            .flatten()
            .any(|text| text.as_str().is_some_and(|text| name.name.contains(&pointer(text))));
        let arn = resource.and_then(|resource| resource.get("arnTemplate")?.as_str());
        let in_arn = match (arn, primary.as_slice()) {
            // The last variable of the form, such as `${PolicyNameWithPath}`.
            (Some(form), _) => {
                let last = form.rsplit("${").next().unwrap_or_default().to_lowercase();
                last.contains("name")
            }
            (None, [only]) => only.to_lowercase().ends_with("arn"),
            (None, _) => false,
        };
        primary.iter().any(own) || referred || in_arn
    }

    /// The names by convention that no identifier holds already.
    fn conventions(&self, identifiers: &[Name]) -> Vec<Name> {
        let short = self.type_name.rsplit("::").next().unwrap_or_default();
        let mut out = Vec::new();
        for name in ["Name".to_owned(), format!("{short}Name")] {
            let (own, path) = (pointer(&name), SchemaPath::parse(&pointer(&name)));
            let known = identifiers.iter().any(|i| i.name.contains(&own) || i.scope.contains(&own));
            let there = self.schema.pointer(&own).is_some();
            if known || !there || !self.declared(&path) || !self.fixed(&path) {
                continue;
            }
            let mut scope: Vec<String> = texts(self.schema, "primaryIdentifier")
                .into_iter()
                .filter(|pointer| self.declared(&SchemaPath::parse(pointer)) && *pointer != own)
                .collect();
            for (property, _) in object(self.schema, "properties") {
                let (pointer, path) = (pointer(property), SchemaPath::parse(&pointer(property)));
                let parent = self.refers(&path) && self.declared(&path) && self.fixed(&path);
                if parent && pointer != own && !scope.contains(&pointer) {
                    scope.push(pointer);
                }
            }
            out.push(Name { name: vec![own], scope, ignore_case: false });
        }
        out
    }
}
