//! Lambda: functions. Every one is made ready, and updated, in the background: it takes no change before
//! it has been asked for once.

use aws_smithy_types::base64;
use rstack_model::Digest;
use serde_json::{Map, Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, members, refuse, text};
use crate::service_error::Refusal;

/// The members that the calls which create and change a configuration share.
const SETTINGS: [&str; 19] = [
    "CapacityProviderConfig",
    "DeadLetterConfig",
    "Description",
    "DurableConfig",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "ImageConfig",
    "KMSKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "SnapStart",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
];

/// The members with code, and how it is stored.
const CODE: [&str; 7] = [
    "ImageUri",
    "S3Bucket",
    "S3Key",
    "S3ObjectStorageMode",
    "S3ObjectVersion",
    "SourceKMSKeyArn",
    "ZipFile",
];

/// The most tags of a function.
const MOST_TAGS: usize = 50;

fn arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

fn invalid(message: &str) -> Refusal {
    refuse(400, "InvalidParameterValueException", message)
}

/// True if an operation is about a function as a whole.
pub(super) fn concerns(operation: &str, input: &Value) -> bool {
    match operation {
        "GetFunctionConfiguration"
        | "DeleteFunction"
        | "PutRuntimeManagementConfig"
        | "GetRuntimeManagementConfig" => input.get("Qualifier").is_none(),
        "ListTags" | "TagResource" | "UntagResource" => {
            text(input, "Resource").contains(":function:")
        }
        "CreateFunction" | "GetFunction" | "UpdateFunctionCode" | "UpdateFunctionConfiguration" => {
            true
        }
        _ => ["FunctionConcurrency", "FunctionRecursion", "FunctionCodeSigning"]
            .iter()
            .any(|part| operation.contains(part)),
    }
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let resource = text(input, "Resource");
    let named = text(input, "FunctionName");
    let given = if resource.is_empty() { &named } else { &resource };
    let name = given.rsplit(":function:").next().unwrap().to_owned();
    if operation == "CreateFunction" {
        return create(account, &name, input);
    }
    let missing =
        || refuse(404, "ResourceNotFoundException", &format!("Function not found: {}", arn(&name)));
    if operation == "DeleteFunction" {
        account.lambda_functions.remove(&name).ok_or_else(missing)?;
        return Ok(json!({"StatusCode": 204}));
    }
    let function = account.lambda_functions.get_mut(&name).ok_or_else(missing)?;
    if operation.starts_with("Get") {
        return show(function, operation);
    }
    let configuration = &function["configuration"];
    if configuration["State"] == "Pending" || configuration["LastUpdateStatus"] == "InProgress" {
        let message = "The operation cannot be performed at this time. An update is in progress.";
        return Err(refuse(409, "ResourceConflictException", message));
    }
    match operation {
        "TagResource" | "UntagResource" => tag(function, input),
        "UpdateFunctionCode" => {
            let code = members(input, &CODE);
            check_code(&code, &function["configuration"]["PackageType"])?;
            function["configuration"]["CodeSha256"] = digest(&code);
            function["code"] = code;
            if let Some(architectures) = input.get("Architectures") {
                function["configuration"]["Architectures"] = architectures.clone();
            }
            Ok(updating(function))
        }
        "UpdateFunctionConfiguration" => {
            set(&mut function["configuration"], &name, &members(input, &SETTINGS));
            Ok(updating(function))
        }
        "PutFunctionConcurrency" => {
            function["reserved"] = input["ReservedConcurrentExecutions"].clone();
            Ok(members(input, &["ReservedConcurrentExecutions"]))
        }
        "DeleteFunctionConcurrency" => {
            function["reserved"] = Value::Null;
            Ok(json!({}))
        }
        "PutFunctionRecursionConfig" => {
            function["loop"] = input["RecursiveLoop"].clone();
            Ok(members(input, &["RecursiveLoop"]))
        }
        "PutRuntimeManagementConfig" => {
            function["management"] = members(input, &["RuntimeVersionArn", "UpdateRuntimeOn"]);
            Ok(members(input, &["UpdateRuntimeOn"]))
        }
        "PutFunctionCodeSigningConfig" => {
            function["signing"] = input["CodeSigningConfigArn"].clone();
            Ok(members(input, &["CodeSigningConfigArn", "FunctionName"]))
        }
        "DeleteFunctionCodeSigningConfig" => {
            function["signing"] = Value::Null;
            Ok(json!({}))
        }
        _ => panic!("lambda:{operation}"),
    }
}

/// The digest that is shown of code: the same archive has the same one.
fn digest(code: &Value) -> Value {
    Digest::of(code.to_string().as_bytes()).as_str().into()
}

/// An archive is one, and an image has no other code.
fn check_code(code: &Value, package: &Value) -> Result<(), Refusal> {
    let there = |member: &str| code.get(member).is_some();
    if package == "Image" {
        return if there("ImageUri") && !there("ZipFile") && !there("S3Key") {
            Ok(())
        } else {
            Err(invalid("Please provide ImageUri when updating a function with packageType Image."))
        };
    }
    let in_bucket = there("S3Bucket") && there("S3Key");
    match code.get("ZipFile").and_then(Value::as_str) {
        Some(coded) if !in_bucket => {
            let bytes = base64::decode(coded).unwrap();
            let is_archive = bytes.starts_with(b"PK\x03\x04");
            is_archive.then_some(()).ok_or_else(|| invalid("Could not unzip uploaded file."))
        }
        None if in_bucket => Ok(()),
        _ => Err(invalid("Please provide a source for function code.")),
    }
}

