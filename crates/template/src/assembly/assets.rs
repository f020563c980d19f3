//! The asset manifest of a stack, `STACK.assets.json`: the files and images that buckets and
//! repositories have before the stack is deployed.
//!
//! Source: "Cloud assembly schema", `AssetManifest`, `@aws-cdk/cloud-assembly-schema` 55. It is untrusted:
//! what becomes a part of a request is checked here, paths are for the reader of files to judge.

use rstack_model::state::Environment;
use rstack_model::{AssetPlace, AssetRole, Packaging, Region};
use serde_json::{Map, Value};

use super::images::{self, ImageAsset};
use super::{ManifestError, check_version, map, text};

/// The most assets, and destinations of one, that a manifest has.
const MAX_ASSETS: usize = 10_000;

/// The longest key of an object, in bytes. Source: "Naming Amazon S3 objects", Amazon S3 User Guide.
const MAX_KEY: usize = 1024;

/// An asset manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetManifest {
    /// The files and folders.
    pub files: Vec<FileAsset>,
    /// The container images.
    pub images: Vec<ImageAsset>,
}

/// A file or folder that is uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAsset {
    /// Its name in the manifest, mostly a digest.
    pub id: String,
    /// Where it comes from.
    pub source: AssetSourceKind,
    /// The places that it is uploaded to.
    pub destinations: Vec<AssetDestination>,
}

/// The origin of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetSourceKind {
    /// A file or folder.
    Path {
        /// The path, relative to the manifest's folder.
        path: String,
        /// The form in which it is uploaded.
        packaging: Packaging,
    },
    /// A command that would make it.
    Command,
}

/// A place of an asset, with placeholders such as `${AWS::Region}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetDestination {
    bucket: String,
    key: String,
    region: Option<String>,
    role: Option<String>,
    external_id: Option<String>,
}

impl AssetDestination {
    /// The key of the object, in which placeholders are not replaced.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl AssetManifest {
    /// The asset manifest in a text.
    ///
    /// # Errors
    /// [`ManifestError`] if the text is not an asset manifest, or of a newer version.
    pub fn parse(source: &str) -> Result<Self, ManifestError> {
        let manifest: Value = serde_json::from_str(source)
            .map_err(|error| ManifestError::Json { line: error.line(), column: error.column() })?;
        let manifest = map(&manifest, "the asset manifest")?;
        check_version(manifest)?;
        let files = entries(manifest, "files", "`files`")?;
        let files = files.iter().map(|(id, file)| file_asset(id, map(file, "an asset")?));
        let files = files.collect::<Result<Vec<_>, ManifestError>>()?;
        let images = entries(manifest, "dockerImages", "`dockerImages`")?;
        let images = images.iter().map(|(id, it)| images::image(id, map(it, "an image")?));
        Ok(Self { files, images: images.collect::<Result<_, ManifestError>>()? })
    }
}

/// The map under a name, with a bound; an empty one if there is none.
pub(super) fn entries(
    of: &Map<String, Value>,
    name: &str,
    part: &'static str,
) -> Result<Map<String, Value>, ManifestError> {
    let found = match of.get(name) {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(value) => map(value, part)?,
    };
    if found.len() > MAX_ASSETS {
        return Err(ManifestError::Form { part, wanted: "a map of at most 10000 entries" });
    }
    Ok(found.clone())
}

fn file_asset(id: &str, asset: &Map<String, Value>) -> Result<FileAsset, ManifestError> {
    let source = asset.get("source").unwrap_or(&Value::Null);
    let source = map(source, "the `source` of an asset")?;
    let path = text(source, "path", "a `path` of an asset")?;
    let source = match (path, source.get("executable")) {
        (Some(path), _) => {
            let packaging = text(source, "packaging", "a `packaging`")?;
            let packaging = match packaging.as_deref() {
                None | Some("file") => Packaging::File,
                Some("zip") => Packaging::Zip,
                Some(_) => {
                    let part = "the `packaging` of an asset";
                    return Err(ManifestError::Form { part, wanted: "`file` or `zip`" });
                }
            };
            AssetSourceKind::Path { path, packaging }
        }
        (None, Some(_)) => AssetSourceKind::Command,
        (None, None) => {
            let part = "the `source` of an asset";
            return Err(ManifestError::Form { part, wanted: "a `path` or an `executable`" });
        }
    };
    let destinations = entries(asset, "destinations", "the `destinations` of an asset")?;
    let destinations = destinations.values().map(|it| destination(map(it, "a destination")?));
    let destinations = destinations.collect::<Result<Vec<_>, ManifestError>>()?;
    Ok(FileAsset { id: id.to_owned(), source, destinations })
}

