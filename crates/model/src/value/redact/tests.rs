//! Redaction of single values, and its law: no secret that is declared or known is in what comes out,
//! and what is as declared comes out as declared.

use serde_json::json;

use super::*;
use crate::value::{SecretString, Text};

const PASSWORD: &str = "correct-horse\"battery";

fn password() -> SecretReference {
    SecretReference::Parameter("Pw".to_owned())
}

fn stored() -> SecretReference {
    SecretReference::SecretsManager(Box::new(Value::from("vault")))
}

fn text(parts: Vec<TextPart>) -> Value {
    Text::concat(parts)
}

fn literal(text: &str) -> TextPart {
    TextPart::Literal(text.to_owned())
}

fn secret(text: &str) -> SecretString {
    SecretString::new(text.to_owned())
}

/// The secrets of a run, for several values.
struct Run(ResolvedSecrets, KnownSecrets);

impl Run {
    fn knows(known: &[(SecretReference, &str)]) -> Self {
        let known: Vec<(SecretReference, SecretString)> =
            known.iter().map(|(reference, text)| (reference.clone(), secret(text))).collect();
        let mut current = ResolvedSecrets::default();
        known.iter().for_each(|(reference, text)| current.insert(reference, text.clone()));
        Self(current, KnownSecrets::new(&known))
    }

    fn redact(&self, declared: &Value, observed: serde_json::Value) -> Value {
        Redactor::new(&self.0, &self.1).value(Some(declared), &KnownValue::from_json(observed))
    }
}

fn redact(
    known: &[(SecretReference, &str)],
    declared: &Value,
    observed: serde_json::Value,
) -> Value {
    Run::knows(known).redact(declared, observed)
}
/// A trust policy with the secret alone in one place and inside of text in another one.
fn policy() -> Value {
    Value::from_json(json!({"Version": "2012-10-17", "Statement": []})).with(|map| {
        let condition = ValueMap::from([
            ("sts:ExternalId".to_owned(), Value::secret(password())),
            (
                "aws:PrincipalTag/x".to_owned(),
                text(vec![literal("id-"), TextPart::Secret(stored()), literal("!")]),
            ),
        ]);
        let statement = ValueMap::from([
            ("Effect".to_owned(), Value::from("Allow")),
            (
                "Condition".to_owned(),
                Value::Map(ValueMap::from([("StringEquals".to_owned(), Value::Map(condition))])),
            ),
        ]);
        map.insert("Statement".to_owned(), Value::List(vec![Value::Map(statement)]));
    })
}

fn observed(external_id: &str, tag: &str, effect: &str) -> serde_json::Value {
    json!({"Statement": [{"Effect": effect, "Condition": {"StringEquals":
        {"sts:ExternalId": external_id, "aws:PrincipalTag/x": tag}}}], "Version": "2012-10-17"})
}

impl Value {
    fn with(mut self, change: impl FnOnce(&mut ValueMap)) -> Self {
        if let Self::Map(map) = &mut self {
            change(map);
        }
        self
    }
}

#[test]
fn a_document_that_is_as_declared_comes_out_as_declared_in_every_form() {
    let seen = observed(PASSWORD, "id-s3cret-value!", "Allow");
    for known in [
        vec![(password(), PASSWORD), (stored(), "s3cret-value")],
        vec![(password(), PASSWORD)],
        vec![],
    ] {
        for form in [
            seen.clone(),
            seen.to_string().into(),
            serde_json::to_string_pretty(&seen).unwrap().into(),
        ] {
            assert_eq!(redact(&known, &policy(), form), policy(), "{known:?}");
        }
    }
}

