//! Verdicts that are remembered: one small file each, in the user's cache directory.
//!
//! What is remembered can always be found out again. A file that cannot be read or is damaged is
//! therefore a verdict that is not known, and one that cannot be written is none that is missed.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rstack_model::{Diagnostic, Digest};
use serde::{Deserialize, Serialize};

use crate::env::Env;

/// How many verdicts are kept.
const MAX_FILES: usize = 512;

/// How many bytes of verdicts are kept.
const MAX_BYTES: u64 = 32 << 20;

/// What is remembered of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// What the validator found.
    pub(super) findings: Vec<Diagnostic>,
    /// The names that the rule files had.
    pub(super) own_rules: Vec<String>,
}

/// The directory of verdicts.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The user's: `$XDG_CACHE_HOME/rstack/lint`, else `~/.cache/rstack/lint`. Without either
    /// nothing is remembered.
    pub(super) fn of_user(env: &Env) -> Option<Self> {
        let absolute = |name: &str| {
            let folder = env.variables.get(OsStr::new(name)).map(PathBuf::from);
            folder.filter(|folder| folder.is_absolute())
        };
        let home = || Some(absolute("HOME")?.join(".cache"));
        let folder = absolute("XDG_CACHE_HOME").or_else(home)?;
        Some(Self { folder: folder.join("rstack").join("lint") })
    }

    fn path(&self, key: &Digest) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }

    /// The verdict under a key, if it is known and whole.
    pub(super) fn get(&self, key: &Digest) -> Option<Entry> {
        let text = fs::read_to_string(self.path(key)).ok()?;
        let (digest, json) = text.split_once('\n')?;
        if digest != Digest::of(json.as_bytes()).as_str() {
            return None;
        }
        serde_json::from_str(json).ok()
    }

    /// Remembers a verdict and forgets the oldest ones that are too many.
    ///
    /// # Errors
    /// If it cannot be written; there is then no verdict under the key, or the former one.
    pub(super) fn put(&self, key: &Digest, entry: &Entry) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let json = serde_json::to_string(entry)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(format!("{}\n{json}", Digest::of(json.as_bytes())).as_bytes())?;
        file.persist(self.path(key))?;
        forget(&self.folder, MAX_FILES, MAX_BYTES)
    }
}

/// Deletes the oldest files of a folder until what is left is within both bounds.
fn forget(folder: &Path, max_files: usize, max_bytes: u64) -> io::Result<()> {
    let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        files.push((metadata.modified()?, metadata.len(), entry.path()));
    }
    files.sort();
    let mut bytes: u64 = files.iter().map(|(_, length, _)| length).sum();
    let mut number = files.len();
    for (_, length, path) in files {
        if number <= max_files && bytes <= max_bytes {
            break;
        }
        fs::remove_file(path)?;
        number -= 1;
        bytes -= length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstack_model::{Code, FindingCode, Span};

    use super::*;

    fn entry() -> Entry {
        let rule = FindingCode::Rule("W3005".to_owned());
        let findings = vec![
            Diagnostic::warning(rule, "m").at(Span::new(3, 5), "l").docs("https://d"),
            Diagnostic::error(Code::NotValidated, "n").help("h"),
        ];
        Entry { findings, own_rules: vec!["OURS".to_owned()] }
    }

    #[test]
    fn a_verdict_is_remembered_until_its_file_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().join("a/b") };
        let key = Digest::of(b"key");
        assert_eq!(cache.get(&key), None);
        cache.put(&key, &entry()).unwrap();
        assert_eq!(cache.get(&key), Some(entry()));
        assert_eq!(cache.get(&Digest::of(b"other")), None);
        let whole = fs::read(cache.path(&key)).unwrap();
        let mode = fs::metadata(cache.path(&key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for cut in (0..whole.len()).step_by(7) {
            fs::write(cache.path(&key), &whole[..cut]).unwrap();
            assert_eq!(cache.get(&key), None, "{cut}");
            let mut bent = whole.clone();
            bent[cut] ^= 1;
            fs::write(cache.path(&key), &bent).unwrap();
            assert_eq!(cache.get(&key), None, "{cut}");
        }
    }

    #[test]
    fn the_oldest_verdicts_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: u64| folder.path().join(name.to_string());
        for name in 0..6 {
            fs::write(path(name), "12345").unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(100 - name);
            fs::File::options().write(true).open(path(name)).unwrap().set_modified(time).unwrap();
        }
        let left = || (0..6).filter(|name| path(*name).exists()).collect::<Vec<_>>();
        forget(folder.path(), 4, 1_000).unwrap();
        assert_eq!(left(), [0, 1, 2, 3]);
        forget(folder.path(), 4, 12).unwrap();
        assert_eq!(left(), [0, 1]);
    }
}
