//! The overlays: what the published packages do not say of a type and the services do, one YAML file
//! a type under `crates/catalog/overlays`, each entry with its source.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use rstack_catalog::{SchemaPath, UpdateKind, UpdateRule};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// The overlay of one type; of a type that has none, empty.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Overlay {
    #[serde(rename = "type")]
    type_name: String,
    /// Paths that cannot be changed in place.
    #[serde(default)]
    replaces: Vec<Paths>,
    /// Paths that are changed in place although a package says otherwise.
    #[serde(default)]
    in_place: Vec<Paths>,
    /// Properties of which the service refuses every change, and that do not replace the object.
    #[serde(default)]
    refused: Vec<Paths>,
    /// Properties of which the service decides by a rule.
    #[serde(default)]
    may_replace: Vec<Ruled>,
    /// Paths that only the service sets although the registry lets templates declare them.
    #[serde(default)]
    read_only: Vec<ReadOnly>,
    /// Paths that a service takes and never shows, although the registry does not say so.
    #[serde(default)]
    write_only: Vec<Paths>,
    /// Lists whose order has no meaning.
    #[serde(default)]
    sets: Vec<Paths>,
    /// Attributes of which it is known with which properties they change.
    #[serde(default)]
    attribute_changes: Vec<Changing>,
    /// Attributes whose value is a secret or holds one.
    #[serde(default)]
    secret_attributes: Vec<Paths>,
    /// Names that the packages do not give, or give wrongly.
    #[serde(default)]
    pub(super) unique_names: Vec<Named>,
    /// Content of which the service takes one object alone, and that is no name.
    #[serde(default)]
    unique_contents: Vec<Content>,
}

/// Dotted paths, and the source of what the overlay says of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paths {
    paths: Vec<String>,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ruled {
    paths: Vec<String>,
    rule: UpdateRule,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadOnly {
    paths: Vec<String>,
    /// True if a template may declare them nevertheless.
    #[serde(default)]
    declarable: bool,
    source: String,
}

/// The properties with which an attribute changes when its object is changed in place.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Changing {
    attribute: String,
    /// With these, whatever changes in or around them.
    #[serde(default)]
    with: Vec<String>,
    /// With these only when they are added or removed as a whole.
    #[serde(default)]
    with_whole: Vec<String>,
    #[serde(skip_serializing)]
    source: String,
}

/// A name of objects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Named {
    /// The properties that make the name; a name that the convention gives is replaced.
    #[serde(default)]
    pub(super) name: Vec<String>,
    /// The properties that it is unique in.
    #[serde(default)]
    pub(super) scope: Vec<String>,
    /// Properties that do not name objects although the convention says so.
    #[serde(default)]
    pub(super) not: Vec<String>,
    /// True if names that differ in case alone are the same.
    #[serde(default)]
    pub(super) ignore_case: bool,
    source: String,
}

/// Content of which a service takes one object alone.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Content {
    /// The properties of which no two objects have the same values; all must be declared.
    #[serde(serialize_with = "pointers")]
    name: Vec<String>,
    /// The properties that say where; those that are not declared are the same, too.
    #[serde(default, serialize_with = "pointers")]
    scope: Vec<String>,
    #[serde(skip_serializing)]
    source: String,
}

fn pointers<S: Serializer>(paths: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| pointer(path)))
}

/// An update kind of a path, as `rstack_catalog` reads it.
#[derive(Serialize)]
pub(super) struct Overlaid<'a> {
    path: String,
    kind: UpdateKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a UpdateRule>,
}

/// All overlays, by type name.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, Overlay>, Box<dyn Error>> {
    let mut overlays = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let problem = |error: &dyn Error| format!("{}: {error}", path.display());
        // Through JSON: YAML itself writes the variants of an enum as tags.
        let tree: Value =
            yaml_serde::from_slice(&std::fs::read(&path)?).map_err(|error| problem(&error))?;
        let overlay: Overlay = serde_json::from_value(tree).map_err(|error| problem(&error))?;
        let name = overlay.type_name.clone();
        let expected = format!("{}.yaml", name.replace("::", "-"));
        if path.file_name().is_none_or(|found| found != expected.as_str()) {
            return Err(format!("{}: name it `{expected}`", path.display()).into());
        }
        overlays.insert(name, overlay);
    }
    Ok(overlays)
}

/// `/properties/A/*/B` of `A.*.B`.
pub(super) fn pointer(dotted: &str) -> String {
    format!("/properties/{}", dotted.replace('.', "/"))
}

