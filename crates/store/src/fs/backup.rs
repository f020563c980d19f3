//! Copies of the last states that were published, the present one among them.
//!
//! They are in `STACK.backup/SERIAL-LINE.json`, where LINE are the first digits of the lineage's
//! digest: a stack that was destroyed and made again counts its serials anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_model::state::State;
use rstack_model::{Digest, Lineage, Serial, StackName};

use super::atomic;
use super::disk::Disk;
use crate::content::{Content, Written};
use crate::error::StoreError;
use crate::stored::Version;

/// The number of digits of a lineage's digest in a name.
const LINE: usize = 8;

/// The backups of one stack.
#[derive(Clone, Debug)]
pub(crate) struct Backups {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) stack: StackName,
    pub(crate) directory: PathBuf,
    /// The number of states that are kept.
    pub(crate) count: usize,
}

/// The name of a backup, read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    serial: Serial,
    line: String,
    path: PathBuf,
}

fn line(lineage: &Lineage) -> String {
    Digest::of(lineage.as_str().as_bytes()).as_str().chars().take(LINE).collect()
}

impl Name {
    fn parse(path: PathBuf) -> Option<Self> {
        let (serial, line) = path.file_name()?.to_str()?.strip_suffix(".json")?.split_once('-')?;
        let line = Some(line).filter(|line| line.len() == LINE)?.to_owned();
        Some(Self { serial: Serial(serial.parse().ok()?), line, path })
    }
}

impl Backups {
    fn path(&self, state: &State) -> PathBuf {
        self.directory.join(format!("{:06}-{}.json", state.serial.0, line(&state.lineage)))
    }

    /// The names of the backups, those of this lineage first, and the newest of each first.
    fn names(&self, lineage: Option<&Lineage>) -> Result<Vec<Name>, StoreError> {
        let paths = match self.disk.list(&self.directory) {
            Ok(paths) => paths,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(atomic::io("read", &self.directory)(error)),
        };
        let mut names: Vec<Name> = paths.into_iter().filter_map(Name::parse).collect();
        let own = lineage.map(line);
        names.sort_by_key(|name| {
            let other = own.as_ref() != Some(&name.line);
            (other, name.line.clone(), std::cmp::Reverse(name.serial))
        });
        Ok(names)
    }

    /// The highest serial of this lineage of which there is a copy, be it sound or not.
    pub(crate) fn newest(&self, lineage: &Lineage) -> Result<Option<Serial>, StoreError> {
        let (names, own) = (self.names(Some(lineage))?, line(lineage));
        Ok(names.into_iter().filter(|name| name.line == own).map(|name| name.serial).max())
    }

    /// Keeps a copy of a state, durably. One that is there already is not written again.
    pub(crate) fn keep(&self, state: &State, bytes: &[u8]) -> Result<(), StoreError> {
        let disk = self.disk.as_ref();
        atomic::directory(disk, &self.directory)?;
        let path = self.path(state);
        // A copy that cannot be read is one more reason to write it.
        if atomic::read(disk, &path).is_ok_and(|found| found.as_deref() == Some(bytes)) {
            return Ok(());
        }
        atomic::write(disk, &path, &self.stack, bytes)?.publish()
    }

    /// Removes the oldest ones. It need not be durable: what comes back is removed again.
    pub(crate) fn prune(&self, lineage: &Lineage) -> Result<(), StoreError> {
        for name in self.names(Some(lineage))?.into_iter().skip(self.count) {
            self.disk.remove(&name.path).map_err(atomic::io("remove", &name.path))?;
        }
        Ok(())
    }

    /// The backups, those of this lineage first, and the newest of each first.
    pub(crate) fn list(&self, lineage: Option<&Lineage>) -> Result<Vec<Version>, StoreError> {
        let backups = self.found(lineage)?.into_iter();
        Ok(backups.map(|(_, version)| version).collect())
    }

    /// [`Self::list`], with the files.
    pub(crate) fn found(
        &self,
        lineage: Option<&Lineage>,
    ) -> Result<Vec<(PathBuf, Version)>, StoreError> {
        let found = self.names(lineage)?.into_iter().map(|Name { serial, path, .. }| {
            let (content, location) = (self.content(&path), (&path).into());
            (path, Version { serial, location, content })
        });
        Ok(found.collect())
    }

    fn content(&self, path: &Path) -> Result<(State, Option<Written>), StoreError> {
        let missing =
            || StoreError::Damaged { location: path.into(), problem: "it is gone".to_owned() };
        let bytes = atomic::read(self.disk.as_ref(), path)?.ok_or_else(missing)?;
        let content = Content::parse(path, &bytes, &self.stack)?;
        Ok((content.state, content.written))
    }
}
