//! Code that lies beside a template and is uploaded under the digest of its files.

use std::path::PathBuf;

use rstack_model::{AssetUpload, Packaging};

/// Code that a template has beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalCode {
    /// The folder of the template, or one above it.
    pub(crate) folder: PathBuf,
    /// The code, relative to that folder.
    pub(crate) source: PathBuf,
    /// The form in which it is uploaded.
    pub(crate) packaging: Packaging,
    /// The key of the object.
    pub(crate) key: String,
    /// The files that an upload sends.
    pub(crate) upload: AssetUpload,
}
