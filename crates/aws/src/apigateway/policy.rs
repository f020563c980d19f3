//! The resource policy of an API: JSON that API Gateway shows with its quotes escaped, and with the whole
//! ARN where the template gives the part behind the API.

use rstack_model::{KnownMap, KnownValue};

use crate::iam::same_document;
use crate::mapping::json_tree;

/// The property and the member.
pub(super) const POLICY: [&str; 2] = ["Policy", "policy"];

/// The beginning of a resource of the policy's own API.
///
/// Source: API Gateway developer guide, "Control access to a REST API with API Gateway resource policies":
/// `execute-api:/stage/method/path`.
const OWN: &str = "execute-api:/";

/// The policy that a description shows, as a tree.
///
/// Source: terraform-provider-aws, `internal/service/apigateway/rest_api.go`, its reading of policies: the
/// text is one within quotes.
pub(super) fn of(described: &KnownMap) -> Option<KnownValue> {
    let [_, member] = POLICY;
    let text = described.get(member)?.expose_str().filter(|text| !text.trim().is_empty())?;
    let quoted: Option<String> = serde_json::from_str(&format!("\"{text}\"")).ok();
    Some(json_tree(&quoted.unwrap_or_else(|| text.to_owned()).into()))
}

/// True if a policy of an API says what is declared.
pub(super) fn is_same(declared: &KnownValue, shown: &KnownValue, api: &str) -> bool {
    same_document(&short(&json_tree(declared), api), &short(shown, api))
}

/// A document in which the ARNs of the API's own resources have no API.
fn short(tree: &KnownValue, api: &str) -> KnownValue {
    match tree {
        KnownValue::String(text) => shortened(text, api).into(),
        KnownValue::List(list) => KnownValue::List(list.iter().map(|it| short(it, api)).collect()),
        KnownValue::Map(map) => {
            let map = map.iter().map(|(name, it)| (name.clone(), short(it, api)));
            KnownValue::Map(map.collect())
        }
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::Secret(_) => {
            tree.clone()
        }
    }
}

fn shortened(text: &str, api: &str) -> String {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    if let ["arn", _, "execute-api", _, _, rest] = parts.as_slice()
        && let Some(rest) = rest.strip_prefix(api).and_then(|rest| rest.strip_prefix('/'))
    {
        return format!("{OWN}{rest}");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::test::scripted_api::known;

    fn policy(resource: &str) -> Value {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource,
        }]})
    }

    #[test]
    fn an_escaped_policy_with_whole_arns_is_the_declared_one() {
        let shown = policy("arn:aws:execute-api:eu-west-1:111122223333:abc/*").to_string();
        let escaped = shown.replace('"', "\\\"");
        let declared = KnownValue::from_json(policy("execute-api:/*"));
        for text in [shown, escaped] {
            let found = of(&known(json!({"policy": text}))).unwrap();
            assert!(is_same(&declared, &found, "abc"), "{found:?}");
            assert!(!is_same(&declared, &found, "abd"));
            let written = declared.clone();
            let written = crate::mapping::json_text(&written).unwrap();
            assert!(is_same(&written, &found, "abc"));
            let other = KnownValue::from_json(policy("execute-api:/prod/*"));
            assert!(!is_same(&other, &found, "abc"));
        }
        assert_eq!(of(&known(json!({"policy": ""}))), None);
    }
}
