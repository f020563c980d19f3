//! The template language: what templates mean, and what is told of those that mean nothing.
#![cfg(test)]

mod mistakes;
mod semantics;
mod streaming;
mod support;
