//! The container images of an asset manifest: how each is built, and the repositories that it is pushed to.
//!
//! Source: "Cloud assembly schema", `DockerImageAsset`, `@aws-cdk/cloud-assembly-schema` 55. It is untrusted:
//! what becomes a part of a request or of a command is checked here, paths are for the reader of files to
//! judge.

use std::path::{Component, Path};

use rstack_model::state::Environment;
use rstack_model::{AssetRole, ImagePlace, Region};
use serde_json::{Map, Value};

use super::assets::{entries, filled, role};
use super::{ManifestError, map, text};

/// The most elements of a list of options.
const MAX_OPTIONS: usize = 1_000;

/// A container image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageAsset {
    /// Its name in the manifest, mostly a digest.
    pub id: String,
    /// The name that people know it by.
    pub name: String,
    /// Where it comes from.
    pub source: ImageSource,
    /// The repositories that it is pushed to.
    pub destinations: Vec<ImageDestination>,
}

/// The origin of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// A folder with a Dockerfile.
    Folder {
        /// The path, relative to the manifest's folder.
        path: String,
        /// The options of `docker build`, but for the tag and the folder.
        options: Vec<String>,
    },
    /// A command that would make it.
    Command,
}

/// A place of an image, with placeholders such as `${AWS::Region}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDestination {
    repository: String,
    tag: String,
    region: Option<String>,
    role: Option<String>,
    external_id: Option<String>,
}

/// The image of an entry of `dockerImages`.
pub(super) fn image(id: &str, of: &Map<String, Value>) -> Result<ImageAsset, ManifestError> {
    let name = text(of, "displayName", "a `displayName`")?.unwrap_or_else(|| id.to_owned());
    let source = map(of.get("source").unwrap_or(&Value::Null), "the `source` of an image")?;
    let path = text(source, "directory", "the `directory` of an image")?;
    let source = match (path, source.get("executable")) {
        (Some(path), _) => ImageSource::Folder { path, options: options(source)? },
        (None, Some(_)) => ImageSource::Command,
        (None, None) => {
            let part = "the `source` of an image";
            return Err(ManifestError::Form { part, wanted: "a `directory` or an `executable`" });
        }
    };
    let destinations = entries(of, "destinations", "the `destinations` of an image")?;
    let destinations = destinations.values().map(|it| destination(map(it, "a destination")?));
    let destinations = destinations.collect::<Result<_, ManifestError>>()?;
    Ok(ImageAsset { id: id.to_owned(), name, source, destinations })
}

fn destination(of: &Map<String, Value>) -> Result<ImageDestination, ManifestError> {
    let needed = |name: &str, part: &'static str| {
        text(of, name, part)?.ok_or(ManifestError::Form { part, wanted: "text" })
    };
    Ok(ImageDestination {
        repository: needed("repositoryName", "the `repositoryName` of a destination")?,
        tag: needed("imageTag", "the `imageTag` of a destination")?,
        region: text(of, "region", "the `region` of a destination")?,
        role: text(of, "assumeRoleArn", "the `assumeRoleArn` of a destination")?,
        external_id: text(of, "assumeRoleExternalId", "the `assumeRoleExternalId`")?,
    })
}

