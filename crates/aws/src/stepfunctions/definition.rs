//! The definition of a state machine: a text or a tree, with substitutions.

use rstack_driver::DriverError;
use rstack_model::{KnownValue, SecretString};

use crate::iam::{Fields, is_partly_unknown};
use crate::mapping::{json_text, json_tree};

/// The properties that hold a definition, one of which a template declares.
const TEXT: &str = "DefinitionString";
const TREE: &str = "Definition";
const SUBSTITUTIONS: &str = "DefinitionSubstitutions";

/// The declared definition as a call takes it: `${name}` stands for a substitution. It is secret if a
/// part of it is.
///
/// Source: CloudFormation user guide, AWS::StepFunctions::StateMachine, DefinitionSubstitutions.
///
/// # Errors
/// If there is no definition, or a property has another form.
pub(super) fn declared(fields: Fields<'_>) -> Result<KnownValue, DriverError> {
    let text = match (fields.text(TEXT)?, fields.value(TREE)) {
        (Some(_), Some(_)) => {
            return Err(fields.invalid(TREE, format!("and `{TEXT}` are two definitions")));
        }
        (Some(text), None) => text,
        (None, Some(tree)) => {
            json_text(tree).ok_or_else(|| fields.invalid(TREE, "is not a JSON document"))?
        }
        (None, None) => return Err(fields.invalid(TREE, "is missing, and so is the text")),
    };
    let Some(substitutions) = fields.tree(SUBSTITUTIONS)? else { return Ok(text) };
    let mut is_secret = matches!(text, KnownValue::Secret(_));
    let mut whole = text.expose_str().unwrap_or_default().to_owned();
    for name in substitutions.all().keys() {
        let mark = format!("${{{name}}}");
        if !whole.contains(&mark) {
            continue;
        }
        let value = substitutions.required(name)?;
        is_secret |= matches!(value, KnownValue::Secret(_));
        whole = whole.replace(&mark, value.expose_str().unwrap_or_default());
    }
    Ok(if is_secret {
        KnownValue::Secret(SecretString::new(whole))
    } else {
        KnownValue::String(whole)
    })
}

/// True if two definitions say the same.
pub(super) fn same(one: &KnownValue, other: &KnownValue) -> bool {
    let tree = |value: &KnownValue| value.expose_str().map(|text| json_tree(&text.into()));
    tree(one) == tree(other)
}

/// The property that a definition of the service shows: as it is declared, if it says the same. A tree is
/// not shown, as the registry says.
pub(super) fn shown(
    found: &KnownValue,
    declared_fields: Fields<'_>,
) -> Option<(String, KnownValue)> {
    let given = declared_fields.value(TEXT)?;
    // A secret that is not known now cannot be compared, and what is found may repeat it.
    let unknown = [TEXT, SUBSTITUTIONS].into_iter().filter_map(|name| declared_fields.value(name));
    let unknown = unknown.into_iter().any(is_partly_unknown);
    let value = match declared(declared_fields) {
        Ok(wanted) if unknown || same(&wanted, found) => given.clone(),
        Ok(KnownValue::Secret(_)) => {
            let text = found.expose_str().unwrap_or_default();
            KnownValue::Secret(SecretString::new(text.to_owned()))
        }
        Ok(_) | Err(_) => found.clone(),
    };
    Some((TEXT.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use rstack_model::KnownMap;
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    fn of(tree: serde_json::Value) -> Result<KnownValue, DriverError> {
        declared(Fields::new(&known(tree), "states:CreateStateMachine"))
    }

    /// The service returns the text that was put in, also that of another version of the secret.
    #[test]
    fn a_secret_that_was_substituted_is_not_shown() {
        let secret = |text: &str| KnownValue::Secret(SecretString::new(text.to_owned()));
        let found = KnownValue::from("{\"Key\":\"old-secret\"}");
        for now in ["", "new-secret"] {
            let mut declared = known(json!({TEXT: "{\"Key\": \"${Key}\"}"}));
            let substitutions = KnownMap::from([("Key".to_owned(), secret(now))]);
            declared.insert(SUBSTITUTIONS.to_owned(), substitutions.into());
            let (_, value) = shown(&found, Fields::new(&declared, "states:X")).unwrap();
            let as_declared = value.as_str() == Some("{\"Key\": \"${Key}\"}");
            assert!(as_declared || matches!(value, KnownValue::Secret(_)), "{now}");
        }
    }

    #[test]
    fn a_definition_is_a_text_or_a_tree_with_substitutions() {
        let text = "{\"Resource\": \"${Arn}\", \"Keep\": \"${Other}\", \"N\": ${Count}}";
        let substitutions = json!({"Arn": "arn:f", "Count": 3});
        let made = of(json!({TEXT: text, SUBSTITUTIONS: substitutions})).unwrap();
        let expected = "{\"Resource\": \"arn:f\", \"Keep\": \"${Other}\", \"N\": 3}";
        assert_eq!(made, KnownValue::from(expected));
        let tree = json!({"StartAt": "${Arn}"});
        let made = of(json!({TREE: tree, SUBSTITUTIONS: {"Arn": "A"}})).unwrap();
        assert_eq!(made, KnownValue::from("{\"StartAt\":\"A\"}"));
        assert!(of(json!({})).is_err() && of(json!({TEXT: "{}", TREE: {}})).is_err());
    }

    #[test]
    fn a_definition_with_a_secret_is_secret() {
        let secret = KnownValue::Secret(SecretString::new("hunter2".to_owned()));
        let substitutions = KnownMap::from([("Key".to_owned(), secret)]);
        let properties = KnownMap::from([
            (TEXT.to_owned(), "{\"k\": \"${Key}\"}".into()),
            (SUBSTITUTIONS.to_owned(), substitutions.into()),
        ]);
        let made = declared(Fields::new(&properties, "states:CreateStateMachine")).unwrap();
        assert!(matches!(made, KnownValue::Secret(_)));
        assert_eq!(made.expose_str(), Some("{\"k\": \"hunter2\"}"));
    }

    #[test]
    fn what_says_the_same_is_shown_as_declared() {
        let given = known(json!({TEXT: "{ \"a\": \"${X}\" }", SUBSTITUTIONS: {"X": 1}}));
        let fields = Fields::new(&given, "states:DescribeStateMachine");
        let found = |text: &str| shown(&text.into(), fields).unwrap().1;
        assert_eq!(found("{\"a\":\"1\"}"), given[TEXT]);
        assert_eq!(found("{\"a\":\"2\"}"), "{\"a\":\"2\"}".into());
    }
}
