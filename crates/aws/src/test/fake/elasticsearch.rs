//! Domains of Elasticsearch.
//!
//! A domain needs a question to become stable, and one to be gone. While it is not stable it takes no change. A
//! creation under a name that is taken is answered with the domain that has it.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, list, refuse, set_tags, text, unset_tags};

const DOMAIN: &str = "AWS::Elasticsearch::Domain";
/// The tags of a domain, which no description shows.
const TAGS: &str = "the tags";

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let missing = || refuse(409, "ResourceNotFoundException", "there is no such domain");
    if operation.ends_with("Tags") {
        let domains = account.data.entry(DOMAIN).or_default().values_mut();
        let found = domains.into_iter().find(|domain| domain["ARN"] == input["ARN"]);
        let domain = found.ok_or_else(missing)?;
        match operation {
            "AddTags" => set_tags(&mut domain[TAGS], &input["TagList"]),
            "RemoveTags" => unset_tags(&mut domain[TAGS], &input["TagKeys"]),
            _ => return Ok(json!({"TagList": domain[TAGS]})),
        }
        return Ok(json!({}));
    }
    let name = text(input, "DomainName");
    match operation {
        "CreateElasticsearchDomain" => create(account, &name, input),
        "DescribeElasticsearchDomains" => describe(account, input),
        "DeleteElasticsearchDomain" => {
            let domains = account.data.entry(DOMAIN).or_default();
            let domain = domains.get_mut(&name).ok_or_else(missing)?;
            domain["Deleted"] = true.into();
            Ok(json!({"DomainStatus": shown(domain)}))
        }
        _ => {
            let domain = account.data.entry(DOMAIN).or_default().get_mut(&name);
            let domain = domain.ok_or_else(missing)?;
            if domain["Processing"] == true || domain["UpgradeProcessing"] == true {
                let message = "A change/update is in progress. Please wait for it to complete \
                               before requesting another change.";
                return Err(refuse(400, "ValidationException", message));
            }
            if operation == "UpgradeElasticsearchDomain" {
                domain["ElasticsearchVersion"] = input["TargetVersion"].clone();
                domain["UpgradeProcessing"] = true.into();
                return Ok(json!({}));
            }
            set(domain, input);
            domain["Processing"] = true.into();
            Ok(json!({"DomainConfig": {}}))
        }
    }
}

fn create(account: &mut Account, name: &str, input: &Value) -> Reply {
    if let Some(there) = account.data.entry(DOMAIN).or_default().get(name) {
        return Ok(json!({"DomainStatus": shown(there)}));
    }
    let mut domain = json!({
        "DomainName": name,
        "DomainId": format!("{ACCOUNT}/{name}"),
        "ARN": format!("arn:aws:es:{REGION}:{ACCOUNT}:domain/{name}"),
        "Created": true,
        "Deleted": false,
        "Processing": true,
        "ElasticsearchVersion": "1.5",
        "ElasticsearchClusterConfig": {
            "InstanceType": "m4.large.elasticsearch", "InstanceCount": 1, "DedicatedMasterEnabled": false,
            "ZoneAwarenessEnabled": false, "WarmEnabled": false, "ColdStorageOptions": {"Enabled": false},
        },
        "AdvancedOptions": {"override_main_response_version": "false"},
        "AccessPolicies": "",
        TAGS: list(input.get("TagList")),
    });
    domain["ElasticsearchVersion"] = match input.get("ElasticsearchVersion") {
        Some(version) => version.clone(),
        None => "1.5".into(),
    };
    set(&mut domain, input);
    account.note(DOMAIN, name);
    let answer = json!({"DomainStatus": shown(&domain)});
    account.data.entry(DOMAIN).or_default().insert(name.to_owned(), domain);
    Ok(answer)
}

/// Sets what is given; what is not given stays, also of a structure.
fn set(domain: &mut Value, input: &Value) {
    for (name, value) in input.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("DomainName" | "TagList" | "ElasticsearchVersion", _) => {}
            (_, Value::Object(members)) => {
                if !domain[name].is_object() {
                    domain[name] = json!({});
                }
                let hidden = |member: &str| member == "MasterUserOptions";
                for (member, value) in members.iter().filter(|(member, _)| !hidden(member)) {
                    domain[name][member] = value.clone();
                }
            }
            _ => domain[name] = value.clone(),
        }
    }
}

fn describe(account: &mut Account, input: &Value) -> Reply {
    let domains = account.data.entry(DOMAIN).or_default();
    let mut found = Vec::new();
    for name in input["DomainNames"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        let Some(domain) = domains.get_mut(name) else { continue };
        found.push(shown(domain));
        // Time goes on with every question.
        if domain["Deleted"] == true {
            domains.remove(name);
            continue;
        }
        domain["Processing"] = false.into();
        domain["UpgradeProcessing"] = false.into();
        let host = format!("{name}-x.{REGION}.es.amazonaws.com");
        match domain.get("VPCOptions").is_some() {
            true => domain["Endpoints"] = json!({"vpc": format!("vpc-{host}")}),
            false => domain["Endpoint"] = format!("search-{host}").into(),
        }
    }
    Ok(json!({"DomainStatusList": found}))
}

/// A domain without what the service keeps to itself.
fn shown(domain: &Value) -> Value {
    let mut shown = domain.clone();
    shown.as_object_mut().unwrap().remove(TAGS);
    shown
}
