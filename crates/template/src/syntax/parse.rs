//! Parsing YAML and JSON into nodes, over the events of `granit-parser`.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, options};
use rstack_model::{Code, Diagnostic, Severity, Span, Value};

use super::merge::{Key, Merge, merge};
use super::node::{Entry, Node, NodeKind, Spanned, Tag};
use super::other_file::other_file;
use super::problem::problem;
use super::scalar::scalar;
use super::yaml11::{Meaning, meaning};
use crate::diagnostics::Diagnostics;

/// The nesting that a template may have. CloudFormation documents no limit; deeper ones are
/// accidents, and their values could not be read again from a state.
const MAX_DEPTH: usize = 64;

/// The size in bytes that a template may have. CloudFormation takes 1 MB, rstack so many times as
/// much.
pub const MAX_SIZE: usize = 48 << 20;

/// The number of lines that it may have. 50 MB of an ordinary one have fewer than 2 million.
const MAX_LINES: usize = 3_000_000;

/// The number of texts, lists and maps that a template may have. 50 MB of an ordinary one have 2
/// million.
const MAX_NODES: usize = 2_500_000;

/// The number of lines that may begin with `%`, as directives do. Templates need none.
const MAX_DIRECTIVES: usize = 100;

/// The characters that end a line in YAML.
const BREAKS: [char; 2] = ['\n', '\r'];

/// The mark that may come before the first line.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The memory in bytes that the anchors and aliases of a template may take.
const ALIAS_BUDGET: usize = 16 << 20;

/// The most keys without quotes, and the most merge keys, that are reported.
const MAX_REPORTED: usize = 100;

/// Parses a source text. Without a tree there is at least one error among the diagnostics.
pub(crate) fn parse<'t>(text: &'t str, diagnostics: &mut Diagnostics) -> Option<Node<'t>> {
    if let Some(error) = other_file(text) {
        diagnostics.push(error);
        return None;
    }
    let mut builder = Builder::default();
    let read = builder.text(text);
    let label = "rstack does, but the template cannot be deployed elsewhere";
    if let Some(place) = builder.first_alias {
        let warning = Diagnostic::warning(Code::Alias, "CloudFormation does not take YAML aliases");
        diagnostics.push(warning.at(place, label));
    }
    for place in builder.merges {
        let message = "CloudFormation does not take YAML merge keys (`<<`)";
        let warning = Diagnostic::warning(Code::MergeKey, message).at(place, label);
        diagnostics.push(warning.help("`aws cloudformation package` writes the entries out"));
    }
    diagnostics.extend(builder.bare_keys.iter().map(bare_key));
    match (read, builder.root) {
        (Ok(()), Some(root)) => return Some(root),
        (Ok(()), None) => {
            let error = Diagnostic::error(Code::Empty, "the template is empty");
            let help = "it needs a map with `Resources` in it";
            diagnostics.push(error.at(char_at(text, 0), "").help(help));
        }
        (Err(error), _) => diagnostics.push(*error),
    }
    None
}

/// The warning about a key that is no text in YAML 1.1. Source: case 745 of the roadmap of
/// CloudFormation: "map keys must be strings; received numeric".
fn bare_key(key: &Spanned<String>) -> Diagnostic {
    let text = &key.value;
    let read = match meaning(text) {
        Meaning::Boolean(_) => "a boolean",
        Meaning::Number(_) => "a number",
        Meaning::Text => "null",
    };
    let message = format!("CloudFormation reads the key `{text}` as {read} and refuses it");
    let warning = Diagnostic::warning(Code::YamlKey, message).at(key.span, "");
    warning.help(format!("put quotes around it: `'{text}'`"))
}

/// The place of the character at an offset.
fn char_at(text: &str, at: usize) -> Span {
    let at = text.floor_char_boundary(at);
    let end = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span::new(at, at + end)
}

/// The end of a line, by its number from 0, if it has one.
fn line_end(text: &str, number: usize) -> Option<usize> {
    let breaks = text.bytes().filter(|byte| matches!(byte, b'\n' | b'\r'));
    if breaks.count() <= number {
        return None;
    }
    let ends = text.bytes().zip(text.bytes().skip(1).chain([b' '])).enumerate();
    let ends = ends.filter(|(_, pair)| pair.0 == b'\n' || (pair.0 == b'\r' && pair.1 != b'\n'));
    ends.map(|(at, _)| at).nth(number)
}

/// The places of the lines that look like directives: those that begin with `%`. Behind the beginning of
/// the template none can be told from text by itself, and templates do not have many such lines.
fn directives(text: &str) -> impl Iterator<Item = Span> {
    let begins = |(at, _): &(usize, &str)| {
        let before = text.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with(BREAKS) || before == BYTE_ORDER_MARK
    };
    text.match_indices('%').filter(begins).map(|(at, _)| {
        let line = text.get(at..).and_then(|rest| rest.split(BREAKS).next()).unwrap_or_default();
        Span::new(at, at + line.len())
    })
}

