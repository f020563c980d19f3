//! Policy documents: as JSON text in calls, percent-encoded in answers, trees everywhere else.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue, SecretString};
use serde_json::Value as Json;

use super::fields::Fields;

/// The document at a key as the text a call takes.
pub(super) fn declared_document(
    fields: Fields<'_>,
    key: &str,
) -> Result<Option<KnownValue>, DriverError> {
    match fields.value(key) {
        None => Ok(None),
        Some(text @ (KnownValue::String(_) | KnownValue::Secret(_))) => Ok(Some(text.clone())),
        Some(tree @ KnownValue::Map(_)) => {
            let text = json(tree).to_string();
            Ok(Some(if holds_secret(tree) {
                KnownValue::Secret(SecretString::new(text))
            } else {
                KnownValue::String(text)
            }))
        }
        Some(
            KnownValue::Null | KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::List(_),
        ) => Err(fields.invalid(key, "is not a policy document")),
    }
}

/// [`declared_document`] for one that must be there.
pub(crate) fn required_document(fields: Fields<'_>, key: &str) -> Result<KnownValue, DriverError> {
    declared_document(fields, key)?.ok_or_else(|| fields.invalid(key, "is missing"))
}

fn json(value: &KnownValue) -> Json {
    match value {
        KnownValue::Null => Json::Null,
        KnownValue::Bool(b) => Json::Bool(*b),
        KnownValue::Number(n) => Json::Number(n.clone()),
        KnownValue::String(text) => Json::String(text.clone()),
        KnownValue::Secret(secret) => Json::String(secret.expose().to_owned()),
        KnownValue::List(list) => Json::Array(list.iter().map(json).collect()),
        KnownValue::Map(map) => {
            Json::Object(map.iter().map(|(k, v)| (k.clone(), json(v))).collect())
        }
    }
}

fn holds_secret(value: &KnownValue) -> bool {
    match value {
        KnownValue::Secret(_) => true,
        KnownValue::List(list) => list.iter().any(holds_secret),
        KnownValue::Map(map) => map.values().any(holds_secret),
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::String(_) => {
            false
        }
    }
}

/// A document of an answer as a tree. Text that is no JSON stays text.
pub(crate) fn decoded(text: &str) -> KnownValue {
    let plain =
        if text.trim_start().starts_with('{') { text.to_owned() } else { percent_decoded(text) };
    match serde_json::from_str(&plain) {
        Ok(tree) => KnownValue::from_json(tree),
        Err(_) => KnownValue::String(plain),
    }
}

/// RFC 3986: a plus is a plus, and what is not an escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape =
            after.split_at_checked(2).filter(|_| *first == b'%').and_then(|(two, tail)| {
                let digits = std::str::from_utf8(two).ok()?;
                let digits = digits.bytes().all(|b| b.is_ascii_hexdigit()).then_some(digits)?;
                Some((u8::from_str_radix(digits, 16).ok()?, tail))
            });
        let (byte, tail) = escape.unwrap_or((*first, after));
        out.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The observed document, in the form in which it was declared if both mean the same: IAM gives
/// some documents back in a form of its own.
pub(crate) fn as_declared(declared: Option<&KnownValue>, observed: KnownValue) -> KnownValue {
    match declared {
        Some(declared) if same_document(declared, &observed) => declared.clone(),
        Some(_) | None => observed,
    }
}

/// True if two documents mean the same to IAM, the text of a secret being text: the order of lists
/// means nothing, a list of one is its element, scalars are texts, an account is its root principal,
/// and `*` is every AWS principal.
///
/// Source: "IAM JSON policy elements: Principal" and "Grammar of the IAM JSON policy language",
/// AWS Identity and Access Management User Guide.
pub(crate) fn same_document(one: &KnownValue, other: &KnownValue) -> bool {
    canonical_document(one) == canonical_document(other)
}

fn canonical_document(document: &KnownValue) -> KnownValue {
    match document {
        KnownValue::String(text) => canonical(&decoded(text), false),
        KnownValue::Secret(text) => canonical(&decoded(text.expose()), false),
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::List(_)
        | KnownValue::Map(_) => canonical(document, false),
    }
}

fn canonical(value: &KnownValue, principal: bool) -> KnownValue {
    match value {
        KnownValue::Null => value.clone(),
        KnownValue::Secret(text) if principal => {
            KnownValue::String(account(text.expose()).to_owned())
        }
        KnownValue::Secret(text) => KnownValue::String(text.expose().to_owned()),
        KnownValue::Bool(b) => KnownValue::String(b.to_string()),
        KnownValue::Number(n) => KnownValue::String(n.to_string()),
        KnownValue::String(text) if principal => KnownValue::String(account(text).to_owned()),
        KnownValue::String(text) => KnownValue::String(text.clone()),
        KnownValue::List(list) => {
            let mut items: Vec<KnownValue> =
                list.iter().map(|item| canonical(item, principal)).collect();
            items.sort_by_cached_key(|item| json(item).to_string());
            items.dedup();
            if items.len() == 1 {
                items.pop().unwrap_or(KnownValue::Null)
            } else {
                KnownValue::List(items)
            }
        }
        KnownValue::Map(map) => {
            let kept = map.iter().filter(|(_, item)| **item != KnownValue::Null);
            let canonical: KnownMap = kept
                .map(|(key, item)| {
                    let here = matches!(key.as_str(), "Principal" | "NotPrincipal");
                    let item = canonical(item, principal || here);
                    (key.clone(), if here { every_principal(item) } else { item })
                })
                .collect();
            canonical.into()
        }
    }
}

