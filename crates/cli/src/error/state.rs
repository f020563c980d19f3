//! The errors of the store, and what to do about them.

use std::io;
use std::path::Path;

use rstack_model::{ErrorCode, StackName};
use rstack_store::StoreError;

use super::{CommandError, Hint};

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::of(state_code(&error), &error).with_hint(state_hint(&error))
    }
}

/// The code of an error of the store.
pub(crate) fn state_code(error: &StoreError) -> ErrorCode {
    match error {
        StoreError::Locked { .. } => ErrorCode::StateLocked,
        StoreError::LeaseLost { .. } => ErrorCode::LockLost,
        StoreError::JournalLost { .. } => ErrorCode::JournalLost,
        StoreError::Moved { .. } => ErrorCode::PlanOutdated,
        StoreError::OpenJournal { .. } => ErrorCode::JournalOpen,
        StoreError::CannotRepair { .. } => ErrorCode::CannotRepair,
        StoreError::NotADirectory { .. } => ErrorCode::StateDirectory,
        StoreError::Io { .. } => ErrorCode::StateStorage,
        StoreError::NotAFile { .. } => ErrorCode::FileKind,
        StoreError::Exposed { .. } => ErrorCode::StateExposed,
        StoreError::TooLarge { .. } => ErrorCode::StateTooLarge,
        StoreError::Damaged { .. } | StoreError::Checksum { .. } => ErrorCode::StateDamaged,
        StoreError::NewerFormat { .. } => ErrorCode::StateFormat,
        StoreError::OtherStack { .. } => ErrorCode::StateOfOtherStack,
        StoreError::Broken { .. } => ErrorCode::StateNotWritten,
    }
}

/// The hint for an error of the store.
pub(crate) fn state_hint(error: &StoreError) -> Option<Hint> {
    let hint = match error {
        StoreError::Io { source, location, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            Some(format!(
                "check the owner and the permissions of `{}`, or choose another directory with \
                 `--state-dir`",
                location
            ))
        }
        StoreError::Io { .. } => None,
        StoreError::NotADirectory { .. } => Some(
            "choose a directory with `--state-dir`; links to directories are not followed here"
                .to_owned(),
        ),
        StoreError::NotAFile { .. } => {
            Some("rstack never follows links here; put the file itself in place".to_owned())
        }
        StoreError::Exposed { location, .. } => Some(format!("run `chmod 600 {location}`")),
        StoreError::TooLarge { location, .. } => {
            let path = Path::new(location.as_str());
            let hint = Hint::from(
                "nothing was changed; rstack writes no file of this size: put the right file in its place",
            );
            let kind = path.extension().and_then(|kind| kind.to_str());
            return Some(match (kind, stack_of(path)) {
                (Some("json"), Some(stack)) => hint
                    .text(", or move it away, and ")
                    .command(&["state", "repair", stack])
                    .text(" lists the copies"),
                (Some("json"), None) => hint.text(", or move it away"),
                (Some("journal"), _) => hint.text(
                    ", and do not go on without: it records objects that are not in the \
                     state yet",
                ),
                (Some(_) | None, _) => hint,
            });
        }
        StoreError::Damaged { location, .. } | StoreError::Checksum { location } => {
            return Some(match stack_of(Path::new(location.as_str())) {
                Some(stack) => Hint::from("nothing was changed; ")
                    .command(&["state", "repair", stack])
                    .text(" reports the damage and the possible repairs"),
                None => Hint::from("nothing was changed; put an intact copy in its place"),
            });
        }
        StoreError::NewerFormat { .. } => {
            Some("nothing was changed; upgrade rstack to the version that wrote it".to_owned())
        }
        StoreError::OtherStack { .. } => {
            Some("the file was renamed or copied; put the right one in place".to_owned())
        }
        StoreError::Locked { holder: Some(holder), .. } => Some(format!(
            "wait until it has finished; the lock ends with its process (process {} on \
             {})",
            holder.pid, holder.host
        )),
        StoreError::Locked { holder: None, .. } => Some(
            "wait until it has finished; the lock ends with its process".to_owned(),
        ),
        StoreError::LeaseLost { .. } => Some(
            "another rstack may be working on the stack, so no further call was made; put a state directory \
             that was moved back in its place, then run the same command again: it resolves the \
             open operations"
                .to_owned(),
        ),
        StoreError::JournalLost { .. } => Some(
            "no further call was made; put the journal back in its place, then run the same command \
             again: without it rstack does not know what this run created"
                .to_owned(),
        ),
        StoreError::Moved { .. } => Some("plan again".to_owned()),
        StoreError::OpenJournal { .. } => Some(
            "plan or apply the stack first: both ask the cloud for the outcome of the interrupted run"
                .to_owned(),
        ),
        StoreError::CannotRepair { stack, .. } => {
            let repair = Hint::begin_with(&["state", "repair", stack.as_str()]);
            return Some(repair.text(" shows if a repair is needed, and which one fits"));
        }
        StoreError::Broken { .. } => Some(
            "free disk space or repair the disk, then run the same command again".to_owned(),
        ),
    };
    hint.map(Hint::from)
}

