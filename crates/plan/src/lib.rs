//! Dependency graph, three-way comparison, planner and plan checker.
