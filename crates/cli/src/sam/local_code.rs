//! Local code of serverless templates: folders and files that are uploaded, as `sam package` does.
//!
//! Source: "Using the AWS SAM CLI to build and package", `sam package`, AWS Serverless Application Model
//! Developer Guide; `package`, AWS CLI Command Reference, which lists the properties.

use std::path::{Path, PathBuf};

use rstack_driver::default_asset_bucket;
use rstack_model::Packaging;
use serde_json::{Value as Json, json};

use crate::assets::{AssetsError, LocalCode, digest_of, folder_of};
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
    name_folder(document);
    let (mut out, mut failed) = (Vec::new(), Vec::new());
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

/// The types whose code is the folder of the template where they name none: the property, and those beside
/// which there is none.
///
/// Source: `PACKAGE_NULL_PROPERTY` in `samcli/lib/package/packageable_resources.py`, AWS SAM CLI.
const FOLDER: [(&str, &str, &[&str]); 2] =
    [("Function", "CodeUri", &["InlineCode", "ImageUri"]), ("LayerVersion", "ContentUri", &[])];

/// Names the folder of the template as the code of functions and layers that name none.
fn name_folder(document: &mut Json) {
    for (section, property, others) in FOLDER {
        let has_code = |map: &Json| {
            let is_image = map.get("PackageType").and_then(Json::as_str) == Some("Image");
            is_image || others.iter().chain([&property]).any(|name| map.get(name).is_some())
        };
        if document.pointer(&format!("/Globals/{section}")).is_some_and(has_code) {
            continue;
        }
        let resources = document.get_mut("Resources").and_then(Json::as_object_mut);
        for resource in resources.into_iter().flat_map(|all| all.values_mut()) {
            let kind = resource.get("Type").and_then(Json::as_str).unwrap_or_default();
            if kind.strip_prefix(TYPES) != Some(section) {
                continue;
            }
            let Some(resource) = resource.as_object_mut() else { continue };
            let properties = resource.entry("Properties").or_insert_with(|| json!({}));
            if has_code(properties) {
                continue;
            }
            if let Some(properties) = properties.as_object_mut() {
                properties.insert(property.to_owned(), json!("."));
            }
        }
    }
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
    let alone = folder_of(env, &above, &source).map_err(AssetsError::from)?;
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
    fn a_function_without_code_has_the_folder_of_the_template() {
        let resources = |document: &Json| {
            let all = document.get("Resources").and_then(Json::as_object).unwrap();
            let code = |it: &Json| it.pointer("/Properties/CodeUri").cloned();
            all.iter().filter_map(|(id, it)| Some((id.clone(), code(it)?))).collect::<Vec<_>>()
        };
        let function = |properties: Json| json!({"Type": "AWS::Serverless::Function", "Properties": properties});
        let mut document = json!({"Resources": {
            "A": {"Type": "AWS::Serverless::Function"},
            "B": function(json!({"InlineCode": "x"})),
            "C": function(json!({"PackageType": "Image"})),
            "D": function(json!({"CodeUri": "src"})),
            "E": {"Type": "AWS::Serverless::Api"},
        }});
        name_folder(&mut document);
        let expected = [("A".to_owned(), json!(".")), ("D".to_owned(), json!("src"))];
        assert_eq!(resources(&document), expected);
        let mut document = json!({
            "Globals": {"Function": {"CodeUri": "src"}},
            "Resources": {"A": function(json!({}))},
        });
        name_folder(&mut document);
        assert_eq!(resources(&document), []);
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
