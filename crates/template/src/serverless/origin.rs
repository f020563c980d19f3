//! Where a place in the result of AWS's translator comes from in the text that it was made of.
//!
//! The translator keeps no places. A thing comes from where the text has the same under the same keys;
//! a function that the translator moved comes from the only place of the text that has it.

use std::collections::BTreeSet;

use rstack_model::{Diagnostic, Span};
use serde_json::Value as Json;

use super::Serverless;
use super::places::{Places, Spot};
use crate::diagnostics::Diagnostics;
use crate::syntax;

/// The result of the translator, with its places.
#[derive(Clone, Debug)]
pub struct Origins<'a> {
    source: &'a Serverless,
    document: Json,
    places: Places,
    /// Where the places of the result begin.
    base: usize,
}

impl<'a> Origins<'a> {
    /// The origins of a result, whose first character has the place `base`.
    pub fn new(source: &'a Serverless, result: &str, base: usize) -> Self {
        let root = syntax::parse(result, &mut Diagnostics::default());
        let places = root.map(|mut root| {
            root.shift(base);
            Places::of(&root)
        });
        let document = serde_json::from_str(result).unwrap_or_default();
        Self { source, document, places: places.unwrap_or_default(), base }
    }

    /// Moves findings about the result to where it comes from, as far as that is known. A mistake that
    /// the translator copied is one finding.
    pub fn move_to_source(&self, findings: &mut Vec<Diagnostic>) {
        let mut moved = BTreeSet::new();
        findings.retain_mut(|finding| {
            let Some(first) = finding.labels.first().map(|label| label.span) else { return true };
            let Some(origin) = self.origin(first) else { return true };
            for label in &mut finding.labels {
                label.span = self.origin(label.span).unwrap_or(label.span);
            }
            moved.insert((finding.code.as_str().to_owned(), finding.message.clone(), origin))
        });
    }

    /// The place in the text that a place in the result comes from.
    fn origin(&self, place: Span) -> Option<Span> {
        if place.start < self.base {
            return None;
        }
        let (pointer, is_key) = self.places.at(place)?;
        let here = self.source.places.get(pointer).filter(|_| self.is_same(pointer));
        if let Some(Spot { key, value }) = here {
            return if is_key { key.or(Some(value)) } else { Some(value) };
        }
        self.moved_function(pointer)
    }

    /// True if what a pointer leads to is the same in the text and in the result.
    fn is_same(&self, pointer: &str) -> bool {
        let mut parts = pointer.split('/').skip(1);
        if parts.next() != Some("Resources") {
            return true;
        }
        let Some(id) = parts.next() else { return true };
        // What the translator makes of a resource has the ID of it.
        if parts.next().is_none() {
            return true;
        }
        let kind = |document: &Json| document.pointer(&format!("/Resources/{id}/Type")).cloned();
        kind(&self.document) == kind(&self.source.document)
            || self.document.pointer(pointer) == self.source.document.pointer(pointer)
    }

    /// The only place of the text that has the function around a pointer.
    fn moved_function(&self, pointer: &str) -> Option<Span> {
        let mut around = Some(pointer);
        let function = loop {
            let above = around?;
            let value = self.document.pointer(above)?;
            if is_function(value) {
                break value;
            }
            around = above.rsplit_once('/').map(|(above, _)| above);
        };
        let mut found = Vec::new();
        find(&self.source.document, function, &mut String::new(), &mut found);
        match found.as_slice() {
            [only] => self.source.places.get(only).map(|spot| spot.value),
            _ => None,
        }
    }
}

/// True for the call of a function.
fn is_function(value: &Json) -> bool {
    let Json::Object(map) = value else { return false };
    map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}

/// Finds the pointers of what is equal to a value.
fn find(document: &Json, wanted: &Json, pointer: &mut String, found: &mut Vec<String>) {
    if document == wanted {
        found.push(pointer.clone());
        return;
    }
    let length = pointer.len();
    let mut below = |name: &str, value: &Json| {
        pointer.push('/');
        pointer.push_str(&super::places::escaped(name));
        find(value, wanted, pointer, found);
        pointer.truncate(length);
    };
    match document {
        Json::Object(map) => map.iter().for_each(|(name, value)| below(name, value)),
        Json::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| below(&index.to_string(), value));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use rstack_model::Code;

    use super::*;

    const TEXT: &str = "Parameters:\n  N: {Type: String}\nResources:\n  F:\n    \
        Type: AWS::Serverless::Function\n    Properties:\n      Handler: !Ref Nope\n      \
        Arn: !GetAtt Gone.Arn\n  T:\n    Type: AWS::SNS::Topic\n    Properties: {Name: !Sub '${X}'}\n";
    const RESULT: &str = r#"{"Parameters": {"N": {"Type": "String"}}, "Resources": {
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": {"Ref": "Nope"}, "Made": 1}},
        "FEvent": {"Type": "X", "Properties": {"A": {"Fn::GetAtt": ["Gone", "Arn"]}}},
        "FOther": {"Type": "X", "Properties": {"A": {"Fn::GetAtt": ["Gone", "Arn"]}}},
        "T": {"Type": "AWS::SNS::Topic", "Properties": {"Name": {"Fn::Sub": "${X}"}}}}}"#;

    #[test]
    fn findings_about_the_result_are_moved_to_the_text() {
        let root = syntax::parse(TEXT, &mut Diagnostics::default()).unwrap();
        let source = Serverless::of(&root, Span::default());
        let origins = Origins::new(&source, RESULT, 1000);
        let moved = |all: &[(&str, usize)]| {
            let mut findings: Vec<Diagnostic> = all
                .iter()
                .map(|(text, nth)| {
                    let start = RESULT.match_indices(text).nth(*nth).unwrap().0 + 1000;
                    let at = Span::new(start, start + text.len());
                    Diagnostic::error(Code::UnresolvedReference, "m").at(at, "")
                })
                .collect();
            origins.move_to_source(&mut findings);
            let spans = findings.iter().map(|it| it.labels[0].span);
            let text = |span: Span| TEXT.get(span.start..span.end).unwrap_or("(translated)");
            spans.map(text).collect::<Vec<_>>()
        };
        assert_eq!(moved(&[("\"Nope\"", 0)]), ["!Ref Nope"]);
        assert_eq!(moved(&[("\"N\"", 0)]), ["N"]);
        assert_eq!(moved(&[("\"F\"", 0)]), ["F"]);
        assert_eq!(moved(&[("\"Made\"", 0)]), ["(translated)"]);
        assert_eq!(moved(&[("\"FEvent\"", 0)]), ["(translated)"]);
        assert_eq!(moved(&[("\"Name\"", 0)]), ["Name"]);
        assert_eq!(moved(&[("${X}", 0)]), ["!Sub '${X}'"]);
        // It is copied twice, and one mistake of the text.
        assert_eq!(moved(&[("\"Gone\"", 0), ("\"Gone\"", 1)]), ["!GetAtt Gone.Arn"]);
    }
}
