//! Deployments and stages. The cache of a stage takes some time to come and go.

use serde_json::{Map, Value, json};

use super::super::account::{Account, Reply, members, text};
use super::{
    API, DEPLOYMENT, METHOD, STAGE, all_of, bad, conflict, described, given, is_empty, missing,
    objects, page, patches,
};
use crate::service_error::Refusal;

const STATUS: &str = "cacheClusterStatus";

/// Carries out an operation on deployments.
pub(super) fn carry_out(account: &mut Account, operation: &str, id: &str, input: &Value) -> Reply {
    let own = text(input, "deploymentId");
    let key = format!("{id}|{own}");
    match operation {
        "CreateDeployment" => return create(account, id, input),
        "GetDeployments" => {
            let all = all_of(account, DEPLOYMENT, id);
            return Ok(page(&all, input));
        }
        _ => {}
    }
    if !objects(account, DEPLOYMENT).contains_key(&key) {
        return Err(missing("Deployment"));
    }
    match operation {
        "GetDeployment" => {}
        "UpdateDeployment" => {
            let found = objects(account, DEPLOYMENT).get_mut(&key).unwrap();
            patches::apply(found, patches::OF_DEPLOYMENT, input)?;
        }
        "DeleteDeployment" => {
            let serves = |stage: &Value| {
                stage["deploymentId"] == own.as_str()
                    || stage["canarySettings"]["deploymentId"] == own.as_str()
            };
            if all_of(account, STAGE, id).iter().any(serves) {
                let message = "Active stages pointing to this deployment must be moved or deleted";
                return Err(bad(message));
            }
            objects(account, DEPLOYMENT).remove(&key);
            return Ok(json!({}));
        }
        _ => panic!("apigateway:{operation}"),
    }
    Ok(described(&objects(account, DEPLOYMENT)[&key]))
}

fn create(account: &mut Account, id: &str, input: &Value) -> Reply {
    let below = format!("{id}|");
    let mut methods = objects(account, METHOD).iter().filter(|(key, _)| key.starts_with(&below));
    let has_method = methods.clone().next().is_some();
    let is_whole = methods.all(|(_, method)| !method["methodIntegration"].is_null());
    let is_defined = !is_empty(&objects(account, API)[id]["paths"]);
    if !is_defined && !has_method {
        return Err(bad("The REST API doesn't contain any methods"));
    }
    if !is_whole {
        return Err(bad("No integration defined for method"));
    }
    let own = format!("dep{:05}", account.next());
    let mut made = json!({"id": own, "createdDate": account.time()});
    made["description"] = input.get("description").cloned().unwrap_or_default();
    let stage = text(input, "stageName");
    if !stage.is_empty() {
        deploy(account, id, &own, &stage, input)?;
    }
    account.note(DEPLOYMENT, &own);
    objects(account, DEPLOYMENT).insert(format!("{id}|{own}"), made.clone());
    Ok(described(&made))
}

/// Makes the stage of a deployment, or moves it.
fn deploy(
    account: &mut Account,
    id: &str,
    own: &str,
    name: &str,
    input: &Value,
) -> Result<(), Refusal> {
    let created = account.time();
    let stages = objects(account, STAGE);
    let key = format!("{id}|{name}");
    let taken = ["cacheClusterEnabled", "cacheClusterSize", "tracingEnabled", "variables"];
    let mut given = members(input, &taken);
    if let Some(description) = input.get("stageDescription") {
        given["description"] = description.clone();
    }
    let given: Map<String, Value> = given.as_object().unwrap().clone();
    if let Some(canary) = input.get("canarySettings") {
        let stage = stages.get_mut(&key).ok_or_else(|| bad("Deploy to a stage first"))?;
        stage["canarySettings"] = canary.clone();
        stage["canarySettings"]["deploymentId"] = own.into();
        return Ok(());
    }
    let fresh = || json!({"stageName": name, "createdDate": created, "madeByDeployment": true});
    let stage = stages.entry(key).or_insert_with(fresh);
    stage["deploymentId"] = own.into();
    complete(stage);
    stage.as_object_mut().unwrap().extend(given);
    cache(stage);
    Ok(())
}

fn complete(stage: &mut Value) {
    let stage = stage.as_object_mut().unwrap();
    for name in ["cacheClusterEnabled", "tracingEnabled"] {
        stage.entry(name).or_insert_with(|| false.into());
    }
    stage.entry(STATUS).or_insert_with(|| "NOT_AVAILABLE".into());
}

/// Begins to make or to delete a cache.
fn cache(stage: &mut Value) {
    let is_there = stage[STATUS] != "NOT_AVAILABLE";
    match (stage["cacheClusterEnabled"] == true, is_there) {
        (true, false) => {
            stage[STATUS] = "CREATE_IN_PROGRESS".into();
            if stage["cacheClusterSize"].is_null() {
                stage["cacheClusterSize"] = "0.5".into();
            }
        }
        (false, true) => {
            stage[STATUS] = "DELETE_IN_PROGRESS".into();
            stage["cacheClusterEnabled"] = true.into();
        }
        _ => {}
    }
}

/// Carries out an operation on stages.
pub(super) fn stage(account: &mut Account, operation: &str, id: &str, input: &Value) -> Reply {
    let name = text(input, "stageName");
    let key = format!("{id}|{name}");
    let serves = |account: &mut Account, deployment: &str| {
        objects(account, DEPLOYMENT).contains_key(&format!("{id}|{deployment}"))
    };
    if operation == "CreateStage" {
        if objects(account, STAGE).contains_key(&key) {
            return Err(conflict("Stage already exists"));
        }
        if !serves(account, &text(input, "deploymentId")) {
            return Err(bad("Deployment id does not exist"));
        }
        let mut made = Value::Object(given(input, &["restApiId"]));
        made["createdDate"] = account.time().into();
        complete(&mut made);
        cache(&mut made);
        account.note(STAGE, &key);
        objects(account, STAGE).insert(key, made.clone());
        return Ok(described(&made));
    }
    let stages = objects(account, STAGE);
    let Some(found) = stages.get_mut(&key) else { return Err(missing("Stage")) };
    match operation {
        "GetStage" => {
            let shown = described(found);
            match text(found, STATUS).as_str() {
                "CREATE_IN_PROGRESS" => found[STATUS] = "AVAILABLE".into(),
                "DELETE_IN_PROGRESS" => {
                    found[STATUS] = "NOT_AVAILABLE".into();
                    found["cacheClusterEnabled"] = false.into();
                    found.as_object_mut().unwrap().remove("cacheClusterSize");
                }
                _ => {}
            }
            Ok(shown)
        }
        "UpdateStage" => {
            let mut changed = found.clone();
            patches::apply_to_stage(&mut changed, input)?;
            cache(&mut changed);
            let deployment = text(&changed, "deploymentId");
            if !serves(account, &deployment) {
                return Err(bad("Deployment id does not exist"));
            }
            objects(account, STAGE).insert(key, changed.clone());
            Ok(described(&changed))
        }
        "DeleteStage" => {
            stages.remove(&key);
            Ok(json!({}))
        }
        _ => panic!("apigateway:{operation}"),
    }
}
