//! The assets of a plan in its JSON document.

use rstack_model::{Asset, Digest, Image};
use serde::Serialize;

/// An asset: `{"source": "cdk.out/asset.1f2e", "packaging": "zip", "bucket": "…", "key": "1f2e.zip",
/// "region": "…", "upload": {"digest": "…", "files": 3, "bytes": 12345}}`. Without `upload` it is there
/// already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssetDocument<'a> {
    source: String,
    packaging: &'static str,
    bucket: &'a str,
    key: &'a str,
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<UploadDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UploadDocument<'a> {
    digest: &'a Digest,
    files: u64,
    bytes: u64,
}

impl<'a> AssetDocument<'a> {
    pub(super) fn of(asset: &'a Asset) -> Self {
        Self {
            source: format!("{}/{}", asset.assembly, asset.source),
            packaging: asset.packaging.name(),
            bucket: &asset.place.bucket,
            key: &asset.place.key,
            region: asset.place.region.as_str(),
            role: asset.place.role.as_ref().map(|role| role.arn.as_str()),
            upload: asset.upload.as_ref().map(|upload| UploadDocument {
                digest: &upload.digest,
                files: upload.files,
                bytes: upload.bytes,
            }),
        }
    }
}

/// A container image: `{"source": "cdk.out/asset.1f2e", "repository": "…", "tag": "…", "region": "…",
/// "build": {"digest": "…", "files": 3, "bytes": 12345, "options": ["--target", "prod"]}}`. Without `build` it
/// is there already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageDocument<'a> {
    source: String,
    repository: &'a str,
    tag: &'a str,
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<BuildDocument<'a>>,
}

#[derive(Serialize)]
struct BuildDocument<'a> {
    digest: &'a Digest,
    files: u64,
    bytes: u64,
    options: &'a [String],
}

impl<'a> ImageDocument<'a> {
    pub(super) fn of(image: &'a Image) -> Self {
        Self {
            source: format!("{}/{}", image.assembly, image.source),
            repository: &image.place.repository,
            tag: &image.place.tag,
            region: image.place.region.as_str(),
            role: image.place.role.as_ref().map(|role| role.arn.as_str()),
            build: image.build.as_ref().map(|build| BuildDocument {
                digest: &build.digest,
                files: build.files,
                bytes: build.bytes,
                options: &build.options,
            }),
        }
    }
}
