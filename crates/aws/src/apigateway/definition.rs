//! The definition of a REST API in OpenAPI, which is imported into the API.
//!
//! An import in the mode `overwrite`, the default, takes the place of all that the API has. It is made
//! again when the definition changes, and when a property beside it is declared no longer, so that the
//! definition's own value holds again.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::patch::same;
use crate::iam::{Fields, arguments, text_in};
use crate::mapping::{json_tree, text_of};
use crate::openapi;

/// The property with the definition.
pub(super) const BODY: &str = "Body";

/// The properties that say how it is imported.
pub(super) const HOW: [&str; 3] = [FAIL_ON_WARNINGS, MODE, PARAMETERS];
const FAIL_ON_WARNINGS: &str = "FailOnWarnings";
const MODE: &str = "Mode";
const PARAMETERS: &str = "Parameters";

/// The mode of imports that no other is declared for.
///
/// Source: CloudFormation Template Reference, `AWS::ApiGateway::RestApi`, `Mode`.
const OVERWRITE: &str = "overwrite";

/// Checks that the definition does not take back the version that is declared: no call sets another one.
///
/// Source: API Gateway API reference, Patch Operations, `UpdateRestApi`: no `/version`.
fn agrees(fields: Fields<'_>) -> Result<(), DriverError> {
    const VERSION: &str = "Version";
    let (Some(body), Some(declared)) = (fields.value(BODY), fields.value(VERSION)) else {
        return Ok(());
    };
    let tree = json_tree(body);
    let version = tree.get("info").and_then(|info| info.get("version"));
    if version.is_some_and(|version| same(version, declared)) {
        return Ok(());
    }
    Err(fields
        .invalid(VERSION, "is not the `version` in `Body`, which an import sets; leave it out"))
}

/// Completes the properties of a creation: the name is the title of the definition.
///
/// Source: CloudFormation Template Reference, `AWS::ApiGateway::RestApi`, `Name` and `Body`.
///
/// # Errors
/// If the definition has no title, and no name is declared, or if it has another version.
pub(super) fn fill_in(fields: Fields<'_>, properties: &mut KnownMap) -> Result<(), DriverError> {
    agrees(fields)?;
    let Some(body) = fields.value(BODY) else { return Ok(()) };
    openapi::name_by_title(fields, body, properties)
}

/// An import to make.
pub(super) struct Import {
    /// The input of the call, without the ID of the API.
    pub(super) input: KnownMap,
    /// True if what the definition does not have is lost.
    pub(super) overwrites: bool,
}

/// The import that a change of properties asks for; `None` if there is none. A definition that is declared
/// no longer is overwritten with one that has no path.
///
/// # Errors
/// If the definition is no document, or has another version.
pub(super) fn import(
    fields: Fields<'_>,
    before: Fields<'_>,
    api: &KnownMap,
) -> Result<Option<Import>, DriverError> {
    let mode = fields.name(MODE)?.unwrap_or_else(|| OVERWRITE.to_owned());
    let mut overwrites = mode == OVERWRITE;
    let body = match (fields.value(BODY), before.value(BODY)) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            overwrites = true;
            openapi::empty(text_in(api, "name"), text_in(api, "version"))
        }
        (Some(wanted), Some(was)) if wanted == was => {
            let goes = |name: &String| overwrites && name != "Tags" && fields.value(name).is_none();
            let moved = HOW.iter().any(|name| fields.value(name) != before.value(name));
            if !moved && !before.all().keys().any(goes) {
                return Ok(None);
            }
            wanted.clone()
        }
        (Some(wanted), _) => wanted.clone(),
    };
    agrees(fields)?;
    let text = text_of(&body, &PropertyPath::root().name(BODY));
    let text = text.map_err(|_| fields.invalid(BODY, "is not a JSON document"))?;
    let mode = if overwrites { OVERWRITE } else { mode.as_str() };
    let mut input = arguments([("body", text), ("mode", mode.into())]);
    let fails = fields.boolean(FAIL_ON_WARNINGS)?;
    input.extend(fails.map(|fails| ("failOnWarnings".to_owned(), fails.into())));
    if let Some(parameters) = fields.value(PARAMETERS).map(json_tree) {
        let map = parameters.as_map();
        let map = map.ok_or_else(|| fields.invalid(PARAMETERS, "is not a map"))?;
        input.insert("parameters".to_owned(), texts(fields, map)?);
    }
    Ok(Some(Import { input, overwrites }))
}

/// A map of texts.
fn texts(fields: Fields<'_>, map: &KnownMap) -> Result<KnownValue, DriverError> {
    let text = |(name, value): (&String, &KnownValue)| {
        let text = text_of(value, &PropertyPath::root().name(PARAMETERS));
        let text = text.map_err(|_| fields.invalid(PARAMETERS, "holds more than texts"))?;
        Ok((name.clone(), text))
    };
    map.iter().map(text).collect::<Result<KnownMap, DriverError>>().map(KnownValue::Map)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    const ACTION: &str = "apigateway:PutRestApi";

    fn of(wanted: serde_json::Value, was: serde_json::Value) -> Option<Import> {
        let (wanted, was) = (known(wanted), known(was));
        let api = known(json!({"name": "n"}));
        import(Fields::new(&wanted, ACTION), Fields::new(&was, ACTION), &api).unwrap()
    }

    #[test]
    fn a_definition_is_imported_when_it_changes_or_holds_alone_again() {
        let body = json!({"info": {"title": "t"}});
        assert!(of(json!({"Name": "n"}), json!({"Name": "m"})).is_none());
        assert!(of(json!({"Body": body}), json!({"Body": body})).is_none());
        assert!(of(json!({"Body": body}), json!({"Body": body, "Name": "n"})).is_some());
        let merged = json!({"Body": body, "Mode": "merge"});
        assert!(of(merged.clone(), json!({"Body": body, "Mode": "merge", "Name": "n"})).is_none());
        let input = json!({
            "Body": body, "FailOnWarnings": "true", "Mode": "merge",
            "Parameters": {"endpointConfigurationTypes": "REGIONAL"},
        });
        let made = of(input, json!({})).unwrap();
        let expected = json!({
            "body": r#"{"info":{"title":"t"}}"#, "failOnWarnings": true, "mode": "merge",
            "parameters": {"endpointConfigurationTypes": "REGIONAL"},
        });
        assert_eq!((made.input, made.overwrites), (known(expected), false));
        let emptied = of(json!({"Mode": "merge"}), merged).unwrap();
        assert!(emptied.overwrites);
        assert!(text_in(&emptied.input, "body").unwrap().contains(r#""paths":{}"#));
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
        assert_eq!(text_in(&out, "Name"), Some("t"));
        let out = filled(json!({"Body": body, "Name": "n"})).unwrap();
        assert_eq!(text_in(&out, "Name"), Some("n"));
        assert!(filled(json!({"Body": {}})).is_err());
    }

    #[test]
    fn a_version_beside_a_definition_is_that_of_the_definition() {
        let refused = |version: &str| {
            let body = json!({"info": {"title": "t", "version": "1"}});
            let wanted = known(json!({"Name": "n", "Body": body, "Version": version}));
            let fields = Fields::new(&wanted, ACTION);
            let nothing = KnownMap::new();
            let import = import(fields, Fields::new(&nothing, ACTION), &KnownMap::new());
            let refused = fill_in(fields, &mut wanted.clone()).is_err();
            assert_eq!(import.is_err(), refused);
            refused
        };
        assert!(!refused("1") && refused("2"));
    }
}
