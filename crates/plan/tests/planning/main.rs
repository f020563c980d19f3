//! The planner, the rollback planner and the checker together.
#![cfg(test)]

mod cases;
mod laws;
mod support;
