//! Any text is read as a state file and the journal over it, and the laws of `state_laws.rs` hold.
#![no_main]

mod state_laws;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| state_laws::check(text));
