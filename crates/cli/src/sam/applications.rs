//! Applications of the Serverless Application Repository. They are not looked up: a template that has one
//! is refused, and checked with something in its place, so that its other mistakes are found, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

/// The type of nested applications.
const APPLICATION: &str = "AWS::Serverless::Application";

/// The IDs of the resources of a template that are applications of the repository.
pub(super) fn of(document: &Json) -> Vec<&str> {
    let resources = document.get("Resources").and_then(Json::as_object);
    let is_application = |resource: &Json| {
        resource.get("Type").and_then(Json::as_str) == Some(APPLICATION)
            && resource.pointer("/Properties/Location").is_some_and(Json::is_object)
    };
    let all = resources.into_iter().flatten();
    all.filter(|(_, resource)| is_application(resource)).map(|(id, _)| id.as_str()).collect()
}

/// Puts a template in the place of each application, whose outputs are not known. Returns the texts of
/// these templates, by location.
pub(super) fn replace(document: &mut Json) -> BTreeMap<String, Arc<str>> {
    let ids: Vec<String> = of(document).into_iter().map(str::to_owned).collect();
    let mut out = BTreeMap::new();
    for id in ids {
        let mut names = BTreeSet::new();
        outputs(document, &id, &mut names);
        let resources = document.get_mut("Resources").and_then(|all| all.get_mut(&id));
        let Some(properties) = resources.and_then(|it| it.get_mut("Properties")) else { continue };
        let parameters = properties.get("Parameters").and_then(Json::as_object);
        let parameters = parameters.into_iter().flat_map(Map::keys);
        let parameters: Map<String, Json> =
            parameters.map(|name| (name.clone(), json!({"Type": "String"}))).collect();
        let outputs: Map<String, Json> =
            names.into_iter().map(|name| (name, json!({"Value": {"Ref": "Unknown"}}))).collect();
        let template = json!({
            "Parameters": parameters,
            "Resources": {"Unknown": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
            "Outputs": outputs,
        });
        let location = format!("the application `{id}`");
        if let Some(properties) = properties.as_object_mut() {
            properties.insert("Location".to_owned(), json!(location));
        }
        out.insert(location, template.to_string().into());
    }
    out
}

/// The names of the outputs of a nested stack that a template refers to.
fn outputs(value: &Json, id: &str, names: &mut BTreeSet<String>) {
    match value {
        Json::String(text) => {
            for (start, mark) in text.match_indices(&format!("{id}.Outputs.")) {
                let rest = text.get(start + mark.len()..).unwrap_or_default();
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                names.extend(rest.get(..end).map(str::to_owned));
            }
        }
        Json::Array(items) => {
            if let [Json::String(of), Json::String(attribute)] = items.as_slice()
                && of == id
            {
                names.extend(attribute.strip_prefix("Outputs.").map(str::to_owned));
            }
            items.iter().for_each(|item| outputs(item, id, names));
        }
        Json::Object(map) => map.values().for_each(|value| outputs(value, id, names)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_stands_for_an_application() {
        let application = |location: Json| {
            let properties = json!({"Location": location, "Parameters": {"P": "v"}});
            json!({"Type": APPLICATION, "Properties": properties})
        };
        let mut document = json!({
            "Resources": {
                "A": application(json!({"ApplicationId": "a", "SemanticVersion": "1"})),
                "B": application(json!("b.yaml")),
            },
            "Outputs": {
                "X": {"Value": {"Fn::GetAtt": ["A", "Outputs.X"]}},
                "Y": {"Value": {"Fn::Sub": "${A.Outputs.Y}/${B.Outputs.Z}"}},
            },
        });
        assert_eq!(of(&document), ["A"]);
        let made = replace(&mut document);
        let (location, text) = made.first_key_value().unwrap();
        assert_eq!(document["Resources"]["A"]["Properties"]["Location"], json!(location));
        assert_eq!(document["Resources"]["B"]["Properties"]["Location"], json!("b.yaml"));
        let text: Json = serde_json::from_str(text).unwrap();
        let names =
            |section: &str| text[section].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            (names("Outputs"), names("Parameters")),
            (vec!["X".to_owned(), "Y".to_owned()], vec!["P".to_owned()])
        );
    }
}