fn too_large(at: Span, what: &str) -> Fatal {
    let error = Diagnostic::error(Code::Size, format!("the template is too large: {what}"));
    Box::new(error.at(at, "").help("split the stack into several"))
}

fn too_deep(at: Span) -> Fatal {
    let message = format!("the template is nested deeper than {MAX_DEPTH} levels");
    Box::new(Diagnostic::error(Code::Depth, message).at(at, "").help("write it flatter"))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A collection that is being read, and in a map the key whose value comes next.
struct Open<'t> {
    node: Node<'t>,
    tag: Option<Tag>,
    anchor: usize,
    key: Option<Key>,
    /// The merge keys of this map.
    merges: Vec<Merge<'t>>,
}

#[derive(Default)]
struct Builder<'t> {
    open: Vec<Open<'t>>,
    root: Option<Node<'t>>,
    nodes: usize,
    anchors: HashMap<usize, Node<'t>>,
    aliased: usize,
    first_alias: Option<Span>,
    /// The merge keys, as far as they are reported.
    merges: Vec<Span>,
    /// Keys without quotes that are no text in YAML 1.1.
    bare_keys: Vec<Spanned<String>>,
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

/// A node behind its tag.
fn tagged(tag: Option<Tag>, node: Node<'_>) -> Node<'_> {
    let Some(tag) = tag else { return node };
    Node { span: node.span, kind: NodeKind::Tagged(Box::new((tag, node))) }
}

impl<'t> Builder<'t> {
    fn text(&mut self, text: &'t str) -> Result<(), Fatal> {
        if text.len() > MAX_SIZE {
            let what = format!("it has {} bytes, and {MAX_SIZE} are taken", text.len());
            return Err(too_large(char_at(text, MAX_SIZE), &what));
        }
        if let Some(at) = line_end(text, MAX_LINES) {
            let what = format!("it has more than {MAX_LINES} lines");
            return Err(too_large(Span::new(at, at), &what));
        }
        if let Some(at) = directives(text).nth(MAX_DIRECTIVES) {
            let what = format!("more than {MAX_DIRECTIVES} of its lines begin with `%`");
            return Err(too_large(at, &what));
        }
        if let Some(at) = text.find('\0') {
            let error = Diagnostic::error(Code::Syntax, "the text holds a NUL character");
            let error = error.at(Span::new(at, at + 1), "here").help("is this a text file?");
            return Err(Box::new(error));
        }
        let options = options! {
            block_scalar_eof_without_line_feed: true,
            emit_unresolved_aliases: true,
            emit_comments: false,
        };
        for event in Parser::new_from_str_with_options(text, options) {
            match event {
                Ok((event, span)) => self.event(event, &span)?,
                Err(error) => {
                    let place = char_at(text, error.marker().byte_offset().unwrap_or(text.len()));
                    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
                        return Err(too_deep(Span::new(place.start, place.start)));
                    }
                    let message = lower_first(&error.info());
                    return Err(Box::new(problem(text, &message, place)));
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'t>, span: &granit_parser::Span) -> Result<(), Fatal> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // `!!str 5` is text although it is written without quotes, and nothing behind a
                // function's tag is an empty text.
                let core_text = tag.as_ref().is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let empty = tag.as_ref().is_some_and(|tag| !tag.is_yaml_core_schema())
                    && scalar(&text, true) == Value::Null;
                let plain = style == ScalarStyle::Plain && !core_text && !empty;
                let tag = tag_of(tag, span)?;
                let node = Node { kind: NodeKind::Scalar { text, plain }, span: span_of(span) };
                self.put(tagged(tag, node), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(NodeKind::List(Vec::new()), span, anchor, tag)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(NodeKind::Map(Vec::new()), span, anchor, tag)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { mut node, tag, anchor, merges, .. }) = self.open.pop() else {
                    return Ok(());
                };
                node.span = close(&node, &merges, span_of(span));
                if let NodeKind::Map(entries) = &mut node.kind {
                    merge(entries, merges)?;
                }
                self.put(tagged(tag, node), anchor)
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
        kind: NodeKind<'t>,
        span: &granit_parser::Span,
        anchor: usize,
        tag: Option<Cow<'_, granit_parser::Tag>>,
    ) -> Result<(), Fatal> {
        let tag = tag_of(tag, span)?;
        let node = Node { kind, span: span_of(span) };
        self.check_depth(1, Span::new(node.span.start, node.span.start))?;
        self.open.push(Open { node, tag, anchor, key: None, merges: Vec::new() });
        Ok(())
    }

    /// Checks that so many levels more may be opened here.
    fn check_depth(&self, levels: usize, at: Span) -> Result<(), Fatal> {
        if self.open.len() + levels <= MAX_DEPTH { Ok(()) } else { Err(too_deep(at)) }
    }

    /// Takes memory for a node that is kept apart or repeated.
    fn spend(&mut self, node: &Node<'t>) -> Result<(), Fatal> {
        self.aliased = self.aliased.saturating_add(node.weight());
        if self.aliased <= ALIAS_BUDGET {
            return Ok(());
        }
        let message = "the anchors and aliases of this template make it too large";
        Err(Box::new(Diagnostic::error(Code::AliasBomb, message).at(node.span, "")))
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Fatal> {
        let Some(named) = self.anchors.get(&anchor) else {
            let message = "an alias cannot stand inside of what it names";
            return Err(Box::new(Diagnostic::error(Code::AliasLoop, message).at(span, "")));
        };
        self.check_depth(named.depth(), span)?;
        let mut node = named.clone();
        node.span = span;
        if let NodeKind::Tagged(tagged) = &mut node.kind {
            tagged.1.span = span;
        }
        self.first_alias.get_or_insert(span);
        self.spend(&node)?;
        self.put(node, 0)
    }

    fn put(&mut self, node: Node<'t>, anchor: usize) -> Result<(), Fatal> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let what = format!("it has more than {MAX_NODES} texts, lists and maps");
            return Err(too_large(node.span, &what));
        }
        if anchor != 0 {
            self.spend(&node)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(Open { node: parent, key, merges, .. }) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut parent.kind {
            NodeKind::List(items) => items.push(node),
            NodeKind::Map(entries) => match key.take() {
                Some(Key::Name(key)) => entries.push(Entry { key, value: node }),
                Some(Key::Merge(place)) => merges.push(Merge { place, node }),
                None => {
                    let read = key_of(node, &mut self.bare_keys)?;
                    if let Key::Merge(place) = read
                        && self.merges.len() < MAX_REPORTED
                    {
                        self.merges.push(place);
                    }
                    *key = Some(read);
                }
            },
            NodeKind::Scalar { .. } | NodeKind::Tagged(_) => {}
        }
        Ok(())
    }
}

/// A node as the key of a map. One that is no text in YAML 1.1 is noted.
fn key_of(node: Node<'_>, bare: &mut Vec<Spanned<String>>) -> Result<Key, Fatal> {
    let span = node.span;
    let untagged = match node.kind {
        NodeKind::Tagged(tagged) => tagged.1.kind,
        kind @ (NodeKind::Scalar { .. } | NodeKind::List(_) | NodeKind::Map(_)) => kind,
    };
    let NodeKind::Scalar { text, plain } = untagged else {
        let error = Diagnostic::error(Code::Key, "a key must be text").at(span, "");
        return Err(Box::new(error.help("quote text that begins with `{` or `[`")));
    };
    if text == "<<" && plain {
        return Ok(Key::Merge(span));
    }
    let key = Spanned::new(text.into_owned(), span);
    let is_text = meaning(&key.value) == Meaning::Text && scalar(&key.value, plain) != Value::Null;
    if plain && !is_text && bare.len() < MAX_REPORTED {
        bare.push(key.clone());
    }
    Ok(Key::Name(key))
}

/// A block collection ends where its last element ends; what the parser says is where the next
/// token begins.
fn close(node: &Node<'_>, merges: &[Merge<'_>], end: Span) -> Span {
    let last = match &node.kind {
        NodeKind::List(items) => items.last().map(|item| item.span.end),
        NodeKind::Map(entries) => entries.last().map(|entry| entry.value.span.end),
        NodeKind::Scalar { .. } | NodeKind::Tagged(_) => None,
    };
    let last = last.max(merges.last().map(|merge| merge.node.span.end));
    let flow = end.end > end.start;
    Span::new(node.span.start, if flow { end.end } else { last.unwrap_or(end.start) })
}

/// Every key that is in its map twice.
pub(crate) fn duplicate_keys(root: &Node<'_>, diagnostics: &mut Diagnostics) {
    match &root.kind {
        NodeKind::Scalar { .. } => {}
        NodeKind::Tagged(tagged) => duplicate_keys(&tagged.1, diagnostics),
        NodeKind::List(items) => items.iter().for_each(|item| duplicate_keys(item, diagnostics)),
        NodeKind::Map(entries) => {
            let mut seen: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
            for Entry { key, value } in entries {
                if let Some(first) = seen.insert(key.value.as_str(), key.span) {
                    diagnostics.push_with(Severity::Error, || {
                        let message = format!("the key `{}` is in this map twice", key.value);
                        Diagnostic::error(Code::DuplicateKey, message)
                            .at(key.span, "again here")
                            .at(first, "first here")
                    });
                }
                duplicate_keys(value, diagnostics);
            }
        }
    }
}
