//! The encryption of a table: declared by a key's ID, ARN or alias, described by its ARN.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::prior::Declared;
use crate::iam::{arguments, text_in};

const PROPERTY: &str = "SSESpecification";

fn described(table: &KnownMap) -> Option<&KnownMap> {
    let described = table.get("SSEDescription")?.as_map()?;
    let is_on = matches!(text_in(described, "Status"), Some("ENABLED" | "ENABLING" | "UPDATING"));
    is_on.then_some(described)
}

/// True if the encryption of a table is being changed.
pub(super) fn is_changing(table: &KnownMap) -> bool {
    let described = table.get("SSEDescription").and_then(KnownValue::as_map);
    let status = described.and_then(|described| text_in(described, "Status"));
    matches!(status, Some("ENABLING" | "DISABLING" | "UPDATING"))
}

/// True if a declared key may be the one of an ARN. Which key an alias stands for only KMS knows.
fn may_be(given: &str, arn: &str) -> bool {
    let alias = given.starts_with("alias/") || given.contains(":alias/");
    alias || given == arn || arn.rsplit('/').next() == Some(given)
}

/// True if the wanted encryption, as members, is that of a table.
fn is_as(wanted: &KnownMap, table: &KnownMap) -> bool {
    let Some(described) = described(table) else {
        return wanted.get("Enabled") != Some(&KnownValue::Bool(true));
    };
    let same_key = || match text_in(wanted, "KMSMasterKeyId") {
        Some(given) => may_be(given, text_in(described, "KMSMasterKeyArn").unwrap_or_default()),
        None => true,
    };
    let same_type = || match text_in(wanted, "SSEType") {
        Some(given) => text_in(described, "SSEType") == Some(given),
        None => true,
    };
    wanted.get("Enabled") == Some(&KnownValue::Bool(true)) && same_type() && same_key()
}

/// The alias of the key that AWS keeps for DynamoDB in an account.
///
/// Source: DynamoDB API reference, SSESpecification, `KMSMasterKeyId`.
const DEFAULT_KEY: &str = "alias/aws/dynamodb";

/// The wanted encryption, if a table has another one. One that is declared no longer goes back to the
/// key of DynamoDB, and a key that is declared no longer to that of AWS in the account.
///
/// Source: DynamoDB API reference, SSESpecification, `Enabled` and `KMSMasterKeyId`.
pub(super) fn change(
    table: &KnownMap,
    members: &KnownMap,
    declared: Declared<'_>,
) -> Option<KnownValue> {
    let mut wanted = match members.get(PROPERTY).and_then(KnownValue::as_map) {
        Some(wanted) => wanted.clone(),
        None if declared.dropped(PROPERTY) => arguments([("Enabled", false.into())]),
        None => return None,
    };
    let is_on = wanted.get("Enabled") == Some(&KnownValue::Bool(true));
    let without_key = is_on && declared.dropped_in(PROPERTY, "KMSMasterKeyId");
    if is_as(&wanted, table) && !(without_key && has_own_key(table, declared)) {
        return None;
    }
    if without_key {
        wanted.insert("KMSMasterKeyId".to_owned(), DEFAULT_KEY.into());
    }
    Some(wanted.into())
}

/// True if a table may be encrypted with the key that was declared before.
fn has_own_key(table: &KnownMap, declared: Declared<'_>) -> bool {
    let arn = described(table).and_then(|described| text_in(described, "KMSMasterKeyArn"));
    let before = declared.prior.get(PROPERTY).and_then(|before| before.get("KMSMasterKeyId"));
    match (before.and_then(KnownValue::expose_str), arn) {
        (Some(before), Some(arn)) => before != DEFAULT_KEY && may_be(before, arn),
        (None, _) | (_, None) => false,
    }
}

/// True if a table refuses a key because it has it: of an alias that is declared no longer, it cannot be
/// seen whether the table still has its key.
pub(super) fn has_already(error: &DriverError) -> bool {
    error.message.to_ascii_lowercase().contains("already encrypted")
}

/// True if a call changes the encryption.
pub(super) fn is_in(input: &KnownMap) -> bool {
    input.contains_key(PROPERTY)
}

