//! Where the template of a nested stack is: beside the template that names it, in the cloud assembly, or at
//! an address.

use rstack_model::{Code, Diagnostic, PropertyPath, Value, ValueMap};

use super::super::expression::Evaluator;
use super::super::finding::Reported;
use super::super::properties::place;
use crate::syntax::Spanned;
use crate::template::Resource;

/// The property that names the template.
const URL: &str = "TemplateURL";
/// The beginnings of addresses.
const ADDRESSES: [&str; 3] = ["https://", "http://", "s3://"];

/// True if a location is an address and no path.
pub(super) fn is_address(location: &str) -> bool {
    ADDRESSES.iter().any(|beginning| location.starts_with(beginning))
}

/// The folder of a path; empty for the folder of the stack's own template.
pub(super) fn folder(location: &str) -> &str {
    if is_address(location) {
        return "";
    }
    location.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The path of a file that a template in a folder names, relative to the stack's own template.
pub(super) fn beside(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            (part, _) => parts.push(part),
        }
    }
    parts.join("/")
}

impl Evaluator<'_> {
    /// The location of the template of a nested stack: a path relative to the stack's own template, or an
    /// address.
    pub(super) fn location(
        &mut self,
        resource: &Resource,
        properties: &ValueMap,
    ) -> Result<Spanned<String>, Reported> {
        let made = resource
            .asset
            .as_ref()
            .filter(|asset| asset.property.as_deref().is_none_or(|property| property == URL));
        let at = place(self, resource, &PropertyPath::root().name(URL), false);
        let (path, at) = match (made, properties.get(URL)) {
            (Some(asset), _) => (asset.path.value.as_str(), asset.path.span),
            (None, Some(Value::String(url))) => (url.as_str(), at),
            (None, _) => {
                let message = "the address of the template must be known before apply";
                let error = Diagnostic::error(Code::NestedStack, message).at(at, "");
                let help = "name a file beside the template: `TemplateURL: nested.yaml`";
                return Err(self.report(error.help(help)));
            }
        };
        if is_address(path) {
            return Ok(Spanned::new(path.to_owned(), at));
        }
        let mistake = if path.is_empty() {
            "`TemplateURL` is empty"
        } else if path.starts_with('/') || path.starts_with("file:") {
            "the path of the template is not relative"
        } else {
            return Ok(Spanned::new(beside(&self.folder, path), at));
        };
        let error = Diagnostic::error(Code::NestedStack, mistake).at(at, "");
        Err(self.report(error.help("name a file beside the template: `TemplateURL: nested.yaml`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file_that_names_them() {
        assert_eq!(beside("", "child.yaml"), "child.yaml");
        assert_eq!(beside("a/b", "../child.yaml"), "a/child.yaml");
        assert_eq!(beside("", "../up/./child.yaml"), "../up/child.yaml");
        assert_eq!(beside("..", "../child.yaml"), "../../child.yaml");
        assert_eq!(folder("a/b/c.yaml"), "a/b");
        assert_eq!(folder("c.yaml"), "");
        assert_eq!(folder("https://s3.amazonaws.com/bucket/c.yaml"), "");
    }
}
