//! Any text is the address of a template, one a line, and the laws of `address_laws.rs` hold.
#![no_main]

mod address_laws;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| address_laws::check(text));
