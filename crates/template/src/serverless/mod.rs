//! Templates of the Serverless Application Model (SAM), as AWS's translator takes them.
//!
//! Nothing is translated here: the caller runs the translator and reads its result in the place of the
//! template. Source: "AWS SAM template anatomy", AWS Serverless Application Model Developer Guide.

mod origin;
mod places;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rstack_model::{Span, Value};
use serde_json::{Map, Value as Json};

pub use self::origin::Origins;
use self::places::Places;
pub(crate) use self::types::{TYPES, is_serverless};
use crate::syntax::{Node, NodeKind, Spanned, scalar};
use crate::template::{SERVERLESS, is_true};

/// The keys of a serverless resource that the translator reads or passes on.
///
/// Source: `SamResource` and the resource classes of aws-sam-translator 1.115.0; "Managing resource connections
/// with AWS SAM connectors" and "Globals section", AWS Serverless Application Model Developer Guide.
const KEYS: [&str; 11] = [
    "Condition",
    "Connectors",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "IgnoreGlobals",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];

/// A template that AWS's translator has to read first.
#[derive(Clone, Debug)]
pub struct Serverless {
    /// The template, with the long forms of all functions.
    pub document: Json,
    /// The other transforms that it asks for, in their order.
    pub transforms: Vec<String>,
    /// The place of the transform.
    pub at: Span,
    /// The places of its resources, by logical ID.
    pub resources: BTreeMap<String, Span>,
    /// The names of its `NoEcho` parameters.
    pub secrets: BTreeSet<String>,
    /// The places of all that is in it.
    places: Arc<Places>,
}

impl Serverless {
    /// The place of a value of the document, by its JSON pointer.
    pub fn place(&self, pointer: &str) -> Option<Span> {
        self.places.get(pointer).map(|spot| spot.value)
    }

    /// The place of the resource that an ID is of, or else of the one with the longest ID that begins
    /// it: the translator derives its IDs so.
    pub fn resource_of(&self, id: &str) -> Option<Span> {
        let owners = self.resources.iter().filter(|(owner, _)| id.starts_with(owner.as_str()));
        owners.max_by_key(|(owner, _)| owner.len()).map(|(_, place)| *place)
    }

    /// The place of `Globals`, and the functions that take their runtime from there.
    pub fn functions_of_globals(&self) -> Option<(Span, Vec<&str>)> {
        let globals = self.place("/Globals")?;
        let resources = self.document.get("Resources").and_then(Json::as_object);
        let has_none = |resource: &Json| {
            let kind = resource.get("Type").and_then(Json::as_str);
            kind == Some("AWS::Serverless::Function")
                && resource.pointer("/Properties/Runtime").is_none()
        };
        let functions = resources.into_iter().flatten().filter(|(_, resource)| has_none(resource));
        Some((globals, functions.map(|(id, _)| id.as_str()).collect()))
    }

    /// The keys of serverless resources that the translator drops: the resource, the key and its place.
    pub fn dropped_keys(&self) -> Vec<(&str, &str, Span)> {
        let resources = self.document.get("Resources").and_then(Json::as_object);
        let mut out = Vec::new();
        for (id, resource) in resources.into_iter().flatten() {
            let kind = resource.get("Type").and_then(Json::as_str);
            if !kind.is_some_and(is_serverless) {
                continue;
            }
            for (key, _) in resource.as_object().into_iter().flatten() {
                if !KEYS.contains(&key.as_str()) {
                    let at = self.resources.get(id).copied().unwrap_or(self.at);
                    out.push((id.as_str(), key.as_str(), at));
                }
            }
        }
        out
    }

    /// The template of a tree that asks for the transform at a place.
    pub(crate) fn of(root: &Node<'_>, at: Span) -> Self {
        let section = |name: &str| {
            let entries = root.as_map()?;
            entries.iter().find(|entry| entry.key.value == name).map(|entry| &entry.value)
        };
        let transform = section("Transform");
        let transforms = transform.and_then(Node::as_list).unwrap_or_default();
        let transforms = transforms.iter().filter_map(Node::as_text);
        let is_secret = |parameter: &Node<'_>| {
            let entries = parameter.as_map().unwrap_or_default().iter();
            let no_echo = entries.filter(|entry| entry.key.value == "NoEcho");
            no_echo.filter_map(|entry| entry.value.as_text()).any(is_true)
        };
        let parameters = section("Parameters").and_then(Node::as_map).unwrap_or_default();
        let secrets = parameters.iter().filter(|entry| is_secret(&entry.value));
        let secrets = secrets.map(|entry| entry.key.value.clone()).collect();
        let resources = section("Resources").and_then(Node::as_map).unwrap_or_default();
        Self {
            document: json(root),
            transforms: transforms.filter(|name| *name != SERVERLESS).map(str::to_owned).collect(),
            at,
            resources: resources.iter().map(|it| (it.key.value.clone(), it.key.span)).collect(),
            secrets,
            places: Arc::new(Places::of(root)),
        }
    }
}

