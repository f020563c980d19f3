//! Any text is read as a saved plan, and the laws of `plan_laws.rs` hold.
#![no_main]

mod plan_laws;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| plan_laws::check(text));
