//! The rules of the mapping that the file of a type gives, as the mapping reads them.

use serde_json::Value;

use super::format::{Filled, ShapeMapping};
use crate::mapping::{Fill, FillRow, NestedRow, Rules, ShapeRules, When};

/// The rules, kept for the life of the program: there is one set for each definition.
///
/// # Errors
/// If a value that is filled in has another form than the format says.
pub(super) fn of(shapes: &[ShapeMapping]) -> Result<&'static Rules, String> {
    let rules = shapes.iter().map(shape).collect::<Result<Vec<_>, _>>()?;
    Ok(Box::leak(Box::new(Rules(rules.leak()))))
}

fn shape(mapping: &ShapeMapping) -> Result<ShapeRules, String> {
    let renames: Vec<_> = mapping.renames.iter().map(|(from, to)| (text(from), text(to))).collect();
    let nested = mapping.nested.iter().map(|row| NestedRow {
        property: text(&row.property),
        outer: text(&row.outer),
        inner: text(&row.inner),
    });
    let fills = mapping.fills.iter().map(fill).collect::<Result<Vec<_>, _>>()?;
    Ok(ShapeRules {
        shape: text(&mapping.shape),
        renames: renames.leak(),
        omitted: texts(&mapping.omitted),
        singles: texts(&mapping.singles),
        nested: nested.collect::<Vec<_>>().leak(),
        fills: fills.leak(),
    })
}

fn fill(filled: &Filled) -> Result<FillRow, String> {
    let wrong = || format!("`{}` cannot be filled in with {}", filled.member, filled.value);
    let value = match &filled.value {
        Value::Bool(value) => Fill::Bool(*value),
        Value::Number(number) => Fill::Integer(number.as_i64().ok_or_else(wrong)?),
        Value::String(value) => Fill::Text(text(value)),
        Value::Array(items) if items.is_empty() => Fill::Empty,
        Value::Array(items) => {
            let items = items.iter().map(|item| item.as_str().map(text));
            Fill::Texts(items.collect::<Option<Vec<_>>>().ok_or_else(wrong)?.leak())
        }
        Value::Object(map) if map.is_empty() => Fill::Empty,
        Value::Object(_) | Value::Null => return Err(wrong()),
    };
    let when = if filled.without.is_empty() {
        When::Always
    } else {
        When::Without(texts(&filled.without))
    };
    Ok(FillRow::when(text(&filled.member), value, when))
}

fn text(text: &str) -> &'static str {
    Box::leak(Box::from(text))
}

fn texts(list: &[String]) -> &'static [&'static str] {
    list.iter().map(|item| text(item)).collect::<Vec<_>>().leak()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(value: Value) -> ShapeMapping {
        serde_json::from_value(json!({
            "shape": "S",
            "renames": {"Locations": "Items"},
            "omitted": ["Url"],
            "singles": ["Policies"],
            "nested": [{"property": "CachedMethods", "outer": "AllowedMethods", "inner": "Cached"}],
            "fills": [{"member": "M", "value": value, "without": ["Other"]}],
        }))
        .unwrap()
    }

    #[test]
    fn every_rule_of_a_file_reaches_the_mapping() {
        let rules = of(&[mapping(json!("x"))]).unwrap().0;
        let [rules] = rules else { panic!("{rules:?}") };
        assert_eq!(rules.shape, "S");
        assert_eq!(rules.renames, [("Locations", "Items")]);
        assert_eq!(rules.omitted, ["Url"]);
        assert_eq!(rules.singles, ["Policies"]);
        assert_eq!(rules.nested[0].inner, "Cached");
        assert!(matches!(rules.fills[0].when, When::Without(["Other"])));
        let value = |value| shape(&mapping(value)).map(|rules| rules.fills[0].value);
        assert!(matches!(value(json!(3)).unwrap(), Fill::Integer(3)));
        assert!(matches!(value(json!(true)).unwrap(), Fill::Bool(true)));
        assert!(matches!(value(json!(["a", "b"])).unwrap(), Fill::Texts(["a", "b"])));
        assert!(matches!(value(json!([])).unwrap(), Fill::Empty));
        assert!(matches!(value(json!({})).unwrap(), Fill::Empty));
        for wrong in [json!(null), json!(1.5), json!([1]), json!({"a": 1})] {
            let problem = value(wrong.clone()).unwrap_err();
            assert!(problem.contains("`M`"), "{wrong}: {problem}");
        }
    }
}
