//! Texts that CloudFront ends with a line break, whether they are sent with one or not.

use rstack_model::{KnownMap, KnownValue, SecretString};

/// Ends these members with a line break, so that they are sent as they are read.
pub(super) fn end(members: &mut KnownMap, names: &[&str]) {
    for name in names {
        let Some(value) = members.get_mut(*name) else { continue };
        let ended = match value {
            KnownValue::Secret(text) if !text.expose().ends_with('\n') => {
                KnownValue::Secret(SecretString::new(format!("{}\n", text.expose())))
            }
            KnownValue::String(text) if !text.ends_with('\n') => {
                KnownValue::String(format!("{text}\n"))
            }
            KnownValue::Null
            | KnownValue::Bool(_)
            | KnownValue::Number(_)
            | KnownValue::String(_)
            | KnownValue::Secret(_)
            | KnownValue::List(_)
            | KnownValue::Map(_) => continue,
        };
        *value = ended;
    }
}

/// Takes these texts as the other tree has them where they differ by no more than space at the end.
pub(super) fn as_declared(read: &mut KnownMap, declared: &KnownMap, names: &[&str]) {
    for name in names {
        let (Some(seen), Some(said)) = (read.get_mut(*name), declared.get(*name)) else { continue };
        let same = match (seen.expose_str(), said.expose_str()) {
            (Some(seen), Some(said)) => !said.is_empty() && seen.trim_end() == said.trim_end(),
            (Some(_) | None, _) => false,
        };
        if same {
            seen.clone_from(said);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    #[test]
    fn a_text_is_sent_with_a_line_break_and_shown_as_declared() {
        let mut members = known(json!({"Key": "a", "Other": "b", "Number": 1}));
        end(&mut members, &["Key", "Number", "Absent"]);
        assert_eq!(members, known(json!({"Key": "a\n", "Other": "b", "Number": 1})));
        end(&mut members, &["Key"]);
        assert_eq!(members["Key"], "a\n".into());

        let mut read = known(json!({"Key": "a\n"}));
        as_declared(&mut read, &known(json!({"Key": "b"})), &["Key"]);
        assert_eq!(read["Key"], "a\n".into());
        as_declared(&mut read, &known(json!({"Key": "a"})), &["Key"]);
        assert_eq!(read["Key"], "a".into());
    }

    #[test]
    fn a_secret_stays_one_and_an_unknown_one_is_like_nothing() {
        let secret = |text: &str| KnownValue::Secret(SecretString::new(text.to_owned()));
        let mut members = KnownMap::from([("Key".to_owned(), secret("hunter2"))]);
        end(&mut members, &["Key"]);
        assert!(
            matches!(&members["Key"], KnownValue::Secret(text) if text.expose() == "hunter2\n")
        );
        let mut read = known(json!({"Key": "\n"}));
        as_declared(&mut read, &KnownMap::from([("Key".to_owned(), secret(""))]), &["Key"]);
        assert_eq!(read["Key"], "\n".into());
    }
}