#[test]
fn what_differs_beside_a_secret_is_shown_and_the_secret_is_not() {
    let seen = observed(PASSWORD, "id-s3cret-value!", "Deny");
    for known in [vec![(password(), PASSWORD), (stored(), "s3cret-value")], vec![]] {
        let shown = redact(&known, &policy(), seen.clone());
        assert_ne!(shown, policy());
        let shown = serde_json::to_string(&shown).unwrap();
        assert!(shown.contains("Deny"), "{shown}");
        assert!(!shown.contains("horse") && !shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn another_secret_in_the_place_of_a_known_one_differs_and_is_hidden() {
    let known = [(password(), PASSWORD), (stored(), "s3cret-value")];
    let shown = redact(&known, &policy(), observed("0ther-secret", "id-s3cret-value!", "Allow"));
    assert_ne!(shown, policy());
    assert!(!serde_json::to_string(&shown).unwrap().contains("0ther"));
    let alone = Value::secret(password());
    assert_eq!(redact(&known, &alone, json!("x")), Value::secret(SecretReference::Hidden));
    assert_eq!(redact(&known, &alone, json!(PASSWORD)), alone);
}

#[test]
fn what_differs_in_the_text_around_a_secret_shows_a_reference() {
    let known = [(password(), PASSWORD)];
    let declared = text(vec![literal("with "), TextPart::Secret(password())]);
    let shown = redact(&known, &declared, json!(format!("by {PASSWORD}?")));
    assert_eq!(shown, text(vec![literal("by "), TextPart::Secret(password()), literal("?")]));
    // Not known: nothing of it is shown.
    let shown = redact(&[], &declared, json!(format!("by {PASSWORD}?")));
    assert_eq!(shown, Value::secret(SecretReference::Hidden));
}

#[test]
fn a_document_that_is_declared_as_text_is_compared_as_a_document() {
    let declared = text(vec![
        literal("{\"user\": \"admin\", \"password\": \""),
        TextPart::Secret(password()),
        literal("\"}"),
    ]);
    let known = [(password(), "hunter2!")];
    for seen in [
        json!({"password": "hunter2!", "user": "admin"}),
        json!("{\"password\":\"hunter2!\",\"user\":\"admin\"}"),
    ] {
        assert_eq!(redact(&known, &declared, seen.clone()), declared);
        assert_eq!(redact(&[], &declared, seen), declared);
    }
    let shown = redact(&known, &declared, json!({"password": "hunter2!", "user": "root"}));
    let shown = serde_json::to_string(&shown).unwrap();
    assert!(shown.contains("root") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_secret_that_turns_up_elsewhere_is_a_reference_there() {
    let known = [(password(), "hunter2!")];
    let declared = Value::from("old");
    let shown = redact(&known, &declared, json!("now hunter2!"));
    assert_eq!(shown, text(vec![literal("now "), TextPart::Secret(password())]));
    let shown = redact(&known, &declared, json!("now aHVudGVyMiE="));
    assert!(!serde_json::to_string(&shown).unwrap().contains("aHVudGVyMi"));
    // What is declared without it is no secret, whatever it has in it.
    let declared = Value::from("the hunter2! of the template");
    assert_eq!(redact(&known, &declared, json!("the hunter2! of the template")), declared);
}

#[test]
fn sets_lists_of_one_and_numbers_are_matched() {
    let known = [(password(), "1234")];
    let tag = |key: &str, value: Value| {
        Value::Map(ValueMap::from([("Key".to_owned(), key.into()), ("Value".to_owned(), value)]))
    };
    let declared = Value::List(vec![tag("a", "x".into()), tag("b", Value::secret(password()))]);
    let shown =
        redact(&[], &declared, json!([{"Key": "b", "Value": "1234"}, {"Key": "a", "Value": "x"}]));
    let Value::List(items) = &shown else { panic!("{shown}") };
    assert_eq!(items[..], [tag("b", Value::secret(password())), tag("a", "x".into())]);
    // A renamed key does not show the value.
    let shown = redact(&[], &declared, json!([{"Key": "c", "Value": "1234"}]));
    assert!(!shown.to_string().contains("1234"), "{shown}");
    let one = Value::List(vec![Value::secret(password())]);
    assert_eq!(redact(&known, &one, json!("1234")), one);
    let alone = Value::secret(password());
    assert_eq!(redact(&known, &alone, json!(["1234"])), alone);
    assert_eq!(redact(&known, &alone, json!(1234)), alone);
    assert_eq!(redact(&known, &alone, json!(1235)), Value::secret(SecretReference::Hidden));
}

#[test]
fn a_driver_that_withholds_a_secret_says_nothing_of_it() {
    let withheld = KnownValue::Secret(secret(""));
    let (current, known) = (ResolvedSecrets::default(), KnownSecrets::new(&[]));
    let redactor = Redactor::new(&current, &known);
    let declared = text(vec![literal("a"), TextPart::Secret(password())]);
    assert_eq!(redactor.value(Some(&declared), &withheld), declared);
    assert_eq!(redactor.value(None, &withheld), Value::secret(SecretReference::Hidden));
}

#[test]
fn an_update_in_doubt_redacts_what_it_was_to_make() {
    let declared = ValueMap::from([("A".to_owned(), Value::from("plain"))]);
    let in_doubt = [ValueMap::from([("A".to_owned(), Value::secret(password()))])];
    let (current, known) = (ResolvedSecrets::default(), KnownSecrets::new(&[]));
    let redactor = Redactor::new(&current, &known);
    let seen = |text: &str| KnownMap::from([("A".to_owned(), KnownValue::from(text))]);
    assert_eq!(redactor.properties(&declared, &in_doubt, &seen("hunter2"))["A"], in_doubt[0]["A"]);
    assert_eq!(redactor.properties(&declared, &in_doubt, &seen("plain"))["A"], declared["A"]);
}

#[test]
fn an_attribute_that_repeats_a_property_is_redacted_as_it() {
    let known = [(password(), secret("hunter2-long"))];
    let mut current = ResolvedSecrets::default();
    current.insert(&known[0].0, known[0].1.clone());
    let known = KnownSecrets::new(&known);
    let redactor = Redactor::new(&current, &known);
    let declared = ValueMap::from([("Value".to_owned(), Value::secret(password()))]);
    let observed = KnownMap::from([
        ("Value".to_owned(), KnownValue::from("hunter2-long")),
        ("Arn".to_owned(), KnownValue::from("arn:x/hunter2-long")),
        ("Id".to_owned(), KnownValue::from("i-1")),
    ]);
    let shown = redactor.attributes(&declared, &observed);
    assert_eq!(shown["Value"], declared["Value"]);
    assert_eq!(shown["Arn"], text(vec![literal("arn:x/"), TextPart::Secret(password())]));
    assert_eq!(shown["Id"], Value::from("i-1"));
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    /// A tree with secrets in it: alone, in text, and in the text of a document.
    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            "[a-z]{0,6}".prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::secret(password())),
            ("[a-z ]{0,4}", "[a-z ]{0,4}").prop_map(|(a, b)| {
                text(vec![literal(&a), TextPart::Secret(password()), literal(&b)])
            }),
            ("[a-z]{1,4}", "[a-z]{1,4}").prop_map(|(a, b)| {
                let (open, close) = (format!("{{\"{a}\": [\""), format!("\", \"{b}\"]}}"));
                text(vec![literal(&open), TextPart::Secret(stored()), literal(&close)])
            }),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::btree_map("[A-Z][a-z]{0,3}", inner, 0..4).prop_map(Value::Map),
            ]
        })
    }

    /// The answer of a service: the secrets as text, maps perhaps as JSON text.
    fn as_service(value: &KnownValue, as_text: bool) -> serde_json::Value {
        match value {
            KnownValue::Null => serde_json::Value::Null,
            KnownValue::Bool(b) => (*b).into(),
            KnownValue::Number(n) => serde_json::Value::Number(n.clone()),
            KnownValue::String(s) => s.as_str().into(),
            KnownValue::Secret(s) => s.expose().into(),
            KnownValue::List(list) => list.iter().map(|item| as_service(item, as_text)).collect(),
            KnownValue::Map(map) => {
                let map = map.iter().map(|(k, v)| (k.clone(), as_service(v, false))).collect();
                let tree = serde_json::Value::Object(map);
                if as_text { tree.to_string().into() } else { tree }
            }
        }
    }

    /// Another value in some place of what the service returns.
    fn changed(json: &serde_json::Value, at: &mut usize) -> serde_json::Value {
        match json {
            serde_json::Value::Array(items) => {
                items.iter().rev().map(|item| changed(item, at)).collect()
            }
            serde_json::Value::Object(map) => serde_json::Value::Object(
                map.iter().map(|(k, v)| (k.clone(), changed(v, at))).collect(),
            ),
            serde_json::Value::String(text) => {
                *at += 1;
                if at.is_multiple_of(3) { format!("{text} (now)").into() } else { json.clone() }
            }
            _ => json.clone(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_as_declared_is_equal_and_nothing_shows_a_secret(
            declared in tree(), as_text: bool, known: bool, first: String, second: String,
        ) {
            let first = format!("FIRST-{}-KANARIE1", first.replace(|c: char| c.is_control(), ""));
            let second = format!("SECOND-{}-KANARIE2", second.replace(|c: char| !c.is_alphanumeric(), ""));
            let secrets = [(password(), first.as_str()), (stored(), second.as_str())];
            let mut resolved = ResolvedSecrets::default();
            secrets.iter().for_each(|(reference, text)| resolved.insert(reference, secret(text)));
            let sent = declared.known(&resolved).unwrap();
            let seen = as_service(&sent, as_text);
            let given: &[(SecretReference, &str)] = if known { &secrets } else { &[] };
            let run = Run::knows(given);
            let shown = run.redact(&declared, seen.clone());
            if has_secret(&declared) {
                prop_assert_eq!(&shown, &declared);
            }
            for seen in [seen.clone(), changed(&seen, &mut 0), json!({"Nested": seen})] {
                let shown = run.redact(&declared, seen);
                let shown = serde_json::to_string(&shown).unwrap();
                if known || has_secret(&declared) {
                    prop_assert!(!shown.contains("KANARIE"), "{}", shown);
                    prop_assert!(!shown.contains("FIRST-") && !shown.contains("SECOND-"), "{}", shown);
                }
            }
        }
    }
}

#[test]
fn an_item_is_found_beside_what_the_service_adds() {
    let header = |value: Value| {
        let name = ("HeaderName".to_owned(), Value::from("X-Key"));
        Value::Map(ValueMap::from([name, ("HeaderValue".to_owned(), value)]))
    };
    let origin = |id: &str, more: &[(&str, Value)]| {
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Value::Map(more.chain([("Id".to_owned(), Value::from(id))]).collect())
    };
    let headers = Value::List(vec![header(Value::secret(password()))]);
    let declared = Value::List(vec![
        origin("bucket", &[("Path", Value::from("/a"))]),
        origin("host", &[("Headers", headers)]),
    ]);
    let redacted = redact(
        &[(password(), PASSWORD)],
        &declared,
        json!([
            {"Id": "host", "Headers": [{"HeaderName": "X-Key", "HeaderValue": PASSWORD}], "Attempts": 3},
            {"Id": "bucket", "Path": "/a", "Headers": []},
        ]),
    );
    let [host, bucket] = redacted.as_list().unwrap() else { panic!("{redacted:?}") };
    let declared = declared.as_list().unwrap();
    assert!(is_as_declared(&declared[1], host), "{host:?}");
    assert!(is_as_declared(&declared[0], bucket), "{bucket:?}");
}

#[test]
fn an_unknown_secret_that_was_moved_to_another_item_is_hidden() {
    let item = |id: &str, more: &[(&str, Value)]| {
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Value::Map(more.chain([("Id".to_owned(), Value::from(id))]).collect())
    };
    let declared = Value::List(vec![
        item("plain", &[("Path", Value::from("/a"))]),
        item("keyed", &[("Key", Value::secret(password()))]),
    ]);
    let observed = json!([
        {"Id": "plain", "Path": "/a", "Key": PASSWORD, "Attempts": 3},
        {"Id": "keyed", "Key": "other", "Attempts": 3},
    ]);
    for known in [&[][..], &[(stored(), "of another object")]] {
        let redacted = redact(known, &declared, observed.clone());
        let items = redacted.as_list().unwrap();
        assert!(is_as_declared(&declared.as_list().unwrap()[0], &items[0]), "{items:?}");
        let shown = serde_json::to_string(&redacted).unwrap();
        assert!(!shown.contains("horse") && !shown.contains("other"), "{shown}");
    }
}

/// Another signature of the same handle is no difference, and what is beside it is compared.
#[test]
fn the_url_of_a_handle_may_have_any_signature_also_in_base64() {
    let url = || TextPart::Secret(SecretReference::SignalUrl(Box::new("bucket/key".into())));
    let script = text(vec![literal("curl -T s '"), url(), literal("'\n")]);
    let observed = "curl -T s 'https://bucket/key?X-Amz-Signature=1'\n";
    assert_eq!(redact(&[], &script, json!(observed)), script);
    let hidden = Value::secret(SecretReference::Hidden);
    assert_eq!(redact(&[], &script, json!("curl -T other 'https://x'\n")), hidden);
    let declared = crate::value::function::base64(script).unwrap();
    let encoded = |text: &str| {
        use base64::Engine as _;
        json!(base64::engine::general_purpose::STANDARD.encode(text))
    };
    assert_eq!(redact(&[], &declared, encoded(observed)), declared);
    assert_eq!(redact(&[], &declared, encoded("#!/bin/sh\n")), hidden);
    assert_eq!(redact(&[], &declared, json!("not base64!")), declared);
}
