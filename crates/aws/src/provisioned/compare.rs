//! Properties as services show them, beside what was given: the same in another form is no difference.

use rstack_model::{KnownMap, KnownValue};

use super::kind::Facts;
use crate::iam::same_document;
use crate::mapping::{equivalent, in_declared_order};

/// The form in which a service shows a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it was given.
    Same,
    /// Letters of both cases are equal: the service writes them in lower case.
    AnyCase,
    /// A key by its ARN, whether it was given by that, by its ID or by an alias.
    Key,
    /// A version with all its parts: `5.0` is shown as `5.0.0`.
    Version,
    /// A list or a map with more than what was given.
    More,
    /// A policy document in another form.
    Document,
}

/// True if what is shown is what was given.
pub(super) fn same(form: Form, shown: &KnownValue, given: &KnownValue) -> bool {
    if form == Form::Document {
        return same_document(given, shown);
    }
    if let (Some(one), Some(other)) = (scalar(shown), scalar(given)) {
        return match form {
            Form::Same | Form::More | Form::Document => one == other,
            Form::AnyCase => one.eq_ignore_ascii_case(&other),
            Form::Key => one == other || is_key(&one, &other),
            Form::Version => one == other || one.starts_with(&format!("{other}.")),
        };
    }
    if let (Form::More, Some(shown), Some(given)) = (form, shown.as_list(), given.as_list()) {
        return given.iter().all(|item| shown.iter().any(|other| same(Form::Same, other, item)));
    }
    if let (Some(shown), Some(given)) = (shown.as_map(), given.as_map()) {
        let is = |(name, value): (&String, &KnownValue)| {
            shown.get(name).is_some_and(|other| same(form, other, value))
        };
        let complete = form == Form::More || shown.len() == given.len();
        return complete && given.iter().all(is);
    }
    equivalent(shown, given, &[])
}

/// A scalar as text: templates give numbers and booleans also as text.
fn scalar(value: &KnownValue) -> Option<String> {
    match value {
        KnownValue::Bool(value) => Some(value.to_string()),
        KnownValue::Number(number) => {
            let text = number.to_string();
            Some(text.strip_suffix(".0").unwrap_or(&text).to_owned())
        }
        KnownValue::String(_) | KnownValue::Secret(_) => value.expose_str().map(str::to_owned),
        KnownValue::Null | KnownValue::List(_) | KnownValue::Map(_) => None,
    }
}

/// True if the ARN of a key is that of the key with this ID. The key of an alias is not known here.
fn is_key(arn: &str, given: &str) -> bool {
    let alias = given.starts_with("alias/") || given.contains(":alias/");
    let named = arn.strip_suffix(given).is_some_and(|rest| rest.ends_with(":key/"));
    arn.contains(":key/") && (alias || named)
}

/// The properties that a service shows, in the form and order in which they are declared.
pub(super) fn as_declared(facts: &Facts, shown: KnownMap, declared: &KnownMap) -> KnownMap {
    let mut shown = in_declared_order(shown, declared, &["Key"]);
    for (name, given) in declared {
        if shown.get(name).is_some_and(|there| same(facts.form(name), there, given)) {
            shown.insert(name.clone(), given.clone());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn is(form: Form, shown: Value, given: Value) -> bool {
        same(form, &KnownValue::from_json(shown), &KnownValue::from_json(given))
    }

    #[test]
    fn the_same_in_another_form_is_no_difference() {
        assert!(is(Form::Same, json!(7), json!("7")) && is(Form::Same, json!(true), json!("true")));
        assert!(is(Form::Same, json!(0.5), json!("0.5")) && is(Form::Same, json!(2.0), json!(2)));
        assert!(is(Form::Same, json!(["a", "b"]), json!(["b", "a"])));
        assert!(
            !is(Form::Same, json!("a"), json!("A")) && is(Form::AnyCase, json!("a"), json!("A"))
        );
        assert!(is(Form::Version, json!("5.0.0"), json!("5.0")));
        assert!(!is(Form::Version, json!("5.0.0"), json!("5.0.1")));
        assert!(!is(Form::Version, json!("15.0"), json!("1")));
        assert!(is(Form::More, json!(["a", "b", "c"]), json!(["b"])));
        assert!(!is(Form::More, json!(["a"]), json!(["b"])));
        let more = json!({"On": true, "Count": 1, "Cold": {"On": false, "Size": 1}});
        assert!(is(Form::More, more.clone(), json!({"Count": "1", "Cold": {"On": "false"}})));
        assert!(!is(Form::More, more, json!({"Count": 2})));
        let policy = json!({"Statement": [{"Effect": "Allow", "Action": "es:*"}]});
        let shown = json!({"Statement": {"Effect": "Allow", "Action": ["es:*"]}});
        assert!(is(Form::Document, shown, policy));
        let capacity = json!({"MinCapacity": 1.0, "MaxCapacity": 8});
        assert!(is(Form::Same, capacity.clone(), json!({"MinCapacity": 1, "MaxCapacity": "8"})));
        assert!(!is(Form::Same, capacity, json!({"MinCapacity": 1})));
    }

    #[test]
    fn a_key_is_shown_by_its_arn() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234";
        for given in [arn, "1234", "alias/mine", "arn:aws:kms:eu-west-1:1:alias/mine"] {
            assert!(is(Form::Key, json!(arn), json!(given)), "{given}");
        }
        assert!(!is(Form::Key, json!(arn), json!("34")));
        assert!(!is(Form::Key, json!("other"), json!("alias/mine")));
    }
}
