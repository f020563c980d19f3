//! Parsing YAML and JSON into nodes, over the events of `granit-parser`.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, options};
use rstack_model::{Code, Diagnostic, Span};

use super::node::{Entry, Node, NodeKind, Spanned, Tag};

/// How deep a template may be nested. CloudFormation says no limit; deeper ones are accidents, and
/// what comes of them could not be read again from a state.
const MAX_DEPTH: usize = 64;

/// How many nodes the aliases of one text may add.
const ALIAS_BUDGET: usize = 100_000;

/// Parses a source text. Without a tree there is at least one error among the diagnostics.
pub(crate) fn parse(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let mut builder = Builder::default();
    let options = options! {
        block_scalar_eof_without_line_feed: true,
        emit_unresolved_aliases: true,
        emit_comments: false,
    };
    if let Some(at) = text.find('\0') {
        let error = Diagnostic::error(Code::Syntax, "the text holds a NUL character");
        return (None, vec![error.at(Span::new(at, at + 1), "here").help("is this a text file?")]);
    }
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                if let Err(error) = builder.event(event, &span) {
                    builder.diagnostics.push(*error);
                    return (None, builder.diagnostics);
                }
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                let end = text.get(at..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
                builder.diagnostics.push(
                    Diagnostic::error(Code::Syntax, lower_first(&error.info()))
                        .at(Span::new(at, at + end), "here"),
                );
                return (None, builder.diagnostics);
            }
        }
    }
    if builder.root.is_none() {
        let error = Diagnostic::error(Code::Empty, "the template is empty");
        let help = "it needs a map with `Resources` in it";
        builder.diagnostics.push(error.at(Span::new(0, text.len().min(1)), "").help(help));
    }
    (builder.root, builder.diagnostics)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A collection that is being read, and in a map the key whose value comes next.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Spanned<String>>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    aliased: usize,
    diagnostics: Vec<Diagnostic>,
}

type Fatal = Box<Diagnostic>;

fn span_of(span: &granit_parser::Span) -> Span {
    let range = span.byte_range().unwrap_or(0..0);
    let tag = span.tag_start().and_then(|mark| mark.byte_offset()).unwrap_or(range.start);
    Span::new(range.start.min(tag), range.end)
}

fn tag_of(
    tag: Option<Cow<'_, granit_parser::Tag>>,
    span: &granit_parser::Span,
) -> Result<Option<Tag>, Fatal> {
    let Some(tag) = tag else { return Ok(None) };
    let place = span
        .tag_span()
        .and_then(|s| s.byte_range())
        .map_or_else(|| span_of(span), |range| Span::new(range.start, range.end));
    if tag.handle() == "!" && !tag.suffix().is_empty() {
        return Ok(Some(Spanned::new(tag.suffix().to_owned(), place)));
    }
    if tag.is_yaml_core_schema() || tag.handle() == "!" {
        return Ok(None);
    }
    let message = format!("`{}` is not a tag of CloudFormation templates", tag.original());
    Err(Box::new(Diagnostic::error(Code::UnknownTag, message).at(place, "")))
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: &granit_parser::Span) -> Result<(), Fatal> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // `!!str 5` is text although it is written without quotes.
                let core_text = tag.as_ref().is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let plain = style == ScalarStyle::Plain && !core_text;
                let kind = NodeKind::Scalar { text: text.into_owned(), plain };
                let node = Node { kind, span: span_of(span), tag: tag_of(tag, span)? };
                self.put(node, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(NodeKind::List(Vec::new()), span, anchor, tag)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(NodeKind::Map(Vec::new()), span, anchor, tag)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { mut node, anchor, .. }) = self.open.pop() else { return Ok(()) };
                node.span = close(&node, span_of(span));
                self.put(node, anchor)
            }
            Event::Alias(anchor) => self.alias(anchor, span_of(span)),
            Event::UnresolvedAlias(name) => Err(Box::new(
                Diagnostic::error(Code::UnknownAnchor, format!("there is no anchor `&{name}`"))
                    .at(span_of(span), "")
                    .help("text that begins with `*` must be quoted"),
            )),
            Event::DocumentStart(..) if self.root.is_some() => Err(Box::new(
                Diagnostic::error(Code::SeveralDocuments, "the file holds more than one document")
                    .at(span_of(span), "the second one begins here")
                    .help("put each template into a file of its own"),
            )),
            // Comments, anchors' names and the stream's own marks say nothing of the tree.
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        kind: NodeKind,
        span: &granit_parser::Span,
        anchor: usize,
        tag: Option<Cow<'_, granit_parser::Tag>>,
    ) -> Result<(), Fatal> {
        let node = Node { kind, span: span_of(span), tag: tag_of(tag, span)? };
        self.check_depth(1, Span::new(node.span.start, node.span.start))?;
        self.open.push(Open { node, anchor, key: None });
        Ok(())
    }

    /// Whether so many levels more may be opened here.
    fn check_depth(&self, levels: usize, at: Span) -> Result<(), Fatal> {
        if self.open.len() + levels <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("the template is nested deeper than {MAX_DEPTH} levels");
        Err(Box::new(Diagnostic::error(Code::Depth, message).at(at, "")))
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Fatal> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            let message = "an alias cannot stand inside of what it names";
            return Err(Box::new(Diagnostic::error(Code::AliasLoop, message).at(span, "")));
        };
        self.aliased = self.aliased.saturating_add(size(&node));
        if self.aliased > ALIAS_BUDGET {
            let message = "the aliases of this template make it too large";
            return Err(Box::new(Diagnostic::error(Code::AliasBomb, message).at(span, "")));
        }
        self.check_depth(depth(&node), span)?;
        if !self.diagnostics.iter().any(|d| d.code == Code::Alias) {
            self.diagnostics.push(
                Diagnostic::warning(Code::Alias, "CloudFormation does not take YAML aliases")
                    .at(span, "rstack does, but the template cannot be deployed elsewhere"),
            );
        }
        self.put(Node { span, ..node }, 0)
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Fatal> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(Open { node: parent, key, .. }) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut parent.kind {
            NodeKind::List(items) => items.push(node),
            NodeKind::Map(entries) => match key.take() {
                Some(key) => entries.push(Entry { key, value: node }),
                None => *key = Some(key_of(node)?),
            },
            NodeKind::Scalar { .. } => {}
        }
        Ok(())
    }
}

