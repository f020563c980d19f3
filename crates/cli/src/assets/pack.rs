//! Packing an asset: its digest, and the file that is uploaded.
//!
//! The same files give the same bytes: entries are sorted, their times are fixed, and of their modes
//! only the executable bit counts. The files are hashed once more while they are packed, so that what
//! is uploaded is what was planned.
//!
//! Source: `cdk-assets`, "Packaging of file assets".

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::AssetContent;
use rstack_model::{AssetUpload, Digest, Packaging};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::AssetsError;
use super::folder::Files;
use crate::files::{MEBIBYTE, Project};

/// The most bytes of an asset, in mebibytes.
const MAX_MEBIBYTES: u64 = 16 * 1024;

/// The bytes that are read at once.
const CHUNK: usize = 128 * 1024;

/// The length from which on an entry of an archive needs 64-bit sizes, with room for incompressible
/// bytes.
const LARGE: u64 = 0xF000_0000;

/// The permission bits of an executable file.
const EXECUTABLE: u32 = 0o755;

/// The permission bits of every other file.
const PLAIN: u32 = 0o644;

/// The digest and the size of the files of an asset.
///
/// # Errors
/// [`AssetsError`] if a file cannot be read, or there are too many bytes.
pub(super) fn digest(project: &Project, files: &Files) -> Result<AssetUpload, AssetsError> {
    let mut sum = Sum::new(project, files);
    let mut nowhere = io::sink();
    for (name, path) in &files.files {
        sum.file(name, path, |_| Ok(&mut nowhere))?;
    }
    Ok(sum.finish())
}

/// The file that is uploaded, of the files of which the plan has this digest.
///
/// # Errors
/// [`AssetsError::Changed`] if they are not the files of the plan; else as [`digest`], and if no temporary
/// file can be written.
pub(super) fn packed(
    project: &Project,
    files: &Files,
    planned: &AssetUpload,
) -> Result<Packed, AssetsError> {
    let path = || project.shown(&files.source);
    let failed = |source| AssetsError::Temporary { path: path(), source };
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut sum = Sum::new(project, files);
    match files.packaging {
        Packaging::File => {
            for (name, path) in &files.files {
                sum.file(name, path, |_| Ok(&mut file))?;
            }
        }
        Packaging::Zip => {
            let mut archive = ZipWriter::new(&mut file);
            for (name, path) in &files.files {
                sum.file(name, path, |entry| {
                    let options = SimpleFileOptions::default()
                        .compression_method(CompressionMethod::Deflated)
                        .last_modified_time(DateTime::default())
                        .unix_permissions(if entry.executable { EXECUTABLE } else { PLAIN })
                        .large_file(entry.bytes >= LARGE);
                    archive.start_file(name.as_str(), options).map_err(io::Error::from)?;
                    Ok(&mut archive)
                })?;
            }
            archive.finish().map_err(|error| failed(error.into()))?;
        }
    }
    if sum.finish() != *planned {
        return Err(AssetsError::Changed { path: path() });
    }
    let bytes = file.seek(SeekFrom::End(0)).map_err(failed)?;
    Ok(Packed { file: Arc::new(file), bytes })
}

/// A file of an asset that is open.
struct Entry {
    executable: bool,
    bytes: u64,
}

/// The digest of files, while they are read.
struct Sum<'a> {
    project: &'a Project,
    files: &'a Files,
    digest: Sha256,
    count: u64,
    bytes: u64,
}

impl<'a> Sum<'a> {
    fn new(project: &'a Project, files: &'a Files) -> Self {
        let mut digest = Sha256::new();
        digest.update(files.packaging.name());
        Self { project, files, digest, count: 0, bytes: 0 }
    }

    /// Reads a file and writes it where `target` says.
    fn file<'t, T: Write + 't>(
        &mut self,
        name: &str,
        path: &Path,
        target: impl FnOnce(&Entry) -> io::Result<&'t mut T>,
    ) -> Result<(), AssetsError> {
        let shown = self.project.shown(path);
        let unread = |source| AssetsError::Read { path: shown.clone(), source };
        let unwritten = |source| AssetsError::Temporary { path: shown.clone(), source };
        let mut file = self.project.open(path)?;
        let found = file.metadata().map_err(unread)?;
        let executable = found.permissions().mode() & 0o100 != 0;
        let entry = Entry { executable, bytes: found.len() };
        let target = target(&entry).map_err(unwritten)?;
        // Lengths are a part of it: else the end of a name could be the beginning of a content.
        let length = u64::try_from(name.len()).unwrap_or(u64::MAX);
        self.digest.update(length.to_be_bytes());
        self.digest.update(name);
        self.digest.update([u8::from(executable)]);
        let mut content = Sha256::new();
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = file.read(&mut buffer).map_err(unread)?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
            content.update(part);
            self.bytes = self.bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            if self.bytes > MAX_MEBIBYTES * MEBIBYTE {
                let path = self.project.shown(&self.files.source);
                return Err(AssetsError::TooLarge { path, limit: MAX_MEBIBYTES });
            }
            target.write_all(part).map_err(unwritten)?;
        }
        self.digest.update(content.finalize());
        self.count += 1;
        Ok(())
    }

    fn finish(self) -> AssetUpload {
        let digest = hex::encode(self.digest.finalize());
        let digest = Digest::parse(&digest).unwrap_or_else(|| Digest::of(digest.as_bytes()));
        AssetUpload { digest, files: self.count, bytes: self.bytes }
    }
}

/// The bytes that are uploaded: a temporary file without a name.
#[derive(Debug)]
pub(super) struct Packed {
    file: Arc<File>,
    bytes: u64,
}

#[async_trait]
impl AssetContent for Packed {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    async fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let rest = usize::try_from(self.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (file, length) = (Arc::clone(&self.file), length.min(rest));
        let read = move || {
            let mut part = vec![0; length];
            file.read_exact_at(&mut part, offset).map(|()| part)
        };
        tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
    }
}