fn create(account: &mut Account, name: &str, input: &Value) -> Reply {
    if account.lambda_functions.contains_key(name) {
        let message = format!("Function already exist: {name}");
        return Err(refuse(409, "ResourceConflictException", &message));
    }
    let package = input.get("PackageType").cloned().unwrap_or_else(|| "Zip".into());
    check_code(&input["Code"], &package)?;
    let lacks = |member: &str| input.get(member).is_none();
    if lacks("Role") || package == "Zip" && (lacks("Runtime") || lacks("Handler")) {
        return Err(invalid("Runtime and Handler are mandatory parameters for functions."));
    }
    let tags = input.get("Tags").cloned().unwrap_or_else(|| json!({}));
    if tags.as_object().unwrap().len() > MOST_TAGS {
        return Err(invalid("Too many tags."));
    }
    let mut configuration = json!({
        "FunctionName": name, "FunctionArn": arn(name), "Version": "$LATEST", "PackageType": package,
        "State": "Pending", "LastUpdateStatus": "Successful", "Description": "", "Timeout": 3,
        "MemorySize": 128, "CodeSha256": digest(&members(&input["Code"], &CODE)), "TracingConfig": {"Mode": "PassThrough"}, "EphemeralStorage": {"Size": 512},
        "Architectures": ["x86_64"], "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    });
    set(&mut configuration, name, &json!({"LoggingConfig": {}}));
    for member in ["Architectures", "TenancyConfig"] {
        if let Some(value) = input.get(member) {
            configuration[member] = value.clone();
        }
    }
    set(&mut configuration, name, &members(input, &SETTINGS));
    let function = json!({
        "configuration": configuration, "code": members(&input["Code"], &CODE), "tags": tags,
        "loop": "Terminate", "management": {"UpdateRuntimeOn": "Auto"},
        "signing": input["CodeSigningConfigArn"],
    });
    account.note("AWS::Lambda::Function", name);
    account.lambda_functions.insert(name.to_owned(), function);
    Ok(configuration)
}

/// Gives a configuration these members, in the form in which it is shown.
fn set(configuration: &mut Value, name: &str, members: &Value) {
    for (member, value) in members.as_object().unwrap() {
        match member.as_str() {
            "Layers" => {
                let layer = |arn: &Value| json!({"Arn": arn, "CodeSize": 1});
                let layers: Vec<Value> = value.as_array().unwrap().iter().map(layer).collect();
                configuration[member] = layers.into();
            }
            "ImageConfig" => configuration["ImageConfigResponse"] = json!({"ImageConfig": value}),
            "SnapStart" => {
                configuration[member] = value.clone();
                configuration[member]["OptimizationStatus"] = "Off".into();
            }
            "VpcConfig" => {
                configuration[member] = value.clone();
                configuration[member]["VpcId"] = "vpc-1".into();
                // Another order than that of the call.
                if let Some(Value::Array(ids)) = configuration[member].get_mut("SubnetIds") {
                    ids.reverse();
                }
            }
            "LoggingConfig" => {
                let mut logging =
                    json!({"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}")});
                if value["LogFormat"] == "JSON" {
                    logging["ApplicationLogLevel"] = "INFO".into();
                    logging["SystemLogLevel"] = "INFO".into();
                }
                let given = value.as_object().unwrap().clone();
                logging.as_object_mut().unwrap().extend(given);
                configuration[member] = logging;
            }
            _ => configuration[member] = value.clone(),
        }
    }
}

/// An update has begun.
fn updating(function: &mut Value) -> Value {
    function["configuration"]["LastUpdateStatus"] = "InProgress".into();
    function["configuration"].clone()
}

fn show(function: &mut Value, operation: &str) -> Reply {
    match operation {
        "GetFunction" | "GetFunctionConfiguration" => {
            let shown = function["configuration"].clone();
            let configuration = &mut function["configuration"];
            if configuration["State"] == "Pending" {
                configuration["State"] = "Active".into();
            }
            configuration["LastUpdateStatus"] = "Successful".into();
            if operation == "GetFunctionConfiguration" {
                return Ok(shown);
            }
            let mut answer = json!({
                "Configuration": shown, "Tags": function["tags"],
                "Code": {"RepositoryType": "S3", "Location": "https://s3.example/signed"},
            });
            if function["reserved"].is_number() {
                answer["Concurrency"] =
                    json!({"ReservedConcurrentExecutions": function["reserved"]});
            }
            Ok(answer)
        }
        "GetFunctionRecursionConfig" => Ok(json!({"RecursiveLoop": function["loop"]})),
        "GetRuntimeManagementConfig" => Ok(function["management"].clone()),
        "GetFunctionCodeSigningConfig" if function["signing"].is_null() => Ok(json!({})),
        "GetFunctionCodeSigningConfig" => {
            let name = function["configuration"]["FunctionName"].clone();
            Ok(json!({"CodeSigningConfigArn": function["signing"], "FunctionName": name}))
        }
        _ => panic!("lambda:{operation}"),
    }
}

fn tag(function: &mut Value, input: &Value) -> Reply {
    let tags: &mut Map<String, Value> = function["tags"].as_object_mut().unwrap();
    tags.extend(input["Tags"].as_object().cloned().unwrap_or_default());
    for key in input["TagKeys"].as_array().into_iter().flatten() {
        tags.remove(key.as_str().unwrap());
    }
    if tags.len() > MOST_TAGS {
        return Err(invalid("Too many tags."));
    }
    Ok(json!({}))
}
