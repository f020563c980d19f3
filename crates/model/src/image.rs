//! The container images of a stack: built from folders of its app, and in a repository before the stack is
//! changed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::asset::AssetRole;
use crate::digest::Digest;
use crate::id::Region;

/// The place of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagePlace {
    /// The Region of the repository.
    pub region: Region,
    /// The name of the repository.
    pub repository: String,
    /// The tag of the image.
    pub tag: String,
    /// The role that reaches the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<AssetRole>,
}

impl fmt::Display for ImagePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repository, self.tag)
    }
}

/// The build of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageBuild {
    /// The digest of the files of the folder: their paths, their executable modes and their bytes.
    pub digest: Digest,
    /// The number of files.
    pub files: u64,
    /// The bytes of the files.
    pub bytes: u64,
    /// The options of `docker build`, but for the tag and the folder.
    pub options: Vec<String>,
}

/// A container image that a repository is to have before the first change of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The place of the image.
    pub place: ImagePlace,
    /// The folder that the source lies in: that of the outermost cloud assembly, as the user named it.
    pub assembly: String,
    /// The folder that the image is built from, relative to that.
    pub source: String,
    /// The build; `None` if the repository has the image already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<ImageBuild>,
}
