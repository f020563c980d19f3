//! Any text is read as the manifest of a cloud assembly, and the laws of `assembly_laws.rs` hold.
#![no_main]

mod assembly_laws;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| assembly_laws::check(text));
