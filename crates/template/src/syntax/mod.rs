//! Source text to a tree of nodes with spans. The only module that knows the YAML parser.

mod merge;
mod node;
mod nulls;
mod other_file;
mod parse;
mod problem;
mod scalar;
mod yaml11;

pub(crate) use node::{Entry, Node, NodeKind};
pub use node::{Extent, Spanned};
pub(crate) use nulls::nulls;
pub use other_file::is_other_file;
pub use parse::MAX_SIZE;
pub(crate) use parse::{duplicate_keys, parse};
pub(crate) use scalar::scalar;
pub(crate) use yaml11::{Meaning, is_new_octal, meaning};