/// A node as the key of a map.
fn key_of(node: Node) -> Result<Spanned<String>, Fatal> {
    let NodeKind::Scalar { text, plain } = node.kind else {
        let error = Diagnostic::error(Code::Key, "a key must be text").at(node.span, "");
        return Err(Box::new(error));
    };
    if text == "<<" && plain {
        return Err(Box::new(
            Diagnostic::error(Code::MergeKey, "merge keys (`<<`) are not supported")
                .at(node.span, "")
                .help("write the entries out; CloudFormation does not take merge keys either"),
        ));
    }
    Ok(Spanned::new(text, node.span))
}

/// A block collection ends where its last element ends; what the parser says is where the next
/// token begins.
fn close(node: &Node, end: Span) -> Span {
    let last = match &node.kind {
        NodeKind::List(items) => items.last().map(|item| item.span.end),
        NodeKind::Map(entries) => entries.last().map(|entry| entry.value.span.end),
        NodeKind::Scalar { .. } => None,
    };
    let flow = end.end > end.start;
    Span::new(node.span.start, if flow { end.end } else { last.unwrap_or(end.start) })
}

/// How many levels of lists and maps a node has.
fn depth(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Scalar { .. } => 0,
        NodeKind::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        NodeKind::Map(entries) => 1 + entries.iter().map(|e| depth(&e.value)).max().unwrap_or(0),
    }
}

/// How many nodes a node is, itself included.
fn size(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Scalar { .. } => 1,
        NodeKind::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        NodeKind::Map(entries) => 1 + entries.iter().map(|e| size(&e.value)).sum::<usize>(),
    }
}

/// Every key that stands twice in its map.
pub(crate) fn duplicate_keys(root: &Node, diagnostics: &mut Vec<Diagnostic>) {
    match &root.kind {
        NodeKind::Scalar { .. } => {}
        NodeKind::List(items) => items.iter().for_each(|item| duplicate_keys(item, diagnostics)),
        NodeKind::Map(entries) => {
            let mut seen: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
            for Entry { key, value } in entries {
                if let Some(first) = seen.insert(key.value.as_str(), key.span) {
                    let message = format!("the key `{}` stands twice in this map", key.value);
                    diagnostics.push(
                        Diagnostic::error(Code::DuplicateKey, message)
                            .at(key.span, "again here")
                            .at(first, "first here"),
                    );
                }
                duplicate_keys(value, diagnostics);
            }
        }
    }
}
