//! CORS configurations in the form in which they are declared.

use rstack_model::{KnownMap, KnownValue};

/// The property, with the same name in the API.
pub(super) const PROPERTY: &str = "CorsConfiguration";

/// The lists whose order and case mean nothing.
///
/// Source: Fetch standard, CORS protocol: names of headers and methods as browsers compare them.
const LISTS: [&str; 4] = ["AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders"];

/// Gives lists of a description the form in which they are declared, if they say the same.
pub(super) fn as_declared(described: &mut KnownMap, declared: &KnownMap) {
    let Some(KnownValue::Map(found)) = described.get_mut(PROPERTY) else { return };
    let Some(KnownValue::Map(wanted)) = declared.get(PROPERTY) else { return };
    for name in LISTS {
        if let (Some(there), Some(given)) = (found.get_mut(name), wanted.get(name))
            && folded(there).is_some_and(|texts| folded(given) == Some(texts))
        {
            *there = given.clone();
        }
    }
}

/// The texts of a list in lower case, sorted.
fn folded(list: &KnownValue) -> Option<Vec<String>> {
    let texts = list.as_list()?.iter();
    let mut texts: Vec<String> =
        texts.map(|text| text.expose_str().map(str::to_ascii_lowercase)).collect::<Option<_>>()?;
    texts.sort();
    Some(texts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    #[test]
    fn case_and_order_of_headers_mean_nothing() {
        let declared = known(json!({PROPERTY: {"AllowHeaders": ["X-B", "X-A"], "MaxAge": 1}}));
        let found = |headers: [&str; 2]| known(json!({PROPERTY: {"AllowHeaders": headers}}));
        let mut same = found(["x-a", "x-b"]);
        as_declared(&mut same, &declared);
        assert_eq!(same, found(["X-B", "X-A"]));
        let mut other = found(["x-a", "x-c"]);
        as_declared(&mut other, &declared);
        assert_eq!(other, found(["x-a", "x-c"]));
    }
}
