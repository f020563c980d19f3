//! The meaning of a scalar.
//!
//! CloudFormation reads YAML 1.1: unquoted `yes`, `no`, `on` and `off` are booleans. Texts that
//! would lose something as a number (`012345678901`, `1.10`, `1_000`) stay text: the schema says
//! what kind a property has.

use rstack_model::Value;
use serde_json::Number;

/// The value of a scalar.
pub(crate) fn scalar(text: &str, plain: bool) -> Value {
    if !plain {
        return Value::from(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        _ => number(text).map_or_else(|| Value::from(text), Value::Number),
    }
}

/// The number that is written exactly as this text.
fn number(text: &str) -> Option<Number> {
    let first = text.strip_prefix('-').unwrap_or(text).chars().next()?;
    if !first.is_ascii_digit() {
        return None;
    }
    let integer =
        text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    let float = || text.parse().ok().and_then(Number::from_f64);
    integer.ok().or_else(float).filter(|number| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_loses_nothing_becomes_a_number_or_a_boolean() {
        for text in ["012345678901", "1.10", "1_000", "2012-10-17", "12:30:45", "0x1F", "+5", "1e3"]
        {
            assert_eq!(scalar(text, true), Value::from(text));
        }
        assert_eq!(scalar("5", true), Value::from(5));
        assert_eq!(scalar("-5", true), Value::from(-5));
        assert_eq!(scalar("0.5", true).to_string(), "0.5");
        assert_eq!(scalar("off", true), Value::Bool(false));
        assert_eq!(scalar("off", false), Value::from("off"));
        assert_eq!(scalar("~", true), Value::Null);
    }
}
