//! Permissions as statements of the policy of a function.

use rstack_model::{KnownMap, KnownValue};

use crate::iam::{arguments, decoded, same_document};

/// The properties that are conditions of a statement, by the end of their key there, in lower case.
///
/// Source: Lambda developer guide, Viewing resource-based IAM policies in Lambda, and Control access to
/// Lambda function URLs; Lambda API reference, AddPermission.
const CONDITIONS: [(&str, &str); 6] = [
    ("EventSourceToken", "eventsourcetoken"),
    ("FunctionUrlAuthType", "functionurlauthtype"),
    ("InvokedViaFunctionUrl", "invokedviafunctionurl"),
    ("PrincipalOrgID", "principalorgid"),
    ("SourceAccount", "sourceaccount"),
    ("SourceArn", "sourcearn"),
];

/// The statement of a policy with this ID.
pub(super) fn statement(policy: &str, id: &str) -> Option<KnownMap> {
    let policy = decoded(policy);
    let statements = policy.get("Statement")?.as_list()?.to_vec();
    let mut all = statements.into_iter().filter_map(|statement| statement.as_map().cloned());
    all.find(|statement| statement.get("Sid").and_then(KnownValue::as_str) == Some(id))
}

/// The properties that a statement shows, a principal in the form in which it is declared.
pub(super) fn properties(statement: &KnownMap, declared: &KnownMap) -> KnownMap {
    let mut out = KnownMap::new();
    let action = statement.get("Action").map(only);
    out.extend(action.map(|action| ("Action".to_owned(), action)));
    let principal = statement.get("Principal").and_then(principal);
    let principal = principal.map(|found| match declared.get("Principal") {
        Some(given) if is_principal(given, &found) => given.clone(),
        Some(_) | None => found,
    });
    out.extend(principal.map(|principal| ("Principal".to_owned(), principal)));
    let conditions = statement.get("Condition").and_then(KnownValue::as_map);
    let pairs = conditions.into_iter().flatten().filter_map(|(_, keys)| keys.as_map());
    for (key, value) in pairs.flatten() {
        let key = key.to_ascii_lowercase();
        let known = CONDITIONS.iter().find(|(_, end)| key.rsplit(':').next() == Some(end));
        if let Some((property, _)) = known {
            let value = match (*property, only(value).as_str()) {
                ("InvokedViaFunctionUrl", Some(text)) => KnownValue::Bool(text == "true"),
                (_, _) => only(value),
            };
            out.insert((*property).to_owned(), value);
        }
    }
    out
}

/// The element of a list of one; any other value as it is.
fn only(value: &KnownValue) -> KnownValue {
    match value.as_list() {
        Some([only]) => only.clone(),
        Some(_) | None => value.clone(),
    }
}

/// The one principal of a statement: `*`, a service, an account, a role or a user.
fn principal(value: &KnownValue) -> Option<KnownValue> {
    match value {
        KnownValue::Map(kinds) => kinds.values().next().map(only),
        other => Some(other.clone()),
    }
}

/// True if a principal that is shown is the declared one: an account is shown as its root.
fn is_principal(declared: &KnownValue, found: &KnownValue) -> bool {
    let of = |principal: &KnownValue| {
        let aws = arguments([("AWS", principal.clone())]);
        KnownValue::Map(arguments([("Principal", aws.into())]))
    };
    same_document(&of(declared), &of(found))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    #[test]
    fn a_statement_shows_what_was_declared() {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "other", "Effect": "Allow"},
            {
                "Sid": "mine", "Effect": "Allow", "Action": "lambda:InvokeFunction",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Resource": "arn:aws:lambda:eu-west-1:1:function:f",
                "Condition": {
                    "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"},
                    "StringEquals": {
                        "AWS:SourceAccount": "111122223333", "aws:PrincipalOrgID": "o-1234567890",
                        "lambda:FunctionUrlAuthType": "NONE", "lambda:EventSourceToken": "token",
                    },
                    "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
                },
            },
        ]});
        let found = statement(&policy.to_string(), "mine").unwrap();
        assert_eq!(statement(&policy.to_string(), "none"), None);
        let declared = known(json!({
            "Action": "lambda:InvokeFunction", "Principal": "111122223333",
            "SourceArn": "arn:aws:s3:::b", "SourceAccount": "111122223333",
            "PrincipalOrgID": "o-1234567890", "FunctionUrlAuthType": "NONE",
            "EventSourceToken": "token", "InvokedViaFunctionUrl": true,
        }));
        assert_eq!(properties(&found, &declared), declared);
        let other = known(json!({"Principal": "444455556666"}));
        let shown = properties(&found, &other);
        assert_eq!(shown["Principal"], "arn:aws:iam::111122223333:root".into());
    }

    #[test]
    fn services_and_everyone_are_principals() {
        for (shown, declared) in [
            (json!({"Service": "sns.amazonaws.com"}), "sns.amazonaws.com"),
            (json!("*"), "*"),
            (json!({"AWS": ["arn:aws:iam::1:role/r"]}), "arn:aws:iam::1:role/r"),
        ] {
            let statement = known(json!({"Principal": shown}));
            let given = known(json!({"Principal": declared}));
            assert_eq!(properties(&statement, &given), given);
        }
    }
}