/// Forgets the key that was declared before: another one was asked for instead.
pub(super) fn forget_key(prior: &mut KnownMap) {
    if let Some(KnownValue::Map(before)) = prior.get_mut(PROPERTY) {
        before.remove("KMSMasterKeyId");
    }
}

/// The property, in the form in which it is declared.
pub(super) fn shown(table: &KnownMap, declared: &KnownMap) -> KnownMap {
    let given = declared.get(PROPERTY).and_then(KnownValue::as_map);
    let said = |name: &str| given.and_then(|given| given.get(name)).cloned();
    let mut out = KnownMap::new();
    let Some(described) = described(table) else {
        // What a key is that is not used is not described.
        out.extend(
            ["KMSMasterKeyId", "SSEType"]
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), said(name)?))),
        );
        out.insert("SSEEnabled".to_owned(), false.into());
        return arguments([(PROPERTY, out.into())]);
    };
    out.insert("SSEEnabled".to_owned(), true.into());
    out.extend(described.get("SSEType").map(|kind| ("SSEType".to_owned(), kind.clone())));
    if let Some(arn) = text_in(described, "KMSMasterKeyArn") {
        let key = said("KMSMasterKeyId");
        let same = |key: &KnownValue| {
            key.expose_str().is_some_and(|key| !key.is_empty() && may_be(key, arn))
        };
        let key = key.filter(same).unwrap_or_else(|| arn.into());
        out.insert("KMSMasterKeyId".to_owned(), key);
    }
    arguments([(PROPERTY, out.into())])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    const ARN: &str = "arn:aws:kms:eu-west-1:1:key/k";

    fn table(status: &str) -> KnownMap {
        let description = json!({"Status": status, "SSEType": "KMS", "KMSMasterKeyArn": ARN});
        known(json!({"SSEDescription": description}))
    }

    #[test]
    fn a_key_is_the_same_by_its_id_its_arn_and_any_alias() {
        for (given, same) in [("k", true), (ARN, true), ("alias/x", true), ("other", false)] {
            let declared = known(json!({"SSESpecification": {"KMSMasterKeyId": given}}));
            let shown = shown(&table("ENABLED"), &declared);
            let key = &shown[PROPERTY].get("KMSMasterKeyId").unwrap();
            assert_eq!(key.as_str() == Some(given), same, "{given}");
            let members = known(json!({
                "SSESpecification": {"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": given},
            }));
            let declared = Declared { prior: &declared, wanted: &declared };
            assert_eq!(change(&table("UPDATING"), &members, declared).is_none(), same, "{given}");
        }
    }

    #[test]
    fn what_is_declared_no_longer_goes_back_to_the_key_of_the_service() {
        let prior = known(json!({"SSESpecification": {"SSEEnabled": true, "KMSMasterKeyId": "k"}}));
        let (nothing, on) =
            (KnownMap::new(), known(json!({"SSESpecification": {"SSEEnabled": true}})));
        let members = known(json!({"SSESpecification": {"Enabled": true}}));
        let of = |wanted, members: &KnownMap| {
            change(&table("ENABLED"), members, Declared { prior: &prior, wanted })
        };
        assert_eq!(of(&nothing, &nothing), Some(known(json!({"Enabled": false})).into()));
        let expected = json!({"Enabled": true, "KMSMasterKeyId": DEFAULT_KEY});
        assert_eq!(of(&on, &members), Some(known(expected).into()));
        let declared = Declared { prior: &prior, wanted: &nothing };
        assert_eq!(change(&table("DISABLING"), &nothing, declared), None);
        // Which key an alias stands for is not known: it is taken back once.
        let mut prior =
            known(json!({"SSESpecification": {"SSEEnabled": true, "KMSMasterKeyId": "alias/x"}}));
        let declared = Declared { prior: &prior, wanted: &on };
        let back = change(&table("ENABLED"), &members, declared).unwrap();
        assert!(is_in(&arguments([(PROPERTY, back)])));
        forget_key(&mut prior);
        let declared = Declared { prior: &prior, wanted: &on };
        assert_eq!(change(&table("ENABLED"), &members, declared), None);
        assert!(is_changing(&table("DISABLING")));
    }
}
