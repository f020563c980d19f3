//! The bytes of the objects in buckets: in memory, or as files beside the sandbox's own file.
//!
//! A file is named by the digest of its key. It appears when all of it is written: what was cut off
//! before has another name, and is never read.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rstack_driver::ObjectSummary;
use rstack_model::Digest;

use crate::SandboxError;

/// The objects of all buckets by bucket and key.
type Objects = BTreeMap<(String, String), Vec<u8>>;

/// Where the bytes are kept. Clones share it.
#[derive(Clone, Debug)]
pub(crate) enum ObjectBytes {
    /// In memory.
    Memory(Arc<Mutex<Objects>>),
    /// In this folder, a folder for each bucket.
    Folder(PathBuf),
}

/// The number of uploads that this process has begun.
static UPLOADS: AtomicU64 = AtomicU64::new(0);

fn lock(objects: &Mutex<Objects>) -> MutexGuard<'_, Objects> {
    objects.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(path: &Path, action: &'static str) -> impl Fn(io::Error) -> SandboxError + use<> {
    let path = path.to_owned();
    move |source| SandboxError::Io { path: path.clone(), action, source }
}

fn summary(bytes: u64) -> ObjectSummary {
    ObjectSummary { bytes, tag: None }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl ObjectBytes {
    /// The bytes beside the sandbox's file, or in memory if it has none.
    pub(crate) fn beside(file: Option<&Path>) -> Self {
        match file.map(|file| file.parent().unwrap_or(Path::new("."))) {
            Some(folder) => Self::Folder(folder.join("buckets")),
            None => Self::Memory(Arc::default()),
        }
    }

    /// The same objects in memory, as far as they are there already.
    pub(crate) fn fork(&self) -> Self {
        match self {
            Self::Memory(objects) => Self::Memory(Arc::new(Mutex::new(lock(objects).clone()))),
            Self::Folder(_) => Self::Memory(Arc::default()),
        }
    }

    fn path(folder: &Path, bucket: &str, key: &str) -> PathBuf {
        // The names of buckets have no `/`; a digest keeps it so whatever a caller says.
        let bucket = Digest::of(bucket.as_bytes());
        folder.join(bucket.as_str()).join(Digest::of(key.as_bytes()).as_str())
    }

    /// An object without its bytes, if there is one.
    pub(crate) fn find(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<ObjectSummary>, SandboxError> {
        match self {
            Self::Memory(objects) => {
                let objects = lock(objects);
                let found = objects.get(&(bucket.to_owned(), key.to_owned()));
                Ok(found.map(|bytes| summary(length(bytes))))
            }
            Self::Folder(folder) => {
                let path = Self::path(folder, bucket, key);
                match std::fs::symlink_metadata(&path) {
                    Ok(found) if found.is_file() => Ok(Some(summary(found.len()))),
                    Ok(_) => Err(failed(&path, "read")(io::ErrorKind::InvalidData.into())),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(failed(&path, "read")(error)),
                }
            }
        }
    }

    /// The bytes of an object of at most `limit` bytes, if there is one.
    pub(crate) fn get(
        &self,
        bucket: &str,
        key: &str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, SandboxError> {
        let too_long = |path: &Path| failed(path, "read")(io::ErrorKind::FileTooLarge.into());
        match self {
            Self::Memory(objects) => {
                let objects = lock(objects);
                match objects.get(&(bucket.to_owned(), key.to_owned())) {
                    Some(bytes) if length(bytes) > limit => Err(too_long(Path::new(key))),
                    found => Ok(found.cloned()),
                }
            }
            Self::Folder(folder) => {
                let Some(found) = self.find(bucket, key)? else { return Ok(None) };
                let path = Self::path(folder, bucket, key);
                if found.bytes > limit {
                    return Err(too_long(&path));
                }
                let file = File::open(&path).map_err(failed(&path, "opened"))?;
                let mut bytes = Vec::new();
                file.take(limit).read_to_end(&mut bytes).map_err(failed(&path, "read"))?;
                Ok(Some(bytes))
            }
        }
    }

    /// Takes all objects of a bucket away.
    pub(crate) fn empty(&self, bucket: &str) -> Result<(), SandboxError> {
        match self {
            Self::Memory(objects) => {
                lock(objects).retain(|(of, _), _| of != bucket);
                Ok(())
            }
            Self::Folder(folder) => {
                let path = folder.join(Digest::of(bucket.as_bytes()).as_str());
                match std::fs::remove_dir_all(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        Err(failed(&path, "deleted")(error))
                    }
                    Ok(()) | Err(_) => Ok(()),
                }
            }
        }
    }

    /// Takes an object away, if there is one.
    pub(crate) fn delete(&self, bucket: &str, key: &str) -> Result<(), SandboxError> {
        match self {
            Self::Memory(objects) => {
                lock(objects).remove(&(bucket.to_owned(), key.to_owned()));
                Ok(())
            }
            Self::Folder(folder) => {
                let path = Self::path(folder, bucket, key);
                match std::fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        Err(failed(&path, "deleted")(error))
                    }
                    Ok(()) | Err(_) => Ok(()),
                }
            }
        }
    }

    /// Begins an object. It is there when it is published.
    pub(crate) fn begin(&self, bucket: &str, key: &str) -> Result<Upload, SandboxError> {
        match self {
            Self::Memory(objects) => Ok(Upload::Memory {
                objects: Arc::clone(objects),
                at: (bucket.to_owned(), key.to_owned()),
                bytes: Vec::new(),
            }),
            Self::Folder(folder) => {
                let path = Self::path(folder, bucket, key);
                let number = UPLOADS.fetch_add(1, Ordering::Relaxed);
                let new = format!(".new-{}-{number}", std::process::id());
                let new = path.with_file_name(new);
                let parent = path.parent().unwrap_or(folder);
                std::fs::create_dir_all(parent).map_err(failed(parent, "created"))?;
                let mut options = OpenOptions::new();
                let file = options.create(true).truncate(true).write(true).mode(0o600).open(&new);
                let file = file.map_err(failed(&new, "created"))?;
                Ok(Upload::File(NewFile { file, new, path, bytes: 0, published: false }))
            }
        }
    }
}