/// The options of `docker build` that a source asks for, in the order in which the CDK gives them.
///
/// Source: "docker buildx build", Docker Docs, and `cdk-assets`.
fn options(source: &Map<String, Value>) -> Result<Vec<String>, ManifestError> {
    let mut out = Vec::new();
    let mut add = |flag: &str, value: String| out.extend([flag.to_owned(), value]);
    for (name, value) in texts(source, "dockerBuildArgs", "the `dockerBuildArgs` of an image")? {
        add("--build-arg", format!("{name}={value}"));
    }
    let part = "the `dockerBuildSecrets` of an image";
    for (name, value) in texts(source, "dockerBuildSecrets", part)? {
        add("--secret", format!("id={name},{value}"));
    }
    if let Some(ssh) = text(source, "dockerBuildSsh", "the `dockerBuildSsh` of an image")? {
        add("--ssh", ssh);
    }
    let target = text(source, "dockerBuildTarget", "the `dockerBuildTarget` of an image")?;
    target.into_iter().for_each(|target| add("--target", target));
    if let Some(file) = text(source, "dockerFile", "the `dockerFile` of an image")? {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(&file).components().all(plain) {
            let part = "the `dockerFile` of an image";
            return Err(ManifestError::Form { part, wanted: "a path below its `directory`" });
        }
        add("--file", file);
    }
    let network = text(source, "networkMode", "the `networkMode` of an image")?;
    network.into_iter().for_each(|network| add("--network", network));
    let platform = text(source, "platform", "the `platform` of an image")?;
    platform.into_iter().for_each(|platform| add("--platform", platform));
    for output in list(source, "dockerOutputs", "the `dockerOutputs` of an image")? {
        let output = output.as_str().ok_or(ManifestError::Form {
            part: "the `dockerOutputs` of an image",
            wanted: "a list of texts",
        })?;
        out.push(format!("--output={output}"));
    }
    for from in list(source, "cacheFrom", "the `cacheFrom` of an image")? {
        out.extend(["--cache-from".to_owned(), cache(from, "the `cacheFrom` of an image")?]);
    }
    if let Some(to) = source.get("cacheTo").filter(|to| !to.is_null()) {
        out.extend(["--cache-to".to_owned(), cache(to, "the `cacheTo` of an image")?]);
    }
    match source.get("cacheDisabled") {
        None | Some(Value::Null | Value::Bool(false)) => {}
        Some(Value::Bool(true)) => out.push("--no-cache".to_owned()),
        Some(_) => {
            let part = "the `cacheDisabled` of an image";
            return Err(ManifestError::Form { part, wanted: "`true` or `false`" });
        }
    }
    Ok(out)
}

/// A cache: `type=TYPE,NAME=VALUE`.
fn cache(of: &Value, part: &'static str) -> Result<String, ManifestError> {
    let of = map(of, part)?;
    let kind = text(of, "type", part)?.ok_or(ManifestError::Form { part, wanted: "a `type`" })?;
    let mut out = format!("type={kind}");
    for (name, value) in texts(of, "params", part)? {
        out.push_str(&format!(",{name}={value}"));
    }
    Ok(out)
}

fn texts(
    of: &Map<String, Value>,
    name: &str,
    part: &'static str,
) -> Result<Vec<(String, String)>, ManifestError> {
    let texts = entries(of, name, part)?.into_iter().map(|(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        _ => Err(ManifestError::Form { part, wanted: "a map of texts" }),
    });
    texts.collect()
}

fn list<'a>(
    of: &'a Map<String, Value>,
    name: &str,
    part: &'static str,
) -> Result<&'a [Value], ManifestError> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) if items.len() <= MAX_OPTIONS => Ok(items),
        Some(_) => Err(ManifestError::Form { part, wanted: "a list of at most 1000 elements" }),
    }
}

impl ImageDestination {
    /// The place for a stack that lives here: placeholders are replaced, and the parts are of the form that
    /// requests take.
    ///
    /// # Errors
    /// [`ManifestError::Form`] if a part has another form.
    pub fn place(&self, environment: &Environment) -> Result<ImagePlace, ManifestError> {
        let repository = filled(&self.repository, environment);
        if !is_repository(&repository) {
            let part = "the `repositoryName` of a destination";
            return Err(ManifestError::Form { part, wanted: "the name of a repository" });
        }
        let tag = filled(&self.tag, environment);
        if !is_tag(&tag) {
            let part = "the `imageTag` of a destination";
            return Err(ManifestError::Form { part, wanted: "the tag of an image" });
        }
        let region = self.region.as_deref();
        let region =
            region.map_or_else(|| environment.region.to_string(), |it| filled(it, environment));
        if region.is_empty() || !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            let part = "the `region` of a destination";
            return Err(ManifestError::Form { part, wanted: "a Region" });
        }
        let role: Option<AssetRole> =
            role(self.role.as_deref(), self.external_id.as_deref(), environment)?;
        Ok(ImagePlace { region: Region::new(region), repository, tag, role })
    }
}

/// True of the name of a repository. Source: CreateRepository, Amazon ECR API Reference.
fn is_repository(name: &str) -> bool {
    let is_part = |part: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(plain)
            && part.ends_with(plain)
            && part.chars().all(|c| plain(c) || "._-".contains(c))
    };
    (2..=256).contains(&name.len()) && name.split('/').all(is_part)
}

/// True of the tag of an image. Source: "docker image tag", Docker Docs.
fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&tag.len())
        && tag.starts_with(word)
        && tag.chars().all(|c| word(c) || ".-".contains(c))
}

#[cfg(test)]
mod tests {
    use rstack_model::{AccountId, Partition};
    use serde_json::json;

    use super::*;
    use crate::assembly::AssetManifest;