/// The stack whose state or journal this file is; `None` for the key of digests and for copies.
fn stack_of(path: &Path) -> Option<&str> {
    let kind = path.extension()?.to_str()?;
    let stem = path.file_stem()?.to_str()?;
    let names = matches!(kind, "json" | "journal") && StackName::parse(stem).is_ok();
    names.then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(error: &StoreError) -> String {
        let line = |words: &[&str]| format!("rstack {} --sandbox", words.join(" "));
        state_hint(error).unwrap().show(&line)
    }

    #[test]
    fn a_damaged_file_of_a_stack_is_repaired_by_the_name_of_the_stack() {
        let told = |path: &str| hint(&StoreError::Checksum { location: path.into() });
        let repair = "`rstack state repair live --sandbox`";
        for path in ["here/sandbox/live.json", "here/sandbox/live.journal"] {
            assert!(told(path).contains(repair), "{}", told(path));
        }
        for path in ["here/sandbox/.key", "here/sandbox/live.backup/3-0123abcd.json"] {
            assert!(told(path).contains("intact copy"), "{}", told(path));
        }
    }

    /// It is not the disk's fault that another file is too large, or that it is full.
    #[test]
    fn permissions_are_checked_where_they_are_in_the_way() {
        let refused = |kind: io::ErrorKind| {
            let (operation, location, source) = ("read", "here/live.json".into(), kind.into());
            StoreError::Io { operation, location, source }
        };
        assert!(hint(&refused(io::ErrorKind::PermissionDenied)).contains("the permissions of"));
        assert_eq!(state_hint(&refused(io::ErrorKind::StorageFull)), None);
        let large =
            |path: &str| hint(&StoreError::TooLarge { location: path.into(), size: 1 << 40 });
        let away = "move it away, and `rstack state repair live --sandbox` lists";
        assert!(large("here/sandbox/live.json").contains(away));
        assert!(large("here/sandbox/live.backup/3-0123abcd.json").ends_with("or move it away"));
        // What a run has made would be forgotten with its journal.
        for path in ["here/sandbox/live.journal", "here/sandbox/.key"] {
            let told = large(path);
            assert!(told.contains("put the right file") && !told.contains("away"), "{told}");
        }
    }

    #[test]
    fn files_that_are_exposed_or_newer_are_not_for_repair() {
        let exposed = StoreError::Exposed { location: "here/live.json".into(), mode: 0o644 };
        assert_eq!(hint(&exposed), "run `chmod 600 here/live.json`");
        let newer =
            StoreError::NewerFormat { location: "here/live.json".into(), found: 3, known: 2 };
        assert!(hint(&newer).contains("upgrade rstack"));
    }
}
