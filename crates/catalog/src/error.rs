//! Errors of the data file.

/// A registry that cannot be read: the binary was built from a damaged data file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The file is not of the form that this crate writes.
    #[error("the schema data is damaged: {0}")]
    Damaged(&'static str),
    /// A type's schema cannot be opened.
    #[error("the schema of `{type_name}` cannot be read: {problem}")]
    Type {
        /// The type.
        type_name: String,
        /// Why not.
        problem: String,
    },
}
