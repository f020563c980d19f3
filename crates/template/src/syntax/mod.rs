//! Source text to a tree of nodes with spans. The only module that knows the YAML parser.

mod node;
mod parse;
mod problem;
mod scalar;

pub(crate) use node::{Entry, Node, NodeKind};
pub use node::{Extent, Spanned};
pub use parse::MAX_SIZE;
pub(crate) use parse::{duplicate_keys, parse};
pub(crate) use scalar::scalar;
