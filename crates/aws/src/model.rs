//! Service models: the shapes and operations of one AWS service, from its public description.

use std::collections::BTreeMap;

/// What a shape is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ShapeKind {
    /// Named members, by member name.
    Structure {
        /// The members.
        members: BTreeMap<String, Member>,
    },
    /// Elements of one shape.
    List {
        /// The elements.
        member: Member,
    },
    /// Text keys, values of one shape.
    Map {
        /// The keys.
        key: Member,
        /// The values.
        value: Member,
    },
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A 32-bit integer.
    Integer,
    /// A 64-bit integer.
    Long,
    /// A 32-bit float.
    Float,
    /// A 64-bit float.
    Double,
    /// A point in time.
    Timestamp,
    /// Bytes.
    Blob,
}
