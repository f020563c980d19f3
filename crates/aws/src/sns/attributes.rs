//! Attributes of topics and subscriptions: texts in a map, which are changed one at a time.

use std::collections::BTreeMap;

use rstack_catalog::TypeSchema;
use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::iam::Fields;
use crate::mapping::{json_tree, of_text, text_of};

/// Texts by the name of their attribute.
pub(super) type Texts = BTreeMap<String, KnownValue>;

/// The form of a property whose attribute has the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A text, or a number as a text.
    Text,
    /// True or false.
    Flag,
    /// A JSON document.
    Document,
}

/// A property that is an attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    /// Its name.
    pub(super) name: &'static str,
    /// Its form.
    pub(super) form: Form,
    /// The value that takes it back, and that an object has which was given none; `None` if a call
    /// without a value takes it back.
    pub(super) reset: Option<&'static str>,
}

/// An attribute that is one text.
pub(super) const fn text(name: &'static str, reset: &'static str) -> Attribute {
    Attribute { name, form: Form::Text, reset: Some(reset) }
}

/// An attribute that is true or false.
pub(super) const fn flag(name: &'static str) -> Attribute {
    Attribute { name, form: Form::Flag, reset: Some("false") }
}

/// An attribute that is a document.
pub(super) const fn document(name: &'static str, reset: Option<&'static str>) -> Attribute {
    Attribute { name, form: Form::Document, reset }
}

impl Attribute {
    /// The declared text of the attribute.
    ///
    /// # Errors
    /// If the property has another form.
    pub(super) fn declared(&self, fields: Fields<'_>) -> Result<Option<KnownValue>, DriverError> {
        match self.form {
            Form::Text => fields.text(self.name),
            Form::Flag => Ok(fields.boolean(self.name)?.map(|value| value.to_string().into())),
            Form::Document => {
                let Some(value) = fields.value(self.name) else { return Ok(None) };
                let path = PropertyPath::root().name(self.name);
                let made = text_of(value, &path);
                made.map(Some).map_err(|_| fields.invalid(self.name, "is not a JSON document"))
            }
        }
    }
}

/// The declared texts of these attributes.
///
/// # Errors
/// If a property has another form.
pub(super) fn declared(attributes: &[Attribute], fields: Fields<'_>) -> Result<Texts, DriverError> {
    let mut texts = Texts::new();
    for attribute in attributes {
        let text = attribute.declared(fields)?;
        texts.extend(text.map(|text| (attribute.name.to_owned(), text)));
    }
    Ok(texts)
}

/// The texts of an answer.
pub(super) fn shown(answer: &KnownMap) -> KnownMap {
    let held = answer.get("Attributes").and_then(KnownValue::as_map);
    let held = held.into_iter().flatten();
    held.map(|(name, text)| (name.clone(), text.clone())).collect()
}

/// The properties that texts show, in the form in which they are declared. A default that the
/// service does not show is there as it is declared.
pub(super) fn properties(
    attributes: &[Attribute],
    texts: &KnownMap,
    declared: &KnownMap,
    schema: &TypeSchema,
) -> KnownMap {
    let mut out = KnownMap::new();
    for Attribute { name, reset, .. } in attributes {
        let given = declared.get(*name);
        let text = texts.get(*name).filter(|text| text.expose_str() != Some(""));
        let node = schema.property(schema.root(), name);
        let value = match (text, given) {
            (Some(text), given) => {
                node.and_then(|node| of_text(text, schema, node)).map(|found| match given {
                    Some(given) if is_within(&json_tree(given), &found) => given.clone(),
                    Some(_) | None => found,
                })
            }
            (None, Some(given)) => {
                let given_text = text_of(given, &PropertyPath::root()).ok();
                let is_default = given_text.as_ref().and_then(KnownValue::expose_str) == *reset;
                is_default.then(|| given.clone())
            }
            (None, None) => None,
        };
        out.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    out
}

/// True if a text of the service says what a declared one says: documents are compared as trees.
fn says(found: Option<&KnownValue>, wanted: &KnownValue) -> bool {
    let tree = |value: &KnownValue| Some(json_tree(&KnownValue::from(value.expose_str()?)));
    match (tree(wanted), found.and_then(tree)) {
        (Some(wanted), Some(found)) => is_within(&wanted, &found),
        (None, _) | (_, None) => false,
    }
}

/// True if a document has what another one says, and beside it nothing but nulls: SNS shows a
/// delivery policy with everything that it could say.
fn is_within(wanted: &KnownValue, found: &KnownValue) -> bool {
    match (wanted, found) {
        (KnownValue::Map(wanted), KnownValue::Map(found)) => {
            let is_said = |(name, value): (&String, &KnownValue)| match wanted.get(name) {
                Some(wanted) => is_within(wanted, value),
                None => *value == KnownValue::Null,
            };
            wanted.keys().all(|name| found.contains_key(name)) && found.iter().all(is_said)
        }
        (KnownValue::List(wanted), KnownValue::List(found)) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(wanted, found)| is_within(wanted, found))
        }
        _ => match (wanted.expose_str(), found.expose_str()) {
            (Some(wanted), Some(found)) => wanted == found,
            (None, _) | (_, None) => wanted == found,
        },
    }
}

