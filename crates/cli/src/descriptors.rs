//! File descriptors: enough of them, or an error before anything is begun. A library that finds none
//! left while the threads start would panic.

use std::fs::File;
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The descriptors that must be free: those of the threads, and some for files.
const NEEDED: usize = 12;

/// The descriptors that the process asks for, if the user's limits allow them.
const WANTED: u64 = 1_024;

/// Raises the limit of the process as far as it may, and checks that enough descriptors are free.
///
/// # Errors
/// The error of the operating system if they are not.
pub(crate) fn prepare() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if let Some(current) = limit.current.filter(|current| *current < WANTED) {
        let most = limit.maximum.map_or(WANTED, |most| most.min(WANTED)).max(current);
        // A limit that cannot be raised may suffice, which is looked at next.
        let _refused = setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit });
    }
    let free: io::Result<Vec<File>> = (0..NEEDED).map(|_| File::open("/")).collect();
    free.map(drop)
}
