//! The template language: what templates mean, and what is told of those that mean nothing.
#![cfg(test)]

mod cloudformation;
mod constructs;
mod functions;
mod hostile;
mod includes;
mod laws;
mod lookups;
mod loops;
mod mistakes;
mod rules;
mod semantics;
mod streaming;
mod support;
mod yaml;
