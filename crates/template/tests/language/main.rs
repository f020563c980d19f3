//! The template language: the meaning of templates, and the findings about those that mean nothing.
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
mod nested;
mod policy_sizes;
mod rules;
mod semantics;
mod streaming;
mod support;
mod waiting;
mod yaml;
