//! The tree of a source text: what was written, and where.

use std::borrow::Cow;

use rstack_model::Span;

/// Something with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
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

/// About how many bytes of memory a node takes besides its text.
const NODE_WEIGHT: usize = 100;

/// A local tag such as `!Sub`, without its `!`.
pub(crate) type Tag = Spanned<String>;

/// One key and its value in a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'t> {
    /// The key.
    pub(crate) key: Spanned<String>,
    /// The value.
    pub(crate) value: Node<'t>,
}

/// The extent of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The number of texts, lists and maps; keys are texts, and a value that an alias names counts
    /// again.
    pub nodes: usize,
    /// The bytes of its longest text.
    pub longest: usize,
    /// The entries of its largest list or map.
    pub widest: usize,
}

/// One node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node<'t> {
    /// Its kind.
    pub(crate) kind: NodeKind<'t>,
    /// Where it is, its tag included.
    pub(crate) span: Span,
}

/// The kind of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind<'t> {
    /// Text as it was written, quotes and escapes removed.
    Scalar {
        /// The text.
        text: Cow<'t, str>,
        /// True if it was written without quotes, so that it may mean a boolean or a number.
        plain: bool,
    },
    /// A list.
    List(Vec<Node<'t>>),
    /// A map; its keys are unique.
    Map(Vec<Entry<'t>>),
    /// A node of one of the other kinds behind a tag: a function and its argument.
    Tagged(Box<(Tag, Node<'t>)>),
}

impl<'t> Node<'t> {
    /// Moves all its places.
    pub(crate) fn shift(&mut self, by: usize) {
        let moved = |span: Span| Span::new(span.start + by, span.end + by);
        self.span = moved(self.span);
        match &mut self.kind {
            NodeKind::Scalar { .. } => {}
            NodeKind::List(items) => items.iter_mut().for_each(|item| item.shift(by)),
            NodeKind::Map(entries) => {
                for entry in entries {
                    entry.key.span = moved(entry.key.span);
                    entry.value.shift(by);
                }
            }
            NodeKind::Tagged(tagged) => {
                let (tag, inner) = &mut **tagged;
                tag.span = moved(tag.span);
                inner.shift(by);
            }
        }
    }

    /// The extent of it, with everything in it.
    pub(crate) fn extent(&self) -> Extent {
        let mut extent = Extent::default();
        self.measure(&mut extent);
        extent
    }

    fn measure(&self, extent: &mut Extent) {
        extent.nodes += 1;
        match &self.kind {
            NodeKind::Scalar { text, .. } => extent.longest = extent.longest.max(text.len()),
            NodeKind::List(items) => {
                extent.widest = extent.widest.max(items.len());
                items.iter().for_each(|item| item.measure(extent));
            }
            NodeKind::Map(entries) => {
                extent.widest = extent.widest.max(entries.len());
                for Entry { key, value } in entries {
                    extent.nodes += 1;
                    extent.longest = extent.longest.max(key.value.len());
                    value.measure(extent);
                }
            }
            NodeKind::Tagged(tagged) => tagged.1.measure(extent),
        }
    }

    /// The entries, if this is a map without a tag.
    pub(crate) fn as_map(&self) -> Option<&[Entry<'t>]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            NodeKind::List(_) | NodeKind::Scalar { .. } | NodeKind::Tagged(_) => None,
        }
    }

    /// The elements, if this is a list without a tag.
    pub(crate) fn as_list(&self) -> Option<&[Node<'t>]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            NodeKind::Map(_) | NodeKind::Scalar { .. } | NodeKind::Tagged(_) => None,
        }
    }

    /// The text, if this is a scalar without a tag.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            NodeKind::Map(_) | NodeKind::List(_) | NodeKind::Tagged(_) => None,
        }
    }

    /// The tag and what is behind it, if there is one.
    pub(crate) fn as_tagged(&self) -> Option<(&Tag, &Node<'t>)> {
        match &self.kind {
            NodeKind::Tagged(tagged) => Some((&tagged.0, &tagged.1)),
            NodeKind::Scalar { .. } | NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }

    /// True if it is null: an empty, `~` or `null` plain scalar.
    pub(crate) fn is_null(&self) -> bool {
        match &self.kind {
            NodeKind::Scalar { text, plain } => {
                *plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL")
            }
            NodeKind::List(_) | NodeKind::Map(_) | NodeKind::Tagged(_) => false,
        }
    }

    /// Its kind, in words for a message.
    pub(crate) fn words(&self) -> &'static str {
        match &self.kind {
            NodeKind::Tagged(_) => "a function",
            NodeKind::Scalar { .. } if self.is_null() => "nothing",
            NodeKind::Scalar { .. } => "text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }

    /// The number of levels of lists and maps.
    pub(crate) fn depth(&self) -> usize {
        match &self.kind {
            NodeKind::Scalar { .. } => 0,
            NodeKind::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            NodeKind::Map(map) => 1 + map.iter().map(|e| e.value.depth()).max().unwrap_or(0),
            NodeKind::Tagged(tagged) => tagged.1.depth(),
        }
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let inside: usize = match &self.kind {
            NodeKind::Scalar { text, .. } => text.len(),
            NodeKind::List(items) => items.iter().map(Self::weight).sum(),
            NodeKind::Map(map) => map.iter().map(|e| e.key.value.len() + e.value.weight()).sum(),
            NodeKind::Tagged(tagged) => tagged.1.weight(),
        };
        inside + NODE_WEIGHT
    }
}
