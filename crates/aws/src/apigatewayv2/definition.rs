//! The definition of an HTTP API in OpenAPI, which is imported into the API.
//!
//! An import overwrites all that the API has. It is made again when the definition changes, and when
//! a property beside it is declared no longer, so that the definition's own value stands again.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::iam::{Fields, arguments, text_in};
use crate::mapping::text_of;
use crate::openapi;

/// The property with the definition.
pub(super) const BODY: &str = "Body";

/// The properties that say how it is imported, and the members of the call.
///
/// Source: API Gateway V2 API reference, `ReimportApi`.
const BASE_PATH: [&str; 2] = ["BasePath", "Basepath"];
const FAIL_ON_WARNINGS: &str = "FailOnWarnings";

/// Completes the properties of a creation: the name is the title of the definition, and only HTTP APIs
/// have one.
///
/// Source: API Gateway V2 API reference, `ImportApi`; CloudFormation Template Reference,
/// `AWS::ApiGatewayV2::Api`, `Name` and `Body`.
///
/// # Errors
/// If the definition has no title, and no name is declared.
pub(super) fn fill_in(fields: Fields<'_>, properties: &mut KnownMap) -> Result<(), DriverError> {
    let Some(body) = fields.value(BODY) else { return Ok(()) };
    let protocol = || KnownValue::from("HTTP");
    properties.entry("ProtocolType".to_owned()).or_insert_with(protocol);
    openapi::name_by_title(fields, body, properties)
}

/// The input of an import, without the ID of the API; `None` if nothing is to be imported. A definition
/// that is declared no longer is overwritten with one that has no path.
///
/// # Errors
/// If the definition is no document.
pub(super) fn import(
    fields: Fields<'_>,
    before: Fields<'_>,
    api: &KnownMap,
) -> Result<Option<KnownMap>, DriverError> {
    let body = match (fields.value(BODY), before.value(BODY)) {
        (None, None) => return Ok(None),
        (None, Some(_)) => openapi::empty(text_in(api, "Name"), text_in(api, "Version")),
        (Some(wanted), Some(was)) if wanted == was => {
            let goes = |name: &String| name != "Tags" && fields.value(name).is_none();
            let moved = fields.value(BASE_PATH[0]) != before.value(BASE_PATH[0]);
            if !moved && !before.all().keys().any(goes) {
                return Ok(None);
            }
            wanted.clone()
        }
        (Some(wanted), _) => wanted.clone(),
    };
    let text = text_of(&body, &PropertyPath::root().name(BODY));
    let text = text.map_err(|_| fields.invalid(BODY, "is not a JSON document"))?;
    let mut input = arguments([(BODY, text)]);
    let [property, member] = BASE_PATH;
    input.extend(fields.text(property)?.map(|text| (member.to_owned(), text)));
    let fails = fields.boolean(FAIL_ON_WARNINGS)?;
    input.extend(fails.map(|fails| (FAIL_ON_WARNINGS.to_owned(), fails.into())));
    Ok(Some(input))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    const ACTION: &str = "apigatewayv2:UpdateApi";

    fn of(wanted: serde_json::Value, was: serde_json::Value) -> Option<KnownMap> {
        let (wanted, was) = (known(wanted), known(was));
        let api = known(json!({"Name": "n"}));
        import(Fields::new(&wanted, ACTION), Fields::new(&was, ACTION), &api).unwrap()
    }

    #[test]
    fn a_definition_is_imported_when_it_changes_or_stands_alone_again() {
        let body = json!({"info": {"title": "t"}});
        assert_eq!(of(json!({"Name": "n"}), json!({"Name": "m"})), None);
        assert_eq!(of(json!({"Body": body}), json!({"Body": body})), None);
        assert!(of(json!({"Body": body}), json!({"Body": body, "Name": "n"})).is_some());
        let input = json!({"Body": body, "BasePath": "split", "FailOnWarnings": "true"});
        let expected = json!({
            "Body": r#"{"info":{"title":"t"}}"#, "Basepath": "split", "FailOnWarnings": true,
        });
        assert_eq!(of(input, json!({})), Some(known(expected)));
        let emptied = of(json!({}), json!({"Body": body})).unwrap();
        assert!(text_in(&emptied, "Body").unwrap().contains(r#""paths":{}"#), "{emptied:?}");
    }

    #[test]
    fn an_api_without_a_name_is_named_like_its_definition() {
        let filled = |properties: serde_json::Value| {
            let properties = known(properties);
            let mut out = properties.clone();
            fill_in(Fields::new(&properties, ACTION), &mut out).map(|()| out)
        };
        let body = json!({"info": {"title": "t"}});
        let out = filled(json!({"Body": body})).unwrap();
        assert_eq!(
            (text_in(&out, "Name"), text_in(&out, "ProtocolType")),
            (Some("t"), Some("HTTP"))
        );
        let out = filled(json!({"Body": body, "Name": "n"})).unwrap();
        assert_eq!(text_in(&out, "Name"), Some("n"));
        assert!(filled(json!({"Body": {}})).is_err());
    }
}
