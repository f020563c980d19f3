//! The manifest of a cloud assembly, the folder `cdk.out` that `cdk synth` writes: its stacks, the
//! assemblies nested in it (stages), and the look-ups that `cdk synth` has not made.
//!
//! Source: "Cloud assembly schema", `@aws-cdk/cloud-assembly-schema` 55. Only what rstack needs is read;
//! paths are taken as they are, and are for the reader of files to judge.

mod annotations;
mod assets;
mod images;
mod stack;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

pub use self::annotations::{Annotation, annotations};
pub use self::assets::{AssetDestination, AssetManifest, AssetSourceKind, FileAsset};
pub use self::images::{ImageAsset, ImageDestination, ImageSource};
pub use self::stack::{AssemblyStack, StackEnvironment};

/// The newest major version of the schema that is known.
const NEWEST: u64 = 55;

/// The kind of the artifacts that are stacks.
const STACK: &str = "aws:cloudformation:stack";

/// The kind of the artifacts that are assemblies of their own.
const ASSEMBLY: &str = "cdk:cloud-assembly";

/// The kind of the artifacts that are asset manifests.
const ASSETS: &str = "cdk:asset-manifest";

/// The manifest of a cloud assembly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its stacks, by name.
    pub stacks: Vec<AssemblyStack>,
    /// The assemblies in it, by the names of their artifacts.
    pub nested: Vec<NestedAssembly>,
    /// The look-ups that are still to be made: until then the templates have placeholders.
    pub missing: Vec<MissingContext>,
    /// The paths of its asset manifests, relative to its folder, by the names of their artifacts. Those of
    /// a stack are among the artifacts that it depends on.
    pub assets: BTreeMap<String, String>,
}

/// An assembly in an assembly, such as a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NestedAssembly {
    /// The name of its artifact in the manifest.
    pub id: String,
    /// Its folder, relative to that of the manifest.
    pub folder: String,
    /// The artifacts that come before it.
    pub dependencies: Vec<String>,
}

/// A look-up in an account that `cdk synth` has not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingContext {
    /// The key in `cdk.context.json`.
    pub key: String,
    /// The kind of the look-up, such as `vpc-provider`.
    pub provider: String,
}

/// A mistake in a manifest. It quotes nothing of the text, which need not be a manifest, but the environment
/// of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestError {
    /// The text is not JSON from this line and column on, both from 1.
    Json {
        /// The line.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
    /// A part of it, such as `artifacts`, has another form than a manifest's.
    Form {
        /// The part.
        part: &'static str,
        /// The form that it must have.
        wanted: &'static str,
    },
    /// A stack is for an account that is none.
    Account {
        /// The artifact.
        stack: String,
        /// The account, as the app gives it.
        found: String,
    },
    /// An artifact comes after one that the manifest does not have.
    Dependency {
        /// The artifact.
        artifact: String,
        /// The missing one.
        dependency: String,
    },
    /// A newer version of the CDK wrote it.
    Newer {
        /// The major version of its schema.
        version: u64,
    },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { line, column } => {
                write!(f, "it is no JSON at line {line}, column {column}")
            }
            Self::Form { part, wanted } => write!(f, "{part} must be {wanted}"),
            Self::Account { stack, found } => {
                write!(
                    f,
                    "the stack `{stack}` is for the account `{found}`, which is not twelve digits"
                )
            }
            Self::Dependency { artifact, dependency } => {
                write!(
                    f,
                    "`{artifact}` depends on `{dependency}`, which the manifest does not have"
                )
            }
            Self::Newer { version } => {
                write!(f, "it has version {version}; this rstack reads versions up to {NEWEST}")
            }
        }
    }
}

impl std::error::Error for ManifestError {}

