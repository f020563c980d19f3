//! Scalars, in the kinds CloudFormation lets templates write them.

use std::borrow::Cow;
use std::str::FromStr;

use aws_smithy_types::date_time::Format;
use aws_smithy_types::{DateTime, base64};
use rstack_model::KnownValue;

/// Text, or a number or boolean written out.
pub(super) fn text(value: &KnownValue) -> Option<Cow<'_, str>> {
    match value {
        KnownValue::String(text) => Some(Cow::Borrowed(text)),
        KnownValue::Secret(secret) => Some(Cow::Borrowed(secret.expose())),
        KnownValue::Bool(value) => Some(Cow::Owned(value.to_string())),
        KnownValue::Number(number) => Some(Cow::Owned(number.to_string())),
        KnownValue::Null | KnownValue::List(_) | KnownValue::Map(_) => None,
    }
}

/// Bytes: those of a text, or those that a text gives in base64.
pub(super) fn bytes(value: &KnownValue, is_base64: bool) -> Option<Vec<u8>> {
    let text = text(value)?;
    if is_base64 { base64::decode(text.as_ref()).ok() } else { Some(text.into_owned().into()) }
}

/// A boolean, or `true` or `false` as text.
pub(super) fn boolean(value: &KnownValue) -> Option<bool> {
    match value {
        KnownValue::Bool(value) => Some(*value),
        other => match other.expose_str()? {
            "true" | "True" => Some(true),
            "false" | "False" => Some(false),
            _ => None,
        },
    }
}

/// A whole number, or one as text.
pub(super) fn long(value: &KnownValue) -> Option<i64> {
    match value {
        KnownValue::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        other => i64::from_str(other.expose_str()?.trim()).ok(),
    }
}

/// `3.0` is a whole number too; beyond 2^53 a float no longer says which.
fn whole(float: f64) -> Option<i64> {
    let exact = float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within 53 bits")]
    exact.then_some(float as i64)
}

/// A whole number of 32 bits, or one as text.
pub(super) fn integer(value: &KnownValue) -> Option<i32> {
    i32::try_from(long(value)?).ok()
}

/// A number, or one as text.
pub(super) fn double(value: &KnownValue) -> Option<f64> {
    let double = match value {
        KnownValue::Number(number) => number.as_f64()?,
        other => f64::from_str(other.expose_str()?.trim()).ok()?,
    };
    double.is_finite().then_some(double)
}

/// A point in time as RFC 3339 text.
pub(super) fn time(value: &KnownValue) -> Option<DateTime> {
    DateTime::from_str(value.expose_str()?, Format::DateTimeWithOffset).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_taken_in_the_kinds_templates_write() {
        let known = |json| KnownValue::from_json(json);
        assert_eq!(text(&known(json!(6))).as_deref(), Some("6"));
        assert_eq!(bytes(&known(json!("/w==")), true), Some(vec![0xFF]));
        assert_eq!(bytes(&known(json!("/w==")), false), Some(b"/w==".to_vec()));
        assert_eq!(bytes(&known(json!("no base64")), true), None);
        assert_eq!(text(&known(json!(true))).as_deref(), Some("true"));
        assert_eq!(boolean(&known(json!("false"))), Some(false));
        assert_eq!(boolean(&known(json!("no"))), None);
        assert_eq!(integer(&known(json!("60"))), Some(60));
        assert_eq!(integer(&known(json!(3.0))), Some(3));
        assert_eq!(integer(&known(json!(3.5))), None);
        assert_eq!(integer(&known(json!(3_000_000_000_i64))), None);
        assert_eq!(long(&known(json!(3_000_000_000_i64))), Some(3_000_000_000));
        assert_eq!(double(&known(json!("0.5"))), Some(0.5));
        assert_eq!(double(&known(json!("NaN"))), None);
        assert!(time(&known(json!("2026-01-02T03:04:05Z"))).is_some());
    }
}
