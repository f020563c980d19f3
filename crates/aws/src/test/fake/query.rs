//! The query protocol, and the escapes of URLs and XML.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A form as a tree: `Tags.member.1.Key=a` is the key of the first tag.
pub(super) fn read(form: &str) -> Value {
    let mut root = Node::default();
    for pair in form.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        root.put(&decoded(key), decoded(&value.replace('+', " ")));
    }
    root.tree()
}

#[derive(Clone, Default)]
struct Node {
    text: Option<String>,
    below: BTreeMap<String, Node>,
}

impl Node {
    /// The elements of a list: those of `member`, or of the one name below which there are numbers
    /// alone. Entries of a map are no elements.
    fn list(&self) -> Option<&Node> {
        let numbered = |node: &Node| {
            !node.below.is_empty() && node.below.keys().all(|key| key.parse::<usize>().is_ok())
        };
        let (name, only) = self.below.first_key_value().filter(|_| self.below.len() == 1)?;
        (name == "member" || name != "entry" && numbered(only)).then_some(only)
    }

    fn put(&mut self, path: &str, text: String) {
        match path.split_once('.') {
            Some((step, rest)) => {
                self.below.entry(step.to_owned()).or_default().put(rest, text);
            }
            None => self.below.entry(path.to_owned()).or_default().text = Some(text),
        }
    }

    fn tree(self) -> Value {
        if let Some(text) = self.text {
            return text.into();
        }
        if let Some(list) = self.list() {
            let mut items: Vec<(usize, &Node)> =
                list.below.iter().map(|(at, node)| (at.parse().unwrap_or(0), node)).collect();
            items.sort_by_key(|(at, _)| *at);
            return items.into_iter().map(|(_, node)| node.clone().tree()).collect();
        }
        let members = self.below.into_iter().map(|(name, node)| (name, node.tree()));
        Value::Object(members.collect::<Map<_, _>>())
    }
}

/// An answer of the query protocol.
pub(super) fn write(operation: &str, output: &Value) -> String {
    let mut out = format!("<{operation}Response><{operation}Result>");
    element(&mut out, output, "member");
    out.push_str(&format!("</{operation}Result><ResponseMetadata><RequestId>r-1</RequestId>"));
    out.push_str(&format!("</ResponseMetadata></{operation}Response>"));
    out
}

/// The name of the elements of a list, in the services that do not call all of them `member`.
fn item_of<'a>(list: &str, others: &'a str) -> &'a str {
    match list {
        "Clusters" => "Cluster",
        "DBClusters" => "DBCluster",
        "DBInstances" => "DBInstance",
        _ => others,
    }
}

/// An answer of EC2's query protocol, from a tree with the names of the wire.
pub(super) fn write_ec2(operation: &str, output: &Value) -> String {
    let mut out = format!("<{operation}Response><requestId>r-1</requestId>");
    element(&mut out, output, "item");
    out.push_str(&format!("</{operation}Response>"));
    out
}

fn element(out: &mut String, value: &Value, item_name: &str) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        Value::String(text) => out.push_str(&escaped(text)),
        Value::Array(items) => {
            for item in items {
                out.push_str(&format!("<{item_name}>"));
                element(out, item, item_name);
                out.push_str(&format!("</{item_name}>"));
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                // The entries of a map are repeated without an element around them.
                if let (Value::Array(entries), "entry") = (value, name.as_str()) {
                    for entry in entries {
                        out.push_str("<entry>");
                        element(out, entry, item_name);
                        out.push_str("</entry>");
                    }
                    continue;
                }
                out.push_str(&format!("<{name}>"));
                element(out, value, item_of(name, item_name));
                out.push_str(&format!("</{name}>"));
            }
        }
    }
}

/// A text as XML writes it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text without its percent escapes.
pub(super) fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        out.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(out).unwrap()
}

/// A text as a URL writes it: all but letters, digits and `-_.~` escaped.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
