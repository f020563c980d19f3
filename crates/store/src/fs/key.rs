//! The key of a state directory.

use std::path::Path;

use super::atomic::{self, Made};
use super::disk::Disk;
use crate::error::StoreError;
use crate::key::DigestKey;

/// The key of a state directory; made when there is none. Temporary files of processes that died
/// while they made it are removed.
pub(crate) fn load(disk: &dyn Disk, directory: &Path) -> Result<DigestKey, StoreError> {
    let key = read_or_make(disk, &directory.join(".key"))?;
    atomic::remove_stale_shared(disk, directory)?;
    Ok(key)
}

fn read_or_make(disk: &dyn Disk, path: &Path) -> Result<DigestKey, StoreError> {
    if let Some(key) = read(disk, path)? {
        return Ok(key);
    }
    let key = DigestKey::fresh();
    match atomic::make_shared(disk, path, &key)? {
        Made::Now => DigestKey::parse(&key, path.into()),
        // Another process was faster: its key is the one of the directory.
        Made::Before => read(disk, path)?.ok_or_else(|| StoreError::Damaged {
            location: path.into(),
            problem: "it was removed while it was made".to_owned(),
        }),
    }
}

fn read(disk: &dyn Disk, path: &Path) -> Result<Option<DigestKey>, StoreError> {
    let bytes = atomic::read(disk, path)?;
    bytes.map(|bytes| DigestKey::parse(&bytes, path.into())).transpose()
}
