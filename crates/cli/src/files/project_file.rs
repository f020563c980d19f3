//! The project file `rstack.toml`: found in the project's folder, and believed if no other user could
//! have written it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::{Distrust, FileError};
use super::project::{Project, absolute_of, has_marker};
use super::read::{read_error, regular, whole};
use crate::env::Env;

/// Its name.
pub(super) const PROJECT_FILE: &str = "rstack.toml";

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
        let absolute = absolute_of(env, folder)?;
        let has_file = |folder: &Path| fs::symlink_metadata(folder.join(PROJECT_FILE)).is_ok();
        let root = absolute.ancestors().find(|f| has_file(f) || has_marker(env, f));
        let Some(root) = root.filter(|root| has_file(root)) else { return Ok(None) };
        let path = root.join(PROJECT_FILE);
        let found = fs::symlink_metadata(&path).map_err(|source| read_error(&path, source))?;
        if let Some(distrust) = distrust(&found) {
            return Err(FileError::Untrusted { path, distrust });
        }
        let project = Project::marked(root);
        let file = project.open(Path::new(PROJECT_FILE))?;
        let opened = regular(&file, &path)?;
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

/// True if a file belongs to the user of this process, or to root.
pub(super) fn is_own(file: &Metadata) -> bool {
    file.uid() == 0 || file.uid() == rustix::process::geteuid().as_raw()
}

/// The reason not to believe a file: another user owns it or can write it.
pub(super) fn distrust(file: &Metadata) -> Option<Distrust> {
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
}
