//! Comparing property trees after normalization by schema.

mod canonical;
mod declared;
mod observed;

pub use declared::differences;
pub use observed::drift;
