//! Secrets Manager: a token names one version, and a deleted secret keeps its name.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, list, members, refuse, set_tags, text, unset_tags};
use crate::service_error::Refusal;

/// The type of attachments, which are entries of the value of a secret.
pub(super) const ATTACHMENT: &str = "AWS::SecretsManager::SecretTargetAttachment";

/// The current value of a secret.
pub(crate) fn current(secret: &Value) -> Option<&str> {
    let stages = secret["stages"].as_object()?;
    let (token, _) = stages.iter().find(|(_, label)| **label == "AWSCURRENT")?;
    secret["versions"][token].as_str()
}

/// True if the value of a secret names a database.
pub(super) fn is_attached(secret: &Value) -> bool {
    let entries = current(secret).and_then(|text| serde_json::from_str::<Value>(text).ok());
    entries.is_some_and(|entries| entries.get("host").is_some())
}

fn invalid(message: &str) -> Refusal {
    refuse(400, "InvalidRequestException", message)
}

/// The name of the secret that a call is about.
fn named(account: &Account, input: &Value) -> Result<String, Refusal> {
    let id = text(input, "SecretId");
    let found = account.secrets.iter().find(|(name, secret)| **name == id || secret["ARN"] == *id);
    let missing = || {
        refuse(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    };
    found.map(|(name, _)| name.clone()).ok_or_else(missing)
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    match operation {
        "GetRandomPassword" => {
            let length = input["PasswordLength"].as_i64().unwrap_or(32);
            let number = account.next();
            let password: String = format!("{number:p>width$}", width = length as usize);
            Ok(json!({"RandomPassword": password}))
        }
        "CreateSecret" => create(account, input),
        "PutResourcePolicy" | "GetResourcePolicy" | "DeleteResourcePolicy" => {
            policy(account, operation, input)
        }
        "DeleteSecret" => {
            let force = input["ForceDeleteWithoutRecovery"] == true;
            let name = match named(account, input) {
                Ok(name) => name,
                // Forced, it succeeds also for a secret that is not there.
                Err(_) if force => return Ok(json!({"Name": text(input, "SecretId")})),
                Err(error) => return Err(error),
            };
            if force && input.get("RecoveryWindowInDays").is_some() {
                return Err(refuse(400, "InvalidParameterException", "both cannot be"));
            }
            let secret = account.secrets.get_mut(&name).unwrap();
            let answer = members(secret, &["ARN", "Name"]);
            if force {
                account.secrets.remove(&name);
            } else if secret.get("DeletedDate").is_some() {
                return Err(invalid(
                    "You can't perform this operation on the secret because it was \
                                    already scheduled for deletion.",
                ));
            } else {
                secret["DeletedDate"] = json!("2026-12-25T00:00:00Z");
            }
            Ok(answer)
        }
        _ => {
            let name = named(account, input)?;
            let secret = &mut account.secrets.get_mut(&name).unwrap();
            let deleted = secret.get("DeletedDate").is_some();
            if operation == "RestoreSecret" {
                secret.as_object_mut().unwrap().remove("DeletedDate");
                return Ok(members(secret, &["ARN", "Name"]));
            }
            if deleted && !matches!(operation, "DescribeSecret" | "TagResource" | "UntagResource") {
                return Err(invalid(
                    "You can't perform this operation on the secret because it was \
                                    marked for deletion.",
                ));
            }
            match operation {
                "DescribeSecret" => Ok(described(secret)),
                "GetSecretValue" => value(secret, input),
                "RotateSecret" => {
                    let names = [
                        "ExternalSecretRotationMetadata",
                        "ExternalSecretRotationRoleArn",
                        "RotationLambdaARN",
                        "RotationRules",
                    ];
                    let arn = text(secret, "ARN");
                    if secret["RotationEnabled"] != true {
                        account.made.push(("AWS::SecretsManager::RotationSchedule", arn));
                    }
                    for (name, value) in members(input, &names).as_object().unwrap() {
                        secret[name] = value.clone();
                    }
                    secret["RotationEnabled"] = true.into();
                    let mut answer = members(secret, &["ARN", "Name"]);
                    answer["VersionId"] = input["ClientRequestToken"].clone();
                    Ok(answer)
                }
                "CancelRotateSecret" if secret["RotationEnabled"] != true => {
                    Err(invalid("it is not rotated"))
                }
                // What was set is shown also when it has no effect any more.
                "CancelRotateSecret" => {
                    secret["RotationEnabled"] = false.into();
                    Ok(members(secret, &["ARN", "Name"]))
                }
                "PutSecretValue" => {
                    let token = text(input, "ClientRequestToken");
                    let attached = is_attached(secret);
                    let put = put(secret, &token, input.get("SecretString"))?;
                    let arn = text(secret, "ARN");
                    let mut answer = members(secret, &["ARN", "Name"]);
                    answer["VersionId"] = token.into();
                    if !attached && is_attached(secret) {
                        account.made.push((ATTACHMENT, arn));
                    }
                    account.values += usize::from(put);
                    Ok(answer)
                }
                "UpdateSecret" => {
                    let token = text(input, "ClientRequestToken");
                    let put = put(secret, &token, input.get("SecretString"))?;
                    for key in ["Description", "KmsKeyId", "Type"] {
                        if let Some(value) = input.get(key) {
                            secret[key] = value.clone();
                        }
                    }
                    let answer = members(secret, &["ARN", "Name"]);
                    account.values += usize::from(put);
                    Ok(answer)
                }
                "TagResource" => {
                    set_tags(&mut secret["Tags"], &input["Tags"]);
                    Ok(json!({}))
                }
                "UntagResource" => {
                    unset_tags(&mut secret["Tags"], &input["TagKeys"]);
                    Ok(json!({}))
                }
                other => panic!("secretsmanager:{other}"),
            }
        }
    }
}

fn create(account: &mut Account, input: &Value) -> Reply {
    let (name, token) = (text(input, "Name"), text(input, "ClientRequestToken"));
    if let Some(there) = account.secrets.get(&name) {
        if there.get("DeletedDate").is_some() {
            return Err(invalid(
                "You can't create this secret because a secret with this name is \
                                already scheduled for deletion.",
            ));
        }
        let same = there["versions"].get(&token).is_some_and(|v| *v == input["SecretString"]);
        if same {
            return Ok(members(there, &["ARN", "Name"]));
        }
        let message = "The operation failed because the secret already exists.";
        return Err(refuse(400, "ResourceExistsException", message));
    }
    let mut secret = members(input, &["Name", "Description", "KmsKeyId", "Type"]);
    let suffix = account.next();
    secret["ARN"] =
        format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix:06}").into();
    secret["Tags"] = list(input.get("Tags"));
    secret["versions"] = json!({});
    secret["stages"] = json!({});
    account.values += usize::from(put(&mut secret, &token, input.get("SecretString"))?);
    let answer = members(&secret, &["ARN", "Name"]);
    account.note("secret", &name);
    account.secrets.insert(name, secret);
    Ok(answer)
}

