//! The user's own key for digests of secret parameters: it lies outside of the states, so that a
//! copy of these does not even allow guesses.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rstack_model::SecretString;
use rstack_store::DigestKey;

use crate::env::Env;

/// The number of bytes of the file at least and at most.
const LENGTH: (usize, u64) = (16, 4096);

/// Why the user's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DigestKeyError {
    /// The file cannot be read.
    #[error("cannot read the digest key `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is not one that only the user can read, or its contents are no key.
    #[error("cannot use the digest key `{}`: {problem}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The problem with it.
        problem: &'static str,
    },
}

/// The key in `$XDG_CONFIG_HOME/rstack/digest-key`, else `~/.config/rstack/digest-key`; `None` if
/// there is no such file.
///
/// # Errors
/// If there is one that cannot be used: the digests of another key would be of no use.
pub(crate) fn of_user(env: &Env) -> Result<Option<DigestKey>, DigestKeyError> {
    let absolute = |name: &str| {
        let folder = env.variables.get(OsStr::new(name)).map(PathBuf::from);
        folder.filter(|folder| folder.is_absolute())
    };
    let home = || Some(absolute("HOME")?.join(".config"));
    let Some(folder) = absolute("XDG_CONFIG_HOME").or_else(home) else { return Ok(None) };
    read(&folder.join("rstack").join("digest-key"))
}

fn read(path: &Path) -> Result<Option<DigestKey>, DigestKeyError> {
    let failed = |source| DigestKeyError::Read { path: path.to_owned(), source };
    let unusable = |problem| DigestKeyError::Unusable { path: path.to_owned(), problem };
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    let opened = OpenOptions::new().read(true).custom_flags(flags as i32).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(unusable("it is not a regular file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(unusable("it belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(unusable("other users can read it; `chmod 600` it"));
    }
    let mut text = String::new();
    let (least, most) = LENGTH;
    file.take(most + 1).read_to_string(&mut text).map_err(failed)?;
    let text = SecretString::new(text);
    match text.expose().trim().len() {
        length if length < least => Err(unusable("a key has at least 16 characters")),
        length if length as u64 > most => Err(unusable("a key has at most 4,096 characters")),
        _ => Ok(Some(DigestKey::of_text(&SecretString::new(text.expose().trim().to_owned())))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_the_users_own_file_or_an_error() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("digest-key");
        assert!(read(&path).unwrap().is_none());
        let write = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            read(&path).map_err(|error| error.to_string())
        };
        assert!(write("0123456789abcdef\n", 0o600).unwrap().is_some());
        assert!(write("0123456789abcdef\n", 0o640).unwrap_err().contains("chmod 600"));
        assert!(write("short", 0o600).unwrap_err().contains("at least 16"));
        assert!(read(place.path()).unwrap_err().to_string().contains("regular file"));
    }
}
