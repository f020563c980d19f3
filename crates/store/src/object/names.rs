//! The names of the objects of a stack.

use object_store::path::Path;
use rstack_model::{Digest, Serial, StackName};

/// The number of digits of a state's digest in its name.
const DIGITS: usize = 12;

/// The names of one stack's objects.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    root: Path,
}

impl Names {
    pub(crate) fn new(root: &Path, stack: &StackName) -> Self {
        Self { root: root.clone().join(stack.as_str()) }
    }

    pub(crate) fn lease(&self) -> Path {
        self.root.clone().join("lease")
    }

    pub(crate) fn current(&self) -> Path {
        self.root.clone().join("current")
    }

    pub(crate) fn states(&self) -> Path {
        self.root.clone().join("state")
    }

    pub(crate) fn state(&self, name: &str) -> Path {
        self.states().join(name)
    }

    pub(crate) fn journals(&self) -> Path {
        self.root.clone().join("journal")
    }

    pub(crate) fn run(&self, run: &str) -> Path {
        self.journals().join(run)
    }

    pub(crate) fn record(&self, run: &str, number: u64) -> Path {
        self.run(run).join(format!("{number:08}.json"))
    }
}

/// The name of the object of a state. The digest keeps apart what one holder wrote under one serial
/// before and after a pointer that could not be written.
pub(crate) fn state_name(serial: Serial, token: u64, bytes: &[u8]) -> String {
    let digest = Digest::of(bytes);
    let digits: String = digest.as_str().chars().take(DIGITS).collect();
    format!("{:08}-{token:08}-{digits}.json", serial.0)
}

/// The name of a run: the token of its holder, and how many it began before.
pub(crate) fn run_name(token: u64, begun: u64) -> String {
    format!("{token:08}-{begun:04}")
}

/// The token of the holder that wrote the state object of this name.
pub(crate) fn token_of_state(name: &str) -> Option<u64> {
    name.split('-').nth(1)?.parse().ok()
}

/// The token of the holder that began the run of this name.
pub(crate) fn token_of_run(name: &str) -> Option<u64> {
    name.split('-').next()?.parse().ok()
}

/// The number of the journal object of this name.
pub(crate) fn number_of_record(name: &str) -> Option<u64> {
    name.strip_suffix(".json")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whose_they_are() {
        let state = state_name(Serial(3), 7, b"bytes");
        assert_ne!(state, state_name(Serial(3), 7, b"others"));
        assert_eq!(token_of_state(&state), Some(7));
        assert_eq!(token_of_run(&run_name(7, 2)), Some(7));
        let names = Names::new(&Path::from("root"), &StackName::parse("Live").unwrap());
        let record = names.record(&run_name(7, 2), 11);
        assert_eq!(record.as_ref(), "root/Live/journal/00000007-0002/00000011.json");
        assert_eq!(number_of_record(record.filename().unwrap()), Some(11));
        assert_eq!(token_of_state("notes.txt"), None);
        assert_eq!(token_of_run("notes"), None);
    }
}
