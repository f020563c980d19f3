//! Laws of evaluation: spelling means nothing, and what becomes known later changes nothing that
//! was known.

use proptest::prelude::*;
use rstack_model::Value;
use rstack_model::value::{AttributeRef, Attributes, Lookup, ParameterReference, Text, TextPart};
use rstack_template::ExternalValues;
use serde_json::{Value as Json, json};

use crate::support::{Outcome, outcome, outcome_in};

/// An expression, as a test writes it down in several spellings.
#[derive(Clone, Debug)]
enum Written {
    Text(String),
    Number(i32),
    List(Vec<Written>),
    Map(Vec<(String, Written)>),
    /// A function, by its name without `Fn::`, and its argument.
    Function(&'static str, Box<Written>),
    /// `Fn::GetAtt` of the topic.
    Attribute,
}

const ATTRIBUTE: &str = "T.TopicName";

fn function(name: &'static str, arguments: Vec<Written>) -> Written {
    Written::Function(name, Box::new(Written::List(arguments)))
}

fn text(text: &str) -> Written {
    Written::Text(text.to_owned())
}

impl Written {
    fn json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(n) => json!(n),
            Self::List(items) => Json::Array(items.iter().map(Self::json).collect()),
            Self::Map(entries) => {
                Json::Object(entries.iter().map(|(k, v)| (k.clone(), v.json())).collect())
            }
            Self::Function("Ref", argument) => json!({"Ref": argument.json()}),
            Self::Function(name, argument) => json!({format!("Fn::{name}"): argument.json()}),
            Self::Attribute => json!({"Fn::GetAtt": ["T", "TopicName"]}),
        }
    }

    /// Short tags and block collections.
    fn yaml(&self, indent: usize) -> String {
        let new_line = format!("\n{}", " ".repeat(indent));
        match self {
            Self::Text(_) | Self::Number(_) => self.json().to_string(),
            Self::List(items) if items.is_empty() => "[]".to_owned(),
            Self::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Self::List(items) => {
                items.iter().map(|item| format!("{new_line}- {}", item.yaml(indent + 2))).collect()
            }
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| format!("{new_line}{key}: {}", value.yaml(indent + 2)))
                .collect(),
            Self::Function(name, argument) => {
                // Two tags cannot stand side by side.
                let inner = match &**argument {
                    Self::Function(..) | Self::Attribute => argument.json().to_string(),
                    other => other.yaml(indent),
                };
                format!("!{name} {inner}")
            }
            Self::Attribute => format!("!GetAtt {ATTRIBUTE}"),
        }
    }

    /// The same with a parameter of the Parameter Store in the place of the attribute.
    fn with_stored(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.clone()),
            Self::Number(n) => Self::Number(*n),
            Self::Function("Sub", argument) if matches!(**argument, Self::Text(_)) => {
                let variable = format!("${{{ATTRIBUTE}}}");
                let Self::Text(template) = &**argument else { return self.clone() };
                Self::Function("Sub", Box::new(text(&template.replace(&variable, "${S}"))))
            }
            Self::List(items) => Self::List(items.iter().map(Self::with_stored).collect()),
            Self::Map(entries) => {
                Self::Map(entries.iter().map(|(k, v)| (k.clone(), v.with_stored())).collect())
            }
            Self::Function(name, argument) => {
                Self::Function(name, Box::new(argument.with_stored()))
            }
            Self::Attribute => Self::Function("Ref", Box::new(text("S"))),
        }
    }

    /// The same with the attribute written out.
    fn with_attribute(&self, value: &str) -> Self {
        let inner = |part: &Self| part.with_attribute(value);
        match self {
            Self::Text(text) => Self::Text(text.clone()),
            Self::Number(n) => Self::Number(*n),
            Self::Function("Sub", argument) if matches!(**argument, Self::Text(_)) => {
                let variable = format!("${{{ATTRIBUTE}}}");
                let Self::Text(template) = &**argument else { return self.clone() };
                Self::Function("Sub", Box::new(text(&template.replace(&variable, value))))
            }
            Self::List(items) => Self::List(items.iter().map(inner).collect()),
            Self::Map(entries) => {
                Self::Map(entries.iter().map(|(k, v)| (k.clone(), inner(v))).collect())
            }
            Self::Function(name, argument) => Self::Function(name, Box::new(inner(argument))),
            Self::Attribute => text(value),
        }
    }
}

