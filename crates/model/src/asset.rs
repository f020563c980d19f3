//! The assets of a stack: files of its app that buckets have before the stack is changed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::Region;

/// The form in which an asset is uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Packaging {
    /// The file as it is.
    File,
    /// A ZIP archive of a folder, or of one file.
    Zip,
}

impl Packaging {
    /// The name in an asset manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Zip => "zip",
        }
    }
}

/// The role that reaches a bucket, where it can be assumed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetRole {
    /// The ARN of the role.
    pub arn: String,
    /// The external ID that its trust policy asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// The place of an asset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetPlace {
    /// The Region of the bucket.
    pub region: Region,
    /// The bucket.
    pub bucket: String,
    /// The key of the object.
    pub key: String,
    /// The role that reaches the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<AssetRole>,
}

impl fmt::Display for AssetPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// The files that an upload sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetUpload {
    /// The digest of the files: their paths, their executable modes and their bytes.
    pub digest: Digest,
    /// The number of files.
    pub files: u64,
    /// The bytes of the files, before they are packed.
    pub bytes: u64,
}

/// A file or folder of an app that a bucket is to have before the first change of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// The place of the object.
    pub place: AssetPlace,
    /// The folder that the source lies in: that of the outermost cloud assembly, as the user named it.
    pub assembly: String,
    /// The source, relative to that folder.
    pub source: String,
    /// The form in which it is uploaded.
    pub packaging: Packaging,
    /// The upload; `None` if the bucket has the object already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<AssetUpload>,
}
