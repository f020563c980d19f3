//! Local code of serverless templates: folders and files that are uploaded, as `sam package` does.
//!
//! Source: "Using the AWS SAM CLI to build and package", `sam package`, AWS Serverless Application Model
//! Developer Guide; `package`, AWS CLI Command Reference, which lists the properties.

use std::path::{Path, PathBuf};

use rstack_driver::default_asset_bucket;
use rstack_model::Packaging;
use serde_json::{Value as Json, json};

use crate::assets::{AssetsError, LocalCode, digest_of};
use crate::env::Env;
use crate::files::Project;

/// A property that takes local code.
struct Local {
    resource_type: &'static str,
    /// Its path in the properties; `*` is any key.
    path: &'static str,
    pack: Pack,
    form: Form,
}

/// The form in which code is uploaded. Archives are uploaded as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pack {
    /// One file, as it is.
    File,
    /// A zip archive of a folder or a file.
    Zip,
    /// A zip archive of a folder; a file as it is.
    ZipOfFolder,
}

/// The form in which the property names the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `Bucket` and `Key`.
    Location,
    /// `S3Bucket` and `S3Key`.
    S3,
    /// An address, `s3://BUCKET/KEY`.
    Address,
}

const fn local(resource_type: &'static str, path: &'static str, pack: Pack, form: Form) -> Local {
    Local { resource_type, path, pack, form }
}

/// The properties that take local code.
const LOCAL: &[Local] = &[
    local("AWS::ApiGateway::RestApi", "BodyS3Location", Pack::File, Form::Location),
    local("AWS::AppSync::FunctionConfiguration", "CodeS3Location", Pack::File, Form::Address),
    local(
        "AWS::AppSync::FunctionConfiguration",
        "RequestMappingTemplateS3Location",
        Pack::File,
        Form::Address,
    ),
    local(
        "AWS::AppSync::FunctionConfiguration",
        "ResponseMappingTemplateS3Location",
        Pack::File,
        Form::Address,
    ),
    local("AWS::AppSync::GraphQLSchema", "DefinitionS3Location", Pack::File, Form::Address),
    local("AWS::AppSync::Resolver", "CodeS3Location", Pack::File, Form::Address),
    local("AWS::AppSync::Resolver", "RequestMappingTemplateS3Location", Pack::File, Form::Address),
    local("AWS::AppSync::Resolver", "ResponseMappingTemplateS3Location", Pack::File, Form::Address),
    local("AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle", Pack::ZipOfFolder, Form::S3),
    local("AWS::Glue::Job", "Command/ScriptLocation", Pack::File, Form::Address),
    local("AWS::Lambda::Function", "Code", Pack::Zip, Form::S3),
    local("AWS::Lambda::LayerVersion", "Content", Pack::Zip, Form::S3),
    local("AWS::Serverless::Api", "DefinitionUri", Pack::File, Form::Location),
    local("AWS::Serverless::Function", "CodeUri", Pack::Zip, Form::Location),
    local("AWS::Serverless::GraphQLApi", "Functions/*/CodeUri", Pack::File, Form::Address),
    local("AWS::Serverless::GraphQLApi", "Resolvers/*/*/CodeUri", Pack::File, Form::Address),
    local("AWS::Serverless::GraphQLApi", "SchemaUri", Pack::File, Form::Address),
    local("AWS::Serverless::HttpApi", "DefinitionUri", Pack::File, Form::Location),
    local("AWS::Serverless::LayerVersion", "ContentUri", Pack::Zip, Form::Location),
    local("AWS::Serverless::StateMachine", "DefinitionUri", Pack::File, Form::Location),
    local("AWS::StepFunctions::StateMachine", "DefinitionS3Location", Pack::File, Form::Location),
];
/// The start of the types whose properties `Globals` can have, by the rest of their names.
const TYPES: &str = "AWS::Serverless::";
/// The ends of the names of archives, which are uploaded as they are.
const ARCHIVES: [&str; 2] = ["zip", "jar"];
/// The start of an address that stands for an object until the template is translated: the translator
/// takes no function where it takes an address.
const STAND_IN: &str = "s3://rstack-local-code/";

/// A piece of local code that cannot be used: the pointer of the value that names it, and the reason.
#[derive(Debug)]
pub(crate) struct Unusable {
    pub(crate) pointer: String,
    pub(crate) error: CodeError,
}

/// Why local code cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeError {
    /// It cannot be read.
    #[error(transparent)]
    Assets(#[from] AssetsError),
    /// A function names none. Then it is the folder of the template to the AWS SAM CLI.
    #[error("the function names no code: neither `CodeUri` nor `InlineCode` is there")]
    None,
    /// It is the folder of the template. The states that rstack writes may be in it, and each apply would
    /// change the code.
    #[error("the folder of the template cannot be the code")]
    Whole,
}

