//! Lambda: versions of layers. A number is used once, also after a version is deleted.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, members, refuse, text};

/// The number of a version in a path.
fn number(input: &Value) -> String {
    input["VersionNumber"].to_string().trim_matches('"').to_owned()
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let given = text(input, "LayerName");
    let name = given.rsplit(":layer:").next().unwrap();
    let layer = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}");
    let arn = format!("{layer}:{}", number(input));
    match operation {
        "PublishLayerVersion" => {
            let content = &input["Content"];
            if text(content, "S3Bucket").is_empty() || text(content, "S3Key").is_empty() {
                let message = "Please provide a source for the layer.";
                return Err(refuse(400, "InvalidParameterValueException", message));
            }
            let last = account.layer_numbers.entry(name.to_owned()).or_default();
            *last += 1;
            let (number, mut version) = (*last, members(input, &["Description", "LicenseInfo"]));
            for list in ["CompatibleArchitectures", "CompatibleRuntimes"] {
                version[list] = input.get(list).cloned().unwrap_or_else(|| json!([]));
            }
            let arn = format!("{layer}:{number}");
            version["LayerArn"] = layer.into();
            version["LayerVersionArn"] = arn.as_str().into();
            version["Version"] = number.into();
            account.note("AWS::Lambda::LayerVersion", &arn);
            account.layers.insert(arn, version.clone());
            Ok(version)
        }
        "GetLayerVersion" => account.layers.get(&arn).cloned().ok_or_else(|| {
            let message = "The resource you requested does not exist.";
            refuse(404, "ResourceNotFoundException", message)
        }),
        "ListLayerVersions" => {
            let of_layer = |version: &&Value| version["LayerArn"] == layer.as_str();
            let mut all: Vec<Value> = account.layers.values().filter(of_layer).cloned().collect();
            all.sort_by_key(|version| std::cmp::Reverse(version["Version"].as_u64()));
            let at: usize = text(input, "Marker").parse().unwrap_or(0);
            let mut page = json!({"LayerVersions": all.get(at).into_iter().collect::<Vec<_>>()});
            if at + 1 < all.len() {
                page["NextMarker"] = (at + 1).to_string().into();
            }
            Ok(page)
        }
        "DeleteLayerVersion" => {
            account.layers.remove(&arn);
            Ok(json!({}))
        }
        _ => panic!("lambda:{operation}"),
    }
}