    fn read(image: Value) -> Result<ImageAsset, ManifestError> {
        let manifest = json!({"version": "36.0.0", "dockerImages": {"abc": image}});
        Ok(AssetManifest::parse(&manifest.to_string())?.images.remove(0))
    }

    fn here() -> Environment {
        Environment {
            account: AccountId::from("123456789012"),
            region: Region::from("eu-west-1"),
            partition: Partition::new("aws"),
            sandbox: false,
        }
    }

    #[test]
    fn the_options_of_a_build_are_those_of_the_cdk() {
        let image = read(json!({
            "source": {
                "directory": "asset.abc", "dockerFile": "docker/File", "dockerBuildTarget": "prod",
                "dockerBuildArgs": {"A": "1", "B": "x y"}, "dockerBuildSecrets": {"npm": "src=.npmrc"},
                "dockerBuildSsh": "default", "networkMode": "host", "platform": "linux/arm64",
                "dockerOutputs": ["type=docker"], "cacheDisabled": true,
                "cacheFrom": [{"type": "registry", "params": {"ref": "r"}}, {"type": "gha"}],
                "cacheTo": {"type": "inline"},
            },
            "destinations": {},
        }));
        let ImageSource::Folder { path, options } = image.unwrap().source else {
            panic!("a folder")
        };
        assert_eq!(path, "asset.abc");
        let expected = "--build-arg|A=1|--build-arg|B=x y|--secret|id=npm,src=.npmrc|--ssh|default|--target|\
                        prod|--file|docker/File|--network|host|--platform|linux/arm64|--output=type=docker|\
                        --cache-from|type=registry,ref=r|--cache-from|type=gha|--cache-to|type=inline|\
                        --no-cache";
        assert_eq!(options.join("|"), expected);
        let plain = read(json!({"displayName": "Api", "source": {"directory": "d"}})).unwrap();
        assert_eq!((plain.id.as_str(), plain.name.as_str()), ("abc", "Api"));
        assert_eq!(plain.source, ImageSource::Folder { path: "d".to_owned(), options: Vec::new() });
        let command = read(json!({"source": {"executable": ["make"]}})).unwrap();
        assert_eq!(command.source, ImageSource::Command);
    }

    #[test]
    fn placeholders_become_those_of_the_stack() {
        let image = read(json!({"source": {"directory": "d"}, "destinations": {"x": {
            "repositoryName": "cdk-x-container-assets-${AWS::AccountId}-${AWS::Region}",
            "imageTag": "abc", "assumeRoleArn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/r",
        }}}));
        let place = image.unwrap().destinations[0].place(&here()).unwrap();
        assert_eq!(place.to_string(), "cdk-x-container-assets-123456789012-eu-west-1:abc");
        assert_eq!(place.role.unwrap().arn, "arn:aws:iam::123456789012:role/r");
        assert_eq!(place.region.as_str(), "eu-west-1");
    }

    #[test]
    fn what_could_lead_a_command_elsewhere_is_refused() {
        let good = json!({"repositoryName": "repo/a-b", "imageTag": "t"});
        let place = |destination: &Value| {
            let image = json!({"source": {"directory": "d"}, "destinations": {"x": destination}});
            read(image)?.destinations[0].place(&here())
        };
        assert!(place(&good).is_ok());
        for (name, value) in [
            ("repositoryName", "-x"),
            ("repositoryName", "a/../b"),
            ("repositoryName", "Upper"),
            ("repositoryName", "host:5000/r"),
            ("repositoryName", ""),
            ("imageTag", "-t"),
            ("imageTag", "a:b"),
            ("imageTag", "a b"),
            ("region", "eu-west-1.evil.example/"),
            ("assumeRoleArn", "arn:aws:iam::1:user/x"),
        ] {
            let mut wrong = good.clone();
            wrong[name] = json!(value);
            assert!(matches!(place(&wrong), Err(ManifestError::Form { .. })), "{name} {value}");
        }
        for source in [
            json!({}),
            json!({"directory": 1}),
            json!({"directory": "d", "dockerFile": "../x"}),
            json!({"directory": "d", "dockerFile": "/etc/passwd"}),
            json!({"directory": "d", "dockerBuildArgs": {"a": 1}}),
            json!({"directory": "d", "dockerOutputs": [1]}),
            json!({"directory": "d", "cacheFrom": [{}]}),
            json!({"directory": "d", "cacheDisabled": "yes"}),
        ] {
            assert!(read(json!({"source": source.clone()})).is_err(), "{source}");
        }
    }
}
