//! The tree of a source text: what was written, and where.

use rstack_model::Span;

/// Something with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts a thing and its place together.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A local tag such as `!Sub`, without its `!`.
pub(crate) type Tag = Spanned<String>;

/// One key and its value in a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Spanned<String>,
    /// The value.
    pub(crate) value: Node,
}

/// One node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) kind: NodeKind,
    /// Where it is, its tag included.
    pub(crate) span: Span,
    /// Its tag, if it has one of its own.
    pub(crate) tag: Option<Tag>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    /// Text as it was written, quotes and escapes removed.
    Scalar {
        /// The text.
        text: String,
        /// Whether it was written without quotes, so that it may mean a boolean or a number.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map; its keys are unique.
    Map(Vec<Entry>),
}

impl Node {
    /// The entries, if this is a map without a tag.
    pub(crate) fn as_map(&self) -> Option<&[Entry]> {
        match &self.kind {
            NodeKind::Map(entries) if self.tag.is_none() => Some(entries),
            NodeKind::Map(_) | NodeKind::List(_) | NodeKind::Scalar { .. } => None,
        }
    }

    /// The elements, if this is a list without a tag.
    pub(crate) fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) if self.tag.is_none() => Some(items),
            NodeKind::List(_) | NodeKind::Map(_) | NodeKind::Scalar { .. } => None,
        }
    }

    /// The text, if this is a scalar without a tag.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } if self.tag.is_none() => Some(text),
            NodeKind::Scalar { .. } | NodeKind::Map(_) | NodeKind::List(_) => None,
        }
    }

    /// Whether it is null: an empty, `~` or `null` plain scalar.
    pub(crate) fn is_null(&self) -> bool {
        match &self.kind {
            NodeKind::Scalar { text, plain } => {
                *plain
                    && self.tag.is_none()
                    && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            NodeKind::List(_) | NodeKind::Map(_) => false,
        }
    }

    /// What it is, in words for a message.
    pub(crate) fn words(&self) -> &'static str {
        match &self.kind {
            _ if self.tag.is_some() => "a function",
            NodeKind::Scalar { .. } if self.is_null() => "nothing",
            NodeKind::Scalar { .. } => "text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }
}
