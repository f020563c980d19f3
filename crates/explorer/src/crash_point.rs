//! Steps of a run at which it can die, and crash points: what happens at one of them.

use std::fmt;
use std::str::FromStr;

/// An act of a process on cloud or disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A call to the cloud.
    Call(&'static str),
    /// A file is made.
    Make,
    /// Bytes are written.
    Write,
    /// A file is cut.
    Truncate,
    /// The bytes of a file are made durable.
    Sync,
    /// A file gets another name.
    Rename,
    /// A file is removed.
    Remove,
    /// The names of a directory are made durable.
    SyncDirectory,
}

impl Act {
    fn word(self) -> &'static str {
        match self {
            Self::Call(verb) => verb,
            Self::Make => "make",
            Self::Write => "write",
            Self::Truncate => "truncate",
            Self::Sync => "fsync",
            Self::Rename => "rename",
            Self::Remove => "unlink",
            Self::SyncDirectory => "dirsync",
        }
    }

    /// True if the cloud is another one afterwards.
    pub fn changes_cloud(self) -> bool {
        match self {
            // A question brings what is under way nearer to its end.
            Self::Call(verb) => {
                matches!(verb, "create" | "update" | "delete" | "stabilized" | "deliver")
            }
            Self::Make
            | Self::Write
            | Self::Truncate
            | Self::Sync
            | Self::Rename
            | Self::Remove
            | Self::SyncDirectory => false,
        }
    }

    /// True if it is an act on the disk.
    pub fn is_of_disk(self) -> bool {
        !matches!(self, Self::Call(_))
    }
}

/// The changes that are not durable before a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Bytes of files.
    pub data: bool,
    /// The number of changes of names.
    pub names: usize,
}

/// One step of a run: a call, or a change of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunStep {
    /// The act that follows.
    pub act: Act,
    /// The changes that are not durable before it.
    pub pending: Pending,
}

/// The part of bytes that were not durable which a crash leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// All of them are there: so it is when only the process dies.
    Kept,
    /// None of them is there.
    Lost,
    /// The first half of them is there.
    Torn,
    /// All are there, the second half of them as zeros: the length came before the bytes.
    Zeroed,
}

/// The part of changed names that were not durable which a crash leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// All changes are there.
    Kept,
    /// None of them is there.
    Lost,
    /// The last one is there and those before it are not: disks write in any order.
    Last,
}

/// The part of everything that was not durable which a crash leaves on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survival {
    /// Of the bytes.
    pub data: Data,
    /// Of the names.
    pub names: Names,
}

impl Survival {
    /// Everything: the process died and the machine lives.
    pub const ALL: Self = Self { data: Data::Kept, names: Names::Kept };

    /// All survivals that differ when this is pending.
    pub fn of(pending: Pending) -> Vec<Self> {
        let data: &[Data] = if pending.data {
            &[Data::Kept, Data::Lost, Data::Torn, Data::Zeroed]
        } else {
            &[Data::Kept]
        };
        let names: &[Names] = match pending.names {
            0 => &[Names::Kept],
            1 => &[Names::Kept, Names::Lost],
            _ => &[Names::Kept, Names::Lost, Names::Last],
        };
        let both = data.iter().flat_map(|data| names.iter().map(move |names| (*data, *names)));
        both.map(|(data, names)| Self { data, names }).collect()
    }
}

/// A fault of the disk under a process that lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is full: half of what is written fits, and no file can be made.
    Full,
    /// Nothing can be changed any more.
    ReadOnly,
    /// A sync makes nothing durable, and the disk reports that.
    Failing,
}

/// The death of a process at a crash point, or a fault of its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// It dies before the act.
    Before(Survival),
    /// It dies after the act has had its effect and before it learns of it.
    After(Survival),
    /// The disk fails from this step on, until the process has ended.
    Fail(Fault),
}

/// A crash point: the step of a run and what happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashPoint {
    /// The number of the step, from 0.
    pub step: usize,
    /// The death or fault.
    pub strike: Strike,
    /// The act that was about to be done, for the reader.
    pub act: Option<Act>,
}

/// All crash points of a run that had these steps, with `left` not durable at its end. The disk fails
/// where `faults` says so.
pub fn points(steps: &[RunStep], left: Pending, faults: bool) -> Vec<CrashPoint> {
    let mut points = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let mut add =
            |strike| points.push(CrashPoint { step: number, strike, act: Some(step.act) });
        Survival::of(step.pending).into_iter().for_each(|left| add(Strike::Before(left)));
        let after = steps.get(number + 1).map_or(left, |next| next.pending);
        Survival::of(after).into_iter().for_each(|left| add(Strike::After(left)));
        if faults && step.act.is_of_disk() {
            let all = [Fault::Full, Fault::ReadOnly, Fault::Failing];
            all.into_iter().for_each(|fault| add(Strike::Fail(fault)));
        }
    }
    points
}

impl fmt::Display for Survival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = match self.data {
            Data::Kept => "",
            Data::Lost => ":lost",
            Data::Torn => ":torn",
            Data::Zeroed => ":zeroed",
        };
        let names = match self.names {
            Names::Kept => "",
            Names::Lost => ":nameless",
            Names::Last => ":reordered",
        };
        write!(f, "{data}{names}")
    }
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.act.map_or("act", Act::word);
        let number = self.step;
        match self.strike {
            Strike::Before(left) => write!(f, "{number}:before-{word}{left}"),
            Strike::After(left) => write!(f, "{number}:after-{word}{left}"),
            Strike::Fail(Fault::Full) => write!(f, "{number}:full-{word}"),
            Strike::Fail(Fault::ReadOnly) => write!(f, "{number}:readonly-{word}"),
            Strike::Fail(Fault::Failing) => write!(f, "{number}:failing-{word}"),
        }
    }
}

impl FromStr for CrashPoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no point; one looks like `17:after-create`");
        let mut parts = text.split(':');
        let step = parts.next().and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
        let side = parts.next().ok_or_else(wrong)?;
        let mut left = Survival::ALL;
        for word in parts {
            match word {
                "lost" => left.data = Data::Lost,
                "torn" => left.data = Data::Torn,
                "zeroed" => left.data = Data::Zeroed,
                "nameless" => left.names = Names::Lost,
                "reordered" => left.names = Names::Last,
                _ => return Err(wrong()),
            }
        }
        let strike = match side.split('-').next().unwrap_or_default() {
            "before" => Strike::Before(left),
            "after" => Strike::After(left),
            "full" => Strike::Fail(Fault::Full),
            "readonly" => Strike::Fail(Fault::ReadOnly),
            "failing" => Strike::Fail(Fault::Failing),
            _ => return Err(wrong()),
        };
        Ok(Self { step, strike, act: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_as_they_are_written() {
        let steps = [
            RunStep { act: Act::Write, pending: Pending { data: false, names: 2 } },
            RunStep { act: Act::Call("create"), pending: Pending { data: true, names: 2 } },
        ];
        let all = points(&steps, Pending::default(), true);
        assert_eq!(all.len(), 3 + 12 + 3 + 12 + 1);
        for point in all {
            let read: CrashPoint = point.to_string().parse().unwrap();
            assert_eq!((read.step, read.strike), (point.step, point.strike), "{point}");
        }
        assert!("17".parse::<CrashPoint>().is_err());
        assert!("17:after-call:gone".parse::<CrashPoint>().is_err());
    }
}
