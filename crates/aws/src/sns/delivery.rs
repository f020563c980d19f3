//! The property `DeliveryStatusLogging` of topics, which is three attributes for each protocol.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::attributes::Texts;
use crate::iam::{Fields, arguments};

/// The property.
pub(super) const PROPERTY: &str = "DeliveryStatusLogging";

/// The protocols, each with the beginning of the names of its attributes.
///
/// Source: SNS API reference, SetTopicAttributes; CloudFormation registry, `LoggingConfig`.
const PROTOCOLS: [(&str, &str); 5] = [
    ("application", "Application"),
    ("firehose", "Firehose"),
    ("http/s", "HTTP"),
    ("lambda", "Lambda"),
    ("sqs", "SQS"),
];

/// The settings of a protocol, each with the value that takes it back.
///
/// Source: SNS API reference, SetTopicAttributes: a sample rate is 0 to 100.
const SETTINGS: [(&str, &str); 3] = [
    ("FailureFeedbackRoleArn", ""),
    ("SuccessFeedbackRoleArn", ""),
    ("SuccessFeedbackSampleRate", "0"),
];

/// The declared texts.
///
/// # Errors
/// If the property has another form, or a protocol is unknown.
pub(super) fn declared(fields: Fields<'_>) -> Result<Texts, DriverError> {
    let mut texts = Texts::new();
    for entry in fields.trees(PROPERTY)? {
        let protocol = entry.required_name("Protocol")?;
        let known = PROTOCOLS.iter().find(|(name, _)| *name == protocol);
        let Some((_, prefix)) = known else {
            return Err(fields.invalid(PROPERTY, format!("has the unknown protocol `{protocol}`")));
        };
        for (setting, _) in SETTINGS {
            let text = entry.text(setting)?;
            texts.extend(text.map(|text| (format!("{prefix}{setting}"), text)));
        }
    }
    Ok(texts)
}

/// The value that takes back an attribute of this name.
pub(super) fn reset_of(name: &str) -> Option<&'static str> {
    PROTOCOLS.iter().find_map(|(_, prefix)| {
        let setting = name.strip_prefix(prefix)?;
        SETTINGS.iter().find(|(known, _)| *known == setting).map(|(_, reset)| *reset)
    })
}

/// The property that texts show: a protocol is there if it has a setting, or if it is declared.
///
/// # Errors
/// If what is declared has another form.
pub(super) fn property(
    texts: &KnownMap,
    declared: Fields<'_>,
) -> Result<Option<KnownValue>, DriverError> {
    let mut given: Vec<(String, Fields<'_>)> = Vec::new();
    for entry in declared.trees(PROPERTY)? {
        given.push((entry.required_name("Protocol")?, entry));
    }
    let place = |protocol: &str| given.iter().position(|(name, _)| name == protocol);
    let mut entries = Vec::new();
    for (protocol, prefix) in PROTOCOLS {
        let at = place(protocol);
        let entry = at.and_then(|at| given.get(at)).map(|(_, entry)| *entry);
        let mut shown = arguments([("Protocol", protocol.into())]);
        for (setting, reset) in SETTINGS {
            let is_given = entry.is_some_and(|entry| entry.value(setting).is_some());
            let text = texts.get(&format!("{prefix}{setting}"));
            let there = text.filter(|text| is_given || text.expose_str() != Some(reset));
            shown.extend(there.map(|text| (setting.to_owned(), text.clone())));
        }
        if entry.is_some() || shown.len() > 1 {
            entries.push((at.unwrap_or(usize::MAX), KnownValue::Map(shown)));
        }
    }
    entries.sort_by_key(|(at, _)| *at);
    let entries: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
    Ok((!entries.is_empty()).then_some(KnownValue::List(entries)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    #[test]
    fn each_protocol_has_its_attributes_and_they_come_back_in_the_declared_order() {
        let tree = known(json!({PROPERTY: [
            {"Protocol": "sqs", "SuccessFeedbackRoleArn": "arn:r", "SuccessFeedbackSampleRate": "5"},
            {"Protocol": "http/s", "FailureFeedbackRoleArn": "arn:f"},
        ]}));
        let fields = Fields::new(&tree, "sns:CreateTopic");
        let texts = declared(fields).unwrap();
        let expected = known(json!({
            "HTTPFailureFeedbackRoleArn": "arn:f", "SQSSuccessFeedbackRoleArn": "arn:r",
            "SQSSuccessFeedbackSampleRate": "5",
        }));
        assert_eq!(texts, expected);
        assert_eq!(property(&texts, fields).unwrap(), tree.get(PROPERTY).cloned());
        // What another user logs is shown, and a rate of nothing is nothing.
        let texts = known(
            json!({"LambdaFailureFeedbackRoleArn": "arn:x", "SQSSuccessFeedbackSampleRate": "0"}),
        );
        let nothing = KnownMap::new();
        let shown = property(&texts, Fields::new(&nothing, "sns:GetTopicAttributes")).unwrap();
        let expected = json!([{"Protocol": "lambda", "FailureFeedbackRoleArn": "arn:x"}]);
        assert_eq!(shown, Some(KnownValue::from_json(expected)));
        assert_eq!(reset_of("FirehoseSuccessFeedbackSampleRate"), Some("0"));
        assert_eq!(reset_of("DisplayName"), None);
    }

    #[test]
    fn a_protocol_that_sns_does_not_log_is_refused() {
        let tree = known(json!({PROPERTY: [{"Protocol": "email"}]}));
        let error = declared(Fields::new(&tree, "sns:CreateTopic")).unwrap_err();
        assert!(error.message.contains("`email`"), "{error}");
    }
}
