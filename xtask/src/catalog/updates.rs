//! Update kinds in the service specification: `causesReplacement` of properties, of nested ones too.

use std::collections::BTreeMap;

use rstack_catalog::SchemaPath;
use serde_json::{Value, json};

use super::overlay::Overlay;
use super::sources::{Specification, object, texts};

/// The paths of a type that the specification marks.
#[derive(Default)]
pub(super) struct Marked {
    /// `causesReplacement: yes`.
    pub(super) yes: Vec<String>,
    /// `causesReplacement: maybe`.
    maybe: Vec<String>,
}

/// A path as segments; elements of lists are left out, any key of a map is `*`.
type Path = Vec<String>;

/// The marked paths, without those under a path with the same or a stronger mark.
pub(super) fn marked(spec: &Specification, resource: &Value) -> Marked {
    let mut found = BTreeMap::new();
    let mut walk = Walk { spec, around: Vec::new(), found: &mut found };
    walk.properties(resource, &Vec::new());
    let mut marked = Marked::default();
    for (path, mark) in &found {
        let above = (1..path.len()).filter_map(|depth| found.get(path.get(..depth)?));
        let mut above = above.filter(|upper| *upper == "yes" || *upper == mark);
        if above.next().is_some() {
            continue;
        }
        let pointer = format!("/{}", path.join("/"));
        match mark.as_str() {
            "yes" => marked.yes.push(pointer),
            _ => marked.maybe.push(pointer),
        }
    }
    marked
}

struct Walk<'a> {
    spec: &'a Specification,
    /// The property types around, against circles.
    around: Vec<String>,
    found: &'a mut BTreeMap<Path, String>,
}

impl Walk<'_> {
    fn properties(&mut self, holder: &Value, path: &Path) {
        for (name, property) in object(holder, "properties") {
            let mut path = path.clone();
            path.push(name.clone());
            let mark = property.get("causesReplacement").and_then(Value::as_str);
            if let Some(mark) = mark.filter(|mark| matches!(*mark, "yes" | "maybe")) {
                self.found.insert(path.clone(), mark.to_owned());
            }
            if let Some(kind) = property.get("type") {
                self.inside(kind, path);
            }
        }
    }

    fn inside(&mut self, kind: &Value, mut path: Path) {
        match kind.get("type").and_then(Value::as_str) {
            Some("array") => {
                if let Some(element) = kind.get("element") {
                    self.inside(element, path);
                }
            }
            Some("map") => {
                path.push("*".to_owned());
                if let Some(element) = kind.get("element") {
                    self.inside(element, path);
                }
            }
            Some("union") => {
                for one in kind.get("types").and_then(Value::as_array).into_iter().flatten() {
                    self.inside(one, path.clone());
                }
            }
            Some("ref") => {
                let id = kind.pointer("/reference/$ref").and_then(Value::as_str);
                let Some(id) = id.filter(|id| !self.around.iter().any(|a| a == id)) else { return };
                if let Some(definition) = self.spec.definition(id) {
                    self.around.push(id.to_owned());
                    self.properties(definition, &path);
                    self.around.pop();
                }
            }
            _ => {}
        }
    }
}

/// The data that `rstack_catalog::update_kind` reads, without what the registry says already.
pub(super) fn compiled(marked: &Marked, schema: &Value, overlay: &Overlay) -> Value {
    let listed = |key: &str| -> Vec<SchemaPath> {
        texts(schema, key).iter().map(|pointer| SchemaPath::parse(pointer)).collect()
    };
    let (fixed, conditional) =
        (listed("createOnlyProperties"), listed("conditionalCreateOnlyProperties"));
    let under = |lists: &[&Vec<SchemaPath>], pointer: &str| {
        let path = SchemaPath::parse(pointer);
        let own = plain(&path);
        lists.iter().copied().flatten().any(|path| own.starts_with(&plain(path)))
    };
    let replaces: Vec<&String> = marked.yes.iter().filter(|p| !under(&[&fixed], p)).collect();
    let maybe = marked.maybe.iter().filter(|p| !under(&[&fixed, &conditional], p));
    let maybe: Vec<&String> = maybe.collect();
    let tags_fixed = schema.pointer("/tagging/tagUpdatable") == Some(&json!(false));
    let mut out = serde_json::Map::new();
    let mut put = |key: &str, value: Value, there: bool| {
        if there {
            out.insert(key.to_owned(), value);
        }
    };
    let overlaid = overlay.updates();
    put("replaces", json!(replaces), !replaces.is_empty());
    put("mayReplace", json!(maybe), !maybe.is_empty());
    put("tagsFixed", json!(true), tags_fixed);
    put("overlay", json!(overlaid), !overlaid.is_empty());
    Value::Object(out)
}

/// A path without the marks of list elements and map keys.
fn plain(path: &SchemaPath) -> Vec<&String> {
    path.segments().iter().filter(|segment| *segment != "*").collect()
}