/// Puts a value under a token; whether it was not there before.
fn put(secret: &mut Value, token: &str, value: Option<&Value>) -> Result<bool, Refusal> {
    let Some(value) = value else { return Ok(false) };
    match secret["versions"].get(token) {
        Some(there) if there == value => return Ok(false),
        Some(_) => {
            let message = "You can't modify an existing version, you can only create a new one.";
            return Err(refuse(400, "ResourceExistsException", message));
        }
        None => {}
    }
    secret["versions"][token] = value.clone();
    let stages = secret["stages"].as_object_mut().unwrap();
    let before = stages.iter().find(|(_, label)| **label == "AWSCURRENT");
    let before = before.map(|(token, _)| token.clone());
    stages.retain(|_, label| *label != "AWSPREVIOUS");
    if let Some(before) = before {
        stages.insert(before, "AWSPREVIOUS".into());
    }
    stages.insert(token.to_owned(), "AWSCURRENT".into());
    Ok(true)
}

fn described(secret: &Value) -> Value {
    let names = [
        "ARN",
        "DeletedDate",
        "Description",
        "ExternalSecretRotationMetadata",
        "ExternalSecretRotationRoleArn",
        "KmsKeyId",
        "Name",
        "RotationEnabled",
        "RotationLambdaARN",
        "RotationRules",
        "Tags",
        "Type",
    ];
    let mut shown = members(secret, &names);
    let stages = secret["stages"].as_object().unwrap().iter();
    let stages = stages.map(|(token, label)| (token.clone(), json!([label])));
    shown["VersionIdsToStages"] = Value::Object(stages.collect());
    shown
}

fn value(secret: &Value, input: &Value) -> Reply {
    let stage = input.get("VersionStage").cloned().unwrap_or_else(|| "AWSCURRENT".into());
    let stages = secret["stages"].as_object().unwrap();
    let token = match input.get("VersionId") {
        Some(token) => token.as_str().map(str::to_owned),
        None => stages.iter().find(|(_, label)| **label == stage).map(|(token, _)| token.clone()),
    };
    let found = token.and_then(|token| Some((secret["versions"].get(&token)?.clone(), token)));
    let (text, token) = found.ok_or_else(|| {
        refuse(400, "ResourceNotFoundException", "Secrets Manager can't find the secret value.")
    })?;
    let mut answer = members(secret, &["ARN", "Name"]);
    answer["SecretString"] = text;
    answer["VersionId"] = token.into();
    Ok(answer)
}

/// The policy of a secret, in a form of the service's own.
fn policy(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let name = named(account, input)?;
    let secret = account.secrets.get_mut(&name).unwrap();
    if secret.get("DeletedDate").is_some() && operation != "GetResourcePolicy" {
        return Err(invalid("it was marked for deletion"));
    }
    let arn = text(secret, "ARN");
    match operation {
        "PutResourcePolicy" => {
            let tree: Value = serde_json::from_str(&text(input, "ResourcePolicy")).unwrap();
            if secret["policy"].is_null() {
                account.made.push(("AWS::SecretsManager::ResourcePolicy", arn.clone()));
            }
            secret["policy"] = serde_json::to_string_pretty(&tree).unwrap().into();
        }
        "DeleteResourcePolicy" => secret["policy"] = Value::Null,
        _ => return Ok(json!({"ARN": arn, "Name": name, "ResourcePolicy": secret["policy"]})),
    }
    Ok(json!({"ARN": arn, "Name": name}))
}

impl Account {
    /// A secret by its ARN.
    pub(crate) fn secret(&self, arn: &str) -> Option<&Value> {
        self.secrets.values().find(|secret| secret["ARN"] == arn)
    }
}
