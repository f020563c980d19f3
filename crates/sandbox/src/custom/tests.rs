//! The answers of simulated handlers, and what they leave.
