//! The project: the folder below which the files lie that a template, a cloud assembly or a project
//! file names.
//!
//! It is the folder of the nearest `rstack.toml` or `.git` upwards; where there is none, the folder
//! itself. A marker that another user could have put there does not count, nor does a `.git` in the
//! home directory or in the root directory, which would make everything of a user one project.
//! Paths are resolved by the operating system relative to the project's open folder, and cannot leave
//! it, be it by `..`, by an absolute path or by a link.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;

use super::error::FileError;
use super::project_file::{PROJECT_FILE, distrust, is_own};
use super::read::{FileType as _, read_error, whole};
use crate::env::Env;

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
    /// True if the project's folder has a marker.
    is_marked: bool,
    /// The files and folders, absolute, that are not listed.
    left_out: Vec<PathBuf>,
}

impl Project {
    /// The project of a folder, which is named relative to the directory of `env`.
    ///
    /// # Errors
    /// [`FileError::Read`] if a `..` of the path, or the current directory, cannot be resolved.
    pub(crate) fn of(env: &Env, folder: &Path) -> Result<Self, FileError> {
        let absolute = absolute_of(env, folder)?;
        let marked = absolute.ancestors().find(|folder| has_marker(env, folder));
        let root = marked.unwrap_or(&absolute).to_owned();
        let inside = absolute.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
        Ok(Self {
            root,
            inside,
            shown: folder.to_owned(),
            is_marked: marked.is_some(),
            left_out: Vec::new(),
        })
    }

    /// A folder alone, whatever lies around it: nothing outside of it is read.
    ///
    /// # Errors
    /// [`FileError::Read`] if a `..` of the path, or the current directory, cannot be resolved.
    pub(crate) fn alone(env: &Env, folder: &Path) -> Result<Self, FileError> {
        let (root, shown) = (absolute_of(env, folder)?, folder.to_owned());
        Ok(Self { root, inside: PathBuf::new(), shown, is_marked: false, left_out: Vec::new() })
    }

    /// The same project, which does not list these files and folders: they are named relative to its folder,
    /// or absolute.
    ///
    /// # Errors
    /// [`FileError::Read`] if a `..` of a path cannot be resolved.
    pub(crate) fn leaving_out(
        self,
        paths: impl IntoIterator<Item = PathBuf>,
    ) -> Result<Self, FileError> {
        let folder = self.root.join(&self.inside);
        let absolute = |path: PathBuf| {
            absolute(None, &folder.join(&path)).map_err(|error| read_error(&path, error))
        };
        let left_out: Vec<PathBuf> = paths.into_iter().map(absolute).collect::<Result<_, _>>()?;
        Ok(Self { left_out, ..self })
    }

    /// The names in a folder, sorted; `None` if the path is a file. The path is relative to the folder of
    /// the project. At most `limit` names are read.
    ///
    /// # Errors
    /// [`FileError`] as of [`Self::read`]; [`FileError::TooMany`] if there are more.
    pub(crate) fn names(
        &self,
        name: &Path,
        limit: usize,
    ) -> Result<Option<Vec<OsString>>, FileError> {
        let shown = self.shown(name);
        let (root, real) = self.resolve(name)?;
        let failed = |source| self.failed(&shown, source);
        if !root.symlink_metadata(&real).map_err(failed)?.is_dir() {
            return Ok(None);
        }
        let folder = self.root.join(&real);
        let mut names = Vec::new();
        for entry in root.read_dir(&real).map_err(failed)? {
            if names.len() >= limit {
                return Err(FileError::TooMany { path: shown.clone(), limit });
            }
            let name = entry.map_err(failed)?.file_name();
            let path = folder.join(&name);
            if !self.left_out.contains(&path) {
                names.push(name);
            }
        }
        names.sort();
        Ok(Some(names))
    }

    /// The project of a folder that has a marker, and that folder, absolute.
    pub(super) fn marked(root: &Path) -> Self {
        let (root, shown) = (root.to_owned(), root.to_owned());
        Self { root, inside: PathBuf::new(), shown, is_marked: true, left_out: Vec::new() }
    }

    /// True if an `rstack.toml` or a `.git` makes it a project.
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
    pub(crate) fn open(&self, name: &Path) -> Result<fs::File, FileError> {
        let shown = self.shown(name);
        let (root, real) = self.resolve(name)?;
        let failed = |source| self.failed(&shown, source);
        // A device may do something when it is opened.
        let kind = root.symlink_metadata(&real).map_err(failed)?.file_type();
        if let Some(kind) = kind.special() {
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

/// True if the path led out of an open folder: the operating system's own refusals have a code.
pub(super) fn is_escape(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

/// The flags of `open`, as the standard library takes them.
pub(super) fn flags(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or_default()
}

/// A folder that is named relative to the directory of `env`, as [`absolute`] has it.
///
/// # Errors
/// [`FileError::Read`] if a `..` of the path, or the current directory, cannot be resolved.
pub(super) fn absolute_of(env: &Env, folder: &Path) -> Result<PathBuf, FileError> {
    absolute(env.current_directory().as_deref(), folder).map_err(|e| read_error(folder, e))
}

/// A path as an absolute one without `.` and `..`; a relative one begins at the directory. Links before
/// a `..` are followed, as the operating system does; links behind the last one are left.
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

/// True if a folder has a file that makes it a project.
pub(super) fn has_marker(env: &Env, folder: &Path) -> bool {
    let found = |name: &str| fs::symlink_metadata(folder.join(name)).ok();
    if found(PROJECT_FILE).is_some_and(|file| distrust(&file).is_none()) {
        return true;
    }
    let is_home = env.variable("HOME").is_some_and(|home| Path::new(home) == folder);
    let counts = !is_home && folder.parent().is_some();
    counts && found(REPOSITORY).is_some_and(|found| is_own(&found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_not_listed() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(folder.join("src/state")).unwrap();
        fs::create_dir_all(folder.join("state")).unwrap();
        fs::write(folder.join("app.py"), "").unwrap();
        let project = Project::marked(&folder);
        let left_out = [PathBuf::from("app.py"), folder.join("./state")];
        let project = project.leaving_out(left_out).unwrap();
        let names = |path: &str| project.names(Path::new(path), 9).unwrap().unwrap();
        assert_eq!(names("."), ["src"]);
        assert_eq!(names("src"), ["state"]);
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
