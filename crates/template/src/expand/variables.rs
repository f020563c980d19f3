//! The identifiers of the loops around a node, and their values.

use crate::syntax::{Node, NodeKind};

/// Identifiers and values, innermost last.
#[derive(Debug, Default)]
pub(super) struct Variables(Vec<(String, String)>);

impl Variables {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn enter(&mut self, identifier: &str, value: String) {
        self.0.push((identifier.to_owned(), value));
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    fn get(&self, identifier: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == identifier);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn contains(&self, identifier: &str) -> bool {
        self.get(identifier).is_some()
    }

    /// The value that a `Ref` to an identifier stands for.
    pub(super) fn referred(&self, node: &Node<'_>) -> Option<&str> {
        self.get(reference(node)?)
    }

    /// The text with the values of `${Identifier}` and, letters and digits only, `&{Identifier}`;
    /// `None` if it names none.
    pub(super) fn replaced(&self, text: &str) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let mut out = String::new();
        let (mut rest, mut changed) = (text, false);
        while let Some(at) = rest.find(['$', '&']) {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let named = from.get(1..).and_then(|r| r.strip_prefix('{')).and_then(|r| {
                let inside = |c: char| c.is_ascii_alphanumeric() || c.is_whitespace();
                let (name, behind) = r.split_at(r.find(|c| !inside(c))?);
                Some((self.get(name.trim())?, behind.strip_prefix('}')?))
            });
            let Some((value, behind)) = named else {
                let (sign, behind) = from.split_at(1);
                out.push_str(sign);
                rest = behind;
                continue;
            };
            if from.starts_with('&') {
                out.extend(value.chars().filter(char::is_ascii_alphanumeric));
            } else {
                out.push_str(value);
            }
            changed = true;
            rest = behind;
        }
        out.push_str(rest);
        changed.then_some(out)
    }
}

/// The name in `!Ref Name` or `{Ref: Name}`.
pub(super) fn reference<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.kind {
        NodeKind::Tagged(tagged) if tagged.0.value == "Ref" => tagged.1.as_text(),
        NodeKind::Map(entries) => match entries.as_slice() {
            [only] if only.key.value == "Ref" => only.value.as_text(),
            _ => None,
        },
        NodeKind::Scalar { .. } | NodeKind::List(_) | NodeKind::Tagged(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_replaced_once_and_nothing_else_is() {
        let mut variables = Variables::default();
        variables.enter("Name", "a.${Other}".into());
        variables.enter("Other", "ü-1".into());
        let replaced = |text: &str| variables.replaced(text);
        assert_eq!(replaced("x${Name}y"), Some("xa.${Other}y".into()));
        assert_eq!(replaced("&{Name}/&{Other}"), Some("aOther/1".into()));
        assert_eq!(replaced("${Other}${ Name }"), Some("ü-1a.${Other}".into()));
        for text in ["${!Name}", "$Name", "${Nam}", "&", "${", "${Name", "ü&{x}"] {
            assert_eq!(replaced(text), None, "{text}");
        }
    }
}
