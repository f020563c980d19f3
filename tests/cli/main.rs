//! The whole program, run as a user runs it, in an environment that knows nothing of the machine.
#![cfg(test)]

mod harness;
mod lifecycle;
