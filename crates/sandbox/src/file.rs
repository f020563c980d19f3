//! The sandbox's file: one JSON document whose head tells its format and the digest of the rest.
//!
//! Written by temporary file, fsync and rename, mode 0600. A lock file beside it, whose name no
//! stack's lock can have, keeps processes apart; a reader notices by the head whether another
//! process wrote meanwhile.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rstack_model::Digest;

use crate::SandboxError;
use crate::world::World;

/// Format 1 had no reigns of a secret's versions and no former configurations, format 2 no
/// identifiers.
const FORMAT: u32 = 3;
const OPEN: &str = "{\"rstack_sandbox\":";
const DIGEST: &str = ",\"sha256\":\"";
const BODY: &str = "\",\"world\":";
const CLOSE: &str = "}\n";

/// The head of a file: equal heads mean equal files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head(String);

/// A sandbox file, which need not exist yet.
#[derive(Debug)]
pub(crate) struct SandboxFile {
    path: PathBuf,
}

/// The lock on a sandbox file; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Locked {
    _file: File,
}

/// The digest of a file of this format: from format 3 on it covers the format, too.
fn digest_of(format: u32, body: &str) -> Digest {
    match format {
        ..3 => Digest::of(body.as_bytes()),
        _ => Digest::of(format!("{format}\n{body}").as_bytes()),
    }
}

fn head_of(body: &str) -> String {
    format!("{OPEN}{FORMAT}{DIGEST}{}{BODY}", digest_of(FORMAT, body))
}

impl SandboxFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    }

    fn failed(&self, action: &'static str) -> impl Fn(io::Error) -> SandboxError + '_ {
        move |source| SandboxError::Io { path: self.path.clone(), action, source }
    }

    fn damaged(&self, problem: &'static str) -> SandboxError {
        SandboxError::Damaged { path: self.path.clone(), problem }
    }

    /// Waits for the lock on the file.
    pub(crate) fn lock(&self) -> Result<Locked, SandboxError> {
        if let Some(parent) = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(self.failed("put into its directory"))?;
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let file = options.open(self.beside(".sandbox-lock")).map_err(self.failed("locked"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => file.lock().map_err(self.failed("locked"))?,
            Err(TryLockError::Error(error)) => return Err(self.failed("locked")(error)),
        }
        Ok(Locked { _file: file })
    }

    /// Reads the world, if the file is there and its head is not `known`.
    pub(crate) fn read(
        &self,
        _: &Locked,
        known: Option<&Head>,
    ) -> Result<Option<(World, Option<Head>)>, SandboxError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(known.is_some().then(|| (World::default(), None)));
            }
            Err(error) => return Err(self.failed("opened")(error)),
        };
        let mut text = Vec::new();
        if let Some(Head(head)) = known {
            let mut start = Read::by_ref(&mut file).take(head.len() as u64);
            start.read_to_end(&mut text).map_err(self.failed("read"))?;
            if text == head.as_bytes() {
                return Ok(None);
            }
        }
        file.read_to_end(&mut text).map_err(self.failed("read"))?;
        let text = String::from_utf8(text).map_err(|_| self.damaged("it is not text"))?;
        self.parse(&text).map(|(world, head)| Some((world, Some(head))))
    }

    fn parse(&self, text: &str) -> Result<(World, Head), SandboxError> {
        let not_ours = || self.damaged("it does not begin as a sandbox file does");
        let rest = text.strip_prefix(OPEN).ok_or_else(not_ours)?;
        let (format, rest) = rest.split_once(DIGEST).ok_or_else(not_ours)?;
        let found: u32 = format.parse().map_err(|_| not_ours())?;
        if found > FORMAT {
            return Err(SandboxError::Newer { path: self.path.clone(), found, known: FORMAT });
        }
        if found == 0 {
            return Err(not_ours());
        }
        let (digest, rest) = rest.split_once(BODY).ok_or_else(not_ours)?;
        let body = rest.strip_suffix(CLOSE).ok_or_else(|| self.damaged("its end is missing"))?;
        if digest_of(found, body).as_str() != digest {
            return Err(self.damaged("its digest does not fit"));
        }
        let mut world: World = serde_json::from_str(body)
            .map_err(|_| self.damaged("it does not hold what a sandbox file holds"))?;
        if found < FORMAT {
            world.identify();
        }
        Ok((world, Head(head_of(body))))
    }

    /// Writes the world.
    pub(crate) fn write(&self, _: &Locked, world: &World) -> Result<Head, SandboxError> {
        let body = serde_json::to_string_pretty(world)
            .map_err(|error| self.failed("written")(error.into()))?;
        let head = head_of(&body);
        let new = self.beside(".sandbox-new");
        self.replace(&new, &format!("{head}{body}{CLOSE}")).map_err(self.failed("written"))?;
        Ok(Head(head))
    }

    fn replace(&self, new: &Path, text: &str) -> io::Result<()> {
        match std::fs::remove_file(new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(new, &self.path)?;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_or_newer_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = SandboxFile::new(dir.path().join("sandbox.json"));
        let locked = file.lock().unwrap();
        assert!(file.read(&locked, None).unwrap().is_none());
        let head = file.write(&locked, &World::default()).unwrap();
        assert!(file.read(&locked, Some(&head)).unwrap().is_none(), "an equal head is enough");
        let whole = std::fs::read_to_string(&file.path).unwrap();
        serde_json::from_str::<serde_json::Value>(&whole).unwrap();
        for at in 0..whole.len() {
            std::fs::write(&file.path, whole.get(..at).unwrap()).unwrap();
            assert!(file.read(&locked, None).is_err(), "cut at {at}");
            let mut flipped = whole.clone().into_bytes();
            *flipped.get_mut(at).unwrap() ^= 1;
            std::fs::write(&file.path, flipped).unwrap();
            assert!(file.read(&locked, None).is_err(), "flipped at {at}");
        }
        std::fs::write(&file.path, whole.replacen(":3,", ":4,", 1)).unwrap();
        let refused = file.read(&locked, None).unwrap_err();
        assert!(matches!(refused, SandboxError::Newer { found: 4, .. }), "{refused}");
    }
}
