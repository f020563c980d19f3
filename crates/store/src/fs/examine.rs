//! The examination of the files of a stack. Reads, and changes nothing.

use std::path::{Path, PathBuf};

use rstack_model::Serial;
use rstack_model::plan::PlanBase;
use rstack_model::state::State;

use super::atomic;
use super::base_mismatch::{BaseMatch, BaseMismatch};
use super::files::Files;
use super::stale_journal;
use crate::content::{Content, Unsealed};
use crate::error::StoreError;
use crate::records;
use rstack_journal::Entry;
use rstack_journal::{Reading, Records};
use rstack_journal::{RepairedJournal, repair};

/// The condition of a state file.
#[derive(Debug)]
pub enum StateFinding {
    /// There is none.
    Missing,
    /// It is whole.
    Sound(Box<State>),
    /// It can be read, and is not what was written.
    Edited(Box<State>),
    /// It cannot be used.
    Unusable(StoreError),
}

impl StateFinding {
    /// True if a kept state may take its place. Problems of permissions, links, sizes and formats
    /// come first: the file may be whole, and a newer rstack may have written it.
    pub fn may_be_replaced(&self) -> bool {
        match self {
            Self::Missing | Self::Edited(_) => true,
            Self::Sound(_) => false,
            Self::Unusable(error) => {
                matches!(error, StoreError::Damaged { .. } | StoreError::OtherStack { .. })
            }
        }
    }
}

/// The condition of a journal.
#[derive(Debug)]
pub enum JournalFinding {
    /// There is none, or it is whole and stale.
    Missing,
    /// It is whole, but perhaps for a last record that was cut off.
    Sound {
        /// Its records.
        records: usize,
    },
    /// A record is damaged.
    Damaged {
        /// The damage, and its place.
        error: StoreError,
        /// The records that a repair keeps; `None` if that is not known without the state.
        repaired: Option<RepairedJournal>,
    },
    /// It is damaged or cut off, and everything that its run did is in the state.
    Stale {
        /// The damage, and its place; `None` if its end is missing.
        error: Option<StoreError>,
    },
    /// It cannot be used.
    Unusable(StoreError),
}

impl JournalFinding {
    /// True if a run is open of which not everything is in the state.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Missing | Self::Stale { .. } => false,
            Self::Sound { .. } | Self::Damaged { .. } | Self::Unusable(_) => true,
        }
    }
}

/// The difference between the bytes of a file and those of its copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It was cut off.
    Cut {
        /// The number of bytes that are left.
        left: usize,
        /// The number of bytes of the copy.
        of: usize,
    },
    /// One bit is another one.
    Bit {
        /// The byte that it is in.
        byte: usize,
    },
    /// Something else.
    Other,
}

/// The kept state that is most like a damaged one.
#[derive(Clone, Debug)]
pub struct Twin {
    /// The state.
    pub state: State,
    /// Its file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The difference of the damaged one.
    pub difference: Difference,
}

/// The findings of an examination of a stack.
#[derive(Debug)]
pub struct Examination {
    /// Of its state.
    pub state: StateFinding,
    /// The text of the state file, as far as it is text.
    pub text: Option<String>,
    /// Of its journal.
    pub journal: JournalFinding,
    /// The kept state that is most like what is there, if that is damaged or missing.
    pub twin: Option<Twin>,
    /// The serial of the kept state that can take the place of what is there.
    pub offered: Option<Serial>,
    /// The mismatch with the state that the journal was written over, if it is another one than the
    /// one that is there or none can take its place.
    pub base_mismatch: Option<BaseMismatch>,
}

pub(crate) fn difference(damaged: &[u8], whole: &[u8]) -> Difference {
    if whole.starts_with(damaged) && damaged.len() < whole.len() {
        return Difference::Cut { left: damaged.len(), of: whole.len() };
    }
    let mut bytes = damaged.iter().zip(whole).enumerate().filter(|(_, (a, b))| a != b);
    match (damaged.len() == whole.len(), bytes.next(), bytes.next()) {
        (true, Some((byte, (a, b))), None) if (a ^ b).count_ones() == 1 => Difference::Bit { byte },
        _ => Difference::Other,
    }
}

/// The number of bytes that two texts have in common at their beginning and their end.
fn likeness(a: &[u8], b: &[u8]) -> usize {
    let same = |(x, y): &(&u8, &u8)| x == y;
    let begin = a.iter().zip(b).take_while(same).count();
    begin + a.iter().rev().zip(b.iter().rev()).take_while(same).count()
}

impl Files {
    pub(crate) fn examine(&self) -> Result<Examination, StoreError> {
        let (read, bytes) = self.read_state();
        let journal = self.journal_finding(&read);
        let finding = match read {
            Ok(None) => StateFinding::Missing,
            Ok(Some(Unsealed { content, intact: true })) => {
                StateFinding::Sound(Box::new(content.state))
            }
            Ok(Some(Unsealed { content, intact: false })) => {
                StateFinding::Edited(Box::new(content.state))
            }
            Err(error) => StateFinding::Unusable(error),
        };
        let sound = matches!(finding, StateFinding::Sound(_));
        let twin = if sound { None } else { self.twin(bytes.as_deref())? };
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let BaseMatch { offered, base_mismatch } =
            self.belonging(&finding, &journal, twin.as_ref())?;
        Ok(Examination { state: finding, text, journal, twin, offered, base_mismatch })
    }

    fn read_state(&self) -> (Result<Option<Unsealed>, StoreError>, Option<Vec<u8>>) {
        match atomic::read(self.disk.as_ref(), &self.state) {
            Ok(Some(bytes)) => {
                (Content::unsealed(&self.state, &bytes, &self.stack).map(Some), Some(bytes))
            }
            Ok(None) => (Ok(None), None),
            Err(error) => (Err(error), None),
        }
    }