impl Overlay {
    /// Checks that every entry has a source, and that its paths are the type's.
    ///
    /// # Errors
    /// The first entry that is not so.
    pub(super) fn check(&self, name: &str, schema: &Value) -> Result<(), Box<dyn Error>> {
        let plain = [&self.replaces, &self.in_place, &self.refused, &self.write_only, &self.sets];
        let plain = plain.into_iter().chain([&self.secret_attributes]).flatten();
        let entries =
            plain
                .map(|entry| (&entry.paths, &entry.source))
                .chain(self.may_replace.iter().map(|entry| (&entry.paths, &entry.source)))
                .chain(self.read_only.iter().map(|entry| (&entry.paths, &entry.source)))
                .chain(self.attribute_changes.iter().flat_map(|entry| {
                    [&entry.with, &entry.with_whole].map(|paths| (paths, &entry.source))
                }))
                .chain(self.unique_names.iter().flat_map(|entry| {
                    [&entry.name, &entry.scope, &entry.not].map(|paths| (paths, &entry.source))
                }))
                .chain(self.unique_contents.iter().flat_map(|entry| {
                    [&entry.name, &entry.scope].map(|paths| (paths, &entry.source))
                }));
        for (paths, source) in entries {
            if source.trim().is_empty() {
                return Err(format!("the overlay of `{name}`: an entry has no source").into());
            }
            for path in paths {
                let top = path.split('.').next().unwrap_or_default();
                if schema.pointer(&format!("/properties/{top}")).is_none() {
                    let text = format!("the overlay of `{name}`: there is no property `{top}`");
                    return Err(text.into());
                }
            }
        }
        Ok(())
    }

    /// The update kinds.
    pub(super) fn updates(&self) -> Vec<Overlaid<'_>> {
        let plain = |entries: &'_ [Paths], kind| -> Vec<Overlaid<'_>> {
            let paths = entries.iter().flat_map(|entry| &entry.paths);
            paths.map(|path| Overlaid { path: pointer(path), kind, rule: None }).collect()
        };
        let mut out = plain(&self.replaces, UpdateKind::Replaces);
        out.extend(plain(&self.in_place, UpdateKind::InPlace));
        for ruled in &self.may_replace {
            out.extend(ruled.paths.iter().map(|path| Overlaid {
                path: pointer(path),
                kind: UpdateKind::MayReplace,
                rule: Some(&ruled.rule),
            }));
        }
        out
    }

    /// The read-only paths as pointers.
    pub(super) fn read_only(&self) -> Vec<String> {
        self.read_only.iter().flat_map(|entry| &entry.paths).map(|path| pointer(path)).collect()
    }

    /// The paths that are never shown, as pointers.
    pub(super) fn write_only(&self) -> Vec<String> {
        self.write_only.iter().flat_map(|entry| &entry.paths).map(|path| pointer(path)).collect()
    }

    /// The read-only paths that may be declared, as pointers.
    pub(super) fn declarable(&self) -> Vec<String> {
        let entries = self.read_only.iter().filter(|entry| entry.declarable);
        entries.flat_map(|entry| &entry.paths).map(|path| pointer(path)).collect()
    }

    /// The properties of which every change is refused, as pointers.
    pub(super) fn refused(&self) -> Vec<String> {
        self.refused.iter().flat_map(|entry| &entry.paths).map(|path| pointer(path)).collect()
    }

    /// The lists whose order has no meaning, as pointers.
    pub(super) fn sets(&self) -> Vec<String> {
        self.sets.iter().flat_map(|entry| &entry.paths).map(|path| pointer(path)).collect()
    }

    /// The attributes of which it is known with which properties they change.
    pub(super) fn attribute_changes(&self) -> &[Changing] {
        &self.attribute_changes
    }

    /// The secret attributes, dotted.
    pub(super) fn secret_attributes(&self) -> Vec<String> {
        self.secret_attributes.iter().flat_map(|entry| entry.paths.clone()).collect()
    }

    /// The content of which the service takes one object alone.
    pub(super) fn unique_contents(&self) -> &[Content] {
        &self.unique_contents
    }

    /// True if a property is changed in place by what the overlay says.
    pub(super) fn is_in_place(&self, path: &SchemaPath) -> bool {
        let paths = self.in_place.iter().flat_map(|entry| &entry.paths);
        paths.map(|dotted| SchemaPath::parse(&pointer(dotted))).any(|known| known == *path)
    }
}
