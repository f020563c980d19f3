//! The state store: file, lock and journal.
