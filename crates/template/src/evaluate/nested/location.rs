//! Where the template of a nested stack is: beside the template that names it, in the cloud assembly, or at
//! an address.

use rstack_model::{Address, Code, Diagnostic, PropertyPath, Value, ValueMap};

use super::super::expression::Evaluator;
use super::super::external::waits;
use super::super::finding::Reported;
use super::super::properties::place;
use crate::syntax::Spanned;
use crate::template::Resource;

/// The property that names the template.
const URL: &str = "TemplateURL";
/// The beginnings of addresses.
const ADDRESSES: [&str; 4] = ["https://", "http://", "s3://", "ssm-doc://"];

/// True if a location is an address and no path.
pub(super) fn is_address(location: &str) -> bool {
    let begins = |with: &&str| {
        location.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    ADDRESSES.iter().any(begins)
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
    /// address; `None` while the cloud has not been asked what it depends on.
    ///
    /// # Errors
    /// If it is not known before apply, or no location, which is reported.
    pub(super) fn location(
        &mut self,
        (address, resource): (&Address, &Resource),
        properties: &ValueMap,
    ) -> Result<Option<Spanned<String>>, Reported> {
        // Where the CDK wrote a file is true of its own assembly, and of no template that was fetched.
        let made = resource.asset.as_ref().filter(|asset| {
            let is_url = asset.property.as_deref().is_none_or(|property| property == URL);
            is_url && !self.is_fetched
        });
        let at = place(self, resource, &PropertyPath::root().name(URL), false);
        let (path, at) = match (made, properties.get(URL)) {
            (Some(asset), _) => (asset.path.value.as_str(), asset.path.span),
            (None, Some(Value::String(url))) => (url.as_str(), at),
            (None, Some(value)) if waits(value).is_some() => return Ok(None),
            (None, _) => {
                let message = format!("the template of `{address}` must be known before apply");
                let error = Diagnostic::error(Code::NestedStack, message).at(at, "");
                let help = "make `TemplateURL` of text, parameters that are no secrets, and pseudo parameters, \
                            or name a file beside the template: `TemplateURL: nested.yaml`";
                return Err(self.report(error.help(help)));
            }
        };
        if is_address(path) {
            return Ok(Some(Spanned::new(path.to_owned(), at)));
        }
        if let (true, Some(own)) = (self.is_fetched, self.path.clone()) {
            return Err(self.names_file(Code::NestedStack, &own, path, at));
        }
        let mistake = if path.is_empty() {
            format!("`TemplateURL` of `{address}` is empty")
        } else if path.starts_with('/') || path.starts_with("file:") {
            format!("the path of the template of `{address}` is not relative")
        } else {
            return Ok(Some(Spanned::new(beside(&self.folder, path), at)));
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
