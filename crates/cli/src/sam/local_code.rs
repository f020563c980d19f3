//! Local code of serverless templates: folders and files that are uploaded, as `sam package` does.
//!
//! Source: "Using the AWS SAM CLI to build and package", `sam package`, AWS Serverless Application Model
//! Developer Guide.

use std::path::{Path, PathBuf};

use rstack_driver::default_asset_bucket;
use rstack_model::Packaging;
use rstack_template::Serverless;
use serde_json::{Value as Json, json};

use crate::assets::{AssetsError, LocalCode, digest_of};
use crate::env::Env;
use crate::files::Project;

/// The properties that take local code: the type, the property, and the form in which it is uploaded.
const LOCAL: [(&str, &str, Packaging); 5] = [
    ("AWS::Serverless::Api", "DefinitionUri", Packaging::File),
    ("AWS::Serverless::Function", "CodeUri", Packaging::Zip),
    ("AWS::Serverless::HttpApi", "DefinitionUri", Packaging::File),
    ("AWS::Serverless::LayerVersion", "ContentUri", Packaging::Zip),
    ("AWS::Serverless::StateMachine", "DefinitionUri", Packaging::File),
];
/// The ends of the names of archives, which are uploaded as they are.
const ARCHIVES: [&str; 2] = ["zip", "jar"];

/// A piece of local code that cannot be used: the resource that names it, and the reason.
#[derive(Debug)]
pub(crate) struct Unusable {
    pub(crate) resource: Option<String>,
    pub(crate) error: CodeError,
}

/// Why local code cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeError {
    /// It cannot be read.
    #[error(transparent)]
    Assets(#[from] AssetsError),
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
    serverless: &mut Serverless,
) -> Result<Vec<LocalCode>, Unusable> {
    let mut out = Vec::new();
    let document = &mut serverless.document;
    if let Some(code) = document.pointer_mut("/Globals/Function/CodeUri") {
        let taken = place(env, folder, code, Packaging::Zip);
        out.extend(taken.map_err(|error| Unusable { resource: None, error })?);
    }
    let resources = document.get_mut("Resources").and_then(Json::as_object_mut);
    for (id, resource) in resources.into_iter().flatten() {
        let kind = resource.get("Type").and_then(Json::as_str).unwrap_or_default();
        let local: Vec<_> = LOCAL.iter().filter(|(of, ..)| *of == kind).collect();
        for (_, property, packaging) in local {
            let value = resource.get_mut("Properties").and_then(|all| all.get_mut(*property));
            let Some(value) = value else { continue };
            let taken = place(env, folder, value, *packaging);
            out.extend(taken.map_err(|error| Unusable { resource: Some(id.clone()), error })?);
        }
    }
    Ok(out)
}

/// Puts the place of an object where a value names a local path.
fn place(
    env: &Env,
    folder: &Path,
    value: &mut Json,
    packaging: Packaging,
) -> Result<Option<LocalCode>, CodeError> {
    let Some(path) = value.as_str().filter(|text| !text.contains("://")).map(PathBuf::from) else {
        return Ok(None);
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_owned();
    let is_archive = ARCHIVES.contains(&ending.as_str());
    let packaging = if is_archive { Packaging::File } else { packaging };
    let (above, source) = above(folder, &path);
    if packaging == Packaging::Zip && source == Path::new(".") {
        return Err(CodeError::Whole);
    }
    // The project bounds what may be read; the upload reads in the folder alone.
    let project = Project::of(env, folder).map_err(AssetsError::from)?;
    project.names(&path, usize::MAX).map_err(AssetsError::from)?;
    let alone = Project::alone(env, &above).map_err(AssetsError::from)?;
    let upload = digest_of(&alone, &source, packaging)?;
    let ending = match packaging {
        Packaging::Zip => "zip".to_owned(),
        Packaging::File => ending,
    };
    let key = format!("{}.{ending}", upload.digest);
    *value = json!({
        "Bucket": {"Fn::Sub": default_asset_bucket("${AWS::AccountId}", "${AWS::Region}")},
        "Key": key,
    });
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
}