fn destination(of: &Map<String, Value>) -> Result<AssetDestination, ManifestError> {
    let needed = |name: &str, part: &'static str| {
        text(of, name, part)?.ok_or(ManifestError::Form { part, wanted: "text" })
    };
    Ok(AssetDestination {
        bucket: needed("bucketName", "the `bucketName` of a destination")?,
        key: needed("objectKey", "the `objectKey` of a destination")?,
        region: text(of, "region", "the `region` of a destination")?,
        role: text(of, "assumeRoleArn", "the `assumeRoleArn` of a destination")?,
        external_id: text(of, "assumeRoleExternalId", "the `assumeRoleExternalId`")?,
    })
}

impl AssetDestination {
    /// The place for a stack that lives here: placeholders are replaced, and the parts are of the form
    /// that requests take.
    ///
    /// # Errors
    /// [`ManifestError::Form`] if a part has another form.
    pub fn place(&self, environment: &Environment) -> Result<AssetPlace, ManifestError> {
        let region = &environment.region;
        let filled = |text: &str| filled(text, environment);
        let bucket = filled(&self.bucket);
        if !is_bucket(&bucket) {
            let part = "the `bucketName` of a destination";
            return Err(ManifestError::Form { part, wanted: "the name of a bucket" });
        }
        let key = filled(&self.key);
        let is_key = !key.is_empty() && key.len() <= MAX_KEY && !key.chars().any(char::is_control);
        // An object of such a key is not reached: clients and proxies resolve the segments.
        if !is_key || key.split('/').any(|part| matches!(part, "." | "..")) {
            let part = "the `objectKey` of a destination";
            return Err(ManifestError::Form { part, wanted: "the key of an object" });
        }
        let region = self.region.as_deref().map_or_else(|| region.to_string(), filled);
        if !is_word(&region, "-") {
            let part = "the `region` of a destination";
            return Err(ManifestError::Form { part, wanted: "a Region" });
        }
        let role = role(self.role.as_deref(), self.external_id.as_deref(), environment)?;
        Ok(AssetPlace { region: Region::new(region), bucket, key, role })
    }
}

/// A text of a manifest with the account, Region and partition of the stack.
pub(super) fn filled(text: &str, environment: &Environment) -> String {
    let Environment { account, region, partition, .. } = environment;
    text.replace("${AWS::AccountId}", account.as_str())
        .replace("${AWS::Region}", region.as_str())
        .replace("${AWS::Partition}", partition.as_str())
}

/// The role of a destination.
pub(super) fn role(
    arn: Option<&str>,
    external_id: Option<&str>,
    environment: &Environment,
) -> Result<Option<AssetRole>, ManifestError> {
    let Some(arn) = arn.map(|arn| filled(arn, environment)) else { return Ok(None) };
    let is_role = arn.starts_with("arn:") && arn.contains(":role/");
    if is_role && arn.len() <= 2048 && is_word(&arn, "-:/_+=,.@") {
        let external_id = external_id.map(str::to_owned);
        return Ok(Some(AssetRole { arn, external_id }));
    }
    let part = "the `assumeRoleArn` of a destination";
    Err(ManifestError::Form { part, wanted: "the ARN of a role" })
}

/// True of letters, digits and these characters.
fn is_word(text: &str, others: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    !text.is_empty() && text.chars().all(allowed)
}