/// Puts the places of objects in the bucket of assets where a template names local code.
///
/// # Errors
/// If code cannot be read, or lies outside of the project.
pub(super) fn take(
    env: &Env,
    folder: &Path,
    document: &mut Json,
) -> Result<Vec<LocalCode>, Vec<Unusable>> {
    let (mut out, mut failed) = (Vec::new(), Vec::new());
    let none = |pointer| Unusable { pointer, error: CodeError::None };
    failed.extend(without_code(document).into_iter().map(none));
    for (pointer, local) in named(document) {
        let Some(value) = document.pointer_mut(&pointer) else { continue };
        match place(env, folder, value, local) {
            Ok(code) => out.extend(code),
            Err(error) => failed.push(Unusable { pointer, error }),
        }
    }
    if failed.is_empty() { Ok(out) } else { Err(failed) }
}

/// Puts the addresses of objects where the translator has left what stands for them.
pub(super) fn put_addresses(translated: &mut Json) {
    match translated {
        Json::String(text) => {
            if let Some(key) = text.strip_prefix(STAND_IN) {
                let address = format!("s3://{}/{key}", bucket());
                *translated = json!({"Fn::Sub": address});
            }
        }
        Json::Array(items) => items.iter_mut().for_each(put_addresses),
        Json::Object(map) => map.values_mut().for_each(put_addresses),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// The pointers of the types of functions that name no code. A container image is none.
fn without_code(document: &Json) -> Vec<String> {
    let globals = document.pointer("/Globals/Function");
    let resources = document.get("Resources").and_then(Json::as_object);
    let functions = resources.into_iter().flatten().filter(|(_, resource)| {
        let has = |name: &str| {
            let own = resource.get("Properties").and_then(|properties| properties.get(name));
            own.or_else(|| globals?.get(name))
        };
        let is_image = || has("PackageType").is_some_and(|kind| *kind == json!("Image"));
        resource.get("Type") == Some(&json!("AWS::Serverless::Function"))
            && ["CodeUri", "InlineCode", "ImageUri"].iter().all(|name| has(name).is_none())
            && !is_image()
    });
    functions.map(|(id, _)| format!("/Resources/{}/Type", escaped(id))).collect()
}

/// The pointers of the values of a template that may name local code.
fn named(document: &Json) -> Vec<(String, &'static Local)> {
    let mut out = Vec::new();
    let mut add = |map: &Json, pointer: &str, local: &'static Local| {
        let path: Vec<&str> = local.path.split('/').collect();
        let mut found = Vec::new();
        matching(map, &path, pointer, &mut found);
        out.extend(found.into_iter().map(|pointer| (pointer, local)));
    };
    for local in LOCAL {
        let Some(section) = local.resource_type.strip_prefix(TYPES) else { continue };
        let pointer = format!("/Globals/{section}");
        if let Some(map) = document.pointer(&pointer) {
            add(map, &pointer, local);
        }
    }
    let resources = document.get("Resources").and_then(Json::as_object);
    for (id, resource) in resources.into_iter().flatten() {
        let kind = resource.get("Type").and_then(Json::as_str).unwrap_or_default();
        let Some(properties) = resource.get("Properties") else { continue };
        for local in LOCAL.iter().filter(|local| local.resource_type == kind) {
            // Inline code wins, and the other is not used.
            if local.path == "CodeUri" && properties.get("InlineCode").is_some() {
                continue;
            }
            add(properties, &format!("/Resources/{}/Properties", escaped(id)), local);
        }
    }
    out
}

/// The pointers of what a path leads to.
fn matching(value: &Json, path: &[&str], pointer: &str, found: &mut Vec<String>) {
    let Some((first, rest)) = path.split_first() else {
        return found.push(pointer.to_owned());
    };
    let entries = value.as_object().into_iter().flatten();
    for (name, value) in entries.filter(|(name, _)| *first == "*" || name == first) {
        matching(value, rest, &format!("{pointer}/{}", escaped(name)), found);
    }
}

/// A key as a part of a pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The name of the bucket of assets, as the text of an `Fn::Sub`.
fn bucket() -> String {
    default_asset_bucket("${AWS::AccountId}", "${AWS::Region}")
}

/// Puts the place of an object where a value names a local path.
fn place(
    env: &Env,
    folder: &Path,
    value: &mut Json,
    local: &Local,
) -> Result<Option<LocalCode>, CodeError> {
    let Some(path) = value.as_str().filter(|text| !text.contains("://")).map(PathBuf::from) else {
        return Ok(None);
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_owned();
    let (above, source) = above(folder, &path);
    if local.pack != Pack::File && source == Path::new(".") {
        return Err(CodeError::Whole);
    }
    // The project bounds what may be read; the upload reads in the folder alone.
    let project = Project::of(env, folder).map_err(AssetsError::from)?;
    let is_folder = project.names(&path, usize::MAX).map_err(AssetsError::from)?.is_some();
    let is_archive = !is_folder && ARCHIVES.contains(&ending.as_str());
    let packaging = match local.pack {
        _ if is_archive => Packaging::File,
        Pack::Zip => Packaging::Zip,
        Pack::ZipOfFolder if is_folder => Packaging::Zip,
        Pack::File | Pack::ZipOfFolder => Packaging::File,
    };
    let alone = Project::alone(env, &above).map_err(AssetsError::from)?;
    let upload = digest_of(&alone, &source, packaging)?;
    let ending = match packaging {
        Packaging::Zip => "zip".to_owned(),
        Packaging::File => ending,
    };
    let key = match ending.as_str() {
        "" => upload.digest.to_string(),
        ending => format!("{}.{ending}", upload.digest),
    };
    let bucket = json!({"Fn::Sub": bucket()});
    *value = match local.form {
        Form::Location => json!({"Bucket": bucket, "Key": key}),
        Form::S3 => json!({"S3Bucket": bucket, "S3Key": key}),
        Form::Address => json!(format!("{STAND_IN}{key}")),
    };
    Ok(Some(LocalCode { folder: above, source, packaging, key, upload }))
}

/// A folder above another one, and the path relative to it: as many as the path goes up.
fn above(folder: &Path, path: &Path) -> (PathBuf, PathBuf) {
    let here = folder.as_os_str().is_empty();
    let mut folder = if here { PathBuf::from(".") } else { folder.to_owned() };
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if inside.as_os_str().is_empty() => folder.push(".."),
            std::path::Component::ParentDir => {
                inside.pop();
            }
            part => inside.push(part),
        }
    }
    if inside.as_os_str().is_empty() {
        inside.push(".");
    }
    (folder, inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_goes_up_is_relative_to_a_folder_above() {
        let of = |path: &str| {
            let (folder, inside) = above(Path::new("a/b"), Path::new(path));
            (folder.display().to_string(), inside.display().to_string())
        };
        let pair = |folder: &str, inside: &str| (folder.to_owned(), inside.to_owned());
        assert_eq!(of("src"), pair("a/b", "src"));
        assert_eq!(of("./src/../lib"), pair("a/b", "lib"));
        assert_eq!(of("../../src"), pair("a/b/../..", "src"));
        assert_eq!(of("."), pair("a/b", "."));
        assert_eq!(above(Path::new(""), Path::new("src")).0, Path::new("."));
    }

    #[test]
    fn values_that_name_code_are_found() {
        let document = json!({
            "Globals": {"Function": {"CodeUri": "a"}, "Api": {"DefinitionUri": "b"}},
            "Resources": {
                "G": {"Type": "AWS::Serverless::GraphQLApi", "Properties": {
                    "SchemaUri": "s",
                    "Functions": {"f": {"CodeUri": "c"}},
                    "Resolvers": {"Query": {"a/b": {"CodeUri": "d"}}},
                }},
                "J": {"Type": "AWS::Glue::Job", "Properties": {"Command": {"ScriptLocation": "e"}}},
                "T": {"Type": "AWS::SNS::Topic", "Properties": {"Code": "f"}},
            },
        });
        let found: Vec<String> = named(&document).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(
            found,
            [
                "/Globals/Api/DefinitionUri",
                "/Globals/Function/CodeUri",
                "/Resources/G/Properties/Functions/f/CodeUri",
                "/Resources/G/Properties/Resolvers/Query/a~1b/CodeUri",
                "/Resources/G/Properties/SchemaUri",
                "/Resources/J/Properties/Command/ScriptLocation",
            ]
        );
    }

    #[test]
    fn functions_without_code_are_found() {
        let function = |properties: Json| json!({"Type": "AWS::Serverless::Function", "Properties": properties});
        let document = json!({"Resources": {
            "A": {"Type": "AWS::Serverless::Function"},
            "B": function(json!({"Handler": "a.b"})),
            "C": function(json!({"InlineCode": "x"})),
            "D": function(json!({"PackageType": "Image"})),
            "E": function(json!({"CodeUri": "src/"})),
            "F": {"Type": "AWS::Lambda::Function", "Properties": {}},
        }});
        assert_eq!(without_code(&document), ["/Resources/A/Type", "/Resources/B/Type"]);
        let mut with_globals = document;
        with_globals["Globals"] = json!({"Function": {"CodeUri": "src/"}});
        assert!(without_code(&with_globals).is_empty());
    }

    #[test]
    fn the_properties_that_name_code_are_properties_of_their_types() {
        for local in LOCAL.iter().filter(|local| !local.resource_type.starts_with(TYPES)) {
            let schema = rstack_catalog::Registry::embedded().get(local.resource_type);
            let schema = schema.unwrap().unwrap_or_else(|| panic!("{}", local.resource_type));
            let first = local.path.split('/').next().unwrap();
            assert!(schema.root().property_names().any(|name| name == first), "{}", local.path);
        }
    }

    #[test]
    fn an_address_is_put_where_the_translator_left_its_stand_in() {
        let mut translated = json!({"A": ["s3://rstack-local-code/k.js", "s3://other/k.js"]});
        put_addresses(&mut translated);
        let address = format!("s3://{}/k.js", bucket());
        assert_eq!(translated, json!({"A": [{"Fn::Sub": address}, "s3://other/k.js"]}));
    }
}
