//! Observes, executes plans, recovers and rolls back; emits events.
