//! The project: the folder below which the files lie that a template, a cloud assembly or a project
//! file names.
//!
//! It is the folder of the nearest `rstack.toml` or `.git` upwards; where there is none, the folder
//! itself. A marker that another user could have put there does not count, nor does a `.git` in the
//! home directory or in the root directory, which would make everything of a user one project.
//! Paths are resolved by the operating system relative to the project's open folder, and cannot leave
//! it, be it by `..`, by an absolute path or by a link.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, FileTypeExt as _, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;

use super::error::{Distrust, FileError, FileKind};
use super::read::{read_error, whole};
use crate::env::Env;

/// The name of a project file.
const PROJECT_FILE: &str = "rstack.toml";

/// The folder of a Git repository's own files.
const REPOSITORY: &str = ".git";

/// The project of a folder, and the folder in it.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// The project's folder, absolute.
    root: PathBuf,
    /// The folder, relative to the project's.
    inside: PathBuf,
    /// The folder as the user names it.
    shown: PathBuf,
    /// Whether the project's folder has a marker.
    is_marked: bool,
}

impl Project {
    /// The project of a folder, which is named relative to the directory of `env`.
    ///
    /// # Errors
    /// [`FileError::Read`] if a `..` of the path, or the current directory, cannot be resolved.
    pub(crate) fn of(env: &Env, folder: &Path) -> Result<Self, FileError> {
        let absolute = absolute(env.current_directory().as_deref(), folder)
            .map_err(|source| read_error(folder, source))?;
        let marked = absolute.ancestors().find(|folder| has_marker(env, folder));
        let root = marked.unwrap_or(&absolute).to_owned();
        let inside = absolute.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
        Ok(Self { root, inside, shown: folder.to_owned(), is_marked: marked.is_some() })
    }

    /// Whether an `rstack.toml` or a `.git` makes it a project.
    pub(super) fn is_marked(&self) -> bool {
        self.is_marked
    }

    /// The folder of the project, absolute.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a file of the folder, as the user knows it.
    pub(crate) fn shown(&self, name: &Path) -> PathBuf {
        self.shown.join(name)
    }

    /// The whole of a regular file of at most `limit` bytes, whose path is relative to the folder.
    ///
    /// # Errors
    /// [`FileError`] if it lies outside of the project or in a `.git` folder, is not regular or too
    /// large, or cannot be read.
    pub(crate) fn read(&self, env: &Env, name: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
        let shown = self.shown(name);
        let file = self.open(name)?;
        whole(env, &file, &shown, limit)
    }

    /// Opens a regular file, whose path is relative to the folder. The open never waits.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn open(&self, name: &Path) -> Result<fs::File, FileError> {
        let shown = self.shown(name);
        let (root, real) = self.resolve(name)?;
        let failed = |source| self.failed(&shown, source);
        // A device may do something when it is opened.
        let kind = root.symlink_metadata(&real).map_err(failed)?.file_type();
        if let Some(kind) = special_of(kind) {
            return Err(FileError::NotRegular { path: shown, kind });
        }
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(flags(OFlags::NONBLOCK | OFlags::NOCTTY));
        let file = root.open_with(&real, &options).map_err(failed)?.into_std();
        super::read::regular(&file, &shown)?;
        Ok(file)
    }

    /// Checks that a file or folder, whose path is relative to the folder, is there and lies in the
    /// project.
    ///
    /// # Errors
    /// [`FileError`] as of [`Self::read`].
    pub(crate) fn check(&self, name: &Path) -> Result<(), FileError> {
        self.resolve(name).map(|_| ())
    }

    /// The folder, open.
    ///
    /// # Errors
    /// [`FileError`] if it lies outside of the project, or cannot be opened.
    pub(super) fn open_folder(&self) -> io::Result<Dir> {
        let root = Dir::open_ambient_dir(&self.root, ambient_authority())?;
        match self.inside.as_os_str().is_empty() {
            true => Ok(root),
            false => root.open_dir(&self.inside),
        }
    }

    /// The project's folder, open, and the path of a file in it without any link.
    fn resolve(&self, name: &Path) -> Result<(Dir, PathBuf), FileError> {
        let shown = self.shown(name);
        let failed = |source| self.failed(&shown, source);
        let root = Dir::open_ambient_dir(&self.root, ambient_authority()).map_err(failed)?;
        let path = self.inside.join(name);
        if path.is_absolute() {
            return Err(FileError::Outside { path: shown, root: self.root.clone() });
        }
        let real = root.canonicalize(&path).map_err(failed)?;
        let is_repository = |part: Component<'_>| {
            part.as_os_str().to_str().is_some_and(|part| part.eq_ignore_ascii_case(REPOSITORY))
        };
        if real.components().any(is_repository) {
            return Err(FileError::Repository { path: shown });
        }
        Ok((root, real))
    }

    fn failed(&self, shown: &Path, source: io::Error) -> FileError {
        match is_escape(&source) {
            true => FileError::Outside { path: shown.to_owned(), root: self.root.clone() },
            false => read_error(shown, source),
        }
    }
}

/// The project file of a project, which no other user could have written.
#[derive(Debug)]
pub(crate) struct ProjectFile {
    project: Project,
    path: PathBuf,
    text: Vec<u8>,
}