/// `*` as the map that means the same.
fn every_principal(principal: KnownValue) -> KnownValue {
    match principal.as_str() {
        Some("*") => KnownMap::from([("AWS".to_owned(), principal)]).into(),
        Some(_) | None => principal,
    }
}

/// True if a part of the document is a secret that is not known: it cannot be compared.
pub(crate) fn is_partly_unknown(document: &KnownValue) -> bool {
    match document {
        KnownValue::Secret(text) => text.expose().is_empty(),
        KnownValue::List(list) => list.iter().any(is_partly_unknown),
        KnownValue::Map(map) => map.values().any(is_partly_unknown),
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::String(_) => {
            false
        }
    }
}

/// True if the document names a role or a user, which may just have been made.
pub(crate) fn names_principal(document: &KnownValue) -> bool {
    let text = canonical_document(document);
    json(&text).to_string().split('"').any(|part| {
        part.starts_with("arn:")
            && part
                .split_once(":iam::")
                .is_some_and(|(_, rest)| rest.contains(":role/") || rest.contains(":user/"))
    })
}

/// The account whose root principal this is; any other text as it is.
fn account(principal: &str) -> &str {
    let root = || {
        let (partition, rest) = principal.strip_prefix("arn:")?.split_once(":iam::")?;
        let account = rest.strip_suffix(":root")?;
        (!partition.contains(':')).then_some(account)
    };
    root().unwrap_or(principal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: &str) -> KnownValue {
        KnownValue::from_json(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn an_encoded_document_becomes_its_tree() {
        let encoded = "%7B%22Resource%22%3A%22arn%3Aaws%3As3%3A%3A%3Aa%2Bb%2F%C3%BC%22%7D";
        assert_eq!(decoded(encoded), tree(r#"{"Resource":"arn:aws:s3:::a+b/ü"}"#));
        assert_eq!(decoded(r#"{"a":"100%25"}"#), tree(r#"{"a":"100%25"}"#));
        assert_eq!(percent_decoded("a+b%2"), "a+b%2");
        assert_eq!(percent_decoded("%+1%zz%41"), "%+1%zzA");
    }

    #[test]
    fn documents_that_mean_the_same_are_the_same() {
        let one = tree(
            r#"{"Statement":[{"Action":["b","a"],"Principal":{"AWS":"111122223333"},
                "Condition":{"Bool":{"aws:SecureTransport":true}}}]}"#,
        );
        let other = tree(
            r#"{"Statement":{"Action":["a","b"],
                "Principal":{"AWS":["arn:aws:iam::111122223333:root"]},
                "Condition":{"Bool":{"aws:SecureTransport":"true"}}}}"#,
        );
        assert!(same_document(&one, &other));
        assert_eq!(as_declared(Some(&one), other.clone()), one);
        let text = KnownValue::String(json(&one).to_string());
        assert!(same_document(&text, &other));
        let third = tree(r#"{"Statement":{"Action":["a","c"]}}"#);
        assert_eq!(as_declared(Some(&one), third.clone()), third);
        let everybody = tree(r#"{"Statement":{"Principal":"*","Resource":"*"}}"#);
        let all = tree(r#"{"Statement":{"Principal":{"AWS":["*"]},"Resource":"*"}}"#);
        assert!(same_document(&everybody, &all));
        let others = tree(r#"{"Statement":{"Principal":{"Service":"*"},"Resource":"*"}}"#);
        assert!(!same_document(&everybody, &others));
    }

    #[test]
    fn a_document_says_if_a_principal_of_it_may_just_have_been_made() {
        let of = |principal: &str| {
            tree(&format!(r#"{{"Statement":[{{"Principal":{{"AWS":["{principal}"]}}}}]}}"#))
        };
        assert!(names_principal(&of("arn:aws:iam::111122223333:role/a/b")));
        assert!(names_principal(&of("arn:aws-cn:iam::111122223333:user/u")));
        assert!(!names_principal(&of("arn:aws:iam::111122223333:root")));
        assert!(!names_principal(&of("111122223333")));
    }

    #[test]
    fn a_document_that_was_declared_with_a_secret_comes_back_as_declared() {
        let secret = |text: &str| KnownValue::Secret(SecretString::new(text.to_owned()));
        let declared = |text: &str| {
            let id = KnownMap::from([("sts:ExternalId".to_owned(), secret(text))]);
            KnownValue::Map(KnownMap::from([("StringEquals".to_owned(), id.into())]))
        };
        let observed = tree(r#"{"StringEquals":{"sts:ExternalId":["hunter2"]}}"#);
        let found = as_declared(Some(&declared("hunter2")), observed.clone());
        assert_eq!(found, declared("hunter2"));
        // A secret that is not known is empty, and equal to nothing.
        assert_eq!(as_declared(Some(&declared("")), observed.clone()), observed);
        let text = secret(r#"{"StringEquals": {"sts:ExternalId": "hunter2"}}"#);
        assert_eq!(as_declared(Some(&text), observed), text);
    }

    #[test]
    fn a_document_with_a_secret_in_it_is_secret() {
        let mut map = KnownMap::new();
        map.insert("Id".into(), KnownValue::Secret(SecretString::new("hunter2".into())));
        let properties = KnownMap::from([("PolicyDocument".to_owned(), map.into())]);
        let fields = Fields::new(&properties, "iam:PutRolePolicy");
        let text = required_document(fields, "PolicyDocument").unwrap();
        assert_eq!(text.expose_str(), Some(r#"{"Id":"hunter2"}"#));
        assert!(!format!("{text:?}").contains("hunter2"));
    }
}
