//! Any text is read and evaluated as a template, and the laws of `laws.rs` hold.
#![no_main]

mod laws;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| laws::check(text));