/// A tree as JSON; a tag becomes the function that it stands for.
fn json(node: &Node<'_>) -> Json {
    match &node.kind {
        NodeKind::Scalar { text, plain } => match scalar(text, *plain) {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(value),
            Value::Number(number) => Json::Number(number),
            _ => Json::String(text.to_string()),
        },
        NodeKind::List(items) => items.iter().map(json).collect(),
        NodeKind::Map(entries) => {
            let entries = entries.iter().map(|entry| (entry.key.value.clone(), json(&entry.value)));
            Json::Object(entries.collect())
        }
        NodeKind::Tagged(tagged) => {
            let (tag, argument) = &**tagged;
            Json::Object(Map::from_iter([(long_form(tag), argument_of(tag, argument))]))
        }
    }
}

fn long_form(tag: &Spanned<String>) -> String {
    match tag.value.as_str() {
        "Ref" | "Condition" => tag.value.clone(),
        name if name.starts_with("Fn::") => name.to_owned(),
        name => format!("Fn::{name}"),
    }
}

/// The argument of a function. `!GetAtt A.b` is a text in the short form alone.
fn argument_of(tag: &Spanned<String>, argument: &Node<'_>) -> Json {
    let parts = argument.as_text().and_then(|text| text.split_once('.'));
    match parts.filter(|_| tag.value == "GetAtt") {
        Some((id, attribute)) => [id, attribute].into_iter().map(Json::from).collect(),
        None => json(argument),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Diagnostics;
    use crate::syntax;

    #[test]
    fn functions_get_their_long_forms() {
        let text = "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\nResources:\n  \
                    F:\n    A: !GetAtt B.c.d\n    B: !Sub ['${x}', {x: !Ref P}]\n    C: [1, '1', yes, ~, 1.10]\n    \
                    D: !Condition E\nParameters:\n  A: {NoEcho: 'True'}\n  B: {NoEcho: yes}\n  C: {NoEcho: \"ON\"}\n  \
                    D: {NoEcho: 'false'}\n  E: {Type: String}\n";
        let mut diagnostics = Diagnostics::default();
        let root = syntax::parse(text, &mut diagnostics).unwrap();
        let serverless = Serverless::of(&root, Span::default());
        assert_eq!(serverless.transforms, ["AWS::LanguageExtensions"]);
        let expected = serde_json::json!({
            "A": {"Fn::GetAtt": ["B", "c.d"]},
            "B": {"Fn::Sub": ["${x}", {"x": {"Ref": "P"}}]},
            "C": [1, "1", true, null, "1.10"],
            "D": {"Condition": "E"},
        });
        assert_eq!(serverless.document["Resources"]["F"], expected);
        let secrets: Vec<&str> = serverless.secrets.iter().map(String::as_str).collect();
        assert_eq!(secrets, ["A", "B", "C"]);
        assert_eq!(serverless.resources["F"].start, text.find("F:").unwrap());
        assert_eq!(serverless.resource_of("FEvent"), serverless.resources.get("F").copied());
        assert_eq!(serverless.resource_of("Event"), None);
    }

    #[test]
    fn keys_that_the_translator_drops_are_named() {
        let text = "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    \
                    Type: AWS::Serverless::Function\n    Description: d\n    Metadata: {}\n    Properties: {}\n  \
                    Q: {Type: AWS::SQS::Queue, Comment: c}\n";
        let mut diagnostics = Diagnostics::default();
        let root = syntax::parse(text, &mut diagnostics).unwrap();
        let serverless = Serverless::of(&root, Span::default());
        let at = serverless.resources["F"];
        assert_eq!(serverless.dropped_keys(), [("F", "Description", at)]);
    }
}