impl Manifest {
    /// The manifest in a text.
    ///
    /// # Errors
    /// [`ManifestError`] if the text is not the manifest of a cloud assembly, or of a newer version.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Value = serde_json::from_str(text)
            .map_err(|error| ManifestError::Json { line: error.line(), column: error.column() })?;
        let manifest = map(&manifest, "the manifest")?;
        check_version(manifest)?;
        let mut out = Self { missing: missing(manifest)?, ..Self::default() };
        let none = Map::new();
        let artifacts = match manifest.get("artifacts") {
            Some(artifacts) => map(artifacts, "`artifacts`")?,
            None => &none,
        };
        for (id, artifact) in artifacts {
            let artifact = map(artifact, "an artifact")?;
            let kind = artifact.get("type").and_then(Value::as_str);
            match kind
                .ok_or(ManifestError::Form { part: "an artifact's `type`", wanted: "text" })?
            {
                STACK => out.stacks.extend(stack::read(id, artifact)?),
                ASSEMBLY => out.nested.extend(nested(id, artifact)?),
                ASSETS => out.assets.extend(asset_manifest(id, artifact)?),
                _ => {}
            }
        }
        let stacks = out.stacks.iter().map(|stack| (&stack.id, &stack.dependencies));
        let nested = out.nested.iter().map(|assembly| (&assembly.id, &assembly.dependencies));
        for (artifact, dependencies) in stacks.chain(nested) {
            // Without its asset manifest a stack has no assets that are published.
            let is_missing =
                |id: &&String| !artifacts.contains_key(*id) && !id.ends_with(".assets");
            if let Some(missing) = dependencies.iter().find(is_missing) {
                let (artifact, dependency) = (artifact.clone(), missing.clone());
                return Err(ManifestError::Dependency { artifact, dependency });
            }
        }
        out.stacks.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        out.nested.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(out)
    }
}

/// Refuses a manifest of a newer schema, which may say what is not known here.
fn check_version(manifest: &Map<String, Value>) -> Result<(), ManifestError> {
    let Some(version) = text(manifest, "version", "`version`")? else { return Ok(()) };
    let major = version.split('.').next().and_then(|major| major.parse::<u64>().ok());
    match major.ok_or(ManifestError::Form { part: "`version`", wanted: "a version" })? {
        version if version > NEWEST => Err(ManifestError::Newer { version }),
        _ => Ok(()),
    }
}

fn missing(manifest: &Map<String, Value>) -> Result<Vec<MissingContext>, ManifestError> {
    let list = match manifest.get("missing") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(list) => list_of(list, "`missing`")?,
    };
    let mut out = Vec::new();
    for item in list {
        let item = map(item, "an entry of `missing`")?;
        let key = text(item, "key", "a `key` of `missing`")?.unwrap_or_default();
        let provider = text(item, "provider", "a `provider` of `missing`")?.unwrap_or_default();
        out.push(MissingContext { key, provider });
    }
    Ok(out)
}

fn nested(
    id: &str,
    artifact: &Map<String, Value>,
) -> Result<Option<NestedAssembly>, ManifestError> {
    let Some(properties) = artifact.get("properties") else { return Ok(None) };
    let properties = map(properties, "an artifact's `properties`")?;
    let folder = text(properties, "directoryName", "a `directoryName`")?;
    let dependencies = texts(artifact, "dependencies", "an artifact's `dependencies`")?;
    Ok(folder.map(|folder| NestedAssembly { id: id.to_owned(), folder, dependencies }))
}

/// The path of an asset manifest, by the name of its artifact.
fn asset_manifest(
    id: &str,
    artifact: &Map<String, Value>,
) -> Result<Option<(String, String)>, ManifestError> {
    let Some(properties) = artifact.get("properties") else { return Ok(None) };
    let properties = map(properties, "an artifact's `properties`")?;
    let file = text(properties, "file", "the `file` of an asset manifest")?;
    Ok(file.map(|file| (id.to_owned(), file)))
}

fn map<'v>(value: &'v Value, part: &'static str) -> Result<&'v Map<String, Value>, ManifestError> {
    value.as_object().ok_or(ManifestError::Form { part, wanted: "a map" })
}

fn list_of<'v>(value: &'v Value, part: &'static str) -> Result<&'v [Value], ManifestError> {
    value.as_array().map(Vec::as_slice).ok_or(ManifestError::Form { part, wanted: "a list" })
}

/// A text under a name, if there is one.
fn text(
    of: &Map<String, Value>,
    name: &str,
    part: &'static str,
) -> Result<Option<String>, ManifestError> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ManifestError::Form { part, wanted: "text" }),
    }
}

/// A list of texts under a name; an empty one if there is none.
fn texts(
    of: &Map<String, Value>,
    name: &str,
    part: &'static str,
) -> Result<Vec<String>, ManifestError> {
    let list = match of.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(list) => list_of(list, part)?,
    };
    let texts = list.iter().map(|item| item.as_str().map(str::to_owned));
    let texts: Option<Vec<String>> = texts.collect();
    texts.ok_or(ManifestError::Form { part, wanted: "a list of texts" })
}

#[cfg(test)]
mod tests;
