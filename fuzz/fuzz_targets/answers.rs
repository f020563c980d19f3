//! Any text is read as the answer of a service, and the laws of `rstack-aws` hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| rstack_aws::answer_laws::check(text));
