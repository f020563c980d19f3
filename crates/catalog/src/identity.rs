//! The primary identifier of an object, out of what is known of the object.

use rstack_model::Identifier;

use crate::path::SchemaPath;
use crate::type_schema::TypeSchema;

impl TypeSchema {
    /// The primary identifier of an object whose `Ref` is `physical_id` and whose declared
    /// properties and attributes `value` looks up. An object of which a part is not known, as
    /// may be with types that have no handlers in the registry, is identified by its `Ref`.
    pub fn identifier(
        &self,
        physical_id: &str,
        value: impl Fn(&SchemaPath) -> Option<String>,
    ) -> Identifier {
        let (primary, referred) = (self.primary_identifier(), self.ref_identifier());
        if primary == referred && primary.len() > 1 {
            let whole = Identifier::parse(physical_id);
            if whole.parts().len() == primary.len() {
                return whole;
            }
        }
        let part = |path: &SchemaPath| match referred {
            [only] if only == path => Some(physical_id.to_owned()),
            _ => value(path),
        };
        let parts: Option<Vec<String>> = primary.iter().map(part).collect();
        match parts {
            Some(parts) if !parts.is_empty() => Identifier::new(parts),
            Some(_) | None => Identifier::from(physical_id),
        }
    }

    /// As [`Self::identifier`], out of JSON trees in which the first that has a path is taken.
    pub fn identifier_in(
        &self,
        physical_id: &str,
        trees: &[&serde_json::Map<String, serde_json::Value>],
    ) -> Identifier {
        self.identifier(physical_id, |path| trees.iter().find_map(|tree| text_at(tree, path)))
    }
}

/// The scalar at a path, as text.
fn text_at(tree: &serde_json::Map<String, serde_json::Value>, path: &SchemaPath) -> Option<String> {
    let (first, rest) = path.segments().split_first()?;
    let mut value = tree.get(first)?;
    for segment in rest {
        value = value.get(segment)?;
    }
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(bool) => Some(bool.to_string()),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use rstack_model::Identifier;
    use serde_json::json;

    use crate::Registry;

    fn of(type_name: &str, physical_id: &str, properties: serde_json::Value) -> Identifier {
        let schema = Registry::embedded().get(type_name).unwrap().unwrap();
        schema.identifier_in(physical_id, &[properties.as_object().unwrap()])
    }

    #[test]
    fn an_identifier_has_the_scope_that_ref_leaves_out() {
        let user = of("AWS::Cognito::UserPoolUser", "admin", json!({"UserPoolId": "p1"}));
        assert_eq!(user.parts(), ["p1", "admin"]);
        let stage = of("AWS::ApiGateway::Stage", "Prod", json!({"RestApiId": "a1"}));
        assert_eq!(stage.parts(), ["a1", "Prod"]);
        assert!(of("AWS::SQS::Queue", "https://q", json!({})).is("https://q"));
        // Without its scope it has no more than its `Ref`.
        assert!(of("AWS::ApiGateway::Stage", "Prod", json!({})).is("Prod"));
    }
}
