//! Values as styled text: on one line, as lines of a document, as a tree.

use rstack_model::value::{Text, TextPart};
use rstack_model::{Value, ValueMap};

use crate::line::Line;
use crate::style::{Detail, Role};
use crate::tree::{INDENT, Node};

/// The number of lines of a new text that are shown where not everything is.
const SHORTENED: usize = 12;

/// Stands in front of each line of a text of several, so that none can pass for a line of the plan,
/// or for a command to the program that reads it.
pub(crate) const LINE_MARK: &str = "| ";

/// The value on one line, as its `Display` writes it, with what is unknown or secret marked.
pub(crate) fn inline(value: &Value) -> Line {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Line::plain(&value.to_string())
        }
        Value::Text(text) => {
            Line::plain("\"").then(parts(text, &quoted_inner)).with(Role::Plain, "\"")
        }
        Value::Deferred(deferred) => Line::of(Role::Unknown, &deferred.to_string()),
        Value::List(list) => {
            let mut line = Line::plain("[");
            for (i, item) in list.iter().enumerate() {
                line.push(Role::Plain, if i == 0 { "" } else { ", " });
                line.append(inline(item));
            }
            line.with(Role::Plain, "]")
        }
        Value::Map(map) => {
            let mut line = Line::plain("{");
            for (i, (key, item)) in map.iter().enumerate() {
                line.push(Role::Plain, if i == 0 { "" } else { ", " });
                line.push(Role::Plain, &format!("{}: ", quoted(key)));
                line.append(inline(item));
            }
            line.with(Role::Plain, "}")
        }
    }
}

/// A text without its quotes, where one is the whole value: `https://‹CDN.DomainName›/`.
/// Other values as on one line.
pub(crate) fn bare(value: &Value) -> Line {
    match value {
        Value::String(text) => Line::plain(text),
        Value::Text(text) => parts(text, &str::to_owned),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Deferred(_)
        | Value::List(_)
        | Value::Map(_)) => inline(other),
    }
}

/// The text of a value that is text, unescaped: unknown and secret parts by their marks.
pub(crate) fn raw_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Text(text) => Some(
            text.parts()
                .iter()
                .map(|part| match part {
                    TextPart::Literal(literal) => literal.clone(),
                    TextPart::Deferred(deferred) => deferred.to_string(),
                    TextPart::Secret(reference) => reference.to_string(),
                })
                .collect(),
        ),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Deferred(_)
        | Value::List(_)
        | Value::Map(_) => None,
    }
}

/// A list or a map, given as such or as the text of a JSON document.
pub(crate) fn as_document(value: &Value) -> Option<Value> {
    match value {
        Value::List(_) | Value::Map(_) => Some(value.clone()),
        Value::String(text) => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(json @ (serde_json::Value::Array(_) | serde_json::Value::Object(_))) => {
                Some(Value::from_json(json))
            }
            Ok(_) | Err(_) => None,
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Deferred(_) => {
            None
        }
    }
}

/// The value as the lines of a JSON document: lists and maps that are not empty over several.
pub(crate) fn document_lines(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    document(value, "", "", "", &mut out);
    out
}

fn document(value: &Value, indent: &str, label: &str, end: &str, out: &mut Vec<String>) {
    let deeper = format!("{indent}  ");
    match value {
        Value::List(list) if !list.is_empty() => {
            out.push(format!("{indent}{label}["));
            for (i, item) in list.iter().enumerate() {
                let end = if i + 1 == list.len() { "" } else { "," };
                document(item, &deeper, "", end, out);
            }
            out.push(format!("{indent}]{end}"));
        }
        Value::Map(map) if !map.is_empty() => {
            out.push(format!("{indent}{label}{{"));
            for (i, (key, item)) in map.iter().enumerate() {
                let end = if i + 1 == map.len() { "" } else { "," };
                document(item, &deeper, &format!("{}: ", quoted(key)), end, out);
            }
            out.push(format!("{indent}}}{end}"));
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_)
        | Value::List(_)
        | Value::Map(_) => out.push(format!("{indent}{label}{value}{end}")),
    }
}

/// The view of property trees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TreeView {
    /// The amount of detail of long texts.
    pub(crate) detail: Detail,
    /// True if policy documents are left to the table of their statements.
    pub(crate) fold_policies: bool,
}

