//! The limits of the validator's process, which it sets for itself before it reads anything.
//!
//! *Architecture Invariant:* nothing that a template or a rule makes the process do opens a file or a
//! connection, leaves a core, or takes more memory than this.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Takes away the right to open anything, and to take more than `memory` bytes for data.
///
/// # Errors
/// If the operating system does not take the limits.
pub(super) fn close(memory: u64) -> io::Result<()> {
    // Without descriptors no file and no socket can be opened; those that are open stay.
    lower(Resource::Nofile, 0)?;
    lower(Resource::Fsize, 0)?;
    // Elsewhere than on Linux the limit of data counts the heap of C alone.
    let data = if cfg!(target_os = "linux") { Resource::Data } else { Resource::As };
    lower(data, memory)
}

/// Ends the process when it takes more than these seconds of the processor from now on.
///
/// # Errors
/// If the operating system does not take the limit.
pub(super) fn processor(seconds: u64) -> io::Result<()> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime).tv_sec;
    let until = used.unsigned_abs().saturating_add(seconds).saturating_add(1);
    let now = getrlimit(Resource::Cpu);
    let current = now.maximum.map_or(until, |most| most.min(until));
    Ok(setrlimit(Resource::Cpu, Rlimit { current: Some(current), ..now })?)
}

/// Ends the process with the thread that started it.
pub(super) fn end_with_parent() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        // Without it the process ends when its input does, and at its limit of the processor.
        let _as_it_was = set_parent_process_death_signal(Some(Signal::KILL));
    }
}

fn lower(resource: Resource, to: u64) -> io::Result<()> {
    let most = getrlimit(resource).maximum.map_or(to, |most| most.min(to));
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}