fn head() -> Json {
    json!({
        "Parameters": {
            "P": {"Type": "String", "Default": "p"},
            "L": {"Type": "CommaDelimitedList", "Default": "a,b"},
            "S": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/s"},
        },
        "Mappings": {"M": {"k": {"v": "found", "l": ["x", "y"]}}},
        "Conditions": {
            "Yes": {"Fn::Equals": [{"Ref": "P"}, "p"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
        },
    })
}

fn in_json(written: &Written) -> String {
    let mut template = head();
    template["Resources"] = json!({
        "T": {"Type": "AWS::SNS::Topic"},
        "R": {"Type": "AWS::SSM::Document", "Properties": {"Content": {"v": written.json()}}},
    });
    template.to_string()
}

fn in_yaml(written: &Written) -> String {
    let mut template = String::new();
    for (section, value) in head().as_object().unwrap() {
        template.push_str(&format!("{section}: {value}\n"));
    }
    let value = written.yaml(10);
    format!(
        "{template}Resources:\n  T:\n    Type: AWS::SNS::Topic\n  R:\n    Type: \
         AWS::SSM::Document\n    Properties:\n      Content:\n        v: {value}\n"
    )
}

/// The value of the expression.
fn value(outcome: &Outcome) -> Option<&Value> {
    let desired = outcome.evaluation.as_ref()?.desired.as_ref()?;
    desired.resources["R"].properties["Content"].as_map()?.get("v")
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    let mut codes: Vec<&str> = outcome.diagnostics.iter().map(|d| d.code.as_str()).collect();
    codes.sort_unstable();
    codes
}

struct Known(&'static str);

impl Attributes for Known {
    fn attribute(&self, _: &AttributeRef) -> Option<Value> {
        Some(Value::from(self.0))
    }
}

/// True if everything known in a value is the same in another one.
fn keeps(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Deferred(_), _) => true,
        (Value::List(before), Value::List(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(b, a)| keeps(b, a))
        }
        (Value::Map(before), Value::Map(after)) => {
            before.len() == after.len()
                && before.iter().all(|(k, b)| after.get(k).is_some_and(|a| keeps(b, a)))
        }
        (Value::Text(before), Value::String(after)) => keeps_text(before, after),
        (before, after) => before == after,
    }
}

/// True if the literal parts stand in the text in their order, the first and the last at its ends.
fn keeps_text(before: &Text, after: &str) -> bool {
    let mut rest = after;
    for (i, part) in before.parts().iter().enumerate() {
        let TextPart::Literal(literal) = part else { continue };
        match rest.find(literal.as_str()) {
            Some(at) if i > 0 || at == 0 => rest = &rest[at + literal.len()..],
            _ => return false,
        }
    }
    true
}

fn texts() -> impl Strategy<Value = Written> {
    let texts = [
        "",
        "x",
        "a/b/c",
        "no",
        "5",
        "10.0.0.0/16",
        "${P}-${AWS::Region}",
        "${!P}",
        "${T.TopicName}/",
        "ü \"q\" \\ '",
        "{{x}}",
        "# y: z",
        "- 1",
    ];
    prop::sample::select(texts.to_vec()).prop_map(text)
}

fn written() -> impl Strategy<Value = Written> {
    let leaf = prop_oneof![
        4 => texts(),
        1 => any::<i32>().prop_map(Written::Number),
        2 => Just(Written::Attribute),
        2 => texts().prop_map(|text| Written::Function("Sub", Box::new(text))),
        1 => prop::sample::select(vec!["P", "L", "AWS::AccountId", "T", "AWS::NoValue"])
            .prop_map(|name| Written::Function("Ref", Box::new(text(name)))),
        1 => prop::sample::select(vec!["v", "l", "w"])
            .prop_map(|key| function("FindInMap", vec![text("M"), text("k"), text(key)])),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        let boxed = inner.boxed();
        let list = prop::collection::vec(boxed.clone(), 0..4).prop_map(Written::List);
        let lists = prop_oneof![3 => list.clone(), 1 => boxed.clone()];
        let delimiter = prop::sample::select(vec!["/", "", ", "]);
        prop_oneof![
            list,
            prop::collection::btree_map("[a-c]", boxed.clone(), 0..3)
                .prop_map(|map| Written::Map(map.into_iter().collect())),
            (delimiter, lists.clone()).prop_map(|(d, list)| function("Join", vec![text(d), list])),
            (0..3_i32, lists)
                .prop_map(|(i, list)| function("Select", vec![Written::Number(i), list])),
            boxed.clone().prop_map(|inner| function("Split", vec![text("/"), inner])),
            boxed.clone().prop_map(|inner| Written::Function("Base64", Box::new(inner))),
            (prop::sample::select(vec!["Yes", "No"]), boxed.clone(), boxed.clone())
                .prop_map(|(c, a, b)| function("If", vec![text(c), a, b])),
            (boxed.clone(), boxed.clone()).prop_map(|(a, _)| function(
                "Sub",
                vec![text("<${V}>${T}"), Written::Map(vec![("V".to_owned(), a)])]
            )),
            boxed.prop_map(|block| function(
                "Cidr",
                vec![block, Written::Number(2), Written::Number(8)]
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_and_yaml_mean_the_same(written in written()) {
        let (json, yaml) = (outcome(&in_json(&written), &[]), outcome(&in_yaml(&written), &[]));
        prop_assert_eq!(codes(&json), codes(&yaml), "{}", in_yaml(&written));
        prop_assert_eq!(value(&json), value(&yaml));
    }

    #[test]
    fn what_the_cloud_answers_changes_nothing_that_was_known(written in written()) {
        let stored = in_json(&written.with_stored());
        let open = outcome(&stored, &[]);
        for known in ["name", "a/b/c", "10.1.0.0/16"] {
            let lookup = Lookup::Parameter(ParameterReference::parse("/s").unwrap());
            let answers = [(lookup, Value::from(known))].into();
            let external = ExternalValues { answers, ..ExternalValues::default() };
            let answered = outcome_in(&stored, &[], &external);
            let written_out = outcome(&in_json(&written.with_attribute(known)), &[]);
            prop_assert_eq!(value(&answered), value(&written_out));
            // The reference to the topic stays for later on both ways.
            let resolved = |outcome: &Outcome| value(outcome)?.resolve(&Known("t")).ok();
            match (resolved(&open), resolved(&answered)) {
                (Some(open), Some(answered)) => {
                    prop_assert!(keeps(&open, &answered), "{open} became {answered}");
                }
                (None, Some(_)) => prop_assert!(false, "an error before is one after"),
                (_, None) => {}
            }
        }
    }

    #[test]
    fn what_becomes_known_is_what_it_would_have_been(written in written()) {
        for known in ["name", "a/b/c", "10.1.0.0/16"] {
            let before = outcome(&in_json(&written), &[]);
            let after = outcome(&in_json(&written.with_attribute(known)), &[]);
            let Some(before) = value(&before) else {
                prop_assert!(value(&after).is_none(), "an error before is one after");
                continue;
            };
            let resolved = before.resolve(&Known(known)).ok();
            // The reference to the topic stays for later on both ways.
            let written_out = value(&after).and_then(|value| value.resolve(&Known(known)).ok());
            if written_out.is_some() {
                // An error in an element that `Fn::Select` passes over is found only there.
                prop_assert_eq!(&written_out, &resolved);
            }
            if let Some(resolved) = resolved {
                prop_assert!(keeps(before, &resolved), "{before} became {resolved}");
            }
        }
    }
}
