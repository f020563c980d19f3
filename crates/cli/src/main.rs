//! The rstack command line: one file per command, wiring and exit codes.
fn main() {}