    fn journal_finding(&self, state: &Result<Option<Unsealed>, StoreError>) -> JournalFinding {
        let bytes = match atomic::read(self.disk.as_ref(), &self.journal) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return JournalFinding::Missing,
            Err(error) => return JournalFinding::Unusable(error),
        };
        let state = state.as_ref().map(Option::as_ref);
        let stale = match state {
            Ok(Some(Unsealed { content, intact: true })) => stale_journal::is_in(&bytes, content),
            // Edited content is not trusted, but such a digest is never made by accident.
            Ok(Some(Unsealed { content, intact: false })) => {
                stale_journal::ends_with(&bytes, content.folded.as_ref())
            }
            Ok(None) | Err(_) => false,
        };
        match records::parse(&self.journal, &bytes, None) {
            Ok(records) if records.entries.is_empty() => JournalFinding::Missing,
            Ok(Records { tail, .. }) if stale => {
                let folded = state.ok().flatten().and_then(|state| state.content.folded.as_ref());
                let whole = tail.digest.as_ref() == folded;
                if whole { JournalFinding::Missing } else { JournalFinding::Stale { error: None } }
            }
            Ok(records) => JournalFinding::Sound { records: records.entries.len() },
            Err(error @ StoreError::Damaged { .. }) if stale => {
                JournalFinding::Stale { error: Some(error) }
            }
            Err(error @ StoreError::Damaged { .. }) => {
                let repaired = match state {
                    Ok(None) => repair(&bytes, None),
                    Ok(Some(Unsealed { content, intact: true })) => {
                        repair(&bytes, Some(&content.state))
                    }
                    Ok(Some(Unsealed { intact: false, .. })) | Err(_) => None,
                };
                JournalFinding::Damaged { error, repaired }
            }
            Err(error) => JournalFinding::Unusable(error),
        }
    }

    /// True if the run of the journal is in this state, which is kept and sound.
    pub(crate) fn journal_is_in(&self, kept: &Content) -> Result<bool, StoreError> {
        let bytes = atomic::read(self.disk.as_ref(), &self.journal)?;
        Ok(bytes.is_some_and(|bytes| stale_journal::is_in(&bytes, kept)))
    }

    /// The last record of the journal that is whole: a state that remembers it has what the run did.
    pub(crate) fn journal_end(&self) -> Result<Option<rstack_model::Digest>, StoreError> {
        let bytes = atomic::read(self.disk.as_ref(), &self.journal)?;
        Ok(bytes.and_then(|bytes| stale_journal::end(&bytes)))
    }

    /// The first record of the journal, if it is whole.
    pub(crate) fn journal_begin(&self) -> Option<Entry> {
        let bytes = atomic::read(self.disk.as_ref(), &self.journal).ok()??;
        let Reading { records, .. } = rstack_journal::read(&bytes, None);
        records.entries.into_iter().next()
    }

    /// The lineage and serial over which the journal was written, if its first record can be read.
    pub(crate) fn journal_base(&self) -> Option<PlanBase> {
        match self.journal_begin() {
            Some(Entry::Begin { base, .. }) => Some(base),
            Some(_) | None => None,
        }
    }

    /// The kept state that is most like these bytes; without any, the one that the journal was
    /// written over, or the newest.
    fn twin(&self, bytes: Option<&[u8]>) -> Result<Option<Twin>, StoreError> {
        let base = self.journal_base();
        let mut best: Option<(usize, Twin)> = None;
        for (path, backup) in self.backups.found(base.as_ref().map(|base| &base.lineage))? {
            let Ok((state, _)) = backup.content else { continue };
            let Some(whole) = atomic::read(self.disk.as_ref(), &path)? else { continue };
            let is_base = base
                .as_ref()
                .is_some_and(|b| b.lineage == state.lineage && b.serial == state.serial);
            // Without a state, only the one that the open run began with can be the lost one.
            if bytes.is_none() && base.is_some() && !is_base {
                continue;
            }
            let like = bytes.map_or(usize::from(is_base), |bytes| likeness(bytes, &whole));
            if best.as_ref().is_some_and(|(most, _)| *most >= like) {
                continue;
            }
            let difference = bytes.map_or(Difference::Other, |bytes| difference(bytes, &whole));
            let text = String::from_utf8_lossy(&whole).into_owned();
            best = Some((like, Twin { state, path, text, difference }));
        }
        Ok(best.map(|(_, twin)| twin))
    }

    /// Keeps a damaged file beside the backups, durably.
    pub(crate) fn keep_aside(&self, path: &Path) -> Result<Option<PathBuf>, StoreError> {
        let disk = self.disk.as_ref();
        let Some(bytes) = atomic::read(disk, path)? else { return Ok(None) };
        let digest = rstack_model::Digest::of(&bytes);
        let digits: String = digest.as_str().chars().take(8).collect();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        let aside = self.backups.directory.join(format!("damaged-{digits}.{kind}"));
        atomic::directory(disk, &self.backups.directory)?;
        atomic::write(disk, &aside, &self.stack, &bytes)?.publish()?;
        Ok(Some(aside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_names() {
        assert_eq!(difference(b"ab", b"abc"), Difference::Cut { left: 2, of: 3 });
        assert_eq!(difference(b"abb", b"abc"), Difference::Bit { byte: 2 });
        assert_eq!(difference(b"abx", b"abc"), Difference::Other);
        assert_eq!(difference(b"abcd", b"abc"), Difference::Other);
        assert!(likeness(b"abXcd", b"abYcd") > likeness(b"abXcd", b"abYcX"));
        assert!(likeness(b"ab", b"abcd") > likeness(b"ab", b"cd"));
    }
}