/// An object that is being written.
#[derive(Debug)]
pub(crate) enum Upload {
    /// In memory.
    Memory {
        /// Where it is going to be.
        objects: Arc<Mutex<Objects>>,
        /// Its bucket and key.
        at: (String, String),
        /// The bytes so far.
        bytes: Vec<u8>,
    },
    /// In a file.
    File(NewFile),
}

/// A file that has not its name yet. It is removed if it is dropped before it has.
#[derive(Debug)]
pub(crate) struct NewFile {
    file: File,
    new: PathBuf,
    path: PathBuf,
    bytes: u64,
    published: bool,
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.published {
            // It has a name that is never read.
            let _left = std::fs::remove_file(&self.new);
        }
    }
}

impl Upload {
    /// Adds bytes at the end.
    pub(crate) fn add(self, part: &[u8]) -> Result<Self, SandboxError> {
        match self {
            Self::Memory { objects, at, mut bytes } => {
                bytes.extend_from_slice(part);
                Ok(Self::Memory { objects, at, bytes })
            }
            Self::File(mut new) => {
                new.file.write_all(part).map_err(failed(&new.new, "written"))?;
                new.bytes = new.bytes.saturating_add(length(part));
                Ok(Self::File(new))
            }
        }
    }

    /// Gives the object its name, durably.
    pub(crate) fn publish(self) -> Result<ObjectSummary, SandboxError> {
        match self {
            Self::Memory { objects, at, bytes } => {
                let found = summary(length(&bytes));
                lock(&objects).insert(at, bytes);
                Ok(found)
            }
            Self::File(mut new) => {
                let written = |error| failed(&new.new, "written")(error);
                new.file.sync_all().map_err(written)?;
                std::fs::rename(&new.new, &new.path).map_err(written)?;
                new.published = true;
                let parent = new.path.parent().unwrap_or(Path::new("."));
                let folder = File::open(parent).and_then(|folder| folder.sync_all());
                folder.map_err(failed(parent, "written"))?;
                Ok(summary(new.bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_there_when_all_of_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("objects.json");
        for kept in [ObjectBytes::beside(Some(&file)), ObjectBytes::beside(None)] {
            let cut_off = kept.begin("b", "k").unwrap().add(b"ab").unwrap();
            assert_eq!(kept.find("b", "k").unwrap(), None);
            drop(cut_off);
            let upload = kept.begin("b", "k").unwrap().add(b"ab").unwrap();
            let upload = upload.add(b"c").unwrap();
            assert_eq!(upload.publish().unwrap().bytes, 3);
            assert_eq!(kept.find("b", "k").unwrap().unwrap().bytes, 3);
            assert_eq!(kept.get("b", "k", 3).unwrap().as_deref(), Some(&b"abc"[..]));
            assert!(kept.get("b", "k", 2).is_err(), "longer than the limit");
            assert_eq!(kept.find("b", "../k").unwrap(), None);
            kept.delete("b", "k").unwrap();
            kept.delete("b", "k").unwrap();
            assert_eq!(kept.get("b", "k", 3).unwrap(), None);
        }
        let bucket = folder.path().join("buckets").join(Digest::of(b"b").as_str());
        assert_eq!(
            std::fs::read_dir(bucket).unwrap().count(),
            0,
            "nothing is left of what was cut off"
        );
    }
}