impl ProjectFile {
    /// The project file of the project that a folder lies in, if it has one, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FileError::Untrusted`] if another user could have written it; else as of [`Project::read`].
    pub(crate) fn find(env: &Env, folder: &Path, limit: u64) -> Result<Option<Self>, FileError> {
        let absolute = absolute(env.current_directory().as_deref(), folder)
            .map_err(|source| read_error(folder, source))?;
        let has_file = |folder: &Path| fs::symlink_metadata(folder.join(PROJECT_FILE)).is_ok();
        let root = absolute.ancestors().find(|f| has_file(f) || has_marker(env, f));
        let Some(root) = root.filter(|root| has_file(root)) else { return Ok(None) };
        let path = root.join(PROJECT_FILE);
        let found = fs::symlink_metadata(&path).map_err(|source| read_error(&path, source))?;
        if let Some(distrust) = distrust(&found) {
            return Err(FileError::Untrusted { path, distrust });
        }
        let (root, shown) = (root.to_owned(), root.to_owned());
        let project = Project { root, inside: PathBuf::new(), shown, is_marked: true };
        let file = project.open(Path::new(PROJECT_FILE))?;
        let opened = super::read::regular(&file, &path)?;
        if let Some(distrust) = distrust(&opened) {
            return Err(FileError::Untrusted { path, distrust });
        }
        let text = whole(env, &file, &path, limit)?;
        Ok(Some(Self { project, path, text }))
    }

    /// The path, absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The content.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Checks that a file or folder, whose path is relative to the file's folder, is there and lies in
    /// the project.
    ///
    /// # Errors
    /// [`FileError`] if it does not.
    pub(crate) fn check(&self, name: &Path) -> Result<(), FileError> {
        self.project.check(name)
    }
}

/// Whether the path led out of an open folder: the operating system's own refusals have a code.
pub(super) fn is_escape(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

/// The flags of `open`, as the standard library takes them.
pub(super) fn flags(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or_default()
}

pub(super) fn special_of(kind: cap_std::fs::FileType) -> Option<FileKind> {
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some(FileKind::Directory)
    } else if kind.is_symlink() {
        Some(FileKind::Link)
    } else if kind.is_fifo() {
        Some(FileKind::Fifo)
    } else if kind.is_block_device() || kind.is_char_device() {
        Some(FileKind::Device)
    } else {
        Some(FileKind::Other)
    }
}

/// A path as an absolute one without `.` and `..`; a relative one begins at the directory. Links before a `..` are followed, as the operating system
/// does; links behind the last one are left.
fn absolute(directory: Option<&Path>, path: &Path) -> io::Result<PathBuf> {
    let mut out = match path.is_absolute() {
        true => PathBuf::new(),
        false => directory.ok_or(io::ErrorKind::NotFound)?.to_owned(),
    };
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out = fs::canonicalize(out)?;
                // What is above the root directory is the root directory.
                out.pop();
            }
            part => out.push(part),
        }
    }
    Ok(out)
}

/// Whether a folder has a file that makes it a project.
fn has_marker(env: &Env, folder: &Path) -> bool {
    let found = |name: &str| fs::symlink_metadata(folder.join(name)).ok();
    if found(PROJECT_FILE).is_some_and(|file| distrust(&file).is_none()) {
        return true;
    }
    let is_home = env.variable("HOME").is_some_and(|home| Path::new(home) == folder);
    let counts = !is_home && folder.parent().is_some();
    counts && found(REPOSITORY).is_some_and(|found| is_own(&found))
}

/// Whether a file belongs to the user of this process, or to root.
fn is_own(file: &Metadata) -> bool {
    file.uid() == 0 || file.uid() == rustix::process::geteuid().as_raw()
}

/// The reason not to believe a file: another user owns it or can write it.
fn distrust(file: &Metadata) -> Option<Distrust> {
    let mode = if file.is_symlink() { 0 } else { file.mode() & 0o7777 };
    distrusted(file.uid(), file.gid(), mode, rustix::process::geteuid().as_raw())
}

/// [`distrust`] of a file of this owner and group, for this user. A group that has the number of the
/// owner is the owner's own, and counts as the owner.
fn distrusted(owner: u32, group: u32, mode: u32, user: u32) -> Option<Distrust> {
    if owner != 0 && owner != user {
        return Some(Distrust::Owner(owner));
    }
    let others = if group == owner { 0o002 } else { 0o022 };
    (mode & others != 0).then_some(Distrust::Writable(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_file_is_believed_when_no_other_user_can_write_it() {
        for (owner, group, mode, distrust) in [
            (1000, 1000, 0o644, None),
            (1000, 1000, 0o664, None),
            (0, 0, 0o664, None),
            (0, 0, 0o600, None),
            (1000, 100, 0o664, Some(Distrust::Writable(0o664))),
            (1000, 1000, 0o666, Some(Distrust::Writable(0o666))),
            (0, 1000, 0o664, Some(Distrust::Writable(0o664))),
            (1001, 1001, 0o644, Some(Distrust::Owner(1001))),
        ] {
            assert_eq!(distrusted(owner, group, mode, 1000), distrust, "{owner} {group} {mode:o}");
        }
    }

    #[test]
    fn a_path_is_resolved_up_to_its_last_parent() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(folder.join("a/b")).unwrap();
        std::os::unix::fs::symlink("a/b", folder.join("link")).unwrap();
        let directory = Some(folder.clone());
        let at = |path: &str| absolute(directory.as_deref(), Path::new(path)).unwrap();
        assert_eq!(at(""), folder);
        assert_eq!(at("./x/y"), folder.join("x/y"));
        // As the operating system does: up from where the link leads.
        assert_eq!(at("link/../x"), folder.join("a/x"));
        assert_eq!(at("link/x"), folder.join("link/x"));
        assert_eq!(at("/../../x"), Path::new("/x"));
        assert!(absolute(directory.as_deref(), Path::new("none/../x")).is_err());
        assert!(absolute(None, Path::new("x")).is_err());
    }
}
