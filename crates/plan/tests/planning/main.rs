//! The planner, the rollback planner and the checker together.

mod cases;
mod laws;
mod support;