/// The calls that give an object with these texts the wanted ones: an attribute and its value, or
/// none. One that was declared before and is no longer is taken back by the value of `reset`.
pub(super) fn changes(
    [prior, wanted]: [&Texts; 2],
    current: &KnownMap,
    reset: impl Fn(&str) -> Option<&'static str>,
) -> Vec<(String, Option<KnownValue>)> {
    let gone = prior.keys().filter(|name| !wanted.contains_key(*name));
    let taken_back = gone.filter_map(|name| {
        let value = reset(name);
        // What the service does not show has its default.
        let there = current.get(name).and_then(KnownValue::expose_str);
        let differs = there.is_some_and(|there| !there.is_empty() && Some(there) != value);
        differs.then(|| (name.clone(), value.map(KnownValue::from)))
    });
    let differing = wanted.iter().filter(|(name, wanted)| {
        let found = current.get(*name);
        let is_default = found.is_none() && wanted.expose_str() == reset(name);
        !is_default && !says(found, wanted)
    });
    let differing = differing.map(|(name, text)| (name.clone(), Some(text.clone())));
    differing.chain(taken_back).collect()
}

/// The value that takes back an attribute of this name.
pub(super) fn reset_of(attributes: &[Attribute], name: &str) -> Option<&'static str> {
    attributes.iter().find(|attribute| attribute.name == name)?.reset
}

#[cfg(test)]
mod tests {
    use rstack_catalog::Registry;
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    const ALL: [Attribute; 3] = [
        text("SignatureVersion", "1"),
        flag("ContentBasedDeduplication"),
        document("ArchivePolicy", Some("{}")),
    ];

    fn texts(tree: serde_json::Value) -> Texts {
        known(tree).into_iter().collect()
    }

    #[test]
    fn properties_are_texts_and_come_back_as_declared() {
        let given = known(json!({
            "SignatureVersion": 2, "ContentBasedDeduplication": "True", "Tags": [],
            "ArchivePolicy": {"MessageRetentionPeriod": "30"},
        }));
        let made = declared(&ALL, Fields::new(&given, "sns:CreateTopic")).unwrap();
        let expected = json!({
            "SignatureVersion": "2", "ContentBasedDeduplication": "true",
            "ArchivePolicy": "{\"MessageRetentionPeriod\":\"30\"}",
        });
        assert_eq!(made, texts(expected));
        let schema = Registry::embedded().get("AWS::SNS::Topic").unwrap().unwrap();
        let back = properties(&ALL, &made.into_iter().collect(), &given, &schema);
        let policy = json!({"MessageRetentionPeriod": "30"});
        let expected = json!({
            "SignatureVersion": "2", "ContentBasedDeduplication": true, "ArchivePolicy": policy,
        });
        assert_eq!(back, known(expected));
        // A default is not shown; another text is none.
        let given = known(json!({"SignatureVersion": "1", "ArchivePolicy": policy}));
        let back = properties(&ALL, &KnownMap::new(), &given, &schema);
        assert_eq!(back, known(json!({"SignatureVersion": "1"})));
    }

    #[test]
    fn only_what_differs_is_set_and_what_is_gone_is_taken_back() {
        let reset = |name: &str| reset_of(&ALL, name);
        let current = known(json!({
            "SignatureVersion": "2", "ArchivePolicy": "{\"MessageRetentionPeriod\": \"30\"}",
        }));
        let same = texts(json!({"ArchivePolicy": "{\"MessageRetentionPeriod\":\"30\"}"}));
        assert_eq!(changes([&Texts::new(), &same], &current, reset), []);
        let prior = texts(json!({"SignatureVersion": "2", "ContentBasedDeduplication": "true"}));
        let expected = [("SignatureVersion".to_owned(), Some("1".into()))];
        assert_eq!(changes([&prior, &same], &current, reset), expected);
        let wanted = texts(json!({"ContentBasedDeduplication": "false", "ArchivePolicy": "{}"}));
        let expected = [("ArchivePolicy".to_owned(), Some("{}".into()))];
        assert_eq!(changes([&Texts::new(), &wanted], &current, reset), expected);
        // Some are taken back by a call without a value.
        let prior = texts(json!({"ArchivePolicy": "{}"}));
        let changed = changes([&prior, &Texts::new()], &current, |_| None);
        assert_eq!(changed, [("ArchivePolicy".to_owned(), None)]);
    }

    #[test]
    fn a_document_is_the_same_with_nulls_beside() {
        let tree = |tree| KnownValue::from_json(tree);
        let wanted = tree(json!({"healthyRetryPolicy": {"numRetries": 3}}));
        let full =
            json!({"healthyRetryPolicy": {"numRetries": 3, "minDelay": null}, "guaranteed": null});
        assert!(is_within(&wanted, &tree(full)));
        for other in
            [json!({}), json!({"healthyRetryPolicy": {"numRetries": 3}, "guaranteed": true})]
        {
            assert!(!is_within(&wanted, &tree(other)));
        }
    }
}