/// True of the name of a bucket. Source: "General purpose bucket naming rules", Amazon S3 User Guide.
fn is_bucket(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    (3..=63).contains(&name.len())
        && name.bytes().all(allowed)
        && !name.contains("..")
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use rstack_model::{AccountId, Partition};
    use serde_json::json;

    use super::*;

    fn manifest(files: Value) -> Result<AssetManifest, ManifestError> {
        let manifest = json!({"version": "36.0.0", "files": files, "dockerImages": {
            "i1": {"displayName": "Image", "source": {"directory": "d"}},
            "i2": {"source": {"executable": ["make"]}},
        }});
        AssetManifest::parse(&manifest.to_string())
    }

    fn here() -> Environment {
        Environment {
            account: AccountId::from("123456789012"),
            region: Region::from("eu-west-1"),
            partition: Partition::new("aws"),
            sandbox: false,
        }
    }

    fn place(destination: Value) -> Result<AssetPlace, ManifestError> {
        let file = json!({"source": {"path": "p"}, "destinations": {"d": destination}});
        let manifest = manifest(json!({"a": file}))?;
        manifest.files[0].destinations[0].place(&here())
    }

    #[test]
    fn files_and_images_are_read() {
        let found = manifest(json!({
            "a": {"source": {"path": "asset.a", "packaging": "zip"}, "destinations": {}},
            "b": {"source": {"path": "b.json"}, "destinations": {}},
            "c": {"source": {"executable": ["make"]}, "destinations": {}},
        }));
        let found = found.unwrap();
        let sources: Vec<AssetSourceKind> = found.files.into_iter().map(|it| it.source).collect();
        let path =
            |path: &str, packaging| AssetSourceKind::Path { path: path.to_owned(), packaging };
        let expected = [
            path("asset.a", Packaging::Zip),
            path("b.json", Packaging::File),
            AssetSourceKind::Command,
        ];
        assert_eq!(sources, expected);
        let images: Vec<&str> = found.images.iter().map(|image| image.name.as_str()).collect();
        assert_eq!(images, ["Image", "i2"]);
        assert_eq!(AssetManifest::parse("{}").unwrap(), AssetManifest::default());
    }

    #[test]
    fn placeholders_become_those_of_the_stack() {
        let place = place(json!({
            "bucketName": "cdk-x-assets-${AWS::AccountId}-${AWS::Region}", "objectKey": "k.zip",
            "assumeRoleArn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/r",
        }));
        let place = place.unwrap();
        assert_eq!(place.to_string(), "s3://cdk-x-assets-123456789012-eu-west-1/k.zip");
        assert_eq!(place.role.unwrap().arn, "arn:aws:iam::123456789012:role/r");
        assert_eq!(place.region.as_str(), "eu-west-1");
    }

    #[test]
    fn what_could_lead_a_request_elsewhere_is_refused() {
        let good = json!({"bucketName": "bucket", "objectKey": "k"});
        assert!(place(good.clone()).is_ok());
        for (name, value) in [
            ("bucketName", "b/../c"),
            ("bucketName", "evil.example.com?x="),
            ("bucketName", "${AWS::StackName}"),
            ("bucketName", "Upper"),
            ("bucketName", "ab"),
            ("objectKey", ""),
            ("objectKey", "a\nb"),
            ("objectKey", "a/../../b"),
            ("region", "eu-west-1.evil.example/"),
            ("assumeRoleArn", "arn:aws:iam::1:user/x"),
            ("assumeRoleArn", "arn:aws:iam::1:role/x y"),
        ] {
            let mut wrong = good.clone();
            wrong[name] = json!(value);
            assert!(matches!(place(wrong), Err(ManifestError::Form { .. })), "{name} {value}");
        }
        let long = "k".repeat(MAX_KEY + 1);
        assert!(place(json!({"bucketName": "bucket", "objectKey": long})).is_err());
        for files in [
            json!([]),
            json!({"a": {"source": {}, "destinations": {}}}),
            json!({"a": {"source": {"path": 1}, "destinations": {}}}),
            json!({"a": {"source": {"path": "p", "packaging": "tar"}, "destinations": {}}}),
            json!({"a": {"source": {"path": "p"}, "destinations": {"d": {"objectKey": "k"}}}}),
        ] {
            assert!(manifest(files.clone()).is_err(), "{files}");
        }
        let newer = AssetManifest::parse(r#"{"version": "99.0.0"}"#);
        assert_eq!(newer, Err(ManifestError::Newer { version: 99 }));
    }
}
