//! The planner, the rollback planner and the checker together.
#![cfg(test)]

mod cases;
mod final_snapshots;
mod forged;
mod hazards;
mod laws;
mod support;
mod updates;
