//! Verdicts that are remembered: one small file each, in the user's cache directory.
//!
//! A verdict is believed only if it was written by this user: each is bound to its key by an
//! authentication code with a key of the user's own. What is remembered can always be found out again:
//! a file that cannot be used is a verdict that is not known, and one that cannot be written is none
//! that is missed.

use std::ffi::OsStr;
use std::path::PathBuf;

use hmac::{Hmac, KeyInit, Mac};
use rstack_lint::Verdict;
use rstack_model::Digest;
use sha2::Sha256;

use super::private_folder::{Listed, PrivateError, PrivateFolder};
use crate::env::Env;

/// The number of verdicts that are kept.
const MAX_FILES: usize = 512;

/// The number of bytes of verdicts that are kept.
const MAX_BYTES: u64 = 32 << 20;

/// The folders below the user's cache directory.
const FOLDERS: [&str; 2] = ["rstack", "lint"];

/// The name of the key's file, and its length in bytes.
const KEY: &str = "key";
const KEY_LENGTH: usize = 32;

/// The directory of verdicts.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PrivateFolder,
    key: [u8; KEY_LENGTH],
}

impl Cache {
    /// The user's: `$XDG_CACHE_HOME/rstack/lint`, else `~/.cache/rstack/lint`. Without either, or if
    /// another user could have written there, nothing is remembered, and the log says so.
    pub(super) fn of_user(env: &Env) -> Option<Self> {
        let absolute = |name: &str| {
            let folder = env.variables.get(OsStr::new(name)).map(PathBuf::from);
            folder.filter(|folder| folder.is_absolute())
        };
        let home = || Some(absolute("HOME")?.join(".cache"));
        let base = absolute("XDG_CACHE_HOME").or_else(home)?;
        let opened = PrivateFolder::open(&base, &FOLDERS).and_then(Self::in_folder);
        let told = |error: PrivateError| tracing::info!("verdicts are not remembered: {error}");
        opened.map_err(told).ok()
    }

    fn in_folder(folder: PrivateFolder) -> Result<Self, PrivateError> {
        let most = u64::try_from(KEY_LENGTH).unwrap_or(u64::MAX);
        let read = || Ok(folder.read(KEY, most)?.and_then(|bytes| bytes.try_into().ok()));
        let key = match read()? {
            Some(key) => key,
            None => {
                folder.write(KEY, &fresh())?;
                // Another process may have written its own since: the last one counts for all.
                read()?.unwrap_or_else(fresh)
            }
        };
        Ok(Self { folder, key })
    }

    /// The verdict under a key, if it is known and this user's.
    pub(super) fn get(&self, key: &Digest) -> Option<Verdict> {
        let read = self.folder.read(&file(key), MAX_BYTES);
        let bytes = read.inspect_err(|error| tracing::info!("{error}")).ok()??;
        let (code, json) = bytes.split_first_chunk::<{ 2 * KEY_LENGTH }>()?;
        let code = hex::decode(code).ok()?;
        if self.code(key, json)?.verify_slice(&code).is_err() {
            tracing::info!(%key, "a remembered verdict is not used: it was not written by this user");
            return None;
        }
        serde_json::from_slice(json).ok()
    }

    /// Remembers a verdict and forgets the oldest ones that are too many.
    pub(super) fn put(&self, key: &Digest, verdict: &Verdict) {
        let Ok(json) = serde_json::to_vec(verdict) else { return };
        let Some(code) = self.code(key, &json) else { return };
        let mut bytes = hex::encode(code.finalize().into_bytes()).into_bytes();
        bytes.extend_from_slice(&json);
        let written = self.folder.write(&file(key), &bytes).and_then(|()| {
            for name in too_many(self.folder.files()?, MAX_FILES, MAX_BYTES) {
                self.folder.remove(&name)?;
            }
            Ok(())
        });
        let _told = written.inspect_err(|error| tracing::info!("not remembered: {error}"));
    }

    /// The authentication code of a verdict under its key.
    fn code(&self, key: &Digest, json: &[u8]) -> Option<Hmac<Sha256>> {
        let mut code = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        code.update(key.as_str().as_bytes());
        code.update(b"\n");
        code.update(json);
        Some(code)
    }
}

