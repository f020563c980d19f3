//! The world behind its lock: in memory, or in a file that other processes may write, too.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::SandboxError;
use crate::file::{Head, SandboxFile};
use crate::world::World;

#[derive(Debug, Default)]
struct Loaded {
    world: World,
    /// The head of the file that the world was read from or written to.
    head: Option<Head>,
}

/// The world and where it is kept.
#[derive(Debug)]
pub(crate) struct Store {
    file: Option<SandboxFile>,
    loaded: Mutex<Loaded>,
}

impl Store {
    /// Opens a store and reads its file, if it has one.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, SandboxError> {
        let store = Self { file: path.map(SandboxFile::new), loaded: Mutex::default() };
        if store.file.is_some() {
            store.with(|_| ())?;
        }
        Ok(store)
    }

    /// A store in memory that holds this world.
    pub(crate) fn of(world: World) -> Self {
        Self { file: None, loaded: Mutex::new(Loaded { world, head: None }) }
    }

    /// Works on the world as it is now. What `work` changes is on the disk when this returns;
    /// when it cannot be written it did not happen.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut World) -> T) -> Result<T, SandboxError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &self.file else { return Ok(work(&mut loaded.world)) };
        let locked = file.lock()?;
        if let Some((world, head)) = file.read(&locked, loaded.head.as_ref())? {
            *loaded = Loaded { world, head };
        }
        loaded.world.changed = false;
        let result = work(&mut loaded.world);
        if loaded.world.changed {
            match file.write(&locked, &loaded.world) {
                Ok(head) => loaded.head = Some(head),
                Err(error) => {
                    // What is in memory is not what is on the disk: it is read again.
                    let (world, head) = file.read(&locked, None)?.unwrap_or_default();
                    *loaded = Loaded { world, head };
                    return Err(error);
                }
            }
        }
        Ok(result)
    }

    /// [`Self::with`] off the threads that drive futures, if it has a file.
    pub(crate) async fn call<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut World) -> T + Send + 'static,
    ) -> Result<T, SandboxError> {
        if self.file.is_none() {
            return self.with(work);
        }
        let store = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || store.with(work));
        task.await.map_err(|_| SandboxError::CutOff)?
    }
}
