//! Reading and conditionally writing whole objects. An answer that is lost is not a failure: the object
//! is read, and says whether the write was made.

use std::io;
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};

use crate::error::StoreError;
use crate::location::Location;

/// The number of attempts at a write that was found not to have been made.
const ATTEMPTS: usize = 3;
/// Larger than any object that rstack writes, in bytes.
const LIMIT: u64 = 256 << 20;

/// The objects of a store.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    /// The beginning of every location.
    label: Arc<str>,
}

/// An object as it is now.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    pub(crate) version: UpdateVersion,
}

/// The condition of a write.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// There is no such object.
    Absent,
    /// It is still this version.
    Unchanged(UpdateVersion),
}

impl Condition {
    /// That an object is still as it was found.
    pub(crate) fn as_found(found: Option<&Object>) -> Self {
        found.map_or(Self::Absent, |object| Self::Unchanged(object.version.clone()))
    }

    fn holds(&self, found: Option<&Object>) -> bool {
        match (self, found) {
            (Self::Absent, None) => true,
            (Self::Unchanged(expected), Some(object)) => *expected == object.version,
            (Self::Absent, Some(_)) | (Self::Unchanged(_), None) => false,
        }
    }
}

/// The outcome of a conditional write.
#[derive(Debug)]
pub(crate) enum Put {
    /// The object holds what was written.
    Done(UpdateVersion),
    /// The condition does not hold: another writer was faster.
    Refused,
}

impl Objects {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, label: &str) -> Self {
        Self { store, label: label.into() }
    }

    pub(crate) fn location(&self, path: &Path) -> Location {
        format!("{}{path}", self.label).into()
    }

    fn failed(&self, operation: &'static str, path: &Path, error: Error) -> StoreError {
        let kind = match error {
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                io::ErrorKind::PermissionDenied
            }
            Error::NotFound { .. } => io::ErrorKind::NotFound,
            _ => io::ErrorKind::Other,
        };
        let source = io::Error::new(kind, error);
        StoreError::Io { operation, location: self.location(path), source }
    }

    /// The object; `None` if there is none.
    pub(crate) async fn get(&self, path: &Path) -> Result<Option<Object>, StoreError> {
        let found = match self.store.get(path).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.failed("read", path, error)),
        };
        let size = found.meta.size;
        if size > LIMIT {
            return Err(StoreError::TooLarge { location: self.location(path), size });
        }
        let version =
            UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        let bytes = found.bytes().await.map_err(|error| self.failed("read", path, error))?;
        Ok(Some(Object { bytes: bytes.to_vec(), version }))
    }

    /// Writes an object if the condition holds. `bytes` are this writer's alone: an object that holds
    /// them was written by this call, even if its answer was lost.
    ///
    /// # Errors
    /// If it is not known whether the write was made, or it cannot be made.
    pub(crate) async fn put(
        &self,
        path: &Path,
        bytes: &[u8],
        condition: &Condition,
    ) -> Result<Put, StoreError> {
        let mode = match condition {
            Condition::Absent => PutMode::Create,
            Condition::Unchanged(version) => PutMode::Update(version.clone()),
        };
        let mut attempt = 1;
        loop {
            let options = PutOptions { mode: mode.clone(), ..PutOptions::default() };
            let error = match self.store.put_opts(path, bytes.to_vec().into(), options).await {
                Ok(done) => {
                    let (e_tag, version) = (done.e_tag, done.version);
                    return Ok(Put::Done(UpdateVersion { e_tag, version }));
                }
                Err(error) => error,
            };
            // An earlier attempt, of this loop or of the client below it, may have been made.
            let found = self.get(path).await?;
            if let Some(Object { version, .. }) = found.as_ref().filter(|it| it.bytes == bytes) {
                return Ok(Put::Done(version.clone()));
            }
            if !condition.holds(found.as_ref()) {
                return Ok(Put::Refused);
            }
            if attempt == ATTEMPTS {
                return Err(self.failed("write", path, error));
            }
            attempt += 1;
        }
    }

    /// The objects below a folder, by name.
    pub(crate) async fn list(&self, folder: &Path) -> Result<Vec<Path>, StoreError> {
        let found = self.store.list(Some(folder)).map_ok(|meta| meta.location);
        let found: Result<Vec<Path>, Error> = found.try_collect().await;
        let mut paths = found.map_err(|error| self.failed("list", folder, error))?;
        paths.sort();
        Ok(paths)
    }

    /// The folders in a folder.
    pub(crate) async fn folders(&self, folder: &Path) -> Result<Vec<Path>, StoreError> {
        let found = self.store.list_with_delimiter(Some(folder)).await;
        Ok(found.map_err(|error| self.failed("list", folder, error))?.common_prefixes)
    }

    /// Removes an object. One that is not there is removed.
    pub(crate) async fn delete(&self, path: &Path) -> Result<(), StoreError> {
        match self.store.delete(path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("remove", path, error)),
        }
    }
}