fn file(key: &Digest) -> String {
    format!("{key}.verdict")
}

/// Bytes of a new key.
fn fresh() -> [u8; KEY_LENGTH] {
    let (a, b) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    // Each UUID has 122 random bits; hashing them together spreads these over the whole key.
    <Sha256 as sha2::Digest>::digest([*a.as_bytes(), *b.as_bytes()].concat()).into()
}

/// The oldest files, until what is left is within both bounds. The key is not among them.
fn too_many(mut files: Vec<Listed>, max_files: usize, max_bytes: u64) -> Vec<String> {
    files.retain(|file| file.name != KEY);
    files.sort_by_key(|file| file.changed);
    let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let mut number = files.len();
    let mut names = Vec::new();
    for file in files {
        if number <= max_files && bytes <= max_bytes {
            break;
        }
        number -= 1;
        bytes -= file.bytes;
        names.push(file.name);
    }
    names
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use rstack_lint::{OwnRule, RuleSource};
    use rstack_model::{Code, Diagnostic, FindingCode, Span};

    use super::*;

    fn verdict() -> Verdict {
        let rule = FindingCode::Rule("W3005".to_owned());
        let findings = vec![
            Diagnostic::warning(rule, "m").at(Span::new(3, 5), "l").docs("https://d"),
            Diagnostic::error(Code::NotValidated, "n").help("h"),
        ];
        let own_rules = vec![OwnRule { id: "OURS".to_owned(), source: RuleSource::Project }];
        Verdict { findings, own: Vec::new(), own_rules }
    }

    fn cache(base: &Path) -> Cache {
        Cache::in_folder(PrivateFolder::open(base, &FOLDERS).unwrap()).unwrap()
    }

    #[test]
    fn a_verdict_is_remembered_until_its_file_is_damaged() {
        let base = tempfile::tempdir().unwrap();
        let (first, key) = (cache(base.path()), Digest::of(b"key"));
        assert_eq!(first.get(&key), None);
        first.put(&key, &verdict());
        let later = cache(base.path());
        assert_eq!(later.get(&key), Some(verdict()));
        assert_eq!(later.get(&Digest::of(b"other")), None);
        let folder = base.path().join("rstack/lint");
        let path = folder.join(file(&key));
        let whole = fs::read(&path).unwrap();
        for private in [&path, &folder.join(KEY)] {
            assert_eq!(fs::metadata(private).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for cut in (0..whole.len()).step_by(7) {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(later.get(&key), None, "{cut}");
            let mut bent = whole.clone();
            bent[cut] ^= 1;
            fs::write(&path, &bent).unwrap();
            assert_eq!(later.get(&key), None, "{cut}");
        }
    }

    #[test]
    fn a_verdict_of_another_key_or_place_is_not_believed() {
        let (mine, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (key, other) = (Digest::of(b"key"), Digest::of(b"other"));
        let valid = Verdict::default();
        cache(theirs.path()).put(&key, &valid);
        let cache = cache(mine.path());
        let path = |base: &Path, key| base.join("rstack/lint").join(file(key));
        fs::copy(path(theirs.path(), &key), path(mine.path(), &key)).unwrap();
        assert_eq!(cache.get(&key), None, "another user's code");
        cache.put(&other, &valid);
        assert_eq!(cache.get(&other), Some(valid));
        fs::copy(path(mine.path(), &other), path(mine.path(), &key)).unwrap();
        assert_eq!(cache.get(&key), None, "the verdict on another template");
    }

    #[test]
    fn the_oldest_verdicts_are_forgotten_and_the_key_is_not() {
        let listed = |name: &str, changed| Listed { name: name.to_owned(), bytes: 5, changed };
        let files = || {
            let names = ["f", "e", "d", "c", "b", "a"].into_iter().zip(1..);
            let files = names.map(|(name, second)| listed(name, (second, 0)));
            files.chain([listed(KEY, (0, 0))]).collect()
        };
        assert_eq!(too_many(files(), 4, 1_000), ["f", "e"]);
        assert_eq!(too_many(files(), 4, 12), ["f", "e", "d", "c"]);
        assert_eq!(too_many(files(), 6, 30), [""; 0]);
    }
}