/// A named value as a tree of at most `room` columns: on one line if it fits, otherwise with what
/// is in it below. The name may be empty.
pub(crate) fn named(label: Line, value: &Value, room: usize, view: TreeView) -> Node {
    if let (true, Some(statements)) = (view.fold_policies, statements(value)) {
        let plural = if statements == 1 { "statement" } else { "statements" };
        let note = format!(": {statements} {plural}, see IAM Statement Changes");
        return Node::leaf(label.with(Role::Dim, &note));
    }
    let flat = inline(value);
    let long_text = value_lines(value);
    if long_text.is_none() && (label.width() + 2 + flat.width() <= room || !is_tree(value)) {
        let colon = if label.is_empty() { "" } else { ": " };
        return Node::leaf(label.with(Role::Plain, colon).then(flat));
    }
    let colon = if label.is_empty() { "" } else { ":" };
    let mut node = Node::leaf(label.with(Role::Plain, colon));
    match value {
        Value::Map(map) => node.children = properties(map, room.saturating_sub(INDENT), view),
        Value::List(list) => {
            let item = |(i, item): (usize, &Value)| {
                let label = Line::of(Role::Dim, &format!("[{i}]"));
                named(label, item, room.saturating_sub(INDENT), view)
            };
            node.children = list.iter().enumerate().map(item).collect();
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_) => node.body = shortened(long_text.unwrap_or_default(), view.detail),
    }
    node
}

/// A property tree.
pub(crate) fn properties(map: &ValueMap, room: usize, view: TreeView) -> Vec<Node> {
    map.iter().map(|(key, value)| named(Line::plain(key), value, room, view)).collect()
}

/// The number of statements of a policy document, if the value is one.
fn statements(value: &Value) -> Option<usize> {
    let document = as_document(value)?;
    match document.as_map()?.get("Statement")? {
        Value::List(list) => Some(list.len()),
        Value::Map(_) => Some(1),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_) => None,
    }
}

fn is_tree(value: &Value) -> bool {
    match value {
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_) => false,
    }
}

/// The lines of a text that has several.
pub(crate) fn value_lines(value: &Value) -> Option<Vec<String>> {
    let text = raw_text(value)?;
    let trimmed = text.strip_suffix('\n').unwrap_or(&text);
    trimmed.contains('\n').then(|| trimmed.split('\n').map(str::to_owned).collect())
}

fn shortened(lines: Vec<String>, detail: Detail) -> Vec<Line> {
    let shown = match detail {
        Detail::Full => lines.len(),
        Detail::Compact | Detail::Normal if lines.len() <= SHORTENED + 1 => lines.len(),
        Detail::Compact | Detail::Normal => SHORTENED,
    };
    let mark = || Line::of(Role::Dim, LINE_MARK);
    let mut out: Vec<Line> =
        lines.iter().take(shown).map(|line| mark().then(source_line(line))).collect();
    if shown < lines.len() {
        let more = format!("… {} more lines", lines.len() - shown);
        out.push(mark().with(Role::Dim, &more));
    }
    out
}

/// A line of a longer text: its tabs are indentation, a carriage return at its end is left out.
pub(crate) fn source_line(line: &str) -> Line {
    Line::plain(&line.strip_suffix('\r').unwrap_or(line).replace('\t', "    "))
}

fn parts(text: &Text, literal_form: &dyn Fn(&str) -> String) -> Line {
    let mut line = Line::default();
    for part in text.parts() {
        match part {
            TextPart::Literal(literal) => line.push(Role::Plain, &literal_form(literal)),
            TextPart::Deferred(deferred) => line.push(Role::Unknown, &deferred.to_string()),
            TextPart::Secret(reference) => line.push(Role::Secret, &reference.to_string()),
        }
    }
    line
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn quoted_inner(text: &str) -> String {
    let quoted = quoted(text);
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(&quoted).to_owned()
}

#[cfg(test)]
mod tests {
    use rstack_model::value::{AttributeRef, SecretReference, function};

    use super::*;
    use crate::line::join;
    use crate::style::Palette;

    fn url() -> Value {
        let name = Value::attribute(AttributeRef::named("CDN".into(), "DomainName"));
        let parts = vec!["https://".into(), name, "/a\"b".into()];
        function::join("", Value::List(parts)).unwrap()
    }

    #[test]
    fn one_line_is_what_display_writes() {
        let value = Value::Map(ValueMap::from([
            ("a".into(), Value::List(vec![1.into(), true.into(), Value::Null])),
            ("b".into(), url()),
            ("c".into(), Value::secret(SecretReference::Parameter("Key".into()))),
        ]));
        assert_eq!(inline(&value).paint(Palette::Plain), value.to_string());
        assert_eq!(bare(&url()).paint(Palette::Plain), "https://‹CDN.DomainName›/a\"b");
    }

    #[test]
    fn what_fits_stays_on_one_line_and_the_rest_becomes_a_tree() {
        let value = Value::from_json(serde_json::json!({
            "Short": {"A": 1},
            "Long": ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"],
        }));
        let view = TreeView { detail: Detail::Normal, fold_policies: false };
        let node = named(Line::plain("P"), &value, 44, view);
        let expected = r#"P:
 ├─ Long:
 │   ├─ [0]: "aaaaaaaaaaaaaaaa"
 │   ├─ [1]: "bbbbbbbbbbbbbbbb"
 │   └─ [2]: "cccccccccccccccc"
 └─ Short: {"A": 1}
"#;
        assert_eq!(join(&node.draw(), Palette::Plain), expected);
    }
}
