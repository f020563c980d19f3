//! Projects, with their webhooks and their visibility.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, list, refuse, text};

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = |name: &str| format!("arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{name}");
    if operation == "BatchGetProjects" {
        let wanted = list(input.get("names"));
        let wanted = wanted.as_array().unwrap().iter().filter_map(Value::as_str);
        let found: Vec<&Value> = wanted.filter_map(|name| account.projects.get(name)).collect();
        return Ok(json!({"projects": found}));
    }
    if operation == "CreateProject" {
        let name = text(input, "name");
        if account.projects.contains_key(&name) {
            return Err(refuse(400, "ResourceAlreadyExistsException", "Project already exists"));
        }
        let mut project = json!({"arn": arn(&name), "projectVisibility": "PRIVATE"});
        set(&mut project, input);
        account.note("AWS::CodeBuild::Project", &name);
        account.projects.insert(name, project.clone());
        return Ok(json!({"project": project}));
    }
    let name = match operation {
        "UpdateProjectVisibility" => text(input, "projectArn").rsplit('/').next().unwrap().into(),
        "CreateWebhook" | "UpdateWebhook" | "DeleteWebhook" => text(input, "projectName"),
        _ => text(input, "name"),
    };
    if operation == "DeleteProject" {
        account.projects.remove(&name);
        return Ok(json!({}));
    }
    let missing = || refuse(400, "ResourceNotFoundException", "Project cannot be found");
    let project = account.projects.get_mut(&name).ok_or_else(missing)?;
    let webhook = project.get("webhook").is_some();
    match operation {
        "UpdateProject" => {
            set(project, input);
            return Ok(json!({"project": project}));
        }
        "UpdateProjectVisibility" => {
            for member in ["projectVisibility", "resourceAccessRole"] {
                if let Some(value) = input.get(member) {
                    project[member] = value.clone();
                }
            }
        }
        "CreateWebhook" if webhook => {
            return Err(refuse(400, "ResourceAlreadyExistsException", "Webhook already exists"));
        }
        "UpdateWebhook" | "DeleteWebhook" if !webhook => return Err(missing()),
        "DeleteWebhook" => {
            project.as_object_mut().unwrap().remove("webhook");
        }
        "CreateWebhook" | "UpdateWebhook" => {
            let mut webhook = input.clone();
            webhook.as_object_mut().unwrap().remove("projectName");
            if let Some(scope) = project.pointer("/webhook/scopeConfiguration") {
                webhook["scopeConfiguration"] = scope.clone();
            }
            project["webhook"] = webhook;
        }
        _ => panic!("codebuild:{operation}"),
    }
    Ok(json!({}))
}

/// Sets what is given; what is not given stays.
fn set(project: &mut Value, input: &Value) {
    for (member, value) in input.as_object().into_iter().flatten() {
        match member.as_str() {
            "badgeEnabled" => project["badge"] = json!({"badgeEnabled": value}),
            _ => project[member] = value.clone(),
        }
    }
}
