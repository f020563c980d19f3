//! Any text gives the values of a template's parameters, and the laws of `parameter_laws.rs` hold.
#![no_main]

mod parameter_laws;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| parameter_laws::check(text));
