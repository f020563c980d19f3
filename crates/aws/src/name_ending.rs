//! Names that rstack chose, with the end that a service wants in a case: `.fifo`.

use rstack_driver::{CreateRequest, NameRule};
use rstack_model::{KnownMap, KnownValue};

/// The number of random characters at the end of a name that rstack chose.
const RANDOM: usize = 12;

/// The properties of a new object: a name that rstack chose by `rule` gets the end `text`, if the
/// property `condition` is true. The rule's length has room for it.
pub(crate) fn with_ending(
    request: &CreateRequest,
    rule: NameRule,
    (condition, text): (&str, &str),
) -> KnownMap {
    let mut properties = request.properties.clone();
    let is_true = properties.get(condition).is_some_and(|value| match value {
        KnownValue::Bool(value) => *value,
        other => other.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")),
    });
    let name = properties.get(rule.property).and_then(KnownValue::as_str).unwrap_or_default();
    let random = name.len().checked_sub(RANDOM).and_then(|at| name.get(at..));
    let chosen =
        random.is_some_and(|random| rule.name(&request.stack, &request.address, random) == name);
    if is_true && chosen {
        let name = format!("{name}{text}");
        properties.insert(rule.property.to_owned(), name.into());
    }
    properties
}

#[cfg(test)]
mod tests {
    use rstack_driver::Separator;
    use rstack_model::StackName;
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    const RULE: NameRule =
        NameRule { property: "Name", max_length: 40, separator: Separator::Hyphen };

    fn named(name: &str, fifo: serde_json::Value) -> String {
        let request = CreateRequest {
            stack: StackName::parse("Live").unwrap(),
            address: "It".into(),
            token: "T".into(),
            properties: known(json!({"Name": name, "Fifo": fifo})),
            absence_proven: false,
            begun: None,
        };
        let properties = with_ending(&request, RULE, ("Fifo", ".fifo"));
        properties.get("Name").and_then(KnownValue::as_str).unwrap().to_owned()
    }

    #[test]
    fn only_a_name_that_rstack_chose_gets_the_end_and_only_in_the_case() {
        let chosen = "Live-It-ABCDEF123456";
        assert_eq!(named(chosen, json!("True")), "Live-It-ABCDEF123456.fifo");
        assert_eq!(named(chosen, json!(false)), chosen);
        assert_eq!(named("own", json!(true)), "own");
    }
}
